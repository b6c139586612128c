"""What the tests share: one thread, a small corpus, and one run trained on it."""

import random
from pathlib import Path

import pytest
import torch

from tinystories.data.pipeline import prepare
from tinystories.data.vocabulary import Vocabulary
from tinystories.models import RNN
from tinystories.storyteller import Storyteller


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    torch.set_num_threads(1)


def small_stories(count: int) -> list[str]:
    """Different short stories in few words, with a quote, a contraction and a paragraph each."""
    rng = random.Random(0)
    names = ["Anna", "Ben", "Mia", "Tom", "Zoe", "Omar"]
    things = ["ball", "kite", "apple", "drum", "boat", "hat", "book", "cake"]
    places = ["park", "garden", "forest", "kitchen", "school", "beach"]
    feelings = ["happy", "sad", "proud", "sleepy", "surprised", "brave"]
    stories = []
    for _ in range(count):
        name, friend = rng.sample(names, 2)
        thing, other = rng.sample(things, 2)
        place, feeling = rng.choice(places), rng.choice(feelings)
        sentences = [
            f"{name} went to the {place} with a {thing} and a {other}.",
            f"{name} didn't see {friend} there for {rng.randint(2, 9)} days.",
            f"The {other} was under the big {rng.choice(['tree', 'table', 'stone'])}.",
            f"It was a {rng.choice(['red', 'small', 'old', 'shiny', 'blue'])} {other}.",
        ]
        rng.shuffle(sentences)
        stories.append(
            " ".join(sentences)
            + f'\n"Is this your {thing}?" asked {friend}. "Yes," said {name}, "let\'s play!" '
            + f"They played with the {thing} until {name} was {feeling}."
        )
    return stories


@pytest.fixture(scope="session")
def corpus_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A text file with 300 stories."""
    path = tmp_path_factory.mktemp("corpus") / "stories.txt"
    path.write_text("\n<|endoftext|>\n".join(small_stories(300)), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def vocabulary(corpus_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    """Sixty words of the small stories."""
    folder = tmp_path_factory.mktemp("prepared")
    return prepare(
        str(corpus_file), vocab=60, tokenizer={"kind": "words"}, folder=folder, processes=1
    ).vocabulary


@pytest.fixture(scope="session")
def teller(vocabulary: Vocabulary) -> Storyteller:
    """A storyteller that has learned nothing; its stories are any words in any order."""
    torch.manual_seed(0)
    arguments = {"width": 16, "depth": 1, "cell": "mingru"}
    card = {
        "model": {"family": "rnn", "arguments": arguments},
        "parameters": {"total": 1, "embedding": 1},
        "vocab": {"words": 60, "tokens": len(vocabulary)},
        "data": {"source": {"kind": "local"}},
        "training": {"tokens": 0},
        "val_bpb": 9.9,
    }
    return Storyteller(RNN(len(vocabulary), **arguments), vocabulary, card)
