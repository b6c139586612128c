"""What all pages share: the story, the models, the preferences, and acts with what follows them.

Knows no widgets. The window calls :meth:`Studio.poll` a few times a second; everything that a
worker reports is handed on from there, in the window's own thread.
"""

import logging
import math
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Literal

from gui.document import Document, Version
from gui.library import Library, Story, named, title_of
from gui.preferences import Preferences
from gui.session import Act, End, Failed, Finished, Piece, Session, Work
from gui.voices import Manner, Shelf, StorytellerVoice, Voice, loading
from tinystories.runs import Run, survey

log = logging.getLogger(__name__)

BEGINNING = "Once upon a time, there was a little"
Topic = Literal["runs", "run", "voice", "preferences", "story", "tell", "say"]


@dataclass(frozen=True)
class Said:
    """A sentence for the reader: what is going on, or (``alarm``) what went wrong."""

    sentence: str
    alarm: bool = False


class Studio:
    """The state of the window.

    Args:
        outputs: where the runs are; the reader's own stories are kept in ``studio`` there.
        load: returns the voice of a run folder.
    """

    def __init__(self, outputs: Path, load: Callable[[Path], Voice] = StorytellerVoice) -> None:
        self.outputs = outputs
        self.session = Session(unstopped=("files",))
        self.shelf = Shelf(load)
        self.library = Library(outputs / "studio")
        self._preferences_file = outputs / "studio" / "preferences.json"
        self.preferences = Preferences.load(self._preferences_file)
        self._beginning = BEGINNING
        self._kept: Story | None = None  # The story on the page as it is in the library.
        self.document = Document(BEGINNING)
        self.story = Story(self.document.to_json(), "")
        self.runs: dict[str, Run] = {}
        self.broken: dict[Path, str] = {}
        self.searched = False
        self.run: str | None = None
        self.voice: Voice | None = None
        self.said = Said("")
        self.figures = ""
        self._handlers: dict[Act, tuple[Callable[[list[Any]], None], Callable[[End], None]]] = {}
        self._watchers: dict[Topic, list[Callable[[], None]]] = defaultdict(list)
        self._saved_draft: Story | None = None
        self._open_draft()

    # Acts

    def act(
        self,
        lane: str,
        work: Work,
        *,
        pieces: Callable[[list[Any]], None] = lambda _: None,
        end: Callable[[End], None] | None = None,
    ) -> Act:
        """Start ``work``; ``pieces`` gets what it reports, in batches, ``end`` how it ended.

        Without ``end``, a failure is said and all else passed over.
        """
        act = self.session.start(lane, work)
        self._handlers[act] = (pieces, end or self.say_failure)
        return act

    def poll(self) -> None:
        """Hand on what the workers have reported since the last time, all of an act at once."""
        batches: dict[Act, list[Any]] = {}
        events = self.session.events
        for _ in range(events.qsize()):  # Not what comes meanwhile: the window wants its turn.
            event = events.get_nowait()
            if isinstance(event, Piece):
                batches.setdefault(event.act, []).append(event.content)
                continue
            self._hand_on(event.act, batches.pop(event.act, []))
            if handlers := self._handlers.pop(event.act, None):
                handlers[1](event)
        for act, batch in batches.items():
            self._hand_on(act, batch)

    def _hand_on(self, act: Act, batch: list[Any]) -> None:
        if batch:
            self._handlers[act][0](batch)

    def say_failure(self, end: End) -> None:
        """Say why an act failed, if it did."""
        if isinstance(end, Failed):
            self.say(f"Failed: {end.message}", alarm=True)

    def close(self) -> bool:
        """Keep the story, stop every act, and wait for the workers; return whether all ended.

        What is to be written is written; other acts get a moment to hear that they shall stop.
        """
        ended = self.session.close(patience_s=1.5)
        try:
            self.keep_draft(wait=True)
        except OSError as error:
            log.warning("the story on the page could not be kept: %s", error)
        return ended

    # What pages tell each other

    def watch(self, topic: Topic, callback: Callable[[], None]) -> None:
        """Call ``callback`` whenever ``topic`` has changed."""
        self._watchers[topic].append(callback)

    def changed(self, topic: Topic) -> None:
        """Tell all who watch ``topic``."""
        for callback in self._watchers[topic]:
            callback()

    def say(self, sentence: str, *, alarm: bool = False, figures: str = "") -> None:
        """Show the reader a sentence, and ``figures`` beside it."""
        self.said, self.figures = Said(sentence, alarm), figures
        self.changed("say")

    def change(self, **changes: Any) -> None:
        """Change preferences, and keep them."""
        changed = replace(self.preferences, **changes)
        if changed == self.preferences:
            return
        self.preferences = changed
        self.act("files", lambda act: changed.save(self._preferences_file))
        self.changed("preferences")

    # Models

    def find(self) -> None:
        """Look for trained models; the best is chosen unless one is chosen already."""
        self.act("find", lambda act: survey(self.outputs), end=self._found)

    def _found(self, end: End) -> None:
        self.searched = True
        if isinstance(end, Finished):
            runs, self.broken = end.result
            chosen = self.runs[self.run].folder if self.run else None
            self.runs = labelled(runs, datetime.now().astimezone())
            self.run = next((n for n, r in self.runs.items() if r.folder == chosen), None)
            self.changed("runs")
            if self.run is None and self.runs:
                self.choose(next(iter(self.runs)))
        self.say_failure(end)

    def open_run(self, folder: Path) -> None:
        """Take a run folder from anywhere into the list, and choose it."""
        from tinystories.runs import read_run

        def opened(end: End) -> None:
            if isinstance(end, Finished):
                run = end.result
                known = {r.folder: r for r in [*self.runs.values(), run]}
                self.runs = labelled([*known.values()], datetime.now().astimezone())
                self.changed("runs")
                self.choose(next(n for n, r in self.runs.items() if r.folder == run.folder))
            self.say_failure(end)

        self.act("find", lambda act: read_run(folder), end=opened)

    def choose(self, name: str) -> None:
        """Load the run that the list calls ``name``, to write with."""
        self.run, self.voice = name, None
        self.changed("run")
        self.say(
            "Loading the model … On a new computer it is made ready first, which takes longer."
        )
        folder = self.runs[name].folder
        self.act("load", loading(self.shelf, folder), end=partial(self._loaded, name))

    def _loaded(self, name: str, end: End) -> None:
        if name != self.run:  # Another was chosen meanwhile.
            return
        if isinstance(end, Finished):
            self.voice = end.result
            self.say("Ready. Write a beginning, then press Tell (Ctrl-Return).")
        self.say_failure(end)
        self.changed("voice")

    @property
    def folder(self) -> Path | None:
        """The folder of the chosen run."""
        return self.runs[self.run].folder if self.run else None

    def best(self, family: str) -> str | None:
        """What the list calls the best run of a family; None without one."""
        return next((name for name, run in self.runs.items() if run.family == family), None)

    # The story

    def told_with(self, manner: Manner) -> None:
        """Remember who tells the story on the page, and how."""
        model = self.runs[self.run].name if self.run else ""
        self.story = replace(self.story, model=model, manner=asdict(manner))

    def current(self) -> Story:
        """The story on the page, as it would be kept."""
        title = self.story.title or title_of(self.document.text)
        return replace(self.story, document=self.document.to_json(), title=title)

    @property
    def unkept(self) -> bool:
        """Whether there is more on the page than a bare beginning, and it is not in the library."""
        bare = self.document.text.strip() in ("", self._beginning.strip())
        return not bare and self.current() != self._kept

    def open_story(self, story: Story) -> None:
        """Take a kept story onto the page; the one there is kept first.

        Where the page has the same story, changed since it was kept, that becomes a version of it.
        """
        here = self.document.spans if story.name == self.story.name else ()
        if self.unkept and story.name != self.story.name:
            self.save(silently=True)
        self.story = self._kept = story
        self.document.load_json(story.document)
        if here and here != self.document.spans:
            self.document.versions.append(Version("not saved", here))
        self.changed("story")

    def new_story(self, beginning: str) -> None:
        """Begin another story; the one on the page is kept in the library first."""
        if self.unkept:
            self.save(silently=True)
        self._beginning = beginning
        self.story = Story({}, "")
        self.document.start_anew()
        self.document.edit(beginning)
        self.document.start_anew(self.document.spans)
        self.changed("story")

    def save(self, *, silently: bool = False) -> None:
        """Keep the story on the page in the library; ``silently`` speaks of failures only."""
        self.story = named(self.story)  # At once, or saving twice would keep two.
        story = self._kept = self.current()

        def saved(outcome: End) -> None:
            if isinstance(outcome, Finished) and not silently:
                self.say(f"Saved in the library as “{outcome.result.title}”.")
            if isinstance(outcome, Failed) and self._kept == story:
                self._kept = None
            self.say_failure(outcome)

        self.act("files", lambda act: self.library.save(story), end=saved)

    def keep_draft(self, *, wait: bool = False) -> None:
        """Keep what is on the page, if it has changed, so that a crash loses nothing."""
        draft = replace(self.story, document=self.document.to_json())
        if draft == self._saved_draft:
            return
        self._saved_draft = draft
        if wait:
            self.library.save_draft(draft)
        else:
            self.act("files", lambda act: self.library.save_draft(draft))

    def _open_draft(self) -> None:
        if (draft := self.library.draft()) and draft.text.strip():
            self.story = draft
            self.document.load_json(draft.document)
            self._saved_draft = draft


