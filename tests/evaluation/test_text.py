"""Words, sentences and names."""

import pytest

from tinystories.evaluation.text import names, sentences, words


def test_words_are_those_of_the_vocabulary():
    assert words('The "Dog’s" 10 bones!') == ["the", "dog's", "10", "bones"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One came. Two went!", ["One came.", "Two went!"]),
        ('"Stop!" said Tom. He ran.', ['"Stop!" said Tom.', "He ran."]),
        ('Tom said, "Stop." Then he ran.', ['Tom said, "Stop."', "Then he ran."]),
        ("Mr. Lee met Mrs. Green.", ["Mr. Lee met Mrs. Green."]),
        ("He waited... and waited.", ["He waited... and waited."]),
        ("A title\nA story.", ["A title", "A story."]),
        ("It has no end", ["It has no end"]),
        ("", []),
    ],
)
def test_sentences_are_found(text, parts):
    assert sentences(text) == parts


def test_names_are_capitalised_inside_a_sentence_or_known():
    text = "One day Zorblax met Lily. Lily liked the Zorblax. Mom came on Monday. Trees grew."
    assert names(text) == {"Zorblax": 2, "Lily": 2}


def test_a_word_that_is_also_written_small_is_no_name():
    assert names("He saw a Rabbit. The rabbit ran.") == {}


def test_the_first_mentioned_name_comes_first():
    assert list(names("Once Tom met Anna. Anna liked Tom.")) == ["Tom", "Anna"]
