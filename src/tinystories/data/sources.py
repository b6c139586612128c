"""Where stories come from: the hub, the package itself, a grammar, or files of your own."""

import codecs
import csv
import io
import json
import os
import queue
import re
import threading
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tinystories.errors import UserError
from tinystories.files import sha256

KEYWORDS = ("auto", "hub", "hub-v2", "embedded", "grammar")
HUB_NAME = "roneneldan/TinyStories"
PROBE_S = 3.0
EMBEDDED = Path(__file__).with_name("told.parquet")
"""What ``tinystories collect`` made of an RNN that comes with the project: its metadata say how."""
GRAMMAR_STORIES = 50_000  # that are made when no limit is given
VALIDATION_SHARE = 0.02  # of the stories, where a source has no validation split
VALIDATION_MOST = 10_000

_BATCH = 512  # stories that are read at once


@dataclass(frozen=True)
class Source:
    """Stories that can be read; `identity` changes whenever they might.

    `read` gives the stories of a split as they are. It may give more than `limit`, and none of
    ``validation``. What the user can mend raises `UserError`, as late as when a story is asked for.
    `filter` and `deduplicate` say what the corpus keeps out of them.
    """

    kind: str
    name: str
    identity: list[Any]
    read: Callable[[str], Iterator[str]]
    limit: int | None
    seed: int | None = None
    filter: str | None = None
    deduplicate: bool = True


def find_source(source: str, limit: int | None = None, seed: int = 0) -> Source:
    """Return the source of a name: one of `KEYWORDS` but ``auto``, or the path of stories.

    Nothing is read yet: whether the hub can be reached shows when its first story is asked for.
    """
    match source:
        case "hub":
            return _hub(limit)
        case "hub-v2":
            return _hub_v2(limit)
        case "embedded":
            return _embedded(limit)
        case "grammar":
            return _grammar(limit, seed)
    path = Path(source).expanduser()
    if not source or not path.exists():
        raise UserError(
            f"wanted {', '.join(KEYWORDS)} or the path of a file or folder as source, given "
            f"{source!r}, which is none of them; check the spelling"
        )
    return _local(path, limit)


# --- The hub ----------------------------------------------------------------------------------


class HubError(UserError):
    """The hub cannot be used; `why` says so, and `stories` how many it had given before."""

    def __init__(self, name: str, why: str, stories: int = 0) -> None:
        self.why = why
        self.stories = stories
        after = f" after {stories:,} stories" if stories else ""
        super().__init__(
            f"wanted {name} from the hub, but{after} {why}; check the network and run again, or "
            "choose the source embedded or a file"
        )


def _hub(limit: int | None) -> Source:
    def load(split: str) -> Iterator[str]:
        from datasets import load_dataset  # takes a second

        for row in load_dataset(HUB_NAME, split=split, streaming=True):
            yield row["text"]

    return Source("hub", HUB_NAME, [HUB_NAME], _hub_stories(HUB_NAME, load), limit)


def _hub_v2(limit: int | None) -> Source:
    name = "TinyStoriesV2-GPT4"
    files = {"train": f"{name}-train.txt", "validation": f"{name}-valid.txt"}

    def load(split: str) -> Iterator[str]:
        from datasets import load_dataset

        url = f"hf://datasets/{HUB_NAME}/{files[split]}"
        lines = load_dataset(
            "text", data_files=url, split="train", streaming=True, encoding_errors="replace"
        )
        return _told(_pieces((row["text"] + "\n" for row in lines), _END_OF_TEXT, url))

    full_name = f"{HUB_NAME}/{name}"
    return Source("hub", full_name, [full_name], _hub_stories(full_name, load), limit)


def _hub_stories(name: str, load: Callable[[str], Iterator[str]]) -> Callable[[str], Iterator[str]]:
    count = 0

    def read(split: str) -> Iterator[str]:
        nonlocal count
        if count == 0:  # datasets would try for half a minute
            why = _why_no_hub()
            if why is not None:
                raise HubError(name, why)
        try:
            for story in load(split):
                count += 1
                yield story
        except Exception as error:  # datasets lets through what any layer below it raises
            why = f"the hub failed: {type(error).__name__}: {first_line(error)}"
            raise HubError(name, why, count) from error

    return read


def _why_no_hub() -> str | None:
    """Say why the hub cannot be used now; None if it answers."""
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}:
        return "HF_HUB_OFFLINE is set"
    answers: queue.Queue[str | None] = queue.Queue()

    def ask() -> None:
        endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
        try:
            with urllib.request.urlopen(f"{endpoint}/api/datasets/{HUB_NAME}", timeout=PROBE_S):
                answers.put(None)
        except Exception as error:  # whatever it is, the hub did not answer
            answers.put(f"the hub cannot be reached ({first_line(error)})")

    # In a thread, because looking up a name knows no time limit.
    threading.Thread(target=ask, daemon=True).start()
    try:
        return answers.get(timeout=PROBE_S)
    except queue.Empty:
        return f"the hub did not answer within {PROBE_S:g} s"


