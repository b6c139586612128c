"""Telling without a pause: does it keep its promises for an hour, whatever it is asked?

A process of its own tells several stories at once, with random settings and hostile beginnings;
this one listens. So a crash or a hang ends a story and not the soak, and memory is the telling's
own.
"""

import ctypes
import logging
import math
import os
import random
import threading
import time
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinystories.evaluation.intervals import Interval
from tinystories.runs import Run

if TYPE_CHECKING:
    from tinystories.storyteller import Storyteller

log = logging.getLogger(__name__)

PATIENCE_S = 60.0
"""A story of which nothing is heard for so many seconds hangs."""
BEAT_S = 1.0
"""How often a stream says, at most, that it goes on: on a busy machine stories may take long."""
START_S = 120.0
"""A model that does not begin within so many seconds hangs."""
STREAMS = 8
"""Stories that are told at once."""
LEAK_MB = 1.0
"""Memory that may come on top an hour."""
SETTLING_MB = 5.0
"""Memory that may come on top in a soak of less than an hour, in which it settles."""
ROUND = 2
"""Stories that each stream tells before all rest: memory of stories under way would hide a leak."""
SLOWER = 1.2
"""How much longer than in the second quarter of a soak a word may take in its last."""

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
        hangs: stories of which nothing was heard for :data:`PATIENCE_S`.
        memory: ``(seconds, MB)`` whenever no story was under way, after every :data:`ROUND` of each
            stream; empty where the system does not say.
        threads: of the process at those times.
        files: that it had open.
        words: processor milliseconds for each word but the first of a story.
        seconds: that it took.
    """

    stories: int = 0
    refused: int = 0
    errors: list[tuple[str, str]] = field(default_factory=list)
    outside: list[tuple[str, str]] = field(default_factory=list)
    hangs: list[str] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    words: "array[float]" = field(default_factory=lambda: array("f"))
    seconds: float = 0.0

    @property
    def growth(self) -> Interval:
        """MB of memory that were added an hour."""
        return slope(self.memory)

    @property
    def slowest(self) -> tuple[float, float]:
        """Processor milliseconds that 99 % of words stay below: second quarter, last quarter."""
        warm, end = (_quarter(self.words, number) for number in (1, 3))
        return _percentile99(warm), _percentile99(end)

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
        growth, hours = self.growth, self.seconds / 3600
        settles = hours < 1 and growth.value * hours <= SETTLING_MB
        if growth.low > LEAK_MB and not settles:
            lines.append(
                f"memory grows by {growth.value:.1f} MB an hour "
                f"({growth.low:.1f} to {growth.high:.1f})"
            )
        for what, counts in (("threads", self.threads), ("open files", self.files)):
            warm, end = (max(_quarter(counts, number), default=0) for number in (1, 3))
            if end > warm:
                lines.append(f"{what} grow from {warm} to {end}")
        before, after = self.slowest
        if after > SLOWER * before:
            lines.append(f"words slow down: 99 % took {before:.2f} ms at most, then {after:.2f}")
        return lines


def soak(
    run: Run,
    minutes: float,
    *,
    seed: int = 0,
    streams: int = STREAMS,
    patience: float = PATIENCE_S,
    teller: Callable[[Connection, Path, int, int], None] | None = None,
    done: Callable[[Soaked], None] = lambda soaked: None,
) -> Soaked:
    """Tell for ``minutes`` without a pause; return what happened.

    Args:
        run: whose model tells.
        minutes: how long.
        seed: of the settings, beginnings and stories.
        streams: stories that are told at once.
        patience: seconds that a story may be silent.
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
            target=target, args=(there, run.folder, seed + started, streams), daemon=True
        )
        asked = time.monotonic()
        process.start()
        there.close()
        here.poll(START_S)
        until += time.monotonic() - asked  # Starting is no telling.
        started += 1
        for vitals in (soaked.memory, soaked.threads, soaked.files):
            vitals.clear()  # A new process begins anew.
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
    asked: dict[int, tuple[float, str]] = {}  # when each stream was last heard of, and its story
    while (now := time.monotonic()) < until:
        since, settings = min(asked.values(), default=(now, "before the first story"))
        if not here.poll(max(0.0, min(since + patience, until) - now)):
            if time.monotonic() < until:
                soaked.hangs.append(settings)
                return
            continue
        try:
            stream, kind, what = here.recv()
        except EOFError:
            soaked.errors.append(("the process died", settings))
            return
        match kind:
            case "begins":
                asked[stream] = time.monotonic(), what
            case "goes on":
                asked[stream] = time.monotonic(), asked[stream][1]
            case "error":
                soaked.errors.append((what, asked[stream][1]))
            case "refused":
                soaked.refused += 1
            case "outside":
                soaked.outside.append((what, asked[stream][1]))
            case "told":
                soaked.stories += 1
                soaked.words.extend(what)
            case "rests":
                del asked[stream]  # Nothing need be heard of it until it begins again.
            case "vitals":
                memory, threads, files = what
                soaked.memory.append((time.monotonic() - began, memory))
                soaked.threads.append(threads)
                soaked.files.append(files)
        if kind in ("told", "refused", "error"):
            done(soaked)


