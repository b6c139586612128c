"""Searches, by a run that is a formula: what is tried, what is ended early, what a kill leaves."""

import math
from pathlib import Path

import pytest
from filelock import FileLock

from tinystories.errors import Pruned, UserError

optuna = pytest.importorskip("optuna")

from tinystories import search as searching  # noqa: E402 - only where there is Optuna
from tinystories.search import search  # noqa: E402

SPACE = {
    "rate": {"low": 0.001, "high": 1.0, "log": True},
    "depth": {"low": 1, "high": 8},
    "cell": {"choices": ["gru", "lstm"]},
}


class Killed(BaseException):
    pass


@pytest.fixture
def trained(monkeypatch):
    """Replace training by a formula; return the runs, and at which of them to be killed."""
    runs: list[tuple[str, dict]] = []
    killed: list[int] = []

    def train_one(settings, folder, command, report):
        number = int(folder.name)
        runs.append((folder.name, settings))
        final = math.log10(settings["rate"]) ** 2 + settings["depth"]
        try:
            for validation in range(1, 6):
                if number in killed and validation == 3:
                    killed.remove(number)
                    raise Killed
                report(validation, final + 1 / validation)
        except Pruned as why:
            (folder / "pruned.txt").write_text(str(why))
            return math.nan
        return math.nan if number == 1 else final

    monkeypatch.setattr(searching, "train_one", train_one)
    return runs, killed


def described(overrides: list[str], folder: Path):
    values = dict(override.split("=") for override in overrides)
    assert values["cell"] in ("gru", "lstm")
    return {"rate": float(values["rate"]), "depth": int(values["depth"])}, "python train.py"


def states(folder: Path) -> list[str]:
    study = optuna.load_study(study_name="search", storage=f"sqlite:///{folder / 'study.db'}")
    return [trial.state.name for trial in study.get_trials()]


def test_a_search_ends_bad_trials_early_and_returns_the_best(trained, tmp_path):
    best = search({"trials": 12, "space": SPACE}, 1, tmp_path, described)
    runs, _ = trained
    assert [name for name, _ in runs] == [str(number) for number in range(12)]
    ended = states(tmp_path)
    assert ended[1] == "FAIL"
    assert set(ended) == {"FAIL", "COMPLETE", "PRUNED"}
    assert "PRUNED" not in ended[: searching.STARTUP_TRIALS]
    assert best == min(math.log10(s["rate"]) ** 2 + s["depth"] for n, s in runs if n != "1")
    why = (tmp_path / str(ended.index("PRUNED")) / "pruned.txt").read_text()
    assert "at validation 3, worse than half" in why


def test_a_killed_search_tries_what_it_would_have_tried(trained, tmp_path):
    runs, killed = trained
    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
    plan = {"trials": 8, "space": SPACE}
    best = search(plan, 1, tmp_path / "whole", described)
    whole = runs.copy()
    runs.clear()
    killed += [4, 7]
    for _ in (4, 7):
        with pytest.raises(Killed):
            search(plan, 1, tmp_path / "killed", described)
        assert states(tmp_path / "killed")[-1] == "RUNNING"
    assert search(plan, 1, tmp_path / "killed", described) == best
    assert [name for name, _ in runs].count("4") == 2
    assert [run for place, run in enumerate(runs) if run not in runs[:place]] == whole
    assert search(plan, 1, tmp_path / "killed", described) == best
    assert len(states(tmp_path / "killed")) == 8


def test_a_trial_that_another_process_trains_is_left_to_it(trained, tmp_path):
    runs, killed = trained
    killed.append(0)
    plan = {"trials": 3, "space": SPACE}
    with pytest.raises(Killed):
        search(plan, 1, tmp_path, described)
    with FileLock(tmp_path / "0" / ".trial.lock", is_singleton=False):
        search(plan, 1, tmp_path, described)
    assert [name for name, _ in runs] == ["0", "1", "2"]
    assert states(tmp_path) == ["RUNNING", "FAIL", "COMPLETE"]


def test_a_search_without_trials_is_refused(tmp_path):
    with pytest.raises(UserError, match="must be a whole number from 1 up, got 0"):
        search({"trials": 0, "space": SPACE}, 1, tmp_path, described)


@pytest.mark.parametrize("among", [{"low": 1}, {"low": 2, "high": 1}, {"choices": 3}])
def test_a_space_that_is_none_is_refused_in_one_line(trained, tmp_path, among):
    with pytest.raises(UserError, match=r"search\.space gives depth as"):
        search({"trials": 2, "space": {"depth": among}}, 1, tmp_path, described)
