import json
import logging
import os
import pickle
import random
import resource
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tinystories.data.shards import IGNORE, Shards, Stories, Windows, build_shards
from tinystories.data.vocabulary import Vocabulary, in_processes, train_vocabulary
from tinystories.errors import UserError


class FakeCorpus:
    """Parquet files of a folder, as the real corpus has them."""

    def __init__(self, folder: Path, fingerprint: str = "00", **splits: list[list[str]]) -> None:
        self.folder, self.index = folder, {"fingerprint": fingerprint, "source": {}}
        folder.mkdir(exist_ok=True)
        for split, files in splits.items():
            for i, stories in enumerate(files):
                table = pa.table({"text": pa.array(stories, pa.string())})
                pq.write_table(table, folder / f"{split}-{i}.parquet")

    def files(self, split: str) -> list[Path]:
        return sorted(self.folder.glob(f"{split}-*.parquet"))


TRAIN = [
    ["The cat sat.", "<eos> is text.", ""],
    ["One cat – 日本!"],
    [],
    ["The cat sat. " * 600] * 3,
]
VALIDATION = [["A cat sat.", "The cat, the cat."]]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "corpus"
    return FakeCorpus(folder, train=TRAIN, validation=VALIDATION)


@pytest.fixture(scope="module")
def vocabulary(corpus):
    return train_vocabulary(corpus, 5)


@pytest.fixture(scope="module")
def shards(corpus, vocabulary, tmp_path_factory):
    return build_shards(corpus, vocabulary, tmp_path_factory.mktemp("shards"), workers=1)


def content(folder: Path) -> dict[str, bytes]:
    return {f.name: f.read_bytes() for f in folder.iterdir() if f.suffix != ".lock"}


def of_tokens(folder: Path, *streams: list[int], dtype: str = "uint16") -> Shards:
    """Shards of these very tokens, as the format has them."""
    records = []
    for i, stream in enumerate(streams):
        data = np.array(stream, np.dtype(dtype).newbyteorder("<")).tobytes()
        (folder / f"train-{i:05d}.bin").write_bytes(data)
        records.append(
            {
                "file": f"train-{i:05d}.bin",
                "tokens": len(stream),
                "sha256": sha256(data).hexdigest(),
            }
        )
    index = {
        "made_from": {"format": 1, "dtype": dtype},
        "splits": {"train": {"shards": records}, "validation": {"shards": []}},
        "token_bytes": [0, *range(1, 100)],
    }
    (folder / "index.json").write_text(json.dumps(index))
    return Shards.open(folder)


# --- what is on disk --------------------------------------------------------------------------


def test_a_shard_is_its_stories_with_eos_between_and_around(shards, vocabulary):
    for stories, tokens in zip(TRAIN, shards.tokens("train"), strict=True):
        wanted = [0]
        for story in stories:
            wanted += [*vocabulary.encode(story), 0]
        assert tokens.tolist() == wanted
        assert tokens.dtype == np.dtype("<u2")


def test_totals_count_the_text_without_its_ends(shards):
    texts = [story for stories in TRAIN for story in stories]
    tokens = sum(map(len, shards.tokens("train")))
    size = sum(len(text.encode()) for text in texts)
    assert shards.totals("train") == {"tokens": tokens, "stories": len(texts), "bytes": size}
    assert shards.totals("validation")["stories"] == 2


def test_workers_write_the_same_files(shards, corpus, vocabulary, tmp_path):
    build_shards(corpus, vocabulary, tmp_path, workers=2)
    assert content(tmp_path) == content(shards.folder)


def test_a_vocabulary_too_large_for_two_bytes_gets_four(tmp_path, corpus, vocabulary, monkeypatch):
    monkeypatch.setattr(Vocabulary, "__len__", lambda _: 65_536)
    wide = build_shards(corpus, vocabulary, tmp_path, workers=1)
    assert wide.tokens("validation")[0].dtype == np.dtype("<u4")
    stories = Stories(wide, "validation")
    assert [vocabulary.decode(story) for story in stories] == VALIDATION[0]


# --- windows ----------------------------------------------------------------------------------


def test_windows_of_two_shards_are_these(tmp_path):
    shards = of_tokens(tmp_path, [0, 11, 12, 0, 13, 14, 0], [0], [0, 21, 0, 22, 0])
    windows = Windows(shards, "train", 4)
    assert [(x.tolist(), y.tolist()) for x, y in windows] == [
        ([0, 11, 12, 0], [11, 12, 0, 13]),
        ([13, 14, 0, 0], [14, 0, IGNORE, IGNORE]),
        ([0, 21, 0, 22], [21, 0, 22, 0]),
    ]
    assert {array.dtype for window in windows for array in window} == {np.dtype("int64")}


