"""The page that asks whether the story is new, or stands in the training stories."""

from pathlib import Path
from tkinter import filedialog
from typing import Any

from gui import theme
from gui.document import Span
from gui.newness import COPIED, Examiner, Newness
from gui.pages.page import Page
from gui.pages.story_box import TOLD, StoryBox
from gui.session import Act, End, Failed, Finished
from gui.studio import Studio

ROWS = 7
ABOUT = (
    "The story on the left, and the training story most like it on the right. What is coloured "
    f"stands word by word, {COPIED} words or more in a row, in a training story."
)
NOT_YET = "The training story most like this one will be here."
NONE = "No training story has anything in common with this one."
SEARCH = "If you have them, say where, and the closest one will be here."


class NoveltyPage(Page):
    """The story beside the closest training story, and its figures beside those of real ones."""

    def __init__(self, parent: Any, studio: Studio) -> None:
        super().__init__(parent, studio)
        self.examiner = Examiner(studio.outputs)
        self.found: Newness | None = None
        self.act: Act | None = None
        self.grid_columnconfigure((0, 1), weight=1, uniform="halves")
        self.grid_rowconfigure(2, weight=1)
        self._build()
        studio.watch("runs", self._refresh)
        studio.watch("run", self._refresh)
        studio.watch("story", self._refresh)
        studio.watch("preferences", self._follow)

    # What the reader wants

    def shown(self) -> None:
        """Show the story that is on the page now."""
        self._refresh()

    def go(self) -> None:
        """Ask."""
        self.button.invoke()

    def stop(self) -> None:
        """Stop asking, after the step that is under way."""
        if self.act:
            self.act.stop()

    def choose_stories(self) -> None:
        """Ask for the folder with the training stories, and look there."""
        if folder := filedialog.askdirectory(parent=self, title="The folder with the stories"):
            self.ask(Path(folder))

    def ask(self, stories: Path | None = None) -> None:
        """Look for the story in what its model learned from; ``stories`` says where that is."""
        name = self.models.get()
        if name not in self.studio.runs:
            return
        self._forget()
        self.act = self.studio.act(
            "newness",
            self.examiner.examining(self.studio.runs[name], self.story.text, stories),
            pieces=lambda said: self.studio.say(said[-1]),
            end=self._examined,
        )
        self._ready()

    # What happens then

    def _examined(self, end: End) -> None:
        self.act = None
        self._ready()
        if isinstance(end, Failed):
            self.studio.say_failure(end)
            return
        if not isinstance(end, Finished):
            self.studio.say("Stopped.")
            return
        if self.story.text != self.studio.document.text:
            self._refresh()
            self.studio.say("The story has changed meanwhile: ask again.")
            return
        found: Newness = end.result
        self.found = found
        theme.show(self.empty, not found.nearest)
        theme.show(self.elsewhere, bool(found.missing))
        self.why.configure(text=f"{_sentence(found.missing)} {SEARCH}" if found.missing else NONE)
        self.nearest.show((Span(found.nearest),))
        self.nearest.yview_moveto(0.0)
        self.story.mark("copied", found.copied)
        self.nearest.mark("copied", found.copied_there)
        for row, figure in zip(self.rows, found.figures, strict=False):
            for cell, text in zip(
                row,
                (figure.title, _number(figure.yours), _number(figure.real), figure.unit),
                strict=True,
            ):
                cell.configure(text=text)
        for row in self.rows:
            for cell in row:
                theme.show(cell, row in self.rows[: len(found.figures)])
        theme.show(self.figures, bool(found.figures))
        if found.missing:
            self.studio.say("Finished, but without the training stories: grammar and words only.")
            return
        letters = sum(stop - start for start, stop in found.copied)
        share = letters / max(1, len(self.story.text))
        self.studio.say(
            f"Finished: {share:.0%} of this story stands word by word in training stories."
        )

    # What is seen

    def _refresh(self) -> None:
        if not self.on_top:
            return
        studio = self.studio
        self.models.configure(values=list(studio.runs))
        if self.models.get() not in studio.runs:
            self.models.set(studio.run or "no model yet")
        if self.story.text != studio.document.text:
            self.story.show(studio.document.spans)
            self._forget()
        self._ready()

    def _forget(self) -> None:
        self.found = None
        self.story.mark("copied", [])
        self.nearest.show(())
        self.why.configure(text=NOT_YET)
        theme.show(self.empty)
        theme.show(self.elsewhere, False)
        theme.show(self.figures, False)

    def _ready(self) -> None:
        can = bool(self.studio.runs) and bool(self.story.text.strip()) and self.act is None
        theme.usable(self.button, can)

    def _follow(self) -> None:
        for box in (self.story, self.nearest):
            box.resize_type(self.studio.preferences.text_size)

    def recolour(self) -> None:
        """Follow the window."""
        self.story.recolour()
        self.nearest.recolour()

    # How it is built

    def _build(self) -> None:
        head = theme.row(self)
        head.grid(row=0, column=0, columnspan=2, sticky="ew", pady=(0, 6))
        head.grid_columnconfigure(1, weight=1)
        theme.label(head, "Against what was learned by").grid(row=0, column=0, padx=(4, 10))
        self.models = theme.menu(head, lambda _: self._forget(), width=120)
        self.models.set("")
        self.models.grid(row=0, column=1, sticky="ew")
        self.button = theme.button(head, "Is it new?", self.ask, kind="main", width=110)
        self.button.grid(row=0, column=2, padx=(10, 0))
        about = theme.label(self, ABOUT, "small")
        about.grid(row=1, column=0, columnspan=2, sticky="ew", padx=4, pady=(0, 8))
        theme.wrapped(about, self, less=12)
        self.story = self._paper(0)
        self.nearest = self._paper(1)
        self._build_empty(self.nearest)
        self.figures = card = theme.card(self)
        card.grid(row=3, column=0, columnspan=2, sticky="ew", pady=(10, 0))
        theme.show(card, False)
        card.grid_columnconfigure(0, weight=1)
        for column, (text, width) in enumerate(
            (("", 0), ("this story", 66), ("real stories", 76), ("", 92))
        ):
            name = theme.label(card, text, "small", width=width, anchor="w" if not column else "e")
            name.grid(row=0, column=column, padx=(16, 4), pady=(6, 0), sticky="ew")
        self.rows = []
        for number in range(1, ROWS + 1):
            cells = [
                theme.label(card, "", height=20),
                theme.label(card, "", height=20, anchor="e"),
                theme.label(card, "", "quiet", height=20, anchor="e"),
                theme.label(card, "", "small", height=20),
            ]
            for column, cell in enumerate(cells):
                pady = (0, 8 if number == ROWS else 0)
                cell.grid(row=number, column=column, padx=(16, 4), pady=pady, sticky="ew")
            self.rows.append(cells)

    def _build_empty(self, paper: Any) -> None:
        """What stands where the closest story would."""
        self.empty = theme.row(paper)
        self.empty.grid(row=0, column=0, padx=28, sticky="ew")
        self.empty.grid_columnconfigure(0, weight=1)
        self.why = theme.label(self.empty, NOT_YET, "quiet", anchor="center", justify="center")
        self.why.grid(row=0, column=0, sticky="ew")
        theme.wrapped(self.why, self.empty)
        self.elsewhere = theme.button(
            self.empty, "Choose their folder …", self.choose_stories, width=170
        )
        self.elsewhere.grid(row=1, column=0, pady=(14, 0))
        theme.show(self.elsewhere, False)

    def _paper(self, column: int) -> StoryBox:
        card = theme.card(self)
        card.grid(row=2, column=column, sticky="nsew", padx=(0, 6) if column == 0 else (6, 0))
        card.grid_columnconfigure(0, weight=1)
        card.grid_rowconfigure(0, weight=1)
        box = StoryBox(card, size=self.studio.preferences.text_size)
        box.grid(row=0, column=0, sticky="nsew", padx=3, pady=4)
        box.style(TOLD, foreground=theme.INK)  # Who wrote it does not matter here.
        box.style("copied", background=theme.COPIED)
        return box


def _sentence(said: str) -> str:
    return f"{said[:1].upper()}{said[1:]}."


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}" if abs(value) < 10 else f"{value:.0f}"