# --- The package ------------------------------------------------------------------------------


def _embedded(limit: int | None) -> Source:
    """The stories of `EMBEDDED`: the last are for validation, the same ones for every limit."""

    def read(split: str) -> Iterator[str]:
        total = pq.read_metadata(EMBEDDED).num_rows
        last = validation_stories(total)
        stories = read_column(EMBEDDED, "text")
        if split == "train":
            return islice(stories, total - last)
        few = last if limit is None else min(last, validation_stories(limit))
        return islice(stories, total - last, total - last + few)

    teller = json.loads(pq.read_schema(EMBEDDED).metadata[b"tinystories"])["teller"]
    name = f"stories told by {teller['name']} of {teller['val_bpb']:.3f} bits per byte"
    return Source("embedded", name, [sha256(EMBEDDED)], read, limit)


# --- The grammar ------------------------------------------------------------------------------


_GRAMMAR_FILES = ("grammar.py", "lexicon.py", "plots.py")
_FIRST_VALIDATION_STORY = 10**9  # far from every train story, and the same for every limit


def _grammar(limit: int | None, seed: int) -> Source:
    limit = GRAMMAR_STORIES if limit is None else limit

    def read(split: str) -> Iterator[str]:
        from tinystories.data import grammar

        if split == "train":
            return grammar.stories(seed, 0, limit)
        start = _FIRST_VALIDATION_STORY
        return grammar.stories(seed, start, start + validation_stories(limit))

    here = Path(__file__).parent
    code = [sha256(here / name) for name in _GRAMMAR_FILES]
    return Source("grammar", "grammar", code, read, limit, seed)


def validation_stories(stories: int) -> int:
    """Return how many of so many stories are set aside to validate with."""
    return min(max(1, round(VALIDATION_SHARE * stories)), VALIDATION_MOST)


# --- Files ------------------------------------------------------------------------------------


def _local(path: Path, limit: int | None) -> Source:
    if path.is_dir():
        splits = _split_by_name(path)
        names = {
            file: file.relative_to(path).as_posix() for files in splits.values() for file in files
        }
    else:
        if path.suffix.lower() not in _READERS:
            raise UserError(
                f"wanted a file that ends in {', '.join(_READERS)}, given {path}; "
                "convert or rename it"
            )
        splits = {"train": [path], "validation": []}
        names = {path: path.name}
    identity = [
        [split, names[file], file.stat().st_size, file.stat().st_mtime_ns]
        for split, files in splits.items()
        for file in files
    ]

    def read(split: str) -> Iterator[str]:
        for file in splits[split]:
            yield from _READERS[file.suffix.lower()](file)

    return Source("local", str(path), identity, read, limit)


_VALIDATION_NAME = re.compile(r"valid|(?<![a-z])val(?![a-z])")
_TEST_NAME = re.compile(r"(?<![a-z])test(?![a-z])")
_ABOUT_NAME = re.compile(r"readme|licen[cs]e")


def _split_by_name(folder: Path) -> dict[str, list[Path]]:
    named: dict[str, list[Path]] = {"train": [], "validation": [], "test": []}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix().lower()
        hidden = any(part.startswith(".") for part in name.split("/"))
        if hidden or path.suffix.lower() not in _READERS or not path.is_file():
            continue
        if _ABOUT_NAME.match(path.name.lower()):
            continue
        if _VALIDATION_NAME.search(name):
            named["validation"].append(path)
        elif _TEST_NAME.search(name):
            named["test"].append(path)
        else:
            named["train"].append(path)
    if not named["train"]:
        other = len(named["validation"]) + len(named["test"])
        raise UserError(
            f"wanted {', '.join(_READERS)} files to train on in {folder}, found "
            + (f"only {other} for validation" if other else "none")
            + "; add some or choose another source"
        )
    return {"train": named["train"], "validation": named["validation"] or named["test"]}


def _read_parquet(path: Path) -> Iterator[str]:
    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, error) from error
    columns = [
        field.name
        for field in schema
        if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)
    ]
    return read_column(path, _text_column(path, columns, schema.names))


def _text_column(path: Path, text_columns: list[str], all_columns: list[str]) -> str:
    for name in ("text", "story"):
        if name in text_columns:
            return name
    if len(text_columns) == 1:
        return text_columns[0]
    raise UserError(
        f"wanted a column text in {path}, found {', '.join(all_columns) or 'no column'}; "
        "rename the column that holds the stories to text"
    )


