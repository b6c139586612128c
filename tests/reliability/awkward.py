"""Beginnings and settings that have broken other programs, made by rule."""

from itertools import product
from typing import Any

UNITS = (
    *(" ", "\r", "\t", "\n", "\r\n", "\x0b", "\x85", "\xa0", "\u2028", "\u3000"),  # blanks
    *("\x00", "\x07", "\x1b[31m", "\x7f", "\u200b", "\ufeff", "\u202e", "\uffff"),  # not printed
    *("\u0301", "e\u0301", "Z" + "\u0335" * 30, "שלום", "مرحبا", "你好", "ไทย", "한"),  # scripts
    *("🐉", "👩\u200d👧", "🇫🇷", "\ufe0f", "\U0010ffff", "\ue000"),  # beyond letters
    *("ﬁ", "İ", "ß", "ǅ", "٣", "½"),  # letters and digits that are not one
    *("<eos>", "<|endoftext|>", "[CLS]", "Ġthe", "▁the", "%s%n", "{0}\\"),  # other programs' signs
    *("'", "’", "_", "zxqv"),  # what grows onto words
    "\ud800",  # not text at all
)
"""What is awkward in itself."""

SHAPES = (
    "{}",
    "{} ",
    " {}\n\n",
    "{}" * 40,
    "Anna{}",
    "{}Anna",
    "An{}na",
    "Anna went to the {}",
    "Anna {} Ben {} went.",
    "“Anna{}',",
)
"""Where it may stand."""

PROMPTS = tuple(shape.format(*[unit] * 40) for unit, shape in product(UNITS, SHAPES))
"""500 beginnings, most of them made only to annoy."""

LONG = ("a", " ", "\n", "'", "é", "🐉", "e\u0301", "<eos>", "Anna went. ", "zxqv ", "12")
"""What a beginning of a million characters may be made of."""

NAN, INF = float("nan"), float("inf")

SAMPLINGS = tuple(
    dict(zip(("temperature", "top_k", "top_p", "min_p"), values, strict=True))
    for values in product(
        (0, 5e-324, 1e-9, 0.8, 1e9, 1.7e308), (0, 1, 10**30), (0.0, 1e-300, 0.9, 1.0), (0.0, 1.0)
    )
)
"""Ways to draw, at the ends of what is allowed."""

SEEDS = (0, -1, 2**64, 10**400, -(10**400))

REFUSED: tuple[dict[str, Any], ...] = (
    *({"temperature": bad} for bad in (NAN, INF, -INF, -1e-9, "hot", None, 1j)),
    *({"top_k": bad} for bad in (-1, NAN, INF, 2.5, "few", None)),
    *({name: bad} for name in ("top_p", "min_p") for bad in (NAN, INF, -1e-9, 1.01, "all", None)),
    *({"length": bad} for bad in (0, -1, -(10**30), NAN, INF, 2.5, "long", None)),
    *({"seed": bad} for bad in (NAN, INF, 2.5, "seven")),
)
"""Settings that are none."""
