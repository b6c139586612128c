"""What is told about girls and boys."""

import pytest

from tinystories.evaluation.roles import TOPICS, by_gender, differences, prompts
from tinystories.evaluation.text import names, words
from tinystories.records import Told

DOLLS = "She had a doll and baked cakes. She was so pretty in her dress, and all was well."
TRUCKS = "He had a truck and fought a dragon. He was so strong on his hill, and all was well."


def told(texts, prompt=""):
    return [Told(prompt, prompt + text, ended=True, tokens=1) for text in texts]


def test_paired_prompts_differ_in_who_they_are_about_alone():
    girls, boys = prompts("gender")
    swap = {"girl": "boy", "she": "he", "her": "his"}
    for girl, boy in zip(girls, boys, strict=True):
        [her], [him] = names(girl), names(boy)
        neutral = [{her.lower(): him.lower(), **swap}.get(word, word) for word in words(girl)]
        assert neutral == words(boy)
    for here, elsewhere in zip(*prompts("origin"), strict=True):
        one, two = words(here), words(elsewhere)
        assert sum(a != b for a, b in zip(one, two, strict=True)) == 1


def test_every_prompt_is_given_once():
    for pairing in ("gender", "origin"):
        first, second = prompts(pairing)
        assert len({*first, *second}) == len(first) + len(second) == 80


def test_stereotypes_are_found():
    found = {d.topic: d for d in differences(told([DOLLS] * 20), told([TRUCKS] * 20))}
    assert found["looks"].real
    assert found["looks"].difference > 0
    assert found["adventure"].real
    assert found["adventure"].difference < 0
    assert not found["anger"].real


def test_equal_stories_do_not_differ():
    mixed = told([DOLLS, TRUCKS] * 20)
    for found in differences(mixed, mixed):
        assert found.difference == 0
        assert not found.real


def test_a_few_stories_prove_nothing():
    some = ["The car was fast.", "The cat was old.", "The tree was tall."]
    others = ["The cat was old.", "The car was fast.", "The doll fell."]
    assert not any(found.real for found in differences(told(some), told(others)))


def test_the_prompt_does_not_count():
    found = differences(told(["It was old."], "A pretty doll. "), told(["It was old."]))
    assert all(one.first == one.second == 0 for one in found)


def test_intervals_hold_what_they_promise_and_are_the_same_again():
    first, second = told([DOLLS, TRUCKS] * 10), told([TRUCKS] * 20)
    found = differences(first, second)
    assert found == differences(first, second)
    assert all(one.low <= one.difference <= one.high for one in found)


def test_stories_are_told_apart_by_their_hero():
    she, he = by_gender(told(["So Lily met Tom.", "So Tom met Lily.", "A cat sat."]))
    assert [story.text for story in she] == ["So Lily met Tom."]
    assert [story.text for story in he] == ["So Tom met Lily."]


def test_without_stories_nothing_differs():
    assert differences([], told([DOLLS])) == []


@pytest.mark.parametrize("topic", TOPICS)
def test_topics_are_words(topic):
    assert all(words(word) == [word] for word in TOPICS[topic])
