"""Every metric of told stories, by section, and what keeps one from being there."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tinystories.evaluation import consistency, grammar, novelty, words
from tinystories.evaluation.scorecard import AnyMetric

if TYPE_CHECKING:
    from tinystories.data.corpus import Corpus

SYNTAX, MEANING, WORDS, NEW = "Syntax", "Meaning", "Words", "New?"


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
        missing.append("novelty and rare words: the training stories are not at hand")
    else:
        counts = words.counts_of(corpus, data)
        found.append((WORDS, words.metrics(counts, own=own_words)))
        found.append((NEW, novelty.metrics(novelty.index_of(corpus, data))))
    return Panel(
        tuple((section, metric) for section, metrics in found for metric in metrics),
        tuple(missing),
    )
