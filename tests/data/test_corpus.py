import errno
import json
import logging
import random
import re
import subprocess
import sys
import time
import tracemalloc
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from made_up import STORIES, make_story, put_hub, write_txt

from tinystories.data import corpus as stage
from tinystories.data.corpus import Corpus, prepare_corpus
from tinystories.data.sources import HUB_NAME, HubError
from tinystories.errors import UserError
from tinystories.files import read_json

pytestmark = pytest.mark.usefixtures("no_network")


def everything(corpus: Corpus) -> list[str]:
    return sorted([*corpus.stories("train"), *corpus.stories("validation")])


def files_of(corpus: Corpus) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in corpus.folder.iterdir()}


# --- Splits, copies, limits -------------------------------------------------------------------


def test_what_is_set_aside_does_not_depend_on_order(tmp_path: Path) -> None:
    forward = prepare_corpus(str(write_txt(tmp_path / "a.txt")), tmp_path)
    backward = prepare_corpus(str(write_txt(tmp_path / "b.txt", STORIES[::-1])), tmp_path)
    assert set(forward.stories("validation")) == set(backward.stories("validation"))
    assert list(forward.stories("train")) == list(backward.stories("train"))[::-1]


def test_every_dropped_story_is_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    folder = tmp_path / "stories"
    folder.mkdir()
    near = STORIES[3].replace("Story", "Tale")
    leaked = [STORIES[50].upper(), STORIES[51].replace("Story", "Tale")]
    bad = ["Too short.", "   ", STORIES[7][:-1], "Bro\ufffdken " + STORIES[8], "Short."]
    (folder / "train.jsonl").write_text(
        "\n".join(map(json.dumps, [*STORIES[:20], STORIES[2].lower(), near, *leaked, *bad]))
    )
    write_txt(folder / "valid.txt", STORIES[50:60])

    corpus = prepare_corpus(str(folder), tmp_path)
    assert list(corpus.stories("train")) == STORIES[:20]
    assert list(corpus.stories("validation")) == STORIES[50:60]
    assert corpus.index["dropped"] == {
        "cut off": 1,
        "empty": 1,
        "exact duplicate": 1,
        "in validation": 2,
        "near duplicate": 1,
        "short": 2,
        "undecodable": 1,
    }
    assert caplog.messages[-1] == (
        "20 stories kept and 10 for validation; dropped: 1 cut off, 1 empty, 1 exact duplicate, "
        "2 in validation, 1 near duplicate, 2 short, 1 undecodable"
    )


def test_a_limit_reads_no_more_train_stories_and_all_of_validation(tmp_path: Path) -> None:
    folder = tmp_path / "stories"
    folder.mkdir()
    write_txt(folder / "train.txt", STORIES[:50])
    (folder / "train2.txt").write_bytes(b"\0")  # reading it would fail
    write_txt(folder / "valid.txt", STORIES[50:])
    corpus = prepare_corpus(str(folder), tmp_path, limit=10)
    assert list(corpus.stories("train")) == STORIES[:10]
    assert list(corpus.stories("validation")) == STORIES[50:]


@pytest.mark.parametrize("split", [True, False])
def test_copies_may_stay_in_train_but_none_of_a_validation_story(
    tmp_path: Path, split: bool
) -> None:
    long, held_out = (" ".join(map(make_story, range(n, n + 9))) for n in (200, 300))
    again = long + " The end."  # nearly a copy
    train = [*STORIES[50:], STORIES[50], long, again, again]
    if split:
        folder = tmp_path / "stories"
        folder.mkdir()
        source = folder
        write_txt(folder / "train.txt", [*train, STORIES[7], held_out + " The end."])
        write_txt(folder / "valid.txt", [*STORIES[:50], STORIES[3], held_out])
    else:
        source = write_txt(tmp_path / "a.txt", train)
    without = prepare_corpus(str(source), tmp_path)
    with_ = prepare_corpus(str(source), tmp_path, deduplicate=False)
    assert with_.folder != without.folder
    held = list(without.stories("validation"))
    assert list(with_.stories("validation")) == held
    kept = Counter(train)
    if split:
        assert with_.index["dropped"] == {"exact duplicate": 1, "in validation": 2}
    else:
        kept -= Counter(dict.fromkeys(held, 2))
    assert Counter(with_.stories("train")) == kept
    assert (with_.index["deduplicate"], without.index["deduplicate"]) == (False, True)


def test_files_are_numbered_and_hold_at_most_so_many_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "FILE_BYTES", 1_000)
    stories = [story.replace("a", "é") for story in STORIES]
    corpus = prepare_corpus(str(write_txt(tmp_path / "a.txt", stories)), tmp_path)
    for split in stage.SPLITS:
        said = corpus.index["splits"][split]
        files = corpus.files(split)
        assert [path.name for path in files] == [
            f"{split}-{number:05d}.parquet" for number in range(len(files))
        ]
        texts = [pq.read_table(path).column("text").to_pylist() for path in files]
        assert [story for text in texts for story in text] == list(corpus.stories(split))
        assert [len(text) for text in texts] == [file["stories"] for file in said["files"]]
        sizes = [sum(len(story.encode()) for story in text) for text in texts]
        assert sizes == [file["bytes"] for file in said["files"]]
        assert max(sizes) <= 1_000
        assert (said["stories"], said["bytes"]) == (sum(map(len, texts)), sum(sizes))
    assert len(corpus.files("train")) > 10


