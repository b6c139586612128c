"""What a model expects: the nats that every piece of a text costs it.

All that is judged by probabilities rests on one function, a :data:`Scorer`: it is given texts and
answers what each piece of them cost. ``partial(story_nats, model, vocabulary)`` is one for a
trained or an untrained model; any other model of language, as one that counts words, is judged by
the same code once it has such a function.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional as F

from tinystories.data.shards import by_length
from tinystories.data.vocabulary import Vocabulary
from tinystories.evaluation.names import NAMES
from tinystories.models import LanguageModel

NATS_PER_BIT = math.log(2)

PLACES = (0, 8, 16, 32, 64, 128, 256)
"""Where the bins of :func:`by_position` begin, in words from the beginning of the story."""

DISTANCES = (1, 4, 8, 16, 32, 64, 128)
"""Where the bins of :func:`by_distance` begin, in words since the name was last said."""

_find_words = re.compile(rb"\S+").finditer
_find_names = re.compile(rb"\b(?:" + "|".join(sorted(NAMES)).encode() + rb")\b").finditer


@dataclass(frozen=True)
class TokenNats:
    """What a text cost, token by token, from its beginning to the end of the story.

    Args:
        nats: ``(T,)`` minus the log-probability of each token given those before it.
        sizes: ``(T,)`` bytes of text that each token stands for; they add up to the text. The last
            token is the end of the story and stands for none.
    """

    nats: npt.NDArray[np.float32]
    sizes: npt.NDArray[np.int64]

    @property
    def starts(self) -> npt.NDArray[np.int64]:
        """``(T,)`` the byte of the text at which each token begins."""
        return np.cumsum(self.sizes) - self.sizes

    def after(self, start: int) -> float:
        """Nats of the text from byte ``start`` on, without the end of the story."""
        return float(self.nats[:-1][self.starts[:-1] >= start].sum(dtype=np.float64))


Scorer = Callable[[Sequence[str]], list[TokenNats]]
"""Says what each of several texts costs, each read as a story of its own."""


@dataclass(frozen=True)
class Cost:
    """Nats that some bytes cost; costs add up."""

    nats: float
    bytes: int

    @property
    def bits_per_byte(self) -> float:
        """Bits over bytes, lower is better."""
        return self.nats / self.bytes / NATS_PER_BIT


@torch.inference_mode()
def story_nats(
    model: LanguageModel, vocabulary: Vocabulary, texts: Sequence[str], *, tokens: int = 1024
) -> list[TokenNats]:
    """Say what each text costs as a whole story, its end included.

    The sum of all nats over the sum of all sizes is ``val/bpb`` of the training, in nats.

    Args:
        model: the model, on any device.
        vocabulary: its vocabulary.
        texts: whole stories or parts of them; each begins a new story.
        tokens: that are read at once, padding included; one longer text is read alone. Logits of
            more leave a processor's cache: 2,048 took 1.2 times as long.
    """
    device = next(model.parameters()).device
    token_bytes = vocabulary.token_bytes()
    stories = [
        np.array([vocabulary.eos, *ids, vocabulary.eos]) for ids in vocabulary.encode_batch(texts)
    ]
    lengths = np.array([len(ids) - 1 for ids in stories])
    answers: list[TokenNats | None] = [None] * len(texts)
    model.eval()
    for rows in by_length(lengths.tolist(), tokens) if len(texts) else []:
        padded = np.full((len(rows), lengths[rows].max() + 1), vocabulary.eos)
        for row, number in enumerate(rows):
            padded[row, : len(stories[number])] = stories[number]
        batch = torch.from_numpy(padded).to(device)
        logits, _ = model(batch[:, :-1])
        nats = F.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten(), reduction="none")
        for row, number in zip(nats.view(len(rows), -1).cpu().numpy(), rows, strict=True):
            sizes = token_bytes[stories[number][1:]]
            answers[number] = TokenNats(row[: len(sizes)].astype(np.float32), sizes)
    return [answer for answer in answers if answer is not None]


def whole(story: TokenNats) -> Cost:
    """The cost of a story as the training counts it, its end included."""
    return Cost(float(story.nats.sum(dtype=np.float64)), int(story.sizes.sum()))


def continuations(
    scorer: Scorer, beginnings: Sequence[str], endings: Sequence[Sequence[str]]
) -> list[list[Cost]]:
    """Say what each ending costs after its beginning, and only the ending.

    A blank is put between the two, unless the beginning is empty.
    """
    heads = [f"{beginning} " if beginning else "" for beginning in beginnings]
    texts = [head + ending for head, some in zip(heads, endings, strict=True) for ending in some]
    read = iter(scorer(texts))
    return [
        [
            # The blank belongs to the first word of the ending.
            Cost(next(read).after(len(beginning.encode())), len(ending.encode()))
            for ending in some
        ]
        for beginning, some in zip(beginnings, endings, strict=True)
    ]


def by_position(text: str, story: TokenNats) -> dict[str, Cost]:
    """The cost of a story by place: what its first words cost, and those after them.

    A token belongs to the word in which it begins, its blank included; places are counted in
    words, so that models of different vocabularies can be compared. The end of the story is left
    out.
    """
    words = np.array([match.end() for match in _find_words(text.encode())] or [0])
    place = np.searchsorted(words, story.starts[:-1], side="right")
    bins = np.searchsorted(PLACES, place, side="right") - 1
    return {
        _span(PLACES, number): Cost(
            float(story.nats[:-1][bins == number].sum(dtype=np.float64)),
            int(story.sizes[:-1][bins == number].sum()),
        )
        for number in range(len(PLACES))
        if (bins == number).any()
    }


def by_distance(text: str, story: TokenNats) -> dict[str, list[float]]:
    """The bits that each name in a story costs, by how long ago it was last said.

    Keys are ``new`` for the first time and a span of words otherwise. A model that forgets pays
    more for an old name than for a fresh one.
    """
    data = text.encode()
    words = [match.start() for match in _find_words(data)]
    starts, ends = story.starts[:-1], np.cumsum(story.sizes[:-1])
    last: dict[bytes, int] = {}
    found: dict[str, list[float]] = {}
    for match in _find_names(data):
        place = int(np.searchsorted(words, match.start(), side="right"))
        name = match.group()
        key = "new"
        if name in last:
            distance = max(1, place - last[name])
            key = _span(DISTANCES, int(np.searchsorted(DISTANCES, distance, side="right")) - 1)
        last[name] = place
        said = (starts < match.end()) & (ends > match.start())
        found.setdefault(key, []).append(float(story.nats[:-1][said].sum()) / NATS_PER_BIT)
    return found


def _span(edges: Sequence[int], number: int) -> str:
    """``8-15``, or ``256+`` for the last."""
    spans = [f"{low}-{high - 1}" for low, high in pairwise(edges)]
    return spans[number] if number < len(spans) else f"{edges[-1]}+"
