"""Words, sentences and names of a story: what every measure of its text starts from."""

import re
from collections import Counter

from tinystories.data.vocabulary import word_types
from tinystories.evaluation.names import NOT_NAMES, known

_CLOSING = r"[\"'”’)\]]*"
_OPENING = r"[\"'“‘(\[]*"
_TITLES = r"(?<!\bMr\.)(?<!\bMrs\.)(?<!\bMs\.)(?<!\bDr\.)(?<!\bSt\.)"
_SENTENCE_END = re.compile(rf"(?<=[.!?…]){_TITLES}{_CLOSING}(?:\s+(?={_OPENING}[A-Z0-9])|\s*$)|\n+")
_CAPITAL = re.compile(r"\b[A-Z][a-z]+(?:-[A-Z][a-z]+)?(?![a-z])")
_INSIDE = re.compile(r"[a-z0-9,;]['\"”’]?\s['\"“‘]?$")


def words(text: str) -> list[str]:
    """Return the words of a text as the vocabulary counts them: lower case, no punctuation."""
    return list(word_types(text))


def sentences(text: str) -> list[str]:
    """Return the sentences of a text in order; the end of a line ends one too.

    Closing quotes belong to the sentence before them; ``Mr.`` and the like end none.
    """
    pieces, start = [], 0
    for end in _SENTENCE_END.finditer(text):
        pieces.append(text[start : end.end()].strip())
        start = end.end()
    pieces.append(text[start:].strip())
    return [piece for piece in pieces if piece]


def names(text: str) -> Counter[str]:
    """Return who is named in a text, and how often, the first mentioned first.

    A name is a capitalised word that is a known first name, or stands inside a sentence at least
    once and is written in lower case nowhere. ``Mom``, ``Monday`` and the like are none.
    """
    small = set(re.findall(r"\b[a-z]+", text))
    found: Counter[str] = Counter()
    proper = set()
    for match in _CAPITAL.finditer(text):
        word = match[0]
        if word in NOT_NAMES or word.lower() in small:
            continue
        found[word] += 1
        if known(word) or _INSIDE.search(text[max(0, match.start() - 4) : match.start()]):
            proper.add(word)
    return Counter({word: count for word, count in found.items() if word in proper})
