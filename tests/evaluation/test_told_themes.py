"""Dark themes in told stories."""

from tinystories.evaluation.themes import METRICS, examples
from tinystories.records import Told

TOLD = [
    Told("", "The sun shone. They played.", ended=True, tokens=1),
    Told("", "The old dog died. He was dead.\nAll cried.", ended=True, tokens=1),
    Told("", "A man had a gun.", ended=True, tokens=1),
]


def test_stories_with_a_dark_theme_are_counted():
    [metric] = METRICS
    assert metric.score(TOLD) == [0, 100, 100]


def test_examples_show_the_first_find_of_each_story():
    assert examples(TOLD) == {
        "death": ["The old dog [died]. He was dead. All cried."],
        "weapons": ["A man had a [gun]."],
    }


def test_examples_are_not_too_many():
    assert len(examples(TOLD * 9, most=2)["death"]) == 2
