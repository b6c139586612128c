"""What a model expects at each place of a text, what surprises it, and what it looks back at."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from tinystories.data.vocabulary import Vocabulary
from tinystories.errors import UserError
from tinystories.models import RNN, LanguageModel, Transformer
from tinystories.models.rnn import GRU, LSTM, MinGRU
from tinystories.models.transformer import Attention, rotate
from tinystories.storyteller import Storyteller

END = "<end>"
"""How the end of the story is written among what is expected."""
LONGEST = 1500
"""Tokens that are read at most: what a place looks back at takes memory in their square."""


@dataclass(frozen=True)
class Token:
    """A token of a text, as the model read it.

    Args:
        text: what it says, the blank before it included.
        start: offset of its first character in the text.
        bits: its surprise, minus the base-2 logarithm of its probability.
        likeliest: what was expected here instead, each with its probability, best first.
    """

    text: str
    start: int
    bits: float
    likeliest: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Reading:
    """A text as a model read it.

    Args:
        tokens: its tokens.
        looks: ``(T + 1, T)``, row ``t``: how much of what the model used to expect token ``t`` came
            from each earlier token; sums to 1, but for what came from the start of the story.
            For a transformer its attention, for an RNN what its memory still held; the mean over
            all layers and heads or channels.
        kept: for an RNN, the share of its memory that each token left as it was, ``(T,)``.
        next: what is expected after the text.
        family: ``transformer`` or ``rnn``.
    """

    tokens: tuple[Token, ...]
    looks: npt.NDArray[np.float32]
    kept: npt.NDArray[np.float32] | None
    next: tuple[tuple[str, float], ...]
    family: str

    def at(self, offset: int) -> int | None:
        """The number of the token that a character belongs to; None past the end."""
        for number, token in enumerate(self.tokens):
            if token.start <= offset < token.start + len(token.text):
                return number
        return None

    def looked_at(self, number: int, count: int = 8) -> list[tuple[int, float]]:
        """The earlier tokens that counted most for token ``number``, and their shares."""
        row = self.looks[number, :number]
        best = np.argsort(-row)[:count]
        return [(int(i), float(row[i])) for i in best if row[i] > 0]


@torch.inference_mode()
def read(teller: Storyteller, text: str, count: int = 10) -> Reading:
    """Read ``text`` with the model of ``teller``; ``count`` expectations are kept at each place.

    Raises:
        UserError: the text is longer than ``LONGEST`` tokens.
    """
    vocabulary, model = teller.vocabulary, teller.model
    ids = vocabulary.encode(text)
    if len(ids) > LONGEST:
        raise UserError(
            f"wanted a text of {LONGEST:,} tokens at most to look inside, given {len(ids):,}; "
            "take a shorter part"
        )
    if not ids:
        raise UserError("wanted a text to look inside, given none; write one first")
    device = next(model.parameters()).device
    with _watched(model) as seen:
        logits, _ = model(torch.tensor([[vocabulary.eos, *ids]], device=device))
    chances = logits[0].float().log_softmax(-1).cpu()
    best = chances.topk(min(count, chances.shape[1]), dim=-1)
    expected = [
        tuple((_shown(vocabulary, i), math.exp(p)) for i, p in zip(tokens, values, strict=True))
        for tokens, values in zip(best.indices.tolist(), best.values.tolist(), strict=True)
    ]
    decode = vocabulary.stream()
    tokens: list[Token] = []
    start = 0
    for place, token in enumerate(ids):
        piece = decode(token)
        bits = -float(chances[place, token]) / math.log(2)
        tokens.append(Token(piece, start, bits, expected[place]))
        start += len(piece)
    looks, kept = _looks(seen)
    family = "transformer" if isinstance(model, Transformer) else "rnn"
    # The first token that was read is the start of the story, which is no part of the text.
    kept = None if kept is None else kept[1:]
    return Reading(tuple(tokens), looks[:, 1:], kept, expected[-1], family)


def _shown(vocabulary: Vocabulary, token: int) -> str:
    return END if token == vocabulary.eos else vocabulary.decode([token])


@contextmanager
def _watched(model: LanguageModel) -> Iterator[list[tuple[nn.Module, Any]]]:
    """Note what goes into the part of every block that looks back."""
    if not isinstance(model, Transformer | RNN):
        raise UserError(f"wanted a transformer or an RNN, given a {type(model).__name__}")
    seen: list[tuple[nn.Module, Any]] = []

    def note(module: nn.Module, given: Any, made: Any) -> None:
        seen.append((module, given))

    mixes = [block.get_submodule("mix") for block in model.blocks]
    hooks = [mix.register_forward_hook(note) for mix in mixes]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


def _looks(
    seen: list[tuple[nn.Module, Any]],
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32] | None]:
    """The mean over the layers of what each place looked at, and of what each token kept."""
    layers = [
        attention(mix, given[0], given[1]) for mix, given in seen if isinstance(mix, Attention)
    ]
    if layers:
        return torch.stack(layers).mean(0).cpu().numpy(), None
    gates = [gating(mix, given[0]) for mix, given in seen]
    shares = torch.stack([memory_shares(keep, new) for keep, new in gates]).mean(0)
    kept = torch.stack([keep.mean(-1) for keep, _ in gates]).mean(0)
    return shares.cpu().numpy(), kept.cpu().numpy()


def attention(mix: Attention, x: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
    """The attention weights ``(T, T)`` for one text ``x (1, T, D)``, the mean over the heads."""
    by_head = (*x.shape[:2], mix.heads, -1)
    q = rotate(mix.query_norm(mix.query(x).view(by_head)).transpose(1, 2), *turn)
    k = rotate(mix.key_norm(mix.key(x).view(by_head)).transpose(1, 2), *turn)
    age = torch.arange(x.shape[1])[:, None] - torch.arange(x.shape[1])
    visible = ((age >= 0) & (age < mix.context)).to(x.device)
    scores = (q @ k.transpose(-1, -2)) / q.shape[-1] ** 0.5
    weights: Tensor = scores.masked_fill(~visible, -torch.inf).softmax(-1)[0].mean(0)
    return weights


def gating(cell: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    """What a recurrent cell keeps and adds, each ``(T, D)``, for one text ``x (1, T, D)``.

    All three cells have a memory of the form ``m[t] = keep[t] * m[t-1] + new[t]``; for an LSTM it
    is the cell state, for a GRU and a minGRU what it hands on.
    """
    if isinstance(cell, MinGRU):
        update = cell.update(x[0])
        return torch.sigmoid(-update), torch.sigmoid(update) * cell.candidate(x[0])
    assert isinstance(cell, GRU | LSTM)
    inner: Any = cell.cell
    hidden = inner(x)[0][0]
    before = torch.cat((torch.zeros_like(hidden[:1]), hidden[:-1]))
    given = nn.functional.linear(x[0], inner.weight_ih_l0, inner.bias_ih_l0)
    held = nn.functional.linear(before, inner.weight_hh_l0, inner.bias_hh_l0)
    if isinstance(cell, LSTM):
        let_in, forget, new, _ = (given + held).chunk(4, dim=-1)
        return forget.sigmoid(), let_in.sigmoid() * new.tanh()
    (r1, z1, n1), (r2, z2, n2) = given.chunk(3, dim=-1), held.chunk(3, dim=-1)
    keep = (z1 + z2).sigmoid()
    return keep, (1 - keep) * (n1 + (r1 + r2).sigmoid() * n2).tanh()


def memory_shares(keep: Tensor, new: Tensor) -> Tensor:
    """How much of a memory at each step came in at each earlier one, ``(T, T)``, rows sum to 1.

    The memory at step t is the sum over s of ``new[s] * keep[s+1] * ... * keep[t]``; its share is
    the size of that term among the sizes of all, the mean over the channels.
    """
    left = torch.zeros_like(new)
    rows = torch.zeros(len(new), len(new), device=new.device)
    for t in range(len(new)):
        left[: t + 1] *= keep[t]
        left[t] = new[t].abs()
        sizes = left[: t + 1]
        rows[t, : t + 1] = (sizes / sizes.sum(0).clamp(min=1e-12)).mean(-1)
    return rows
