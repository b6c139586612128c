"""What every language model is: one method that reads tokens, and a head that guesses the next.

Shapes, here and in the whole package: ``B`` stories side by side, ``T`` new tokens, ``S``
remembered tokens, ``V`` token ids, ``D`` width, ``H`` heads.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F


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
    embed: nn.Embedding
    """Of the tokens that are read and, where ``expect`` is None, of those that are expected."""
    expect: nn.Embedding | None
    """Of the tokens that are expected, where that is a matrix of its own."""

    @property
    def head(self) -> Tensor:
        """The matrix ``(V, D)`` whose rows the tokens expected are found by."""
        return self.embed.weight if self.expect is None else self.expect.weight

    @abstractmethod
    def read(self, tokens: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Read ``tokens (B, T)`` after ``state``; return ``(B, T, D)`` and the new state.

        The vector at ``t`` points to the row of ``head`` of the token expected after
        ``tokens[:, t]``.
        Without a state the story begins here.
        """

    def forward(self, tokens: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Read as :meth:`read` does; return logits ``(B, T, V)`` and the new state."""
        x, state = self.read(tokens, state)
        return F.linear(x, self.head), state
