"""Are many stories many?"""

import math

import pytest

from tinystories.evaluation.diversity import (
    METRICS,
    common_opening,
    distinct,
    self_bleu,
    spread_of_names,
)


def test_different_phrases_are_counted():
    assert distinct(["a b a b"], 1) == 50
    assert distinct(["a b", "a b"], 2) == 50
    assert distinct(["a b c", "d e f"], 2) == 100


def test_only_the_first_hundred_words_of_a_story_count():
    assert distinct([" ".join(["word"] * 100 + ["other"])], 1) == 1


def test_the_same_story_again_has_self_bleu_100():
    story = "once there was a cat who sat on a mat"
    assert self_bleu([story] * 3) == pytest.approx(100)
    assert self_bleu([story, "a bee flew over to my garden and slept"]) == 0


def test_self_bleu_is_that_of_papineni_by_hand():
    # 1-grams 6/7 of the first, 5/6, 4/5, 3/4; references of the same length.
    one, two = "a b c d e f g", "a b c d e f h"
    expected = 100 * (6 / 7 * 5 / 6 * 4 / 5 * 3 / 4) ** 0.25
    assert self_bleu([one, two]) == pytest.approx(expected)


def test_a_phrase_counts_as_often_as_another_story_says_it():
    # "a" is twice in the other, so two of three count; pairs: "a a" once of two, and so on.
    assert self_bleu(["a a a a a", "a a a a a a"]) == pytest.approx(
        50 * math.exp(1 - 6 / 5) + 50 * (5 / 6 * 4 / 5 * 3 / 4 * 2 / 3) ** 0.25
    )


def test_many_stories_are_sampled_always_alike():
    told = [f"story {n} of {n * n} words in a row" for n in range(300)]
    assert self_bleu(told, sample=20) == self_bleu(told, sample=20)


def test_the_commonest_opening_is_found():
    assert common_opening(["Once upon a time there x", "once upon a time, there y", "No."]) == (
        pytest.approx(200 / 3)
    )


def test_names_spread_evenly_are_worth_their_number():
    told = [f"So {name} ran." for name in ("Tom", "Ben", "Lily", "Mia")]
    assert spread_of_names(told) == 2
    assert spread_of_names(["So Tom ran."] * 4) == 0


def test_without_stories_there_is_no_number():
    assert all(math.isnan(metric.score([])) for metric in METRICS)