@pytest.mark.parametrize("context", [1, 2, 3, 5, 6, 7, 100])
def test_every_token_but_a_shards_first_is_a_target_once(tmp_path, context):
    streams = [[0, *range(1, 7)], [0], [0, *range(7, 19)]]
    windows = Windows(of_tokens(tmp_path, *streams), "train", context)
    targets = [t for _, y in windows for t in y.tolist() if t != IGNORE]
    assert targets == list(range(1, 19))
    assert all(len(x) == len(y) == context for x, y in windows)


def test_there_is_no_window_beyond_the_last(shards):
    windows = Windows(shards, "train", 8)
    for i in (-1, len(windows)):
        with pytest.raises(IndexError):
            windows[i]


def test_a_context_of_no_token_is_refused(shards):
    with pytest.raises(UserError, match="context of at least 1 token, given 0"):
        Windows(shards, "train", 0)


@pytest.mark.parametrize("read", [Stories, partial(Windows, context=8)])
def test_a_reader_goes_to_another_process_without_the_tokens(shards, read):
    reader = read(shards, "train")
    before = [np.concatenate([item]).tolist() for item in reader]
    pickled = pickle.dumps(reader)
    assert len(pickled) < sum(path.stat().st_size for path in shards.paths("train"))
    assert [np.concatenate([item]).tolist() for item in pickle.loads(pickled)] == before


# --- stories ----------------------------------------------------------------------------------


def test_stories_of_two_shards_are_these(tmp_path):
    stories = Stories(of_tokens(tmp_path, [0, 11, 12, 0, 0, 13, 0], [0], [0, 21, 0]), "train")
    assert [story.tolist() for story in stories] == [[0, 11, 12, 0], [0, 0], [0, 13, 0], [0, 21, 0]]
    assert stories.bytes.tolist() == [11 + 12, 0, 13, 21]
    assert stories[0].dtype == np.int64


def test_stories_are_those_of_the_corpus_with_their_bytes(shards, vocabulary):
    texts = [story for stories in TRAIN for story in stories]
    stories = Stories(shards, "train")
    assert [vocabulary.decode(story) for story in stories] == texts
    assert all(story[0] == story[-1] == vocabulary.eos for story in stories)
    assert stories.bytes.tolist() == [len(text.encode()) for text in texts]


def test_a_split_without_stories_is_empty(tmp_path):
    shards = of_tokens(tmp_path, [0, 1, 0])
    assert len(Stories(shards, "validation")) == len(Windows(shards, "validation", 4)) == 0


# --- building once ----------------------------------------------------------------------------


@pytest.fixture
def built(corpus, vocabulary, tmp_path):
    return build_shards(corpus, vocabulary, tmp_path / "shards", workers=1)


def when(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.*n")}


def test_a_finished_build_is_found_done(built, corpus, vocabulary, caplog):
    before = when(built.folder)
    with caplog.at_level(logging.INFO):
        again = build_shards(corpus, vocabulary, built.folder, workers=1)
    assert again == built == Shards.open(built.folder)
    assert when(built.folder) == before
    assert not caplog.records


def test_another_corpus_or_vocabulary_is_built_anew(built, corpus, vocabulary, tmp_path):
    other = FakeCorpus(tmp_path / "other", "01", train=[["A dog."]], validation=[["A dog."]])
    again = build_shards(other, vocabulary, built.folder, workers=1)
    assert again.totals("train")["stories"] == 1
    assert sorted(path.name for path in built.folder.glob("*.bin")) == [
        "train-00000.bin",
        "validation-00000.bin",
    ]
    smaller = train_vocabulary(corpus, 1, pieces=0)
    build_shards(other, smaller, built.folder, workers=1)
    build_shards(other, smaller, tmp_path / "fresh", workers=1)
    assert content(built.folder) == content(tmp_path / "fresh")


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-2])


