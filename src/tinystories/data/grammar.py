"""A seeded story grammar: endless small stories for a machine with no network and no corpus.

A plot (`plots.py`) chooses its cast from the typed words of `lexicon.py` and yields paragraphs as
templates, and a `Teller` writes them out. A template is plain text with two marks:

    [one|two|]      one of these, each as likely, the last one empty; may be nested
    {hero} {toy.play} {Friend}
                    what the cast holds under this name, or a field of it; capital if the mark is

What a mark names may itself be a template, or a tuple of templates to choose from.
"""

import random
import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import count
from typing import Any, NamedTuple, TypeVar

from tinystories.data import lexicon
from tinystories.data.lexicon import Animal, Person
from tinystories.data.plots import PLOTS

T = TypeVar("T")

_TOKEN = re.compile(r"[\[\]|]|\{[^}]*\}|[^\[\]|{]+")
_A_BEFORE_VOWEL = re.compile(r"\b([Aa]) (?=(?!one\b|uni|use)[aeiouAEIOU]|hour|honest)")


class Mark(NamedTuple):
    """`{name}` or `{name.field}`."""

    name: str
    field: str
    capital: bool


class Choice(NamedTuple):
    """`[one|two]`."""

    branches: "list[Parts]"


Parts = list[str | Mark | Choice]


@cache
def parse(template: str) -> Parts:
    """Read a template once: text stays text, `{}` becomes a `Mark`, `[]` a `Choice`."""
    branches: list[list[Parts]] = [[[]]]  # open brackets, each with its branches so far
    for token in _TOKEN.findall(" ".join(template.split()) if "\n" in template else template):
        if token == "[":
            branches.append([[]])
        elif token == "|":
            branches[-1].append([])
        elif token == "]":
            choice = Choice(branches.pop())
            branches[-1][-1].append(choice)
        elif token[0] == "{":
            name, _, field = token[1:-1].partition(".")
            branches[-1][-1].append(Mark(name.lower(), field, name[0].isupper()))
        else:
            branches[-1][-1].append(token)
    ((parts,),) = branches  # fails if a bracket was left open
    return parts


class Teller:
    """Tells one story: owns its chance, and the cast that its templates speak of."""

    def __init__(self, seed: int, number: int) -> None:
        self.random = random.Random(f"{seed}/{number}").random  # the one method that all share
        self.cast: dict[str, Any] = dict(lexicon.PHRASES)
        self.cast["color"] = self.pick(lexicon.COLORS)
        self.cast["weather"] = self.pick(lexicon.FAIR_WEATHER)

    def chance(self, probability: float) -> bool:
        """Say yes this often."""
        return self.random() < probability

    def pick(self, choices: Sequence[T]) -> T:
        """One of these; it leans to the front, where the common words are."""
        return choices[int(len(choices) * self.random() * self.random())]

    def even(self, choices: Sequence[T]) -> T:
        """One of these, each as likely."""
        return choices[int(len(choices) * self.random())]

    def some(self, choices: Sequence[T], number: int) -> list[T]:
        """Different ones of these, this many."""
        left = list(choices)
        return [left.pop(int(len(left) * self.random() * self.random())) for _ in range(number)]

    def settle(self, role: str, template: str) -> None:
        """Write a template now, so that its choices hold for the whole story."""
        self.cast[role] = self.write(template)

    def child(self, role: str = "hero") -> Person:
        """Cast a child in this role: girls and boys alike."""
        girl = self.chance(0.5)
        name = self._new_name(lexicon.GIRLS if girl else lexicon.BOYS)
        return self._enter(role, Person.of(name, "girl" if girl else "boy", girl))

    def animal(self, role: str = "hero", among: Sequence[Animal] = lexicon.WOODLAND) -> Person:
        """Cast an animal that can speak; `{hero_animal.home}` tells of its kind."""
        used = [held.kind for held in self.cast.values() if isinstance(held, Person)]
        animal = self.pick([one for one in among if one.name not in used])
        self.cast[role + "_animal"] = animal
        girl = self.chance(0.5)
        name = self._new_name(lexicon.ANIMAL_GIRLS if girl else lexicon.ANIMAL_BOYS)
        return self._enter(role, Person.of(name, animal.name, girl, hands=animal.hands))

    def grown_up(self, *kinds: str, role: str = "helper") -> Person:
        """Cast one of the hero's family, such as "mom" or "grandpa"."""
        kind = self.even(kinds or ("mom", "dad", "grandma", "grandpa"))
        call = lexicon.CALLED.get(kind, kind.capitalize())
        person = Person.of(f"{{his}} {kind}", kind, kind in lexicon.WOMEN, call=call)
        return self._enter(role, person)

    def neighbor(self, role: str = "helper") -> Person:
        """Cast a neighbor with a title, such as Mrs. Lopez."""
        woman = self.chance(0.5)
        name = f"{'Mrs.' if woman else 'Mr.'} {self.pick(lexicon.SURNAMES)}"
        return self._enter(role, Person.of(name, "neighbor", woman))

    def write(self, template: str) -> str:
        """Write a template out in full."""
        out: list[str] = []
        self._write(parse(template), out)
        return "".join(out)

    def _write(self, parts: Parts, out: list[str]) -> None:
        for part in parts:
            if isinstance(part, str):
                out.append(part)
            elif isinstance(part, Choice):
                self._write(self.even(part.branches), out)
            else:
                out.append(self._look_up(part))

    def _look_up(self, mark: Mark) -> str:
        held = self.cast[mark.name]
        if mark.field:
            held = getattr(held, mark.field)
        if isinstance(held, tuple):
            held = self.pick(held)
        text = self.write(held if isinstance(held, str) else held.name)
        return text[:1].upper() + text[1:] if mark.capital else text

    def _new_name(self, names: Sequence[str]) -> str:
        used = [held.name for held in self.cast.values() if isinstance(held, Person)]
        return self.pick([name for name in names if name not in used])

    def _enter(self, role: str, person: Person) -> Person:
        self.cast[role] = person
        if role == "hero":
            self.cast |= {word: getattr(person, word) for word in lexicon.PRONOUNS}
        return person


def story(seed: int, number: int) -> str:
    """Tell story `number` of this seed: the same one every time, on every machine."""
    teller = Teller(seed, number)
    between = "\n\n" if teller.chance(0.7) else "\n"
    paragraphs = (" ".join(teller.write(part).split()) for part in teller.even(PLOTS)(teller))
    return _A_BEFORE_VOWEL.sub(r"\1n ", between.join(paragraphs))


def stories(seed: int, start: int = 0, stop: int | None = None) -> Iterator[str]:
    """Tell the stories of this seed from `start` to before `stop`, or without end."""
    for number in count(start) if stop is None else range(start, stop):
        yield story(seed, number)
