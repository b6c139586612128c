import csv
import errno
import json
import logging
import random
import re
import subprocess
import sys
import threading
import time
import tracemalloc
import types
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tinystories.data import corpus as stage
from tinystories.data.corpus import Corpus, HubError, prepare_corpus
from tinystories.errors import UserError


def make_story(number: int) -> str:
    draw = random.Random(number)
    words = ["".join(draw.choices("abcdefghijk", k=4)) for _ in range(30)]
    return f"Story {number}: " + " ".join(words) + "."


STORIES = [make_story(number) for number in range(100)]


def write_txt(path: Path, stories: list[str] = STORIES) -> Path:
    path.write_text("\n<|endoftext|>\n".join(stories), encoding="utf-8")
    return path


def everything(corpus: Corpus) -> list[str]:
    return sorted([*corpus.stories("train"), *corpus.stories("validation")])


def files_of(corpus: Corpus) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in corpus.folder.iterdir()}


@pytest.fixture
def grammar(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """A grammar of one line; the real one has its own tests."""

    def stories(seed: int, start: int = 0, stop: int | None = None) -> Iterator[str]:
        assert stop is not None
        return (make_story(seed * 2**40 + number) for number in range(start, stop))

    module = types.ModuleType("tinystories.data.grammar")
    module.stories = stories  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tinystories.data.grammar", module)
    monkeypatch.setattr("tinystories.data.grammar", module, raising=False)
    return module


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)

    def refuse(url: str, timeout: float) -> None:
        raise OSError("no network in tests")

    monkeypatch.setattr("urllib.request.urlopen", refuse)


def put_hub(
    monkeypatch: pytest.MonkeyPatch, rows: dict[str, list[str]], fails: bool = False
) -> list[str]:
    """Stand in for `datasets`; returns the list that will name what was asked of it."""
    asked = []

    def load_dataset(
        name: str, split: str, streaming: bool, data_files: str = "", **options: str
    ) -> Iterator[dict[str, str]]:
        assert streaming
        asked.append(data_files or f"{name}/{split}")
        for row in rows[data_files or split]:
            yield {"text": row}
        if fails:
            raise ConnectionError("the line broke\nand more")

    monkeypatch.setitem(sys.modules, "datasets", types.ModuleType("datasets"))
    sys.modules["datasets"].load_dataset = load_dataset  # type: ignore[attr-defined]
    return asked


# --- Formats ----------------------------------------------------------------------------------


def test_every_format_gives_the_same_stories(tmp_path: Path) -> None:
    sources = [write_txt(tmp_path / "marked.txt"), tmp_path / "blank.txt"]
    sources[1].write_bytes("\r\n\r\n".join(STORIES).encode())
    for name, column in (("a.parquet", "text"), ("b.parquet", "tale")):
        sources.append(tmp_path / name)
        pq.write_table(pa.table({"id": range(100), column: STORIES}), sources[-1])
    for field in ("text", "story", None):
        sources.append(tmp_path / f"{field}.jsonl")
        rows = [{"id": 1, field: story} if field else story for story in STORIES]
        sources[-1].write_text("\n".join(map(json.dumps, rows)) + "\n\n")
    for header, row in ((["id", "text"], [1]), (["story", "id"], []), (["only"], [])):
        sources.append(tmp_path / f"{header[0]}.CSV")
        with sources[-1].open("w", newline="", encoding="utf-8-sig") as file:
            csv.writer(file).writerows([header, *([*row, story] for story in STORIES)])

    for source in sources:
        corpus = prepare_corpus(str(source), tmp_path / "made")
        assert everything(corpus) == sorted(STORIES), source
        assert corpus.index["splits"]["validation"]["stories"] == 2
        assert corpus.index["dropped"] == {}


def test_a_text_with_end_marks_keeps_the_empty_lines_inside_stories(tmp_path: Path) -> None:
    stories = [f"{one}\n\n{two}" for one, two in zip(STORIES[:50], STORIES[50:], strict=True)]
    path = write_txt(tmp_path / "stories.txt", stories)
    assert everything(prepare_corpus(str(path), tmp_path)) == sorted(stories)


