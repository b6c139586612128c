"""Stories from any source, cleaned: the hub, the embedded grammar, or files of your own."""

import codecs
import csv
import errno
import hashlib
import io
import json
import logging
import os
import queue
import re
import shutil
import threading
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import filelock
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tinystories.data import cleaning
from tinystories.errors import UserError

log = logging.getLogger(__name__)

FORMAT = 1  # of the stage: one more whenever the same source gives another corpus
SPLITS = ("train", "validation")
FILE_BYTES = 16 * 2**20  # of text in one parquet file, at most
EMBEDDED_STORIES = 50_000  # that are told when no limit is given
VALIDATION_SHARE = 0.02  # of the stories, where a source has no validation split
VALIDATION_MOST = 10_000

HUB_NAME = "roneneldan/TinyStories"
KEYWORDS = ("auto", "hub", "hub-v2", "embedded")
PROBE_S = 3.0

_BATCH = 512  # stories that are read at once
_BATCH_CHARACTERS = 2**18  # that are cleaned at once, at least
_SCHEMA = pa.schema([("text", pa.string())])


@dataclass(frozen=True)
class Corpus:
    """A prepared corpus: cleaned stories of two splits, as parquet files in one folder.

    `index` is what ``index.json`` says: ``format``, ``fingerprint``, ``source`` (``asked``,
    ``kind``, ``name``, and ``why`` where ``auto`` had to decide), ``limit``, ``seed``, ``splits``
    (of each: ``stories``, ``bytes`` of UTF-8, ``files``) and ``dropped`` (``{reason: stories}``).
    """

    folder: Path
    index: dict[str, Any]

    def files(self, split: str) -> list[Path]:
        """The parquet files of a split, in order; one string column, ``text``."""
        return [self.folder / file["name"] for file in self.index["splits"][split]["files"]]

    def stories(self, split: str) -> Iterator[str]:
        """Read the stories of a split one by one; memory does not grow with the corpus."""
        for path in self.files(split):
            yield from _read_column(path, "text")


def prepare_corpus(source: str, folder: Path, *, limit: int | None = None, seed: int = 0) -> Corpus:
    """Return the cleaned corpus of `source`: made under `folder` once, and again when it changed.

    `source` is ``hub`` (TinyStories from the Hugging Face hub), ``hub-v2`` (its GPT-4 stories),
    ``embedded`` (stories that a grammar tells; no network), ``auto`` (``hub`` if it can be
    reached, else ``embedded``), or the path of a ``.parquet``, ``.txt``, ``.jsonl`` or ``.csv``
    file or of a folder of them, whose names tell the splits. Where there is no validation split,
    2 % of the stories are set aside, chosen by a hash of their text.

    At most `limit` train stories are read, before cleaning; a validation split is read whole, so
    that corpora of different sizes are judged by the same stories. `seed` is the grammar's and
    changes nothing elsewhere.

    Processes that ask at once wait for each other, and one that is killed leaves nothing half
    made. What the user can mend raises `UserError`.
    """
    if limit is not None and limit < 1:
        raise UserError(f"wanted a limit of at least 1 story, given {limit}; raise or omit it")
    folder = Path(folder)
    if source != "auto":
        return _prepare(_find_source(source, limit, seed), {"asked": source}, folder)

    hub = _hub(limit)
    if _finished(folder, hub) is not None:
        return _prepare(hub, {"asked": "auto", "why": "it was prepared before"}, folder)
    why = _why_no_hub()
    if why is None:
        try:
            return _prepare(hub, {"asked": "auto", "why": "the hub answered"}, folder)
        except HubError as error:
            if error.stories:
                raise
            why = f"the hub failed: {error.reason}"
    log.warning("Using the embedded stories because %s.", why)
    return _prepare(_embedded(limit, seed), {"asked": "auto", "why": why}, folder)


# --- Sources ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Source:
    """Where stories come from; `identity` changes whenever the stories might."""

    kind: str
    name: str
    identity: list[Any]
    read: Callable[[str], Iterator[str]]  # the stories of a split, as they are
    limit: int | None
    seed: int | None = None

    @property
    def fingerprint(self) -> str:
        said = json.dumps([FORMAT, self.kind, self.identity, self.limit, self.seed])
        return hashlib.sha256(said.encode()).hexdigest()


