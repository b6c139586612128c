"""Paper with a story on it: a text box that speaks in offsets, and knows who wrote what."""

import tkinter
from collections.abc import Callable, Iterable
from typing import Any

import customtkinter as ctk

from gui import theme
from gui.document import Spans

TOLD = "told"
MEASURE = 36
"""The width of a line, in sizes of its type: some 75 letters."""
MARGIN = 18
SCROLL_MS = 80
_ASTRAL = "\uffff"


class StoryBox(ctk.CTkTextbox):  # type: ignore[misc]
    """A story as characters 0, 1, 2 ...; tags mark parts of it.

    Args:
        parent: where it stands.
        size: of the type, in points.
        writable: whether the reader may change the text.
    """

    def __init__(self, parent: Any, *, size: int, writable: bool = False) -> None:
        self.story_font = ctk.CTkFont(theme.story_family(parent), size=size)
        super().__init__(
            parent,
            font=self.story_font,
            fg_color=theme.PAGE,
            text_color=theme.INK,
            corner_radius=8,
            border_width=0,
            wrap="word",
            padx=MARGIN,
            pady=10,
            spacing2=6,
            spacing3=10,
            scrollbar_button_color=theme.EDGE,
            scrollbar_button_hover_color=theme.FAINT,
        )
        self.writable = writable
        self.margin: float = MARGIN
        # Tcl 8 counts a character beyond the basic plane, an emoji say, as two.
        self._wide = float(self.tk.call("info", "tclversion")) < 9
        self._tags: dict[str, dict[str, theme.Colour]] = {TOLD: {"foreground": theme.TOLD}}
        # A selection is seen over every other mark.
        self.style("sel", background=theme.ACCENT, foreground=(theme.WHITE, theme.WHITE))
        self.recolour()
        self._lock()
        self._textbox.bind("<Configure>", self._set_measure)
        self._view = ("0.0", "1.0")
        self._scrolling: str | None = None
        self._textbox.configure(yscrollcommand=self._scroll_later)
        self.following = False
        self._y_scrollbar.configure(command=self._scrolled)
        for event in ("<MouseWheel>", "<Button-4>", "<Button-5>", "<KeyRelease>"):
            self._textbox.bind(event, self._looked, add="+")

    # The text

    @property
    def text(self) -> str:
        """All that is on the paper."""
        return str(self.get("1.0", "end-1c"))

    def show(self, spans: Spans) -> None:
        """Put a story on the paper, with the colours of who wrote it, where it was scrolled to."""
        top = self.yview()[0]
        self._unlock()
        self.delete("1.0", "end")
        for span in spans:
            self.insert("end", span.text, (TOLD,) if span.telling else ())
        self._lock()
        self.yview_moveto(top)

    def put(self, offset: int, text: str) -> None:
        """Put the model's words at an offset, in one insert: a text box is slow with many."""
        self._unlock()
        self.insert(self.place(offset), text, (TOLD,))
        self._lock()
        if self.following:
            self.see("end")

    def place(self, offset: int) -> str:
        """The index, as Tk writes it, of a character."""
        if self._wide and not (before := self.text[:offset]).isascii():
            offset += sum(letter > _ASTRAL for letter in before)
        return f"1.0+{offset}c"

    def offset(self, index: str = "insert") -> int:
        """The number of the character at an index, such as ``insert`` or ``@x,y``."""
        return len(str(self.get("1.0", index)))

    def follow(self) -> None:
        """Show the end, and keep it in sight whatever is put there, until the reader scrolls up.

        Whether the end is in sight would not do instead: when a scrollbar
        appears lines become narrower, and so more, below those that were the last.
        """
        self.following = True
        self.see("end")

    @property
    def at_bottom(self) -> bool:
        """Whether the end can be seen."""
        return float(self.yview()[1]) >= 0.999

    # Its marks

    def style(self, tag: str, **colours: theme.Colour) -> None:
        """Say what a tag looks like: ``foreground``, ``background``."""
        self._tags[tag] = colours
        self.tag_config(tag, **{name: theme.now(colour) for name, colour in colours.items()})

    def recolour(self) -> None:
        """Colour every tag anew, after the window turned light or dark."""
        for tag, colours in self._tags.items():
            self.tag_config(tag, **{name: theme.now(colour) for name, colour in colours.items()})

    def mark(self, tag: str, ranges: Iterable[tuple[int, int]]) -> None:
        """Put a tag on these ranges of characters, and take it off everywhere else."""
        self.tag_remove(tag, "1.0", "end")
        for start, end in ranges:
            self.tag_add(tag, self.place(start), self.place(end))

    def marked(self, tag: str) -> list[str]:
        """The parts of the text that have a tag."""
        ends = [str(end) for end in self.tag_ranges(tag)]
        return [str(self.get(*pair)) for pair in zip(ends[::2], ends[1::2], strict=True)]

    def by_hand(self, start: int, end: int) -> None:
        """Take the model's colour off what was typed amid its words."""
        self.tag_remove(TOLD, self.place(start), self.place(end))

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` whenever the text may have changed, by whatever way."""

        def modified(_: object) -> None:
            if self.edit_modified():
                self.edit_modified(False)
                callback()

        self._textbox.bind("<<Modified>>", modified)

    def on_click(self, callback: Callable[[int], None]) -> None:
        """Call ``callback`` with the offset of the character that was clicked."""

        def clicked(event: "tkinter.Event[Any]") -> None:
            callback(self.offset(f"@{event.x},{event.y}"))

        self._textbox.bind("<ButtonRelease-1>", clicked)

    def resize_type(self, size: int) -> None:
        """Set the story larger or smaller."""
        self.story_font.configure(size=size)
        self._set_measure()

    def _set_measure(self, _: object = None) -> None:
        """Keep lines to what an eye can follow: margins grow instead."""
        scale = theme.scale(self)
        spare = self._textbox.winfo_width() - MEASURE * self.story_font.cget("size") * scale
        self.margin = max(MARGIN, spare / scale / 2)
        self._textbox.configure(padx=round(self.margin * scale))
        if self.following:
            self.after_idle(self.see, "end")

    def _scrolled(self, *to: str) -> None:
        self._textbox.yview(*to)
        self._looked()

    def _looked(self, _: object = None) -> None:
        """Find out, once the view has moved, whether the reader wants to see the end."""
        self.after_idle(lambda: setattr(self, "following", self.at_bottom))

    def _scroll_later(self, first: str, last: str) -> None:
        """Move the scrollbar soon: to draw it takes longer than to write a word."""
        self._view = (first, last)
        if self._scrolling is None:
            self._scrolling = self.after(SCROLL_MS, self._scroll)

    def _scroll(self) -> None:
        self._scrolling = None
        self._y_scrollbar.set(*self._view)

    def _unlock(self) -> None:
        self._textbox.configure(state="normal")

    def _lock(self) -> None:
        if not self.writable:
            self._textbox.configure(state="disabled")
