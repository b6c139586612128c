"""Tokenized stories on disk, and the two ways to read them: windows and whole stories.

Each parquet file of a corpus becomes one shard, ``train-00000.bin``: ``<eos> story <eos> story
<eos>`` as little-endian integers, to be mapped into memory, so that a corpus may be larger than
it. ``index.json`` says from what the shards were made and names each with its hash.
"""

import errno
import hashlib
import json
import logging
import os
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, chain
from pathlib import Path
from typing import Any

import filelock
import numpy as np
import numpy.typing as npt

from tinystories.data.corpus import SPLITS, Corpus
from tinystories.data.vocabulary import Vocabulary, in_processes, read_texts
from tinystories.errors import UserError
from tinystories.files import read_json, sealed, sha256, write_atomically

log = logging.getLogger(__name__)

FORMAT = 1
IGNORE = -100
"""The target of a position that is padding, as in ``torch.nn.functional.cross_entropy``."""

_COUNTED = ("tokens", "stories", "bytes")

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Shards:
    """The tokens of a corpus, in one folder.

    ``index`` is what ``index.json`` says: ``made_from`` (``format``, fingerprints of ``corpus``
    and ``vocabulary``, ``dtype``), ``token_bytes`` (V numbers), and of each split its ``shards``
    (``file``, ``tokens``, ``stories``, ``bytes`` of text, ``sha256``) and their totals.
    """

    folder: Path
    index: dict[str, Any]

    @classmethod
    def open(cls, folder: Path) -> "Shards":
        """Open shards after checking that every file is what the index says.

        `UserError` if there is no index, or a file is missing or damaged.
        """
        folder = Path(folder)
        advice = "build the shards again"
        try:
            index = read_json(folder / "index.json")
            shards = cls(folder, index)
            if (found := index["made_from"]["format"]) != FORMAT:
                raise UserError(f"wanted shards of format {FORMAT}, {folder} has {found}; {advice}")
            for split in SPLITS:
                for record in index["splits"][split]["shards"]:
                    path = folder / record["file"]
                    if trouble := _trouble(path, record, shards.dtype):
                        raise UserError(f"wanted whole shards, {path} {trouble}; {advice}")
            _ = np.array(index["token_bytes"], np.int64)
        except OSError as error:
            raise UserError(f"wanted shards in {folder}, but: {error}; {advice}") from error
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            raise UserError(
                f"wanted an index of shards, {folder / 'index.json'} is damaged; {advice}"
            ) from error
        return shards

    @property
    def dtype(self) -> np.dtype[Any]:
        """The integers on disk."""
        return _on_disk(self.index["made_from"]["dtype"])

    def paths(self, split: str) -> list[Path]:
        """The shards of a split, in order."""
        return [self.folder / shard["file"] for shard in self.index["splits"][split]["shards"]]

    def tokens(self, split: str) -> list[npt.NDArray[Any]]:
        """The tokens of each shard of a split, mapped into memory."""
        return [_map(path, self.dtype) for path in self.paths(split)]

    def totals(self, split: str) -> dict[str, int]:
        """How many ``tokens``, ``stories`` and ``bytes`` of text a split has."""
        return {what: self.index["splits"][split][what] for what in _COUNTED}


class _Maps:
    """Files mapped into memory when they are first read, in each process anew."""

    def __init__(self, shards: Shards, split: str) -> None:
        self._paths, self._dtype = shards.paths(split), shards.dtype
        self._maps: list[npt.NDArray[Any] | None] = [None] * len(self._paths)

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, i: int) -> npt.NDArray[Any]:
        found = self._maps[i]
        if found is None:
            found = self._maps[i] = _map(self._paths[i], self._dtype)
        return found

    def __getstate__(self) -> dict[str, Any]:
        # Pickled, a map would carry its whole content.
        return {**self.__dict__, "_maps": [None] * len(self._paths)}


