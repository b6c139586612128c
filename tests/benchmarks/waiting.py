"""How long one waits, and how much memory it takes: each figure is of a fresh process."""

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

from measure import RESULTS, save, show

from tinystories.evaluation.operation import peak_memory_mb

COMMAND = ("-m", "tinystories")


def run(source: str, *, quick: bool = False) -> None:
    """Start every command several times; train one model of 3.4 M parameters, and tell with it."""
    folder = RESULTS / "waiting" / str(time.time_ns())
    training = ["train.py", f"data.source={source}", "model.parameters=3.4e6", "validations=1"]
    training += ["trainer.threads=1", "trainer.log_every_n_steps=1"]
    # The first run prepares the data, and leaves the model that tells.
    _watch([*training, "trainer.max_steps=1", f"hydra.run.dir={folder}/first"])
    tell = [*COMMAND, "tell", "Once upon a time", "--run", f"{folder}/first", "--seed", "1"]
    rows = []
    for what, command, sign, turns in (
        ("tinystories --help", [*COMMAND, "--help"], None, 5),
        ("train.py --help", ["train.py", "--help"], None, 5),
        ("tinystories tell, to its first words", tell, "time", 5),
        ("train.py, two steps, judged", [*training, "trainer.max_steps=2"], "step", 1),
    ):
        found = []
        for turn in range(1 if quick else turns):
            place = [f"hydra.run.dir={folder}/{turn}"] if sign == "step" else []
            found.append(_watch([*command, *place], sign))
        rows.append({"what": what, "s": statistics.median(seconds for seconds, _ in found)})
    show("Waiting", rows)
    steps = 2 if quick else 400
    _, memory = _watch([*training, f"trainer.max_steps={steps}", f"hydra.run.dir={folder}/long"])
    show("Memory", [{"what": f"train.py, {steps} steps of 3.4 M parameters", "peak MB": memory}])
    save("waiting", {"rows": rows, "training peak MB": memory})


def _watch(arguments: Sequence[str], sign: str | None = None) -> tuple[float, float]:
    """Run Python; return the seconds until ``sign`` is written, or the end, and the peak in MB.

    The peak is that of the last words; what the system says at the end includes its parent's.
    """
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0
    )
    assert process.stdout is not None
    seen, seconds, memory = b"", None, 0.0
    while piece := process.stdout.read(64):
        seen += piece
        memory = peak_memory_mb(process.pid) or memory
        if sign and seconds is None and sign.encode() in seen:
            seconds = time.perf_counter() - start
    if process.wait():
        raise SystemExit(f"{' '.join(arguments)} failed:\n{seen.decode(errors='replace')}")
    return seconds or time.perf_counter() - start, memory
