"""Wishes granted: words that must appear are woven in, phrases said where they belong.

This happens while the story is told, by constrained decoding (after Hokamp & Liu 2017,
arXiv:1704.07138, without their beam). A word is said as soon as it is hardly less likely than the
likeliest token, so at a place where the model finds it least strange; the longer it is owed, the
less likely it may be. While something is owed the story may not end, and when the room runs out,
the word is said whatever the model thinks. So a wish can only fail where the room is too small from
the start, and :func:`missing` then names it.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tinystories.data.vocabulary import Vocabulary, word_types
from tinystories.errors import UserError
from tinystories.generation import Choose
from tinystories.wishes import WISHES, Place

USUAL_LENGTH = 180
"""Tokens of a usual story: what is wished for comes within it, even where there is more room."""
ENDING = 60
"""Tokens kept free for an end that was wished for."""
FITTING, STRANGE, HASTE = 2.0, 6.0, 12.0
"""How much less likely (in nats) than the likeliest token a word may be: at first, when its time is
over, and for each such time after that."""

Logits = npt.NDArray[np.float32]

_is_sentence_end = re.compile(r"[.!?][\"'”’)]?\s*$").search


@dataclass(frozen=True)
class _Goal:
    """A wish at work: the ways to say it as token ids, where, and the tokens it is as likely as."""

    ways: tuple[tuple[int, ...], ...]
    place: Place
    granted: Callable[[str], bool]
    like: tuple[int, ...]

    @property
    def shortest(self) -> int:
        """The fewest tokens that say it."""
        return min(map(len, self.ways))

    def strength(self, logits: Logits) -> float:
        """How well it fits here, as a logit."""
        return float(logits[list(self.like)].max())


def weaving(
    vocabulary: Vocabulary,
    beginning: str,
    *,
    must: Iterable[str] = (),
    wishes: Iterable[str] = (),
    length: int,
) -> Callable[[Choose], Choose] | None:
    """Return what makes a chooser of tokens grant the wishes; None where nothing is open.

    Args:
        vocabulary: that of the model; a word outside it is spelled, even in strict telling.
        beginning: the story so far; what it has already is granted.
        must: words or short phrases.
        wishes: names from :data:`WISHES`.
        length: tokens at most.

    Raises:
        UserError: a wish has no word in it, or is not one of those there are.
    """
    goals = [_word_goal(vocabulary, words) for words in must]
    for name in wishes:
        if name not in WISHES:
            raise UserError(f"wanted a wish out of {', '.join(WISHES)}, given {name!r}")
        wish = WISHES[name]
        way = tuple(vocabulary.encode(wish.phrase))
        goals.append(_Goal((way,), wish.place, wish.granted, way[:1]))
    # An end is wished for anew, whatever the story so far ends with.
    if all(goal.place != "end" and goal.granted(beginning) for goal in goals):
        return None
    return lambda choose: _Weaver(vocabulary, beginning, goals, length, choose).choose


def missing(story: str, *, must: Iterable[str] = (), wishes: Iterable[str] = ()) -> list[str]:
    """Name the words and wishes that a story does not have."""
    words = [entry for entry in must if not _says(story, entry)]
    return words + [WISHES[name].title for name in wishes if not WISHES[name].granted(story)]


class _Weaver:
    """Chooses the tokens of one story, and sees that it gets what it owes."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        beginning: str,
        goals: Sequence[_Goal],
        length: int,
        choose: Choose,
    ) -> None:
        self._eos = vocabulary.eos
        self._stop = vocabulary.encode(".")
        self._inner = choose
        self._decode = vocabulary.stream()
        self._text = beginning.rstrip(" ")
        self._from = len(self._text)
        self._begun = False
        self._owed = [g for g in goals if g.place != "end" and not g.granted(self._text)]
        self._ends = [g for g in goals if g.place == "end"]
        self._left = length
        self._waited = 0.0
        self._pace = max(1, len(self._owed)) / (0.7 * min(length, USUAL_LENGTH))
        self._saying: list[int] = []
        self._whole = False
        self._glue = np.array([_glues(vocabulary.decode([i])) for i in range(len(vocabulary))])

    def choose(self, logits: Logits, last: int) -> int:
        """Return the next token: of a phrase under way, of one that is due, or the model's own."""
        if self._begun:
            self._note(last)
        self._begun = True
        self._left -= 1
        if self._saying:
            return self._saying.pop(0)
        # What there is no room for any more is not begun: half a word is none.
        self._owed = [goal for goal in self._owed if goal.shortest <= self._left + 1]
        if self._whole:  # A word was said: nothing may grow onto it.
            logits = np.where(self._glue, np.float32(-np.inf), logits)
            self._whole = False
        if goal := self._due(logits):
            return self._say(goal, logits)
        if self._owed:
            logits = logits.copy()
            logits[self._eos] = -np.inf
            self._waited += self._pace
        token = self._inner(logits, last)
        if token == self._eos and (end := self._end()):
            return self._say(end, logits)
        return token

    def _end(self) -> _Goal | None:
        """The next end to bring about: one that the story has not come to by itself."""
        told = self._text[self._from :]
        fit = [goal for goal in self._ends if len(self._stop) + goal.shortest <= self._left + 1]
        self._ends = [goal for goal in fit if not goal.granted(told)]
        return self._ends.pop(0) if self._ends else None

    def _note(self, token: int) -> None:
        self._text += "" if token == self._eos else self._decode(token)
        if not self._text[-1:].isalnum():
            self._owed = [goal for goal in self._owed if not goal.granted(self._text)]

    def _due(self, logits: Logits) -> _Goal | None:
        """What is to be said now, if anything."""
        between = bool(_is_sentence_end(self._text)) and self._text.count('"') % 2 == 0
        if not self._owed:
            due = self._left <= (ENDING if between else ENDING // 2)
            return self._end() if due else None
        # A word that was just said is granted as soon as something follows it.
        owed = [goal for goal in self._owed if not goal.granted(self._text + " ")]
        if owed and sum(goal.shortest + 1 for goal in owed) >= self._left:
            return owed[0]
        fitting = [goal for goal in owed if goal.place == "anywhere" or between]
        if not fitting:
            return None
        best = max(fitting, key=lambda goal: goal.strength(logits))
        patience = min(self._waited, 1.0)
        gap = FITTING + (STRANGE - FITTING) * patience + HASTE * (self._waited - patience)
        return best if best.strength(logits) + gap >= float(logits.max()) else None

    def _say(self, goal: _Goal, logits: Logits) -> int:
        way = max(goal.ways, key=lambda way: (self._left >= len(way), float(logits[way[0]])))
        if goal in self._owed:
            self._owed.remove(goal)
        self._waited = 0.0
        if goal.place == "end" and not _is_sentence_end(self._text):
            way = (*self._stop, *way)  # There is no more time to wait for the sentence's own end.
        self._saying = list(way[1:])
        self._whole = goal.place == "anywhere"
        return way[0]


def _word_goal(vocabulary: Vocabulary, words: str) -> _Goal:
    if not list(word_types(words)):
        raise UserError(
            f"wanted a word that must appear, given {words!r}; write words, with commas"
        )
    spelled = words.strip()
    texts = {f" {spelled}", f" {spelled.lower()}"} if spelled.islower() else {f" {spelled}"}
    ways = tuple(sorted(tuple(vocabulary.encode(text)) for text in texts))
    like = [way[0] for way in ways]
    if spelled[0].isupper() and min(map(len, ways)) > 1:
        # A name the model has never read fits where any name does.
        like += _names(vocabulary)
    return _Goal(ways, "anywhere", lambda story: _says(story, words), tuple(like))


def _names(vocabulary: Vocabulary) -> list[int]:
    """The tokens that are names: words that are only ever written with a capital."""
    texts = {vocabulary.decode([token]): token for token in range(len(vocabulary))}
    known = set(vocabulary.words)
    return [
        token
        for text, token in texts.items()
        if text[:1] == " "
        and text[1:2].isupper()
        and text[1:].lower() in known
        and text.lower() not in texts
    ]


def _says(story: str, words: str) -> bool:
    return f" {' '.join(word_types(words))} " in f" {' '.join(word_types(story))} "


def _glues(text: str) -> bool:
    """Whether a token right after a word would change it."""
    return not text or text[0].isalnum() or text[0] in "'’\ufffd"
