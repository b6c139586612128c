"""Every metric of told stories, by section, and what keeps one from being there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tinystories.evaluation import (
    coherence,
    consistency,
    diversity,
    grammar,
    novelty,
    themes,
    words,
)
from tinystories.evaluation.metric import SetMetric
from tinystories.evaluation.scorecard import AnyMetric

if TYPE_CHECKING:
    from tinystories.data.corpus import Corpus
    from tinystories.records import Told

SYNTAX, MEANING, WORDS = "Syntax", "Meaning", "Words"
NEW, DIVERSE, SUITABLE = "New?", "Diversity", "Fit for children"


@dataclass(frozen=True)
class Panel:
    """Metrics, each with its section, and a line for each kind that is missing."""

    metrics: tuple[tuple[str, AnyMetric], ...]
    missing: tuple[str, ...]


def read_panel(
    corpus: "Corpus | None", data: Path, own_words: frozenset[str] | None = None
) -> Panel:
    """Return all metrics that can be had.

    Args:
        corpus: the run's training stories; None leaves out what compares with them.
        data: the folder that keeps the index of the training stories, made when first asked for.
        own_words: a list of words to judge by, too.
    """
    missing = []
    found: list[tuple[str, tuple[AnyMetric, ...]]] = [
        (SYNTAX, grammar.metrics()),
        (MEANING, consistency.METRICS),
    ]
    if not grammar.available():
        missing.append("grammar mistakes: pip install 'tinystories[judging]'")
    if corpus is None:
        missing.append(
            "novelty, coherence and rare words: they compare with the training stories, which are "
            "not at hand"
        )
    else:
        counts = words.counts_of(corpus, data)
        found.append((MEANING, coherence.metrics(counts, corpus.stories("train"))))
        found.append((WORDS, words.metrics(counts, own=own_words)))
        found.append((NEW, novelty.metrics(novelty.index_of(corpus, data))))
    found.append((DIVERSE, tuple(map(_from_nothing, diversity.METRICS))))
    found.append((SUITABLE, themes.METRICS))
    return Panel(
        tuple((section, metric) for section, metrics in found for metric in metrics),
        tuple(missing),
    )


def _from_nothing(metric: SetMetric) -> SetMetric:
    """Return a metric that, if it looks at how stories open, leaves out those with a prompt."""
    if metric.name != "common_opening":
        return metric

    def score(stories: "Sequence[Told]") -> float:
        return metric.score([story for story in stories if not story.prompt])

    return replace(metric, score=score)
