"""Sweeps: runs that do not depend on each other, killed and gone on with."""

import csv
import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from filelock import FileLock
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from tinystories.metrics_file import read_metrics
from tinystories.sweeps import as_csv, as_table, results, state_of, train_one
from tinystories.training import train

ROOT = Path(__file__).parent.parent
SMALL = [
    "data.vocab=60",
    "data.context=32",
    "data.batch=4",
    "data.processes=1",
    "model.width=48",
    "trainer.accelerator=cpu",
    "trainer.log_every_n_steps=1",
    "validations=3",
]


class Killed(BaseException):
    pass


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def settings(corpus_file, data_folder):
    overrides = [f"data.source={corpus_file}", f"data.folder={data_folder}", *SMALL]
    overrides += ["trainer.max_steps=12", "trainer.threads=1", "model.depth=1", "model=rnn"]
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        return OmegaConf.to_container(compose("train", overrides), resolve=True)


@pytest.fixture
def kill(monkeypatch):
    """Arrange that the next training ends at a step as if it were killed."""

    def arrange(at: int, how: BaseException) -> None:
        def end(self, trainer, *_):
            if trainer.global_step == at:
                monkeypatch.undo()
                raise how

        monkeypatch.setattr("tinystories.callbacks.PoliteStop.on_train_batch_end", end)

    return arrange


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]


@pytest.mark.parametrize("step", [3, 7])
def test_a_killed_run_goes_on_to_the_weights_of_one_that_ran_alone(settings, tmp_path, kill, step):
    """Killed before its first checkpoint (step 4), it begins again."""
    kill(step, Killed())
    with pytest.raises(Killed):
        train_one(settings, tmp_path / "0")
    assert state_of(tmp_path / "0") == "interrupted"
    assert (tmp_path / "0" / "checkpoints").exists() == (step > 4)
    bpb = train_one(settings, tmp_path / "0")
    assert bpb == train(settings, tmp_path / "alone")
    ours, alone = weights(tmp_path / "0"), weights(tmp_path / "alone")
    assert all(torch.equal(ours[name], alone[name]) for name in alone)
    curves = [read_metrics(tmp_path / run / "metrics.csv") for run in ("0", "alone")]
    ours, alone = (sorted(row for row in rows if "per_s" not in row[1]) for rows in curves)
    assert ours == alone


def test_a_finished_run_is_kept(settings, tmp_path):
    bpb = train_one(settings, tmp_path / "0")
    before = (tmp_path / "0" / "model" / "card.json").stat().st_mtime_ns
    assert train_one(settings, tmp_path / "0") == bpb
    assert (tmp_path / "0" / "model" / "card.json").stat().st_mtime_ns == before


def test_a_failed_run_says_why_and_is_tried_again(settings, tmp_path, kill):
    kill(7, RuntimeError("the disk\nburns"))
    handlers = signal.getsignal(signal.SIGINT)
    assert math.isnan(train_one(settings, tmp_path / "0"))
    assert state_of(tmp_path / "0") == "failed"
    text = (tmp_path / "0" / "failed.txt").read_text()
    assert text.startswith("RuntimeError: the disk burns\n\nTraceback")
    assert signal.getsignal(signal.SIGINT) is handlers
    assert train_one(settings, tmp_path / "0") < 8
    assert state_of(tmp_path / "0") == "finished"
    assert not (tmp_path / "0" / "failed.txt").exists()


