"""All scores of a run as one record: computed from stories, written to and read from JSON."""

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

from tinystories.errors import UserError
from tinystories.evaluation.intervals import SET_DRAWS, Interval, of_mean, of_set
from tinystories.evaluation.metric import Metric, SetMetric
from tinystories.files import read_json, sealed, write_atomically
from tinystories.records import Told

FORMAT = 1
SCORES = "scores.json"

AnyMetric = Metric | SetMetric


@dataclass(frozen=True)
class Score:
    """One number of a run, with all that is needed to read it and to compare it.

    Args:
        name: unlike that of any other score. ``bits_per_byte@8-15`` is a detail of
            ``bits_per_byte``.
        title: as in a table.
        unit: of the number.
        better: which way is good.
        about: how to read it.
        section: the part of the scorecard that it belongs to.
        interval: the number, its 95 % interval, and of how many it is made.
        over: of what it is the mean: ``stories`` told, ``held out`` stories, ``items``. Two runs
            are compared one by one where these are the same.
        each: the number of each; none for a number of the whole set.
        weights: of each, where they differ.
        drawn: for a number of the whole set, that of each resample.
    """

    name: str
    title: str
    unit: str
    better: Literal["higher", "lower", "like real"]
    about: str
    section: str
    interval: Interval
    over: str
    each: tuple[float | None, ...] = ()
    weights: tuple[float, ...] = ()
    drawn: tuple[float, ...] = ()

    @property
    def detail(self) -> bool:
        """Whether it is a part of another score."""
        return "@" in self.name


@dataclass(frozen=True)
class Scorecard:
    """The scores of a run beside those of its anchors.

    Args:
        run: what was judged: ``name``, ``weights`` (their SHA-256), ``data``, ``budget`` ...
        settings: how: ``count``, ``seed``, ``temperature`` ...
        scores: by name.
        anchors: ``{anchor: {name of a score: interval}}``.
        ids: ``{over: names}``: which stories or items the scores are over, in order.
        operation: speed, memory and size, each with its unit in its name.
        missing: what could not be scored, and why, in a line each.
        seconds: what took how long.
        versions: of the programs that made it.
    """

    run: Mapping[str, Any]
    settings: Mapping[str, Any]
    scores: Mapping[str, Score]
    anchors: Mapping[str, Mapping[str, Interval]] = field(default_factory=dict)
    ids: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    operation: Mapping[str, Any] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)

    def sections(self) -> dict[str, list[Score]]:
        """Return the scores by section, details left out, in the order they were made."""
        found: dict[str, list[Score]] = {}
        for score in self.scores.values():
            if not score.detail:
                found.setdefault(score.section, []).append(score)
        return found

    def details(self, name: str) -> list[Score]:
        """Return the parts of a score."""
        return [score for score in self.scores.values() if score.name.startswith(f"{name}@")]


def score_stories(
    metrics: Sequence[tuple[str, AnyMetric]],
    stories: Sequence[Told],
    *,
    draws: int = SET_DRAWS,
    done: Callable[[str, float], None] = lambda name, seconds: None,
) -> list[Score]:
    """Return the score of each metric, given with its section, for told stories.

    ``done(name, seconds)`` hears of each.
    """
    scores = []
    for section, metric in metrics:
        began = perf_counter()
        scores.append(_score(section, metric, stories, draws))
        done(metric.name, perf_counter() - began)
    return scores


def _score(section: str, metric: AnyMetric, stories: Sequence[Told], draws: int) -> Score:
    if isinstance(metric, SetMetric):
        interval, drawn = of_set(metric.score, stories, draws)
        return from_metric(metric, section, interval, drawn=drawn)
    each = tuple(metric.score(stories))
    return from_metric(metric, section, of_mean(each, yes=_yes(metric.unit)), each=each)


def _yes(unit: str) -> float | None:
    """Return what a yes counts where each story is a yes or a no; None where it is neither."""
    return 100.0 if unit == "% of stories" else None


