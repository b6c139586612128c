"""How a model runs: time to the first word, words per second, memory, size on disk.

Measured in a process of its own, so that memory and start-up are the model's and nobody else's.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter, time
from typing import TYPE_CHECKING, Any

from tinystories.errors import UserError

if TYPE_CHECKING:
    from tinystories.engine import Engine

STORIES = 8
"""Stories that are timed, and how many are told at once in the batch."""

LENGTHS = (16, 64, 256, 1024)
"""Tokens after which the time for one more is taken."""
STEPS = 30
"""Tokens that are timed after each."""

TITLES = {
    "start_s": "from the command to a model that is ready, s",
    "first_word_s": "from the prompt to the first word, s (median)",
    "word_p50_ms": "for a word, ms (median)",
    "word_p95_ms": "for a word, ms (95 % are faster)",
    "word_p99_ms": "for a word, ms (99 % are faster)",
    "words_per_s": "words a second, one story at a time",
    "batch_words_per_s": f"words a second, {STORIES} stories at once",
    "peak_memory_mb": "memory at most, MB",
    "disk_mb": "size on disk, MB",
    "threads": "threads",
    **{f"token_ms_after_{n}": f"for a token after {n:,} others, ms (median)" for n in LENGTHS},
}
"""Every figure, and what it is called in print."""


def measure(folder: Path, *, timeout: float = 300) -> dict[str, float]:
    """Return the figures of :data:`TITLES` for the model in ``folder``.

    Raises:
        UserError: the model cannot be loaded, or takes longer than ``timeout`` seconds.
    """
    command = [sys.executable, "-m", "tinystories.evaluation.operation", str(folder), str(time())]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=True)
    except subprocess.TimeoutExpired as error:
        raise UserError(f"wanted to time {folder}, it took longer than {timeout:.0f} s") from error
    except subprocess.CalledProcessError as error:
        said = (error.stderr.strip().splitlines() or ["it was killed"])[-1]
        raise UserError(f"wanted to time {folder}, but: {said}") from error
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def timed(folder: Path, began: float) -> dict[str, float]:
    """Load the model in ``folder`` here and time it; ``began``: when this process was asked for."""
    import numpy as np
    import torch

    from tinystories.storyteller import Storyteller

    teller = Storyteller.load(folder)
    start = time() - began
    first: list[float] = []
    pauses: list[float] = []
    words = 0
    told = perf_counter()
    for seed in range(STORIES):
        last = perf_counter()
        heard = False
        for piece in teller.stream("Once upon a time", seed=seed):
            now = perf_counter()
            if any(letter.isalnum() for letter in piece):
                words += 1
                (pauses if heard else first).append(now - last)
                heard, last = True, now
    one = words / (perf_counter() - told)
    began_batch = perf_counter()
    batch = teller.tell_many(["Once upon a time"] * STORIES, seeds=range(STORIES))
    batch_words = sum(len(story.text.removeprefix(story.prompt).split()) for _, story in batch)
    batch_s = perf_counter() - began_batch
    p50, p95, p99 = np.percentile(pauses or [float("nan")], [50, 95, 99]) * 1000
    figures = {
        "start_s": start,
        "first_word_s": float(np.median(first or [float("nan")])),
        "word_p50_ms": p50,
        "word_p95_ms": p95,
        "word_p99_ms": p99,
        "words_per_s": one,
        "batch_words_per_s": batch_words / batch_s,
        "disk_mb": sum(path.stat().st_size for path in folder.iterdir() if path.is_file()) / 1e6,
        "threads": torch.get_num_threads(),
        **{f"token_ms_after_{n}": _token_ms(teller.engine, n) for n in LENGTHS},
    }
    if peak := peak_memory_mb():
        figures["peak_memory_mb"] = peak
    return {name: float(f"{value:.4g}") for name, value in figures.items() if value == value}


def _token_ms(engine: "Engine", after: int) -> float:
    """Return the median time for a token after so many others, in milliseconds."""
    memory = engine.remember(1)
    engine.read(memory, 0, [0] * after)
    pauses = []
    for _ in range(STEPS):
        began = perf_counter()
        engine.step(memory, [0], [0])
        pauses.append(perf_counter() - began)
    return 1000 * median(pauses)


def peak_memory_mb(process: int | None = None) -> float | None:
    """Return the most memory that a process, by default this one, has had.

    None where the system does not say: only Linux speaks of other processes, while they run.
    """
    try:  # Linux counts the process that started this one into `getrusage`.
        status = Path(f"/proc/{process or 'self'}/status").read_text(encoding="ascii")
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6
    except (OSError, ValueError, IndexError):
        if process:
            return None
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def _main(arguments: list[str]) -> int:
    try:
        figures: dict[str, Any] = timed(Path(arguments[0]), float(arguments[1]))
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(json.dumps(figures) + os.linesep)
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
