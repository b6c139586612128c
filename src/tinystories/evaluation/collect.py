"""A corpus that a model told: many stories, of which the scorecard's own measures keep the good."""

import json
import multiprocessing
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache, partial
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tinystories.data import cleaning
from tinystories.data.themes import is_dark
from tinystories.errors import UserError
from tinystories.evaluation import grammar
from tinystories.evaluation.consistency import repeated_4grams, unbalanced_quotes
from tinystories.evaluation.novelty import NoveltyIndex, index_of
from tinystories.evaluation.telling import LENGTH, find_corpus
from tinystories.files import sha256, write_atomically
from tinystories.generation import Sampling
from tinystories.records import Told
from tinystories.runs import WEIGHTS, Run
from tinystories.storyteller import Storyteller

PIECE = 512
"""Stories that are told before they are written down."""

REPEATED = 5.0
"""Percent of a story's four-word phrases that it may say twice; real stories do with 1."""
COPIED = 20
"""Words in a row that may stand in a training story; real stories share 12 with others."""
ALIKE = 0.5
"""Cosine to the closest training story; above it a story is taken for a copy."""
HOPELESS = 0.02
"""Share of good stories under which, after some pieces, the rest is not waited for."""


@dataclass(frozen=True)
class Order:
    """What ``tinystories collect`` was asked for.

    Args:
        count: good stories that are wanted.
        temperature: of the telling. 1 tells as the model expects stories to be; less is tidier
            and teaches another model less.
        min_p: tokens less likely than this share of the likeliest are left out; 0 leaves none out.
        seed: of the first story; the others follow.
    """

    count: int
    temperature: float = 1.0
    min_p: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.count < 1:
            raise UserError(f"--count must be at least 1 story, got {self.count}")
        _ = self.sampling  # What it cannot be is said before anything is told.

    @property
    def sampling(self) -> Sampling:
        """How each token is drawn."""
        return Sampling(self.temperature, min_p=self.min_p)


def fault(story: Told, index: NoveltyIndex) -> str | None:
    """Say in a few words why a told story is not kept; None if it is. Quick reasons come first."""
    if not story.ended:
        return "did not end by itself"
    if found := cleaning.flaw(story.text):
        return found
    if is_dark(story.text):
        return "has a dark theme"
    if unbalanced_quotes(story.text):
        return "leaves a quotation open"
    if (repeated_4grams(story.text) or 0.0) > REPEATED:
        return "repeats itself"
    if index.matches(story.text)[0].max() > COPIED:
        return "copies a training story"
    if grammar.lints(story.text):
        return "has a grammar mistake"
    if index.nearest(story.text).cosine > ALIKE:
        return "is like a training story"
    return None


def collect(
    run: Run,
    order: Order,
    file: Path,
    *,
    data: Path = Path("outputs/data"),
    processes: int | None = None,
    progress: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> Counter[str]:
    """Let a run tell until ``file``, a parquet file with a column ``text``, has enough stories.

    Pieces are kept beside the file until it is whole, so an interrupted collection goes on where
    it stopped. The stories do not depend on the processes. The file's metadata say who told them,
    how, and how many of them were dropped why.

    Returns:
        How many stories were kept (``""``), and dropped for which reason.

    Raises:
        UserError: the run's training stories are not at hand, the grammar checker is missing, or
            hardly any story is good.
    """
    if not grammar.available():
        raise UserError('judging grammar needs harper-py: pip install "tinystories[judging]"')
    index = index_of(find_corpus(run, data), data)
    made_by = {"weights": sha256(run.folder / WEIGHTS), **asdict(order)} | {"count": None}
    folder = file.with_name(f".{file.name}.pieces")
    folder.mkdir(parents=True, exist_ok=True)
    note = folder / "made.json"
    if not note.is_file() or json.loads(note.read_text(encoding="utf-8")) != made_by:
        shutil.rmtree(folder)
        folder.mkdir()
        write_atomically(note, json.dumps(made_by))

    tell = partial(_piece, folder, run.folder, index.folder, order)
    texts: dict[str, None] = {}
    counted: Counter[str] = Counter()
    for piece in _in_order(tell, processes or os.cpu_count() or 1):
        for text, reason in piece:
            if reason is None and text in texts:
                reason = "was told before"
            counted[reason or ""] += 1
            if reason is None:
                texts[text] = None
            if len(texts) == order.count:
                break
        progress("good stories", len(texts), order.count)
        if len(texts) == order.count:
            break
        told = counted.total()
        if told >= 4 * PIECE and len(texts) < HOPELESS * told:
            worst, times = counted.most_common(1)[0]
            raise UserError(
                f"wanted {order.count} good stories, {len(texts)} of {told} were good (most often "
                f"a story {worst}: {times}); train longer, or raise --min-p"
            )
    dropped = {reason: n for reason, n in counted.most_common() if reason}
    said = {
        "teller": {"name": run.name, "val_bpb": run.val_bpb, "weights": made_by["weights"]},
        "settings": asdict(order),
        "dropped": dropped,
    }
    _write(file, list(texts), said)
    shutil.rmtree(folder)
    return counted


Judged = list[tuple[str, str | None]]


def _in_order(tell: Callable[[int], Judged], processes: int) -> Iterator[Judged]:
    """Yield pieces 0, 1, 2 ... without end, made side by side."""
    if processes == 1:
        yield from map(tell, count())
    # Spawned, since the engine may hold threads, which do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context) as pool:
        ahead = {number: pool.submit(tell, number) for number in range(processes)}
        number = 0
        try:
            while True:
                yield ahead.pop(number).result()
                ahead[number + processes] = pool.submit(tell, number + processes)
                number += 1
        finally:
            pool.shutdown(cancel_futures=True)


def _piece(folder: Path, model: Path, index: Path, order: Order, number: int) -> Judged:
    """Return ``PIECE`` stories and what is wrong with each, as read or told now."""
    path = folder / f"{number:05d}.json"
    if path.is_file():
        read: Judged = [(text, reason) for text, reason in json.loads(path.read_bytes())]
        return read
    teller, known = _teller(model), _index(index)
    seeds = range(order.seed + number * PIECE, order.seed + (number + 1) * PIECE)
    told = dict(teller.tell_many([""] * PIECE, seeds=seeds, sampling=order.sampling, length=LENGTH))
    judged: Judged = []
    for place in range(PIECE):
        story = told[place]
        judged.append((story.text, fault(story, known)))
    write_atomically(path, json.dumps(judged, ensure_ascii=False))
    return judged


@cache
def _teller(model: Path) -> Storyteller:
    return Storyteller.load(model)


@cache
def _index(folder: Path) -> NoveltyIndex:
    return NoveltyIndex.open(folder)


def _write(file: Path, texts: list[str], said: dict[str, Any]) -> None:
    table = pa.table({"text": texts}).replace_schema_metadata({"tinystories": json.dumps(said)})
    beside = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    pq.write_table(table, beside, compression="zstd", compression_level=22)
    beside.replace(file)