def remove(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("harm", [flip, cut, remove])
def test_a_harmed_shard_is_named_and_made_again(built, corpus, vocabulary, caplog, harm):
    whole = content(built.folder)
    untouched = when(built.folder)["train-00000.bin"]
    harm(built.folder / "train-00001.bin")
    with pytest.raises(UserError, match=r"train-00001.bin is (damaged|missing); build .* again"):
        Shards.open(built.folder)
    with caplog.at_level(logging.WARNING):
        build_shards(corpus, vocabulary, built.folder, workers=1)
    assert "train-00001.bin is" in caplog.text
    assert content(built.folder) == whole
    assert when(built.folder)["train-00000.bin"] == untouched


@pytest.mark.parametrize("harm", [cut, remove, lambda path: path.write_text("{}")])
def test_a_harmed_index_is_named_and_made_again(built, corpus, vocabulary, harm):
    whole = content(built.folder)
    harm(built.folder / "index.json")
    with pytest.raises(UserError, match=r"index.json.*; build the shards again"):
        Shards.open(built.folder)
    build_shards(corpus, vocabulary, built.folder, workers=1)
    assert content(built.folder) == whole


def test_shards_of_another_format_are_refused(tmp_path):
    shards = of_tokens(tmp_path, [0, 1, 0])
    shards.index["made_from"]["format"] = 7
    (tmp_path / "index.json").write_text(json.dumps(shards.index))
    with pytest.raises(UserError, match=r"format 1, .* has 7; build"):
        Shards.open(tmp_path)


# --- what can go wrong ------------------------------------------------------------------------

BUILD = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from test_shards import FakeCorpus
from tinystories.data.shards import build_shards
from tinystories.data.vocabulary import Vocabulary

if __name__ == "__main__":
    folder = Path(sys.argv[2])
    corpus, vocabulary = FakeCorpus(folder / "corpus"), Vocabulary.load(folder)
    print("go", flush=True)
    build_shards(corpus, vocabulary, folder / "killed", workers=int(sys.argv[3]))
"""


@pytest.mark.slow
@pytest.mark.parametrize(("workers", "kills"), [(1, 6), (2, 2)])
def test_a_build_killed_at_any_moment_ends_as_an_undisturbed_one(tmp_path, workers, kills):
    stories = ["The cat sat on the mat. It was a good mat. " * 10] * 1500
    files = [stories] * 4
    corpus = FakeCorpus(tmp_path / "corpus", train=files, validation=[stories[:10]])
    vocabulary = train_vocabulary(corpus, 5)
    vocabulary.save(tmp_path)
    began = time.monotonic()
    build_shards(corpus, vocabulary, tmp_path / "undisturbed", workers=1)
    takes_s = time.monotonic() - began
    chance = random.Random(0)
    (tmp_path / "build.py").write_text(BUILD)
    stopped = tried = 0
    while stopped < kills:
        tried += 1
        assert tried < 10 * kills, f"only {stopped} were killed before they had ended"
        program = [sys.executable, tmp_path / "build.py", Path(__file__).parent, tmp_path, workers]
        building = subprocess.Popen(list(map(str, program)), stdout=subprocess.PIPE)
        assert building.stdout.readline() == b"go\n"
        time.sleep(chance.random() * takes_s)
        building.kill()
        building.communicate(timeout=20)  # ends when its workers have, too
        if (tmp_path / "killed" / "index.json").exists():
            Shards.open(tmp_path / "killed")
            shutil.rmtree(tmp_path / "killed")
            takes_s /= 2  # It had ended: the machine has become faster, and moments come sooner.
        else:
            stopped += 1
            with pytest.raises(UserError):
                Shards.open(tmp_path / "killed")
    build_shards(corpus, vocabulary, tmp_path / "killed", workers=1)
    assert content(tmp_path / "killed") == content(tmp_path / "undisturbed")


def test_a_full_disk_is_told_and_leaves_nothing_half_made(corpus, vocabulary, tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(
            UserError, match=r"wanted to write shards to .*; free some space"
        ) as error:
            build_shards(corpus, vocabulary, tmp_path, workers=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "\n" not in str(error.value)
    assert not list(tmp_path.glob("*.tmp"))
    assert build_shards(corpus, vocabulary, tmp_path, workers=1) == Shards.open(tmp_path)


def test_a_folder_that_cannot_be_written_is_told(corpus, vocabulary, tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(UserError, match=r"taken.*; choose another folder"):
        build_shards(corpus, vocabulary, tmp_path / "taken", workers=1)


def test_a_worker_that_dies_is_told(corpus, vocabulary, tmp_path):
    with pytest.raises(UserError, match=r"one was killed .*fewer workers"):
        list(in_processes(os._exit, [1, 1], 2))


def test_a_folder_without_shards_is_named(tmp_path):
    with pytest.raises(UserError, match=r"index.json.*; build the shards again"):
        Shards.open(tmp_path / "nowhere")


def test_two_builds_at_once_make_one(corpus, vocabulary, tmp_path):
    with ThreadPoolExecutor(2) as pool:
        jobs = [
            pool.submit(build_shards, corpus, vocabulary, tmp_path, workers=1) for _ in range(2)
        ]
        first, second = (job.result() for job in jobs)
    assert first == second == Shards.open(tmp_path)


def test_a_worker_of_joblib_may_start_processes_too() -> None:
    """It starts them in its own way, and told them of that, which they do not know."""
    joblib = pytest.importorskip("joblib")
    job = joblib.delayed(lambda: list(in_processes(abs, [-1, 2], 2)))
    assert joblib.Parallel(n_jobs=2)([job()]) == [[1, 2]]
