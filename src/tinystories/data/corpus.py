"""The stories of any source: cleaned, without copies, and written where training finds them."""

import errno
import hashlib
import json
import logging
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import filelock
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tinystories.data import cleaning
from tinystories.data.sources import (
    HubError,
    Source,
    find_source,
    first_line,
    read_column,
    validation_stories,
)
from tinystories.data.themes import is_dark
from tinystories.errors import UserError
from tinystories.files import read_json, sealed, sha256, write_atomically

log = logging.getLogger(__name__)

FORMAT = 1  # of the stage: one more whenever the same source gives another corpus
SPLITS = ("train", "validation")
FILTERS = (None, "dark")
DARK = "dark theme"  # the reason that the index counts
FILE_BYTES = 16 * 2**20  # of text in one parquet file, at most

_BATCH_CHARACTERS = 2**18  # that are cleaned at once, at least
_ROW_GROUP = 1024  # stories of a parquet file that are compressed together
_SCHEMA = pa.schema([("text", pa.string())])


@dataclass(frozen=True)
class Corpus:
    """A prepared corpus: cleaned stories of two splits, as parquet files in one folder.

    `index` is what ``index.json`` says: ``format``, ``fingerprint``, ``source`` (``asked``,
    ``kind``, ``name``, and ``why`` where ``auto`` had to decide), ``limit``, ``seed``, ``filter``,
    ``deduplicate``, ``splits`` (of each: ``stories``, ``bytes`` of UTF-8, ``files``) and
    ``dropped`` (``{reason: stories}``).
    """

    folder: Path
    index: dict[str, Any]

    @classmethod
    def open(cls, folder: Path) -> "Corpus":
        """Open a prepared corpus after checking that every file is what the index says.

        `UserError` if there is no index, or a file is missing or damaged.
        """
        try:
            corpus = cls(folder, read_json(folder / "index.json"))
            for split in SPLITS:
                for file in corpus.index["splits"][split]["files"]:
                    path = folder / Path(file["name"]).name
                    # Corpora of older versions name no hash.
                    if file.get("sha256", "") not in ("", sha256(path)):
                        raise ValueError(f"{path.name} is not the one that was written")
            _ = corpus.index["fingerprint"]
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(
                f"the corpus {folder} is damaged ({type(error).__name__}: {error}); the next "
                "training makes it again"
            ) from error
        return corpus

    def files(self, split: str) -> list[Path]:
        """The parquet files of a split, in order; one string column, ``text``."""
        named = self.index["splits"][split]["files"]
        return [self.folder / Path(file["name"]).name for file in named]

    def stories(self, split: str) -> Iterator[str]:
        """Read the stories of a split one by one; memory does not grow with the corpus."""
        for path in self.files(split):
            yield from read_column(path, "text")

    def sizes(self) -> dict[str, dict[str, int]]:
        """Return ``{split: {"stories": ..., "bytes": ...}}``."""
        return {
            split: {name: self.index["splits"][split][name] for name in ("stories", "bytes")}
            for split in SPLITS
        }

    def is_that_of(self, said: Mapping[str, Any]) -> bool:
        """Whether a run learned from these stories, of whose data its card says `said`."""
        return same_stories(said, {"fingerprint": self.index["fingerprint"], **self.sizes()})


