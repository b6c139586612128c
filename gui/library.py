"""The stories that were kept, as files that a person can read too; and the one on the page."""

import json
import re
import secrets
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gui.document import Document, Spans, spans_of, text_of
from tinystories.errors import UserError
from tinystories.files import append_line, read_json, sealed, write_atomically

STORIES = "stories"
DRAFT = "draft.json"
VOTES = "votes.jsonl"
TITLE_LENGTH = 48


@dataclass(frozen=True)
class Story:
    """A kept story: the document as data, and what it was told with.

    ``model`` names who told it, ``manner`` how, as plain data; ``made`` is an ISO time in UTC.
    """

    document: dict[str, Any]
    title: str
    model: str = ""
    manner: dict[str, Any] = field(default_factory=dict)
    made: str = ""
    name: str = ""

    @property
    def spans(self) -> Spans:
        """The story, with who wrote what."""
        return spans_of(self.document["spans"])

    @property
    def text(self) -> str:
        """The whole story."""
        return text_of(self.spans)


class Library:
    """What is kept in ``folder``: stories, one JSON file each, a draft, and votes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stories = folder / STORIES

    def save(self, story: Story) -> Story:
        """Write a story, named if it was not; the one of that name before is replaced."""
        kept = named(story)
        self._write(self._stories / f"{kept.name}.json", kept)
        return kept

    def delete(self, name: str) -> Story:
        """Take a story out of the library, and return it, so that it can be saved again."""
        story = _read(self._stories / f"{name}.json")
        (self._stories / f"{name}.json").unlink()
        return story

    def stories(self, search: str = "") -> tuple[list[Story], list[str]]:
        """Return the stories that have every word of ``search`` in title or text, newest first.

        The second list says which files are broken, and why.
        """
        found, broken = [], []
        for path in sorted(self._stories.glob("*.json")):
            try:
                story = replace(_read(path), name=path.stem)
            except UserError as error:
                broken.append(str(error))
                continue
            text = f"{story.title}\n{story.text}\n{story.model}".casefold()
            if all(word in text for word in search.casefold().split()):
                found.append(story)
        return sorted(found, key=lambda s: (s.made, s.name), reverse=True), broken

    def save_draft(self, story: Story) -> None:
        """Keep what is on the page, in case the program ends unasked."""
        self._write(self.folder / DRAFT, story)

    def draft(self) -> Story | None:
        """What was on the page when the window was last open; None if nothing can be read."""
        try:
            return _read(self.folder / DRAFT)
        except UserError:
            return None

    def vote(self, better: str, worse: str, *, tie: bool = False, blind: bool = False) -> None:
        """Keep which of two models told better."""
        row = {"better": better, "worse": worse, "tie": tie, "blind": blind}
        row["made"] = datetime.now(UTC).isoformat("T", "seconds")
        append_line(self.folder / VOTES, json.dumps(row))

    def votes(self, one: str, other: str) -> tuple[int, int, int]:
        """How often ``one`` was better, ``other`` was, and neither, when the two were compared."""
        count: Counter[str] = Counter()
        path = self.folder / VOTES
        for line in path.read_bytes().splitlines() if path.exists() else ():
            # A line that a crash cut short is passed over.
            with suppress(ValueError, KeyError, TypeError, RecursionError):
                row = json.loads(line)
                if {row["better"], row["worse"]} == {one, other}:
                    count["" if row["tie"] else row["better"]] += 1
        return count[one], count[other], count[""]

    def _write(self, path: Path, story: Story) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(sealed(asdict(story)), indent=1, ensure_ascii=False)
        write_atomically(path, text)


def named(story: Story) -> Story:
    """The story with a name and a time; a new one without."""
    now = datetime.now(UTC)
    name = story.name or f"{now:%Y-%m-%d-%H-%M-%S}-{secrets.token_hex(3)}"
    return replace(story, name=name, made=story.made or now.isoformat("T", "seconds"))


def title_of(text: str) -> str:
    """A title for a story without one: its beginning, to the end of a word."""
    text = " ".join(text.split())
    if len(text) <= TITLE_LENGTH:
        return text or "Empty story"
    return re.sub(r"\W*\s?\w*$", "", text[: TITLE_LENGTH + 1]) + " …"


def _read(path: Path) -> Story:
    try:
        story = Story(**read_json(path))
        texts = (story.title, story.model, story.made, story.name)
        if not all(isinstance(text, str) for text in texts) or not isinstance(story.manner, dict):
            raise TypeError("title, model, made and name must be text, manner an object")
        if story.name and Path(story.name).name != story.name:
            raise ValueError(f"{story.name!r} is no name of a file")
        Document().load_json(story.document)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path.name} cannot be read ({type(error).__name__}: {error}); restore it from a "
            "copy or delete it"
        ) from error
    return story
