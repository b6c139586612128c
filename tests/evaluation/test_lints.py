"""Grammar lints."""

import pytest

from tinystories.evaluation import grammar
from tinystories.records import Told

harper = pytest.importorskip("harper")


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("She run to the park.", "She runs to the park."),
        ("The dog ran to to the park.", "The dog ran to the park."),
        ("He have a ball.", "He has a ball."),
        ("She saw a apple.", "She saw an apple."),
        ("He was was sad.", "He was sad."),
        ("He runned home.", "He ran home."),
    ],
)
def test_a_mistake_is_found_and_its_correction_is_none(wrong, right):
    assert len(grammar.lints(wrong)) == 1
    assert grammar.lints(right) == []


@pytest.mark.parametrize(
    "text",
    [
        "When she woke up, she forgave him.",
        "He is a thief.",
        "Little one, the way is long.",
        '"Bye bye!" said Zorblax.',
        "They kneeled down.",
    ],
)
def test_what_is_right_in_real_stories_is_no_mistake(text):
    assert grammar.lints(text) == []


def test_mistakes_are_counted_per_hundred_words():
    [metric] = grammar.metrics()
    told = [Told("", "She run to the big park.", ended=True, tokens=7), Told("", "", True, 0)]
    assert metric.score(told) == [pytest.approx(100 / 6), None]


def test_without_the_checker_the_metric_is_absent_and_says_how_to_get_it(monkeypatch, caplog):
    monkeypatch.setattr(grammar, "find_spec", lambda name: None)
    assert grammar.metrics() == ()
    assert 'pip install "tinystories[judging]"' in caplog.text
