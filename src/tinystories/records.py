"""Told stories as plain records, which need no model to be judged."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Told:
    """A story that was told.

    Args:
        prompt: its given beginning.
        text: the whole story, the prompt included.
        ended: whether it ended by itself, and not because it was long enough.
        tokens: how many tokens followed the prompt.
        seed: with which it can be told again; None for a story that a person wrote.
    """

    prompt: str
    text: str
    ended: bool
    tokens: int
    seed: int | None = None
