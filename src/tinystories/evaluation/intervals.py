"""How sure a number is: bootstrap intervals, paired differences, many comparisons at once.

The bootstrap (Efron 1979) judges again and again as many stories as there were, drawn from them
with repetition; 95 % of the answers lie in the interval. Everything is seeded, so that the same
stories give the same interval.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

CONFIDENCE = 0.95
DRAWS = 2000
"""Resamples for a mean."""
SET_DRAWS = 100
"""Resamples for a number of the whole set, which is computed anew each time."""
FLIPS = 20_000
"""Random sign patterns of the test for a paired difference."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """A number, the 95 % interval around it, and of how many stories or items it is made.

    ``low`` and ``high`` are NaN where there are too few to tell: fewer than two.
    """

    value: float
    low: float
    high: float
    n: int


def of_mean(
    values: Sequence[float | None],
    weights: Sequence[float] | None = None,
    *,
    yes: float | None = None,
) -> Interval:
    """Return the mean of the values that are there, with its interval.

    Args:
        values: one for each story or item; None where it has none.
        weights: of the values, each drawn together with its value. Bits per byte are such a mean:
            a long story weighs more.
        yes: the value of a "yes", where 0 is "no". If there is nothing but these two, the interval
            is Wilson's (1927), which keeps its width where all answers are the same.
    """
    known = [i for i, value in enumerate(values) if value is not None]
    value = np.array([values[i] for i in known], dtype=np.float64)
    weight = np.array([weights[i] for i in known] if weights else np.ones(len(known)))
    n = len(value)
    if n == 0 or not weight.sum():
        return Interval(math.nan, math.nan, math.nan, 0)
    mean = float((value * weight).sum() / weight.sum())
    if n == 1:
        return Interval(mean, math.nan, math.nan, 1)
    if yes is not None and weights is None and np.isin(value, (0.0, yes)).all():
        low, high = _wilson(mean / yes, n)
        return Interval(mean, yes * low, yes * high, n)
    return Interval(mean, *_middle(_means(value, weight)), n)


def of_set(
    score: Callable[[Sequence[Any]], float], stories: Sequence[Any], draws: int = SET_DRAWS
) -> tuple[Interval, tuple[float, ...]]:
    """Return a number of a whole set with its interval, and the number of each resample.

    A story drawn twice would look like a repetition, so each resample is half of the stories,
    without repetition (the delete-d jackknife, Shao & Wu 1989). Fewer stories have a level of
    their own, so only the spread of the resamples is used, around the number of all. Resamples of
    two sets of one size choose the same stories, so that they can be paired.
    """
    value, n = float(score(stories)), len(stories)
    if n < 4:
        return Interval(value, math.nan, math.nan, n), ()
    rng = np.random.default_rng((0, n))
    halves = [np.sort(rng.permutation(n)[: n // 2]) for _ in range(draws)]
    drawn = np.array([score([stories[i] for i in half]) for half in halves])
    if not np.isfinite(drawn).all():  # Some half has none of what is counted.
        return Interval(value, math.nan, math.nan, n), ()
    # Means of r of n values vary by sqrt((n - r) / r) times what means of n would.
    centred = value + (drawn - drawn.mean()) * math.sqrt((n // 2) / (n - n // 2))
    return Interval(value, *_middle(centred), n), tuple(map(float, centred))


@dataclass(frozen=True)
class Difference:
    """How much two runs differ on the same stories: the interval, and how surprising it is.

    ``p`` is how often a difference as large would come up if the runs were equally good.
    """

    interval: Interval
    p: float


def of_pairs(
    ours: Sequence[float | None],
    theirs: Sequence[float | None],
    weights: Sequence[float] | None = None,
) -> Difference:
    """Return the mean of ``ours - theirs``, story by story, where both have a number.

    ``p`` is that of a sign-flip test (Fisher 1935): were the runs equal, each story might as well
    have told the opposite.
    """
    pairs = [
        (a - b, weights[i] if weights else 1.0)
        for i, (a, b) in enumerate(zip(ours, theirs, strict=True))
        if a is not None and b is not None
    ]
    differences, weight = np.array(pairs, dtype=np.float64).reshape(-1, 2).T
    n = len(differences)
    if n < 2 or not weight.sum():
        return Difference(Interval(math.nan, math.nan, math.nan, n), 1.0)
    mean = float((differences * weight).sum() / weight.sum())
    interval = Interval(mean, *_middle(_means(differences, weight)), n)
    return Difference(interval, _sign_flips(differences * weight))


def of_drawn(
    ours: tuple[float, Sequence[float]], theirs: tuple[float, Sequence[float]], n: int
) -> Difference:
    """Return the difference of two numbers of whole sets from their resamples (:func:`of_set`).

    ``p`` takes the resampled differences to be normal, since they are too few to count.
    """
    value = ours[0] - theirs[0]
    if not len(ours[1]) == len(theirs[1]) > 0:
        return Difference(Interval(value, math.nan, math.nan, n), 1.0)
    drawn = np.array(ours[1]) - np.array(theirs[1])
    spread = float(drawn.std())
    p = math.erfc(abs(value) / spread / math.sqrt(2)) if spread else float(value == 0)
    return Difference(Interval(value, *_middle(drawn), n), p)


def holm(ps: Sequence[float]) -> list[float]:
    """Return the p-values corrected for being so many (Holm 1979).

    Of all that stay below 0.05, even one that means nothing turns up in 5 % of comparisons only.
    """
    order = np.argsort(ps, kind="stable")
    corrected, largest = [1.0] * len(ps), 0.0
    for place, i in enumerate(order):
        largest = max(largest, min(1.0, ps[i] * (len(ps) - place)))
        corrected[i] = largest
    return corrected


def student(t: float, freedom: int) -> float:
    """Return how often Student's t is at least as far from 0, either way.

    For whole degrees of freedom it is a finite sum (Abramowitz & Stegun 1964, 26.7.3 and 26.7.4).
    """
    angle = math.atan(abs(t) / math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2
    term = total = (cosine if odd else 1.0) if freedom > 1 else 0.0
    for k in range(2 + odd, freedom - 1, 2):
        term *= cosine**2 * (k - 1) / k
        total += term
    within = 2 / math.pi * (angle + sine * total) if odd else sine * total
    return max(0.0, 1 - within)


def student_reach(freedom: int) -> float:
    """Return within how many standard errors Student's t lies in 95 % of cases."""
    low, high = 0.0, 20.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if student(middle, freedom) > 1 - CONFIDENCE else (low, middle)
    return high


def _means(values: Floats, weights: Floats) -> Floats:
    """Return the weighted mean of each resample."""
    rng, n = np.random.default_rng((0, len(values))), len(values)
    weighted = values * weights
    means = np.empty(DRAWS)
    for draw in range(DRAWS):  # One at a time: all at once would fill the memory with many items.
        chosen = rng.integers(0, n, n)
        means[draw] = weighted[chosen].sum() / weights[chosen].sum()
    return means


def _middle(draws: Floats) -> tuple[float, float]:
    """Return where the middle 95 % of the draws begin and end."""
    low, high = np.quantile(draws, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


def _wilson(share: float, n: int) -> tuple[float, float]:
    z = 1.959964
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, centre - reach), min(1.0, centre + reach)


def _sign_flips(differences: Floats) -> float:
    rng, found = np.random.default_rng(0), abs(differences.sum())
    as_large = 0
    for _ in range(FLIPS // 500):
        signs = rng.integers(0, 2, (500, len(differences)), dtype=np.int8) * 2.0 - 1
        # A rounding error must not make a difference look larger than itself.
        as_large += int((abs(signs @ differences) >= found * (1 - 1e-9)).sum())
    return (as_large + 1) / (FLIPS + 1)
