"""Tidy stories, tell why one is not worth keeping, and find the copies among many."""

import hashlib
import re
import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SHORTEST = 40  # characters

# --- Repairing UTF-8 that was read as Windows-1252 or Latin-1 ---------------------------------

# Bytes that Windows-1252 leaves undefined are read as Latin-1, as most programs do.
_WINDOWS = [bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(256)]
_QUOTES_AND_DASHES = "‘’“”…–—"
# Only these characters are brought back. A wider net would catch clean text: the last three
# characters of “fiancé…” are also the bytes of a Chinese character.
_REPAIRED = (
    "".join(map(chr, range(0xA0, 0x100)))
    + "ŒœŠšŽžŸ€™\u200b\u200c\u200d‐‑‒―‚„†‡•‰′″‹›\ufeff\ufffd"
    + _QUOTES_AND_DASHES
)


def _misread(text: str) -> str:
    return "".join(_WINDOWS[byte] for byte in text.encode())


def _damage_pattern(damaged: dict[str, str]) -> re.Pattern[str]:
    # Ã” may be clean, in “AMANHÔ, and is taken for Ô only inside a word.
    inside = r"(?=[a-z])"
    forms = [
        re.escape(form) + (inside if len(form) == 2 and form[1] in _QUOTES_AND_DASHES else "")
        for form in sorted(damaged, key=len, reverse=True)
    ]
    tail = "[" + "".join(_WINDOWS[0x80:0xC0]) + "\x80-\x9f" + "]"
    return re.compile("|".join([f"ð[Ÿ\x9f]{tail}{tail}", *forms]))


_DAMAGED = {
    form: char
    for char in _REPAIRED
    for form in (char.encode().decode("latin-1"), _misread(char), _misread(_misread(char)))
} | {"â€": "”"}  # the third byte of ” is undefined in Windows-1252 and is often lost
_DAMAGE = _damage_pattern(_DAMAGED)
_BYTE = {char: byte for byte, char in enumerate(_WINDOWS)} | {chr(b): b for b in range(0x80, 0xA0)}


def repair(text: str) -> str:
    """Bring back characters whose UTF-8 was read as Windows-1252, as ``“`` from ``â€œ``.

    Only sequences that clean text does not hold are changed; ``café`` and a lone ``Ã`` stay.
    """
    if text.isascii():
        return text
    return _DAMAGE.sub(_repaired, text)


def _repaired(match: re.Match[str]) -> str:
    damaged = match[0]
    if damaged in _DAMAGED:
        return _DAMAGED[damaged]
    try:  # an emoji
        return bytes(_BYTE[char] for char in damaged).decode()
    except UnicodeDecodeError:
        return damaged


# --- Tidying ----------------------------------------------------------------------------------

_STRAY: dict[int, str | None] = {
    **dict.fromkeys(range(0x20)),
    0x7F: None,
    # Windows-1252 quotes and dashes that were read as Latin-1 are control characters there.
    **{byte: _WINDOWS[byte] if _WINDOWS[byte] != chr(byte) else None for byte in range(0x80, 0xA0)},
    **dict.fromkeys([0x0A, 0x0B, 0x0C, 0x0D, 0x2028, 0x2029], "\n"),
    **dict.fromkeys([0x09, 0xA0, *range(0x2000, 0x200B), 0x202F], " "),
    # Zero-width: soft hyphen, joiners, marks of direction, BOM.
    **dict.fromkeys([0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065)]),
    0xFEFF: None,
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),  # half a character, as JSON can write it
}