def _find_source(source: str, limit: int | None, seed: int) -> _Source:
    match source:
        case "hub":
            return _hub(limit)
        case "hub-v2":
            return _hub_v2(limit)
        case "embedded":
            return _embedded(limit, seed)
    path = Path(source).expanduser()
    if not source or not path.exists():
        raise UserError(
            f"wanted {', '.join(KEYWORDS)} or the path of a file or folder as source, given "
            f"{source!r}, which is none of them; check the spelling"
        )
    return _local(path, limit)


class HubError(UserError):
    """The hub failed after so many stories had been read."""

    def __init__(self, name: str, cause: Exception, stories: int) -> None:
        self.stories = stories
        self.reason = f"{type(cause).__name__}: {_first_line(cause)}"
        super().__init__(
            f"wanted {name} from the hub, but it failed after {stories:,} stories "
            f"({self.reason}); check the network and run again, or choose the source embedded or "
            "a file"
        )


def _hub(limit: int | None) -> _Source:
    def load(split: str) -> Iterator[str]:
        from datasets import load_dataset  # takes a second

        for row in load_dataset(HUB_NAME, split=split, streaming=True):
            yield row["text"]

    return _Source("hub", HUB_NAME, [HUB_NAME], _hub_stories(HUB_NAME, load), limit)


def _hub_v2(limit: int | None) -> _Source:
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
    return _Source("hub", full_name, [full_name], _hub_stories(full_name, load), limit)


def _hub_stories(name: str, load: Callable[[str], Iterator[str]]) -> Callable[[str], Iterator[str]]:
    count = 0

    def read(split: str) -> Iterator[str]:
        nonlocal count
        try:
            for story in load(split):
                count += 1
                yield story
        except Exception as error:  # datasets lets through what any layer below it raises
            raise HubError(name, error, count) from error

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
            answers.put(f"the hub cannot be reached ({_first_line(error)})")

    # In a thread, because looking up a name knows no time limit.
    threading.Thread(target=ask, daemon=True).start()
    try:
        return answers.get(timeout=PROBE_S)
    except queue.Empty:
        return f"the hub did not answer within {PROBE_S:g} s"


_GRAMMAR_FILES = ("grammar.py", "lexicon.py", "plots.py")
_FIRST_VALIDATION_STORY = 10**9  # far from every train story, and the same for every limit


def _embedded(limit: int | None, seed: int) -> _Source:
    limit = EMBEDDED_STORIES if limit is None else limit

    def read(split: str) -> Iterator[str]:
        from tinystories.data import grammar

        if split == "train":
            return grammar.stories(seed, 0, limit)
        start = _FIRST_VALIDATION_STORY
        return grammar.stories(seed, start, start + _validation_stories(limit))

    here = Path(__file__).parent
    code = [hashlib.sha256((here / name).read_bytes()).hexdigest() for name in _GRAMMAR_FILES]
    return _Source("embedded", "grammar", code, read, limit, seed)


def _validation_stories(stories: int) -> int:
    return min(max(1, round(VALIDATION_SHARE * stories)), VALIDATION_MOST)


# --- Files ------------------------------------------------------------------------------------


def _local(path: Path, limit: int | None) -> _Source:
    if path.is_dir():
        splits = _split_by_name(path)
        names = {
            file: file.relative_to(path).as_posix() for split in SPLITS for file in splits[split]
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
        for split in SPLITS
        for file in splits[split]
    ]

    def read(split: str) -> Iterator[str]:
        for file in splits[split]:
            yield from _READERS[file.suffix.lower()](file)

    return _Source("local", str(path), identity, read, limit)


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
    return _read_column(path, _text_column(path, columns, schema.names))


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


def _read_column(path: Path, column: str) -> Iterator[str]:
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
            raise _bad_line(path, number, _first_line(error)) from error
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
        raise _bad_line(path, rows.line_num, _first_line(error)) from error


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
    return UserError(f"wanted to read {path}, but: {_first_line(error)}; mend or replace the file")


