"""Told stories as plain records, which need no model to be judged."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from tinystories.errors import UserError
from tinystories.files import append_line, write_atomically


@dataclass(frozen=True)
class Told:
    """A story that was told.

    Args:
        prompt: its given beginning.
        text: the whole story, the prompt included.
        ended: whether it ended by itself, and not because it was long enough.
        tokens: how many tokens followed the prompt.
        seed: with which it can be told again; None for a story that a person wrote.
    """

    prompt: str
    text: str
    ended: bool
    tokens: int
    seed: int | None = None


def write_stories(path: Path, stories: Iterable[Told]) -> None:
    """Write stories to a ``.jsonl`` file, one a line; the file is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, "".join(f"{_line(story)}\n" for story in stories))


def append_story(path: Path, story: Told) -> None:
    """Add a story to the end of a file of them, which is made when it is not there."""
    append_line(path, _line(story))


def read_stories(path: Path) -> list[Told]:
    """Return the stories of a ``.jsonl`` file.

    A last line that was cut off while it was written, and so has no line end, is left out.

    Raises:
        UserError: there is no such file, or a line of it is no story; the line's number is said.
    """
    try:
        lines = path.read_bytes().splitlines(keepends=True)
    except OSError as error:
        raise UserError(
            f"wanted told stories in {path}, but: {error.strerror}; tell them again with "
            "`tinystories evaluate`"
        ) from error
    stories = []
    for number, line in enumerate(lines, 1):
        try:
            stories.append(_story(line))
        except (ValueError, TypeError, RecursionError) as error:
            if number == len(lines) and not line.endswith(b"\n"):
                break
            raise UserError(
                f"wanted a story in line {number} of {path}, found {_shown(line)} ({error}); mend "
                "the line, or delete the file to have the stories told again"
            ) from error
    return stories


def _line(story: Told) -> str:
    return json.dumps(asdict(story), ensure_ascii=False)


def _story(line: bytes) -> Told:
    told = Told(**json.loads(line))
    seed_fits = told.seed is None or type(told.seed) is int
    if not (isinstance(told.prompt, str) and isinstance(told.text, str) and seed_fits):
        raise TypeError("prompt and text must be text, seed a whole number or null")
    if type(told.ended) is not bool or type(told.tokens) is not int or told.tokens < 0:
        raise TypeError("ended must be true or false, tokens a whole number from 0 up")
    if not told.text.startswith(told.prompt):
        raise ValueError("the text does not begin with its prompt")
    return told


def _shown(line: bytes) -> str:
    text = line.decode("utf-8", errors="replace").strip()
    return repr(text if len(text) <= 40 else text[:40] + "...")