def tidy(text: str) -> str:
    """Return a story with its encoding repaired and its line ends and blanks in order.

    Lines end with one newline and without blanks, at most one empty line follows another line,
    control and zero-width characters are gone, characters are composed (NFC). Quotes stay curly
    or straight as they were.
    """
    text = repair(text).replace("\r\n", "\n").translate(_STRAY)
    text = unicodedata.normalize("NFC", text)
    text = re.sub(r" +\n", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


# --- Judging one story ------------------------------------------------------------------------

_FINISHED = re.compile(r"""(?:[.!?…]|\bthe end)["'”’»)\]}*]*\Z""", re.IGNORECASE)


def flaw(text: str) -> str | None:
    """Say in a word or two why a tidied story is not worth keeping; None if it is.

    ``empty``, ``undecodable`` (holds U+FFFD), ``short`` (under 40 characters) or ``cut off``: it
    ends neither with ``.``, ``!``, ``?`` or ``…`` (closing quotes and brackets may follow) nor
    with "The End", which stories often leave without a full stop.
    """
    if not text:
        return "empty"
    if "\ufffd" in text:
        return "undecodable"
    if len(text) < SHORTEST:
        return "short"
    if not _FINISHED.search(text, max(0, len(text) - 20)):
        return "cut off"
    return None


# --- Finding copies ---------------------------------------------------------------------------

HASHES = 24  # a story's signature: so many 16-bit MinHash values
ALIKE = 0.8  # near copies share so much of their shingles (Jaccard)
_SHINGLE = 5  # words
_BAND = 4  # 16-bit values, so that a band of a signature is one 64-bit key
_COMPARED = 64  # leaders of a bucket that the others are compared with

_NOT_WORD = re.compile(r"[\W_]+")
_ASCII_WORDS = bytes(
    ord(chr(byte).lower()) if chr(byte).isalnum() else ord(" ") for byte in range(128)
) + bytes(range(128, 256))
_RANDOM = np.random.PCG64(20230512).random_raw(256 + 64 + _SHINGLE + 2 * HASHES) | np.uint64(1)
_OF_BYTE, _OF_PLACE, _OF_WORD, _FLIP, _FACTOR = np.split(
    _RANDOM, np.cumsum([256, 64, _SHINGLE, HASHES])
)


def words(text: str) -> bytes:
    """Return the words of a text alone: letters and digits, case-folded, one space between."""
    if text.isascii():
        return b" ".join(text.encode().translate(_ASCII_WORDS).split())
    return _NOT_WORD.sub(" ", text.casefold()).strip().encode()


def exact_key(letters: bytes) -> int:
    """Hash the letters and digits of a story's `words` to 64 bits: equal for exact copies."""
    digest = hashlib.blake2b(letters.replace(b" ", b""), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def signatures(stories: Sequence[bytes]) -> NDArray[np.uint16]:
    """Return MinHash signatures (N, 24) of N stories, each given as its `words`.

    The share of equal values of two signatures estimates the Jaccard similarity of the stories'
    sets of 5-word shingles (Broder 1997). Of each minimum the low 16 bits are kept (Li & König
    2010). A short story is filled up with empty words.
    """
    if not stories:
        return np.empty((0, HASHES), np.uint16)
    # Every word ends with a space; a story ends with empty words, so that no shingle spans two.
    gap = b" " * _SHINGLE
    letters = np.frombuffer(gap.join(stories) + gap, np.uint8)
    ends = np.flatnonzero(letters == ord(" "))
    starts = np.concatenate([[0], ends[:-1] + 1])
    place = np.arange(len(letters)) - np.repeat(starts, ends - starts + 1)
    word = _mixed(np.add.reduceat(_OF_BYTE[letters] * _OF_PLACE[place % 64], starts))

    count = len(word) - _SHINGLE + 1
    shingle = np.zeros(count, np.uint64)
    for n in range(_SHINGLE):
        shingle += word[n : n + count] * _OF_WORD[n]
    story_words = np.array([story.count(b" ") + 1 for story in stories])
    real = np.repeat(np.tile([True, False], len(stories)), _each_with_gap(story_words))[:count]
    shingle = _mixed(shingle[real])

    first = np.concatenate([[0], np.cumsum(story_words)[:-1]])
    signature = np.empty((len(stories), HASHES), np.uint16)
    for n in range(HASHES):
        smallest = np.minimum.reduceat((shingle ^ _FLIP[n]) * _FACTOR[n], first)
        signature[:, n] = smallest.astype(np.uint16)
    return signature


def _each_with_gap(story_words: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.stack([story_words, np.full_like(story_words, _SHINGLE - 1)], axis=1).ravel()


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread every bit over the word (the finaliser of SplitMix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def exact_copies(keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return for every story the first one with the same key: itself, if it is no copy."""
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    return first[which]


def near_copies(signature: NDArray[np.uint16]) -> NDArray[np.int64]:
    """Return for every story an earlier one that it is a near copy of: itself, if there is none.

    Locality-sensitive hashing: stories that agree in any of six bands of four values are
    compared, and are near copies if 80 % of all values agree. Two stories that share 94 % of
    their shingles (one word of 160 changed) are found with 98 %, two that share half of them
    are taken for copies once in 1,000 times.
    """
    original = np.arange(len(signature))
    for band in range(0, HASHES, _BAND):
        alive = np.flatnonzero(original == np.arange(len(signature)))
        keys = np.ascontiguousarray(signature[alive, band : band + _BAND]).view(np.uint64)[:, 0]
        order = np.argsort(keys, kind="stable")  # equal keys side by side, earliest first
        story, bucket = alive[order], keys[order]
        for _ in range(_COMPARED):
            leads = np.concatenate([[True], bucket[1:] != bucket[:-1]])[: len(bucket)]
            if leads.all():
                break
            leader = story[leads][np.cumsum(leads) - 1]
            rest = ~leads
            story, leader, bucket = story[rest], leader[rest], bucket[rest]
            copy = (signature[story] == signature[leader]).mean(axis=1) >= ALIKE
            original[story[copy]] = leader[copy]
            story, bucket = story[~copy], bucket[~copy]
    return original
