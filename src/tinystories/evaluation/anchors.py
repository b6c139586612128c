"""What a number stands beside: real stories, shuffled ones, a 5-gram model, an untrained model.

All are judged by the code that judges the run, once, and kept under ``outputs/anchors``.
"""

import hashlib
import json
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinystories import __version__
from tinystories.evaluation.intervals import Interval
from tinystories.evaluation.scorecard import (
    AnyMetric,
    Score,
    interval_from_json,
    interval_to_json,
    score_stories,
)
from tinystories.evaluation.separation import shuffle_sentences
from tinystories.evaluation.telling import HeldOut, as_told
from tinystories.files import write_atomically
from tinystories.records import Told

if TYPE_CHECKING:
    from tinystories.data.corpus import Corpus
    from tinystories.storyteller import Storyteller

REAL, SHUFFLED, FIVE_GRAM, UNTRAINED = "real", "shuffled", "5-gram", "untrained"

TITLES = {
    REAL: "real stories",
    SHUFFLED: "real stories, sentences shuffled",
    FIVE_GRAM: "a model that counts five words",
    UNTRAINED: "the same model, untrained",
}
"""Every anchor, and what it is called in print."""

UNTRAINED_SHARE = 4
"""An untrained model tells one story where the run tells so many: its stories are all alike."""


@dataclass(frozen=True)
class Anchor:
    """Something to be judged beside a run.

    Args:
        name: one of :data:`TITLES`.
        made_of: all that its scores depend on, besides the metrics.
        stories: returns them as told.
        asked: returns the scores that rest on probabilities, where the anchor has any.
    """

    name: str
    made_of: Mapping[str, Any]
    stories: Callable[[], Sequence[Told]]
    asked: Callable[[], Iterable[Score]] = tuple


def judged(
    anchor: Anchor,
    metrics: Sequence[tuple[str, AnyMetric]],
    folder: Path,
    *,
    draws: int,
    done: Callable[[str, float], None] = lambda name, seconds: None,
) -> dict[str, Interval]:
    """Return the anchor's number for each metric, from ``folder`` where it is known already."""
    path = folder / f"{anchor.name}-{key([_code(), draws, anchor.made_of])}.json"
    known = _read(path)
    wanted = [(section, metric) for section, metric in metrics if metric.name not in known]
    if wanted:
        scores = score_stories(wanted, anchor.stories(), draws=draws, done=done)
        known |= {score.name: score.interval for score in scores}
    if not path.is_file():
        known |= {score.name: score.interval for score in anchor.asked()}
    if wanted or not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        plain = {name: interval_to_json(interval) for name, interval in known.items()}
        write_atomically(path, json.dumps(plain, indent=1) + "\n")
    return known


def real(stories: HeldOut, count: int, judged_by: Mapping[str, Any]) -> Anchor:
    """Return held-out stories, each told from the prompt of the story in its place.

    ``judged_by`` is what the metrics depend on: the training stories, say.
    """
    made_of = {**judged_by, "stories": stories.fingerprint, "count": count}
    return Anchor(REAL, made_of, lambda: as_told(stories, count))


def shuffled(stories: HeldOut, count: int, judged_by: Mapping[str, Any]) -> Anchor:
    """Return the same stories with their sentences in another order."""

    def spoiled() -> list[Told]:
        told = as_told(stories, count)
        texts = shuffle_sentences([story.text for story in told], random.Random(0))
        # The prompt is no longer where it was.
        return [replace(old, prompt="", text=text) for old, text in zip(told, texts, strict=True)]

    return Anchor(SHUFFLED, real(stories, count, judged_by).made_of, spoiled)


def key(made_of: Any) -> str:
    """Return a short name for all that something was made of."""
    said = json.dumps([__version__, made_of], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:12]


def five_gram(teller: "Storyteller", corpus: "Corpus") -> "Storyteller":
    """Return a storyteller that has counted the training stories, in the run's own tokens."""
    from tinystories.evaluation.ngram import NGram
    from tinystories.storyteller import Storyteller

    return Storyteller(
        NGram(corpus.stories("train"), teller.vocabulary), teller.vocabulary, teller.card
    )


def untrained(teller: "Storyteller", seed: int = 0) -> "Storyteller":
    """Return the run's storyteller as it was before it had learned anything."""
    import torch

    from tinystories.engine import make_engine
    from tinystories.engine.weights import KINDS, kind_of
    from tinystories.models import FAMILIES
    from tinystories.storyteller import Storyteller

    family = teller.card["model"]["family"]
    arguments = {"vocab": len(teller.vocabulary), **teller.card["model"]["arguments"]}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = FAMILIES[family](**arguments)
    engine = None
    if kind_of(family, arguments) in KINDS:
        named = {name: weight.numpy() for name, weight in model.state_dict().items()}
        engine = make_engine("auto", family, arguments, named)
    return Storyteller(model, teller.vocabulary, teller.card, engine=engine)


def _code() -> str:
    """Return a hash of the metrics' own code: what an older one answered is not kept."""
    files = sorted(path for path in Path(__file__).parent.rglob("*") if path.suffix in _JUDGES)
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()


_JUDGES = {".py", ".txt"}


def _read(path: Path) -> dict[str, Interval]:
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        return {name: interval_from_json(found) for name, found in plain.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