def labelled(runs: list[Run], now: datetime) -> dict[str, Run]:
    """The runs in their order, under short names; those alike have their time added."""
    short = Counter(label(run) for run in runs)
    names: dict[str, Run] = {}
    for run in runs:
        name = label(run)
        if short[name] > 1 and (day := day_of(run.card.get("made"), now)):
            name = f"{name} · {day}"
        twins = sum(known == name or known.startswith(f"{name} · no. ") for known in names)
        names[f"{name} · no. {twins + 1}" if twins else name] = run
    return names


def label(run: Run) -> str:
    """Return what lists call a run: its model, and how good it is.

    >>> label(run)    # doctest: +SKIP
    'transformer · 1.02 bits per byte'
    """
    measured = math.isfinite(run.val_bpb)
    parts = [run.name, f"{run.val_bpb:.2f} bits per byte" if measured else "not measured"]
    return " · ".join([*parts, "built-in stories"] if run.embedded else parts)


def day_of(made: object, now: datetime) -> str:
    """An ISO time as a person would say it; nothing if it is none."""
    try:
        when = datetime.fromisoformat(str(made)).astimezone(now.tzinfo)
    except ValueError:
        return ""
    if when.date() == now.date():
        return f"today {when:%H:%M}"
    if when.date() == (now - timedelta(days=1)).date():
        return f"yesterday {when:%H:%M}"
    return f"{when:%Y-%m-%d %H:%M}"
