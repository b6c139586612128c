"""From the name of a source to shards: every stage made once, and again when its input changes."""

import hashlib
import logging
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from tinystories.data.corpus import Corpus, prepare_corpus
from tinystories.data.shards import Shards, build_shards
from tinystories.data.vocabulary import Vocabulary, train_vocabulary
from tinystories.errors import UserError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Prepared:
    """A corpus, its vocabulary and its shards."""

    corpus: Corpus
    vocabulary: Vocabulary
    shards: Shards

    def describe(self) -> dict[str, Any]:
        """Return what a run's card says of its data."""
        kept = ("source", "fingerprint", "dropped", "limit", "seed", "filter", "deduplicate")
        return {name: self.corpus.index.get(name) for name in kept} | self.corpus.sizes()


def prepare(
    source: str,
    *,
    vocab: int,
    tokenizer: Mapping[str, Any],
    folder: str | Path = "outputs/data",
    limit: int | None = None,
    filter: str | None = None,
    deduplicate: bool = True,
    processes: int | None = None,
    seed: int = 0,
    vocabulary: Vocabulary | None = None,
) -> Prepared:
    """Return the stories of ``source``, cleaned, with their words counted and their tokens sharded.

    Args:
        source: ``auto``, ``hub``, ``hub-v2``, ``embedded``, ``grammar`` or the path of stories.
        vocab: number of word types (of entries, for a tokenizer of kind ``bpe``).
        tokenizer: ``{"kind": "words" | "bpe"}``.
        folder: where the stages keep what they made.
        limit: training stories at most; None is all.
        filter: ``dark`` keeps training stories with dark themes out.
        deduplicate: whether copies among the training stories are left out.
        processes: that work side by side; None is one a core.
        seed: of the grammar's stories.
        vocabulary: one that is there already, to be used instead of a new one.
    """
    folder = Path(folder)
    processes = processes or os.cpu_count() or 1
    corpus = prepare_corpus(
        source, folder, limit=limit, seed=seed, filter=filter, deduplicate=deduplicate
    )
    if vocabulary is None:
        vocabulary = _vocabulary(corpus, vocab, tokenizer["kind"], folder, processes)
    name = _short(corpus.index["fingerprint"], vocabulary.fingerprint)
    shards = build_shards(corpus, vocabulary, folder / f"shards-{name}", workers=processes)
    return Prepared(corpus, vocabulary, shards)


def _vocabulary(corpus: Corpus, size: int, kind: str, folder: Path, processes: int) -> Vocabulary:
    place = folder / f"vocabulary-{_short(corpus.index['fingerprint'], kind, str(size))}"
    with FileLock(place.with_suffix(".lock")):
        if place.is_dir():
            try:
                return Vocabulary.load(place)
            except UserError as error:
                log.warning("%s: it is made again", error)
                shutil.rmtree(place)
        vocabulary = train_vocabulary(corpus, size, kind=kind, workers=processes)
        beside = place.with_suffix(".tmp")
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        vocabulary.save(beside)
        beside.rename(place)
    return vocabulary


def _short(*parts: str) -> str:
    return hashlib.sha256("/".join(parts).encode()).hexdigest()[:12]
