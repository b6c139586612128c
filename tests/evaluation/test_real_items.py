"""Claims about the questions and real TinyStories, where ``STORIES`` names a folder of them."""

import os
from collections import Counter
from itertools import chain
from pathlib import Path

import pytest

from tinystories.data.corpus import prepare_corpus
from tinystories.data.vocabulary import word_types
from tinystories.evaluation.choices import choices
from tinystories.evaluation.endings import ending_items
from tinystories.evaluation.entities import entity_items
from tinystories.evaluation.pairs import minimal_pairs

REAL = Path(os.environ.get("STORIES", "nowhere"))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not REAL.is_dir(), reason="STORIES names no folder with real stories"),
]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return prepare_corpus(str(REAL), tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def ranked(corpus):
    counts = Counter(chain.from_iterable(map(word_types, corpus.stories("train"))))
    return [word for word, _ in counts.most_common(4500)]


def test_the_questions_are_in_the_words_of_the_stories(ranked):
    asked = {"pairs": minimal_pairs(), "entities": entity_items()}
    asked |= {kind: choices(kind) for kind in ("facts", "reasoning", "context")}
    for name, items in asked.items():
        texts = [text for item in items for text in (item.beginning, *item.endings)]
        words = list(chain.from_iterable(map(word_types, texts)))
        for size, share in ((1500, 0.93), (4500, 0.99)):
            known = set(ranked[:size])
            assert sum(word in known for word in words) >= share * len(words), (name, size)


def test_real_stories_give_enough_endings(corpus):
    assert len(ending_items(list(corpus.stories("validation")))) == 150
