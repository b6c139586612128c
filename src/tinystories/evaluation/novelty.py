"""Is a story new? The closest training story, and every span that was copied from one.

The index over all training text is made once, in parts, so that making it needs memory for one
part only, and is read where it lies on disk. It answers two questions exactly: which training
story has the highest cosine (hashed one- and two-word TF-IDF, through an inverted index), and
which spans stand in a training story word by word (a suffix array, Manber & Myers 1990).
"""

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from filelock import FileLock

from tinystories.data.corpus import Corpus
from tinystories.errors import UserError
from tinystories.evaluation.metric import Metric
from tinystories.evaluation.novelty_parts import (
    END_OF_QUERY,
    END_OF_STORY,
    FEATURES,
    Ints,
    Part,
    features_of,
    idf_of,
    tf,
    write_part,
)
from tinystories.evaluation.text import words as split
from tinystories.records import Told

FORMAT = 1
PART_WORDS = 4_000_000
"""Words of a part, about: making one needs some 500 MB."""

_REMEMBERED = 4096  # stories whose answers are kept


@dataclass(frozen=True)
class Nearest:
    """The closest training story: its number, the cosine (0 to 1), and what it says."""

    story: int
    cosine: float
    text: str


@dataclass(frozen=True)
class Span:
    """Words ``start`` to ``stop`` of a text that stand so in training story number ``story``."""

    start: int
    stop: int
    words: str
    story: int


class NoveltyIndex:
    """Answers what of a text was in the training stories; made by :meth:`build`."""

    def __init__(self, folder: Path, said: dict[str, Any]) -> None:
        self.folder = folder
        self.fingerprint: str = said["fingerprint"]
        self.stories: int = said["stories"]
        self._parts = [Part(folder / name) for name in said["parts"]]
        self._first = np.cumsum([0, *(len(part.starts) - 1 for part in self._parts)])
        self._documents = np.load(folder / "documents.npy", mmap_mode="r")
        # Eleven metrics ask for the same stories.
        self.nearest = lru_cache(_REMEMBERED)(self._nearest)
        self.matches = lru_cache(_REMEMBERED)(self._matches)

    @cached_property
    def _ids(self) -> dict[str, int]:
        listed = (self.folder / "words.txt").read_text(encoding="utf-8").splitlines()
        return {word: number for number, word in enumerate(listed)}

    @classmethod
    def build(
        cls,
        stories: Iterable[str],
        folder: Path,
        *,
        fingerprint: str = "",
        part_words: int = PART_WORDS,
    ) -> "NoveltyIndex":
        """Make the index of ``stories`` in ``folder``, replacing it as a whole, and open it.

        Args:
            stories: all training stories, in the order of their numbers.
            folder: where the index lies; it takes about four times the size of the text.
            fingerprint: of the corpus, kept so that an index of another corpus is noticed.
            part_words: how many words are indexed at once, at least; more need more memory.

        Raises:
            UserError: there are no stories, or the folder cannot be written.
        """
        beside = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
        try:
            shutil.rmtree(beside, ignore_errors=True)
            beside.mkdir(parents=True)
            said = _build(stories, beside, part_words) | {"fingerprint": fingerprint}
            (beside / "index.json").write_text(json.dumps(said, indent=2), encoding="utf-8")
            shutil.rmtree(folder, ignore_errors=True)
            beside.rename(folder)
        except OSError as error:
            raise UserError(
                f"wanted to write the novelty index to {folder}, but: {error.strerror or error}; "
                "make room there or choose another folder"
            ) from error
        finally:
            shutil.rmtree(beside, ignore_errors=True)
        return cls.open(folder)

    @classmethod
    def open(cls, folder: Path) -> "NoveltyIndex":
        """Return the index in ``folder``; nothing is read before it is needed.

        Raises:
            UserError: there is none, it is damaged, or another version made it.
        """
        try:
            said = json.loads((folder / "index.json").read_text(encoding="utf-8"))
            if said["format"] == FORMAT:
                return cls(folder, said)
        except FileNotFoundError as error:
            raise UserError(
                f"wanted a novelty index in {folder}, found none; it is made from the training "
                "stories, so evaluate where they are"
            ) from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserError(f"the novelty index {folder} is damaged; remove it") from error
        raise UserError(f"the novelty index {folder} is of another version; remove it")

    def _nearest(self, text: str) -> Nearest:
        """Return the training story with the highest cosine; one of no common words has 0."""
        weights = self._weights(self._encode(text))
        best, number, cosine = 0, 0, -1.0
        for which, part in enumerate(self._parts):
            scores = part.cosines(*weights)
            top = int(scores.argmax())
            if scores[top] > cosine:
                best, number, cosine = which, top, float(scores[top])
        story = int(self._first[best]) + number
        return Nearest(story, min(1.0, cosine), self._parts[best].text(number))

    def copied_spans(self, text: str, words: int = 6) -> list[Span]:
        """Return all copied spans of ``words`` words or more, none inside another, in order."""
        said = split(text)
        length, part, place = self.matches(text)
        spans: list[Span] = []
        for start in np.flatnonzero(length >= words):
            stop = int(start + length[start])
            if spans and stop <= spans[-1].stop:
                continue
            story = self._story(int(part[start]), int(place[start]))
            spans.append(Span(int(start), stop, " ".join(said[start:stop]), story))
        return spans

    def _matches(self, text: str) -> tuple[Ints, Ints, Ints]:
        """Return for every word of a text how many words from there on were copied, and whence.

        The answer is (length, part, place), each (W,): the longest match that begins at a word,
        and the part of the index and the place in it where it stands.
        """
        query = np.append(self._encode(text), END_OF_QUERY)
        length, where, place = (np.zeros(len(query), np.int64) for _ in range(3))
        for number, part in enumerate(self._parts):
            found, at = part.matches(query)
            longer = found > length
            length[longer], where[longer], place[longer] = found[longer], number, at[longer]
        return length[:-1], where[:-1], place[:-1]

    def _encode(self, text: str) -> Ints:
        """The words of a text as the index numbers them; each unknown word has its own number."""
        unknown: dict[str, int] = {}

        def number(word: str) -> int:
            known = self._ids.get(word)
            return (
                unknown.setdefault(word, len(self._ids) + len(unknown)) if known is None else known
            )

        return np.array([number(word) for word in split(text)], np.int64)

    def _weights(self, ids: Ints) -> tuple[Ints, npt.NDArray[np.float64]]:
        """The features of a text and their weights, of length 1, times idf once more."""
        features, counts = np.unique(features_of(ids), return_counts=True)
        idf = idf_of(self._documents[features], self.stories)
        weights = tf(counts) * idf
        norm = np.sqrt(np.square(weights).sum())
        return features, weights * idf / norm if norm else weights

    def _story(self, part: int, place: int) -> int:
        starts = self._parts[part].starts
        return int(self._first[part]) + int(np.searchsorted(starts, place, "right")) - 1


