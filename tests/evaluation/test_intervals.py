import math

import numpy as np
import pytest

from tinystories.evaluation import intervals
from tinystories.evaluation.intervals import holm, of_drawn, of_mean, of_pairs, of_set


def test_the_interval_of_a_mean_is_that_of_the_normal_law():
    values = np.random.default_rng(1).normal(5, 2, 400)
    found = of_mean(list(values))
    assert found.value == pytest.approx(values.mean())
    assert found.n == 400
    reach = 1.96 * values.std() / 20
    assert found.high - found.value == pytest.approx(reach, rel=0.1)
    assert found.value - found.low == pytest.approx(reach, rel=0.1)


def test_95_of_100_intervals_hold_the_true_mean():
    rng = np.random.default_rng(2)
    held = [
        found.low <= 1 <= found.high
        for found in (of_mean(list(rng.exponential(1, 60))) for _ in range(100))
    ]
    assert 88 <= sum(held) <= 99


def test_what_has_no_number_does_not_count():
    assert of_mean([1.0, None, 3.0]) == of_mean([1.0, 3.0])
    assert of_mean([None]).n == 0
    assert math.isnan(of_mean([]).value)
    assert math.isnan(of_mean([2.0]).low)


def test_all_yes_still_leaves_room_for_a_no():
    found = of_mean([100.0] * 20, yes=100)
    assert found.value == 100
    assert found.high == 100
    assert found.low == pytest.approx(83.9, abs=0.1)  # Wilson, from a table.


def test_a_weighted_mean_is_a_ratio_of_sums():
    found = of_mean([1.0, 3.0], [3.0, 1.0])
    assert found.value == 1.5
    assert of_mean([1.0, 2.0, 5.0], [1.0, 1.0, 1.0]) == of_mean([1.0, 2.0, 5.0])


def test_the_same_stories_have_the_same_interval():
    values = [float(i % 7) for i in range(50)]
    assert of_mean(values) == of_mean(values)


def test_a_number_of_a_set_has_the_interval_of_the_mean_it_is():
    values = list(np.random.default_rng(3).normal(0, 1, 200))
    found, drawn = of_set(lambda some: float(np.mean(some)), values, draws=1000)
    assert found.value == pytest.approx(np.mean(values))
    assert np.std(drawn) == pytest.approx(np.std(values) / math.sqrt(200), rel=0.1)


def test_a_number_that_depends_on_how_many_stories_keeps_its_level():
    stories = [i % 40 for i in range(80)]
    found, _ = of_set(lambda some: len(set(some)), stories)
    assert found.value == 40  # Half of the stories have about 30.
    assert found.low <= 40 <= found.high


def test_a_story_is_never_drawn_twice_for_a_number_of_a_set():
    sizes = set()

    def score(some):
        assert len(set(some)) == len(some)
        sizes.add(len(some))
        return 0.0

    of_set(score, list(range(9)), draws=20)
    assert sizes == {9, 4}


def test_pairs_show_what_the_spread_of_stories_hides():
    hard = np.random.default_rng(4).normal(0, 10, 100)
    noise = np.random.default_rng(5).normal(0.5, 0.2, 100)
    found = of_pairs(list(hard + noise), list(hard))
    assert found.interval.low > 0.4
    assert found.p < 0.001
    assert of_mean(list(hard + noise)).low < of_mean(list(hard)).high


def test_equal_runs_differ_by_chance_only():
    rng = np.random.default_rng(6)
    ps = [of_pairs(list(rng.normal(0, 1, 30)), list(rng.normal(0, 1, 30))).p for _ in range(60)]
    assert 0.3 < np.mean(ps) < 0.7
    assert sum(p < 0.05 for p in ps) <= 8


def test_a_pair_without_a_number_is_left_out():
    found = of_pairs([1.0, None, 3.0, 4.0], [0.0, 9.0, None, 3.0])
    assert found.interval.n == 2
    assert found.interval.value == 1
    assert of_pairs([1.0], [2.0]).p == 1
    assert of_pairs([2.0] * 5, [2.0] * 5).p == 1


def test_a_heavy_story_weighs_more_in_a_difference():
    assert of_pairs([1.0, 0.0], [0.0, 0.0], [3.0, 1.0]).interval.value == 0.75


def test_resamples_of_two_sets_are_paired():
    draws = tuple(np.random.default_rng(7).normal(5, 1, 100))
    shifted = tuple(d + 0.1 for d in draws)
    found = of_drawn((5.1, shifted), (5.0, draws), 10)
    assert found.interval.low == pytest.approx(0.1)
    assert found.p < 1e-6
    assert of_drawn((5.0, draws), (5.0, draws), 10).p == 1
    assert of_drawn((5.0, draws), (4.0, ()), 10).p == 1


def test_holm_is_holm():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_a_sign_flip_p_is_never_zero():
    found = of_pairs([1.0] * 40, [0.0] * 40)
    assert found.p == pytest.approx(1 / (intervals.FLIPS + 1))
