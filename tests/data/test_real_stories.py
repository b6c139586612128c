"""Claims about real TinyStories, checked where ``STORIES`` names a folder that has them."""

import os
from pathlib import Path

import pytest
import torch

from tinystories.data.corpus import prepare_corpus
from tinystories.data.vocabulary import train_vocabulary, word_types
from tinystories.generation import Sampling
from tinystories.models import RNN
from tinystories.storyteller import Storyteller

REAL = Path(os.environ.get("STORIES", "nowhere"))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not REAL.is_dir(), reason="STORIES names no folder with real stories"),
]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return prepare_corpus(str(REAL), tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module", params=[1500, 4500, 20000])
def vocabulary(corpus, request):
    return train_vocabulary(corpus, request.param, workers=1)


def test_every_real_story_round_trips(corpus, vocabulary):
    lengths = vocabulary.token_bytes()
    for split in ("train", "validation"):
        stories = list(corpus.stories(split))
        for story, ids in zip(stories, vocabulary.encode_batch(stories), strict=True):
            assert vocabulary.decode(ids) == story
            assert lengths[ids].sum() == len(story.encode())


def test_tokens_stand_for_as_many_bytes_as_promised(corpus, vocabulary):
    stories = list(corpus.stories("train"))
    tokens = sum(map(len, vocabulary.encode_batch(stories)))
    per_token = sum(len(story.encode()) for story in stories) / tokens
    assert per_token >= {1500: 3.7, 4500: 4.0}.get(len(vocabulary.words), 4.1)


def test_an_untrained_model_says_no_word_outside_a_real_vocabulary(vocabulary):
    torch.manual_seed(0)
    teller = Storyteller(RNN(len(vocabulary), width=16, depth=1), vocabulary)
    allowed = {*vocabulary.words, *"0123456789"}
    for seed in range(350):
        story = teller.tell(seed=seed, length=40, sampling=Sampling(1.2))
        assert set(word_types(story)) <= allowed
