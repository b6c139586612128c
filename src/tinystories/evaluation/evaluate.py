"""From a run to its scorecard: tell, judge, ask, time, and write it all down."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

from tinystories import __version__
from tinystories.errors import UserError
from tinystories.evaluation import anchors, asking, operation
from tinystories.evaluation.anchors import FIVE_GRAM, REAL, UNTRAINED, Anchor
from tinystories.evaluation.fairness import fairness_scores, of_real
from tinystories.evaluation.intervals import SET_DRAWS, Interval
from tinystories.evaluation.panel import Panel, read_panel
from tinystories.evaluation.roles import Pairing, prompts
from tinystories.evaluation.scorecard import Score, Scorecard, score_stories, write_scorecard
from tinystories.evaluation.telling import (
    LENGTH,
    HeldOut,
    beginnings,
    find_corpus,
    held_out,
    read_held_out,
    told_once,
)
from tinystories.files import sha256
from tinystories.generation import USUAL, Sampling
from tinystories.records import Told
from tinystories.runs import WEIGHTS, Run

if TYPE_CHECKING:
    from tinystories.evaluation.judge import Judge
    from tinystories.storyteller import Storyteller

T = TypeVar("T")

STORIES = "stories.jsonl"
COUNT = 200
"""Stories that are told, unless asked otherwise."""
PAIRINGS: tuple[Pairing, ...] = ("gender", "origin")
READ = 1000
"""Held-out stories that are read for the bits per byte, at most."""


@dataclass(frozen=True)
class Wish:
    """What ``tinystories evaluate`` was asked for.

    Args:
        count: stories to tell.
        quick: a fifth of the stories, the held-out stories and the resamples, and no timing.
        on: a file or folder of stories to use as held-out ones; None is the run's own.
        out: where the results go; None is the run's folder.
        seed: of the first story; the others follow.
        sampling: how tokens are drawn.
        data: the folder of prepared corpora.
        kept: the folder of the anchors.
        words: a list of words; how many of the told words are not on it becomes a score.
    """

    count: int = COUNT
    quick: bool = False
    on: Path | None = None
    out: Path | None = None
    seed: int = 0
    sampling: Sampling = USUAL
    data: Path = Path("outputs/data")
    kept: Path = Path("outputs/anchors")
    words: frozenset[str] | None = None

    def __post_init__(self) -> None:
        if self.count < 4:
            raise UserError(f"--count must be at least 4 stories, got {self.count}")

    @property
    def stories(self) -> int:
        """How many stories are told."""
        return max(4, self.count // 5) if self.quick else self.count

    @property
    def read(self) -> int:
        """How many held-out stories are read for the bits per byte, at most."""
        return READ // 10 if self.quick else READ

    @property
    def draws(self) -> int:
        """Resamples for the interval of a number of the whole set."""
        return SET_DRAWS // 5 if self.quick else SET_DRAWS


Progress = Callable[[str, int, int], None]
"""Hears ``(what is being done, how much of it is done, how much there is)``."""


def evaluate(
    run: Run,
    wish: Wish,
    *,
    judge: "Judge | None" = None,
    progress: Progress = lambda what, done, total: None,
) -> Scorecard:
    """Judge a run; return its scorecard, which is written too, with the stories it is about.

    What is missing is left out, and said in a line of the scorecard: held-out stories without the
    run's data, a metric without its extra.

    Raises:
        UserError: the run cannot be loaded, or a file that was changed by hand cannot be read.
    """
    from tinystories.storyteller import Storyteller

    # A training may go on beside it: all is asked of one model, and said of that one.
    teller = Storyteller.load(run.folder, inside=True)
    evaluation = _Evaluation(Run(run.folder, teller.card), wish, teller, progress)
    return evaluation.scorecard(judge)


def results_of(run: Run) -> Path:
    """Return the folder where a run's results go: its own, not that of the model in it.

    A packed model keeps the scores it came with, and has a folder for new ones.
    """
    if run.card.get("weights"):  # It says how small they are made.
        return run.folder / "evaluated"
    return run.folder.parent if run.folder.name == "model" else run.folder


class _Evaluation:
    """One evaluation on its way: what it knows, what it missed, what took how long."""

    def __init__(self, run: Run, wish: Wish, teller: "Storyteller", progress: Progress) -> None:
        self.run, self.wish, self.teller, self.progress = run, wish, teller, progress
        self.folder = wish.out or results_of(run)
        self.seconds: dict[str, float] = {}
        self.missing: list[str] = []
        self.corpus = self._try(lambda: find_corpus(run, wish.data))
        self.held = self._held_out()
        self.panel = self._panel()

    def scorecard(self, judge: "Judge | None") -> Scorecard:
        """Do it all."""
        stories = self._told(
            self.folder / STORIES, self.teller, "telling stories", self._prompts(self.wish.stories)
        )
        asked = self._asked(self.teller, "asking what it expects")
        scores = [*asked.scores, *self._judged(stories)]
        if not self.wish.quick:
            scores += self._fair()
        if judge:
            scores += self._verdicts(judge, stories)
        found = {score.name: score for score in scores}
        card = Scorecard(
            run=self._about(),
            settings=self._settings(judge),
            scores=found,
            anchors=self._anchors(),
            ids={"stories": tuple(map(_name, stories)), **asked.ids},
            operation=self._operation(),
            missing=tuple(self.missing),
            seconds={name: round(seconds, 2) for name, seconds in self.seconds.items()},
            versions=_versions(),
        )
        write_scorecard(self.folder, card)
        return card

    def _held_out(self) -> HeldOut | None:
        if self.wish.on is not None:
            return read_held_out(self.wish.on)
        if self.corpus is None:
            return None
        return held_out("validation", self.corpus.stories("validation"))

    def _panel(self) -> Panel:
        with self._timed("index of the training stories"):
            self.progress("preparing the metrics", 0, 1)
            panel = read_panel(self.corpus, self.wish.data, self.wish.words)
        self.missing += panel.missing
        return panel

    def _told(
        self, path: Path, teller: "Storyteller", what: str, prompts: Sequence[str]
    ) -> list[Told]:
        made_by = {
            "weights": self.run.card["files"][WEIGHTS] if teller is self.teller else what,
            **asdict(self.wish.sampling),
            "length": LENGTH,
        }
        with self._timed(what):
            return told_once(
                path,
                prompts,
                [self.wish.seed + i for i in range(len(prompts))],
                lambda prompts, seeds: teller.tell_many(
                    prompts, seeds=seeds, sampling=self.wish.sampling, length=LENGTH
                ),
                made_by=made_by,
                done=lambda done: self.progress(what, done, len(prompts)),
            )

    def _prompts(self, count: int) -> list[str]:
        return beginnings(count, self.held)

    def _fair(self) -> list[Score]:
        """Tell from beginnings that differ in a name only."""
        scores = []
        for pairing in PAIRINGS:
            first, second = prompts(pairing)
            # Both of a pair with one seed, or chance would add to the difference.
            told = [
                self._told(self.folder / f"{pairing}-{side}.jsonl", self.teller, what, some)
                for side, some, what in (
                    (1, first, f"telling by {pairing}, one side"),
                    (2, second, f"telling by {pairing}, the other"),
                )
            ]
            scores += fairness_scores(pairing, *told)
        return scores

    def _judged(self, stories: Sequence[Told]) -> list[Score]:
        return score_stories(
            self.panel.metrics, stories, draws=self.wish.draws, done=self._heard("judging stories")
        )

    def _asked(self, teller: "Storyteller", what: str) -> asking.Asked:
        with self._timed(what):
            self.progress(what, 0, 1)
            return asking.ask(teller, self._read(), quick=self.wish.quick)

    def _read(self) -> tuple[str, ...]:
        return self.held.stories[: self.wish.read] if self.held else ()

    def _anchors(self) -> dict[str, dict[str, Interval]]:
        found = {anchor.name: self._anchor(anchor) for anchor in self._wanted_anchors()}
        if self.held and not self.wish.quick:
            found[REAL] |= of_real(self.held.stories)
        return found

    def _anchor(self, anchor: Anchor) -> dict[str, Interval]:
        return anchors.judged(
            anchor,
            self.panel.metrics,
            self.wish.kept,
            draws=self.wish.draws,
            done=self._heard(f"judging {anchors.TITLES[anchor.name]}"),
        )

    def _wanted_anchors(self) -> Iterator[Anchor]:
        """Yield the anchors that can be made of what is at hand."""
        count = self.wish.stories
        judged_by = {
            "data": self.run.card["data"].get("fingerprint") if self.corpus else None,
            "words": _digest(str(sorted(self.wish.words or ()))),
        }
        if self.held:
            yield anchors.real(self.held, count, judged_by)
            yield anchors.shuffled(self.held, count, judged_by)
        told_by = {
            "vocabulary": self.run.card["vocab"],
            "held out": self.held.fingerprint if self.held else None,
            "seed": self.wish.seed,
            **asdict(self.wish.sampling),
        }
        if self.corpus:
            corpus = self.corpus
            counting = cache(lambda: anchors.five_gram(self.teller, corpus))
            yield self._telling_anchor(FIVE_GRAM, counting, {**judged_by, **told_by}, count)
        few = max(4, count // anchors.UNTRAINED_SHARE)
        made_of = {**judged_by, **told_by, "model": self.run.card["model"]}
        blank = cache(lambda: anchors.untrained(self.teller))
        yield self._telling_anchor(UNTRAINED, blank, made_of, few)

    def _telling_anchor(
        self,
        name: str,
        teller: "Callable[[], Storyteller]",
        made_of: Mapping[str, Any],
        count: int,
    ) -> Anchor:
        """Return an anchor that is itself a model: it tells and is asked as the run is."""
        path = self.wish.kept / f"{name}-{anchors.key(made_of)}.jsonl"
        title = anchors.TITLES[name]
        return Anchor(
            name,
            {**made_of, "count": count, "read": len(self._read()), "quick": self.wish.quick},
            lambda: self._told(path, teller(), f"telling: {title}", self._prompts(count)),
            lambda: self._asked(teller(), f"asking: {title}").scores,
        )

    def _verdicts(self, judge: "Judge", stories: Sequence[Told]) -> list[Score]:
        from tinystories.evaluation.judge import judge_metrics

        what = f"asking {judge.model}"
        with self._timed(what):
            verdicts = self._try(
                lambda: judge.judge(stories, lambda n: self.progress(what, n, len(stories)))
            )
        if verdicts is None:
            return []
        if unjudged := verdicts.count(None):
            self.missing.append(f"{judge.model} gave no verdict on {unjudged} of {len(stories)}")
        metrics = [("Judge", metric) for metric in judge_metrics(verdicts, judge.model)]
        return score_stories(metrics, stories)

    def _operation(self) -> dict[str, float]:
        if self.wish.quick:
            return {}
        with self._timed("timing"):
            self.progress("timing the model", 0, 1)
            return self._try(lambda: operation.measure(self.run.folder)) or {}

    def _about(self) -> dict[str, Any]:
        card = self.run.card
        return {
            "name": self.run.name,
            "folder": str(results_of(self.run)),
            "weights": card["files"][WEIGHTS],
            "data": str(card["data"].get("fingerprint", ""))[:12],
            "source": card["data"]["source"].get("asked", card["data"]["source"]["kind"]),
            "vocab": card["vocab"]["words"],
            "parameters": card["parameters"]["total"],
            "tokens": card["training"].get("tokens"),
            "steps": card["training"].get("steps"),
            "seconds": card["training"].get("seconds"),
            "val_bpb": card.get("val_bpb"),
        }

    def _settings(self, judge: "Judge | None") -> dict[str, Any]:
        return {
            "count": self.wish.stories,
            "seed": self.wish.seed,
            **asdict(self.wish.sampling),
            "length": LENGTH,
            "quick": self.wish.quick,
            "held_out": self.held.name if self.held else None,
            "held_out_sha256": self.held.fingerprint if self.held else None,
            "stories_sha256": sha256(self.folder / STORIES),
            **({"judge": judge.describe()} if judge else {}),
        }

    def _heard(self, what: str) -> Callable[[str, float], None]:
        """Return what hears of each metric that is done."""
        total, names = len(self.panel.metrics), list[str]()

        def done(name: str, seconds: float) -> None:
            names.append(name)
            self.seconds[what] = self.seconds.get(what, 0.0) + seconds
            self.progress(what, len(names), total)

        return done

    def _try(self, work: Callable[[], T]) -> T | None:
        """Return what the work gives; if it cannot be done, say why in the scorecard."""
        try:
            return work()
        except UserError as error:
            self.missing.append(str(error))
            return None

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        began = perf_counter()
        yield
        self.seconds[what] = self.seconds.get(what, 0.0) + perf_counter() - began


def _name(story: Told) -> str:
    """Return what tells a story that was asked for from others: its beginning and seed."""
    return f"{story.seed} {_digest(story.prompt)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _versions() -> dict[str, str]:
    """Return the versions of the programs whose judgement it is."""
    names = ("torch", "numpy", "harper-py", "textstat")
    versions = {"tinystories": __version__}
    for name in names:
        with suppress(PackageNotFoundError):
            versions[name] = version(name)
    return {**versions, "made": datetime.now(UTC).isoformat(timespec="seconds")}
