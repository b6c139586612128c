from functools import partial

import pytest
from see_through import STORIES

from tinystories.evaluation.likelihood import story_nats
from tinystories.evaluation.understanding import TASKS, understanding


@pytest.fixture(scope="module")
def answers(teller):
    scorer = partial(story_nats, teller.model, teller.vocabulary)
    return understanding(scorer, STORIES, every=4)


def test_every_task_is_answered(answers):
    assert list(answers) == [task.name for task in TASKS]
    assert all(answers.values())
    assert all(one.kind == name for name, some in answers.items() for one in some)


def test_items_have_names_of_their_own(answers):
    for some in answers.values():
        assert len({one.item for one in some}) == len(some)


def test_a_model_that_has_learned_nothing_is_near_chance(answers):
    for task in TASKS:
        if len(answers[task.name]) >= 50:
            share = sum(one.right for one in answers[task.name]) / len(answers[task.name])
            assert share == pytest.approx(task.chance, abs=0.15), task.name


def test_chance_is_one_over_the_endings():
    for task in TASKS:
        for item in task.items(STORIES):
            assert task.chance == pytest.approx(1 / len(item.endings))
