import math

import numpy as np
import pytest

from tinystories.evaluation.anchors import REAL
from tinystories.evaluation.compare import compare
from tinystories.evaluation.intervals import Interval, of_mean
from tinystories.evaluation.scorecard import Score, Scorecard

RUN = {
    "name": "rnn",
    "data": "abc",
    "vocab": 4500,
    "parameters": 3_000_000,
    "tokens": 7_000_000,
    "seconds": 1800,
}
N = 100
IDS = {"stories": tuple(f"{i}" for i in range(N))}
NOISE = np.random.default_rng(0).normal(0, 1, N)


def score(values, name="grammar", better="lower", drawn=()):
    each = tuple(map(float, values)) if not drawn else ()
    interval = of_mean(each) if each else Interval(values, values - 1, values + 1, N)
    return Score(name, name, "mistakes", better, "", "Syntax", interval, "stories", each, (), drawn)


def card(*scores, run=(), settings=(), ids=IDS, real=()):
    return Scorecard(
        {**RUN, **dict(run)},
        {"count": N, **dict(settings)},
        {found.name: found for found in scores},
        {REAL: {name: Interval(value, 0, 0, N) for name, value in dict(real).items()}},
        ids,
    )


def only(cards):
    (pair,) = compare(cards)
    (contrast,) = pair.contrasts
    return contrast


def test_a_difference_in_every_story_is_real_and_says_who_is_better():
    found = only([card(score(NOISE)), card(score(NOISE + 0.3))])
    assert found.verdict == "real"
    assert found.ahead == 0
    assert found.difference.value == pytest.approx(-0.3)
    found = only([card(score(NOISE, better="higher")), card(score(NOISE + 0.3, better="higher"))])
    assert found.ahead == 1


def test_chance_is_not_settled():
    other = np.random.default_rng(1).normal(0, 1, N)
    found = only([card(score(NOISE)), card(score(other))])
    assert found.verdict == "not settled"


def test_like_real_means_nearer_to_the_real_stories():
    cards = [
        card(score(NOISE + 4, better="like real"), real={"grammar": 5}),
        card(score(NOISE + 9, better="like real"), real={"grammar": 5}),
    ]
    assert only(cards).ahead == 0
    assert only(cards[::-1]).ahead == 1
    unknown = [card(score(NOISE + shift, better="like real")) for shift in (4, 9)]
    assert only(unknown).ahead is None


def test_looking_at_much_makes_each_find_worth_less():
    # One test finds p near 0.01; beside 30 that find nothing, it is not settled.
    values = np.zeros(N)
    values[:8] = [-1] + [1] * 7
    alone = only([card(score(values)), card(score(np.zeros(N)))])
    others = [np.random.default_rng(i).permutation([1.0, -1.0] * (N // 2)) for i in range(30)]
    first = card(score(values), *(score(o, f"other{i}") for i, o in enumerate(others)))
    second = card(
        score(np.zeros(N)), *(score(np.zeros(N), f"other{i}") for i in range(len(others)))
    )
    (pair,) = compare([first, second])
    among = next(c for c in pair.contrasts if c.score.name == "grammar")
    assert alone.p == pytest.approx(2 * 9 / 2**8, abs=0.01)
    assert among.p > alone.p
    assert {c.verdict for c in pair.contrasts} == {"not settled"}


def test_details_are_corrected_among_themselves():
    details = [score(NOISE + i, f"grammar@{i}") for i in range(20)]
    first = card(score(NOISE), *details)
    second = card(score(NOISE + 0.01), *(score(NOISE + i, f"grammar@{i}") for i in range(20)))
    (pair,) = compare([first, second])
    headline = next(c for c in pair.contrasts if c.score.name == "grammar")
    alone = only([card(score(NOISE)), card(score(NOISE + 0.01))])
    assert headline.p == alone.p


def test_pairs_are_found_by_name_and_not_by_place():
    turned = {"stories": IDS["stories"][::-1]}
    found = only([card(score(NOISE)), card(score(NOISE[::-1] + 0.3), ids=turned)])
    assert found.difference.value == pytest.approx(-0.3)
    assert found.difference.high - found.difference.low < 1e-9


def test_only_what_both_have_is_compared_and_the_rest_is_said():
    fewer = {"stories": IDS["stories"][:40]}
    cards = [card(score(NOISE)), card(score(NOISE[:40] + 1), ids=fewer)]
    (pair,) = compare(cards)
    assert pair.contrasts[0].difference.n == 40
    assert any("only 40 stories are the same" in line for line in pair.warnings)
    none = card(score(NOISE), ids={"stories": tuple(f"other{i}" for i in range(N))})
    found = only([card(score(NOISE)), none])
    assert math.isnan(found.difference.value)
    assert found.verdict == "not settled"


def test_numbers_of_whole_sets_are_compared_by_their_resamples():
    draws = tuple(np.random.default_rng(2).normal(50, 2, 100))
    first = card(score(50.0, drawn=draws))
    second = card(score(40.0, drawn=tuple(d - 10 for d in draws)))
    found = only([first, second])
    assert found.verdict == "real"
    assert (found.first, found.second) == (50.0, 40.0)
    assert found.difference.low == pytest.approx(10)


def test_runs_that_are_alike_have_no_warning():
    (pair,) = compare([card(score(NOISE)), card(score(NOISE))])
    assert pair.warnings == ()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"run": {"data": "xyz"}}, "learned from different stories: abc and xyz"),
        ({"run": {"vocab": 1500}}, "vocabularies of different sizes"),
        ({"run": {"parameters": 6_000_000}}, "3,000,000 and 6,000,000 parameters"),
        ({"run": {"tokens": 1}}, "tokens read while training"),
        ({"run": {"seconds": 3600}}, "seconds of training"),
        ({"settings": {"temperature": 0.5}}, "temperature None and 0.5"),
    ],
)
def test_runs_that_are_not_alike_are_warned_of(changes, said):
    (pair,) = compare([card(score(NOISE)), card(score(NOISE), **changes)])
    assert any(said in line for line in pair.warnings)


def test_three_runs_are_three_pairs():
    cards = [card(score(NOISE + shift)) for shift in (0, 1, 2)]
    assert [pair.runs for pair in compare(cards)] == [(0, 1), (0, 2), (1, 2)]
