"""A piece of the training text with its indices: suffixes in order, and where each feature is.

Made by :func:`write_part`, read where it lies on disk.
"""

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

FEATURES = 2**19
"""Hashes of one and two words."""

END_OF_STORY = 0
"""Stands between stories, so that no span crosses from one to the next."""

END_OF_QUERY = -1
"""Ends a text that is looked up; like the end of a story it is no word's number."""

Ints = npt.NDArray[np.int64]


def write_part(
    folder: Path, texts: list[str], encoded: list[Ints], documents: npt.NDArray[np.uint32]
) -> None:
    """Write stories and their word numbers as a part; count in ``documents`` who has a feature."""
    folder.mkdir()
    starts = np.cumsum([0, *(len(text) + 1 for text in encoded)])
    stream = np.zeros(starts[-1], np.int32)
    for start, text in zip(starts, encoded, strict=False):
        stream[start : start + len(text)] = text
    np.save(folder / "words.npy", stream)
    np.save(folder / "starts.npy", starts)
    np.save(folder / "suffixes.npy", suffix_array(stream).astype(np.int32))

    raw = [text.encode() for text in texts]
    (folder / "stories.txt").write_bytes(b"".join(raw))
    np.save(folder / "offsets.npy", np.cumsum([0, *map(len, raw)]))

    pairs = []
    for number, text in enumerate(encoded):
        features, counts = np.unique(features_of(text), return_counts=True)
        pairs.append(np.stack([features, np.full_like(features, number), np.minimum(counts, 255)]))
        documents[features] += 1
    feature, story, count = np.concatenate(pairs, axis=1)
    order = np.argsort(feature, kind="stable")
    bounds = np.searchsorted(feature[order], np.arange(FEATURES + 1))
    np.save(folder / "bounds.npy", bounds.astype(np.uint32))
    np.save(folder / "postings.npy", story[order].astype(np.uint32))
    np.save(folder / "counts.npy", count[order].astype(np.uint8))


def suffix_array(stream: npt.NDArray[np.int32]) -> Ints:
    """Return the places of a stream of words, in the order of what follows each, (N,).

    Prefix doubling: places are ordered by their first word, then by two, four, eight, until no
    two are alike. Stories without copies are told apart by their first few hundred words.
    """
    rank = np.unique(stream, return_inverse=True)[1].astype(np.int64)
    step, size = 1, len(stream)
    while True:
        following = np.zeros(size, np.int64)
        following[:-step] = rank[step:] + 1
        key = rank * (size + 1) + following
        order = np.argsort(key)
        ordered = key[order]
        changes = np.concatenate([[0], np.cumsum(ordered[1:] != ordered[:-1])])
        rank[order] = changes
        step *= 2
        if changes[-1] == size - 1 or step >= size:
            return order


class Part:
    """A piece of the training text and its indices, memory-mapped."""

    def __init__(self, folder: Path) -> None:
        def mapped(name: str) -> npt.NDArray[Any]:
            array: npt.NDArray[Any] = np.load(folder / f"{name}.npy", mmap_mode="r")
            return array

        self.folder = folder
        self.starts: Ints = mapped("starts")
        self._words, self._suffixes = mapped("words"), mapped("suffixes")
        self._bounds, self._postings, self._counts = map(mapped, ("bounds", "postings", "counts"))

    @cached_property
    def _norms(self) -> npt.NDArray[np.float32]:
        return np.asarray(np.load(self.folder / "norms.npy"))

    def text(self, number: int) -> str:
        """What story ``number`` of this part says."""
        first, last = np.load(self.folder / "offsets.npy", mmap_mode="r")[number : number + 2]
        with (self.folder / "stories.txt").open("rb") as file:
            file.seek(int(first))
            return file.read(int(last - first)).decode()

    def norms(self, idf: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The length of every story's vector, (N,)."""
        weights = np.repeat(idf, self._bounds[1:] - self._bounds[:-1]) * tf(self._counts)
        squares = np.bincount(self._postings, np.square(weights), minlength=len(self.starts) - 1)
        return np.sqrt(squares).astype(np.float32)

    def cosines(self, features: Ints, weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The cosine of every story with a text, (N,), given its features times their idf."""
        scores = np.zeros(len(self.starts) - 1)
        for feature, weight in zip(features, weights, strict=True):
            first, last = int(self._bounds[feature]), int(self._bounds[feature + 1])
            if weight and last > first:
                scores[self._postings[first:last]] += weight * _TF[self._counts[first:last]]
        return scores / np.maximum(self._norms, 1e-12)

    def matches(self, query: Ints) -> tuple[Ints, Ints]:
        """For every word of ``query`` how long the match is that begins there, and where, (W,).

        All words at once: the range of suffixes that begin as the text does from there on is
        narrowed by one word at a time, until it is empty.
        """
        length = np.zeros(len(query), np.int64)
        place = np.zeros(len(query), np.int64)
        at = np.arange(len(query))
        low, high = np.zeros(len(query), np.int64), np.full(len(query), len(self._suffixes))
        depth = 0
        while len(at):
            wanted = query[np.minimum(at + depth, len(query) - 1)]
            low, high = (
                self._search(low, high, wanted, depth),
                self._search(low, high, wanted + 1, depth),
            )
            found = high > low
            at, low, high = at[found], low[found], high[found]
            depth += 1
            length[at] = depth
            place[at] = self._suffixes[low]
        return length, place

    def _search(self, low: Ints, high: Ints, wanted: Ints, depth: int) -> Ints:
        """The first suffix of each range whose word number ``depth`` is not below ``wanted``."""
        low, high = low.copy(), high.copy()
        while (open_ := low < high).any():
            middle = (low + high) // 2
            suffix = self._suffixes[np.minimum(middle, len(self._suffixes) - 1)].astype(np.int64)
            where = suffix + depth
            word = np.where(
                where < len(self._words), self._words[np.minimum(where, len(self._words) - 1)], -1
            )
            below = open_ & (word < wanted)
            low = np.where(below, middle + 1, low)
            high = np.where(open_ & ~below, middle, high)
        return low


def features_of(ids: Ints) -> Ints:
    """The hashes of all words and pairs of words, (2 W - 1,)."""
    one = ids.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    pair = (one[:-1] ^ np.uint64(0xD6E8FEB86659FD93)) * np.uint64(0xBF58476D1CE4E5B9) + one[1:]
    mixed = np.concatenate([one, pair])
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0x94D049BB133111EB)
    return (mixed >> np.uint64(45)).astype(np.int64)


_TF = (1 + np.log(np.maximum(1, np.arange(256)))).astype(np.float32)


def tf(counts: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """How much a feature weighs that a text has so many times: ever less, the more it has it."""
    weights: npt.NDArray[np.float32] = _TF[np.minimum(counts, 255)]
    return weights


def idf_of(documents: npt.NDArray[np.uint32], stories: int) -> npt.NDArray[np.float64]:
    """How much a feature says: nothing if one story in five of a large corpus has it."""
    idf = np.log((1 + stories) / (1 + documents.astype(np.float64)))
    return np.where(documents > max(1000, stories / 5), 0, idf)
