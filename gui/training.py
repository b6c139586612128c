"""Training from the window: ``train.py`` in a process of its own, watched through its files."""

import re
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gui.session import Act, ActStopped
from tinystories.errors import UserError

TRAIN = Path(__file__).parent.parent / "train.py"
WRONG = 2
"""The exit code with which ``train.py`` says what is wrong."""
LOOK_S = 0.3

_find_plan = re.compile(r"minutes are ([\d,]+) steps").findall


@dataclass(frozen=True)
class Progress:
    """How far a training is: its share from 0 to 1, and a sentence about it."""

    share: float
    sentence: str


class Training:
    """One training, for ``minutes``, of the model that the config ``model`` names.

    Args:
        model: ``transformer`` or ``rnn``.
        minutes: how long to train.
        outputs: where runs are kept; the run gets a folder there.
        settings: more settings, as on the command line of ``train.py``.
    """

    def __init__(
        self, model: str, minutes: float, outputs: Path, settings: tuple[str, ...] = ()
    ) -> None:
        now = datetime.now()
        self.model = model
        self.minutes = minutes
        self.folder = outputs / "runs" / f"{now:%Y-%m-%d}" / f"{now:%H-%M-%S-%f}-{model}"
        self._settings = settings
        self._outputs = outputs
        self._process: subprocess.Popen[bytes] | None = None
        self._stop_asked = threading.Event()

    def run(self, act: Act) -> Path:
        """Train, report :class:`Progress`, and return the folder of the run.

        Raises:
            UserError: training failed; the sentence is what ``train.py`` said.
            ActStopped: it was stopped before there was a model.
        """
        if not TRAIN.is_file():
            raise UserError(f"wanted to train with {TRAIN}, which is not there; use a checkout")
        if self._stop_asked.is_set():
            raise ActStopped
        self.folder.mkdir(parents=True, exist_ok=True)
        log = self.folder / "studio.log"
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, str(TRAIN), *self._arguments()],
                cwd=self._outputs.absolute().parent,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        if self._stop_asked.is_set():  # Asked for while the process was being made.
            self.stop()
        began = time.monotonic()
        try:
            while self._process.poll() is None:
                act.report(self._progress(log, time.monotonic() - began))
                act.wait(LOOK_S)
        except ActStopped:  # The window closes; the model so far is kept all the same.
            if not self._stop_asked.is_set():  # Asked twice, it would end at once.
                self.stop()
            raise
        if self._stop_asked.is_set() and self._process.returncode not in (0, WRONG):
            raise ActStopped  # It had not begun to train.
        if self._process.returncode:
            raise UserError(_reason(log))
        return self.folder

    def stop(self) -> None:
        """End the training politely: it still leaves a model."""
        self._stop_asked.set()
        if self._process and self._process.poll() is None:
            self._process.terminate()

    def _arguments(self) -> list[str]:
        return [
            f"model={self.model}",
            f"minutes={self.minutes:g}",
            overridden("hydra.run.dir", self.folder),
            *self._settings,
        ]

    def _progress(self, log: Path, seconds: float) -> Progress:
        if self._stop_asked.is_set():
            return Progress(0.99, "Stopping: the model so far is being kept …")
        metrics = self.folder / "metrics.csv"
        rows = read_curves(metrics) if metrics.exists() else {}
        if not rows:
            return Progress(0.0, "Getting the stories ready …")
        step = max(points[-1][0] for points in rows.values()) + 1
        planned = _find_plan(log.read_text(encoding="utf-8", errors="replace"))
        steps = int(planned[-1].replace(",", "")) if planned else 0
        share = step / steps if steps else min(0.1, seconds / (60 * self.minutes))
        name = "val/bpb" if "val/bpb" in rows else "train/bpb"
        parts = [f"Step {step:,}" + (f" of {steps:,}" if steps else "")]
        if name in rows:
            parts.append(f"{rows[name][-1][1]:.2f} bits per byte")
        return Progress(min(1.0, share), " · ".join(parts))


def overridden(name: str, path: Path) -> str:
    """Return ``name=path`` as Hydra reads it, whatever letters the path has."""
    said = path.absolute().as_posix().replace("'", r"\'")
    return f"{name}='{said}'"


def read_curves(path: Path) -> dict[str, list[tuple[int, float]]]:
    """Return the curves of a ``metrics.csv``, by name, as (step, value); cut-off lines left out.

    What ``metrics_file.read_metrics`` does, without Lightning, which takes seconds to import.
    """
    curves: dict[str, list[tuple[int, float]]] = {}
    for line in path.read_bytes().splitlines(keepends=True)[1:]:
        with suppress(ValueError):
            step, name, value = line.decode().split(",")
            if value.endswith("\n"):
                curves.setdefault(name, []).append((int(step), float(value)))
    return curves


def _reason(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    said = next((line for line in reversed(lines) if line.startswith("error: ")), "")
    last = said.removeprefix("error: ") or (lines[-1] if lines else "it said nothing")
    return f"the training failed: {last}"
