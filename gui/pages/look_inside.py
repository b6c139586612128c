"""The page that shows what a model expected, what surprised it, and what it looked back at."""

import math
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gui import theme
from gui.document import common_start
from gui.pages.page import Page
from gui.pages.story_box import StoryBox
from gui.pages.write import listing
from gui.session import End, Failed, Finished
from gui.studio import Studio
from gui.voices import reading

if TYPE_CHECKING:
    from tinystories.inspection import Reading

END = "<end>"
EXPECTED = 10
COLOURINGS = ("Surprise", "Looked at", "Who wrote")
PANEL = 270
HINTS = {
    "Surprise": "Click a word to see what was expected there. The stronger its colour, the more it "
    "surprised the model.",
    "Looked at": "Click a word. The stronger the colour of another, the more it counted for "
    "what was expected there.",
    "Who wrote": "Click a word to see what was expected there. Blue words are the model's.",
}
HOW = {
    "transformer": "It looked at (attention, mean of all layers and heads):",
    "rnn": "Its memory held (share of each word, mean of all layers):",
}


class LookInsidePage(Page):
    """The story as a model read it: expectations, surprise, and ways it could also have gone."""

    def __init__(self, parent: Any, studio: Studio) -> None:
        super().__init__(parent, studio)
        self.reading: Reading | None = None
        self.chosen: int | None = None
        self._read_of: tuple[Path, str] | None = None
        self.grid_columnconfigure(0, weight=1)
        self.grid_rowconfigure(1, weight=1)
        self._build_head()
        self._build_story()
        self._build_panel()
        self._build_compare()
        for topic in ("runs", "run", "story"):
            studio.watch(topic, self._refresh)
        studio.watch("preferences", self._follow)

    # What the reader wants

    def shown(self) -> None:
        """Read the story that is on the page now."""
        self._refresh()

    def go(self) -> None:
        """Read it again."""
        self._read_of = None
        self._refresh()

    def colour_by(self, what: str) -> None:
        """Colour the words by surprise, by what was looked at, or by who wrote them."""
        self.colouring.set(what)
        self.hint.configure(text=HINTS[what])
        self._colour()

    def choose(self, offset: int) -> None:
        """Show what was expected where the character ``offset`` is; past the end, what is next."""
        if self.reading is None:
            return
        number = self.reading.at(offset)
        self.chosen = len(self.reading.tokens) if number is None else number
        self._show_expected(self.reading)
        self._colour()

    def go_on_with(self, rank: int) -> None:
        """Let the story go on from another word than the one that came."""
        assert self.reading is not None
        assert self.chosen is not None
        tokens = self.reading.tokens
        at_end = self.chosen == len(tokens)
        expected = self.reading.next if at_end else tokens[self.chosen].likeliest
        text, _ = expected[rank]
        place = len(self.studio.document.text) if at_end else tokens[self.chosen].start
        said = "" if text == END else text
        self.studio.document.branch(place, said, f"before {_quoted(text)}")
        self.studio.changed("story")
        if text == END:
            self.studio.say("The story ends here now. What came after is among the versions.")
            return
        self.show_page("Write")
        self.studio.changed("tell")

    def compare(self, choice: str) -> None:
        """Show another version beside the story, with where they part."""
        version = self.studio.document.versions[int(choice.partition(" ")[0]) - 1]
        self.versions.set(choice)
        self.other.show(version.spans)
        same = common_start(self.box.text, version.text)
        self.box.mark("parts", [(same, len(self.box.text))])
        self.other.mark("parts", [(same, len(version.text))])
        self.take.configure(command=lambda: self._take(choice))

    def show_side(self, side: str) -> None:
        """Show what was expected, or another version, beside the story."""
        self.side.set(side)
        versions = side == "Versions"
        theme.show(self.panel, not versions)
        theme.show(self.beside, versions)
        halves = "halves" if versions else ""
        self.grid_columnconfigure(0, uniform=halves)
        self.grid_columnconfigure(1, uniform=halves, weight=1 if versions else 0)
        self.box.mark("parts", [])
        if versions:
            self._list_versions()
        self._colour()

    # What happens then

    def _refresh(self) -> None:
        studio = self.studio
        self.models.configure(values=list(studio.runs))
        if not self.on_top:  # It is read when the page is turned to.
            return
        document = studio.document
        if document.text != self.box.text or self.reading is None:
            self.box.show(document.spans)
            self._forget()
        if self.side.get() == "Versions":
            self._list_versions()
        name = self.models.get()
        if name not in studio.runs:
            self.models.set(studio.run or "no model yet")
        if studio.run is None or not document.text.strip() or document.telling:
            self.hint.configure(
                text="There is nothing to look into yet: tell a story on the page Write."
            )
            return
        wanted = (studio.runs[self.models.get()].folder, document.text)
        if wanted == self._read_of:
            return
        self._read_of = wanted
        studio.say("Reading … The first time takes a few seconds longer.")
        studio.act("look", reading(studio.shelf, *wanted), end=partial(self._was_read, wanted))

    def _was_read(self, wanted: tuple[Path, str], end: End) -> None:
        if wanted != self._read_of:  # The story or the model is another one meanwhile.
            return
        if isinstance(end, Failed):
            self._read_of = None
            self.studio.say_failure(end)
        if not isinstance(end, Finished):
            return
        self.reading = end.result
        bits = sum(token.bits for token in end.result.tokens)
        size = max(1, len(self.box.text.encode()))
        self.studio.say(f"This story costs the model {bits / size:.2f} bits per byte.")
        self.hint.configure(text=HINTS[self.colouring.get()])
        self.choose(len(self.box.text))

    def _forget(self) -> None:
        self.reading, self.chosen, self._read_of = None, None, None
        for tag in ("chosen", "parts", *_level_tags()):
            self.box.mark(tag, [])
        self.where.configure(text="")
        for line in self.lines:
            line.hide()
        self.looked.configure(text="")

    def _take(self, choice: str) -> None:
        self.studio.document.switch(int(choice.partition(" ")[0]) - 1)
        self.studio.changed("story")
        self.studio.say("The other version is on the page; this one took its place.")

    # What is seen

    def _show_expected(self, read: "Reading") -> None:
        assert self.chosen is not None
        if self.chosen == len(read.tokens):
            expected, said = read.next, "What comes next?"
        else:
            token = read.tokens[self.chosen]
            expected = token.likeliest
            said = f"{_quoted(token.text)}: {token.bits:.1f} bits of surprise"
        self.where.configure(text=said)
        most = expected[0][1]
        for line, (text, chance) in zip(self.lines, expected, strict=False):
            line.show(_quoted(text), chance, most)
        looks = read.looked_at(self.chosen, 5)
        parts = [f"{_quoted(read.tokens[i].text)} {share:.0%}" for i, share in looks]
        text = f"{HOW[read.family]} {', '.join(parts)}." if parts else ""
        if read.kept is not None and self.chosen < len(read.tokens):
            text += f" After this word it keeps {read.kept[self.chosen]:.0%} of what it held."
        self.looked.configure(text=text)

    def _colour(self) -> None:
        levels: list[list[tuple[int, int]]] = [[] for _ in theme.SURPRISE]
        looks: list[list[tuple[int, int]]] = [[] for _ in theme.LOOKS]
        what = "Who wrote" if self.side.get() == "Versions" else self.colouring.get()
        read = self.reading
        chosen: list[tuple[int, int]] = []
        if read is not None:
            ranges = [_inked(token.text, token.start) for token in read.tokens]
            beside = self.side.get() == "Versions"
            if self.chosen is not None and self.chosen < len(ranges) and not beside:
                chosen = [ranges[self.chosen]]
            if what == "Surprise":
                for token, place in zip(read.tokens, ranges, strict=True):
                    levels[_level(token.bits)].append(place)
            elif what == "Looked at" and self.chosen:
                row = read.looks[self.chosen, : self.chosen]
                for share, place in zip(_shares(row), ranges, strict=False):
                    looks[math.ceil(share * (len(theme.LOOKS) - 1))].append(place)
        for level in range(len(theme.SURPRISE)):
            self.box.mark(f"surprise {level}", levels[level])
        for level in range(len(theme.LOOKS)):
            self.box.mark(f"look {level}", looks[level])
        self.box.style("told", foreground=theme.TOLD if what == "Who wrote" else theme.INK)
        self.box.mark("chosen", chosen)

    def _list_versions(self) -> None:
        names = listing(self.studio.document.versions)
        self.versions.configure(values=names)
        theme.usable(self.versions, bool(names))
        theme.usable(self.take, bool(names))
        if names:
            self.compare(names[-1])
        else:
            self.versions.set("no other version yet")
            self.other.show(())

    def _follow(self) -> None:
        for box in (self.box, self.other):
            box.resize_type(self.studio.preferences.text_size)

    def recolour(self) -> None:
        """Follow the window."""
        self.box.recolour()
        self.other.recolour()

    # How it is built

    def _build_head(self) -> None:
        head = theme.row(self)
        head.grid(row=0, column=0, columnspan=2, sticky="ew", pady=(0, 10))
        head.grid_columnconfigure(0, weight=1)
        self.models = theme.menu(head, lambda _: self._refresh(), width=120)
        self.models.set("")
        self.models.grid(row=0, column=0, sticky="ew")
        self.colouring = theme.choices(head, list(COLOURINGS), self.colour_by)
        self.colouring.set(COLOURINGS[0])
        self.colouring.grid(row=0, column=1, padx=10)
        self.side = theme.choices(head, ["Words", "Versions"], self.show_side)
        self.side.set("Words")
        self.side.grid(row=0, column=2)

    def _build_story(self) -> None:
        paper = theme.card(self)
        paper.grid(row=1, column=0, sticky="nsew")
        paper.grid_columnconfigure(0, weight=1)
        paper.grid_rowconfigure(0, weight=1)
        self.box = StoryBox(paper, size=self.studio.preferences.text_size)
        self.box.grid(row=0, column=0, sticky="nsew", padx=3, pady=(4, 0))
        self.box.configure(cursor="hand2")
        for level, colour in enumerate(theme.SURPRISE):
            self.box.style(f"surprise {level}", background=colour)
        for level, colour in enumerate(theme.LOOKS):
            self.box.style(f"look {level}", background=colour)
        self.box.style("parts", background=theme.COPIED)
        self.box.style("chosen", background=theme.ACCENT, foreground=(theme.WHITE, theme.WHITE))
        self.box.on_click(self.choose)
        self.hint = theme.label(paper, HINTS["Surprise"], "small")
        self.hint.grid(row=1, column=0, padx=29, pady=(2, 10), sticky="ew")
        theme.wrapped(self.hint, paper, less=60)

    def _build_panel(self) -> None:
        self.panel = theme.card(self, width=PANEL)
        self.panel.grid(row=1, column=1, sticky="nsew", padx=(12, 0))
        self.panel.grid_columnconfigure(0, weight=1)
        self.panel.grid_rowconfigure(1, weight=1)
        self.where = theme.label(self.panel, "", "head", wraplength=PANEL - 32)
        self.where.grid(row=0, column=0, padx=16, pady=(12, 4), sticky="w")
        sheet = theme.scrolled(self.panel, width=PANEL - 28)
        sheet.grid(row=1, column=0, sticky="nsew", padx=(6, 4), pady=(0, 6))
        sheet.grid_columnconfigure(0, weight=1)
        self.lines = [
            _Expected(sheet, rank, partial(self.go_on_with, rank)) for rank in range(EXPECTED)
        ]
        self.looked = theme.label(sheet, "", "small", wraplength=PANEL - 48)
        self.looked.grid(row=EXPECTED, column=0, padx=8, pady=(10, 6), sticky="w")

    def _build_compare(self) -> None:
        self.beside = theme.card(self)
        self.beside.grid(row=1, column=1, sticky="nsew", padx=(12, 0))
        self.beside.grid_columnconfigure(0, weight=1)
        self.beside.grid_rowconfigure(1, weight=1)
        self.versions = theme.menu(self.beside, self.compare, width=120)
        self.versions.grid(row=0, column=0, padx=12, pady=12, sticky="ew")
        self.other = StoryBox(self.beside, size=self.studio.preferences.text_size)
        self.other.grid(row=1, column=0, sticky="nsew", padx=3)
        self.other.style("parts", background=theme.COPIED)
        self.take = theme.button(self.beside, "Put this one on the page", lambda: None)
        self.take.grid(row=2, column=0, padx=12, pady=12)
        theme.show(self.beside, False)


