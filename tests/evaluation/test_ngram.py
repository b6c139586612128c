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
    assert short[park] > 100 * short[1]


def test_nothing_before_a_story_matters(counted, vocabulary):
    ids = vocabulary.encode("Ben went")
    alone = counted.probabilities([0, ids[0]])
    assert np.array_equal(counted.probabilities([*ids, 0, ids[0]][-4:]), alone)


def test_kneser_ney_by_hand(vocabulary):
    (anna, the), (ben, _) = map(vocabulary.encode, ("Anna the", "Ben the"))
    size = len(vocabulary)
    model = NGram(["Anna the", "Ben the"], vocabulary)
    # Seven tokens: eos Anna the eos Ben the eos. Tokens have so many different predecessors:
    # "the" two, "Anna", "Ben" and eos one each. Discount: three ones, one two: 3 / (3 + 2).
    floor = 0.6 * 4 / 5 / size
    assert model.probabilities([])[the] == pytest.approx((2 - 0.6) / 5 + floor)
    assert model.probabilities([])[0] == pytest.approx((1 - 0.6) / 5 + floor)
    # Pairs: (eos, Anna) and (eos, Ben) once, (Anna, the) and (Ben, the) after one token each,
    # (the, eos) after two. Discount 4 / (4 + 2).
    after_anna = (1 - 2 / 3) / 1 + 2 / 3 * model.probabilities([])[the]
    assert model.probabilities([anna])[the] == pytest.approx(after_anna)
    after_the = (2 - 2 / 3) / 2 + 2 / 3 / 2 * model.probabilities([])[0]
    assert model.probabilities([the])[0] == pytest.approx(after_the)
    assert model.probabilities([0])[ben] == pytest.approx(model.probabilities([0])[anna])


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
