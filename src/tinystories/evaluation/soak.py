"""Telling without a pause: does it keep its promises for an hour, whatever it is asked?

A process of its own tells, with random settings and hostile beginnings; this one listens. So a
crash or a hang ends a story and not the soak, and memory is the telling's own.
"""

import logging
import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from tinystories.evaluation.intervals import Interval
from tinystories.runs import Run

log = logging.getLogger(__name__)

PATIENCE_S = 60.0
"""A story that is not told within so many seconds hangs."""
START_S = 120.0
"""A model that does not begin within so many seconds hangs."""
MOST_GROWTH_MB = 20.0
"""Memory that may come on top between the first quarter of a soak and its end."""

HOSTILE = (
    "",
    " ",
    "\n\n\n",
    "\t\t ",
    "Once upon a time",
    "once UPON a tIME",
    "<eos>",
    "<|endoftext|>",
    "\x00\x01\x02",
    "\ufeff\u200b\u202e",
    "🐉" * 50,
    "むかしむかし",
    "e\u0301" * 200,
    "antidisestablishmentarianism " * 20,
    "don't 'don't' “don’t",
    '"' * 99,
    "1234567890" * 30,
    "a" * 5000,
    "the cat sat on the mat. " * 400,
    "{}[]()\\/%s%n$(rm)`;--",
    "\ud800",
)
"""Beginnings that have broken other programs; the last is not text at all."""


@dataclass
class Soaked:
    """What a soak has counted.

    Args:
        stories: that were told to their end.
        refused: that were refused in one line, as what is not text should be.
        errors: ``(what went wrong, the settings)`` for each story that failed.
        outside: ``(the word, the settings)`` for each word that is not in the vocabulary.
        hangs: stories that took longer than :data:`PATIENCE_S`.
        memory: ``(seconds, MB)`` after each story; empty where the system does not say.
        seconds: that it took.
    """

    stories: int = 0
    refused: int = 0
    errors: list[tuple[str, str]] = field(default_factory=list)
    outside: list[tuple[str, str]] = field(default_factory=list)
    hangs: list[str] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def growth(self) -> Interval:
        """MB of memory that were added a minute."""
        return slope(self.memory)

    def broken(self) -> list[str]:
        """Return the promises that were broken, a line each."""
        lines = []
        if self.errors:
            lines.append(f"{len(self.errors)} stories failed: {_first(self.errors)}")
        if self.outside:
            lines.append(
                f"{len(self.outside)} words outside the vocabulary: {_first(self.outside)}"
            )
        if self.hangs:
            lines.append(f"{len(self.hangs)} stories hung: {self.hangs[0]}")
        if not self.stories:
            lines.append("no story was told to its end")
        growth, minutes = self.growth, self.seconds / 60
        if growth.low > 0 and growth.value * minutes > MOST_GROWTH_MB:
            lines.append(
                f"memory grows by {growth.value:.2f} MB a minute "
                f"({growth.low:.2f} to {growth.high:.2f})"
            )
        return lines


def soak(
    run: Run,
    minutes: float,
    *,
    seed: int = 0,
    patience: float = PATIENCE_S,
    teller: Callable[[Connection, Path, int], None] | None = None,
    done: Callable[[Soaked], None] = lambda soaked: None,
) -> Soaked:
    """Tell for ``minutes`` without a pause; return what happened.

    Args:
        run: whose model tells.
        minutes: how long.
        seed: of the settings, beginnings and stories.
        patience: seconds that a story may take.
        teller: what runs in the other process; None is :func:`tell_on`.
        done: hears of the count after every story.
    """
    soaked, began, started = Soaked(), time.monotonic(), 0
    until = began + 60 * minutes
    while time.monotonic() < until:
        context = get_context("spawn")
        here, there = context.Pipe(duplex=False)
        target = teller or tell_on
        process = context.Process(
            target=target, args=(there, run.folder, seed + started), daemon=True
        )
        asked = time.monotonic()
        process.start()
        there.close()
        here.poll(START_S)
        until += time.monotonic() - asked  # Starting is no telling.
        started += 1
        soaked.memory.clear()  # A new process begins anew.
        try:
            _listen(here, soaked, began, until, patience, done)
        finally:
            process.kill()
            process.join()
            here.close()
        if started > 3 + soaked.stories:  # It cannot even begin.
            break
    soaked.seconds = time.monotonic() - began
    return soaked


