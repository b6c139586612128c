"""Is a story new? What of it stands in the training stories, beside what real stories score.

A worker does this; numpy and the indices are imported when it begins.
"""

import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gui.session import Work
from gui.words import in_characters, shared
from tinystories.errors import UserError
from tinystories.files import read_json
from tinystories.runs import Run

if TYPE_CHECKING:
    from tinystories.data.corpus import Corpus
    from tinystories.evaluation.metric import Metric
    from tinystories.evaluation.novelty import NoveltyIndex

COPIED = 8
"""Words in a row that count as copied."""
REAL = 60
"""Real stories that were held out of training, whose scores stand beside."""
SHOWN = (
    "nearest_cosine",
    "longest_copied",
    "unseen_4grams",
    "grammar_lints",
    "easy_words",
    "grade",
    "word_rarity",
)
ALONE = ("grammar_lints", "easy_words", "grade")
"""Those of ``SHOWN`` that need no training stories."""


@dataclass(frozen=True)
class Figure:
    """A measure of the story, and of real stories; ``about`` explains it."""

    title: str
    unit: str
    yours: float | None
    real: float | None
    about: str


@dataclass(frozen=True)
class Newness:
    """The closest training story and what was copied, as ranges of characters.

    ``missing`` says why there is no closest story, where the training stories are not at hand.
    """

    nearest: str
    cosine: float
    copied: list[tuple[int, int]]
    copied_there: list[tuple[int, int]]
    figures: list[Figure]
    missing: str = ""


@dataclass(frozen=True)
class _Measures:
    """What is made once for a corpus."""

    index: "NoveltyIndex"
    metrics: "list[Metric]"
    real: dict[str, float]


class _NoStoriesError(UserError):
    """The training stories are not at hand."""


class Examiner:
    """Examines stories against the training stories of runs.

    Args:
        outputs: where the runs are; corpora and indices are kept in ``data`` there.
    """

    def __init__(self, outputs: Path) -> None:
        self.folder = outputs / "data"
        self._made: dict[str, _Measures] = {}

    def examining(self, run: Run, text: str, stories: Path | None = None) -> Work:
        """The act that examines a story; it reports sentences, its result is :class:`Newness`.

        ``stories`` is where the training stories are, if the run's card does not know it any more.
        """
        return lambda act: self._examine(run, text, stories, act.report)

    def _examine(
        self, run: Run, text: str, stories: Path | None, say: Callable[[str], None]
    ) -> Newness:
        if not text.strip():
            raise UserError("there is no story yet; write or tell one first")
        try:
            measures = self._measures(run, stories, say)
        except _NoStoriesError as error:
            say("Looking at grammar and words …")
            figures = _figures(text, _metrics_alone(), _judged_real(run))
            return Newness("", 0.0, [], [], figures, missing=str(error))
        say("Comparing …")
        figures = _figures(text, measures.metrics, measures.real)
        nearest = measures.index.nearest(text)
        spans = [(s.start, s.stop) for s in measures.index.copied_spans(text, COPIED)]
        return Newness(
            nearest.text,
            nearest.cosine,
            in_characters(text, spans),
            shared(nearest.text, text, COPIED),
            figures,
        )

    def _measures(self, run: Run, stories: Path | None, say: Callable[[str], None]) -> _Measures:
        fingerprint = str(run.card["data"].get("fingerprint", run.folder))
        if fingerprint in self._made:
            return self._made[fingerprint]
        from tinystories.evaluation import grammar, novelty, words
        from tinystories.records import Told

        say("Reading the training stories, once; this can take a minute …")
        corpus = self._corpus(run, stories)
        index = novelty.index_of(corpus, self.folder)
        counts = words.counts_of(corpus, self.folder)
        metrics = _ordered(
            [*novelty.metrics(index), *grammar.metrics(), *words.metrics(counts)], SHOWN
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

    def _corpus(self, run: Run, stories: Path | None) -> "Corpus":
        """The stories that a run learned from: as they were prepared, or prepared again.

        Raises:
            _NoStoriesError: they are not here any more, or not the same any more.
            UserError: they are not those in ``stories``.
        """
        from tinystories.data.corpus import Corpus, prepare_again

        data: dict[str, Any] = run.card["data"]
        for path in self.folder.glob("corpus-*/index.json"):
            with suppress(UserError):
                corpus = Corpus.open(path.parent)
                if corpus.is_that_of(data):
                    return corpus
        asked = str(data["source"].get("asked", "auto"))
        count = data.get("train", {}).get("stories")
        some = f"{count:,} stories" if isinstance(count, int) else "stories"
        told = f"the {some} this model learned from"
        try:
            corpus = prepare_again(data, self.folder, str(stories) if stories else None)
        except UserError as error:
            if stories:
                raise
            if data["source"]["kind"] == "local" and not Path(asked).expanduser().exists():
                raise _NoStoriesError(f"{told} are not on this computer ({asked})") from error
            raise _NoStoriesError(f"{told} cannot be had: {error}") from error
        if corpus.is_that_of(data):
            return corpus
        if stories:
            raise UserError(f"{stories} has others than {told}; choose another folder")
        raise _NoStoriesError(f"{told} cannot be had: those of {asked} are others now")


def _ordered(metrics: "Iterable[Metric]", names: Sequence[str]) -> "list[Metric]":
    """The metrics that have one of the names, in their order."""
    return sorted((m for m in metrics if m.name in names), key=lambda m: names.index(m.name))


def _metrics_alone() -> "list[Metric]":
    from tinystories.evaluation import grammar, words

    return _ordered([*grammar.metrics(), *words.metrics(words.WordCounts(Counter()))], ALONE)


def _figures(text: str, metrics: "list[Metric]", real: dict[str, float]) -> list[Figure]:
    from tinystories.records import Told

    told = [Told("", text, ended=True, tokens=0)]
    return [Figure(m.title, m.unit, m.score(told)[0], real.get(m.name), m.about) for m in metrics]


def _judged_real(run: Run) -> dict[str, float]:
    """What real stories scored when the run was judged; nothing if it was not."""
    root = run.folder.parent if run.folder.name == "model" else run.folder
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        real = read_json(root / "scores.json")["anchors"]["real"]
        return {name: float(real[name]["value"]) for name in ALONE if name in real}
    return {}
