"""Is a story new? What of it stands in the training stories, beside what real stories score.

A worker does this; numpy and the indices are imported when it begins.
"""

import statistics
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gui.session import Work
from gui.words import in_characters, shared
from tinystories.errors import UserError
from tinystories.runs import Run

if TYPE_CHECKING:
    from tinystories.data.corpus import Corpus
    from tinystories.evaluation.metric import Metric
    from tinystories.evaluation.novelty import NoveltyIndex

COPIED = 8
"""Words in a row that count as copied."""
REAL = 60
"""Real stories that were held out of training, whose scores stand beside."""
LIMIT = 50_000
"""Training stories at most, as ``conf/data`` has it, for cards that do not say."""
SHOWN = (
    "nearest_cosine",
    "longest_copied",
    "unseen_4grams",
    "grammar_lints",
    "easy_words",
    "grade",
    "word_rarity",
)


@dataclass(frozen=True)
class Figure:
    """A measure of the story, and the median of real stories; ``about`` explains it."""

    title: str
    unit: str
    yours: float | None
    real: float | None
    about: str


@dataclass(frozen=True)
class Newness:
    """The closest training story and what was copied, as ranges of characters."""

    nearest: str
    cosine: float
    copied: list[tuple[int, int]]
    copied_there: list[tuple[int, int]]
    figures: list[Figure]


@dataclass(frozen=True)
class _Measures:
    """What is made once for a corpus."""

    index: "NoveltyIndex"
    metrics: "list[Metric]"
    real: dict[str, float]


class Examiner:
    """Examines stories against the training stories of runs.

    Args:
        outputs: where the runs are; corpora and indices are kept in ``data`` there.
    """

    def __init__(self, outputs: Path) -> None:
        self.folder = outputs / "data"
        self._made: dict[str, _Measures] = {}

    def examining(self, run: Run, text: str) -> Work:
        """The act that examines a story; it reports sentences, its result is :class:`Newness`."""
        return lambda act: self._examine(run, text, act.report)

    def _examine(self, run: Run, text: str, say: Callable[[str], None]) -> Newness:
        from tinystories.records import Told

        if not text.strip():
            raise UserError("there is no story yet; write or tell one first")
        measures = self._measures(run, say)
        say("Comparing …")
        told = [Told("", text, ended=True, tokens=0)]
        figures = [
            Figure(m.title, m.unit, m.score(told)[0], measures.real.get(m.name), m.about)
            for m in measures.metrics
        ]
        nearest = measures.index.nearest(text)
        spans = [(s.start, s.stop) for s in measures.index.copied_spans(text, COPIED)]
        return Newness(
            nearest.text,
            nearest.cosine,
            in_characters(text, spans),
            shared(nearest.text, text, COPIED),
            figures,
        )

    def _measures(self, run: Run, say: Callable[[str], None]) -> _Measures:
        fingerprint = str(run.card["data"].get("fingerprint", run.folder))
        if fingerprint in self._made:
            return self._made[fingerprint]
        from tinystories.evaluation import grammar, novelty, words
        from tinystories.records import Told

        say("Reading the training stories, once; this can take a minute …")
        corpus = self._corpus(run)
        index = novelty.index_of(corpus, self.folder)
        counts = words.counts_of(corpus, self.folder)
        found = [*novelty.metrics(index), *grammar.metrics(), *words.metrics(counts)]
        metrics = sorted(
            (metric for metric in found if metric.name in SHOWN),
            key=lambda metric: SHOWN.index(metric.name),
        )
        say("Reading real stories that the model did not learn from …")
        held_out = islice(corpus.stories("validation"), REAL)
        real = [Told("", text, ended=True, tokens=0) for text in held_out]
        medians = {}
        for metric in metrics:
            if values := [value for value in metric.score(real) if value is not None]:
                medians[metric.name] = statistics.median(values)
        self._made[fingerprint] = _Measures(index, metrics, medians)
        return self._made[fingerprint]

    def _corpus(self, run: Run) -> "Corpus":
        """The stories that a run learned from: as they were prepared, or prepared again.

        Raises:
            UserError: they are not here any more, or not the same any more.
        """
        from tinystories.data.corpus import Corpus, prepare_corpus

        data: dict[str, Any] = run.card["data"]
        for path in self.folder.glob("corpus-*/index.json"):
            with suppress(UserError):
                corpus = Corpus.open(path.parent)
                if _same(corpus.index, data):
                    return corpus
        corpus = prepare_corpus(
            str(data["source"].get("asked", "auto")),
            self.folder,
            limit=data.get("limit", LIMIT),
            seed=data.get("seed", run.card.get("training", {}).get("seed", 0)),
            filter=data.get("filter"),
            deduplicate=data.get("deduplicate") is not False,
        )
        if not _same(corpus.index, data):
            raise UserError(
                "the stories this model learned from are not on this computer, or were changed; "
                "train a model here, or copy outputs/data too"
            )
        return corpus


def _same(index: dict[str, Any], data: dict[str, Any]) -> bool:
    """Whether a corpus is the one of a card; files that were copied have another fingerprint."""
    if index.get("fingerprint") == data.get("fingerprint"):
        return True
    return all(
        index.get("splits", {}).get(split, {}).get(size) == data.get(split, {}).get(size, 0)
        for split in ("train", "validation")
        for size in ("stories", "bytes")
    )
