"""Trained models as folders that explain themselves, and how to find the best of them.

Reads JSON only: listing a hundred runs needs no torch.
"""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinystories.errors import UserError
from tinystories.files import read_json, sealed, sha256, write_atomically

log = logging.getLogger(__name__)

FORMAT = 1
CARD, WEIGHTS = "card.json", "weights.safetensors"
OUTPUTS = Path("outputs")

KINDS: dict[str, type] = {
    "model.family": str,
    "model.arguments": dict,
    "vocab": dict,
    "data.source.kind": str,
    "files": dict,
}
"""What every card has, and of which type."""

NUMBERS = (
    "val_bpb",
    "vocab.words",
    "vocab.tokens",
    "parameters.total",
    "training.tokens",
    "training.seconds",
    "training.batch_tokens",
)
WHOLE = ("data.limit", "data.seed")
TEXTS = ("data.fingerprint", "data.source.asked", "data.source.name", "data.filter", "made")
"""Numbers, whole ones and texts that a card may have, or null."""


@dataclass(frozen=True)
class Run:
    """A folder with a trained model: its place, and the card that describes it."""

    folder: Path
    card: dict[str, Any]

    @property
    def family(self) -> str:
        """``transformer`` or ``rnn``."""
        return str(self.card["model"]["family"])

    @property
    def name(self) -> str:
        """What the model is called in tables: its family, and the cell of an RNN."""
        cell = self.card["model"]["arguments"].get("cell")
        return f"{self.family}-{cell}" if cell else self.family

    @property
    def val_bpb(self) -> float:
        """Bits per byte on the validation stories; infinite when it was never measured."""
        value = self.card.get("val_bpb")
        return float(value) if value is not None else float("inf")

    @property
    def embedded(self) -> bool:
        """Whether the model learned from stories of the package, which are easier to predict."""
        return self.card["data"]["source"]["kind"] in ("embedded", "grammar")

    @property
    def stories(self) -> str:
        """What the model learned from: ``hub``, ``embedded`` ..., or the name of a file."""
        source = self.card["data"]["source"]
        return str(source.get("name") or "local" if source["kind"] == "local" else source["kind"])

    def number(self, name: str) -> float:
        """Return a number of the card, such as ``training.tokens``; 0 where it says nothing."""
        return _field(self.card, name) or 0


def write_card(folder: Path, card: dict[str, Any]) -> None:
    """Write ``card.json``, with the hashes of the files beside it; it comes last, and whole."""
    files = {p.name: sha256(p) for p in sorted(folder.iterdir()) if p.is_file() and p.name != CARD}
    content = sealed({"format": FORMAT, **card, "files": files})
    text = json.dumps(content, indent=2, ensure_ascii=False)
    write_atomically(folder / CARD, text + "\n")


def read_run(folder: Path) -> Run:
    """Return the run in ``folder``, which is a model folder or holds one named ``model``.

    Raises:
        UserError: there is no card, or it cannot be read by this version.
    """
    if not (folder / CARD).is_file() and (folder / "model" / CARD).is_file():
        folder = folder / "model"
    path = folder / CARD
    if not path.is_file():
        raise UserError(
            f"wanted a trained model, found no {CARD} in {folder}; see `tinystories runs`, or "
            "train one: python train.py model=transformer"
        )
    try:
        card = read_json(path)
        found = card["format"]
        if found == FORMAT:
            _check(card)
    except (OSError, ValueError, KeyError) as error:
        raise UserError(
            f"the card {path} is damaged ({type(error).__name__}: {error}); train again, or "
            "restore the folder from a copy"
        ) from error
    if found != FORMAT:
        raise UserError(
            f"{path} has format {found}, this version reads format {FORMAT}; "
            "use the version of tinystories that made it, or a newer one"
        )
    return Run(folder, card)


def _check(card: dict[str, Any]) -> None:
    """Raise a KeyError or ValueError for a card that is not made as cards are."""
    for name, kind in KINDS.items():
        if not isinstance(value := _field(card, name), kind):
            raise ValueError(f"{name} is {value!r}")
    for name in (*NUMBERS, *WHOLE):
        value = _field(card, name)
        kinds = (int,) if name in WHOLE else (int, float)
        number = isinstance(value, kinds) and not isinstance(value, bool)
        if value is not None and not (number and abs(value) < 2**63):
            raise ValueError(f"{name} is {value!r}")
    for name in TEXTS:
        if not isinstance(value := _field(card, name), str | None):
            raise ValueError(f"{name} is {value!r}")
    for name in (WEIGHTS, *card["files"]):
        if not isinstance(card["files"][name], str) or Path(name).name != name:
            raise ValueError(f"files has {name!r}")


def _field(card: dict[str, Any], name: str) -> Any:
    """Return what a card says of ``a.b``; None where it says nothing."""
    value: Any = card
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def check_files(run: Run) -> None:
    """Raise `UserError` if a file of the run is missing or not the one its card speaks of."""
    for name, expected in run.card["files"].items():
        path = run.folder / Path(name).name
        if not path.is_file():
            raise UserError(f"{path} is missing; restore the folder from a copy or train again")
        if sha256(path) != expected:
            raise UserError(
                f"{path} is damaged (its SHA-256 is not the one in {CARD}); restore the folder "
                "from a copy or train again"
            )


def find_runs(outputs: Path = OUTPUTS) -> list[Run]:
    """Return every readable run under ``outputs``, best first.

    Runs on real stories come before those on the embedded ones, which are easier to predict, so
    that their bits per byte say little about each other. Folders that cannot be read are named in
    a warning and left out.
    """
    runs, broken = survey(outputs)
    for reason in broken.values():
        log.warning("%s", reason)
    return runs


def survey(outputs: Path = OUTPUTS) -> tuple[list[Run], dict[Path, str]]:
    """Return the readable runs, as :func:`find_runs` does, and why each other folder is none."""
    runs, broken = [], {}
    for path in _cards(outputs):
        try:
            runs.append(read_run(path.parent))
        except UserError as error:
            broken[path.parent] = str(error)
    return sorted(runs, key=lambda run: (run.embedded, run.val_bpb, str(run.folder))), broken


def find_run(which: str, outputs: Path = OUTPUTS) -> Run:
    """Return the run that ``which`` names: a folder, ``best``, ``best:rnn``, ``best:lstm`` ...

    Raises:
        UserError: there is no such run.
    """
    if which != "best" and not which.startswith("best:"):
        return read_run(Path(which))
    wanted = which.partition(":")[2]
    for run in find_runs(outputs):
        if wanted in ("", run.family, run.name, run.card["model"]["arguments"].get("cell")):
            return run
    raise UserError(
        f"wanted the {which!r} run, found none under {outputs.resolve()}; train one: "
        f"python train.py model={wanted if wanted in ('transformer', 'rnn') else 'transformer'}"
    )


def _cards(outputs: Path) -> Iterator[Path]:
    """Yield every card; not those of folders that a killed process was still making."""
    for path in sorted(outputs.rglob(CARD)):
        hidden = any(part.startswith(".") for part in path.relative_to(outputs).parts)
        if path.is_file() and not hidden:
            yield path
