"""What every language model is: one method that reads tokens.

Shapes, here and in the whole package: ``B`` stories side by side, ``T`` new tokens, ``S``
remembered tokens, ``V`` token ids, ``D`` width, ``H`` heads.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from torch import Tensor, nn


@dataclass(frozen=True)
class State:
    """What a model remembers of the tokens it has read; opaque to all but its maker.

    A state is a value: reading on from it leaves it as it was, so that one beginning can be
    continued many times. ``layers`` holds one tuple of batch-first tensors a block: keys and
    values ``(B, H, S, D/H)`` for attention, hidden vectors for an RNN. ``position`` counts the
    tokens read so far.
    """

    layers: tuple[tuple[Tensor, ...], ...]
    position: int


class LanguageModel(nn.Module, ABC):
    """A model that reads tokens and says which token it expects after each.

    Every model keeps five laws, and ``tests/models/test_laws.py`` holds each to them: reading in
    pieces equals reading at once; no token sees a later one; a state is never changed; rows do not
    mix; the state stops growing.
    """

    vocab: int

    @abstractmethod
    def forward(self, tokens: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Read ``tokens (B, T)`` after ``state``; return logits ``(B, T, V)`` and the new state.

        ``logits[:, t]`` are about the token that follows ``tokens[:, t]``. Without a state the
        story begins here.
        """