def test_a_run_that_another_process_trains_is_left_alone(settings, tmp_path):
    with FileLock(tmp_path / ".lock", is_singleton=False):
        assert state_of(tmp_path) == "running"
        assert math.isnan(train_one(settings, tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_ctrl_c_stops_the_sweep_and_leaves_the_run_to_be_resumed(settings, tmp_path, monkeypatch):
    def press(self, trainer, *_):
        if trainer.global_step == 6:
            monkeypatch.undo()
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr("tinystories.callbacks.Progress.on_train_batch_end", press)
    with pytest.raises(KeyboardInterrupt):
        train_one(settings, tmp_path / "0")
    assert state_of(tmp_path / "0") == "interrupted"
    assert train_one(settings, tmp_path / "0") == train(settings, tmp_path / "alone")


def test_several_processes_for_one_run_are_refused(settings, tmp_path):
    settings["trainer"]["devices"] = 2
    train_one(settings, tmp_path / "0")
    assert "is trained by one process" in (tmp_path / "0" / "failed.txt").read_text()


def run_folder(sweep: Path, number: int, overrides: str, **outcome: Any) -> None:
    folder = sweep / str(number)
    (folder / ".hydra").mkdir(parents=True)
    OmegaConf.save(overrides.split(), folder / ".hydra" / "overrides.yaml")
    if "failed" in outcome:
        (folder / "failed.txt").write_text(outcome["failed"] + "\n\nTraceback")
    if "val_bpb" in outcome:
        card = {
            "format": 1,
            "model": {"family": "rnn", "arguments": {}},
            "parameters": {"total": 3000000},
            "training": {"finished": True, "tokens": 500, "seconds": 12.5},
            "data": {"source": {"kind": "local"}},
            "files": {"weights.safetensors": ""},
            "vocab": {},
            **outcome,
        }
        (folder / "model").mkdir()
        (folder / "model" / "card.json").write_text(json.dumps(card))


def test_the_table_shows_what_differs_and_what_went_wrong(tmp_path):
    run_folder(tmp_path, 2, "model=rnn data.vocab=60 resume=x", failed="no room")
    run_folder(tmp_path, 10, "model=rnn data.vocab=60 seed=2")
    run_folder(tmp_path, 1, "model=transformer data.vocab=60", val_bpb=1.23456)
    rows = results(tmp_path)
    read = csv.DictReader(as_csv(rows).splitlines())
    assert [list(row.values()) for row in read] == [
        ["1", "transformer", "", "3000000", "500", "12.5", "1.23456", "finished", ""],
        ["2", "rnn", "", "", "", "", "", "failed", "no room"],
        ["10", "rnn", "2", "", "", "", "", "interrupted", ""],
    ]
    assert as_table(rows).splitlines() == [
        "run  model        seed  parameters  tokens  seconds  val_bpb  state        why",
        "1    transformer        3,000,000   500     12       1.2346   finished",
        "2    rnn                                                      failed       no room",
        "10   rnn          2                                           interrupted",
    ]


def start(folder: Path, *arguments: str, **environment: str) -> subprocess.Popen:
    inherited = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    return subprocess.Popen(
        [sys.executable, str(ROOT / "train.py"), *arguments],
        cwd=folder,
        env={**inherited, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.slow
def test_a_killed_sweep_goes_on_by_its_folder_alone(tmp_path, corpus_file):
    sweep = tmp_path / "a sweep"
    arguments = [
        *("-m", f"data.source={corpus_file}", "data.folder=data", *SMALL),
        *("model=rnn", "model.depth=1,0,2", "trainer.max_steps=30"),
        f"hydra.sweep.dir='{sweep}'",
    ]
    process = start(tmp_path, *arguments, OMP_NUM_THREADS="1")
    while not (sweep / "2" / "checkpoints" / "last.ckpt").exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    states = [state_of(sweep / number) for number in "012"]
    assert states == ["finished", "failed", "interrupted"]
    made = (sweep / "0" / "model" / "card.json").stat().st_mtime_ns

    process = start(tmp_path, "resume=a sweep", OMP_NUM_THREADS="1")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 1, err
    assert "1 of 3 runs are not finished" in out
    states = [state_of(sweep / number) for number in "012"]
    assert states == ["finished", "failed", "finished"]
    assert (sweep / "0" / "model" / "card.json").stat().st_mtime_ns == made
    steps = [s for s, name, _ in read_metrics(sweep / "2" / "metrics.csv") if name == "val/bpb"]
    assert steps == [9, 19, 29]
    with (sweep / "results.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["model.depth"] for row in rows] == ["1", "0", "2"]
    assert "model.depth must be a whole number" in rows[1]["why"]
    card = json.loads((sweep / "2" / "model" / "card.json").read_text())
    assert card["training"]["command"].endswith("model.depth=2 trainer.max_steps=30")

    process = start(tmp_path, *arguments)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 2
    assert "holds a sweep already" in err


@pytest.mark.slow
def test_a_killed_search_goes_on_by_its_folder_alone(tmp_path, corpus_file):
    arguments = [f"data.source={corpus_file}", "data.folder=data", *SMALL, "trainer.threads=1"]
    arguments += ["model=rnn", "trainer.max_steps=30", "search.trials=2"]
    process = start(tmp_path, "sweep=search", *arguments, "hydra.sweep.dir=search")
    while not (tmp_path / "search" / "0" / "checkpoints" / "last.ckpt").exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()

    process = start(tmp_path, "resume=search")
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert "the best is trial" in out
    rows = results(tmp_path / "search")
    assert [(row["run"], row["state"]) for row in rows] == [("0", "finished"), ("1", "finished")]
    assert {"optimizer.muon_lr", "model.depth"} <= set(rows[0])
    steps = read_metrics(tmp_path / "search" / "0" / "metrics.csv")
    assert [s for s, name, _ in steps if name == "val/bpb"] == [9, 19, 29]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("launcher", "option"),
    [("joblib", "hydra.launcher.n_jobs=2"), ("submitit_local", "trainer.threads=1")],
)
def test_runs_side_by_side_share_the_cores(tmp_path, corpus_file, launcher, option):
    pytest.importorskip(f"hydra_plugins.hydra_{launcher.split('_')[0]}_launcher")
    process = start(
        tmp_path,
        *("-m", f"hydra/launcher={launcher}", option, "hydra.sweep.dir=sweep"),
        *(f"data.source={corpus_file}", "data.folder=data", "model.depth=1"),
        # As by default, a run starts processes of its own to prepare the data.
        *(setting for setting in SMALL if not setting.startswith("data.processes")),
        *("trainer.max_steps=12", "model=transformer,rnn"),
    )
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    share = 1 if launcher == "submitit_local" else max(1, len(os.sched_getaffinity(0)) // 2)
    for number, row in enumerate(results(tmp_path / "sweep")):
        assert row["state"] == "finished"
        card = (tmp_path / "sweep" / str(number) / "model" / "card.json").read_text()
        assert json.loads(card)["training"]["threads"] == share
