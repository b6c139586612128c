"""The scores that rest on what a model expects: of held-out stories, and of questions."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from tinystories.evaluation.answers import Answer
from tinystories.evaluation.intervals import of_mean
from tinystories.evaluation.leanings import Leaning, leanings
from tinystories.evaluation.likelihood import by_distance, by_position, story_nats, whole
from tinystories.evaluation.scorecard import Score
from tinystories.evaluation.understanding import TASKS, understanding

if TYPE_CHECKING:
    from tinystories.evaluation.likelihood import Scorer, TokenNats
    from tinystories.storyteller import Storyteller

SECTION, UNDERSTANDING, LEANINGS = "Language model", "Questions", "What it expects of whom"
HELD_OUT = "held out"


@dataclass(frozen=True)
class Asked:
    """Scores, and ``{over: names}`` of the stories and questions that they are over."""

    scores: list[Score]
    ids: dict[str, tuple[str, ...]]


def ask(teller: "Storyteller", stories: Sequence[str], *, quick: bool = False) -> Asked:
    """Return all scores that rest on the model's probabilities; no story is told for them.

    ``quick`` asks every fifth question only.
    """
    scorer = partial(story_nats, teller.model, teller.vocabulary)
    every = 5 if quick else 1
    asked = [
        Asked(expected(scorer, stories), {HELD_OUT: tuple(map(_digest, stories))}),
        answered(understanding(scorer, stories, every=every)),
        leaning(leanings(scorer, every=every)),
    ]
    return Asked(
        [score for some in asked for score in some.scores],
        {over: names for some in asked for over, names in some.ids.items()},
    )


def answered(answers: Mapping[str, Sequence[Answer]]) -> Asked:
    """Return the share of questions that were answered right, of each task and part of it."""
    scores, ids = [], {}
    for task in TASKS:
        found = answers[task.name]
        if not found:
            continue
        ids[task.name] = tuple(answer.item for answer in found)
        parts = sorted({answer.part for answer in found})
        for part in [None, *parts] if len(parts) > 1 else [None]:
            each = tuple(
                100.0 * answer.right if part in (None, answer.part) else None for answer in found
            )
            scores.append(
                Score(
                    f"{task.name}@{part}" if part else task.name,
                    f"{task.title}: {part}" if part else task.title,
                    "% right",
                    "higher",
                    task.about,
                    UNDERSTANDING,
                    of_mean(each, yes=100.0),
                    task.name,
                    each,
                )
            )
    return Asked(scores, ids)


def leaning(found: Sequence[Leaning]) -> Asked:
    """Return how much the words that a model expects depend on who a sentence is about."""
    scores, ids = [], {}
    for groups in dict.fromkeys(one.groups for one in found):
        some = [one for one in found if one.groups == groups]
        name = f"leaning_{groups[0]}_{groups[1]}".lower().replace(" ", "_")
        each = tuple(abs(one.nats) for one in some)
        ids[name] = tuple(f"{one.topic} {one.word}" for one in some)
        first, second = (_strongest(some, sign) for sign in (1, -1))
        scores.append(
            Score(
                name,
                f"Leaning, {groups[0]} or {groups[1]}",
                "nats",
                "lower",
                "How much likelier or less likely a word (a role, a feeling, a look) becomes with "
                f"the one instead of the other, whichever way: 0.7 is twice as likely. Most with "
                f"{groups[0]}: {first}. Most with {groups[1]}: {second}.",
                LEANINGS,
                of_mean(each),
                name,
                each,
            )
        )
    return Asked(scores, ids)


def _strongest(some: Sequence[Leaning], sign: int) -> str:
    """Return the words that lean most one way, of those that do so for sure."""
    sure = [one for one in some if one.sure and sign * one.nats > 0]
    words = [one.word for one in sorted(sure, key=lambda one: -abs(one.nats))]
    return ", ".join(dict.fromkeys(words[:5])) or "none for sure"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def expected(scorer: "Scorer", stories: Sequence[str]) -> list[Score]:
    """Return the bits per byte of whole stories, and of their parts."""
    if not stories:
        return []
    read = scorer(stories)
    costs = [whole(story) for story in read]
    each = tuple(cost.bits_per_byte for cost in costs)
    weights = tuple(float(cost.bytes) for cost in costs)
    score = Score(
        "bits_per_byte",
        "Bits per byte",
        "bits per byte",
        "lower",
        "How surprised the model is by real stories that it has not read, story ends included. "
        "It does not depend on the vocabulary. A hundredth of a bit is little, a tenth is much.",
        SECTION,
        of_mean(each, weights),
        HELD_OUT,
        each,
        weights,
    )
    return [score, *_by_place(stories, read), *_by_name(stories, read)]


def _by_place(stories: Sequence[str], read: Sequence["TokenNats"]) -> list[Score]:
    """Return the bits per byte of the words at each place of a story."""
    found = [by_position(text, story) for text, story in zip(stories, read, strict=True)]
    scores = []
    for span in _spans(found):
        costs = [places.get(span) for places in found]
        each = tuple(cost.bits_per_byte if cost and cost.bytes else None for cost in costs)
        weights = tuple(float(cost.bytes) if cost else 0.0 for cost in costs)
        scores.append(
            Score(
                f"bits_per_byte@{span}",
                f"Bits per byte, words {span}",
                "bits per byte",
                "lower",
                "The same for words at this place of the story: what has been read so far helps.",
                SECTION,
                of_mean(each, weights),
                HELD_OUT,
                each,
                weights,
            )
        )
    return scores


def _by_name(stories: Sequence[str], read: Sequence["TokenNats"]) -> list[Score]:
    """Return the bits that names cost that were said before, and those by how long ago."""
    found = [by_distance(text, story) for text, story in zip(stories, read, strict=True)]
    old = [_joined(bits) for bits in found]
    parts = {span: [bits.get(span, []) for bits in found] for span in _spans(found)}
    return [
        _name_score(
            "name_bits",
            "Bits for a name said before",
            "How surprised the model is when a character is named again. Where the number grows "
            "with the distance, the model forgets whom the story is about.",
            old,
        ),
        *(
            _name_score(
                f"name_bits@{span}",
                "Bits for a new name" if span == "new" else f"Bits for a name, {span} words later",
                "The same for names last said so many words ago.",
                bits,
            )
            for span, bits in parts.items()
        ),
    ]


def _joined(bits: Mapping[str, Sequence[float]]) -> list[float]:
    return [bit for span, some in bits.items() if span != "new" for bit in some]


def _name_score(name: str, title: str, about: str, bits: Sequence[Sequence[float]]) -> Score:
    each = tuple(sum(some) / len(some) if some else None for some in bits)
    weights = tuple(float(len(some)) for some in bits)
    interval = of_mean(each, weights)
    return Score(name, title, "bits", "lower", about, SECTION, interval, HELD_OUT, each, weights)


def _spans(found: Sequence[Mapping[str, object]]) -> list[str]:
    """Return the keys of all, ``new`` first, then by the number that they begin with."""
    spans = {span for places in found for span in places}
    return sorted(spans, key=lambda s: -1 if s == "new" else int(s.split("-")[0].rstrip("+")))
