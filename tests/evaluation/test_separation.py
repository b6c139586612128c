"""What a metric is worth."""

import math
import random
from collections import Counter

import pytest

from tinystories.data.grammar import stories
from tinystories.evaluation import separation as module
from tinystories.evaluation.metric import Metric, SetMetric
from tinystories.evaluation.separation import (
    CORRUPTIONS,
    as_told,
    auc,
    copy_each_other,
    copy_from,
    separation,
    set_separation,
)
from tinystories.evaluation.text import names, sentences, words

STORIES = list(stories(0, 0, 30))


def spoil(name):
    return CORRUPTIONS[name](STORIES, random.Random(0))


def length(better):
    return Metric("length", "", "", better, "", lambda told: [len(story.text) for story in told])


def test_the_auc_is_the_chance_of_being_above():
    assert auc([2, 3], [0, 1]) == 1
    assert auc([0, 1], [2, 3]) == 0
    assert auc([1, 2], [1, 2]) == 0.5
    assert auc([3, 1], [2]) == 0.5
    assert math.isnan(auc([], [1]))


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_corruption_spoils_every_story_the_same_way_again(name):
    spoiled = spoil(name)
    assert len(spoiled) == len(STORIES)
    changed = sum(a != b for a, b in zip(spoiled, STORIES, strict=True))
    assert changed > 0.9 * len(STORIES)
    assert spoiled == spoil(name)


def test_shuffling_keeps_what_there_is():
    for name, units in (("words shuffled", words), ("sentences shuffled", sentences)):
        for spoiled, story in zip(spoil(name), STORIES, strict=True):
            assert Counter(units(spoiled)) == Counter(units(story))


def test_swapped_names_are_strangers_in_the_second_half_only():
    for spoiled, story in zip(spoil("names swapped"), STORIES, strict=True):
        half = len(story) // 2
        assert spoiled[:half] == story[:half]
        assert not names(story).keys() & set(spoiled[half + 20 :].split())


def test_one_word_in_ten_is_dropped():
    left = sum(len(story.split()) for story in spoil("words dropped"))
    assert left / sum(len(story.split()) for story in STORIES) == pytest.approx(0.9, abs=0.02)


def test_pronouns_are_swapped_into_their_kind():
    [spoiled] = module.swap_pronouns(["He saw her. " * 50], random.Random(0))
    assert set(words(spoiled)) == {"he", "she", "saw", "her", "his"}
    assert 25 < words(spoiled).count("she") < 75


def test_the_copied_end_is_a_training_storys():
    training = ["One. Two. Three. Four."]
    [spoiled] = copy_from(training)(["Ant. Bee. Cow. Dog."], random.Random(0))
    assert spoiled == "Ant. Bee. Three. Four."


def test_few_stories_are_told_again():
    assert len(set(copy_each_other(STORIES, random.Random(0)))) == 3


@pytest.mark.parametrize(("better", "expected"), [("higher", 1), ("lower", 0), ("like real", 1)])
def test_the_direction_of_a_metric_counts(better, expected):
    table = separation([length(better)], STORIES, {"cut short": CORRUPTIONS["cut short"]})
    assert table["length"]["cut short"] == pytest.approx(expected, abs=0.2)


def test_a_blind_metric_is_seen_to_be_blind():
    blind = Metric("blind", "", "", "higher", "", lambda told: [1.0] * len(told))
    assert set(separation([blind], STORIES)["blind"].values()) == {0.5}


def test_a_metric_of_sets_is_judged_by_sets():
    different = SetMetric(
        "different", "", "", "higher", "", lambda told: len({story.text for story in told})
    )
    table = set_separation([different], STORIES, size=20, draws=5)
    assert table["different"]["few stories told again"] == 1
    assert table["different"]["cut short"] == 0.5


def test_written_stories_become_records():
    [told] = as_told(["One two three four."], opening=2)
    assert (told.prompt, told.text, told.ended) == ("One two", "One two three four.", True)