def _bad_line(path: Path, number: int, what: str) -> UserError:
    return UserError(f"wanted a story in line {number} of {path}, but: {what}; mend the line")


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no reason given"])[0]


# --- The stage --------------------------------------------------------------------------------


def _prepare(source: _Source, asked: dict[str, str], folder: Path) -> Corpus:
    done = _finished(folder, source)
    if done is not None:
        return done
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(folder / "corpus.lock")
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            log.info("Another process is preparing a corpus in %s; waiting for it.", folder)
            lock.acquire()
        try:
            return _finished(folder, source) or _build(source, asked, folder)
        finally:
            lock.release()
    except OSError as error:  # readers raise UserError, so this is the writing
        what = os.strerror(error.errno) if error.errno else _first_line(error)
        remedy = "choose another folder"
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            remedy = "free some (twice the size of the text is needed) or " + remedy
        raise UserError(f"wanted to write a corpus to {folder}, but: {what}; {remedy}") from error


def _folder_of(folder: Path, source: _Source) -> Path:
    return folder / f"corpus-{source.fingerprint[:12]}"


def _finished(folder: Path, source: _Source) -> Corpus | None:
    made = _folder_of(folder, source)
    try:
        corpus = Corpus(made, json.loads((made / "index.json").read_text(encoding="utf-8")))
        whole = corpus.index["fingerprint"] == source.fingerprint and all(
            path.is_file() for split in SPLITS for path in corpus.files(split)
        )
    except (OSError, ValueError, KeyError):
        return None
    return corpus if whole else None


