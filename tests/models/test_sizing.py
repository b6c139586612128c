import pytest

from tinystories.errors import UserError
from tinystories.models import FAMILIES, RNN, Transformer
from tinystories.models.sizing import count_parameters, sized

KINDS = [("transformer", {"heads": 6})] + [("rnn", {"cell": c}) for c in ("mingru", "gru", "lstm")]


@pytest.mark.parametrize(("family", "arguments"), KINDS)
@pytest.mark.parametrize("parameters", [300_000, 3_000_000, 10_000_000])
@pytest.mark.parametrize("depth", [2, 6])
def test_models_of_a_budget_have_it_within_two_percent(family, arguments, parameters, depth):
    vocab = 500
    found = sized(family, parameters=parameters, vocab=vocab, depth=depth, **arguments)
    total = count_parameters(FAMILIES[family](**found))["total"]
    assert abs(total - parameters) <= 0.02 * parameters


def test_a_vocabulary_larger_than_the_budget_is_refused():
    with pytest.raises(UserError, match="comes within 2 %"):
        sized("transformer", parameters=100_000, vocab=50_000, depth=4, heads=6)


def test_the_tied_embedding_is_counted_once():
    counted = count_parameters(RNN(100, width=16, depth=1))
    assert counted["embedding"] == 1600
    assert counted["total"] == sum(p.numel() for p in RNN(100, width=16, depth=1).parameters())


def test_an_untied_head_and_learned_places_are_counted_with_the_embedding():
    counted = count_parameters(RNN(100, width=16, depth=1, tied=False))
    assert counted["embedding"] == 3200
    counted = count_parameters(Transformer(100, width=48, context=32, positions="learned"))
    assert counted["embedding"] == 100 * 48 + 32 * 48


def test_positions_that_there_are_none_of_are_refused():
    with pytest.raises(UserError, match="one of rotary, learned, none, got 'alibi'"):
        Transformer(100, positions="alibi")


def test_heads_that_do_not_divide_the_width_are_refused():
    with pytest.raises(UserError, match=r"multiple of 2 \* model.heads = 14, got 192; .*=196"):
        Transformer(100, width=192, heads=7)