def test_a_prepared_corpus_is_itself_a_source(tmp_path: Path) -> None:
    first = prepare_corpus(str(write_txt(tmp_path / "a.txt")), tmp_path)
    second = prepare_corpus(str(first.folder), tmp_path)
    for split in stage.SPLITS:
        assert list(second.stories(split)) == list(first.stories(split))


# --- Made once, and again when something changed ----------------------------------------------


def test_a_corpus_is_made_once_and_again_when_its_source_changed(tmp_path: Path) -> None:
    path = write_txt(tmp_path / "a.txt")
    first = prepare_corpus(str(path), tmp_path / "made")
    before = first.files("train")[0].stat().st_mtime_ns
    again = prepare_corpus(str(path), tmp_path / "made", seed=5)  # the grammar's seed
    assert again == first
    assert again.files("train")[0].stat().st_mtime_ns == before
    assert read_json(first.folder / "index.json") == first.index

    write_txt(path, STORIES[:50])
    changed = prepare_corpus(str(path), tmp_path / "made")
    assert changed.index["fingerprint"] != first.index["fingerprint"]
    assert everything(changed) == sorted(STORIES[:50])
    assert prepare_corpus(str(path), tmp_path / "made", limit=9).folder != changed.folder


@pytest.mark.parametrize("lost", ["index.json", "train-00000.parquet"])
def test_a_damaged_corpus_is_made_again(tmp_path: Path, lost: str) -> None:
    path = write_txt(tmp_path / "a.txt")
    whole = files_of(prepare_corpus(str(path), tmp_path))
    (prepare_corpus(str(path), tmp_path).folder / lost).unlink()
    assert files_of(prepare_corpus(str(path), tmp_path)) == whole


CHILD = """
import sys
from pathlib import Path
from tinystories.data.corpus import prepare_corpus
print("ready", flush=True)
prepare_corpus(sys.argv[1], Path(sys.argv[2]))
"""


def start_child(source: Path, folder: Path) -> "subprocess.Popen[str]":
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(source), str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


def test_killing_a_build_at_any_moment_leaves_nothing_broken(tmp_path: Path) -> None:
    source = write_txt(tmp_path / "a.txt", [make_story(number) for number in range(15_000)])
    start = time.perf_counter()
    whole = files_of(prepare_corpus(str(source), tmp_path / "whole"))
    took = time.perf_counter() - start

    folder = tmp_path / "killed"
    draw = random.Random(0)
    cut_short = 0
    for n in range(6):
        with start_child(source, folder) as child:
            time.sleep(took * (n + draw.random()) / 6)
            child.kill()
        made = [path for path in folder.glob("corpus-*") if path.is_dir()]
        cut_short += any(".tmp-" in path.name for path in made)
        assert len(made) <= 1  # each build clears away what the killed one left
        for path in made:
            if ".tmp-" not in path.name:
                assert {file.name: file.read_bytes() for file in path.iterdir()} == whole
    assert cut_short
    assert files_of(prepare_corpus(str(source), folder)) == whole
    assert [path.name for path in folder.glob("*.tmp-*")] == []


