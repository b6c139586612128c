"""Story endings: is the true last sentence likelier than the last sentences of other stories?

After the Story Cloze Test (Mostafazadeh et al. 2016, arXiv:1604.01696), made from held-out stories.
So that it takes more than a glance, the other endings are of like length, speak of nobody that
the story lacks, and are given the names of its own people.
"""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from tinystories.evaluation.answers import Item
from tinystories.evaluation.names import BOYS, GIRLS, NAMES

ITEMS = 150
"""Stories that are taken at most, evenly from all."""
WRONG = 3
"""Endings of other stories beside the true one."""

_stop = re.compile(r"[.!?][\"”']?\s+(?=[\"“]?[A-Z])")
_word = re.compile(r"[A-Za-z]+")
_name = re.compile(rf"\b(?:{'|'.join(sorted(NAMES))})\b")
_PRONOUNS = {
    **dict.fromkeys(("he", "him", "his", "himself"), "he"),
    **dict.fromkeys(("she", "her", "hers", "herself"), "she"),
    **dict.fromkeys(("they", "them", "their", "themselves"), "they"),
}


@dataclass(frozen=True)
class _Story:
    beginning: str
    ending: str

    @property
    def names(self) -> list[str]:
        """Those in the beginning, in order."""
        return list(dict.fromkeys(_name.findall(self.beginning)))


def ending_items(stories: Sequence[str], count: int = ITEMS, *, seed: int = 0) -> list[Item]:
    """Return items from at most ``count`` of ``stories`` that the model has not learned from.

    Stories whose last sentence is very short, very long or half of a quotation are left out, as
    are those for which too few other endings fit.
    """
    cut = [story for story in map(_cut, stories) if story]
    rng = random.Random(seed)
    items = []
    for number in sorted(rng.sample(range(len(cut)), len(cut))[:count]):
        story = cut[number]
        wrong: dict[str, None] = {}
        for other in rng.sample(cut, len(cut)):
            ending = _fitted(other, story)
            if ending and ending != story.ending:
                wrong[ending] = None
            if len(wrong) == WRONG:
                items.append(
                    Item(f"ending {number}", "endings", story.beginning, (story.ending, *wrong))
                )
                break
    return items


def _cut(text: str) -> _Story | None:
    """Cut off the last sentence, if it can be asked for."""
    text = text.strip()
    stops = [match.end() for match in _stop.finditer(text)]
    if not stops:
        return None
    beginning, ending = text[: stops[-1]].rstrip(), text[stops[-1] :]
    if not 5 <= len(ending.split()) <= 25 or not 40 <= len(beginning.split()) <= 300:
        return None
    if ending.count('"') % 2 or "“" in ending or "”" in ending:
        return None
    # A name that cannot be exchanged would give the story away.
    if any(_is_name(word, beginning) for word in _word.findall(ending) if word not in NAMES):
        return None
    return _Story(beginning, ending)


def _is_name(word: str, text: str) -> bool:
    return word[0].isupper() and word != "I" and re.search(rf"[a-z,] {word}\b", text) is not None


def _fitted(other: _Story, story: _Story) -> str | None:
    """The ending of another story with the names of this one; None if it does not fit."""
    ratio = len(other.ending) / len(story.ending)
    if other is story or not 0.6 < ratio < 1.6:
        return None
    if not _spoken_of(other.ending) <= _spoken_of(story.beginning):
        return None
    free = {sex: [name for name in story.names if name in sex] for sex in (GIRLS, BOYS)}
    exchange = {}
    for name in dict.fromkeys(_name.findall(other.ending)):
        ours = free[GIRLS if name in GIRLS else BOYS]
        if not ours:
            return None
        exchange[name] = ours.pop(0)
    return _name.sub(lambda match: exchange[match[0]], other.ending)


def _spoken_of(text: str) -> set[str]:
    return {_PRONOUNS[word] for word in _word.findall(text.lower()) if word in _PRONOUNS}