def _build(source: _Source, asked: dict[str, str], folder: Path) -> Corpus:
    """Make a corpus beside its place and then rename it: it is there whole or not at all."""
    for leftover in folder.glob("corpus-*.tmp-*"):  # of a killed process: the lock is ours
        shutil.rmtree(leftover)
    made = _folder_of(folder, source)
    making = folder / f"{made.name}.tmp-{os.getpid()}"
    making.mkdir()
    try:
        splits, dropped = _clean(source, making)
        index = {
            "format": FORMAT,
            "fingerprint": source.fingerprint,
            "source": {**asked, "kind": source.kind, "name": source.name},
            "limit": source.limit,
            "seed": source.seed,
            "splits": splits,
            "dropped": dropped,
        }
        with (making / "index.json").open("w", encoding="utf-8") as file:
            json.dump(index, file, indent=2, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        if made.exists():  # without its index or a file
            shutil.rmtree(made)
        making.replace(made)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    kept = [splits[split]["stories"] for split in SPLITS]
    log.info(
        "%s stories kept and %s for validation; dropped: %s",
        *map("{:,}".format, kept),
        _counts(dropped),
    )
    return Corpus(made, index)


def _clean(source: _Source, folder: Path) -> tuple[dict[str, Any], dict[str, int]]:
    """Write the cleaned stories of a source; return what the index says of the splits and drops.

    Stories are read once, into a draft, with a key and a signature of each in memory (56 bytes).
    Copies are found when all are known, and the draft is then written out without them.
    """
    draft = folder / "draft.parquet"
    drop: Counter[str] = Counter()
    keys: list[NDArray[np.uint64]] = []
    signatures: list[NDArray[np.uint16]] = []
    ahead = 0  # validation stories come first, so that they win over their copies in train
    read = 0
    with pq.ParquetWriter(draft, _SCHEMA, use_dictionary=False) as writer:
        for split in reversed(SPLITS):
            stories = source.read(split)
            if split == "train":
                ahead = sum(map(len, keys))
                stories = islice(stories, source.limit)
            for batch in _batched(stories):
                read += len(batch)
                good = _usable(batch, drop)
                words = [cleaning.words(story) for story in good]
                keys.append(np.array([cleaning.exact_key(word) for word in words], np.uint64))
                signatures.append(cleaning.signatures(words))
                writer.write_batch(pa.record_batch([pa.array(good, pa.string())], schema=_SCHEMA))
    if read == 0:
        raise UserError(f"wanted stories, found none in {source.name}; choose another source")

    key = np.concatenate(keys)
    keys.clear()
    original = _originals(key, signatures, ahead, drop)
    kept = original == np.arange(len(key))
    validation = np.arange(len(key)) < ahead
    if not validation.any():
        chosen = np.flatnonzero(kept)
        chosen = chosen[np.argsort(key[chosen])][: _validation_stories(len(chosen))]
        validation[chosen] = True
    if not (kept & ~validation).any():
        raise UserError(
            f"wanted at least one story to train on and one to validate with, {source.name} has "
            f"{kept.sum()} (read: {read:,}; dropped: {_counts(drop)}); choose another source"
        )

    writers = {split: _SplitWriter(folder, split) for split in SPLITS}
    for number, story in enumerate(_read_column(draft, "text")):
        if kept[number]:
            writers["validation" if validation[number] else "train"].write(story)
    draft.unlink()
    return {split: writer.close() for split, writer in writers.items()}, dict(sorted(drop.items()))


def _usable(stories: list[str], drop: Counter[str]) -> list[str]:
    """Return the tidied stories without a flaw, and count the flaws of the others."""
    good = []
    for story in map(cleaning.tidy, stories):
        flaw = cleaning.flaw(story)
        if flaw is None:
            good.append(story)
        else:
            drop[flaw] += 1
    return good


def _originals(
    key: NDArray[np.uint64],
    signatures: list[NDArray[np.uint16]],
    ahead: int,
    drop: Counter[str],
) -> NDArray[np.int64]:
    """Return the story that each is a copy of, itself if of none, and count the copies.

    The first `ahead` stories are the validation split. Empties `signatures`, the larger part of
    what the stage holds in memory.
    """
    number = np.arange(len(key))
    original = cleaning.exact_copies(key)
    exact = original != number
    signature = np.concatenate(signatures)
    signatures.clear()
    original[~exact] = number[~exact][cleaning.near_copies(signature[~exact])]
    near = ~exact & (original != number)
    leaked = (exact | near) & (number >= ahead) & (original < ahead)
    for reason, copies in (
        ("exact duplicate", exact & ~leaked),
        ("near duplicate", near & ~leaked),
        ("in validation", leaked),
    ):
        if copies.any():
            drop[reason] = int(copies.sum())
    return original


class _SplitWriter:
    """Writes the stories of a split to numbered parquet files, one file at a time."""

    def __init__(self, folder: Path, split: str) -> None:
        self._folder, self._split = folder, split
        self._stories: list[str] = []
        self._bytes = 0
        self._files: list[dict[str, Any]] = []

    def write(self, story: str) -> None:
        size = len(story.encode())
        if self._stories and self._bytes + size > FILE_BYTES:
            self._write_file()
        self._stories.append(story)
        self._bytes += size

    def close(self) -> dict[str, Any]:
        """Write what is left; return what the index says of the split."""
        if self._stories:
            self._write_file()
        total = {unit: sum(file[unit] for file in self._files) for unit in ("stories", "bytes")}
        return {**total, "files": self._files}

    def _write_file(self) -> None:
        path = self._folder / f"{self._split}-{len(self._files):05d}.parquet"
        table = pa.table({"text": self._stories}, schema=_SCHEMA)
        pq.write_table(
            table, path, compression="zstd", use_dictionary=False, row_group_size=2 * _BATCH
        )
        with path.open("rb+") as file:
            os.fsync(file.fileno())
        self._files.append({"name": path.name, "stories": len(self._stories), "bytes": self._bytes})
        self._stories, self._bytes = [], 0


def _batched(stories: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    characters = 0
    for story in stories:
        batch.append(story)
        characters += len(story)
        if characters >= _BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _counts(drop: dict[str, int]) -> str:
    """Say ``12 cut off, 3 exact duplicates``."""
    plural = {reason: reason + "s" for reason in ("exact duplicate", "near duplicate")}
    return (
        ", ".join(
            f"{count:,} {plural.get(reason, reason) if count > 1 else reason}"
            for reason, count in sorted(drop.items())
        )
        or "none"
    )
