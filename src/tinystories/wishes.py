"""What a story may be asked to have, and how it is seen in one. Needs no torch.

Each is brought about by a few words that are said for the model at the right place; it goes on from
there. What trained models make of them is measured by ``tests/benchmarks/wishes.py`` and written in
``docs/studio.md``.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Place = Literal["anywhere", "between", "end"]


@dataclass(frozen=True)
class Wish:
    """Something a story may be asked to have.

    Args:
        name: as settings write it.
        title: as a button would say it.
        phrase: what is said to bring it about; the model goes on from there.
        place: where: between two sentences on the way, at the end, or wherever it fits.
        granted: whether a story has it.
    """

    name: str
    title: str
    phrase: str
    place: Place
    granted: Callable[[str], bool]


def _has(pattern: str) -> Callable[[str], bool]:
    found = re.compile(pattern, re.IGNORECASE).search
    return lambda story: found(story) is not None


WISHES = {
    wish.name: wish
    for wish in (
        Wish("talk", "Someone speaks", ' "', "between", _has(r"[\"“][^\"“”]*\w[^\"“”]*[\"”]")),
        Wish(
            "twist",
            "A surprise",
            " But then, something unexpected happened",
            "between",
            _has(r"\bunexpected\b"),
        ),
        Wish(
            "happy end",
            "A happy end",
            " In the end, they were all happy",
            "end",
            _has(r"\bhappy\b[^.!?]*[.!?][^.!?]*[.!?]?[^.!?]*$"),
        ),
        Wish(
            "sad end",
            "A sad end",
            " In the end, they were all very sad",
            "end",
            _has(r"\bsad\b[^.!?]*[.!?][^.!?]*[.!?]?[^.!?]*$"),
        ),
        Wish(
            "moral",
            "A moral",
            " The moral of the story is",
            "end",
            _has(r"\bmoral of (?:the|this) story is\b[^.!?]*\w"),
        ),
    )
}
"""The wishes that trained models grant."""
