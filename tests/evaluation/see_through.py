"""Models of language that can be seen through, and stories for them."""

import re
from collections.abc import Callable, Sequence

import numpy as np

from tinystories.evaluation.likelihood import Scorer, TokenNats

Price = Callable[[str, str], float]


def word_scorer(price: Price) -> Scorer:
    """A model to which each word costs ``price(text before it, word)`` nats, and the end 1."""

    def score(texts: Sequence[str]) -> list[TokenNats]:
        answers = []
        for text in texts:
            found = list(re.finditer(r"\s*\S+", text))
            nats = [price(text[: match.start()], match[0].strip()) for match in found]
            sizes = [len(match[0].encode()) for match in found]
            answers.append(TokenNats(np.array([*nats, 1], np.float32), np.array([*sizes, 0])))
        return answers

    return score


LONG = "The day was long and the sun was warm and there was so much to see and do. " * 3


def story(hero, friend, ending):
    return f"{hero} met {friend}. {LONG}{hero} and {friend} ran home to eat. {ending}"


STORIES = [
    story("Lily", "Tom", "Lily and Tom ate a very big cake."),
    story("Sue", "Ben", "Sue gave Ben a small red ball."),
    story("Mia", "Max", "Mia and Max were happy all day."),
    story("Anna", "Sam", "Anna told Sam a long good story."),
    story("Lucy", "Jack", "Lucy and Jack slept until the morning."),
    story("Amy", "Bob", "Amy and Bob saw Zorro at the big lake."),
]
