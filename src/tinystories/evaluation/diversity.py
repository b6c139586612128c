"""Are many stories many, or one story told many times?"""

import math
import random
from collections import Counter
from collections.abc import Callable, Sequence

from tinystories.evaluation.metric import SetMetric
from tinystories.evaluation.text import names, words
from tinystories.records import Told

FIRST_WORDS = 100
"""Words of each story that distinct-n looks at: longer stories would seem less diverse."""

OPENING = 5
SAMPLE = 100
"""Stories at most that self-BLEU compares, chosen by chance but always the same."""

_ORDER = 4  # words of BLEU's longest phrases

Gram = tuple[str, ...]


def distinct(texts: Sequence[str], n: int) -> float:
    """Return how many of 100 phrases of ``n`` words are different ones (Li et al. 2016).

    NaN without any.
    """
    said = Counter(gram for text in texts for gram in _grams(words(text)[:FIRST_WORDS], n))
    return 100 * len(said) / said.total() if said else math.nan


def self_bleu(texts: Sequence[str], sample: int = SAMPLE) -> float:
    """Return how well each story is made of phrases of the others, 0 to 100 (Zhu et al. 2018).

    BLEU-4 of each against all others as references, without smoothing, averaged. NaN for fewer
    than two stories.
    """
    chosen = list(texts)
    if len(chosen) > sample:
        chosen = random.Random(0).sample(chosen, sample)
    said = [words(text) for text in chosen]
    said = [story for story in said if story]
    if len(said) < 2:
        return math.nan
    precisions = [_precisions(said, n) for n in range(1, _ORDER + 1)]
    scores = []
    for number, story in enumerate(said):
        each = [precision[number] for precision in precisions]
        if not all(each):
            scores.append(0.0)
            continue
        others = (len(other) for which, other in enumerate(said) if which != number)
        closest = min(others, key=lambda length: (abs(length - len(story)), length))
        brevity = min(0.0, 1 - closest / len(story))
        scores.append(100 * math.exp(brevity + sum(map(math.log, each)) / _ORDER))
    return sum(scores) / len(scores)


def _precisions(said: Sequence[list[str]], n: int) -> list[float]:
    """The share of each story's phrases that some other story has, each as often as there."""
    counts = [Counter(_grams(story, n)) for story in said]
    # The two stories that say a phrase most often: one of them is another story.
    most: dict[Gram, tuple[int, int, int]] = {}
    for number, grams in enumerate(counts):
        for gram, count in grams.items():
            first, who, second = most.get(gram, (0, -1, 0))
            most[gram] = (
                (count, number, first) if count > first else (first, who, max(second, count))
            )
    shares = []
    for number, grams in enumerate(counts):
        shared = 0
        for gram, count in grams.items():
            first, who, second = most[gram]
            shared += min(count, second if who == number else first)
        shares.append(shared / max(1, grams.total()))
    return shares


def common_opening(texts: Sequence[str]) -> float:
    """Return how many of 100 stories begin with the commonest first five words; NaN for none."""
    openings = Counter(tuple(words(text)[:OPENING]) for text in texts)
    return 100 * max(openings.values()) / len(texts) if texts else math.nan


def spread_of_names(texts: Sequence[str]) -> float:
    """Return the entropy of who the stories are about, in bits; NaN if nobody is named.

    The name said most in each story counts: 3 bits are as many as eight names equally often.
    """
    heroes = Counter(found.most_common(1)[0][0] for text in texts if (found := names(text)))
    total = heroes.total()
    if not total:
        return math.nan
    return -sum(n / total * math.log2(n / total) for n in heroes.values()) + 0.0


def _grams(said: Sequence[str], n: int) -> list[Gram]:
    return list(zip(*(said[start:] for start in range(n)), strict=False))


def _all(measure: Callable[[Sequence[str]], float]) -> Callable[[Sequence[Told]], float]:
    return lambda told: measure([story.text for story in told])


def _distinct(n: int) -> SetMetric:
    what = "words" if n == 1 else f"{n}-word phrases"
    return SetMetric(
        f"distinct_{n}",
        f"Different {what}",
        f"% of {'words' if n == 1 else 'phrases'}",
        "like real",
        f"How many of all {what}, in the first {FIRST_WORDS} words of every story, are different "
        "ones. More stories repeat more: compare equal numbers of them.",
        _all(lambda texts: distinct(texts, n)),
    )


METRICS = (
    *map(_distinct, (1, 2, 3)),
    SetMetric(
        "self_bleu",
        "Stories made of each other (self-BLEU)",
        "0 to 100",
        "like real",
        "How well each story can be put together from phrases of the others. Near 100: the same "
        "story again and again.",
        _all(self_bleu),
    ),
    SetMetric(
        "common_opening",
        "Commonest opening",
        "% of stories",
        "like real",
        f"How many stories begin with the same {OPENING} words. Of told stories their prompts "
        "decide it: compare stories told from nothing.",
        _all(common_opening),
    ),
    SetMetric(
        "spread_of_names",
        "Spread of heroes' names",
        "bits",
        "like real",
        "How evenly the main characters' names are spread: one bit more is twice as many names.",
        _all(spread_of_names),
    ),
)
