"""Where words stand in a story, counted as the vocabulary counts them; needs no vocabulary."""

import re
from collections.abc import Set

from gui.document import YOU, Spans, text_of

_words = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+").finditer


def places(text: str) -> list[tuple[int, int]]:
    """Where each word of a text begins and ends."""
    return [found.span() for found in _words(text)]


def fold(word: str) -> str:
    """A word as word lists write it."""
    return word.replace("’", "'").casefold()


def foreign(spans: Spans, known: Set[str]) -> list[tuple[int, int]]:
    """Where the words are that a person wrote and that are not in ``known``; numbers are."""
    text = text_of(spans)
    yours = bytearray()  # For each character, whether it is yours.
    for span in spans:
        yours += (b"\1" if span.telling == YOU else b"\0") * len(span.text)
    return [
        found.span()
        for found in _words(text)
        if any(yours[slice(*found.span())])
        and not found[0].isdecimal()
        and fold(found[0]) not in known
    ]


def shared(text: str, other: str, words: int) -> list[tuple[int, int]]:
    """Where ``text`` has runs of ``words`` words or more that ``other`` has too, in characters."""
    said = [fold(text[start:stop]) for start, stop in places(text)]
    heard = [fold(other[start:stop]) for start, stop in places(other)]
    runs = {tuple(heard[i : i + words]) for i in range(len(heard) - words + 1)}
    found = [
        (i, i + words) for i in range(len(said) - words + 1) if tuple(said[i : i + words]) in runs
    ]
    return in_characters(text, found)


def in_characters(text: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges of words (first, one past the last) as ranges of characters, joined if they touch."""
    where = places(text)
    joined: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        start, stop = where[first][0], where[last - 1][1]
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(stop, joined[-1][1]))
        else:
            joined.append((start, stop))
    return joined
