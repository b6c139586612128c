import math

import numpy as np
import pytest
import torch
from see_through import word_scorer

from tinystories.data.datamodule import pad_stories
from tinystories.evaluation.likelihood import (
    by_distance,
    by_position,
    continuations,
    story_nats,
    whole,
)
from tinystories.learner import Learner
from tinystories.models import RNN, Transformer

ODD = ["", "Tom’s café 🐸 was “new”.\n\nThe end", "x" * 50]


@pytest.fixture(params=["rnn", "transformer"])
def model(vocabulary, request):
    torch.manual_seed(0)
    family = {"rnn": RNN, "transformer": Transformer}[request.param]
    arguments = {"heads": 2} if request.param == "transformer" else {}
    model = family(len(vocabulary), width=16, depth=1, **arguments).eval()
    for weight in model.parameters():  # A new block is the identity and would see no context.
        torch.nn.init.normal_(weight, std=0.3)
    return model


@pytest.fixture(scope="session")
def some(corpus_file):
    return corpus_file.read_text(encoding="utf-8").split("\n<|endoftext|>\n")[:20]


def test_bits_per_byte_are_those_of_the_training(model, vocabulary, some):
    stories = [*some, *ODD[1:]]
    learner = Learner(model, token_bytes=vocabulary.token_bytes(), muon_lr=None, adamw_lr=0.001)
    with torch.no_grad():
        for part in (stories[:9], stories[9:]):
            ids = [np.array([0, *vocabulary.encode(story), 0]) for story in part]
            learner.validation_step(pad_stories(ids), 0)
    nats, text_bytes = learner.judged.tolist()
    costs = [whole(story) for story in story_nats(model, vocabulary, stories)]
    assert sum(cost.bytes for cost in costs) == text_bytes
    assert sum(cost.nats for cost in costs) == pytest.approx(nats, rel=1e-5)
    assert costs[0].bits_per_byte == costs[0].nats / costs[0].bytes / math.log(2)


def test_every_byte_is_counted_once(model, vocabulary):
    for text, story in zip(ODD, story_nats(model, vocabulary, ODD), strict=True):
        assert story.sizes.sum() == len(text.encode())
        assert len(story.nats) == len(story.sizes) == len(vocabulary.encode(text)) + 1
        assert story.sizes[-1] == 0


def test_a_story_costs_the_same_alone_and_among_others(model, vocabulary, some):
    stories = [*some[:6], *ODD]
    together = story_nats(model, vocabulary, stories, tokens=10_000)
    alone = story_nats(model, vocabulary, stories, tokens=1)
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_allclose(one.nats, other.nats, atol=1e-4)
    assert story_nats(model, vocabulary, []) == []


def test_a_model_that_knows_nothing_pays_ln_v_for_each_token(model, vocabulary):
    torch.nn.init.zeros_(model.embed.weight)
    (story,) = story_nats(model, vocabulary, ["Anna went to the park."])
    np.testing.assert_allclose(story.nats, math.log(len(vocabulary)), rtol=1e-5)


def test_beginning_and_ending_cost_what_both_cost(model, vocabulary):
    def scorer(texts):
        return story_nats(model, vocabulary, texts)

    beginning, endings = "Anna went 🐸🐸🐸 to", ["the park.", "a café with Ben."]
    (costs,) = continuations(scorer, [beginning], [endings])
    (start,) = scorer([beginning])
    for ending, cost in zip(endings, costs, strict=True):
        (both,) = scorer([f"{beginning} {ending}"])
        assert cost.nats == pytest.approx(both.nats[:-1].sum() - start.nats[:-1].sum(), abs=1e-3)
        assert cost.bytes == len(ending.encode())


def test_without_a_beginning_the_ending_is_all(flat):
    (costs,) = continuations(flat, [""], [["one two", "one two three"]])
    assert [cost.nats for cost in costs] == [4, 6]


def test_places_add_up_to_the_story_without_its_end(model, vocabulary, some):
    text = " ".join(some[:4])
    (story,) = story_nats(model, vocabulary, [text])
    places = by_position(text, story)
    assert list(places)[:3] == ["0-7", "8-15", "16-31"]
    assert sum(cost.bytes for cost in places.values()) == len(text.encode())
    assert sum(cost.nats for cost in places.values()) == pytest.approx(story.nats[:-1].sum())


def test_a_place_holds_its_words():
    text = " ".join(f"w{i}" for i in range(300))
    (story,) = word_scorer(lambda before, word: float(word[1:]))([text])
    places = by_position(text, story)
    assert places["0-7"].nats == sum(range(8))
    assert places["8-15"].nats == sum(range(8, 16))
    assert places["256+"].nats == sum(range(256, 300))


def test_an_old_name_is_told_from_a_fresh_one():
    # Each word costs as many bits as there are words before it.
    scorer = word_scorer(lambda before, word: len(before.split()) * math.log(2))
    text = "Lily saw Tom. Lily ran and ran and ran. Tom and Timothy slept. Lily"
    (story,) = scorer([text])
    found = by_distance(text, story)
    assert {span: [round(bits) for bits in found[span]] for span in found} == {
        "new": [0, 2],
        "1-3": [3],
        "4-7": [9],
        "8-15": [13],
    }
