"""How stories are told and how the window looks, as the reader has set it; kept from day to day."""

import json
import math
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from gui.voices import Manner
from tinystories.errors import UserError
from tinystories.files import read_json, sealed, write_atomically

SIZES = (1500, 4500, 20000)
"""How many of the commonest words a story may use: the steps of the dial."""

POSSIBLE = {
    "mode": ("System", "Light", "Dark"),
    "dial": (0, *SIZES),
    "text_size": range(8, 73),
    "zoom": range(50, 301),
}
"""What the preferences may be that the window is drawn by."""

# Lively is what `tinystories tell` does by itself (a test holds them together): to ask
# tinystories.generation would be to wait for numpy before there is a window.
PRESETS: dict[str, dict[str, Any]] = {
    "Calm": {"temperature": 0.5, "top_k": 0, "top_p": 0.9, "min_p": 0.0},
    "Lively": {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.05},
    "Wild": {"temperature": 1.3, "top_k": 0, "top_p": 1.0, "min_p": 0.05},
}


@dataclass(frozen=True)
class Preferences:
    """Everything that can be set; the fields of :class:`gui.voices.Manner` mean the same here.

    ``dial`` is one of ``SIZES``, or 0 for ``own_words``; ``must`` and ``own_words`` are as typed;
    ``seed`` is empty for another story each time; ``mode`` is System, Light or Dark; ``text_size``
    is that of the story in points, ``zoom`` that of everything in percent.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.05
    length: int = 400
    strict: bool = True
    dial: int = 4500
    own_words: str = ""
    must: str = ""
    wishes: tuple[str, ...] = ()
    seed: str = ""
    mode: str = "System"
    text_size: int = 18
    zoom: int = 100

    @property
    def preset(self) -> str:
        """The preset that is set, or nothing."""
        for name, values in PRESETS.items():
            if all(getattr(self, key) == value for key, value in values.items()):
                return name
        return ""

    def allowed(self, known: Sequence[str]) -> tuple[str, ...] | None:
        """The only words that may be told, out of those a model knows; None is all of them.

        Raises:
            UserError: none of the own words is known to the model.
        """
        if not self.strict or (self.dial and self.dial >= len(known)):
            return None
        if self.dial:
            return tuple(known[: self.dial])
        known_words = set(known)
        words = tuple(dict.fromkeys(w for w in own(self.own_words) if w in known_words))
        if not words:
            raise UserError(
                "none of your own words is known to this model; write others in Settings, or turn "
                "the dial to a number"
            )
        return words

    def manner(self, known: Sequence[str]) -> Manner:
        """How to tell now, with a model that knows these words; draws a seed if none is set.

        Raises:
            UserError: the seed is not a whole number, or no word is left to tell with.
        """
        return Manner(
            temperature=self.temperature,
            top_k=self.top_k,
            top_p=self.top_p,
            min_p=self.min_p,
            length=self.length,
            strict=self.strict,
            words=self.allowed(known),
            must=tuple(part.strip() for part in self.must.split(",") if part.strip()),
            wishes=self.wishes,
            seed=self.drawn_seed(),
        )

    def drawn_seed(self) -> int:
        """The seed that is set, or any.

        Raises:
            UserError: it is not a whole number.
        """
        typed = self.seed.strip()
        if typed and not (typed.isdecimal() and len(typed) < 20 and int(typed) < 2**63):
            raise UserError(
                f"the seed must be a whole number below 2^63, not {typed[:20]!r}; change it or "
                "clear it"
            )
        return int(typed) if typed else secrets.randbelow(10**6)

    def save(self, path: Path) -> None:
        """Write the preferences as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(sealed(asdict(self)), indent=2))

    @classmethod
    def load(cls, path: Path) -> "Preferences":
        """Read what ``save`` wrote; what is missing or makes no sense is as it was at first."""
        try:
            kept = read_json(path)
            kept["wishes"] = tuple(map(str, kept.get("wishes", ())))
        except (OSError, ValueError, TypeError):
            return cls()
        first = cls()
        names = [f.name for f in fields(cls) if _possible(f.name, kept.get(f.name), first)]
        return cls(**{name: kept[name] for name in names})


def _possible(name: str, value: Any, first: Preferences) -> bool:
    """Whether a preference may have such a value."""
    if type(value) is not type(getattr(first, name)):
        return False
    if isinstance(value, float):
        return math.isfinite(value)
    return value in POSSIBLE.get(name, (value,))


def own(typed: str) -> list[str]:
    """The words of a list as it was typed, with commas, blanks or new lines between them."""
    return [word.strip().casefold() for word in typed.replace(",", " ").split()]


def temperature_meaning(temperature: float) -> str:
    """Return what a temperature does, in plain words."""
    if temperature == 0:
        return "always the likeliest word"
    if temperature <= 0.55:
        return "careful, repeats itself"
    if temperature <= 1.05:
        return "balanced"
    if temperature <= 1.25:
        return "daring"
    return "wild, loses the thread"
