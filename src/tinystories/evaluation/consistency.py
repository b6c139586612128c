"""Does a told story hold together: who it is about, how it ends, whether it goes in circles."""

import re
from collections import Counter
from collections.abc import Callable, Sequence

from tinystories.evaluation.metric import Metric
from tinystories.evaluation.names import Gender, gender
from tinystories.evaluation.text import names, sentences, words
from tinystories.records import Told

_PRONOUNS: dict[str, Gender] = {
    **dict.fromkeys(("he", "him", "his", "himself"), "he"),
    **dict.fromkeys(("she", "her", "hers", "herself"), "she"),
}
# Whoever else may be meant by a pronoun.
_OTHERS = re.compile(
    r"\b(?:mom|mommy|mum|mummy|mama|mother|dad|daddy|papa|father|grand\w+|granny|nana|uncle|aunt\w*"
    r"|brother|sister|son|daughter|boy|girl|man|woman|men|women|lady|boys|girls|king|queen|princess"
    r"|prince|mr|mrs|miss|wife|husband|witch|wizard|fairy|friends?|teacher|doctor|nurse|farmer"
    r"|doll|baby|kids?|child|neighbou?r|person|someone|dog|cat|puppy|kitten|bird|bear|rabbit|bunny"
    r"|mouse|fish|frog|duck|lion|monkey|fox|horse|pig|cow|squirrel|butterfly|dragon|monster|giant)\b",
    re.IGNORECASE,
)
_INTRODUCED = re.compile(
    r"\b(?:a|an|the|little|young|old|big|small)\s+(boy|girl)\b[^.!?]{0,40}?"
    r"\b(?:named|called|name was)\s+([A-Z][a-z]+)"
)
_BY_KIND: dict[str, Gender] = {"boy": "he", "girl": "she"}
_CAPITALISED = re.compile(r"\b[A-Z][a-z]+")
_QUOTED = re.compile(r'"[^"\n]*"|“[^”\n]*”')
_FINISHED = re.compile(r"(?:[.!?…:]|\bthe end)[\"'”’»)\]}*]*\Z", re.IGNORECASE)


def kept_names(text: str) -> float | None:
    """Return how many of 100 characters named in the first third are named in the last half.

    None if nobody is named at the beginning, or the story is too short to come back to anyone.
    """
    parts = sentences(text)
    if len(parts) < 6:
        return None
    opening = names(text).keys() & _mentioned(parts[: len(parts) // 3])
    if not opening:
        return None
    later = _mentioned(parts[len(parts) // 2 :])
    return 100 * len(opening & later) / len(opening)


def _mentioned(parts: Sequence[str]) -> set[str]:
    return set(_CAPITALISED.findall(" ".join(parts)))


def pronoun_agreement(text: str) -> float | None:
    """Return how many of 100 pronouns agree with the one character that they can mean.

    Read until somebody else enters who could be meant, since from there on nothing is certain;
    what is said in quotes is left out. None if there is no such pronoun.
    """
    introduced = {name: _BY_KIND[kind] for kind, name in _INTRODUCED.findall(text)}
    known = names(text)
    so_far: set[str] = set()
    right = judged = 0
    for sentence in sentences(text):
        so_far |= {name for name in _CAPITALISED.findall(sentence) if name in known}
        if len(so_far) > 1 or _OTHERS.search(_INTRODUCED.sub(" ", sentence)):
            break
        found = [_PRONOUNS[w] for w in words(_QUOTED.sub(" ", sentence)) if w in _PRONOUNS]
        if so_far:
            [name] = so_far
            expected = introduced.get(name) or gender(name)
            judged += len(found) * (expected is not None)
            right += found.count(expected) if expected else 0
    return 100 * right / judged if judged else None


def repeated_4grams(text: str) -> float | None:
    """Return how many of 100 four-word phrases have been said before; None under four words."""
    said = words(text)
    phrases = Counter(zip(*(said[n:] for n in range(4)), strict=False))
    total = phrases.total()
    return 100 * (total - len(phrases)) / total if total else None


def unfinished(text: str) -> float | None:
    """Return how many of 100 sentences have no full stop, exclamation or question mark."""
    parts = sentences(text)
    if not parts:
        return None
    return 100 * sum(not _FINISHED.search(part) for part in parts) / len(parts)


def unbalanced_quotes(text: str) -> float:
    """Return 100 if some quotation is opened and not closed, or the reverse; else 0.

    Every paragraph stands for itself. Apostrophes are left out.
    """
    return 100.0 * any(
        line.count('"') % 2 or line.count("“") != line.count("”") for line in text.split("\n")
    )


def _each(measure: Callable[[str], float | None]) -> Callable[[Sequence[Told]], list[float | None]]:
    return lambda told: [measure(story.text) for story in told]


METRICS = (
    Metric(
        "kept_names",
        "Names kept",
        "% of names",
        "higher",
        "Of the characters named in the first third, how many are named again in the last half. "
        "A low number: the story forgets whom it is about.",
        _each(kept_names),
    ),
    Metric(
        "pronoun_agreement",
        "Pronouns that fit",
        "% of pronouns",
        "higher",
        "Where a pronoun can only mean the one character there is so far, how often it is the "
        "right one: she for Lily, he for Tom.",
        _each(pronoun_agreement),
    ),
    Metric(
        "repeated_4grams",
        "Repeated four-word phrases",
        "% of phrases",
        "like real",
        "How many phrases of four words were said before in the same story. Children's stories "
        "repeat a little; a model that goes in circles repeats much.",
        _each(repeated_4grams),
    ),
    Metric(
        "unfinished_sentences",
        "Sentences that do not end",
        "% of sentences",
        "lower",
        "Sentences or lines without a full stop, exclamation or question mark.",
        _each(unfinished),
    ),
    Metric(
        "unbalanced_quotes",
        "Quotation marks left open",
        "% of stories",
        "lower",
        "Stories in which somebody begins to speak and no quotation mark says where it ends.",
        _each(unbalanced_quotes),
    ),
    Metric(
        "ended",
        "Ended by itself",
        "% of stories",
        "higher",
        "Stories that came to an end of their own, and not because they were long enough.",
        lambda told: [100.0 * story.ended for story in told],
    ),
)
