"""Many runs in one folder: none depends on another, and all go on where they were interrupted."""

import csv
import io
import logging
import math
import shlex
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf

from tinystories.errors import Pruned, UserError
from tinystories.files import write_atomically
from tinystories.runs import read_run

log = logging.getLogger(__name__)

SWEEP = "multirun.yaml"
"""Hydra's record of a sweep, in the sweep's folder."""

RESULTS = "results.csv"


def train_one(
    settings: Mapping[str, Any],
    folder: Path,
    command: str | None = None,
    report: Callable[[int, float], None] | None = None,
) -> float:
    """Train one run of many as :func:`~tinystories.training.train` does; return its bits per byte.

    A run that is finished is kept, one that was interrupted goes on from its last checkpoint, one
    that failed is tried again. What fails is written to ``failed.txt`` in its folder, what is
    pruned to ``pruned.txt``; for these, and where another process is training, nan is returned.

    Raises:
        KeyboardInterrupt: the run was stopped politely; so the others are not to begin.
    """
    state = state_of(folder)
    if state == "finished":
        return read_run(folder).val_bpb
    if state == "running":
        log.warning("another process is training %s", folder)
        return math.nan

    from tinystories.training import train

    for ending in ("failed", "pruned"):
        (folder / f"{ending}.txt").unlink(missing_ok=True)
    begun = any((folder / "checkpoints").glob("*.ckpt"))
    try:
        _check_processes(settings["trainer"])
        val_bpb = train(
            {**settings, "resume": str(folder) if begun else None}, folder, command, report
        )
    except Exception as error:  # Whatever it is: the other runs go on.
        ending = "pruned" if isinstance(error, Pruned) else "failed"
        known = isinstance(error, UserError | Pruned)
        why = str(error) if known else f"{type(error).__name__}: {error}"
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(
            folder / f"{ending}.txt",
            " ".join(why.split()) + "\n" + ("" if known else "\n" + traceback.format_exc()),
        )
        log.error("%s: %s", ending, why)
        return math.nan
    if state_of(folder) != "finished":
        raise KeyboardInterrupt
    return val_bpb


def state_of(folder: Path) -> str:
    """Return ``finished``, ``running``, ``failed``, ``pruned`` or ``interrupted`` for a run."""
    if _is_locked(folder / ".lock"):
        return "running"
    try:
        if read_run(folder).card["training"]["finished"]:
            return "finished"
    except UserError:  # No model yet.
        pass
    endings = [ending for ending in ("failed", "pruned") if (folder / f"{ending}.txt").is_file()]
    return endings[0] if endings else "interrupted"


def _is_locked(path: Path) -> bool:
    if not path.exists():
        return False
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True


def _check_processes(trainer: Mapping[str, Any]) -> None:
    devices = trainer["devices"]
    if (len(devices) if isinstance(devices, list) else devices) != 1 or trainer["num_nodes"] != 1:
        raise UserError(
            "a run of a sweep is trained by one process, got "
            f"trainer.devices={devices}, trainer.num_nodes={trainer['num_nodes']}; leave both at 1 "
            "and let several runs go side by side (hydra/launcher=joblib)"
        )


def results(folder: Path) -> list[dict[str, Any]]:
    """Return a row for each run in a sweep's folder, with the settings in which they differ."""
    found = folder.glob("*/.hydra/overrides.yaml")
    asked = {path.parent.parent: _settings(path) for path in sorted(found, key=_numbers_in_order)}
    names = dict.fromkeys(name for settings in asked.values() for name in settings)
    varied = [n for n in names if len({settings.get(n) for settings in asked.values()}) > 1]
    return [
        {"run": run.name, **{name: settings.get(name, "") for name in varied}, **_outcome(run)}
        for run, settings in asked.items()
    ]


def _numbers_in_order(path: Path) -> tuple[int, str]:
    return len(str(path)), str(path)


def _settings(path: Path) -> dict[str, str]:
    pairs = [str(override).partition("=") for override in OmegaConf.load(path)]
    return {name: value for name, _, value in pairs if name != "resume"}


def _outcome(folder: Path) -> dict[str, Any]:
    state = state_of(folder)
    why = folder / f"{state}.txt"
    row: dict[str, Any] = dict.fromkeys(("parameters", "tokens", "seconds", "val_bpb"), "")
    if state == "finished":
        card = read_run(folder).card
        row = {
            "parameters": card["parameters"]["total"],
            "tokens": card["training"]["tokens"],
            "seconds": card["training"]["seconds"],
            "val_bpb": card["val_bpb"],
        }
    reason = why.read_text(encoding="utf-8").partition("\n")[0] if why.is_file() else ""
    return {**row, "state": state, "why": reason}


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as the text of a CSV file."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def as_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as lines of aligned columns."""
    cells = [list(rows[0]), *([_shown(*cell) for cell in row.items()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    )


def _shown(name: str, value: Any) -> str:
    if name == "val_bpb" and value != "":
        return f"{value:.4f}"
    return f"{value:,.0f}" if isinstance(value, int | float) else str(value)


class SweepReport(Callback):
    """Keeps a sweep's folder to this sweep, and tells in the end how its runs went.

    Hydra turns what a callback raises into a warning, except an exit.
    """

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Leave with exit code 2 where the folder holds a sweep that is not resumed."""
        folder = Path(config.hydra.sweep.dir)
        if config.resume is None and (folder / SWEEP).exists():
            sys.stderr.write(
                f"error: {folder} holds a sweep already; go on with it (resume="
                f"{shlex.quote(str(folder))}) or choose another folder with hydra.sweep.dir\n"
            )
            sys.exit(2)

    def on_multirun_end(self, config: DictConfig, **_: Any) -> None:
        """Show all runs and write ``results.csv``; leave with exit code 1 where some failed."""
        folder = Path(config.hydra.sweep.dir)
        rows = results(folder)
        if not rows:
            return
        write_atomically(folder / RESULTS, as_csv(rows))
        named = shlex.quote(str(folder))
        sys.stdout.write(
            f"\n{as_table(rows)}\n\nwritten: {folder / RESULTS}\n"
            f"side by side: tinystories compare {named}\n"
            f"in TensorBoard: tensorboard --logdir {named}\n"
        )
        if unfinished := [row for row in rows if row["state"] not in ("finished", "pruned")]:
            sys.stdout.write(
                f"{len(unfinished)} of {len(rows)} runs are not finished; to try them again: "
                f"python train.py resume={named}\n"
            )
            sys.exit(1)
