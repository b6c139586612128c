"""Which typed words a story may not use, as the vocabulary counts words; needs no vocabulary."""

import re
from collections.abc import Set

from gui.document import YOU, Spans, text_of

_words = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*").finditer


def fold(word: str) -> str:
    """A word as word lists write it."""
    return word.replace("’", "'").casefold()


def foreign(spans: Spans, known: Set[str]) -> list[tuple[int, int]]:
    """Where the words are that a person wrote and that are not in ``known``."""
    text = text_of(spans)
    yours = bytearray()  # For each character, whether it is yours.
    for span in spans:
        yours += (b"\1" if span.telling == YOU else b"\0") * len(span.text)
    return [
        found.span()
        for found in _words(text)
        if fold(found[0]) not in known and any(yours[slice(*found.span())])
    ]
