"""What a story may be asked to have, and how it is seen in one. Needs no torch.

Each is brought about by a few words that are said for the model at the right place; it goes on from
there. Measured with ``tests/benchmarks/wishes.py`` on two models of 3 M parameters trained for 30
minutes, 40 stories each: asked for, a wish comes in 98 to 100 % of stories (by themselves: a talk
77 %, a twist 10 %, a moral 9 %, a sad end 4 %), and the stories are as likely to the model as those
told without wishes (0.49 to 0.56 bits per byte against 0.52 and 0.55).
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
