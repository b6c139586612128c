"""Does a story go somewhere, and does it stay with what it is about?

Both measures are learned from training stories by counting, in a few seconds. They separate real
stories from shuffled ones, or from ones with another's ending, far better than the similarity of
neighbouring sentences in an embedding does (docs/experiments.md), and need nothing but numpy.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from tinystories.evaluation.metric import Metric
from tinystories.evaluation.text import names, sentences, words
from tinystories.evaluation.words import WordCounts
from tinystories.records import Told

FIFTHS = 5
"""Parts of a story between which the order of its sentences is learned."""

_SHORTEST = 5  # sentences, for an order to show
_SEEN = 5  # times, before a word says anything of its place

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class StoryOrder:
    """Where in a story words stand: ``one day`` early, ``learned`` late.

    `evidence` gives for a word, or for two words in a row, the logarithm of how much more often
    than by chance it stands in each fifth of a story, (5,).
    """

    evidence: dict[str, Floats]

    @classmethod
    def learn(cls, stories: Iterable[str], most: int = 8000) -> "StoryOrder":
        """Count where words stand in the first ``most`` stories."""
        counts: defaultdict[str, Floats] = defaultdict(lambda: np.zeros(FIFTHS))
        for story in islice(stories, most):
            parts = sentences(story)
            if len(parts) >= _SHORTEST:
                for number, sentence in enumerate(parts):
                    for clue in _clues(sentence):
                        counts[clue][number * FIFTHS // len(parts)] += 1
        total = sum(counts.values(), np.zeros(FIFTHS))
        prior = total / max(1.0, total.sum())
        return cls(
            {
                clue: np.log((count + FIFTHS * prior) / (count.sum() + FIFTHS) / prior)
                for clue, count in counts.items()
                if count.sum() >= _SEEN
            }
        )

    def place(self, sentence: str) -> float:
        """Return where a sentence belongs by its words, from 0, the first fifth, to 4, the last.

        A naive Bayes guess, with half of each clue's weight since words and pairs overlap.
        """
        score = sum((self.evidence[c] for c in _clues(sentence) if c in self.evidence), _NOTHING)
        chance = np.exp((score - score.max()) / 2)
        return float(chance @ np.arange(FIFTHS) / chance.sum())

    def score(self, text: str) -> float | None:
        """Return the correlation of where sentences stand and where they belong, -1 to 1.

        None under five sentences.
        """
        places = np.array([self.place(sentence) for sentence in sentences(text)])
        if len(places) < _SHORTEST:
            return None
        if np.ptp(places) < 1e-9:
            return 0.0
        return float(np.corrcoef(places, np.arange(len(places)))[0, 1])


_NOTHING = np.zeros(FIFTHS)


def _clues(sentence: str) -> Iterator[str]:
    said = words(sentence)
    pairs = map(" ".join, zip(["^", *said], said, strict=False))
    return iter({*said, *pairs})


def same_subject(text: str, corpus: WordCounts) -> float | None:
    """Return how alike the words of a story's two halves are, 0 to 1; rare words count more.

    The cosine of their word sets weighted by rarity. Names are left out, which would hide that
    only they stay the same. None under six sentences.
    """
    parts = sentences(text)
    if len(parts) < 6:
        return None
    named = {name.lower() for name in names(text)}
    middle = len(parts) // 2
    first, second = (set(words(" ".join(p))) - named for p in (parts[:middle], parts[middle:]))

    def size(said: set[str]) -> float:
        return sum(corpus.rarity(word) ** 2 for word in said)

    norm = math.sqrt(size(first) * size(second))
    return size(first & second) / norm if norm else None


def metrics(corpus: WordCounts, stories: Iterable[str]) -> tuple[Metric, ...]:
    """Return the measures of coherence, learned from training stories and their word counts."""
    order = StoryOrder.learn(stories)
    return (
        Metric(
            "order",
            "Sentences in a story's order",
            "correlation",
            "like real",
            "Whether sentences stand where their words belong in children's stories: who it is "
            "about first, what was learned last. 0 is any order.",
            _each(order.score),
        ),
        Metric(
            "same_subject",
            "Stays with its subject",
            "cosine",
            "like real",
            "Whether the second half speaks of the same things as the first. Low: the story "
            "forgets what it is about; very high: it says the same again.",
            _each(lambda text: same_subject(text, corpus)),
        ),
    )


def _each(measure: Callable[[str], float | None]) -> Callable[[Sequence[Told]], list[float | None]]:
    return lambda told: [measure(story.text) for story in told]
