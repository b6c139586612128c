"""Checkpoints that are whole, or are not there; reading one executes nothing."""

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins.io import TorchCheckpointIO

from tinystories.errors import UserError
from tinystories.files import write_atomically

PATHS = ("best_model_path", "kth_best_model_path", "last_model_path")
"""What Lightning remembers the places of."""


class WholeCheckpoints(TorchCheckpointIO):
    """Writes a checkpoint beside its place, then renames it; reads none that is damaged.

    Lightning writes to the system's folder for temporary files; where that is another disk, its
    last move is a copy, and a run that is killed meanwhile leaves half a checkpoint.
    """

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None
    ) -> None:
        """Save ``checkpoint`` at ``path``; what stood there is replaced in one step."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        content = io.BytesIO()
        torch.save(checkpoint, content)
        write_atomically(path, content.getbuffer())

    def load_checkpoint(self, path: str | Path, *_: Any, **__: Any) -> dict[str, Any]:
        """Return the checkpoint at ``path``, as :func:`read_checkpoint` does.

        It says that its run is where it is now. Of a run that was moved, Lightning would forget how
        good the best was, and write the next one over it, however bad.
        """
        checkpoint, folder = read_checkpoint(Path(path)), Path(path).parent.resolve()

        def here(there: str) -> str:
            return str(folder / Path(there).name) if there else ""

        for state in _best_states(checkpoint):
            state.update({name: here(state[name]) for name in PATHS}, dirpath=str(folder))
            state["best_k_models"] = {here(p): s for p, s in state["best_k_models"].items()}
        return checkpoint

    def remove_checkpoint(self, path: str | Path) -> None:
        """Remove nothing: both checkpoints of a run are written over.

        Lightning asks for it where a checkpoint says so, and one that was forged may name any file
        or folder.
        """


def find_checkpoint(resume: str | None) -> Path | None:
    """Return the checkpoint to go on from.

    Raises:
        UserError: there is none.
    """
    if resume is None:
        return None
    path = Path(resume)
    if path.is_dir():
        kept = path / "checkpoints"
        # A run that is killed at its first validation may have written only the best.
        last = (kept / "last.ckpt").is_file() or not (kept / "best.ckpt").is_file()
        path = kept / ("last.ckpt" if last else "best.ckpt")
    if not path.is_file():
        raise UserError(
            f"wanted a checkpoint to resume from, found none at {path}; give the folder of a run "
            "that was interrupted after its first validation"
        )
    return path


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Return a checkpoint, its tensors in main memory, after a look at whether it is whole.

    Raises:
        UserError: it is damaged, or holds more than numbers and plain data, such as code.
    """
    try:
        _check_archive(path)
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
        if not isinstance(checkpoint, dict) or not isinstance(checkpoint.get("state_dict"), dict):
            raise ValueError("it is no checkpoint of a training")
        _check_counts(checkpoint.get("loops", {}))
        _check_best(checkpoint)
    except Exception as error:  # zipfile and torch raise whatever a damaged file leads them to.
        said = str(error)
        if isinstance(error, pickle.UnpicklingError):
            said = "it holds more than numbers and plain data, which is not read: it could be code"
        raise UserError(
            f"the checkpoint {path} is damaged ({said}); resume from "
            f"another, such as {path.with_name('best.ckpt')}"
        ) from error
    return checkpoint


def _check_counts(part: Any) -> None:
    """Raise a ValueError where what Lightning has counted so far is no number."""
    if isinstance(part, dict):
        for inner in part.values():
            _check_counts(inner)
    elif not isinstance(part, int) or not 0 <= part < 2**63:
        raise ValueError(f"it counts {part!r:.40}")


def _best_states(checkpoint: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what a checkpoint says of the best one so far: once, if Lightning wrote it."""
    callbacks = checkpoint.get("callbacks", {})
    return [state for name, state in callbacks.items() if name.startswith("ModelCheckpoint")]


def _check_best(checkpoint: dict[str, Any]) -> None:
    """Raise a ValueError where it is not said which checkpoint was best, and how good."""
    for state in _best_states(checkpoint):
        scores = state["best_k_models"]
        paths = [state[name] for name in PATHS]
        named = all(isinstance(path, str) for path in [*paths, *scores])
        if not named or (scores and state["kth_best_model_path"] not in scores):
            raise ValueError("it does not say which was best")
        if not all(torch.is_tensor(score) and score.ndim == 0 for score in scores.values()):
            raise ValueError("it does not say how good the best was")


def _check_archive(path: Path) -> None:
    """Raise a ValueError where an archive has a wrong checksum, or unpacks to more than itself."""
    with zipfile.ZipFile(path) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > path.stat().st_size:
            raise ValueError("it unpacks to more than its own size")
        if damaged := archive.testzip():
            raise ValueError(damaged)