class _Expected:
    """A line of the panel: an expected word, a bar, and its probability."""

    def __init__(self, parent: Any, rank: int, command: Any) -> None:
        self.frame = theme.row(parent)
        self.frame.grid(row=rank, column=0, sticky="ew", pady=1)
        self.frame.grid_columnconfigure(0, weight=1)
        self.word = theme.button(
            self.frame, "", command, kind="small", anchor="w", fg_color="transparent", width=100
        )
        self.word.grid(row=0, column=0, sticky="ew")
        self.bar = theme.progress(self.frame)
        self.bar.configure(width=64)
        self.bar.grid(row=0, column=1, padx=6)
        self.chance = theme.label(self.frame, "", "small", width=44, anchor="e")
        self.chance.grid(row=0, column=2, padx=(0, 6))
        theme.show(self.frame, False)

    def show(self, word: str, chance: float, most: float) -> None:
        self.word.configure(text=word)
        self.bar.set(chance / most)
        self.chance.configure(text=f"{chance:.1%}" if chance >= 0.001 else "< 0.1%")
        theme.show(self.frame)

    def hide(self) -> None:
        theme.show(self.frame, False)


def _quoted(text: str) -> str:
    """A token as a reader would name it."""
    if text == END:
        return "the end"
    if not text.strip():
        return "a new line" if "\n" in text else "a blank"
    return f"“{text.strip()}”"


def _inked(text: str, start: int) -> tuple[int, int]:
    """Where a token is on the paper, without the blank before it."""
    return start + len(text) - len(text.lstrip(" ")), start + len(text.rstrip("\n"))


def _level(bits: float) -> int:
    return sum(bits >= limit for limit in theme.BITS)


def _shares(row: Iterable[float]) -> list[float]:
    """The shares against the largest one."""
    shares = [float(share) for share in row]
    most = max(shares, default=0.0)
    return [share / most if most else 0.0 for share in shares]


def _level_tags() -> list[str]:
    return [f"surprise {i}" for i in range(len(theme.SURPRISE))] + [
        f"look {i}" for i in range(len(theme.LOOKS))
    ]