def _listen(
    here: Connection,
    soaked: Soaked,
    began: float,
    until: float,
    patience: float,
    done: Callable[[Soaked], None],
) -> None:
    """Count what the other process says, until the time is over, or it hangs or dies."""
    settings = "before the first story"
    while (now := time.monotonic()) < until:
        if not here.poll(min(patience, until - now)):
            if time.monotonic() < until:
                soaked.hangs.append(settings)
                return
            continue
        try:
            kind, what = here.recv()
        except EOFError:
            soaked.errors.append(("the process died", settings))
            return
        match kind:
            case "begins":
                settings = what
            case "error":
                soaked.errors.append((what, settings))
            case "refused":
                soaked.refused += 1
            case "outside":
                soaked.outside.append((what, settings))
            case "told":
                soaked.stories += 1
                if what is not None:
                    soaked.memory.append((time.monotonic() - began, what))
        if kind in ("told", "refused", "error"):
            done(soaked)


def tell_on(there: Connection, folder: Path, seed: int) -> None:
    """Tell stories for ever, saying through the pipe what becomes of each."""
    import torch

    from tinystories.data.vocabulary import word_types
    from tinystories.errors import UserError
    from tinystories.evaluation.telling import LENGTH
    from tinystories.generation import Sampling
    from tinystories.storyteller import Storyteller

    torch.set_num_threads(1)
    teller = Storyteller.load(folder)
    known = frozenset(teller.vocabulary.words) | frozenset("0123456789")
    rng = random.Random(seed)
    while True:
        prompt = rng.choice(HOSTILE)
        if rng.random() < 0.5:
            some = rng.choices(teller.vocabulary.words, k=rng.randint(1, 12))
            prompt = " ".join([prompt[:40], *some]).strip()
        settings = random_settings(rng)
        length, number = rng.randint(1, LENGTH), rng.randrange(10**6)
        there.send(("begins", f"{prompt[:60]!r}, {settings}, length {length}, seed {number}"))
        try:
            told = ""
            words = teller.stream(prompt, sampling=Sampling(**settings), length=length, seed=number)
            for piece in words:
                told += piece
            for word in word_types(told):
                if word not in known:
                    there.send(("outside", word))
            there.send(("told", _memory_mb()))
        except UserError:
            there.send(("refused", None))
        except Exception as error:  # Whatever it is, it is what the soak looks for.
            there.send(("error", f"{type(error).__name__}: {error}"))


def random_settings(rng: random.Random) -> dict[str, Any]:
    """Return settings of telling anywhere in their ranges, the ends too."""
    return {
        "temperature": rng.choice([0.0, 1e-6, 0.5, 0.8, 1.0, 2.0, 100.0, rng.uniform(0, 3)]),
        "top_k": rng.choice([0, 0, 1, 40, 10**6]),
        "top_p": rng.choice([0.0, 1e-9, 0.9, 1.0, rng.random()]),
        "min_p": rng.choice([0.0, 0.0, 0.05, 1.0, rng.random()]),
    }


def slope(memory: list[tuple[float, float]], blocks: int = 20) -> Interval:
    """Return by how many MB a minute memory grew, after its first quarter, with the interval.

    A line through the means of ``blocks`` stretches of time; stretches are drawn with repetition,
    since what follows within a stretch is no new evidence. NaN where there is too little to say.
    """
    warm = memory[len(memory) // 4 :]
    if len(warm) < 2 * blocks:
        return Interval(math.nan, math.nan, math.nan, len(warm))
    parts = np.array_split(np.array(warm), blocks)
    minutes, mb = np.array([part.mean(axis=0) for part in parts]).T / np.array([[60.0], [1.0]])
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(1000):
        chosen = rng.integers(0, blocks, blocks)
        if len(np.unique(chosen)) > 1:
            drawn.append(np.polyfit(minutes[chosen], mb[chosen], 1)[0])
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Interval(float(np.polyfit(minutes, mb, 1)[0]), float(low), float(high), len(warm))


def _first(found: list[tuple[str, str]]) -> str:
    what, settings = found[0]
    return f"{what} ({settings})"


def _memory_mb() -> float | None:
    """Return the memory that this process has now; None where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * 4096 / 1e6
