"""The page with the kept stories: find one, read it, go on with it."""

from datetime import datetime
from functools import partial
from typing import Any

from gui import theme
from gui.library import Story
from gui.pages.page import Page
from gui.pages.story_box import StoryBox
from gui.session import Act, End, Finished
from gui.studio import Studio, day_of

SHOWN = 30
SEARCH_MS = 200
LETTER = 7.6
"""How wide a letter of the list is, in points, on average."""


class LibraryPage(Page):
    """All stories that were saved, the newest first; the chosen one beside the list."""

    def __init__(self, parent: Any, studio: Studio) -> None:
        super().__init__(parent, studio)
        self.stories: list[Story] = []
        self.chosen: Story | None = None
        self.deleted: Story | None = None
        self._waiting: str | None = None
        self._listing: Act | None = None
        self.grid_columnconfigure(0, weight=2, uniform="library")
        self.grid_columnconfigure(1, weight=3, uniform="library")
        self.grid_rowconfigure(1, weight=1)
        self._build_list()
        self._build_story()

    # What the reader wants

    def shown(self) -> None:
        """List the stories as they are now."""
        self._list()

    def go(self) -> None:
        """Open the chosen story."""
        self.open_button.invoke()

    def search(self, _: object = None) -> None:
        """List the stories that have what was typed, shortly after the last key."""
        if self._waiting:
            self.after_cancel(self._waiting)
        self._waiting = self.after(SEARCH_MS, self._list)

    def choose(self, number: int) -> None:
        """Show a story of the list."""
        self.chosen = self.stories[number]
        self._show()

    def open(self) -> None:
        """Put the chosen story on the page Write; the one there is kept."""
        assert self.chosen
        studio = self.studio
        studio.open_story(self.chosen)
        self.show_page("Write")
        studio.say(f"“{self.chosen.title}” is on the page.")

    def delete(self) -> None:
        """Delete the chosen story; it can be brought back while the window is open."""
        story, self.chosen, self._listing = self.chosen, None, None
        assert story
        self._offer()

        def deleted(end: End) -> None:
            if isinstance(end, Finished):
                self.deleted = end.result
                self.studio.say(f"Deleted “{end.result.title}”. Undo brings it back.")
            else:
                self.chosen = self.chosen or story
            self._list()
            self.studio.say_failure(end)

        self.studio.act("files", lambda act: self.studio.library.delete(story.name), end=deleted)

    def undelete(self) -> None:
        """Bring the last deleted story back."""
        story, self.deleted, self._listing = self.deleted, None, None
        assert story
        self._offer()

        def saved(end: End) -> None:
            if isinstance(end, Finished):
                self.chosen = end.result
                self.studio.say(f"“{story.title}” is back.")
            else:
                self.deleted = self.deleted or story
            self._list()
            self.studio.say_failure(end)

        self.studio.act("files", lambda act: self.studio.library.save(story), end=saved)

    # What is seen

    def _list(self) -> None:
        self._waiting = None
        typed = self.searching.get()
        self._listing = self.studio.act(
            "files", lambda act: self.studio.library.stories(typed), end=self._listed
        )

    def _listed(self, end: End) -> None:
        if end.act is not self._listing:
            return  # It does not know what was deleted, or looked for, since.
        self.studio.say_failure(end)
        if not isinstance(end, Finished):
            return
        self.stories, broken = end.result
        self._write_titles()
        for row in self.rows[: len(self.stories)]:
            theme.show(row)
        for row in self.rows[len(self.stories) :]:
            theme.show(row, False)
        more = len(self.stories) - SHOWN
        said = f"{more} more: search to find them. " if more > 0 else ""
        self.note.configure(text=said + " ".join(broken))
        names = [story.name for story in self.stories]
        if self.stories and (self.chosen is None or self.chosen.name not in names):
            self.chosen = self.stories[0]
        if not self.stories:
            self.chosen = None
        self._show()

    def _write_titles(self, _: object = None) -> None:
        """Write titles into the list, as much of each as there is room for."""
        letters = round(self.list.winfo_width() / theme.scale(self) / LETTER) - 5
        for row, story in zip(self.rows, self.stories, strict=False):
            row.configure(text=f"{_short(story.title, max(12, letters))}\n{_about(story)}")

    def _align(self, _: object) -> None:
        """Let title and settings begin where the lines of the story do."""
        padx = (round(self.box.margin) + 12, 30)
        self.title.grid(row=0, column=0, padx=padx, pady=(16, 0), sticky="ew")
        self.about.grid(row=1, column=0, padx=padx, pady=(2, 0), sticky="ew")

    def _offer(self) -> None:
        """Offer what can be done now."""
        theme.usable(self.open_button, self.chosen is not None)
        theme.usable(self.delete_button, self.chosen is not None)
        theme.show(self.undo_button, self.deleted is not None)

    def _show(self) -> None:
        story = self.chosen
        self._offer()
        for row, listed in zip(self.rows, self.stories, strict=False):
            here = story is not None and listed.name == story.name
            row.configure(fg_color=theme.CHOSEN if here else "transparent")
        if story is None:
            nothing = "Nothing found." if self.searching.get() else "No story is kept yet."
            self.title.configure(text=nothing)
            self.about.configure(
                text="" if self.searching.get() else "Press Save on the page Write to keep one."
            )
            self.box.show(())
            return
        self.title.configure(text=story.title)
        self.about.configure(text=_settings(story))
        self.box.show(story.spans)
        self.box.yview_moveto(0.0)

    def recolour(self) -> None:
        """Follow the window."""
        self.box.recolour()

    # How it is built

    def _build_list(self) -> None:
        self.searching = theme.entry(self, "Search titles, texts and models")
        self.searching.grid(row=0, column=0, sticky="ew", pady=(0, 10))
        self.searching.bind("<KeyRelease>", self.search)
        self.list = card = theme.card(self)
        card.grid(row=1, column=0, sticky="nsew")
        card.bind("<Configure>", self._write_titles, add="+")
        card.grid_columnconfigure(0, weight=1)
        card.grid_rowconfigure(0, weight=1)
        sheet = theme.scrolled(card)
        sheet.grid(row=0, column=0, sticky="nsew", padx=(6, 3), pady=6)
        sheet.grid_columnconfigure(0, weight=1)
        self.rows = []
        for number in range(SHOWN):
            row = theme.button(
                sheet,
                " ",
                partial(self.choose, number),
                anchor="w",
                height=52,
                fg_color="transparent",
            )
            theme.align_left(row)
            row.grid(row=number, column=0, sticky="ew", pady=1)
            theme.show(row, False)
            self.rows.append(row)
        self.note = theme.label(sheet, "", "small", wraplength=200)
        self.note.grid(row=SHOWN, column=0, padx=10, pady=6, sticky="w")

    def _build_story(self) -> None:
        tools = theme.row(self)
        tools.grid(row=0, column=1, sticky="ew", padx=(12, 0), pady=(0, 10))
        tools.grid_columnconfigure(0, weight=1)
        self.undo_button = theme.button(tools, "Undo delete", self.undelete, width=96)
        self.undo_button.grid(row=0, column=1, padx=(0, 8))
        self.delete_button = theme.button(tools, "Delete", self.delete)
        self.delete_button.grid(row=0, column=2, padx=(0, 8))
        self.open_button = theme.button(tools, "Open", self.open, kind="main", width=104)
        self.open_button.grid(row=0, column=3)
        card = theme.card(self)
        card.grid(row=1, column=1, sticky="nsew", padx=(12, 0))
        card.grid_columnconfigure(0, weight=1)
        card.grid_rowconfigure(2, weight=1)
        self.title = theme.label(card, "", "title")
        self.title.configure(font=theme.story_font(self, 20, "bold"))
        theme.wrapped(self.title, card, less=64)
        self.about = theme.label(card, "", "small")
        theme.wrapped(self.about, card, less=64)
        self.box = StoryBox(card, size=self.studio.preferences.text_size)
        self.box.grid(row=2, column=0, sticky="nsew", padx=3, pady=(0, 4))
        self.box.bind("<Configure>", self._align, add="+")


def _about(story: Story) -> str:
    return " · ".join(part for part in (_day(story.made), story.model) if part)


def _settings(story: Story) -> str:
    """When and how a story was told."""
    manner = story.manner
    parts = [_day(story.made), story.model]
    if "temperature" in manner:
        parts += [f"temperature {manner['temperature']:g}", f"seed {manner.get('seed')}"]
    if manner.get("must"):
        parts.append(f"with {', '.join(manner['must'])}")
    return " · ".join(part for part in [*parts, _count(story)] if part)


def _count(story: Story) -> str:
    return f"{len(story.text.split())} words"


def _day(made: str) -> str:
    return day_of(made, datetime.now().astimezone())


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 2].rstrip() + " …"