def tell_on(there: Connection, folder: Path, seed: int, streams: int) -> None:
    """Tell ``streams`` stories at once for ever, saying through the pipe what becomes of each.

    Every two streams share a storyteller. After every :data:`ROUND` stories of each all rest, and
    the last to finish reads memory.
    """
    import torch

    from tinystories.storyteller import Storyteller

    torch.set_num_threads(1)
    tellers = [Storyteller.load(folder) for _ in range(0, streams, 2)]
    # NumPy keeps seven free blocks of each size below 1 KiB: from the beginning, so that what comes
    # by and by, up to a bound, does not look like a leak for hours.
    blocks = [np.empty(size, np.uint8) for size in range(1, 1024) for _ in range(7)]
    del blocks
    turn = threading.Lock()

    def say(stream: int, kind: str, what: Any) -> None:
        with turn:
            there.send((stream, kind, what))

    def read() -> None:
        if vitals := _vitals():
            say(0, "vitals", vitals)

    rest = threading.Barrier(streams, action=read)
    threads = [
        threading.Thread(
            target=_tell_stream,
            args=(
                tellers[stream // 2],
                random.Random(f"{seed}/{stream}"),
                partial(say, stream),
                rest,
            ),
        )
        for stream in range(streams)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _tell_stream(
    teller: "Storyteller",
    rng: random.Random,
    say: Callable[[str, Any], None],
    rest: threading.Barrier,
) -> None:
    words = teller.vocabulary.words
    known = frozenset(words) | frozenset("0123456789")
    # For each thread the tokenizer remembers how it cut up to 10,000 words: those, too, now.
    for text in (" ".join(words), *words):
        teller.vocabulary.encode(text)
    while True:
        for _ in range(ROUND):
            _tell_story(teller, rng, say, known)
        say("rests", None)
        rest.wait()


def _tell_story(
    teller: "Storyteller",
    rng: random.Random,
    say: Callable[[str, Any], None],
    known: frozenset[str],
) -> None:
    from tinystories.data.vocabulary import word_types
    from tinystories.errors import UserError
    from tinystories.evaluation.telling import LENGTH
    from tinystories.generation import Sampling

    prompt = rng.choice(HOSTILE)
    if rng.random() < 0.5:
        some = rng.choices(teller.vocabulary.words, k=rng.randint(1, 12))
        prompt = " ".join([prompt[:40], *some]).strip()
    settings = random_settings(rng)
    length, number = rng.randint(1, LENGTH), rng.randrange(10**6)
    say("begins", f"{prompt[:60]!r}, {settings}, length {length}, seed {number}")
    try:
        told, spent, said = "", [time.thread_time()], time.monotonic()
        pieces = teller.stream(prompt, sampling=Sampling(**settings), length=length, seed=number)
        for piece in pieces:
            told += piece
            spent.append(time.thread_time())
            if time.monotonic() > said + BEAT_S:
                said = time.monotonic()
                say("goes on", None)
        for word in word_types(told):
            if word not in known:
                say("outside", word)
        say("told", (1000 * np.diff(spent)[1:]).tolist())
    except UserError:
        say("refused", None)
    except Exception as error:  # Whatever it is, it is what the soak looks for.
        say("error", f"{type(error).__name__}: {error}")


def random_settings(rng: random.Random) -> dict[str, Any]:
    """Return settings of telling anywhere in their ranges, the ends too."""
    return {
        "temperature": rng.choice([0.0, 1e-6, 0.5, 0.8, 1.0, 2.0, 100.0, rng.uniform(0, 3)]),
        "top_k": rng.choice([0, 0, 1, 40, 10**6]),
        "top_p": rng.choice([0.0, 1e-9, 0.9, 1.0, rng.random()]),
        "min_p": rng.choice([0.0, 0.0, 0.05, 1.0, rng.random()]),
    }


def slope(memory: list[tuple[float, float]]) -> Interval:
    """Return by how many MB an hour memory grew, after its first quarter, with the interval.

    A line through the means of at most 20 stretches of time; stretches are drawn with repetition,
    since what follows within a stretch is no new evidence. NaN where there is too little to say.
    """
    warm = memory[len(memory) // 4 :]
    blocks = min(20, len(warm) // 2)
    if blocks < 5:
        return Interval(math.nan, math.nan, math.nan, len(warm))
    parts = np.array_split(np.array(warm), blocks)
    hours, mb = np.array([part.mean(axis=0) for part in parts]).T / np.array([[3600.0], [1.0]])
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(1000):
        chosen = rng.integers(0, blocks, blocks)
        if len(np.unique(chosen)) > 1:
            drawn.append(np.polyfit(hours[chosen], mb[chosen], 1)[0])
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Interval(float(np.polyfit(hours, mb, 1)[0]), float(low), float(high), len(warm))


def _first(found: list[tuple[str, str]]) -> str:
    what, settings = found[0]
    return f"{what} ({settings})"


def _quarter(values: Sequence[Any], number: int) -> Sequence[Any]:
    """Return a quarter of the values; none where they are few."""
    size = len(values) // 4
    return values[number * size : (number + 1) * size]


def _percentile99(values: Sequence[float]) -> float:
    """Return what 99 % stay below; NaN where there are too few to say."""
    return float(np.percentile(values, 99)) if len(values) >= 1000 else math.nan


def _vitals() -> tuple[float, int, int] | None:
    """Return MB of memory, threads and open files of this process; None on other than Linux.

    The C library first hands back what it keeps for later requests: how much that is depends on
    which thread asked when, grows by some MB for hours, and is no leak but would hide one.
    """
    own = Path("/proc/self")
    try:
        threads, files = (sum(1 for _ in (own / name).iterdir()) for name in ("task", "fd"))
        hand_back = getattr(ctypes.CDLL(None), "malloc_trim", None)  # Of glibc only.
        if hand_back is not None:
            hand_back(0)
        pages = int((own / "statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6, threads, files
    except (OSError, ValueError, IndexError, AttributeError):
        return None
