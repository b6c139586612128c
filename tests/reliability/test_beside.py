"""Evaluation beside training: neither disturbs the other."""

import subprocess
import sys

import crashes
import pytest

from tinystories.evaluation import asking
from tinystories.evaluation.evaluate import Wish, evaluate
from tinystories.runs import read_run


def begin(shared, folder, *settings):
    command = [sys.executable, str(crashes.ROOT / "train.py"), *crashes.Training.settings(shared)]
    return subprocess.Popen(
        [*command, f"hydra.run.dir={folder}", *settings],
        cwd=shared,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_evaluation_and_training_come_to_the_same_alone_and_beside_each_other(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(asking, "ask", lambda *_, **__: asking.Asked((), {}))  # It takes longest.
    stories = tmp_path / "stories.txt"
    stories.write_text("\n\n".join(crashes.tales(300)), encoding="utf-8")
    much = "trainer.max_steps=1000", "validations=50"
    alone, beside = tmp_path / "alone", tmp_path / "beside"

    def judged(number):
        where = {"data": tmp_path / "no", "kept": tmp_path / f"anchors-{number}"}
        wish = Wish(count=8, quick=True, on=stories, out=tmp_path / str(number), **where)
        return evaluate(read_run(alone), wish).scores

    assert begin(tmp_path, alone, *much).wait() == 0
    wanted = repr(judged(0))  # NaN is not NaN.
    training, count = begin(tmp_path, beside, *much), 0
    try:
        while training.poll() is None:
            count += 1
            assert repr(judged(count)) == wanted
    finally:
        training.kill()
        assert training.wait() == 0
    assert count
    assert crashes.outcome(beside) == crashes.outcome(alone)
