"""The workers behind the window: acts go in, events come out, and neither side waits.

Knows no widgets, models or files: what an act does is a function that is handed in.
"""

import logging
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from tinystories.errors import UserError

log = logging.getLogger(__name__)


class ActStopped(Exception):  # noqa: N818 (an outcome, not an error)
    """Raised inside an act that was asked to stop."""


@dataclass(eq=False)
class Act:
    """Something a worker does: it may report on the way, and can be asked to stop."""

    _events: "queue.Queue[Event]"
    _stop: threading.Event = field(default_factory=threading.Event)

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Ask the act to stop before its next report."""
        self._stop.set()

    def report(self, piece: Any) -> None:
        """Hand a piece to the window; raises :class:`ActStopped` once a stop was asked for."""
        if self.stopping:
            raise ActStopped
        self._events.put(Piece(self, piece))

    def wait(self, seconds: float) -> None:
        """Sleep, but no longer than until a stop; raises :class:`ActStopped` then."""
        if self._stop.wait(seconds):
            raise ActStopped


@dataclass(frozen=True)
class Piece:
    """Something an act reports on the way."""

    act: Act
    content: Any


@dataclass(frozen=True)
class Finished:
    """The act is done, with what it returned."""

    act: Act
    result: Any


@dataclass(frozen=True)
class Stopped:
    """The act was stopped; what it reported stands."""

    act: Act


@dataclass(frozen=True)
class Failed:
    """The act could not be done; ``message`` says why and what to do, in one line."""

    act: Act
    message: str


End = Finished | Stopped | Failed
Event = Piece | End
Work = Callable[[Act], Any]
"""What an act does: it reports through the act, and returns its result."""


class Session:
    """Worker threads, one for each lane; the acts of a lane are done one after another.

    Every act ends with exactly one event that is not a :class:`Piece`. The thread of a lane starts
    with its first act.

    Args:
        unstopped: lanes whose acts are finished even when all are to stop, as writing files is.
    """

    def __init__(self, unstopped: Collection[str] = ()) -> None:
        self.events: queue.Queue[Event] = queue.Queue()
        self._lanes: dict[str, queue.Queue[tuple[Act, Work] | None]] = {}
        self._threads: dict[str, threading.Thread] = {}
        self._acts: dict[Act, str] = {}
        self._unstopped = unstopped
        self._closed = False

    def start(self, lane: str, work: Work) -> Act:
        """Do ``work`` when the acts before it in its lane have ended."""
        act = Act(self.events)
        if self._closed:
            self.events.put(Stopped(act))
            return act
        self._acts[act] = lane
        if lane not in self._lanes:
            self._lanes[lane] = queue.Queue()
            thread = threading.Thread(
                target=self._work, args=(self._lanes[lane],), name=lane, daemon=True
            )
            self._threads[lane] = thread
            thread.start()
        self._lanes[lane].put((act, work))
        return act

    def stop(self) -> None:
        """Ask every act to stop, but those that are to be finished."""
        for act, lane in list(self._acts.items()):
            if lane not in self._unstopped:
                act.stop()

    def close(self, patience_s: float = 60) -> bool:
        """Stop, and wait for the workers to end; return whether all have.

        Unstopped lanes are waited for as long as it takes, the others for ``patience_s`` together:
        a worker that imports or counts something hears of the stop late.
        """
        self._closed = True
        self.stop()
        for lane in self._lanes.values():
            lane.put(None)
        deadline = time.monotonic() + patience_s
        for name, thread in self._threads.items():
            thread.join(None if name in self._unstopped else max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads.values())

    def _work(self, acts: "queue.Queue[tuple[Act, Work] | None]") -> None:
        _step_back()
        while (job := acts.get()) is not None:
            end = _ended(*job)
            self._acts.pop(job[0], None)
            self.events.put(end)


def _step_back() -> None:
    """Let the window go first where there are too few cores for all; Linux knows how."""
    if sys.platform.startswith("linux"):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


def _ended(act: Act, work: Work) -> End:
    try:
        if act.stopping:
            return Stopped(act)
        return Finished(act, work(act))
    except ActStopped:
        return Stopped(act)
    except UserError as error:
        return Failed(act, str(error))
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        return Failed(act, f"a file could not be used: {error.strerror or error}{where}")
    except Exception as error:  # A bug: the worker lives on, and the trace is on stderr.
        log.exception("an act of the worker failed")
        said = " ".join(f"{type(error).__name__}: {error}".split())
        return Failed(act, f"an error in the program: {said}; try it again")


def clocked(pieces: Iterator[str]) -> Iterator[tuple[str, float]]:
    """Yield each piece with the seconds since the first was asked for."""
    began = time.perf_counter()
    for piece in pieces:
        yield piece, time.perf_counter() - began