def index_of(corpus: Corpus, folder: Path) -> NoveltyIndex:
    """Return the index of a corpus's training stories, made under ``folder`` once."""
    fingerprint = corpus.index["fingerprint"]
    place = folder / f"novelty-{fingerprint[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(place.with_suffix(".lock")):
        try:
            index = NoveltyIndex.open(place)
            if index.fingerprint == fingerprint:
                return index
        except UserError:
            pass  # there is none yet, or it must be made again
        return NoveltyIndex.build(corpus.stories("train"), place, fingerprint=fingerprint)


# --- The metrics ------------------------------------------------------------------------------


def metrics(index: NoveltyIndex) -> tuple[Metric, ...]:
    """Return the measures of how new a story is, next to the training stories of ``index``."""

    def cosine(told: Sequence[Told]) -> list[float | None]:
        return [index.nearest(story.text).cosine for story in told]

    def rouge(told: Sequence[Told]) -> list[float | None]:
        return [rouge_2(story.text, index.nearest(story.text).text) for story in told]

    def longest(told: Sequence[Told]) -> list[float | None]:
        return [_longest(index.matches(story.text)[0]) for story in told]

    def unseen(n: int) -> Metric:
        def share(told: Sequence[Told]) -> list[float | None]:
            return [_unseen(index.matches(story.text)[0], n) for story in told]

        what = "Words" if n == 1 else f"{n}-word phrases"
        return Metric(
            f"unseen_{n}grams",
            f"{what} no training story has",
            "% of words" if n == 1 else "% of phrases",
            "like real",
            f"How many {'words' if n == 1 else f'phrases of {n} words'} no training story has.",
            share,
        )

    return (
        Metric(
            "nearest_cosine",
            "Closest training story",
            "cosine",
            "like real",
            "How alike the story is to the most similar training story: 1 is a copy, 0 shares no "
            "word. New stories by people lie where the held-out stories do.",
            cosine,
        ),
        Metric(
            "nearest_rouge2",
            "Shared with the closest training story",
            "% of pairs",
            "like real",
            "How many pairs of words the story shares with the most similar training story.",
            rouge,
        ),
        Metric(
            "longest_copied",
            "Longest copied span",
            "words",
            "like real",
            "The longest run of words that stands word by word in one training story.",
            longest,
        ),
        *map(unseen, range(1, 9)),
    )


def rouge_2(text: str, other: str) -> float | None:
    """Return the ROUGE-2 F-measure of two texts in percent (Lin 2004); None under two words."""
    one, two = (Counter(pairwise(said)) for said in map(split, (text, other)))
    if not one or not two:
        return None
    return 200 * (one & two).total() / (one.total() + two.total())


def _longest(lengths: Ints) -> float | None:
    return float(lengths.max()) if len(lengths) else None


def _unseen(lengths: Ints, n: int) -> float | None:
    phrases = lengths[: max(0, len(lengths) - n + 1)]
    return float(100 * (phrases < n).mean()) if len(phrases) else None


# --- Making it --------------------------------------------------------------------------------


def _build(stories: Iterable[str], folder: Path, part_words: int) -> dict[str, Any]:
    ids: dict[str, int] = {"": END_OF_STORY}
    documents = np.zeros(FEATURES, np.uint32)
    parts: list[str] = []
    total = 0
    for texts, encoded in _in_parts(stories, ids, part_words):
        name = f"part-{len(parts):04d}"
        write_part(folder / name, texts, encoded, documents)
        parts.append(name)
        total += len(texts)
    if not total:
        raise UserError("wanted training stories to index, found none; choose another source")
    (folder / "words.txt").write_text("\n".join(ids) + "\n", encoding="utf-8")
    np.save(folder / "documents.npy", documents)
    idf = idf_of(documents, total).astype(np.float32)
    for name in parts:  # now that it is known how common every feature is
        part = Part(folder / name)
        np.save(folder / name / "norms.npy", part.norms(idf))
    return {"format": FORMAT, "stories": total, "parts": parts}


def _in_parts(
    stories: Iterable[str], ids: dict[str, int], part_words: int
) -> Iterator[tuple[list[str], list[Ints]]]:
    texts: list[str] = []
    encoded: list[Ints] = []
    size = 0
    for text in stories:
        texts.append(text)
        encoded.append(np.array([ids.setdefault(w, len(ids)) for w in split(text)], np.int64))
        size += len(encoded[-1]) + 1
        if size >= part_words:
            yield texts, encoded
            texts, encoded, size = [], [], 0
    if texts:
        yield texts, encoded