def test_the_last_step_of_a_build_is_one_rename(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = Path.replace

    def killed(made: Path, target: Path) -> Path:
        if target.name == "index.json":
            return replace(made, target)
        assert sorted(path.name for path in made.iterdir()) == [
            "index.json",
            "train-00000.parquet",
            "validation-00000.parquet",
        ]
        assert not target.exists()
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        prepare_corpus(str(write_txt(tmp_path / "a.txt")), tmp_path)
    assert list(tmp_path.glob("corpus-*")) == []


def test_processes_that_ask_at_once_get_the_same_corpus(tmp_path: Path) -> None:
    source = write_txt(tmp_path / "a.txt", [make_story(number) for number in range(3_000)])
    folder = tmp_path / "made"
    children = [start_child(source, folder) for _ in range(2)]
    for child in children:
        with child:
            assert child.wait(60) == 0
    made = [path for path in folder.iterdir() if path.is_dir()]
    assert made == [prepare_corpus(str(source), folder).folder]


# --- The hub, or else what comes with the package ----------------------------------------------


@pytest.mark.usefixtures("grammar")
def test_the_grammar_follows_the_seed_and_validates_with_the_same_for_every_limit(
    tmp_path: Path,
) -> None:
    corpus = prepare_corpus("grammar", tmp_path, limit=100, seed=3)
    assert list(corpus.stories("train")) == [make_story(3 * 2**40 + n) for n in range(100)]
    assert (corpus.index["limit"], corpus.index["seed"]) == (100, 3)
    larger = prepare_corpus("grammar", tmp_path, limit=200, seed=3)
    validation = list(larger.stories("validation"))
    assert len(validation) == 4
    assert list(corpus.stories("validation")) == validation[:2]
    other = prepare_corpus("grammar", tmp_path, limit=100, seed=4)
    assert set(other.stories("train")).isdisjoint(corpus.stories("train"))


def test_embedded_stories_say_who_told_them_and_validate_with_the_same_for_every_limit(
    tmp_path: Path,
) -> None:
    corpus = prepare_corpus("embedded", tmp_path, limit=100)
    assert re.match(r"stories told by rnn-mingru of 0\.\d+ bits", corpus.index["source"]["name"])
    assert corpus.index["splits"]["train"]["stories"] == 100
    validation = list(corpus.stories("validation"))
    assert len(validation) == 2
    assert list(prepare_corpus("embedded", tmp_path, limit=200).stories("validation"))[:2] == (
        validation
    )


def test_the_hub_is_read_no_further_than_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = {"train": STORIES[:90], "validation": STORIES[90:]}
    asked = put_hub(monkeypatch, hub)
    corpus = prepare_corpus("hub", tmp_path, limit=20)
    assert list(corpus.stories("train")) == STORIES[:20]
    assert list(corpus.stories("validation")) == STORIES[90:]
    assert corpus.index["source"] == {"asked": "hub", "kind": "hub", "name": HUB_NAME}
    assert asked == [f"{HUB_NAME}/validation", f"{HUB_NAME}/train"]


def test_auto_takes_the_hub_when_it_answers_and_needs_no_network_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as online:
        put_hub(online, {"train": STORIES[:90], "validation": STORIES[90:]})
        first = prepare_corpus("auto", tmp_path, limit=20)
    assert first.index["source"]["kind"] == "hub"
    assert first.index["source"]["why"] == "the hub answered"
    assert prepare_corpus("auto", tmp_path, limit=20) == first
    assert prepare_corpus("hub", tmp_path, limit=20) == first


def test_auto_takes_the_embedded_stories_when_the_hub_is_silent(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    corpus = prepare_corpus("auto", tmp_path, limit=20)
    why = "the hub cannot be reached (no network in tests)"
    source = corpus.index["source"]
    assert (source["asked"], source["kind"], source["why"]) == ("auto", "embedded", why)
    embedded = prepare_corpus("embedded", tmp_path, limit=20)
    assert corpus.index["fingerprint"] == embedded.index["fingerprint"]
    assert caplog.messages == [f"Using the embedded stories because {why}."]


def test_auto_goes_on_without_a_hub_that_fails_at_once_but_not_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_hub(monkeypatch, {"train": [], "validation": []}, fails=True)
    corpus = prepare_corpus("auto", tmp_path, limit=20)
    assert corpus.index["source"]["kind"] == "embedded"
    assert corpus.index["source"]["why"] == "the hub failed: ConnectionError: the line broke"

    put_hub(monkeypatch, {"train": [], "validation": STORIES[:30]}, fails=True)
    for source in ("auto", "hub"):
        with pytest.raises(HubError, match="after 30 stories the hub failed: ConnectionError"):
            prepare_corpus(source, tmp_path, limit=20)
    assert list(tmp_path.glob("*.tmp-*")) == []


# --- What the user can mend -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "found none"),
        (b"\n \n\n", "found none"),
        (b"Short.\n\nNot ended\n\n", r"dropped: 2 short"),
        (STORIES[0].encode(), "has 1"),
        (b"\0", "a NUL at byte 0"),
    ],
)
def test_a_source_without_enough_stories_leaves_no_corpus(
    tmp_path: Path, content: bytes, said: str
) -> None:
    (tmp_path / "a.txt").write_bytes(content)
    with pytest.raises(UserError, match=said) as error:
        prepare_corpus(str(tmp_path / "a.txt"), tmp_path / "made")
    assert "\n" not in str(error.value)
    assert "a.txt" in str(error.value)
    assert list((tmp_path / "made").glob("corpus-*")) == []


def test_a_limit_below_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="at least 1 story, given 0"):
        prepare_corpus("embedded", tmp_path, limit=0)


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    source = write_txt(tmp_path / "a.txt")
    with pytest.raises(UserError, match=r"wanted to write a corpus to .*choose another folder"):
        prepare_corpus(str(source), source / "made")


def test_a_full_disk_says_what_to_do_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "a long story of Arrow")

    monkeypatch.setattr(pq, "write_table", full)
    source = write_txt(tmp_path / "a.txt")
    with pytest.raises(UserError, match="No space left on device; free some") as error:
        prepare_corpus(str(source), tmp_path / "made")
    assert "\n" not in str(error.value)
    assert [path.name for path in (tmp_path / "made").iterdir() if path.is_dir()] == []


def test_memory_does_not_grow_with_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "FILE_BYTES", 2**20)
    path = write_txt(tmp_path / "a.txt", [make_story(n) * 60 for n in range(2_000)])
    tracemalloc.start()
    corpus = prepare_corpus(str(path), tmp_path / "made")
    read = sum(map(len, corpus.stories("train")))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert read > 0.95 * path.stat().st_size > 17e6
    assert peak < 14e6, peak
