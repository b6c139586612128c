"""Crashes, full disks, folders that move: nothing corrupt is read, nothing finished is lost."""

import random
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import crashes
import pytest

from gui.library import Library
from tinystories.data.pipeline import prepare
from tinystories.errors import UserError
from tinystories.runs import find_runs
from tinystories.storyteller import Storyteller

linux = pytest.mark.skipif(sys.platform != "linux", reason="the harness forks")


def kill(*arguments: str) -> str:
    """Run the harness in a process that has no threads yet, since it forks."""
    command = [sys.executable, str(Path(crashes.__file__)), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@linux
def test_jobs_killed_at_any_moment_end_as_undisturbed_ones():
    said = kill("data", "stories", "--kills", "4")
    assert said.count("4 kills") == 2


@linux
@pytest.mark.long
@pytest.mark.timeout(3600)
def test_every_job_survives_thirty_kills():
    assert kill("--kills", "30").count("30 kills") == len(crashes.JOBS)


def test_a_model_is_never_half_there_while_it_is_saved(teller, tmp_path, monkeypatch):
    """Between its two renames a kill leaves the old one aside; the run's checkpoints have it."""
    teller.save(tmp_path / "model")
    monkeypatch.setattr(Path, "rename", lambda old, new: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        teller.save(tmp_path / "model")
    monkeypatch.undo()
    assert [run.folder.name for run in find_runs(tmp_path)] == ["model"]
    teller.save(tmp_path / "model")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert Storyteller.load(tmp_path).tell("Anna", seed=1, length=3)


def test_a_vote_after_one_that_was_cut_short_is_not_lost(tmp_path):
    library = Library(tmp_path)
    library.vote("one", "other")
    with (tmp_path / "votes.jsonl").open("a") as file:
        file.write('{"better": "one", "wo')
    library.vote("one", "other")
    assert library.votes("one", "other") == (2, 0, 0)


# --- The disk ---------------------------------------------------------------------------------


@pytest.fixture
def disk(tmp_path):
    """A disk of 256 kB; where none may be mounted there is no such test."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(place)]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root may mount a disk")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(disk: Path) -> None:
    with suppress(OSError), (disk / "full").open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass


def test_a_full_disk_is_told_and_costs_nothing_that_was_there(teller, corpus_file, disk):
    library = Library(disk)
    kept = library.save(crashes.Stories.story(1))
    teller.save(disk / "model")
    fill(disk)
    for act in (
        lambda: library.save(crashes.Stories.story(2)),
        lambda: library.vote("one", "other"),
        lambda: teller.save(disk / "model"),
    ):
        with pytest.raises(OSError, match="No space left"):
            act()
    with pytest.raises(UserError, match="No space left on device; free some") as raised:
        prepare(str(corpus_file), vocab=60, tokenizer={"kind": "words"}, folder=disk, processes=1)
    assert "\n" not in str(raised.value)
    assert library.stories() == ([kept], [])
    assert Storyteller.load(disk, "numpy").tell("Anna", seed=1, length=3)
    (disk / "full").unlink()
    assert library.save(crashes.Stories.story(2)).title == "2"


def test_a_read_only_disk_is_told(corpus_file, disk):
    library = Library(disk)
    kept = library.save(crashes.Stories.story(1))
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    with pytest.raises(OSError, match="Read-only"):
        library.save_draft(crashes.Stories.story(2))
    with pytest.raises(UserError, match="Read-only file system; choose another folder"):
        prepare(str(corpus_file), vocab=60, tokenizer={"kind": "words"}, folder=disk, processes=1)
    assert library.stories() == ([kept], [])


def test_files_that_vanish_are_named(teller, corpus_file, tmp_path):
    made = prepare(
        str(corpus_file), vocab=60, tokenizer={"kind": "words"}, folder=tmp_path, processes=1
    )
    shutil.rmtree(made.corpus.folder)
    with pytest.raises(UserError, match=r"wanted to read .*No such file"):
        list(made.corpus.stories("train"))
    again = prepare(
        str(corpus_file), vocab=60, tokenizer={"kind": "words"}, folder=tmp_path, processes=1
    )
    assert again.shards == made.shards
    with pytest.raises(UserError, match="found no card"):
        Storyteller.load(tmp_path / "gone")


# --- Others at work ---------------------------------------------------------------------------


def together(script: str, *arguments: tuple[object, ...]) -> None:
    """Run a script in one process for each tuple of arguments, all at once."""
    command = [sys.executable, "-c", script]
    started = [subprocess.Popen([*command, *map(str, some)]) for some in arguments]
    assert [process.wait() for process in started] == [0] * len(started)


def test_two_processes_that_prepare_the_same_data_make_it_once(corpus_file, tmp_path):
    script = (
        "import sys; from tinystories.data.pipeline import prepare;"
        "prepare(sys.argv[1], vocab=60, tokenizer={'kind': 'words'}, folder=sys.argv[2],"
        " processes=1)"
    )
    together(script, *[(corpus_file, tmp_path / "many")] * 2)
    kind = {"kind": "words"}
    prepare(str(corpus_file), vocab=60, tokenizer=kind, folder=tmp_path / "one", processes=1)
    assert crashes.hashes(tmp_path / "many") == crashes.hashes(tmp_path / "one")


def test_two_writers_of_one_file_leave_one_of_theirs(tmp_path):
    script = """
import sys
from pathlib import Path
from tinystories.files import write_atomically
for _ in range(50):
    write_atomically(Path(sys.argv[1]), sys.argv[2] * 100_000)
    assert Path(sys.argv[1]).read_text() in ("a" * 100_000, "b" * 100_000)
"""
    together(script, (tmp_path / "file", "a"), (tmp_path / "file", "b"))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_clock_that_jumps_disturbs_nothing(teller, corpus_file, tmp_path, monkeypatch):
    jumps = random.Random(0)
    monkeypatch.setattr(time, "time", lambda: jumps.uniform(-1e9, 4e9))
    monkeypatch.setattr(time, "time_ns", lambda: int(jumps.uniform(0, 4e18)))
    made = prepare(
        str(corpus_file), vocab=60, tokenizer={"kind": "words"}, folder=tmp_path, processes=1
    )
    again = prepare(
        str(corpus_file), vocab=60, tokenizer={"kind": "words"}, folder=tmp_path, processes=1
    )
    assert again.shards == made.shards
    teller.save(tmp_path / "model")
    assert Storyteller.load(tmp_path, "numpy").tell("Anna", seed=1, length=3)
