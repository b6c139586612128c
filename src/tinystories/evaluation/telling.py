"""The stories that are judged: which beginnings, which seeds, told once and kept."""

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tinystories.data import cleaning
from tinystories.data.corpus import Corpus, prepare_again
from tinystories.data.sources import find_source
from tinystories.errors import UserError
from tinystories.files import write_atomically
from tinystories.records import Told, append_story, read_stories, write_stories
from tinystories.runs import Run

log = logging.getLogger(__name__)

BEGINNING = 12
"""Words of a held-out story that every second story is told from."""
LENGTH = 500
"""Tokens that a story may have at most."""


@dataclass(frozen=True)
class HeldOut:
    """Stories that the model has not read, in a fixed order that has nothing to do with theirs."""

    name: str
    stories: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of all stories."""
        return hashlib.sha256("\0".join(self.stories).encode()).hexdigest()


def held_out(name: str, stories: Iterable[str]) -> HeldOut:
    """Return stories in the fixed order in which they are used."""
    found = list(stories)
    order = np.random.default_rng(0).permutation(len(found))
    return HeldOut(name, tuple(found[i] for i in order))


def read_held_out(path: Path) -> HeldOut:
    """Return the stories of a file or folder, cleaned; its validation split where it has one.

    Raises:
        UserError: there are none.
    """
    source = find_source(str(path))
    for split in ("validation", "train"):
        tidy = [cleaning.tidy(story) for story in source.read(split)]
        if good := [story for story in tidy if cleaning.flaw(story) is None]:
            return held_out(str(path), good)
    raise UserError(f"wanted held-out stories in {path}, found none that are whole; give others")


def find_corpus(run: Run, data: Path) -> Corpus:
    """Return the corpus that a run was trained on: as it was prepared, or prepared again.

    Raises:
        UserError: its stories are not at hand, or have changed.
    """
    said = run.card["data"]
    fingerprint, asked = said.get("fingerprint", ""), said["source"].get("asked", "")
    for folder in {data, *(parent / "data" for parent in run.folder.resolve().parents)}:
        made = folder / f"corpus-{fingerprint[:12]}"
        if fingerprint and (made / "index.json").is_file():
            return Corpus.open(made)
    advice = "run it where it was trained, or give held-out stories with --on PATH"
    try:
        corpus = prepare_again(said, data)
    except UserError as error:
        raise UserError(
            f"wanted the training stories of this run ({asked or 'unknown'}), they are not at "
            f"hand; {advice}"
        ) from error
    if not corpus.is_that_of(said):
        raise UserError(
            f"wanted the training stories of this run, {asked} gives others now; {advice}"
        )
    return corpus


def beginnings(count: int, stories: HeldOut | None) -> list[str]:
    """Return the prompts of the stories to be told: every second one begins as a held-out story.

    The others begin from nothing, as all do where there are no held-out stories. Fewer prompts
    are the first of more.
    """
    known = stories.stories if stories else ()
    return [
        " ".join(known[i % len(known)].split(" ")[:BEGINNING]) if known and i % 2 else ""
        for i in range(count)
    ]


def as_told(stories: HeldOut, count: int) -> list[Told]:
    """Return held-out stories as if they had been told: each from the prompt of the same place."""
    prompts = beginnings(min(count, len(stories.stories)), stories)
    return [
        Told(prompt, text, ended=True, tokens=len(text.split()) - len(prompt.split()))
        for prompt, text in zip(prompts, stories.stories, strict=False)
    ]


Teller = Callable[[Sequence[str], Sequence[int]], Iterator[tuple[int, Told]]]
"""``tell_many`` with its settings: yields the number of the prompt and the story told from it."""


def told_once(
    path: Path,
    prompts: Sequence[str],
    seeds: Sequence[int],
    tell: Teller,
    *,
    made_by: Mapping[str, Any],
    done: Callable[[int], None] = lambda count: None,
) -> list[Told]:
    """Return the story of each prompt and seed, telling only those that ``path`` does not have.

    Every story is written as soon as it is told, so an interrupted telling goes on where it
    stopped. ``made_by`` says which model told with which settings; it is kept beside the stories,
    and others' are told anew. ``done(count)`` hears how many there are.

    Raises:
        UserError: the file was changed by hand, and a line of it is no story any more.
    """
    note = path.with_suffix(".made.json")
    kept: dict[tuple[str, int | None], Told] = {}
    if path.is_file():
        if _note(note) == made_by:
            kept = {(story.prompt, story.seed): story for story in read_stories(path)}
        else:
            log.warning("%s was told by another model or with other settings: told anew", path)
    # A line that was cut off would swallow the next one.
    write_stories(path, kept.values())
    write_atomically(note, json.dumps(made_by, indent=1) + "\n")
    wanted = list(zip(prompts, seeds, strict=True))
    missing = [key for key in wanted if key not in kept]
    done(len(wanted) - len(missing))
    for number, story in tell(*_columns(missing)) if missing else ():
        append_story(path, story)
        kept[missing[number]] = story
        done(sum(key in kept for key in wanted))
    others = [story for key, story in kept.items() if key not in set(wanted)]
    stories = [kept[key] for key in wanted]
    write_stories(path, [*stories, *others])
    return stories


def _columns(pairs: Sequence[tuple[str, int]]) -> tuple[list[str], list[int]]:
    return [prompt for prompt, _ in pairs], [seed for _, seed in pairs]


def _note(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
