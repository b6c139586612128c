"""What a metric is: a function of stories, and the words that explain its number."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from tinystories.records import Told


@dataclass(frozen=True)
class Metric:
    """One number for every story.

    Args:
        name: short and speaking, as in ``scores.json``: ``repeated_4grams``.
        title: as in a table: ``Repeated four-word phrases``.
        unit: of the number: ``% of phrases``.
        better: which way is good; ``like real`` where the number of real stories is the aim.
        about: one or two sentences that tell a teacher what the number means.
        score: returns a number for each story, None where it has none (a story without names has
            no share of kept names).
    """

    name: str
    title: str
    unit: str
    better: Literal["higher", "lower", "like real"]
    about: str
    score: Callable[[Sequence[Told]], Sequence[float | None]]


@dataclass(frozen=True)
class SetMetric:
    """One number for a set of stories, as diversity is; else like :class:`Metric`."""

    name: str
    title: str
    unit: str
    better: Literal["higher", "lower", "like real"]
    about: str
    score: Callable[[Sequence[Told]], float]