def test_separators_are_found_wherever_the_file_is_cut(tmp_path: Path) -> None:
    # Pieces of 1 MB: a mark, an accent and a line end lie across their borders.
    for shift in range(16):
        path = tmp_path / f"{shift}.txt"
        filler = "é" * ((2**20 - shift) // 2) + "." * (shift % 2)
        path.write_bytes(f"{filler}.\r\n<|endoftext|>\r\n{STORIES[0]}".encode())
        assert stage._has_end_of_text(path)
        first, second = stage._read_txt(path)
        assert (first.strip(), second.strip()) == (filler + ".", STORIES[0])
        path.write_bytes(f"{filler}.\r\n \r\n{STORIES[0]}".encode())
        first, second = stage._read_txt(path)
        assert (first, second) == (filler + ".", STORIES[0])


def test_csv_fields_may_hold_line_ends_and_quotes(tmp_path: Path) -> None:
    stories = [f'{story}\n"Hello, you," said Ann.' for story in STORIES]
    path = tmp_path / "stories.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["text"], *([story] for story in stories)])
    assert everything(prepare_corpus(str(path), tmp_path)) == sorted(stories)


def test_file_names_tell_the_splits_of_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "stories"
    (folder / "data").mkdir(parents=True)
    (folder / ".cache").mkdir()
    write_txt(folder / "data" / "train-0.txt", STORIES[:10])
    write_txt(folder / "carnival-contest.txt", STORIES[10:20])
    write_txt(folder / "TinyStories-valid.txt", STORIES[20:30])
    (folder / "data" / "val_1.jsonl").write_text("\n".join(map(json.dumps, STORIES[30:40])))
    for ignored in ("test.txt", ".cache/train.txt", "README.txt", "LICENSE.txt", "notes.md"):
        write_txt(folder / ignored, STORIES[40:50])
    (folder / "dataset_info.json").write_text("{}")

    corpus = prepare_corpus(str(folder), tmp_path)
    assert list(corpus.stories("train")) == STORIES[10:20] + STORIES[:10]
    assert list(corpus.stories("validation")) == STORIES[20:40]

    (folder / "TinyStories-valid.txt").unlink()
    (folder / "data" / "val_1.jsonl").unlink()
    corpus = prepare_corpus(str(folder), tmp_path)
    assert list(corpus.stories("validation")) == STORIES[40:50]


def test_a_prepared_corpus_is_itself_a_source(tmp_path: Path) -> None:
    first = prepare_corpus(str(write_txt(tmp_path / "a.txt")), tmp_path)
    second = prepare_corpus(str(first.folder), tmp_path)
    for split in stage.SPLITS:
        assert list(second.stories(split)) == list(first.stories(split))


# --- Splits, copies, limits -------------------------------------------------------------------


def test_what_is_set_aside_does_not_depend_on_order(tmp_path: Path) -> None:
    forward = prepare_corpus(str(write_txt(tmp_path / "a.txt")), tmp_path)
    backward = prepare_corpus(str(write_txt(tmp_path / "b.txt", STORIES[::-1])), tmp_path)
    assert set(forward.stories("validation")) == set(backward.stories("validation"))
    assert list(forward.stories("train")) == list(backward.stories("train"))[::-1]


@pytest.mark.parametrize(
    ("stories", "set_aside"), [(1, 1), (2, 1), (99, 2), (50_000, 1_000), (2_000_000, 10_000)]
)
def test_two_percent_are_set_aside(stories: int, set_aside: int) -> None:
    assert stage._validation_stories(stories) == set_aside


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


# --- Made once, and again when something changed ----------------------------------------------


def test_a_corpus_is_made_once_and_again_when_its_source_changed(tmp_path: Path) -> None:
    path = write_txt(tmp_path / "a.txt")
    first = prepare_corpus(str(path), tmp_path / "made")
    before = first.files("train")[0].stat().st_mtime_ns
    again = prepare_corpus(str(path), tmp_path / "made", seed=5)  # the grammar's seed
    assert again == first
    assert again.files("train")[0].stat().st_mtime_ns == before
    assert json.loads((first.folder / "index.json").read_text()) == first.index

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
    def killed(made: Path, target: Path) -> None:
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


# --- The grammar and the hub ------------------------------------------------------------------


@pytest.mark.usefixtures("grammar")
def test_embedded_stories_follow_the_seed_and_validate_with_the_same_for_every_limit(
    tmp_path: Path,
) -> None:
    corpus = prepare_corpus("embedded", tmp_path, limit=100, seed=3)
    assert list(corpus.stories("train")) == [make_story(3 * 2**40 + n) for n in range(100)]
    assert (corpus.index["limit"], corpus.index["seed"]) == (100, 3)
    larger = prepare_corpus("embedded", tmp_path, limit=200, seed=3)
    validation = list(larger.stories("validation"))
    assert len(validation) == 4
    assert list(corpus.stories("validation")) == validation[:2]
    other = prepare_corpus("embedded", tmp_path, limit=100, seed=4)
    assert set(other.stories("train")).isdisjoint(corpus.stories("train"))


def test_the_fingerprint_knows_every_file_of_the_grammar() -> None:
    folder = Path(stage.__file__).parent
    used = re.compile(r"^from tinystories\.data(?:\.(\w+)| import (\w+))", re.MULTILINE)
    for name in stage._GRAMMAR_FILES:
        for module in used.findall((folder / name).read_text(encoding="utf-8")):
            assert "".join(module) + ".py" in stage._GRAMMAR_FILES


def test_the_hub_is_read_no_further_than_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = {"train": STORIES[:90], "validation": STORIES[90:]}
    asked = put_hub(monkeypatch, hub)
    corpus = prepare_corpus("hub", tmp_path, limit=20)
    assert list(corpus.stories("train")) == STORIES[:20]
    assert list(corpus.stories("validation")) == STORIES[90:]
    assert corpus.index["source"] == {"asked": "hub", "kind": "hub", "name": stage.HUB_NAME}
    assert asked == [f"{stage.HUB_NAME}/validation", f"{stage.HUB_NAME}/train"]


def test_the_second_version_is_cut_at_its_end_marks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "hf://datasets/roneneldan/TinyStories/TinyStoriesV2-GPT4-{}.txt"
    stories = [story + "\n\nAnd then they slept." for story in STORIES]
    lines = {
        url.format("train"): "\n<|endoftext|>\n".join(stories[:90]).split("\n"),
        url.format("valid"): "\n<|endoftext|>\n".join(stories[90:]).split("\n"),
    }
    put_hub(monkeypatch, lines)
    corpus = prepare_corpus("hub-v2", tmp_path, limit=20)
    assert list(corpus.stories("train")) == stories[:20]
    assert list(corpus.stories("validation")) == stories[90:]
    assert corpus.index["source"]["name"] == "roneneldan/TinyStories/TinyStoriesV2-GPT4"


def hub_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(url: str, timeout: float) -> threading.Lock:
        return threading.Lock()  # something that `with` accepts

    monkeypatch.setattr("urllib.request.urlopen", answer)


def test_auto_takes_the_hub_when_it_answers_and_needs_no_network_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_hub(monkeypatch, {"train": STORIES[:90], "validation": STORIES[90:]})
    with monkeypatch.context() as online:
        hub_answers(online)
        first = prepare_corpus("auto", tmp_path, limit=20)
    assert first.index["source"]["kind"] == "hub"
    assert first.index["source"]["why"] == "the hub answered"
    assert prepare_corpus("auto", tmp_path, limit=20) == first
    assert prepare_corpus("hub", tmp_path, limit=20) == first


@pytest.mark.usefixtures("grammar")
def test_auto_tells_stories_itself_when_the_hub_is_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    corpus = prepare_corpus("auto", tmp_path, limit=20)
    why = "the hub cannot be reached (no network in tests)"
    assert corpus.index["source"] == {
        "asked": "auto",
        "kind": "embedded",
        "name": "grammar",
        "why": why,
    }
    assert caplog.messages == [f"Using the embedded stories because {why}."]

    hangs = threading.Event()
    monkeypatch.setattr("urllib.request.urlopen", lambda url, timeout: hangs.wait(20))
    monkeypatch.setattr(stage, "PROBE_S", 0.2)
    start = time.perf_counter()
    assert stage._why_no_hub() == "the hub did not answer within 0.2 s"
    assert time.perf_counter() - start < 2
    hangs.set()

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert stage._why_no_hub() == "HF_HUB_OFFLINE is set"


@pytest.mark.usefixtures("grammar")
def test_auto_goes_on_without_a_hub_that_fails_at_once_but_not_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub_answers(monkeypatch)
    put_hub(monkeypatch, {"train": [], "validation": []}, fails=True)
    corpus = prepare_corpus("auto", tmp_path, limit=20)
    assert corpus.index["source"]["kind"] == "embedded"
    assert corpus.index["source"]["why"] == "the hub failed: ConnectionError: the line broke"

    put_hub(monkeypatch, {"train": [], "validation": STORIES[:30]}, fails=True)
    for source in ("auto", "hub"):
        with pytest.raises(HubError, match=r"failed after 30 stories \(ConnectionError: the line"):
            prepare_corpus(source, tmp_path, limit=20)
    assert list(tmp_path.glob("*.tmp-*")) == []


# --- What the user can mend -------------------------------------------------------------------


def bad(folder: Path, name: str, content: bytes) -> str:
    (folder / name).write_bytes(content)
    return str(folder / name)


GOOD = STORIES[0].encode()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.txt", b"", "found none"),
        ("a.txt", b"\n \n\n", "found none"),
        ("a.txt", b"Short.\n\nNot ended\n\n", r"dropped: 2 short"),
        ("a.txt", GOOD, "has 1"),
        ("a.txt", b"GIF89a\0\0" + GOOD, "a NUL at byte 6"),
        ("a.txt", b"x" * 2**20 + b"\0", "a NUL at byte 1048576"),
        ("a.txt", GOOD + b" caf\xe9 au lait.", rf"\(byte {len(GOOD) + 4}\); save it as UTF-8"),
        ("a.txt", b"x" * (2**20 - 1) + b"\xc3\xff.", r"\(byte 1048575\)"),
        ("a.txt", GOOD + b"\xe2\x80", rf"\(byte {len(GOOD)}\)"),
        ("a.txt", STORIES[0].encode("utf-16"), "is UTF-16; save it as UTF-8"),
        ("a.txt", b"x" * (2**22 + 2**20), "characters without one"),
        ("a.parquet", b"", "wanted to read"),
        ("a.parquet", b"PAR1 is not enough", "wanted to read"),
        ("a.jsonl", b'"fine"\n\n{"text": "cut', "in line 3 of"),
        ("a.jsonl", b'{"title": "x", "id": 1}\n', "in line 1 of .*title, id"),
        ("a.jsonl", b'{"text": 5}\n', "in line 1 of"),
        ("a.jsonl", b"[1, 2]\n", "in line 1 of"),
        ("a.jsonl", b"[" * 100_000, "in line 1 of"),
        ("a.csv", b"id,title\n1,x\n", "wanted a column text in .*found id, title"),
        ("a.csv", b"id,text\n1,fine\n2\n", "in line 3 of"),
        ("a.csv", b'id,text\n1,"never closed\n', "in line"),
        ("a.doc", GOOD, r"wanted a file that ends in \.parquet, \.txt"),
        ("a", GOOD, "wanted a file that ends in"),
    ],
)
def test_a_bad_file_is_named_in_one_line(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    with pytest.raises(UserError, match=said) as error:
        prepare_corpus(bad(tmp_path, name, content), tmp_path / "made")
    assert "\n" not in str(error.value)
    assert name in str(error.value)
    assert list((tmp_path / "made").glob("corpus-*")) == []


def test_a_parquet_file_must_have_one_column_of_text(tmp_path: Path) -> None:
    pq.write_table(pa.table({"one": STORIES, "two": STORIES}), tmp_path / "two.parquet")
    pq.write_table(pa.table({"text": range(9)}), tmp_path / "numbers.parquet")
    with pytest.raises(UserError, match="found one, two"):
        prepare_corpus(str(tmp_path / "two.parquet"), tmp_path / "made")
    with pytest.raises(UserError, match="found text; rename"):
        prepare_corpus(str(tmp_path / "numbers.parquet"), tmp_path / "made")


def test_a_missing_value_is_an_empty_story(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": [*STORIES, None]}), tmp_path / "a.parquet")
    corpus = prepare_corpus(str(tmp_path / "a.parquet"), tmp_path)
    assert corpus.index["dropped"] == {"empty": 1}


def test_a_broken_page_of_a_parquet_file_is_no_crash(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": STORIES}), path, compression="zstd", use_dictionary=False)
    broken = bytearray(path.read_bytes())
    broken[100:600] = bytes(500)
    path.write_bytes(broken)
    with pytest.raises(UserError, match="wanted to read"):
        prepare_corpus(str(path), tmp_path / "made")


@pytest.mark.parametrize("source", ["hubb", "", "missing/stories.txt"])
def test_an_unknown_source_lists_the_known_ones(tmp_path: Path, source: str) -> None:
    with pytest.raises(UserError, match="wanted auto, hub, hub-v2, embedded or the path"):
        prepare_corpus(source, tmp_path)


def test_a_folder_without_stories_says_so(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    with pytest.raises(UserError, match="found none"):
        prepare_corpus(str(source), tmp_path)
    write_txt(source / "valid.txt")
    with pytest.raises(UserError, match="found only 1 for validation"):
        prepare_corpus(str(source), tmp_path)


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
