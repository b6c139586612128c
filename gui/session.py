"""The worker behind the window: acts go in, events come out, and neither side waits for the other.

Knows no widgets, and imports torch (seconds) only in the worker thread.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tinystories.errors import UserError
from tinystories.runs import Run, find_runs

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wish:
    """What to tell: how the story begins, and how freely it goes on."""

    beginning: str
    temperature: float
    strict: bool
    seed: int


Teller = Callable[[Wish], Iterable[str]]
"""A loaded model: it answers a wish with the words that follow, a few characters at a time."""


@dataclass(frozen=True)
class Found:
    """The trained models that there are, best first."""

    runs: list[Run]


@dataclass(frozen=True)
class Loaded:
    """The model of this folder can tell now."""

    folder: Path


@dataclass(frozen=True)
class Words:
    """The next piece of the story, and the seconds since the telling began."""

    text: str
    seconds: float


@dataclass(frozen=True)
class Finished:
    """The story has come to its end."""


@dataclass(frozen=True)
class Stopped:
    """The telling was stopped; the words so far stand."""


@dataclass(frozen=True)
class Failed:
    """The act could not be done; ``message`` says why and what to do, in one line."""

    message: str


Event = Found | Loaded | Words | Finished | Stopped | Failed


class Session:
    """One worker thread that finds, loads and tells, one act at a time.

    Every act ends with exactly one event that is not :class:`Words`.

    Args:
        load: returns the teller of a run folder.
    """

    def __init__(self, load: Callable[[Path], Teller] | None = None) -> None:
        self.events: queue.Queue[Event] = queue.Queue()
        self._load_teller = load or load_storyteller
        self._teller: Teller | None = None
        self._acts: queue.Queue[Callable[[], Event] | None] = queue.Queue()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="storyteller", daemon=True)
        self._thread.start()

    def find(self, outputs: Path) -> None:
        """Look for trained models under ``outputs``: Found or Failed."""
        self._acts.put(lambda: Found(find_runs(outputs)))

    def load(self, folder: Path) -> None:
        """Load the model in ``folder``: Loaded or Failed."""
        self._acts.put(partial(self._load, folder))

    def tell(self, wish: Wish) -> None:
        """Tell a story: Words as they come, then Finished, Stopped or Failed."""
        # An event of its own, so that a stop meant for this telling never hits another.
        self._stop = threading.Event()
        self._acts.put(partial(self._tell, wish, self._stop))

    def stop(self) -> None:
        """Stop the telling before its next word."""
        self._stop.set()

    def close(self) -> None:
        """Stop, and wait for the worker to end; at the latest when it has read what it reads."""
        self.stop()
        self._acts.put(None)
        self._thread.join()  # Python would abort with a thread inside torch.

    def _work(self) -> None:
        while (act := self._acts.get()) is not None:
            self.events.put(_outcome(act))

    def _load(self, folder: Path) -> Event:
        self._teller = None
        self._teller = self._load_teller(folder)
        return Loaded(folder)

    def _tell(self, wish: Wish, stop: threading.Event) -> Event:
        if self._teller is None:
            raise UserError("wanted a story, but no model is loaded; choose one first")
        began = time.perf_counter()
        for text in self._teller(wish):
            if stop.is_set():
                return Stopped()
            self.events.put(Words(text, time.perf_counter() - began))
        return Finished()


def load_storyteller(folder: Path) -> Teller:
    """Return the storyteller in ``folder`` as a teller.

    Raises:
        UserError: the folder is no model, or it is damaged.
    """
    from tinystories.generation import Sampling
    from tinystories.storyteller import Storyteller

    storyteller = Storyteller.load(folder)

    def tell(wish: Wish) -> Iterable[str]:
        sampling = Sampling(temperature=wish.temperature)
        return storyteller.stream(
            wish.beginning, sampling=sampling, strict=wish.strict, seed=wish.seed
        )

    return tell


def _outcome(act: Callable[[], Event]) -> Event:
    try:
        return act()
    except UserError as error:
        return Failed(str(error))
    except Exception as error:  # A bug: the worker lives on, and the trace is on stderr.
        log.exception("an act of the worker failed")
        return Failed(f"an error in the program: {type(error).__name__}: {error}; try it again")
