"""Checkpoints that are whole, or are not there."""

import io
import zipfile
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins.io import TorchCheckpointIO

from tinystories.errors import UserError
from tinystories.files import write_atomically


class WholeCheckpoints(TorchCheckpointIO):
    """Writes a checkpoint beside its place, then renames it.

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


def find_checkpoint(resume: str | None) -> Path | None:
    """Return the checkpoint to go on from, after a look at whether it is whole.

    Raises:
        UserError: there is none, or it is damaged.
    """
    if resume is None:
        return None
    path = Path(resume)
    path = path / "checkpoints" / "last.ckpt" if path.is_dir() else path
    if not path.is_file():
        raise UserError(
            f"wanted a checkpoint to resume from, found none at {path}; give the folder of a run "
            "that was interrupted after its first validation"
        )
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        damaged = str(error)
    if damaged:
        raise UserError(
            f"the checkpoint {path} is damaged ({damaged}); resume from another, such as "
            f"{path.with_name('best.ckpt')}"
        )
    return path
