"""The words of told stories: how common, how easy, and whether a list knows them."""

import json
import logging
import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

from tinystories.data.corpus import Corpus
from tinystories.errors import UserError
from tinystories.evaluation.metric import Metric
from tinystories.evaluation.text import words
from tinystories.files import write_atomically
from tinystories.records import Told

log = logging.getLogger(__name__)

SIZES = (1500, 4500, 20000)
"""Word types, as the TinyStories paper counts them: what a child knows, and what more."""


@dataclass(frozen=True)
class WordCounts:
    """How often each word type stands in a corpus."""

    counts: Counter[str]

    @classmethod
    def of(cls, stories: Iterable[str]) -> "WordCounts":
        """Count the words of stories, read once."""
        counts: Counter[str] = Counter()
        for story in stories:
            counts.update(words(story))
        return cls(counts)

    @cached_property
    def ranked(self) -> tuple[str, ...]:
        """All word types, the most frequent first, then by alphabet: as vocabularies rank them."""
        return tuple(sorted(self.counts, key=lambda word: (-self.counts[word], word)))

    def top(self, size: int) -> frozenset[str]:
        """The ``size`` most frequent word types."""
        return frozenset(self.ranked[:size])

    def rarity(self, word: str) -> float:
        """Return how many bits a word is worth: 10 if it is one of 1,000; unseen words count 1."""
        return math.log2((self._total + 1) / max(1, self.counts[word]))

    @cached_property
    def _total(self) -> int:
        return self.counts.total()


def counts_of(corpus: Corpus, folder: Path) -> WordCounts:
    """Return the word counts of a corpus's training stories, made under ``folder`` once."""
    path = folder / f"word-counts-{corpus.index['fingerprint'][:12]}.json"
    try:
        return WordCounts(Counter(json.loads(path.read_text(encoding="utf-8"))))
    except (OSError, ValueError):
        counted = WordCounts.of(corpus.stories("train"))
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(dict(counted.counts.most_common()), ensure_ascii=False))
        return counted


def read_list(path: Path) -> frozenset[str]:
    """Return the words of a list of one's own: a text file, one word or more a line.

    What follows ``#`` in a line is a comment.

    Raises:
        UserError: it cannot be read as UTF-8 text, or holds no word.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"wanted a list of words, cannot read {path} ({error}); mend it") from error
    listed = frozenset(word for line in lines for word in words(line.partition("#")[0]))
    if not listed:
        raise UserError(f"wanted a list of words, found none in {path}; write one a line")
    return listed


def outside(name: str, title: str, listed: frozenset[str], about: str) -> Metric:
    """Return the share of words that a list does not know."""

    def share(text: str) -> float | None:
        said = words(text)
        return 100 * sum(word not in listed for word in said) / len(said) if said else None

    return Metric(name, title, "% of words", "like real", about, _each(share))


def metrics(
    corpus: WordCounts,
    *,
    vocabulary: Iterable[str] | None = None,
    own: frozenset[str] | None = None,
) -> tuple[Metric, ...]:
    """Return the measures of words against a corpus.

    Args:
        corpus: counts of the training stories.
        vocabulary: the words of the run's own vocabulary; with ``strict`` telling nothing is
            outside it but the prompt's words and numbers.
        own: a list of one's own, as :func:`read_list` returns it.
    """
    wanted = [
        outside(
            f"outside_{size}",
            f"Words outside the {size:,} most common",
            corpus.top(size),
            f"How many words are not among the {size:,} most frequent of the training stories.",
        )
        for size in SIZES
        if size < len(corpus.ranked)
    ]
    if vocabulary is not None:
        about = (
            "How many words the model's own vocabulary does not have: the prompt's, and numbers."
        )
        wanted.append(
            outside(
                "outside_vocabulary", "Words outside the vocabulary", frozenset(vocabulary), about
            )
        )
    if own is not None:
        about = "How many words are not on the list that was given."
        wanted.append(outside("outside_own_list", "Words outside your list", own, about))

    def rarity(text: str) -> float | None:
        said = words(text)
        return sum(map(corpus.rarity, said)) / len(said) if said else None

    wanted.append(
        Metric(
            "word_rarity",
            "Rarity of words",
            "bits a word",
            "like real",
            "How rare the words are in the training stories, on average. Low: only the commonest "
            "words; high: words that children's stories seldom use.",
            _each(rarity),
        )
    )
    return (*wanted, *_readability())


def _readability() -> tuple[Metric, ...]:
    if find_spec("textstat") is None:
        log.warning(
            "Readability is left out because textstat is not installed: "
            'pip install "tinystories[judging]"'
        )
        return ()
    import textstat  # type: ignore[import-untyped]
    from textstat.backend.utils import get_lang_easy_words  # type: ignore[import-untyped]

    easy: set[str] = get_lang_easy_words("en_US")

    def easy_share(text: str) -> float | None:
        said = words(text)
        return 100 * sum(map(is_easy, said)) / len(said) if said else None

    def is_easy(word: str) -> bool:
        return word in easy or any(
            word.endswith(ending) and {word.removesuffix(ending), word[: -len(ending)] + "e"} & easy
            for ending in ("s", "es", "ed", "ing", "'s", "er", "est", "ly")
        )

    def grade(text: str) -> float | None:
        return float(textstat.flesch_kincaid_grade(text)) if words(text) else None

    return (
        Metric(
            "easy_words",
            "Easy words (Dale-Chall)",
            "% of words",
            "like real",
            "How many words are on Dale and Chall's list of 3,000 that most ten-year-olds know, "
            "their common endings included; names are not.",
            _each(easy_share),
        ),
        Metric(
            "grade",
            "Reading level (Flesch-Kincaid)",
            "school grade",
            "like real",
            "The school grade that can read the story, from the lengths of its words and "
            "sentences: below 3 is for the youngest.",
            _each(grade),
        ),
    )


def _each(measure: Callable[[str], float | None]) -> Callable[[Sequence[Told]], list[float | None]]:
    return lambda told: [measure(story.text) for story in told]
