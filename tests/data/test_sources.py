import csv
import json
import re
import threading
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made_up import STORIES, cut_network, put_hub, write_txt

from tinystories.data import cleaning, sources
from tinystories.data.sources import HubError, find_source
from tinystories.data.themes import is_dark
from tinystories.errors import UserError
from tinystories.evaluation.consistency import unbalanced_quotes

pytestmark = pytest.mark.usefixtures("no_network")


def read(source: str | Path, split: str = "train") -> list[str]:
    """The stories of a split, without the line ends around them."""
    return [story.strip() for story in find_source(str(source)).read(split)]


# --- Files ------------------------------------------------------------------------------------


def test_every_format_gives_the_same_stories(tmp_path: Path) -> None:
    paths = [write_txt(tmp_path / "marked.txt"), tmp_path / "blank.txt"]
    paths[1].write_bytes("\r\n\r\n".join(STORIES).encode())
    for name, column in (("a.parquet", "text"), ("b.parquet", "tale")):
        paths.append(tmp_path / name)
        pq.write_table(pa.table({"id": range(100), column: STORIES}), paths[-1])
    for field in ("text", "story", None):
        paths.append(tmp_path / f"{field}.jsonl")
        rows = [{"id": 1, field: story} if field else story for story in STORIES]
        paths[-1].write_text("\n".join(map(json.dumps, rows)) + "\n\n")
    for header, row in ((["id", "text"], [1]), (["story", "id"], []), (["only"], [])):
        paths.append(tmp_path / f"{header[0]}.CSV")
        with paths[-1].open("w", newline="", encoding="utf-8-sig") as file:
            csv.writer(file).writerows([header, *([*row, story] for story in STORIES)])

    for path in paths:
        assert read(path) == STORIES, path
        assert read(path, "validation") == []


def test_a_text_with_end_marks_keeps_the_empty_lines_inside_stories(tmp_path: Path) -> None:
    stories = [f"{one}\n\n{two}" for one, two in zip(STORIES[:50], STORIES[50:], strict=True)]
    path = write_txt(tmp_path / "stories.txt", stories)
    assert read(path) == stories


def test_separators_are_found_wherever_the_file_is_cut(tmp_path: Path) -> None:
    # Pieces of 1 MB: a mark, an accent and a line end lie across their borders.
    for shift in range(16):
        path = tmp_path / f"{shift}.txt"
        filler = "é" * ((2**20 - shift) // 2) + "." * (shift % 2)
        path.write_bytes(f"{filler}.\r\n<|endoftext|>\r\n{STORIES[0]}".encode())
        assert sources._has_end_of_text(path)
        first, second = sources._read_txt(path)
        assert (first.strip(), second.strip()) == (filler + ".", STORIES[0])
        path.write_bytes(f"{filler}.\r\n \r\n{STORIES[0]}".encode())
        first, second = sources._read_txt(path)
        assert (first, second) == (filler + ".", STORIES[0])


def test_csv_fields_may_hold_line_ends_and_quotes(tmp_path: Path) -> None:
    stories = [f'{story}\n"Hello, you," said Ann.' for story in STORIES]
    path = tmp_path / "stories.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["text"], *([story] for story in stories)])
    assert read(path) == stories


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

    assert read(folder) == STORIES[10:20] + STORIES[:10]
    assert read(folder, "validation") == STORIES[20:40]

    (folder / "TinyStories-valid.txt").unlink()
    (folder / "data" / "val_1.jsonl").unlink()
    assert read(folder, "validation") == STORIES[40:50]


def test_a_missing_value_is_an_empty_story(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": [*STORIES, None]}), tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet") == [*STORIES, ""]


# --- What comes with the package --------------------------------------------------------------


def test_the_embedded_stories_are_many_good_and_small() -> None:
    assert sources.EMBEDDED.stat().st_size < 8e6
    stories = read("embedded") + read("embedded", "validation")
    assert len(set(stories)) == len(stories) >= 20_000
    for story in stories[::50]:
        assert not is_dark(story)
        assert cleaning.flaw(story) is None
        assert not unbalanced_quotes(story)


def test_few_embedded_stories_are_validated_with_few() -> None:
    whole = list(find_source("embedded").read("validation"))
    assert list(find_source("embedded", 200).read("validation")) == whole[:4]
    assert set(whole).isdisjoint(find_source("embedded").read("train"))


# --- The grammar and the hub ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stories", "set_aside"), [(1, 1), (2, 1), (99, 2), (50_000, 1_000), (2_000_000, 10_000)]
)
def test_two_percent_are_set_aside(stories: int, set_aside: int) -> None:
    assert sources.validation_stories(stories) == set_aside


