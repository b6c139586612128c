"""Which differences between runs are real: pairs, intervals, and a correction for looking often."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Literal

from tinystories.evaluation.anchors import REAL
from tinystories.evaluation.intervals import Interval, holm, of_drawn, of_pairs
from tinystories.evaluation.scorecard import Score, Scorecard

LEVEL = 0.05

Verdict = Literal["real", "not settled"]


@dataclass(frozen=True)
class Contrast:
    """How two runs differ in one score.

    Args:
        score: its words, and the first run's number.
        first, second: the number of each run, on what both have.
        difference: first minus second, with its interval.
        p: how often chance would make as large a difference, corrected for all that were looked at.
        verdict: whether the difference is real.
        ahead: the better run's place, 0 or 1; None where neither is, or nobody can say.
    """

    score: Score
    first: float
    second: float
    difference: Interval
    p: float
    verdict: Verdict
    ahead: int | None


@dataclass(frozen=True)
class Pair:
    """Two runs beside each other: their numbers, why they may not compare, and the contrasts."""

    runs: tuple[int, int]
    warnings: tuple[str, ...]
    contrasts: tuple[Contrast, ...]


def compare(cards: Sequence[Scorecard]) -> list[Pair]:
    """Return every two runs side by side.

    Pairs are stories of the same beginning and seed, the same held-out stories, the same
    questions. P-values are corrected (Holm) over all scores of all pairs of runs; details of
    scores are corrected among themselves, since there are many of them.
    """
    found = [
        (pair, contrast)
        for pair in combinations(range(len(cards)), 2)
        for contrast in _contrasts(cards[pair[0]], cards[pair[1]])
    ]
    settled: list[tuple[tuple[int, int], Contrast]] = []
    for detail in (False, True):
        some = [(pair, contrast) for pair, contrast in found if contrast.score.detail == detail]
        for (pair, contrast), p in zip(
            some, holm([contrast.p for _, contrast in some]), strict=True
        ):
            verdict: Verdict = "real" if p < LEVEL else "not settled"
            settled.append((pair, replace(contrast, p=p, verdict=verdict)))
    return [
        Pair(
            pair,
            tuple(_warnings(cards[pair[0]], cards[pair[1]])),
            tuple(contrast for where, contrast in settled if where == pair),
        )
        for pair in combinations(range(len(cards)), 2)
    ]


def _contrasts(first: Scorecard, second: Scorecard) -> Iterator[Contrast]:
    for name, ours in first.scores.items():
        theirs = second.scores.get(name)
        alike = theirs is not None and ours.over == theirs.over
        if theirs is None or not alike or not (ours.each or ours.drawn):
            continue
        if ours.drawn or theirs.drawn:
            difference = of_drawn(
                (ours.interval.value, ours.drawn),
                (theirs.interval.value, theirs.drawn),
                min(ours.interval.n, theirs.interval.n),
            )
            values = ours.interval.value, theirs.interval.value
        else:
            a, b, weights = _in_pairs(ours, theirs, first.ids, second.ids)
            difference = of_pairs(a, b, weights)
            values = _mean_of_both(a, b, weights)
        real = first.anchors.get(REAL, {}).get(name)
        ahead = _ahead(ours.better, *values, real.value if real else None)
        yield Contrast(ours, *values, difference.interval, difference.p, "not settled", ahead)


def _in_pairs(
    ours: Score, theirs: Score, our_ids: Any, their_ids: Any
) -> tuple[list[float | None], list[float | None], list[float] | None]:
    """Return the numbers of what both have, in one order, and their weights."""
    places = {name: place for place, name in enumerate(their_ids.get(theirs.over, ()))}
    both = [
        (place, places[name])
        for place, name in enumerate(our_ids.get(ours.over, ()))
        if name in places and place < len(ours.each) and places[name] < len(theirs.each)
    ]
    return (
        [ours.each[i] for i, _ in both],
        [theirs.each[j] for _, j in both],
        [ours.weights[i] for i, _ in both] if ours.weights else None,
    )


def _mean_of_both(
    a: Sequence[float | None], b: Sequence[float | None], weights: Sequence[float] | None
) -> tuple[float, float]:
    """Return the means of two runs over what both have a number for."""
    both = [
        (x, y, weights[i] if weights else 1.0)
        for i, (x, y) in enumerate(zip(a, b, strict=True))
        if x is not None and y is not None
    ]
    total = sum(weight for _, _, weight in both)
    if not total:
        return float("nan"), float("nan")
    return (
        sum(x * weight for x, _, weight in both) / total,
        sum(y * weight for _, y, weight in both) / total,
    )


def _ahead(better: str, first: float, second: float, real: float | None) -> int | None:
    if better == "like real":
        if real is None:
            return None
        first, second = -abs(first - real), -abs(second - real)
    elif better == "lower":
        first, second = -first, -second
    return None if not first < second and not first > second else int(second > first)


def _warnings(first: Scorecard, second: Scorecard) -> Iterator[str]:
    """Say in a line each where two runs were not trained or judged alike."""
    for name, words in (
        ("data", "learned from different stories"),
        ("vocab", "have vocabularies of different sizes (bits per byte still compare)"),
    ):
        if first.run.get(name) != second.run.get(name):
            yield f"they {words}: {first.run.get(name)} and {second.run.get(name)}"
    for name, words, most in (
        ("parameters", "parameters", 1.05),
        ("tokens", "tokens read while training", 1.1),
        ("seconds", "seconds of training", 1.25),
    ):
        a, b = float(first.run.get(name) or 0), float(second.run.get(name) or 0)
        if max(a, b) > most * min(a, b):
            yield f"they had different budgets: {a:,.0f} and {b:,.0f} {words}"
    for name in sorted({*first.settings, *second.settings}):
        ours, theirs = first.settings.get(name), second.settings.get(name)
        if ours != theirs and name != "stories_sha256":
            yield f"they were judged with different settings: {name} {ours} and {theirs}"
    for over in sorted({*first.ids, *second.ids}):
        here, there = set(first.ids.get(over, ())), set(second.ids.get(over, ()))
        if here != there:
            yield (
                f"only {len(here & there)} {over} are the same "
                f"(of {len(here)} and {len(there)}); others are left out"
            )
