"""Claims about the questions themselves."""

import re
from collections import Counter

import pytest
from see_through import word_scorer

from tinystories.data.vocabulary import word_types
from tinystories.evaluation.answers import answer
from tinystories.evaluation.choices import choices
from tinystories.evaluation.entities import HABITS, NUMBERS, STEPS, entity_items
from tinystories.evaluation.pairs import minimal_pairs

KINDS = ("facts", "reasoning", "context")


@pytest.fixture(scope="module")
def pairs():
    return minimal_pairs()


@pytest.fixture(scope="module")
def entities():
    return entity_items()


def test_there_are_enough_phenomena_and_pairs(pairs):
    counts = Counter(pair.part for pair in pairs)
    assert len(counts) >= 20
    assert min(counts.values()) >= 50


def test_no_pair_comes_twice_and_none_is_left_to_fill(pairs):
    assert len({pair.endings for pair in pairs}) == len(pairs)
    assert len({pair.name for pair in pairs}) == len(pairs)
    assert not [pair for pair in pairs if re.search(r"[{}\[\]|]", "".join(pair.endings))]


def test_the_sentences_of_a_pair_differ_as_little_as_can_be(pairs):
    for pair in pairs:
        right, wrong = (sentence.split() for sentence in pair.endings)
        assert len(right) == len(wrong), pair
        different = sum(one != other for one, other in zip(right, wrong, strict=True))
        assert 1 <= different <= 3, pair


def test_pairs_are_always_the_same(pairs):
    assert minimal_pairs() == pairs
    assert pairs[0].endings == ("The bear likes the cake.", "The bear like the cake.")


def test_in_most_phenomena_it_does_not_help_to_like_a_word(pairs):
    """A model that likes one of the two words that differ is right no more often than 3 in 4."""
    easy = 0
    for part in {pair.part for pair in pairs}:
        liked = Counter()
        of_part = [pair for pair in pairs if pair.part == part]
        for pair in of_part:
            right, wrong = (set(word_types(sentence)) for sentence in pair.endings)
            liked.update(dict.fromkeys(right - wrong, 1))
            liked.subtract(dict.fromkeys(wrong - right, 1))
        scorer = word_scorer(lambda before, word: -liked[word.lower().strip('.,?"')])  # noqa: B023
        right = sum(one.right for one in answer("pairs", of_part, scorer, "sum"))
        easy += right > 0.75 * len(of_part)
    assert easy <= 15


@pytest.mark.parametrize("kind", KINDS)
def test_there_are_enough_choices_and_each_is_whole(kind):
    items = choices(kind)
    assert len(items) >= 60
    assert len({item.beginning for item in items}) == len(items)
    for item in items:
        assert len(item.endings) == len(set(item.endings)) == 3, item
        assert all(re.search(r'[.!?]"?$', ending) for ending in item.endings), item
        assert not item.beginning.endswith((".", "!", "?")), item
        lengths = [len(ending.split()) for ending in item.endings]
        assert max(lengths) - min(lengths) <= 2, item


@pytest.mark.parametrize("kind", KINDS)
def test_right_endings_are_not_longer_or_shorter(kind):
    """Always taking the shortest or the longest ending finds few more than a third."""
    for sign in (1, -1):
        scorer = word_scorer(lambda before, word: sign * len(word) if before else 0.0)  # noqa: B023
        right = [one.right for one in answer(kind, choices(kind), scorer, "sum")]
        assert sum(right) / len(right) < 0.45


def test_no_habit_keeps_track(entities):
    parts = {item.part for item in entities}
    assert len(parts) == 3 * len(STEPS)
    for part in parts:
        if "0 steps" in part:  # Who has the ball is said once more than others.
            continue
        of_part = [item for item in entities if item.part == part]
        for habit in HABITS:
            share = sum(habit(item) == item.endings[0] for item in of_part) / len(of_part)
            assert share < 0.38, (part, habit)


def who_has_it(story):
    holder = re.search(r"(\w+) had a", story)[1]
    for giver, taker in re.findall(r"(\w+) gave the \w+ to (\w+)\.", story):
        assert giver != taker
    for sentence in story.split("."):
        if match := re.search(r"(\w+) gave the \w+ to (\w+)", sentence):
            assert match[1] == holder
            holder = match[2]
        elif match := re.search(r"(\w+) (?:took|got) the \w+ from (\w+)", sentence):
            assert match[2] == holder
            holder = match[1]
    return holder


def where_it_is(story):
    here = re.search(r"put a \w+ in the (\w+)", story)[1]
    for sentence in story.split("."):
        if match := re.search(r"from the (\w+) and put it in the (\w+)", sentence):
            assert match[1] == here
            here = match[2]
        elif match := re.search(r"in the (\w+) and not in the (\w+)", sentence):
            assert match[2] == here
            here = match[1]
    return here


def how_many_there_are(story):
    name, number = re.search(r"(\w+) had (\w+)", story).groups()
    total = NUMBERS.index(number)
    for giver, some in re.findall(r"(\w+) gave (?:[A-Z]\w+ )?([a-z]+)", story):
        total += NUMBERS.index(some) * (-1 if giver == name else 1)
    return NUMBERS[total]


def test_a_reader_who_keeps_track_is_always_right(entities):
    readers = {"who": who_has_it, "where": where_it_is, "how": how_many_there_are}
    for item in entities:
        reader = readers[item.part.split()[0]]
        assert reader(item.beginning) == item.endings[0].removesuffix(".").split()[0], item
        assert len(set(item.endings)) == 3
