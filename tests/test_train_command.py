"""``train.py`` as a user runs it: its errors, its exit codes, several processes, a resumed run."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tinystories.metrics_file import read_metrics

ROOT = Path(__file__).parent.parent
SMALL = [
    "data.folder=data",
    "data.vocab=60",
    "data.context=32",
    "model.width=48",
    "model.depth=2",
    "trainer.threads=1",
    "trainer.log_every_n_steps=1",
    "trainer.accelerator=cpu",
    "validations=3",
    "hydra.run.dir=run",
]


def start(folder: Path, *arguments: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, str(ROOT / "train.py"), *arguments],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(folder: Path, *arguments: str) -> tuple[int, str, str]:
    process = start(folder, *arguments)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


@pytest.fixture
def folder(tmp_path, corpus_file):
    (tmp_path / "stories.txt").write_bytes(corpus_file.read_bytes())
    return tmp_path


@pytest.mark.parametrize(
    ("argument", "complaint"),
    [
        ("data.vocb=3", "Could not override 'data.vocb'"),
        (
            "model=cnn",
            "Could not find 'model/cnn' Available options in 'model': gru lstm rnn transformer",
        ),
        ("model.depth", "missing EQUAL"),
        ("resume=nowhere", "wanted a run to resume"),
        ("resume=. minutes=3", "goes on with the run's own settings, got minutes=3 too"),
    ],
)
def test_a_wrong_command_is_answered_in_one_line(folder, argument, complaint):
    (folder / ".hydra").mkdir()
    (folder / ".hydra" / "config.yaml").touch()
    code, _, err = run(folder, *argument.split())
    assert code == 2
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert complaint in err


def test_bad_data_is_answered_in_one_line(folder):
    (folder / "stories.txt").write_bytes(b"\x00\x01\x02" * 100)
    code, _, err = run(folder, "data.source=stories.txt", *SMALL)
    assert code == 2
    assert err.startswith("error: ")
    assert err.count("\n") == 1


def test_a_folder_that_cannot_be_written_is_answered_in_one_line(folder):
    code, _, err = run(folder, "data.source=stories.txt", *SMALL, "hydra.run.dir=stories.txt/run")
    assert code == 2
    assert err.startswith("error: wanted to read or write a file, but: Not a directory")
    assert err.count("\n") == 1


@pytest.mark.slow
def test_two_processes_learn_the_same_as_one(folder):
    arguments = ["data.source=stories.txt", *SMALL, "trainer.max_steps=12"]
    code, _, err = run(folder, *arguments)
    assert code == 0, err
    several = ["trainer=ddp", "trainer.devices=2", "hydra.run.dir=two"]
    code, _, err = run(folder, *arguments, *several)
    assert code == 0, err
    one, two = (read_metrics(folder / name / "metrics.csv") for name in ("run", "two"))
    curves = [
        {(step, name): value for step, name, value in rows if name in ("train/loss", "val/bpb")}
        for rows in (one, two)
    ]
    assert len(curves[0]) == 12 + 3
    assert curves[1] == pytest.approx(curves[0], rel=1e-4)
    seen = [[value for _, name, value in rows if name == "train/tokens"] for rows in (one, two)]
    assert seen[0] == seen[1]


@pytest.mark.slow
def test_a_killed_run_is_resumed_by_its_folder_alone(folder):
    arguments = ["data.source=stories.txt", *SMALL, "trainer.max_steps=300", "validations=10"]
    process = start(folder, *arguments)
    while not (folder / "run" / "checkpoints" / "last.ckpt").exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    moved = (folder / "run").rename(folder / "Anna's run, 2 ü")
    assert not (moved / "model").exists()
    config = moved / ".hydra" / "config.yaml"
    before = config.stat().st_mtime_ns

    code, _, err = run(folder, f"resume={moved.name}")
    assert code == 0, err
    steps = [s for s, name, _ in read_metrics(moved / "metrics.csv") if name == "val/bpb"]
    assert steps == list(range(29, 300, 30))
    card = json.loads((moved / "model" / "card.json").read_text())
    began = card["training"]["command"]
    assert began.startswith("python train.py data.source=stories.txt")
    assert "trainer.max_steps=300" in began
    assert "resume" not in began
    # Hydra would have emptied it first: killed there, the run could not be resumed any more.
    assert config.stat().st_mtime_ns == before


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_who_asks_it_to_end_gets_a_model_and_exit_code_zero(folder, asked):
    process = start(folder, "data.source=stories.txt", *SMALL, "trainer.max_steps=100000")
    while not (folder / "run" / "metrics.csv").exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(asked)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "Traceback" not in err
    assert (folder / "run" / "model" / "card.json").exists()


def test_it_can_be_asked_to_end_before_it_trains(folder):
    process = start(folder, "data.source=stories.txt", *SMALL, "trainer.max_steps=100000")
    while not (folder / "run" / ".hydra").exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.terminate()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "stopped" in err
    assert "Traceback" not in err