def test_the_fingerprint_knows_every_file_of_the_grammar() -> None:
    folder = Path(sources.__file__).parent
    used = re.compile(r"^from tinystories\.data(?:\.(\w+)| import (\w+))", re.MULTILINE)
    for name in sources._GRAMMAR_FILES:
        for module in used.findall((folder / name).read_text(encoding="utf-8")):
            assert "".join(module) + ".py" in sources._GRAMMAR_FILES


def test_the_second_version_is_cut_at_its_end_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "hf://datasets/roneneldan/TinyStories/TinyStoriesV2-GPT4-{}.txt"
    stories = [story + "\n\nAnd then they slept." for story in STORIES]
    lines = {
        url.format("train"): "\n<|endoftext|>\n".join(stories[:90]).split("\n"),
        url.format("valid"): "\n<|endoftext|>\n".join(stories[90:]).split("\n"),
    }
    put_hub(monkeypatch, lines)
    assert read("hub-v2") == stories[:90]
    assert read("hub-v2", "validation") == stories[90:]
    assert find_source("hub-v2").name == "roneneldan/TinyStories/TinyStoriesV2-GPT4"


@pytest.mark.parametrize("source", ["hub", "hub-v2"])
def test_a_hub_out_of_reach_is_refused_before_datasets_is_asked(
    monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    asked = put_hub(monkeypatch, {})
    cut_network(monkeypatch)
    with pytest.raises(HubError) as error:
        read(source)
    assert str(error.value) == (
        f"wanted {find_source(source).name} from the hub, but the hub cannot be reached "
        "(no network in tests); check the network and run again, or choose the source embedded or "
        "a file"
    )
    assert asked == []


def test_a_hub_that_hangs_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    hangs = threading.Event()
    monkeypatch.setattr("urllib.request.urlopen", lambda url, timeout: hangs.wait(20))
    monkeypatch.setattr(sources, "PROBE_S", 0.2)
    start = time.perf_counter()
    assert sources._why_no_hub() == "the hub did not answer within 0.2 s"
    assert time.perf_counter() - start < 2
    hangs.set()

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert sources._why_no_hub() == "HF_HUB_OFFLINE is set"


# --- What the user can mend -------------------------------------------------------------------


GOOD = STORIES[0].encode()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
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
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=said) as error:
        read(tmp_path / name)
    assert "\n" not in str(error.value)
    assert name in str(error.value)


def test_a_parquet_file_must_have_one_column_of_text(tmp_path: Path) -> None:
    pq.write_table(pa.table({"one": STORIES, "two": STORIES}), tmp_path / "two.parquet")
    pq.write_table(pa.table({"text": range(9)}), tmp_path / "numbers.parquet")
    with pytest.raises(UserError, match="found one, two"):
        read(tmp_path / "two.parquet")
    with pytest.raises(UserError, match="found text; rename"):
        read(tmp_path / "numbers.parquet")


def test_a_broken_page_of_a_parquet_file_is_no_crash(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": STORIES}), path, compression="zstd", use_dictionary=False)
    broken = bytearray(path.read_bytes())
    broken[100:600] = bytes(500)
    path.write_bytes(broken)
    with pytest.raises(UserError, match="wanted to read"):
        read(path)


@pytest.mark.parametrize("source", ["hubb", "", "missing/stories.txt"])
def test_an_unknown_source_lists_the_known_ones(source: str) -> None:
    with pytest.raises(UserError, match="wanted auto, hub, hub-v2, embedded, grammar or the path"):
        find_source(source)


def test_a_folder_without_stories_says_so(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    with pytest.raises(UserError, match="found none"):
        read(source)
    write_txt(source / "valid.txt")
    with pytest.raises(UserError, match="found only 1 for validation"):
        read(source)
