"""Grammar lints: what an English grammar checker finds wrong in a told story."""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from tinystories.evaluation.metric import Metric
from tinystories.evaluation.text import words
from tinystories.records import Told

if TYPE_CHECKING:
    from harper import Linter

log = logging.getLogger(__name__)

_KINDS = frozenset(("Agreement", "Grammar", "Repetition"))
_MORE = frozenset(("AnA", "ToTo"))  # of other kinds: "a apple", "to to"
# Rules that were wrong in every one of their hits in 1,500 real stories: "a thief", "little one".
_USELESS = frozenset(("MassNouns", "QuantifierNumeralConflict"))
# Past forms that the checker takes for a wrong present ("she woke"), and words that are said
# twice ("bye bye").
_PAST = re.compile(
    r"\b(?:woke|awoke|forgave|spat|spit|pet|broke|froze|arose|strove|wove|dove|beat|bet|bid|burst"
    r"|cast|cut|fit|hit|hurt|knit|let|put|quit|rid|set|shed|shut|slit|split|spread|thrust|wept)\b"
)
_TWICE = re.compile(
    r"\b(bye|had|that|her|arf|woof|choo|no|yum|knock|ha|very|so)\W+\1\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Lint:
    """Something a grammar checker would change: where it is, what it says, and the rule."""

    start: int
    stop: int
    text: str
    rule: str
    message: str


def available() -> bool:
    """Whether the grammar checker is installed."""
    return find_spec("harper") is not None


def lints(text: str) -> list[Lint]:
    """Return what harper finds wrong with a text, without the rules that stories make useless.

    Of its lints on real stories 85 % are about names, capitals and style; only those about
    agreement, grammar, repetition and a or an count here.
    """
    found = [
        Lint(lint.span.start, lint.span.end, lint.problem_text, rule, lint.message)
        for rule, hits in _linter().organized_lints(text, language="plaintext").items()
        if rule not in _USELESS
        for lint in hits
        if lint.lint_kind in _KINDS or rule in _MORE
    ]
    return sorted((lint for lint in found if not _harmless(lint)), key=lambda lint: lint.start)


def _harmless(lint: Lint) -> bool:
    if lint.rule == "PronounVerbAgreement":
        return bool(_PAST.search(lint.text))
    if lint.rule == "RepeatedWords":
        return bool(_TWICE.search(lint.text))
    return lint.rule == "RegularIrregulars" and lint.text.lower() == "kneeled"


def metrics() -> tuple[Metric, ...]:
    """Return the measure of grammar; nothing, and a warning, if the checker is not installed."""
    if not available():
        log.warning(
            "Grammar is left out because harper-py is not installed: "
            'pip install "tinystories[judging]"'
        )
        return ()
    return (
        Metric(
            "grammar_lints",
            "Grammar mistakes",
            "per 100 words",
            "lower",
            "What a grammar checker finds wrong: verbs that do not agree, words said twice, wrong "
            "forms. It finds about half of the mistakes: compare with it, do not grade.",
            _per_100_words,
        ),
    )


def _per_100_words(told: Sequence[Told]) -> list[float | None]:
    return [
        100 * len(lints(story.text)) / count if (count := len(words(story.text))) else None
        for story in told
    ]


@lru_cache(maxsize=1)
def _linter() -> "Linter":
    from harper import Linter  # builds a dictionary, half a second

    return Linter()