def read_column(path: Path, column: str) -> Iterator[str]:
    """Read the stories of a parquet file one by one; memory does not grow with the file."""
    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            for batch in file.iter_batches(_BATCH, columns=[column], use_threads=False):
                for story in batch.column(0).to_pylist():
                    yield story or ""  # a null is an empty story
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from error


_END_OF_TEXT = re.compile(re.escape("<|endoftext|>"))
_EMPTY_LINE = re.compile(r"\n[ \t]*\n")
_LINE_END = re.compile("\n")
_LONGEST = 2**22  # characters between two separators


def _read_txt(path: Path) -> Iterator[str]:
    separator = _END_OF_TEXT if _has_end_of_text(path) else _EMPTY_LINE
    return _told(_pieces(_text(path), separator, str(path)))


def _has_end_of_text(path: Path) -> bool:
    seam = ""
    for text in _text(path):
        if _END_OF_TEXT.search(seam + text):
            return True
        seam = text[-len("<|endoftext|>") :]
    return False


def _read_jsonl(path: Path) -> Iterator[str]:
    for number, line in enumerate(_pieces(_text(path), _LINE_END, str(path)), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise _bad_line(path, number, first_line(error)) from error
        story = value.get("text", value.get("story")) if isinstance(value, dict) else value
        if not isinstance(story, str):
            given = f"the fields {', '.join(value)}" if isinstance(value, dict) else line[:40]
            raise _bad_line(path, number, f"wanted a field text or a string, found {given}")
        yield story


def _read_csv(path: Path) -> Iterator[str]:
    rows = csv.reader(
        (line + "\n" for line in _pieces(_text(path), _LINE_END, str(path))), strict=True
    )
    try:
        header = next(rows, None)
        if header is None:
            return
        column = header.index(_text_column(path, header, header))
        for row in rows:
            if row:
                yield row[column]
    except (csv.Error, IndexError) as error:
        raise _bad_line(path, rows.line_num, first_line(error)) from error


_READERS: dict[str, Callable[[Path], Iterator[str]]] = {
    ".parquet": _read_parquet,
    ".txt": _read_txt,
    ".jsonl": _read_jsonl,
    ".csv": _read_csv,
}


def _text(path: Path) -> Iterator[str]:
    """Read a UTF-8 text in pieces of 1 MB, its line ends as newlines."""
    utf8 = codecs.getincrementaldecoder("utf-8")()
    decoder = io.IncrementalNewlineDecoder(utf8, translate=True)
    done = 0
    try:
        with path.open("rb") as file:
            while True:
                chunk = file.read(2**20)
                if done == 0 and chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                    raise UserError(f"wanted UTF-8 text, {path} is UTF-16; save it as UTF-8")
                if b"\0" in chunk:
                    raise UserError(
                        f"wanted UTF-8 text, {path} is binary or UTF-16 (a NUL at byte "
                        f"{done + chunk.index(0)}); choose another file or save it as UTF-8"
                    )
                kept_back = len(utf8.getstate()[0])
                text = decoder.decode(chunk, final=not chunk)
                yield text.removeprefix("\ufeff") if done == 0 else text
                done += len(chunk)
                if not chunk:
                    return
    except UnicodeDecodeError as error:
        raise UserError(
            f"wanted UTF-8 text, {path} is in another encoding (byte "
            f"{done - kept_back + error.start}); save it as UTF-8"
        ) from error
    except OSError as error:
        raise _unreadable(path, error) from error


def _pieces(texts: Iterable[str], separator: re.Pattern[str], name: str) -> Iterator[str]:
    """Cut a text that comes in parts at every separator."""
    rest = ""
    for text in texts:
        *whole, rest = separator.split(rest + text)
        yield from whole
        if len(rest) > _LONGEST:
            raise UserError(
                f"wanted stories with an empty line or <|endoftext|> between them, {name} has "
                f"{len(rest):,} characters without one; separate them"
            )
    if rest:
        yield rest


def _told(pieces: Iterable[str]) -> Iterator[str]:
    return (piece for piece in pieces if not piece.isspace() and piece)


def _unreadable(path: Path, error: Exception) -> UserError:
    return UserError(f"wanted to read {path}, but: {first_line(error)}; mend or replace the file")


def _bad_line(path: Path, number: int, what: str) -> UserError:
    return UserError(f"wanted a story in line {number} of {path}, but: {what}; mend the line")


def first_line(error: Exception) -> str:
    """Return the first line of what an error says, so that a message stays one line."""
    return (str(error).strip().splitlines() or ["no reason given"])[0]
