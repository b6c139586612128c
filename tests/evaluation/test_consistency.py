"""Does a story hold together?"""

import pytest

from tinystories.evaluation.consistency import (
    METRICS,
    kept_names,
    pronoun_agreement,
    repeated_4grams,
    unbalanced_quotes,
    unfinished,
)
from tinystories.records import Told

OPENING = "Once there was a girl named Lily. She had a red ball. "


def test_a_character_who_comes_back_is_kept():
    story = OPENING + "The ball was big. It rolled away. It was gone. Lily cried."
    assert kept_names(story) == 100
    assert kept_names(story.replace("Lily cried", "Zoe cried")) == 0


def test_one_of_two_characters_is_half():
    story = "Lily met Tom. They played. They ran. It rained. They hid. Then Tom went home."
    assert kept_names(story) == 50


def test_a_story_without_names_keeps_none():
    assert kept_names("It rained. It was wet. A cat ran. It hid. It sat. It slept.") is None
    assert kept_names("Lily ran. Lily sat.") is None  # too short to come back


def test_pronouns_of_the_only_character_agree():
    assert pronoun_agreement(OPENING + "Lily took her ball.") == 100
    assert pronoun_agreement(OPENING + "Lily took his ball.") == 50


def test_what_the_story_says_counts_more_than_the_name():
    assert pronoun_agreement("There was a girl named Max. She ran.") == 100
    assert pronoun_agreement("There was a boy named Max. She ran.") == 0


@pytest.mark.parametrize(
    "story",
    [
        "Zorblax lived here. Zorblax met Zorblax. He ran.",  # of unknown gender
        "Lily met Tom. He ran.",  # two who could be meant
        "Lily saw a boy. He ran.",
        'Lily said, "He ran."',  # somebody who is spoken of
        "Lily ran.",
    ],
)
def test_where_a_pronoun_is_uncertain_nothing_is_said(story):
    assert pronoun_agreement(story) is None


def test_pronouns_count_until_somebody_else_enters():
    assert pronoun_agreement("Lily had a cat? She did. A boy came. He ran.") is None
    assert pronoun_agreement("Lily had a hat. She ran. A boy came. He ran.") == 100


def test_repeated_phrases_are_counted():
    assert repeated_4grams("one two three four five") == 0
    assert repeated_4grams("one two three four one two three four") == pytest.approx(20)
    assert repeated_4grams("go go go go go go go go") == pytest.approx(80)
    assert repeated_4grams("too short") is None


def test_a_sentence_without_an_end_is_unfinished():
    assert unfinished("He ran. She sat.") == 0
    assert unfinished("He ran. She sat on the") == 50
    assert unfinished("They lived happily. The End") == 0
    assert unfinished("") is None


def test_quotes_must_close():
    assert unbalanced_quotes('"Hi," said Tom. "Bye."') == 0
    assert unbalanced_quotes('"Hi, said Tom.') == 100
    assert unbalanced_quotes("“Hi,” said Tom. “Bye.") == 100
    assert unbalanced_quotes('"Hi.\nBye."') == 100
    assert unbalanced_quotes("It's Tom's.") == 0


def test_whether_it_ended_is_what_the_record_says():
    [ended] = [metric for metric in METRICS if metric.name == "ended"]
    told = [Told("", "A.", ended=True, tokens=1), Told("", "A.", ended=False, tokens=1)]
    assert ended.score(told) == [100, 0]


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_no_story_and_odd_stories_break_nothing(metric):
    assert metric.score([]) == []
    odd = [Told("", text, ended=False, tokens=0) for text in ("", " ", "\n", "😀", '"', "?!", "a")]
    assert len(metric.score(odd)) == len(odd)
