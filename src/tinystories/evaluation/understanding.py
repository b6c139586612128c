"""Everything that is asked of a model by what it expects: grammar, meaning, memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tinystories.evaluation.answers import Answer, Item, Rule, answer
from tinystories.evaluation.choices import choices
from tinystories.evaluation.endings import WRONG, ending_items
from tinystories.evaluation.entities import entity_items
from tinystories.evaluation.likelihood import Scorer
from tinystories.evaluation.pairs import minimal_pairs


@dataclass(frozen=True)
class Task:
    """Questions of one kind. Its number is the share that is answered right; higher is better.

    Args:
        name: short and speaking, as in ``scores.json``.
        title: as in a table.
        chance: the share that is right by chance.
        about: one or two sentences that tell a teacher what the number means.
        rule: what an ending is judged by; see :func:`~tinystories.evaluation.answers.answer`.
        items: makes the questions, from held-out stories if it needs any.
    """

    name: str
    title: str
    chance: float
    about: str
    rule: Rule
    items: Callable[[Sequence[str]], list[Item]]


TASKS = (
    Task(
        "pairs",
        "Grammar (minimal pairs)",
        1 / 2,
        "Of two sentences that differ in a word or two, how often is the one in good English "
        "likelier to the model? Half is chance. Where agreement goes across a phrase, the noun "
        "next to the verb always misleads: a model that looks only at it falls below half.",
        "sum",
        lambda _: minimal_pairs(),
    ),
    Task(
        "facts",
        "Facts",
        1 / 3,
        "What colour is the sky, who says moo: how often is the right ending likelier than two "
        "wrong ones? A third is chance.",
        "sum",
        lambda _: choices("facts"),
    ),
    Task(
        "reasoning",
        "Reasoning",
        1 / 3,
        "What follows from the story, as a broken cup from a fall: how often is the right ending "
        "likelier than two wrong ones? A third is chance.",
        "sum",
        lambda _: choices("reasoning"),
    ),
    Task(
        "context",
        "Keeping to the context",
        1 / 3,
        "Who or what was it that the story spoke of: how often does the beginning raise the right "
        "ending more than two wrong ones? A third is chance.",
        "lift",
        lambda _: choices("context"),
    ),
    Task(
        "entities",
        "Keeping track of things",
        1 / 3,
        "Who has the ball, where is it, how many are there, after it changed hands, places or "
        "number up to four times? A third is chance, and all that simple habits reach.",
        "sum",
        lambda _: entity_items(),
    ),
    Task(
        "endings",
        "Story endings",
        1 / (1 + WRONG),
        "How often does a story raise its true last sentence more than those of three other "
        "stories with the names exchanged? A quarter is chance.",
        "lift",
        ending_items,
    ),
)


def understanding(
    scorer: Scorer, stories: Sequence[str], *, every: int = 1
) -> dict[str, list[Answer]]:
    """Ask a model everything; return its answers by the names of :data:`TASKS`.

    Args:
        scorer: the model; see :mod:`~tinystories.evaluation.likelihood`.
        stories: real ones that it has not learned from; without any there are no endings.
        every: asks each ``every``-th item only. Answers of two models are paired by their item.
    """
    return {
        task.name: answer(task.name, task.items(stories)[::every], scorer, task.rule)
        for task in TASKS
    }
