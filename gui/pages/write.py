"""The page on which a person and a model write one story in turns."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from tkinter import filedialog
from typing import Any

from gui import theme
from gui.document import Version
from gui.export import WRITERS, export
from gui.pages.page import Page
from gui.pages.story_box import StoryBox
from gui.pages.train_panel import TrainPanel
from gui.preferences import PRESETS, Preferences
from gui.session import Act, End, Failed, Finished
from gui.speech import can_speak, speaking
from gui.studio import BEGINNING, Studio
from gui.voices import Manner, Voice, Words, telling
from gui.words import fold, foreign
from tinystories.errors import UserError
from tinystories.wishes import WISHES

BEGINNINGS = (
    BEGINNING,
    "One morning, a small dragon woke up and",
    "Lily and her grandma baked a cake. But",
    "There was a cat who wanted to fly. One day,",
    "Tom was afraid of the dark. At night,",
    "In the middle of the forest stood a tiny house. Inside,",
    "It was raining, and Mia had nothing to do. So",
    "A robot came to live with Ben. The robot",
    '"Can you keep a secret?" asked the little mouse.',
    "The snowman did not want to melt. He",
    "Once there was a boat that could talk. It",
    "Sam found a shiny key under his bed. He",
)
OPEN = "Open a run folder …"
EXPORTS = tuple(
    f"{suffix} · {about}"
    for suffix, about in zip(WRITERS, ("plain text", "Markdown", "PDF, large print"), strict=True)
)
FOREIGN = "foreign"
MARK_MS = 250
NARROW = 690
"""Below this width, in points, a row of controls becomes two."""


class WritePage(Page):
    """One story on paper, and everything to write it with."""

    def __init__(self, parent: Any, studio: Studio) -> None:
        super().__init__(parent, studio)
        self.act: Act | None = None
        self.reading: Act | None = None
        self._followed = Preferences()
        self._words = 0
        self._seed = 0
        self._marking: str | None = None
        self._narrow: bool | None = None
        self._listed: list[Version] | None = None
        self._known: frozenset[str] = frozenset()
        self._known_of: tuple[Voice, Preferences] | None = None
        self.grid_columnconfigure(0, weight=1)
        self.grid_rowconfigure(1, weight=1)
        self._build_tools()
        self._build_paper()
        self._build_wishes()
        self._build_buttons()
        self.bind("<Configure>", self._arrange)
        studio.watch("runs", self._show_runs)
        studio.watch("run", self._show_runs)
        studio.watch("voice", self._ready)
        studio.watch("preferences", self._follow)
        studio.watch("story", self._show_story)
        studio.watch("tell", self.tell)
        self._follow()
        self._show_story()
        self._show_runs()
        studio.act("voice", can_speak, end=self._offer_speech)

    # What the reader wants

    def left(self) -> None:
        """Take over the words and the seed that were typed."""
        self._keep_seed()

    def go(self) -> None:
        """Tell."""
        self.tell_button.invoke()

    def stop(self) -> None:
        """Stop telling, or reading aloud; the words so far stay."""
        for act in (self.act, self.reading):
            if act:
                act.stop()

    def tell(self) -> None:
        """Go on with the story from the cursor."""
        self._mirror()
        document = self.studio.document
        at = self.box.offset()
        at = at if document.text[at:].strip() else len(document.text)
        self._tell(at, self._manner())

    def retry(self) -> None:
        """Tell the last part anew; the one before is kept among the versions."""
        self._mirror()
        typed = self.studio.preferences.seed.strip()
        if typed.isdecimal():  # The same seed would tell the same once more.
            theme.fill(self.seed, str(int(typed) + 1))
            self._keep_seed()
        manner = self._manner()
        if manner and self.studio.document.retry() is not None:
            self.box.show(self.studio.document.spans)
            self._tell(len(self.studio.document.text), manner)

    def undo(self) -> None:
        """Take the last step back."""
        self._step(self.studio.document.undo, "Undone.")

    def redo(self) -> None:
        """Do the undone step again."""
        self._step(self.studio.document.redo, "Done again.")

    def choose_beginning(self, beginning: str) -> None:
        """Begin another story; the one on the page goes to the library first, unless it is bare."""
        self._mirror()
        kept = " The one before is in the library." if self.studio.unkept else ""
        self.studio.new_story(beginning)
        self.studio.say(f"A new story. Change the beginning, or press Tell.{kept}")
        self.beginnings.set("Beginnings")
        self.box.focus_set()

    def choose_version(self, choice: str) -> None:
        """Take another version onto the page."""
        self._mirror()
        self.studio.document.switch(int(choice.partition(" ")[0]) - 1)
        self._listed = None  # The list shows its name again, not the choice.
        self._show_story()
        self.studio.say("Another version is on the page; the one before took its place.")

    def choose_wish(self, name: str) -> None:
        """Wish for something, or no more."""
        wishes = self.studio.preferences.wishes
        self.studio.change(
            wishes=tuple(w for w in wishes if w != name) if name in wishes else (*wishes, name)
        )

    def export(self, kind: str) -> None:
        """Write the story to a file that the reader names."""
        self.exports.set("Export")
        suffix = kind.partition(" ")[0]
        story = self.studio.current()
        name = filedialog.asksaveasfilename(
            parent=self, defaultextension=suffix, initialfile=_file_name(story.title) + suffix
        )
        if not name:
            return

        def exported(end: End) -> None:
            if isinstance(end, Finished):
                self.studio.say(f"Written to {name}.")
            self.studio.say_failure(end)

        self.studio.act("files", lambda act: export(story, Path(name)), end=exported)

    def read_aloud(self) -> None:
        """Read the story aloud, or stop doing so."""
        if self.reading:
            self.reading.stop()
            return
        self.speak.configure(text="Stop reading")
        self.reading = self.studio.act(
            "voice",
            speaking(self.studio.document.text),
            pieces=lambda said: self.studio.say(f"Reading: {said[-1]}"),
            end=self._read,
        )

    # What happens then

    def _manner(self) -> Manner | None:
        voice = self.studio.voice
        if voice is None or self.act:
            return None
        self.studio.change(must=self.must.get(), seed=self.seed.get())
        try:
            return self.studio.preferences.manner(voice.words)
        except UserError as error:
            self.studio.say(f"{error}.", alarm=True)
            return None

    def _tell(self, at: int, manner: Manner | None) -> None:
        if manner is None or self.studio.folder is None:
            return
        document = self.studio.document
        cut = bool(document.text[at:].strip())
        beginning = document.begin_telling(at)
        if cut:
            self.box.show(document.spans)
        self.box.follow()
        self._words, self._seed = 0, manner.seed
        self.studio.told_with(manner)
        self.studio.say(
            "Telling from the cursor; what stood after it is under Versions. Escape stops."
            if cut
            else "Telling … Escape stops."
        )
        self.act = self.studio.act(
            "tell",
            telling(self.studio.shelf, self.studio.folder, beginning, manner),
            pieces=self._write,
            end=self._ended,
        )
        self._ready()

    def _write(self, words: list[Words]) -> None:
        """Put words on the page, all in one insert."""
        self._mirror()
        text = "".join(piece.text for piece in words)
        self.box.put(self.studio.document.add(text), text)
        self._words += len(text.split())
        speed = self._words / max(words[-1].seconds, 1e-3)
        self.studio.say(
            self.studio.said.sentence,
            figures=f"{self._words} words · {speed:.0f} a second · seed {self._seed}",
        )

    def _ended(self, end: End) -> None:
        self.act = None
        self._mirror()
        self.studio.document.end_telling()
        figures = self.studio.figures
        match end:
            case Finished(_, []) if not self._words:
                self.studio.say("Finished: there is nothing to add.")
            case Finished(_, []):
                self.studio.say("Finished.", figures=figures)
            case Finished(_, missing):
                lost = ", ".join(missing)
                self.studio.say(
                    f"Finished, but there was no room for: {lost}. Give it more length.",
                    alarm=True,
                    figures=figures,
                )
            case Failed(_, message):
                self.studio.say(f"Failed: {message}", alarm=True)
            case _:
                self.studio.say("Stopped.", figures=figures)
        self._ready()
        self._mark_later()

    def _step(self, step: Callable[[], bool], sentence: str) -> None:
        self._mirror()
        if step():
            self._show_story()
            self.studio.say(sentence)

    def _mirror(self) -> None:
        """Take over what was typed."""
        change = self.studio.document.edit(self.box.text)
        if change is None:
            return
        self.box.by_hand(change.start, change.start + change.added)
        self._mark_later()
        self._ready()

    # What is seen

    def _ready(self) -> None:
        """Let the reader do what makes sense now, and nothing else."""
        document, telling_now = self.studio.document, self.act is not None
        for widget, yes in (
            (self.tell_button, self.studio.voice is not None and not telling_now),
            (self.stop_button, telling_now),
            (self.retry_button, self.studio.voice is not None and document.can_retry),
            (self.undo_button, document.can_undo),
            (self.redo_button, document.can_redo),
            (self.models, self.studio.searched and not telling_now),
            (self.beginnings, not telling_now),
            (self.versions, bool(document.versions) and not telling_now),
        ):
            theme.usable(widget, yes)
        if document.versions != self._listed:
            self._listed = list(document.versions)
            self.versions.configure(values=listing(self._listed))
            self.versions.set(f"Versions {len(self._listed)}" if self._listed else "Versions")
        self._mark_later()

    def _show_story(self) -> None:
        self.box.show(self.studio.document.spans)
        self.box.see("end")
        theme.fill(self.title, self.studio.story.title)
        self._ready()

    def _show_runs(self) -> None:
        studio = self.studio
        self.models.configure(values=[*studio.runs, OPEN])
        self.models.set(studio.run or ("no model yet" if studio.searched else "looking …"))
        without = studio.searched and not studio.runs
        if without:
            self.training.card.place(relx=0.5, rely=0.5, anchor="center", relwidth=0.86)
            studio.say("There is no storyteller yet: train one, or open a run folder.")
        else:
            self.training.card.place_forget()
        self._ready()

    def _choose_model(self, name: str) -> None:
        if name != OPEN:
            self.studio.choose(name)
            return
        self._show_runs()
        if folder := filedialog.askdirectory(parent=self, title="The folder of a run"):
            self.studio.open_run(Path(folder))

    def _follow(self) -> None:
        """Show the preferences as they are now."""
        wanted = self.studio.preferences
        self.box.resize_type(wanted.text_size)
        self.presets.set(wanted.preset)
        for name, chip in self.chips.items():
            theme.turn(chip, name in wanted.wishes)
        # Only what changed: what is being typed is known when it is confirmed.
        for field, now, before in (
            (self.must, wanted.must, self._followed.must),
            (self.seed, wanted.seed, self._followed.seed),
        ):
            if now != before:
                theme.fill(field, now)
        self._followed = wanted
        self._mark_later()

    def _keep_seed(self, _: object = None) -> None:
        self.studio.change(seed=self.seed.get(), must=self.must.get())

    def _keep_title(self, _: object = None) -> None:
        self.studio.story = replace(self.studio.story, title=self.title.get().strip())

    def _mark_later(self) -> None:
        if self._marking is None:
            self._marking = self.after(MARK_MS, self._mark)

    def _mark(self) -> None:
        """Underline typed words that the story may not use."""
        self._marking = None
        voice, wanted = self.studio.voice, self.studio.preferences
        if voice is None or not wanted.strict:
            self.box.mark(FOREIGN, [])
            return
        if self._known_of != (voice, wanted):
            try:
                words = wanted.allowed(voice.words)
            except UserError:
                words = ()
            self._known_of = (voice, wanted)
            self._known = frozenset(map(fold, voice.words if words is None else words))
        self.box.mark(FOREIGN, foreign(self.studio.document.spans, self._known))

    def _offer_speech(self, end: End) -> None:
        theme.show(self.speak, isinstance(end, Finished) and end.result)

    def _read(self, end: End) -> None:
        self.reading = None
        self.speak.configure(text="Read aloud")
        self.studio.say("Read to the end." if isinstance(end, Finished) else "Stopped reading.")
        self.studio.say_failure(end)

    def recolour(self) -> None:
        """Follow the window."""
        self.box.recolour()

    # How it is built

    def _build_tools(self) -> None:
        tools = theme.row(self)
        tools.grid(row=0, column=0, sticky="ew", pady=(0, 10))
        tools.grid_columnconfigure(0, weight=1)
        self.models = theme.menu(tools, self._choose_model, width=120)
        self.models.grid(row=0, column=0, sticky="ew")
        self.beginnings = theme.menu(
            tools, self.choose_beginning, values=list(BEGINNINGS), width=122
        )
        self.beginnings.set("Beginnings")
        self.beginnings.grid(row=0, column=1, padx=(6, 0))
        self.versions = theme.menu(tools, self.choose_version, width=118)
        self.versions.grid(row=0, column=2, padx=(6, 0))
        save = theme.button(tools, "Save", self.studio.save, width=54)
        save.grid(row=0, column=3, padx=(6, 0))
        self.exports = theme.menu(tools, self.export, values=list(EXPORTS), width=88)
        self.exports.set("Export")
        self.exports.grid(row=0, column=4, padx=(6, 0))

    def _build_paper(self) -> None:
        self.paper = theme.card(self)
        self.paper.grid(row=1, column=0, sticky="nsew")
        self.paper.grid_columnconfigure(0, weight=1)
        self.paper.grid_rowconfigure(1, weight=1)
        self.title = theme.entry(
            self.paper,
            "A title, if you like",
            border_width=0,
            height=40,
            font=theme.story_font(self, 20, "bold"),
        )
        self.title.grid(row=0, column=0, sticky="ew", padx=12, pady=(8, 0))
        self.title.bind("<KeyRelease>", self._keep_title)
        self.speak = theme.button(self.paper, "Read aloud", self.read_aloud, kind="small", width=96)
        self.speak.grid(row=0, column=1, padx=(8, 14), pady=(10, 0))
        theme.show(self.speak, False)
        self.box = StoryBox(self.paper, size=self.studio.preferences.text_size, writable=True)
        self.box.grid(row=1, column=0, columnspan=2, sticky="nsew", padx=3, pady=(0, 4))
        self.box.style(FOREIGN, underlinefg=theme.ALARM)
        self.box.tag_config(FOREIGN, underline=True)
        self.box.on_change(self._mirror)
        self.box.bind("<Configure>", self._align_title, add="+")
        self.box.focus_set()
        for keys, command in (
            ("<Control-Return>", self.go),
            ("<Control-z>", self.undo),
            ("<Control-y>", self.redo),
            ("<Control-Z>", self.redo),
            ("<Control-r>", lambda: self.retry_button.invoke()),
        ):
            self.box.bind(keys, partial(_only, command))
        self.training = TrainPanel(
            self.paper,
            self.studio,
            "There is no storyteller yet. Four minutes are enough for one that tells short "
            "stories; half an hour makes a better one. You can go on using the window meanwhile.",
        )

    def _align_title(self, _: object) -> None:
        """Let the title begin where the lines of the story do."""
        self.title.grid(
            row=0, column=0, sticky="ew", padx=(round(self.box.margin) + 3, 12), pady=(8, 0)
        )

    def _build_wishes(self) -> None:
        self.wish_row = theme.row(self)
        self.wish_row.grid(row=2, column=0, sticky="ew", pady=(10, 0))
        self.must = theme.entry(self.wish_row, "Must appear: dragon, cake", width=200)
        for key in ("<FocusOut>", "<Return>"):
            self.must.bind(key, self._keep_seed)
        self.chip_row = theme.row(self.wish_row)
        self.chips = {}
        for column, wish in enumerate(WISHES.values()):
            chip = theme.chip(self.chip_row, wish.title, partial(self.choose_wish, wish.name))
            chip.grid(row=0, column=column, padx=(0 if column == 0 else 6, 0))
            self.chips[wish.name] = chip

    def _build_buttons(self) -> None:
        self.button_row = theme.row(self)
        self.button_row.grid(row=3, column=0, sticky="ew", pady=(10, 0))
        self.acts = theme.row(self.button_row)
        self.tell_button = theme.button(self.acts, "Tell", self.tell, kind="main", width=104)
        self.stop_button = theme.button(self.acts, "Stop", self.stop, width=62)
        self.retry_button = theme.button(self.acts, "Retry", self.retry, width=62)
        self.undo_button = theme.button(self.acts, "Undo", self.undo, width=62)
        self.redo_button = theme.button(self.acts, "Redo", self.redo, width=62)
        for column, made in enumerate(
            (
                self.tell_button,
                self.stop_button,
                self.retry_button,
                self.undo_button,
                self.redo_button,
            )
        ):
            made.grid(row=0, column=column, padx=(0, 8))
        self.moods = theme.row(self.button_row)
        self.presets = theme.choices(
            self.moods, list(PRESETS), lambda name: self.studio.change(**PRESETS[name])
        )
        self.presets.grid(row=0, column=0)
        self.seed = theme.entry(self.moods, "any seed", width=96)
        self.seed.grid(row=0, column=1, padx=(8, 0))
        for key in ("<FocusOut>", "<Return>"):
            self.seed.bind(key, self._keep_seed)

    def _arrange(self, event: Any) -> None:
        """Put controls that do not fit beside each other one above the other."""
        narrow = event.width / theme.scale(self) < NARROW
        if narrow == self._narrow:
            return
        self._narrow = narrow
        for line, first, second in (
            (self.wish_row, self.must, self.chip_row),
            (self.button_row, self.acts, self.moods),
        ):
            stretch = first is self.must
            line.grid_columnconfigure(0, weight=1)
            first.grid(row=0, column=0, sticky="ew" if stretch else "w")
            second.grid(
                row=1 if narrow else 0,
                column=0 if narrow else 1,
                sticky="w" if narrow else "e",
                padx=(0 if narrow else 10, 0),
                pady=(8 if narrow else 0, 0),
            )
        theme.show(self.moods, not narrow)  # They are on the page Settings too.


def _only(command: Callable[[], Any], _: object) -> str:
    """Do a key's command, and nothing that a text box would do with the key."""
    command()
    return "break"


def listing(versions: list[Version]) -> list[str]:
    """The versions of a story, as a list to choose from shows them."""
    return [
        f"{number} · {version.name} · {len(version.text.split())} words"
        for number, version in enumerate(versions, 1)
    ]


def _file_name(title: str) -> str:
    kept = "".join(letter if letter.isalnum() or letter in " -" else "" for letter in title)
    return "-".join(kept.split()).lower()[:60] or "story"