def same_stories(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two runs learned from the same stories, of whose data their cards say so much.

    Files that were copied meanwhile have another date and so another fingerprint: they are the
    same where as many stories are kept of them, with as many bytes.
    """
    if one.get("fingerprint") == other.get("fingerprint"):
        return True
    return all(one.get(split) == other.get(split) for split in SPLITS)


def prepare_corpus(
    source: str,
    folder: Path,
    *,
    limit: int | None = None,
    seed: int = 0,
    filter: str | None = None,
    deduplicate: bool = True,
) -> Corpus:
    """Return the cleaned corpus of `source`: made under `folder` once, and again when it changed.

    `source` is ``hub`` (TinyStories from the Hugging Face hub), ``hub-v2`` (its GPT-4 stories),
    ``embedded`` (stories that come with the package, told by a model), ``auto`` (``hub`` if it can
    be reached, else ``embedded``), ``grammar`` (stories by rule), or the path of a ``.parquet``,
    ``.txt``, ``.jsonl`` or ``.csv`` file or of a folder of them, whose names tell the splits. Where
    there is no validation split, 2 % of the stories are set aside, chosen by a hash of their text.

    At most `limit` train stories are read, before cleaning; a validation split is read whole, so
    that corpora of different sizes are judged by the same stories. `seed` is the grammar's and
    changes nothing elsewhere.

    `filter` ``dark`` keeps stories with a dark theme out of what is read to train on; a validation
    split stays whole, so that models with and without are judged by the same stories.

    Without `deduplicate` copies among the train stories stay, but no copy of a validation story.

    Processes that ask at once wait for each other, and one that is killed leaves nothing half
    made. What the user can mend raises `UserError`.
    """
    if limit is not None and limit < 1:
        raise UserError(f"wanted a limit of at least 1 story, given {limit}; raise or omit it")
    if filter not in FILTERS:
        raise UserError(f"wanted data.filter to be null or dark, given {filter!r}; choose one")
    folder = Path(folder)

    def found(name: str) -> Source:
        return replace(find_source(name, limit, seed), filter=filter, deduplicate=deduplicate)

    if source != "auto":
        return _prepare(found(source), {"asked": source}, folder)
    try:
        asked = {"asked": "auto", "why": "the hub answered"}
        return _prepare(found("hub"), asked, folder)
    except HubError as error:
        if error.stories:
            raise
        why = error.why
    log.warning("Using the embedded stories because %s.", why)
    asked = {"asked": "auto", "why": why}
    return _prepare(found("embedded"), asked, folder)


def prepare_again(said: dict[str, Any], folder: Path, source: str | None = None) -> Corpus:
    """Prepare a corpus with the settings of the one of which a run's card says `said`.

    `source` is where its stories are now; None is where they were. Whether they are still the same
    is for :meth:`Corpus.is_that_of` to say. What the user can mend raises `UserError`.
    """
    return prepare_corpus(
        source or said["source"].get("asked") or "",
        folder,
        limit=said.get("limit"),
        seed=said.get("seed") or 0,
        filter=said.get("filter"),
        deduplicate=said.get("deduplicate") is not False,
    )


def _prepare(source: Source, asked: dict[str, str], folder: Path) -> Corpus:
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
        what = os.strerror(error.errno) if error.errno else first_line(error)
        remedy = "choose another folder"
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            remedy = "free some (twice the size of the text is needed) or " + remedy
        raise UserError(f"wanted to write a corpus to {folder}, but: {what}; {remedy}") from error


def _fingerprint(source: Source) -> str:
    said = [FORMAT, source.kind, source.identity, source.limit, source.seed]
    if source.filter:
        said.append(source.filter)
    if not source.deduplicate:
        said.append("with copies")
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _folder_of(folder: Path, source: Source) -> Path:
    return folder / f"corpus-{_fingerprint(source)[:12]}"


def _finished(folder: Path, source: Source) -> Corpus | None:
    made = _folder_of(folder, source)
    if not made.exists():
        return None
    try:
        corpus = Corpus.open(made)
    except UserError as error:
        log.warning("%s", error)
        return None
    return corpus if corpus.index["fingerprint"] == _fingerprint(source) else None


def _build(source: Source, asked: dict[str, str], folder: Path) -> Corpus:
    """Make a corpus beside its place and then rename it: it is there whole or not at all."""
    for leftover in folder.glob("corpus-*.tmp-*"):  # of a killed process: the lock is ours
        shutil.rmtree(leftover)
    made = _folder_of(folder, source)
    making = folder / f"{made.name}.tmp-{os.getpid()}"
    making.mkdir()
    log.info("Preparing the stories of %s.", source.name)
    try:
        splits, dropped = _clean(source, making)
        index = {
            "format": FORMAT,
            "fingerprint": _fingerprint(source),
            "source": {**asked, "kind": source.kind, "name": source.name},
            "limit": source.limit,
            "seed": source.seed,
            "filter": source.filter,
            "deduplicate": source.deduplicate,
            "splits": splits,
            "dropped": dropped,
        }
        text = json.dumps(sealed(index), indent=2, ensure_ascii=False)
        write_atomically(making / "index.json", text)
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


def _clean(source: Source, folder: Path) -> tuple[dict[str, Any], dict[str, int]]:
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
                good = _usable(batch, drop, source.filter if split == "train" else None)
                words = [cleaning.words(story) for story in good]
                keys.append(np.array([cleaning.exact_key(word) for word in words], np.uint64))
                signatures.append(cleaning.signatures(words))
                writer.write_batch(pa.record_batch([pa.array(good, pa.string())], schema=_SCHEMA))
    if read == 0:
        raise UserError(f"wanted stories, found none in {source.name}; choose another source")

    key = np.concatenate(keys)
    keys.clear()
    original, exact = _originals(key, signatures)
    kept = original == np.arange(len(key))
    validation = np.arange(len(key)) < ahead
    if not validation.any():
        chosen = np.flatnonzero(kept)
        chosen = chosen[np.argsort(key[chosen])][: validation_stories(len(chosen))]
        validation[chosen] = True
    if not source.deduplicate:
        first = original
        while (first[first] != first).any():  # A copy may be one of a copy.
            first = first[first]
        kept |= ~validation[first]
    leaked = ~kept & (original < ahead) & (np.arange(len(key)) >= ahead)
    for reason, copies in (
        ("exact duplicate", ~kept & exact & ~leaked),
        ("near duplicate", ~kept & ~exact & ~leaked),
        ("in validation", leaked),
    ):
        if copies.any():
            drop[reason] = int(copies.sum())
    if not (kept & ~validation).any():
        raise UserError(
            f"wanted at least one story to train on and one to validate with, {source.name} has "
            f"{kept.sum()} (read: {read:,}; dropped: {_counts(drop)}); choose another source"
        )

    writers = {split: _SplitWriter(folder, split) for split in SPLITS}
    for number, story in enumerate(read_column(draft, "text")):
        if kept[number]:
            writers["validation" if validation[number] else "train"].write(story)
    draft.unlink()
    return {split: writer.close() for split, writer in writers.items()}, dict(sorted(drop.items()))


def _usable(stories: list[str], drop: Counter[str], filter: str | None) -> list[str]:
    """Return the tidied stories without a flaw, and count the flaws of the others."""
    good = []
    for story in map(cleaning.tidy, stories):
        flaw = cleaning.flaw(story)
        if flaw is None and filter == "dark" and is_dark(story):
            flaw = DARK
        if flaw is None:
            good.append(story)
        else:
            drop[flaw] += 1
    return good


def _originals(
    key: NDArray[np.uint64], signatures: list[NDArray[np.uint16]]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the story that each is a copy of, itself if of none, and which copies are exact.

    Empties `signatures`, the larger part of what the stage holds in memory.
    """
    number = np.arange(len(key))
    original = cleaning.exact_copies(key)
    exact = original != number
    signature = np.concatenate(signatures)
    signatures.clear()
    original[~exact] = number[~exact][cleaning.near_copies(signature[~exact])]
    return original, exact


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
            table, path, compression="zstd", use_dictionary=False, row_group_size=_ROW_GROUP
        )
        with path.open("rb+") as file:
            os.fsync(file.fileno())
        self._files.append(
            {
                "name": path.name,
                "stories": len(self._stories),
                "bytes": self._bytes,
                "sha256": sha256(path),
            }
        )
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
    plural = {reason: reason + "s" for reason in ("exact duplicate", "near duplicate", DARK)}
    return (
        ", ".join(
            f"{count:,} {plural.get(reason, reason) if count > 1 else reason}"
            for reason, count in sorted(drop.items())
        )
        or "none"
    )
