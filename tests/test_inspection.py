import math

import pytest
import torch

from tinystories.errors import UserError
from tinystories.inspection import END, LONGEST, attention, gating, memory_shares, read
from tinystories.models import RNN, Transformer
from tinystories.storyteller import Storyteller

TEXT = "Anna went to the park. “Oh,” said 😀 Zog."


@pytest.fixture(
    params=["transformer", "mingru", "gru", "lstm"],
)
def reader(request, vocabulary):
    """A storyteller of each kind, with random weights everywhere."""
    torch.manual_seed(0)
    if request.param == "transformer":
        model = Transformer(len(vocabulary), width=16, depth=2, heads=2, context=8)
    else:
        model = RNN(len(vocabulary), width=16, depth=2, cell=request.param)
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    return Storyteller(model, vocabulary)


def test_the_tokens_are_the_text_and_where_they_stand(reader):
    reading = read(reader, TEXT)
    assert "".join(token.text for token in reading.tokens) == TEXT
    for token in reading.tokens:
        assert TEXT[token.start :].startswith(token.text)
    assert reading.at(TEXT.index("park")) == next(
        n for n, token in enumerate(reading.tokens) if token.text == " park"
    )
    assert reading.at(len(TEXT)) is None


def test_expectations_are_the_models_probabilities(reader):
    vocabulary = reader.vocabulary
    reading = read(reader, TEXT, count=3)
    ids = vocabulary.encode(TEXT)
    with torch.inference_mode():
        logits, _ = reader.model(torch.tensor([[vocabulary.eos, *ids]]))
    chances = logits[0].softmax(-1)
    place = 5
    assert reading.tokens[place].bits == pytest.approx(
        -math.log2(chances[place, ids[place]]), rel=1e-4
    )
    best = chances[place].topk(3)
    said = [vocabulary.decode([i]) if i else END for i in best.indices.tolist()]
    assert [text for text, _ in reading.tokens[place].likeliest] == said
    assert [p for _, p in reading.tokens[place].likeliest] == pytest.approx(best.values.tolist())
    assert reading.next[0][1] == pytest.approx(float(chances[-1].max()))


def test_only_earlier_tokens_are_looked_at_and_shares_sum_to_at_most_one(reader):
    reading = read(reader, TEXT)
    count = len(reading.tokens)
    assert reading.looks.shape == (count + 1, count)
    for place, row in enumerate(reading.looks):
        assert (row[place:] == 0).all()
        assert -1e-6 <= row.sum() <= 1 + 1e-5
    assert all(number < 4 for number, _ in reading.looked_at(4))


def test_reading_leaves_no_hook_behind(reader):
    read(reader, TEXT)
    assert not any(module._forward_hooks for module in reader.model.modules())


def test_a_transformer_looks_no_further_than_its_context(vocabulary):
    torch.manual_seed(0)
    model = Transformer(len(vocabulary), width=16, depth=1, heads=2, context=4)
    reading = read(Storyteller(model, vocabulary), TEXT)
    assert (reading.looks[10, :6] == 0).all()
    assert (reading.looks[10, 7:10] > 0).all()
    assert reading.kept is None


def test_attention_weights_give_what_attention_gives(vocabulary):
    """Values averaged by these weights are the layer's output; tried with one head."""
    torch.manual_seed(0)
    model = Transformer(len(vocabulary), width=8, depth=1, heads=1, context=5)
    mix, x = model.blocks[0].mix, torch.randn(1, 9, 8)
    torch.nn.init.normal_(mix.out.weight)
    turn = model.rotation(0, 9)
    with torch.inference_mode():
        out, _ = mix(x, turn, None)
        ours = mix.out(attention(mix, x, turn) @ mix.value(x[0]))
    torch.testing.assert_close(ours, out[0])


@pytest.mark.parametrize("cell", ["mingru", "gru", "lstm"])
def test_gates_give_the_memory_that_the_cell_has(vocabulary, cell):
    torch.manual_seed(0)
    model = RNN(len(vocabulary), width=8, depth=1, cell=cell)
    mix, x = model.blocks[0].mix, torch.randn(1, 7, 8)
    with torch.inference_mode():
        keep, new = gating(mix, x)
        _, memory = mix(x, None)
    held = torch.zeros(8)
    for k, n in zip(keep, new, strict=True):
        held = k * held + n
    torch.testing.assert_close(held, memory[-1][0])


def test_a_memory_that_keeps_all_shares_it_evenly_and_one_that_forgets_has_the_last():
    new = torch.ones(4, 3)
    torch.testing.assert_close(memory_shares(torch.ones(4, 3), new)[3], torch.full((4,), 0.25))
    last = memory_shares(torch.zeros(4, 3), new)[3]
    torch.testing.assert_close(last, torch.tensor([0.0, 0.0, 0.0, 1.0]))


def test_an_rnn_says_how_much_each_token_left_of_its_memory(vocabulary):
    torch.manual_seed(0)
    model = RNN(len(vocabulary), width=8, depth=1)
    torch.nn.init.zeros_(model.blocks[0].mix.update.weight)
    torch.nn.init.constant_(model.blocks[0].mix.update.bias, -math.log(9))
    reading = read(Storyteller(model, vocabulary), TEXT)
    assert reading.kept == pytest.approx([0.9] * len(reading.tokens))
    torch.nn.init.normal_(model.blocks[0].mix.update.weight)
    reading = read(Storyteller(model, vocabulary), TEXT)
    with torch.inference_mode():
        x = model.blocks[0].mix_norm(model.embed(torch.tensor([vocabulary.encode(TEXT)])))
        keep, _ = gating(model.blocks[0].mix, x)
    assert reading.kept == pytest.approx(keep.mean(-1).numpy(), rel=1e-4)


def test_a_text_too_long_or_empty_is_refused(teller):
    with pytest.raises(UserError, match=f"{LONGEST:,} tokens at most"):
        read(teller, "a " * (LONGEST + 1))
    with pytest.raises(UserError, match="given none"):
        read(teller, "")
