"""Entity tracking: who has the ball, where is it, how many are there, after up to four changes?

After Kim & Schuster 2023 (arXiv:2305.02363), in a child's words. All answers to choose from are in
the story (of numbers: near it). Once something has changed, no simple habit finds the right one
more often than chance: not the name said last, or first, or most often, nor the smallest number; a
model that scores above chance keeps count of what happens. Without a change it needs only to
remember. A model that repeats the number it has heard falls below chance.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence

from tinystories.evaluation.answers import Item

STEPS = (0, 1, 2, 3, 4)
ITEMS = 30
"""Items of each question at each number of steps."""

NAMES = ("Tim", "Lily", "Tom", "Sue", "Ben", "Mia", "Max", "Lucy", "Sam", "Anna")
TOYS = ("ball", "doll", "kite", "book", "hat", "stone", "car", "boat", "shell", "bell")
PLACES = ("box", "bag", "basket", "bed", "car", "house", "bucket", "cave", "boat", "kitchen")
THINGS = ("apples", "balls", "flowers", "cookies", "toys", "books", "shells", "stones", "leaves")
NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

Question = Callable[[random.Random, int], tuple[str, tuple[str, ...]]]
"""Makes a beginning with so many steps, and endings, the right one first."""

Habit = Callable[[Item], str]
"""An answer that needs no understanding."""


def entity_items(count: int = ITEMS) -> list[Item]:
    """Return ``count`` items of every question at 0 to 4 steps, always the same."""
    return [
        item
        for question in QUESTIONS
        for steps in STEPS
        for item in _balanced(question, steps, count)
    ]


def who(rng: random.Random, steps: int) -> tuple[str, tuple[str, ...]]:
    """Three children hand a toy on."""
    people = rng.sample(NAMES, 3)
    toy = rng.choice(TOYS)
    holder = rng.choice(people)
    told = [f"{_listed(people)} played in the park. {holder} had a {toy}."]
    for _ in range(steps):
        giver, holder = holder, rng.choice([name for name in people if name != holder])
        told.append(
            rng.choice(
                (
                    f"{giver} gave the {toy} to {holder}.",
                    f"{holder} took the {toy} from {giver}.",
                    f"{holder} got the {toy} from {giver}.",
                )
            )
        )
    told.append(f"{' and '.join(rng.sample(people, 2))} were happy.")
    told.append("Now")
    return " ".join(told), _endings(holder, people, f" had the {toy}.")


def where(rng: random.Random, steps: int) -> tuple[str, tuple[str, ...]]:
    """A child puts a toy from one place into another."""
    name = rng.choice(NAMES)
    places = rng.sample(PLACES, 3)
    toy = rng.choice([toy for toy in TOYS if toy not in places])
    here = rng.choice(places)
    told = [f"There was {_listed([f'a {place}' for place in places])}."]
    told.append(f"{name} put a {toy} in the {here}.")
    for _ in range(steps):
        old, here = here, rng.choice([place for place in places if place != here])
        told.append(
            rng.choice(
                (
                    f"Then {name} took the {toy} from the {old} and put it in the {here}.",
                    f"Then {name} put the {toy} in the {here} and not in the {old}.",
                )
            )
        )
    told.append(f"{name} looked at the {' and at the '.join(rng.sample(places, 2))}.")
    told.append(f"{name} found the {toy} in the")
    return " ".join(told), _endings(here, places, ".")


def how_many(rng: random.Random, steps: int) -> tuple[str, tuple[str, ...]]:
    """A child gets some things and gives some away."""
    name, friend = rng.sample(NAMES, 2)
    things = rng.choice(THINGS)
    number = rng.randint(4, 6)
    told = [f"{name} had {NUMBERS[number]} {things}."]
    for _ in range(steps):
        change = rng.choice([c for c in (-2, -1, 1, 2) if 3 < number + c < 9])
        number += change
        some = NUMBERS[abs(change)]
        told.append(
            f"{friend} gave {name} {some} more."
            if change > 0
            else f"Then {name} gave {some} to {friend}."
        )
    told.append(f"Now {name} had")
    low = number - rng.randint(0, 2)
    return " ".join(told), _endings(NUMBERS[number], NUMBERS[low : low + 3], f" {things}.")


QUESTIONS: Mapping[Question, str] = {who: "who has it", where: "where is it", how_many: "how many"}


def said_last(item: Item) -> str:
    """The answer that stands last in the story."""
    return max(sorted(item.endings), key=lambda ending: item.beginning.rfind(_core(ending)))


def said_first(item: Item) -> str:
    """The answer that stands first in the story."""
    return max(
        sorted(item.endings), key=lambda ending: item.beginning[::-1].rfind(_core(ending)[::-1])
    )


def said_most(item: Item) -> str:
    """The answer that is said most often."""
    return max(sorted(item.endings), key=lambda ending: item.beginning.count(_core(ending)))


def said_least(item: Item) -> str:
    """The answer that is said least often."""
    return min(sorted(item.endings), key=lambda ending: item.beginning.count(_core(ending)))


def smallest(item: Item) -> str:
    """The answer that comes first when counting, or in the alphabet."""
    return min(item.endings, key=_rank)


def largest(item: Item) -> str:
    """The answer that comes last when counting, or in the alphabet."""
    return max(item.endings, key=_rank)


HABITS: tuple[Habit, ...] = (said_last, said_first, said_most, said_least, smallest, largest)


def _balanced(question: Question, steps: int, count: int) -> Iterator[Item]:
    """Make items of which every habit gets a third right."""
    title = QUESTIONS[question]
    rng = random.Random(f"{title} {steps}")
    hits = dict.fromkeys(HABITS, 0)
    for number in range(count):
        drawn = [
            Item(f"{title} {steps} {number}", f"{title}, {steps} {_times(steps)}", *story)
            for story in (question(rng, steps) for _ in range(24))
        ]

        def unfairness(item: Item, number: int = number) -> float:
            return sum(
                (hits[habit] + (habit(item) == item.endings[0]) - (number + 1) / 3) ** 2
                for habit in HABITS
            )

        item = min(drawn, key=unfairness)
        for habit in HABITS:
            hits[habit] += habit(item) == item.endings[0]
        yield item


def _endings(right: str, among: Sequence[str], rest: str) -> tuple[str, ...]:
    return (right + rest, *(other + rest for other in among if other != right))


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _times(steps: int) -> str:
    return "step" if steps == 1 else "steps"


def _core(ending: str) -> str:
    """What is looked for in the story: the name, the place, the number."""
    return ending.removesuffix(".").split()[0]


def _rank(ending: str) -> tuple[int, str]:
    word = _core(ending)
    return (NUMBERS.index(word) if word in NUMBERS else 0, word)
