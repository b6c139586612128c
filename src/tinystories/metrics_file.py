"""The curves of a run as one CSV file that a resumed run goes on with."""

import csv
import io
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from lightning.pytorch.loggers.logger import Logger
from lightning.pytorch.utilities import rank_zero_only

from tinystories.files import write_atomically

COLUMNS = ("step", "metric", "value")


class MetricsFile(Logger):
    """Writes a row ``step,metric,value`` for each figure as it comes.

    Lightning's own CSV logger deletes what a resumed run had written before, and writes the whole
    file again whenever a new metric appears.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self._file: IO[str] | None = None

    @property
    def name(self) -> str:
        """None of its own: the folder is the run's."""
        return ""

    @property
    def version(self) -> str:
        """None of its own, too."""
        return ""

    @rank_zero_only
    def log_hyperparams(self, *_: Any, **__: Any) -> None:
        """Settings are in the run's ``.hydra/config.yaml``."""

    @rank_zero_only
    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        """Append the figures of a step; at first, drop what an interrupted run wrote after it."""
        assert step is not None
        if self._file is None:
            self._file = self._opened(step)
        rows = csv.writer(self._file, lineterminator="\n")
        rows.writerows((step, name, f"{value:.8g}") for name, value in metrics.items())

    @rank_zero_only
    def save(self) -> None:
        """Hand the rows to the operating system."""
        if self._file is not None:
            self._file.flush()

    @rank_zero_only
    def finalize(self, status: str) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _opened(self, step: int) -> IO[str]:
        before = read_metrics(self.path) if self.path.exists() else []
        self.path.parent.mkdir(parents=True, exist_ok=True)
        kept = io.StringIO()
        rows = csv.writer(kept, lineterminator="\n")
        rows.writerow(COLUMNS)
        rows.writerows(row for row in before if row[0] < step)
        write_atomically(self.path, kept.getvalue())
        return self.path.open("a", encoding="utf-8", newline="")


def read_metrics(path: Path) -> list[tuple[int, str, float]]:
    """Return the rows of a metrics file; one that was cut off or damaged is left out."""
    rows = []
    for line in path.read_bytes().splitlines(keepends=True)[1:]:
        with suppress(ValueError):
            step, name, value = line.decode().split(",")
            if value.endswith("\n"):  # Or it was cut off, and may have had more digits.
                rows.append((int(step), name, float(value)))
    return rows
