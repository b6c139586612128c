import re

import pytest
from see_through import STORIES, story

from tinystories.evaluation.endings import ending_items
from tinystories.evaluation.names import BOYS, GIRLS, NAMES


@pytest.fixture
def items():
    return ending_items(STORIES)


def test_the_true_ending_is_the_last_sentence(items):
    assert items
    for item in items:
        assert f"{item.beginning} {item.endings[0]}" in STORIES


def test_other_endings_speak_of_the_people_of_the_story(items):
    names = re.compile(r"\b[A-Z][a-z]+\b")
    for item in items:
        people = set(names.findall(item.beginning)) & NAMES
        assert len(item.endings) == len(set(item.endings)) == 4
        for ending in item.endings:
            assert set(names.findall(ending)) & NAMES <= people


def test_girls_are_exchanged_for_girls_and_boys_for_boys():
    (first,) = [item for item in ending_items(STORIES) if item.beginning.startswith("Lily")]
    possible = {
        "Lily gave Tom a small red ball.",
        "Lily and Tom were happy all day.",
        "Lily told Tom a long good story.",
        "Lily and Tom slept until the morning.",
        "Lily and Tom saw Zorro at the big lake.",
    }
    assert set(first.endings[1:]) < possible
    assert not GIRLS & BOYS


def test_an_ending_with_a_half_quotation_or_a_stranger_is_not_asked_for():
    spoken = story("Lily", "Tom", 'Tom said, "I am here. We had a very good day."')
    stranger = story("Kate", "Pete", "Now Zorro was not sad any more.")
    stranger = stranger.replace("ran home", "saw Zorro and ran home")
    asked = ending_items([*STORIES, stranger, spoken])
    assert not [item for item in asked if "Zorro was" in "".join(item.endings)]
    assert not [item for item in asked if '"' in "".join(item.endings)]


def test_the_same_seed_asks_the_same():
    assert ending_items(STORIES, seed=3) == ending_items(STORIES, seed=3)
    assert ending_items(STORIES, 2, seed=3) != ending_items(STORIES, 2, seed=4)


def test_without_stories_there_is_nothing_to_ask():
    assert ending_items([]) == []
    assert ending_items(["One sentence only."]) == []
