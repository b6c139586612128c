"""Minimal pairs: does the model find the right sentence likelier than the wrong one?

In the manner of BLiMP (Warstadt et al. 2020, arXiv:1912.00582), with sentences of our own in words
that a small child knows. The two sentences of a pair differ in a word or two, so whatever makes
one likelier is grammar; most phenomena come both ways round (*was* is right in one pair and wrong
in another), so that it does not help to like one of the words. ``items/pairs.txt`` holds the
templates.
"""

import random
import re
from collections.abc import Mapping, Sequence

from tinystories.evaluation.answers import Item
from tinystories.evaluation.items import read_blocks, read_lists

PAIRS = 60
"""Pairs of each phenomenon."""

_slots = re.compile(r"\{(\w+?)(\d?)\}")
_choices = re.compile(r"\[([^]|]*)\|([^]|]*)\]")


def minimal_pairs(count: int = PAIRS) -> list[Item]:
    """Return ``count`` pairs of every phenomenon, always the same."""
    words, *blocks = read_blocks("pairs.txt")
    lists = read_lists(words)
    return [
        item
        for title, *templates in blocks
        for item in _pairs_of(title.removeprefix("= "), templates, lists, count)
    ]


def _pairs_of(
    title: str, templates: Sequence[str], lists: Mapping[str, Sequence[str]], count: int
) -> list[Item]:
    """Pairs of one phenomenon, of each template as many."""
    rng = random.Random(title)
    pairs: dict[tuple[str, str], None] = {}
    # A template with few words soon repeats itself; then the others fill its place.
    for turn in range(20 * count):
        sentence = _fill(templates[turn % len(templates)], lists, rng)
        pairs[_choices.sub(r"\1", sentence), _choices.sub(r"\2", sentence)] = None
        if len(pairs) == count:
            break
    order = rng.sample(list(pairs), len(pairs))  # So that every k-th pair is not of one template.
    return [Item(f"{title} {i}", title, "", pair) for i, pair in enumerate(order)]


def _fill(template: str, lists: Mapping[str, Sequence[str]], rng: random.Random) -> str:
    """Put an entry of its list into every slot: the same for the same slot, else another one."""
    chosen: dict[str, str] = {}

    def pick(slot: re.Match[str]) -> str:
        if slot[0] not in chosen:
            free = [entry for entry in lists[slot[1]] if entry not in chosen.values()]
            chosen[slot[0]] = rng.choice(free)
        return chosen[slot[0]]

    return _slots.sub(pick, template)