class Windows:
    """Windows of ``T`` tokens: every token but each shard's first is a target exactly once.

    Item ``i`` is ``(inputs (T,), targets (T,))``, the targets one token ahead. No window crosses
    shards; a shard's last one is padded, with ``<eos>`` as input and ``IGNORE`` as target.
    """

    def __init__(self, shards: Shards, split: str, context: int) -> None:
        if context < 1:
            raise UserError(f"wanted a context of at least 1 token, given {context}; raise it")
        self.context = context
        self._maps = _Maps(shards, split)
        targets = (shard["tokens"] - 1 for shard in shards.index["splits"][split]["shards"])
        self._starts: list[int] = [0, *accumulate(-(-n // context) for n in targets)]

    def __len__(self) -> int:
        return self._starts[-1]

    def __getitem__(self, i: int) -> tuple[Ids, Ids]:
        shard = _find(self._starts, i)
        start = (i - self._starts[shard]) * self.context
        tokens = self._maps[shard][start : start + self.context + 1].astype(np.int64)
        inputs, targets = tokens[:-1], tokens[1:]
        if missing := self.context - len(inputs):
            inputs = np.pad(inputs, (0, missing), constant_values=Vocabulary.eos)
            targets = np.pad(targets, (0, missing), constant_values=IGNORE)
        return inputs, targets


class Stories:
    """Whole stories of a split, each with its ``<eos>`` before and after, for exact evaluation.

    ``bytes[i]`` is the length of story ``i`` in UTF-8.
    """

    def __init__(self, shards: Shards, split: str) -> None:
        self._maps = _Maps(shards, split)
        self._ends: list[Ids] = []
        lengths = [np.empty(0, np.int64)]
        token_bytes = np.array(shards.index["token_bytes"])
        for i in range(len(self._maps)):
            tokens = self._maps[i]
            ends = np.flatnonzero(tokens == Vocabulary.eos)
            if len(ends) > 1:
                lengths.append(np.add.reduceat(token_bytes[tokens], ends[:-1]))
            self._ends.append(ends)
        self.bytes: Ids = np.concatenate(lengths)
        self._starts = [0, *accumulate(len(ends) - 1 for ends in self._ends)]

    def __len__(self) -> int:
        return self._starts[-1]

    def __getitem__(self, i: int) -> Ids:
        shard = _find(self._starts, i)
        first, last = self._ends[shard][i - self._starts[shard] :][:2]
        return self._maps[shard][first : last + 1].astype(np.int64)


def counting_bpb(shards: Shards) -> float:
    """Return the bits per byte of the validation stories for a model that only counts tokens.

    It knows how frequent each is in training, and nothing of what stands before it.
    """
    size = len(shards.index["token_bytes"])
    seen, told = (
        sum(np.bincount(tokens[1:], minlength=size) for tokens in shards.tokens(split))
        for split in SPLITS
    )
    bits = -np.log2((seen + 1) / np.sum(seen + 1))
    return float(np.sum(told * bits) / np.sum(told * np.array(shards.index["token_bytes"])))


def by_length(lengths: Sequence[int], tokens: int) -> list[Ids]:
    """Group stories of similar length into batches of at most ``tokens``, padding included."""
    batches: list[list[int]] = [[]]
    for story in np.argsort(lengths, kind="stable"):
        if batches[-1] and (len(batches[-1]) + 1) * lengths[story] > tokens:
            batches.append([])
        batches[-1].append(int(story))
    return [np.array(b) for b in batches]


def build_shards(corpus: Corpus, vocabulary: Vocabulary, folder: Path, *, workers: int) -> Shards:
    """Tokenize a corpus into ``folder`` with ``workers`` processes, or find it done.

    Only what is missing, damaged or made from something else is made; a build that was killed
    goes on where it stopped. Processes that ask at once wait for each other.
    `UserError` if the folder cannot be written.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(folder / "shards.lock"):
            return _build(corpus, vocabulary, folder, workers)
    except OSError as error:
        remedy = "choose another folder"
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            remedy = "free some space or " + remedy
        raise UserError(f"wanted to write shards to {folder}, but: {error}; {remedy}") from error


def _build(corpus: Corpus, vocabulary: Vocabulary, folder: Path, workers: int) -> Shards:
    dtype = "uint16" if len(vocabulary) <= 65_535 else "uint32"
    made_from = {
        "format": FORMAT,
        "corpus": corpus.index["fingerprint"],
        "vocabulary": vocabulary.fingerprint,
        "dtype": dtype,
    }
    index_file = folder / "index.json"
    if index_file.exists():
        try:
            shards = Shards.open(folder)
            if shards.index["made_from"] == made_from:
                return shards
            log.info("the corpus or the vocabulary changed: building the shards anew")
        except UserError as error:
            log.warning("%s: doing so now", error)
        index_file.unlink()
    for leftover in folder.glob("*.tmp"):  # of a killed process: the lock is ours
        leftover.unlink(missing_ok=True)

    jobs = [
        (file, folder / f"{split}-{i:05d}.bin")
        for split in SPLITS
        for i, file in enumerate(corpus.files(split))
    ]
    records = {
        shard: record for _, shard in jobs if (record := _made_before(shard, made_from)) is not None
    }
    missing = [(file, shard) for file, shard in jobs if shard not in records]
    made = in_processes(partial(_tokenize, vocabulary, _on_disk(dtype)), missing, workers)
    # Workers write and only this process renames: those of a killed build can do no harm.
    for (_, shard), (beside, record) in zip(missing, made, strict=True):
        beside.replace(shard)
        note = sealed({"made_from": made_from, "shard": record})
        write_atomically(shard.with_suffix(".json"), json.dumps(note, indent=1))
        records[shard] = record
    for stale in set(folder.glob("*.bin")) - records.keys():
        stale.unlink()
        stale.with_suffix(".json").unlink(missing_ok=True)

    splits = {
        split: _summary([records[shard] for _, shard in jobs if shard.name.startswith(split)])
        for split in SPLITS
    }
    index = {
        "made_from": made_from,
        "splits": splits,
        "token_bytes": vocabulary.token_bytes().tolist(),
    }
    write_atomically(index_file, json.dumps(sealed(index)))
    return Shards(folder, index)


def _made_before(shard: Path, made_from: dict[str, Any]) -> dict[str, Any] | None:
    """The record of a shard that a killed build has left whole, if it has."""
    try:
        note = read_json(shard.with_suffix(".json"))
        if note["made_from"] != made_from:
            return None
        record: dict[str, Any] = note["shard"]
        trouble = _trouble(shard, record, _on_disk(made_from["dtype"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if trouble:
        log.warning("%s %s: making it again", shard, trouble)
        return None
    return record


def _tokenize(
    vocabulary: Vocabulary, dtype: np.dtype[Any], job: tuple[Path, Path]
) -> tuple[Path, dict[str, Any]]:
    """Write a parquet file's tokens beside their shard; return where, and the shard's record."""
    file, shard = job
    beside = shard.with_name(f".{shard.name}.{os.getpid()}.tmp")
    eos = vocabulary.eos
    stories = size = 0
    digest = hashlib.sha256()
    try:
        with beside.open("wb") as out:
            data = np.array([eos], dtype).tobytes()
            out.write(data)
            digest.update(data)
            for texts in read_texts(file):
                ids = (chain(story, (eos,)) for story in vocabulary.encode_batch(texts))
                data = np.fromiter(chain.from_iterable(ids), dtype).tobytes()
                out.write(data)
                digest.update(data)
                stories += len(texts)
                size += sum(len(text.encode()) for text in texts)
            length = out.tell() // dtype.itemsize
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    record = {
        "file": shard.name,
        "tokens": length,
        "stories": stories,
        "bytes": size,
        "sha256": digest.hexdigest(),
    }
    return beside, record


def _summary(records: list[dict[str, Any]]) -> dict[str, Any]:
    totals = {what: sum(record[what] for record in records) for what in _COUNTED}
    return {**totals, "shards": records}


def _trouble(path: Path, record: dict[str, Any], dtype: np.dtype[Any]) -> str | None:
    """What is wrong with a shard, in words; None if it is what its record says."""
    counts = [record[what] for what in ("tokens", "stories", "bytes") if what in record]
    if path.name != record["file"] or not all(type(n) is int and n >= 0 for n in counts):
        raise ValueError("a record that no shard has")
    if not path.is_file():
        return "is missing"
    if path.stat().st_size != record["tokens"] * dtype.itemsize or sha256(path) != record["sha256"]:
        return "is damaged"
    return None


def _map(path: Path, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    # A plain view: slices of a np.memmap cost three times as much.
    return np.memmap(path, dtype, mode="r").view(np.ndarray)


def _on_disk(dtype: str) -> np.dtype[Any]:
    if dtype not in ("uint16", "uint32"):
        raise ValueError(f"shards hold uint16 or uint32, not {dtype!r}")
    return np.dtype(dtype).newbyteorder("<")


def _find(starts: list[int], i: int) -> int:
    """The shard that holds item ``i``, where shard ``s`` begins with item ``starts[s]``."""
    if not 0 <= i < starts[-1]:
        raise IndexError(f"{i} is not among {starts[-1]} items")
    return bisect_right(starts, i) - 1
