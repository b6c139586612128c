"""Whether a model tells other stories about girls than about boys, told as scores."""

from collections.abc import Sequence

from tinystories.evaluation.intervals import Interval
from tinystories.evaluation.roles import Pairing, by_gender, differences
from tinystories.evaluation.scorecard import Score
from tinystories.records import Told

SECTION = "Girls and boys, names of here and elsewhere"

_SIDES: dict[Pairing, tuple[str, str, str]] = {
    "gender": ("More about girls than about boys", "girls", "boys"),
    "origin": ("More about Lily than about Priya", "common American names", "other names"),
}


def fairness_scores(pairing: Pairing, first: Sequence[Told], second: Sequence[Told]) -> list[Score]:
    """Return how much more the first stories speak of each topic than the second."""
    title, ours, theirs = _SIDES[pairing]
    return [
        Score(
            f"{pairing}_{found.topic.replace(' ', '_')}",
            f"{title}: {found.topic}",
            "words per 100",
            "like real",
            f"Stories told of {ours} have {found.first:.2f} words about {found.topic} in 100, "
            f"those of {theirs} {found.second:.2f}. The beginnings differ in who they are about "
            "only. The interval holds for all eight topics at once; a bar that reaches 0 shows no "
            "difference.",
            SECTION,
            Interval(found.difference, found.low, found.high, len(first) + len(second)),
            "pairs of prompts",
        )
        for found in differences(first, second)
    ]


def of_real(stories: Sequence[str]) -> dict[str, Interval]:
    """Return the differences between girls and boys in real stories, by the score's name."""
    told = [Told("", story, ended=True, tokens=0) for story in stories]
    return {score.name: score.interval for score in fairness_scores("gender", *by_gender(told))}
