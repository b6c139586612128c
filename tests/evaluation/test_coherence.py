"""Does a story go somewhere, and stay with its subject?"""

import random

import pytest

from tinystories.data.grammar import stories
from tinystories.evaluation.coherence import StoryOrder, metrics, same_subject
from tinystories.evaluation.separation import auc, exchange_endings, shuffle_sentences
from tinystories.evaluation.words import WordCounts
from tinystories.records import Told


@pytest.fixture(scope="module")
def training():
    return list(stories(0, 0, 400))


@pytest.fixture(scope="module")
def order(training):
    return StoryOrder.learn(training)


@pytest.fixture(scope="module")
def counts(training):
    return WordCounts.of(training)


def test_shuffled_sentences_lose_their_order(order):
    others = list(stories(0, 1000, 1060))
    real = [order.score(story) for story in others]
    shuffled = [order.score(story) for story in shuffle_sentences(others, random.Random(0))]
    assert auc(real, shuffled) > 0.95


def test_another_ending_leaves_the_subject(counts):
    others = list(stories(0, 1000, 1060))
    real = [same_subject(story, counts) for story in others]
    mixed = [same_subject(story, counts) for story in exchange_endings(others, random.Random(0))]
    assert auc(real, mixed) > 0.7


def test_what_comes_first_in_every_story_is_placed_first():
    told = ["It began. Then more. And more. Yet more. It ended."] * 9
    order = StoryOrder.learn(told)
    assert order.place("It began.") < order.place("And more.") < order.place("It ended.")
    assert order.score(told[0]) > 0.9
    assert order.score("It ended. Yet more. And more. Then more. It began.") < -0.9


def test_unknown_words_belong_nowhere(order):
    assert order.score("Qaz. Wsx. Edc. Rfv. Tgb.") == 0
    assert order.score("Too short.") is None


def test_the_same_words_are_the_same_subject(counts):
    half = "The boat was red. It sailed far. The sea was calm. "
    other = "A bee ate cake. Nobody knew why. Some trees grew. "
    assert same_subject(half + half, counts) == pytest.approx(1)
    assert same_subject(half + other, counts) == 0
    assert same_subject("One. Two.", counts) is None


def test_a_name_alone_is_no_subject(counts):
    text = "Lily ran fast. A cow saw Lily. So it went. " + "Now Lily ate. Lily sang. Lily grew old."
    assert same_subject(text, counts) == 0


def test_both_are_metrics(training, counts):
    told = [Told("", story, ended=True, tokens=1) for story in training[:3]]
    for metric in metrics(counts, training):
        assert all(isinstance(score, float) for score in metric.score(told))
