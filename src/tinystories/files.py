"""Files that are there whole or not at all, and JSON that notices when it was changed."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tinystories.errors import UserError

SEAL = "sha256"


def write_atomically(path: Path, content: str | bytes | memoryview) -> None:
    """Write a file beside its place, then rename it: a reader sees the old one or the new one."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("wb") as file:
            # A path may hold what is no text; JSON reads the escape back as it was.
            file.write(
                content.encode(errors="backslashreplace") if isinstance(content, str) else content
            )
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Give a scratch folder that takes the place of ``folder`` if nothing goes wrong.

    Raises:
        UserError: ``folder`` holds something already, or cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} is there already; choose a new folder")
    beside = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    try:
        beside.mkdir(parents=True)
        yield beside
        if folder.exists():  # Not every system renames onto an empty folder.
            folder.rmdir()
        beside.rename(folder)
    except OSError as error:
        raise UserError(
            f"wanted to write {folder}, but: {error.strerror or error}; choose another folder"
        ) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def write_json(path: Path, content: Any) -> None:
    """Write a file as JSON that a person can read."""
    write_atomically(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def append_line(path: Path, line: str) -> None:
    """Add a line to the end of a file; one that a crash cut short there stays a line of its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab+") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            line = line if file.read() == b"\n" else "\n" + line
        file.write(line.encode() + b"\n")


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sealed(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object of JSON with the SHA-256 of itself, by which :func:`read_json` knows it."""
    return {**content, SEAL: _digest(content)}


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file; one without a seal, of an older version say, as it is.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no object of JSON, or not the one that was sealed.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(content, dict):
        raise ValueError(f"it holds a {type(content).__name__}, not an object")
    if (seal := content.pop(SEAL, None)) is not None and seal != _digest(content):
        raise ValueError(
            f"it was changed after it was written; if that was you, delete its field {SEAL}"
        )
    return content


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
