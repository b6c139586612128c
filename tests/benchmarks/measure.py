"""What every benchmark needs: the machine's own limit, interleaved timing, a table, a file."""

import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

RESULTS = Path("outputs/benchmarks")


def interleaved(
    steps: Mapping[str, Callable[[], object]], *, rounds: int, seconds: float
) -> dict[str, float]:
    """Return the CPU seconds of one call of each step: the median of ``rounds`` turns.

    All take turns, so that what else the machine does meets all of them alike. The first turn is
    for warming up.
    """
    turns: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(rounds + 1):
        for name, step in steps.items():
            count, start = 0, time.process_time()
            while (spent := time.process_time() - start) < (seconds if turn else seconds / 4):
                step()
                count += 1
            if turn:
                turns[name].append(spent / count)
    return {name: statistics.median(found) for name, found in turns.items()}


def matmul_flops(size: int = 1024) -> Callable[[], object]:
    """Return a step of ``2 * size**3`` floating-point operations that nothing can do faster."""
    a, b = torch.randn(size, size), torch.randn(size, size)
    return lambda: a @ b


def show(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print ``rows`` as a table; their keys are its head."""
    table = Table(title=title, title_justify="left")
    for name in rows[0]:
        table.add_column(name, justify="left" if isinstance(rows[0][name], str) else "right")
    for row in rows:
        table.add_row(*(f"{v:,.4g}" if isinstance(v, float) else str(v) for v in row.values()))
    Console(width=120).print(table)


def save(name: str, found: Mapping[str, Any]) -> Path:
    """Write ``found`` and the machine it was found on to ``outputs/benchmarks/NAME.json``."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps({"machine": machine(), **found}, indent=1) + "\n", encoding="utf-8")
    return path


def machine() -> dict[str, Any]:
    """Return what the figures of a run depend on."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "load": [round(x, 2) for x in os.getloadavg()],
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    name = next((x.partition(":")[2].strip() for x in lines if x.startswith("model name")), "")
    return f"{name}, {torch.backends.cpu.get_cpu_capability()}"
