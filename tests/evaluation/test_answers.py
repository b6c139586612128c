import pytest
from see_through import word_scorer

from tinystories.evaluation.answers import NEUTRAL, Item, answer

ITEM = Item("thirst 1", "thirst", "Lily was thirsty. She drank", ("water.", "a lot of sand."))
PRICES = {"water.": 3.0, "a": 1.0, "lot": 1.0, "of": 1.0, "sand.": 2.0}


def only(rule, scorer, item=ITEM):
    (one,) = answer("facts", [item], scorer, rule)
    return one


def test_the_likelier_ending_is_chosen():
    scorer = word_scorer(lambda before, word: PRICES.get(word, 1.0))
    one = only("sum", scorer)
    assert (one.kind, one.part, one.item, one.right) == ("facts", "thirst", "thirst 1", True)
    assert one.margin == pytest.approx(5 - 3)


def test_per_byte_a_long_ending_is_not_worse_for_its_length():
    one = only("per byte", word_scorer(lambda before, word: PRICES.get(word, 1.0)))
    assert not one.right
    assert one.margin == pytest.approx(5 / 14 - 3 / 6)


def test_lift_is_what_the_beginning_adds():
    def price(before, word):
        if word == "water.":
            return 4.0 if before == NEUTRAL else 3.0
        return 0.1

    assert not only("sum", word_scorer(price)).right
    one = only("lift", word_scorer(price))
    assert one.right
    assert one.margin == pytest.approx(1)


def test_endings_that_are_equal_are_no_knowledge():
    item = Item("x", "x", "It was", ("big.", "red."))
    assert not only("sum", word_scorer(lambda before, word: 1.0), item).right


def test_with_the_endings_swapped_right_is_wrong():
    scorer = word_scorer(lambda before, word: PRICES.get(word, 1.0))
    swapped = Item("thirst 1", "thirst", ITEM.beginning, ITEM.endings[::-1])
    assert only("sum", scorer, swapped).margin == -only("sum", scorer).margin
    assert not only("sum", scorer, swapped).right


def test_every_wrong_ending_counts():
    item = Item("x", "x", "She drank", ("water.", "lot sand.", "a"))
    one = only("sum", word_scorer(lambda before, word: PRICES.get(word, 1.0)), item)
    assert not one.right
    assert one.margin == pytest.approx(1 - 3)
