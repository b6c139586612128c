"""Questions with one right answer among several, and how a model answers: by what it expects."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tinystories.evaluation.likelihood import Scorer, continuations

NEUTRAL = "The"
"""A beginning that says nothing about any ending; see :func:`answer`."""

Rule = Literal["sum", "per byte", "lift"]


@dataclass(frozen=True)
class Item:
    """A beginning, the ending that is right and those that are wrong.

    Args:
        name: unlike that of any other item.
        part: the group that it is counted in: a phenomenon, a number of steps.
        beginning: of the story; may be empty.
        endings: the right one first; a blank comes between.
    """

    name: str
    part: str
    beginning: str
    endings: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """What a model made of one item.

    Args:
        kind: the task, ``pairs``.
        part: as in :class:`Item`.
        item: the item's name, by which the answers of two models are paired.
        right: whether the right ending was expected most.
        margin: nats (nats per byte under that rule) by which it won or lost.
    """

    kind: str
    part: str
    item: str
    right: bool
    margin: float


def answer(kind: str, items: Sequence[Item], scorer: Scorer, rule: Rule) -> list[Answer]:
    """Let a model choose an ending for every item.

    Args:
        kind: the task's name.
        items: the questions.
        scorer: the model.
        rule: what an ending is judged by: ``sum``, its log-probability; ``per byte``, the same
            over its bytes, so that a longer one is not worse for its length; ``lift``, how much
            likelier it is here than after a beginning that says nothing, so that a common one is
            not better for being common (Holtzman et al. 2021, arXiv:2104.08315, section 3).
    """
    endings = [item.endings for item in items]
    costs = continuations(scorer, [item.beginning for item in items], endings)
    scores = [[-cost.nats for cost in some] for some in costs]
    if rule == "per byte":
        scores = [[-cost.nats / cost.bytes for cost in some] for some in costs]
    elif rule == "lift":
        alone = continuations(scorer, [NEUTRAL] * len(items), endings)
        scores = [
            [there.nats - here.nats for here, there in zip(*pair, strict=True)]
            for pair in zip(costs, alone, strict=True)
        ]
    answers = []
    for item, (right, *wrong) in zip(items, scores, strict=True):
        margin = right - max(wrong)
        answers.append(Answer(kind, item.part, item.name, margin > 0, margin))
    return answers
