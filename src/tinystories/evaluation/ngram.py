"""A word-5-gram model, the anchor of all others: what counting alone can do.

It counts how often each token followed the four before it, and passes on to fewer where it has
never seen those (interpolated Kneser-Ney: Chen & Goodman 1999, equation 4.37, one discount an
order). It is a :class:`~tinystories.models.LanguageModel`, so that it tells and is judged by the
code that tells and judges the others.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from tinystories.data.vocabulary import Vocabulary
from tinystories.models import LanguageModel, State

ORDER = 5
MOST_TOKENS = 20_000_000
"""Training tokens that are counted at most; they need about 2 GB of memory."""

TOKEN_BITS = 20

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Grams:
    """The different sequences of one length, numbered in the order of their ``keys``.

    A key is the number of the sequence without its last token, and that token. ``counts`` are
    what a prediction weighs: how often the longest occur; of the shorter, how many different
    tokens stand before them.
    """

    keys: Ids
    counts: Ids

    @cached_property
    def discount(self) -> float:
        """What each count is lowered by, for what was never seen."""
        once, twice = (self.counts == 1).sum(), (self.counts == 2).sum()
        return float(once / max(1, once + 2 * twice)) or 0.5


class NGram(LanguageModel):
    """Expects the tokens that followed the last four in ``stories``."""

    def __init__(self, stories: Iterable[str], vocabulary: Vocabulary) -> None:
        super().__init__()
        self.vocab = len(vocabulary)
        self._grams = _count(_tokens(stories, vocabulary), self.vocab)
        self._common = _alone(self._grams[0], self.vocab)
        # Logits are on the device of a model's parameters, and this is the only one.
        self.floor = nn.Parameter(torch.zeros(1), requires_grad=False)

    def forward(self, tokens: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Return what :meth:`read` does: every token is a dimension of its own here."""
        return self.read(tokens, state)

    def read(self, tokens: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Look up each token's successors: log-probabilities ``(B, T, V)``.

        The state is the last four tokens, -1 before any.
        """
        before = state.layers[0][0] if state else torch.full((len(tokens), ORDER - 1), -1)
        text = torch.cat([before, tokens.cpu()], dim=1)
        logits = torch.empty(*tokens.shape, self.vocab)
        for row, ids in enumerate(text.tolist()):
            for place in range(tokens.shape[1]):
                context = ids[place + 1 : place + ORDER]
                logits[row, place] = torch.from_numpy(np.log(self.probabilities(context)))
        position = (state.position if state else 0) + tokens.shape[1]
        return logits + self.floor, State(((text[:, 1 - ORDER :],),), position)

    def probabilities(self, context: Sequence[int]) -> npt.NDArray[np.float64]:
        """Return the probability of each token ``(V,)`` after the last four tokens, or fewer.

        What stands before the story's first token, ``<eos>``, does not count.
        """
        context = list(context)
        if Vocabulary.eos in context:
            last = len(context) - 1 - context[::-1].index(Vocabulary.eos)
            context = context[last:]
        context = [token for token in context if token >= 0]
        probability = self._common.copy()
        for length in range(1, min(len(context), ORDER - 1) + 1):
            node = self._find(context[-length:])
            if node is None:
                break
            grams = self._grams[length]
            first, last = np.searchsorted(
                grams.keys, [node << TOKEN_BITS, (node + 1) << TOKEN_BITS]
            )
            counts = grams.counts[first:last]
            total = counts.sum()
            if not total:  # Seen only where nothing stands before it.
                continue
            followers = grams.keys[first:last] & (2**TOKEN_BITS - 1)
            probability *= grams.discount * (counts > 0).sum() / total
            probability[followers] += np.maximum(counts - grams.discount, 0) / total
        return probability

    def _find(self, context: Sequence[int]) -> int | None:
        """Return the number of a sequence of tokens among those of its length."""
        node = context[0]
        for length, token in enumerate(context[1:], 1):
            keys = self._grams[length].keys
            key = node << TOKEN_BITS | token
            place = int(np.searchsorted(keys, key))
            if place == len(keys) or keys[place] != key:
                return None
            node = place
        return node


def _tokens(stories: Iterable[str], vocabulary: Vocabulary) -> Ids:
    """Return ``<eos> story <eos> story <eos>``, up to the tokens that are counted at most."""
    ids = [Vocabulary.eos]
    remaining = iter(stories)
    while len(ids) < MOST_TOKENS and (some := list(islice(remaining, 1000))):
        for story in vocabulary.encode_batch(some):
            ids += [*story, Vocabulary.eos]
    return np.array(ids)


def _count(text: Ids, vocab: int) -> list[Grams]:
    """Return the sequences of 1 to 5 tokens; none goes on after an ``<eos>``."""
    numbers, first = [text], [np.unique(text, return_index=True)[1]]
    keys, counts = [np.arange(vocab)], [np.bincount(text, minlength=vocab)]
    for length in range(2, ORDER + 1):
        places = np.arange(len(text) - length + 1)
        whole = numbers[-1][places] >= 0
        if length > 2:
            whole &= text[places + length - 2] != Vocabulary.eos
        places = places[whole]
        here = numbers[-1][places] << TOKEN_BITS | text[places + length - 1]
        key, place, number, count = np.unique(
            here, return_index=True, return_inverse=True, return_counts=True
        )
        numbers.append(np.full(len(text), -1))
        numbers[-1][places] = number
        keys.append(key)
        first.append(places[place])
        counts.append(count)
    grams = []
    for length in range(ORDER - 1):
        # Each longer sequence is one more token before the shorter one that ends it.
        before = np.bincount(numbers[length][first[length + 1] + 1], minlength=len(keys[length]))
        if length:  # Before the beginning of a story stands nothing, so it counts as it is.
            begins = numbers[length][first[length][text[first[length]] == Vocabulary.eos]]
            before[begins] = counts[length][begins]
        grams.append(Grams(keys[length], before))
    return [*grams, Grams(keys[-1], counts[-1])]


def _alone(tokens: Grams, vocab: int) -> npt.NDArray[np.float64]:
    """Return the probability of each token ``(V,)`` after nothing known; none is impossible."""
    total, seen = tokens.counts.sum(), (tokens.counts > 0).sum()
    lowered = np.maximum(tokens.counts - tokens.discount, 0)
    return np.asarray((lowered + tokens.discount * seen / vocab) / total, dtype=np.float64)
