"""Measure which wishes trained models grant, by themselves and when asked: python FILE RUN ..."""

import random
import sys
from pathlib import Path

import torch

from tinystories.storyteller import Storyteller
from tinystories.weaving import missing, weaving
from tinystories.wishes import WISHES

BEGINNINGS = (
    "Once upon a time, there was a little",
    "One day, Tom and Mia",
    "In a deep forest there lived",
    "The sun was hot, and",
)
STORIES = 40
LENGTH = 300


def told(teller: Storyteller, number: int, **wished: tuple[str, ...]) -> str:
    """The story number ``number``, with what is wished for."""
    beginning = BEGINNINGS[number % len(BEGINNINGS)]
    steer = weaving(teller.vocabulary, beginning, length=LENGTH, **wished)
    return teller.tell(beginning, seed=number, length=LENGTH, steer=steer)


def bits_per_byte(teller: Storyteller, story: str) -> float:
    """How surprising the model finds a story itself."""
    ids = [0, *teller.vocabulary.encode(story)]
    with torch.inference_mode():
        logits, _ = teller.model(torch.tensor([ids[:-1]]))
    nats = torch.nn.functional.cross_entropy(logits[0], torch.tensor(ids[1:]), reduction="sum")
    return float(nats) / 0.6931 / len(story.encode())


def main() -> None:
    """Print a table for each run."""
    torch.set_num_threads(1)
    for folder in sys.argv[1:]:
        teller = Storyteller.load(Path(folder))
        plain = [told(teller, number) for number in range(STORIES)]
        bits = sum(bits_per_byte(teller, story) for story in plain) / STORIES
        sys.stdout.write(
            f"\n{folder}\n{'wish':<12} {'alone':>7} {'asked':>7} {'bits per byte':>14}\n"
        )
        sys.stdout.write(f"{'none':<12} {'':>7} {'':>7} {bits:>14.2f}\n")
        for name, wish in WISHES.items():
            asked = [told(teller, number, wishes=(name,)) for number in range(STORIES)]
            shares = [sum(map(wish.granted, stories)) / STORIES for stories in (plain, asked)]
            bits = sum(bits_per_byte(teller, story) for story in asked) / STORIES
            sys.stdout.write(f"{name:<12} {shares[0]:>7.0%} {shares[1]:>7.0%} {bits:>14.2f}\n")
        rng = random.Random(0)
        granted, bits = 0, 0.0
        for number in range(STORIES):
            words = tuple(rng.sample(teller.vocabulary.words[200:3000], 3))
            story = told(teller, number, must=words)
            granted += not missing(story, must=words)
            bits += bits_per_byte(teller, story) / STORIES
        sys.stdout.write(f"{'three words':<12} {'':>7} {granted / STORIES:>7.0%} {bits:>14.2f}\n")


if __name__ == "__main__":
    main()
