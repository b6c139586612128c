import math

import numpy as np
import pytest
import torch

from tinystories.evaluation.ngram import NGram
from tinystories.storyteller import Storyteller

STORIES = ["Anna went to the park.", "Anna went to the school.", "Ben went to the park."] * 3


@pytest.fixture(scope="module")
def counted(vocabulary):
    return NGram(STORIES, vocabulary)


def test_probabilities_add_up_to_one_after_anything(counted, vocabulary):
    ids = vocabulary.encode("Anna went to the")
    for context in ([], [0], ids, ids[:2], [5, 6, 7, 8], [*ids, 0], ids[::-1]):
        assert counted.probabilities(context).sum() == pytest.approx(1)
        assert counted.probabilities(context).min() > 0


def test_it_expects_what_it_has_counted(counted, vocabulary):
    after = counted.probabilities(vocabulary.encode("Anna went to the"))
    park, school = (vocabulary.encode(word)[0] for word in (" park", " school"))
    assert after[school] > after[park] * 0.5  # After these four words, one each.
    after = counted.probabilities(vocabulary.encode("Ben went to the"))
    assert after[park] > 0.8
    assert after[park] == after.max()


def test_a_known_word_after_unknown_ones_falls_back_to_fewer_words(counted, vocabulary):
    the = vocabulary.encode(" the")[0]
    park = vocabulary.encode(" park")[0]
    short = counted.probabilities([the])
    assert np.allclose(counted.probabilities([300, 301, 302, the]), short)
    assert short[park] == short.max()


def test_nothing_before_a_story_matters(counted, vocabulary):
    ids = vocabulary.encode("Ben went")
    alone = counted.probabilities([0, ids[0]])
    assert np.array_equal(counted.probabilities([*ids, 0, ids[0]][-4:]), alone)


def test_kneser_ney_by_hand(vocabulary):
    # Bigrams of "to to": (eos, to) (to, to) (to, eos). Each token has one or two predecessors.
    to = vocabulary.encode("to")[0]
    blank_to = vocabulary.encode("to to")[1]
    model = NGram(["to to"], vocabulary)
    V = len(vocabulary)  # noqa: N806
    discount = 1.0 / (1 + 0)  # All counts are one.
    alone = (np.zeros(V) + discount * 3 / V) / 3
    assert model.probabilities([])[to] == pytest.approx(alone[to])
    # After "to" came only " to": count 1 less discount 1, and all passed on to fewer words.
    assert model.probabilities([to])[blank_to] == pytest.approx(alone[blank_to])


def test_reading_in_pieces_equals_reading_at_once(counted, vocabulary):
    ids = torch.tensor([[0, *vocabulary.encode("Anna went to the park.")]])
    whole, _ = counted(ids)
    first, state = counted(ids[:, :3])
    rest, end = counted(ids[:, 3:], state)
    assert torch.equal(torch.cat([first, rest], 1), whole)
    assert end.position == ids.shape[1]


def test_it_tells_and_knows_its_own_stories_best(counted, vocabulary):
    teller = Storyteller(counted, vocabulary)
    assert teller.tell("Ben", seed=1, length=20).startswith("Ben went to the")
    ids = torch.tensor([[0, *vocabulary.encode(STORIES[0]), 0]])
    logits, _ = counted(ids[:, :-1])
    nats = torch.nn.functional.cross_entropy(logits[0], ids[0, 1:])
    assert nats < 1.5 < math.log(len(vocabulary))