def from_metric(
    metric: AnyMetric, section: str, interval: Interval, *, over: str = "stories", **rest: Any
) -> Score:
    """Return a score that is explained by the words of its metric."""
    words = (metric.name, metric.title, metric.unit, metric.better, metric.about)
    return Score(*words, section, interval, over, **rest)


def write_scorecard(folder: Path, card: Scorecard) -> None:
    """Write ``scores.json`` into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "format": FORMAT,
        **{name: getattr(card, name) for name in Scorecard.__dataclass_fields__},
        "scores": {name: score_to_json(score) for name, score in card.scores.items()},
        "anchors": {
            anchor: {name: interval_to_json(found) for name, found in intervals.items()}
            for anchor, intervals in card.anchors.items()
        },
    }
    text = json.dumps(sealed(content), indent=1, ensure_ascii=False, allow_nan=False)
    write_atomically(folder / SCORES, _on_one_line(text) + "\n")


def read_scorecard(folder: Path) -> Scorecard:
    """Return the scorecard in ``folder``, a run or what ``--out`` named.

    Raises:
        UserError: there is none, or it cannot be read by this version.
    """
    path = folder / SCORES
    try:
        content = read_json(path)
        if (found := content.pop("format")) != FORMAT:
            raise UserError(
                f"{path} has format {found}, this version reads format {FORMAT}; score it again: "
                f"tinystories evaluate {folder}"
            )
        scores = {name: score_from_json(plain) for name, plain in content["scores"].items()}
        anchors = {
            anchor: {name: interval_from_json(plain) for name, plain in found.items()}
            for anchor, found in content["anchors"].items()
        }
        return Scorecard(
            **{
                **content,
                "scores": scores,
                "anchors": anchors,
                "ids": {over: tuple(names) for over, names in content["ids"].items()},
                "missing": tuple(content["missing"]),
            }
        )
    except FileNotFoundError as error:
        raise UserError(
            f"wanted scores in {folder}, found no {SCORES}; make them: tinystories evaluate "
            f"{folder}"
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise UserError(
            f"{path} is damaged ({type(error).__name__}: {error}); score it again: tinystories "
            f"evaluate {folder}"
        ) from error


def score_to_json(score: Score) -> dict[str, Any]:
    """Return a score as plain JSON, without what is empty; NaN is null."""
    plain = {name: getattr(score, name) for name in Score.__dataclass_fields__}
    plain |= interval_to_json(plain.pop("interval"))
    for name in ("each", "weights", "drawn"):
        plain[name] = [_short(number) for number in plain[name]]
    return {name: value for name, value in plain.items() if value != []}


def score_from_json(plain: Mapping[str, Any]) -> Score:
    """Return the score that :func:`score_to_json` made plain."""
    fields: dict[str, Any] = {n: v for n, v in plain.items() if n not in _INTERVAL}
    fields |= {name: tuple(plain.get(name, ())) for name in ("each", "weights", "drawn")}
    return Score(**fields, interval=interval_from_json(plain))


_INTERVAL = ("value", "low", "high", "n")


def interval_to_json(interval: Interval) -> dict[str, Any]:
    """Return ``value``, ``low``, ``high`` and ``n``; NaN is null."""
    plain = {name: getattr(interval, name) for name in _INTERVAL}
    return {name: value if math.isfinite(value) else None for name, value in plain.items()}


def interval_from_json(plain: Mapping[str, Any]) -> Interval:
    """Return the interval that :func:`interval_to_json` made plain."""
    value, low, high = (
        math.nan if plain[name] is None else float(plain[name]) for name in _INTERVAL[:3]
    )
    return Interval(value, low, high, int(plain["n"]))


def _short(number: float | None) -> float | None:
    if number is None or not math.isfinite(number):
        return None
    return float(f"{number:.7g}")


def _on_one_line(text: str) -> str:
    """Put every list of numbers on one line: 200 lines of them hide what is between."""
    return re.sub(r"\[[^\[\]{}\"]*\]", lambda found: " ".join(found[0].split()), text)
