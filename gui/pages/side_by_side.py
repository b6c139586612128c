"""The page on which two models tell the same beginning, and the reader says who told better."""

import random
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from gui import theme
from gui.document import Span
from gui.pages.page import Page
from gui.pages.story_box import StoryBox
from gui.session import Act, End, Failed, Finished
from gui.studio import BEGINNING, Studio
from gui.voices import Words, telling
from tinystories.errors import UserError

NAMES = ("Story A", "Story B")


@dataclass
class Side:
    """One of the two stories: its widgets, and what is known of its telling."""

    menu: Any
    name: Any
    box: StoryBox
    figures: Any
    better: Any
    run: str | None = None
    act: Act | None = None
    words: int = 0
    length: int = 0
    first_s: float = 0.0
    ended: str = ""


class SideBySidePage(Page):
    """Two stories from one beginning, told at the same time with the same settings."""

    def __init__(self, parent: Any, studio: Studio) -> None:
        super().__init__(parent, studio)
        self._hidden = False  # Whether the names are hidden until the reader has chosen.
        self._voted = True
        self._left = 0
        self._seed = 0
        self.grid_columnconfigure((0, 1), weight=1, uniform="sides")
        self.grid_rowconfigure(2, weight=1)
        self._build_head()
        self.sides = (self._build_side(0), self._build_side(1))
        self._build_foot()
        studio.watch("runs", self._show_runs)
        studio.watch("preferences", self._follow)
        self._show_runs()
        self._ready()

    # What the reader wants

    def go(self) -> None:
        """Tell both."""
        self.tell_button.invoke()

    def stop(self) -> None:
        """Stop both; the words so far stay."""
        for side in self.sides:
            if side.act:
                side.act.stop()

    def tell(self) -> None:
        """Let both tell what follows the beginning, with the same settings and seed."""
        beginning = self.beginning.get()
        try:
            self._seed = self.studio.preferences.drawn_seed()
        except UserError as error:
            self.studio.say(f"{error}.", alarm=True)
            return
        self._hidden = bool(self.blind.get())
        if self._hidden and random.random() < 0.5:
            self._swap()
        self._left, self._voted = 2, False
        for side in self.sides:
            side.words = side.length = 0
            side.first_s, side.ended = 0.0, ""
            side.box.show((Span(beginning),))
            side.box.follow()
            side.figures.configure(text="Loading …")
        self._names()
        self.studio.say("Both are telling … Escape stops.")
        for side in self.sides:
            self._start(side, beginning)
        self._ready()

    def vote(self, winner: int | None) -> None:
        """Keep that one of the stories is better (None: neither), and show who told them."""
        first, second = (self._model(side) for side in self.sides)
        self._voted = True
        blind, self._hidden = self._hidden, False
        better, worse = (first, second) if winner != 1 else (second, first)
        self.studio.act(
            "files",
            lambda act: self.studio.library.vote(better, worse, tie=winner is None, blind=blind),
            end=self._count_votes,
        )
        said = "Both are as good" if winner is None else f"{better} told the better one"
        self.studio.say(f"{said}: kept. {NAMES[0]} was by {first}, {NAMES[1]} by {second}.")
        self._names()
        self._ready()

    def choose(self, number: int, name: str) -> None:
        """Let another model tell on this side."""
        self.sides[number].run = name
        self._names()
        self._count_votes(None)

    # What happens then

    def _start(self, side: Side, beginning: str) -> None:
        studio = self.studio
        folder, seed = studio.runs[side.run or ""].folder, self._seed

        def work(act: Act) -> Any:
            # The words a story may use depend on those the model knows.
            manner = studio.preferences.manner(studio.shelf.voice(folder).words)
            return telling(studio.shelf, folder, beginning, replace(manner, seed=seed))(act)

        side.act = studio.act(
            f"side {self.sides.index(side)}",
            work,
            pieces=lambda words: self._write(side, words),
            end=lambda end: self._ended(side, end),
        )

    def _write(self, side: Side, words: list[Words]) -> None:
        text = "".join(piece.text for piece in words)
        if not side.words:
            side.first_s = words[0].seconds
        side.box.put(len(side.box.text), text)
        side.words += len(text.split())
        speed = side.words / max(words[-1].seconds, 1e-3)
        side.figures.configure(
            text=f"first word {side.first_s:.2f} s · {speed:.0f} words/s · {side.words} words"
        )

    def _ended(self, side: Side, end: End) -> None:
        side.act = None
        self._left -= 1
        if isinstance(end, Failed):
            side.figures.configure(text=f"Failed: {end.message}")
            self._voted = True  # There is nothing to compare.
        side.ended = type(end).__name__
        if isinstance(end, Finished) and end.result:
            said = side.figures.cget("text")
            side.figures.configure(text=f"{said} · no room for {', '.join(end.result)}")
        if self._left == 0:
            ends = {side.ended for side in self.sides}
            if "Failed" in ends:
                self.studio.say("Failed: see above.", alarm=True)
            else:
                done = "Finished" if ends == {"Finished"} else "Stopped"
                self.studio.say(f"{done}. Which one is better?")
        self._ready()

    def _swap(self) -> None:
        one, other = self.sides
        one.run, other.run = other.run, one.run

    # What is seen

    def shown(self) -> None:
        """Take over the beginning of the story on the page, if nothing is written here."""
        if not self.beginning.get():
            spans = self.studio.document.spans
            yours = spans[0].text if spans and not spans[0].telling else BEGINNING
            self.beginning.insert(0, " ".join(yours.split()))
        if all(side.run and not side.box.text for side in self.sides):
            self.studio.say("Press Tell both: both models go on from this beginning.")

    def recolour(self) -> None:
        """Follow the window."""
        for side in self.sides:
            side.box.recolour()

    def _model(self, side: Side) -> str:
        return self.studio.runs[side.run].name if side.run else ""

    def _ready(self) -> None:
        can_tell = self._left == 0 and all(side.run for side in self.sides)
        can_vote = self._left == 0 and not self._voted and self.sides[0].run != self.sides[1].run
        theme.usable(self.tell_button, can_tell)
        theme.usable(self.stop_button, self._left > 0)
        theme.usable(self.tie, can_vote)
        for side in self.sides:
            theme.usable(side.better, can_vote)
            theme.usable(side.menu, self._left == 0)

    def _names(self) -> None:
        """Show who tells, unless that is to be hidden."""
        for number, side in enumerate(self.sides):
            side.name.configure(text=NAMES[number])
            side.menu.set(side.run or "no model")
            theme.show(side.menu, not self._hidden)

    def _show_runs(self) -> None:
        studio = self.studio
        names = list(studio.runs)
        usual = [studio.best("transformer"), studio.best("rnn")]
        for number, side in enumerate(self.sides):
            side.menu.configure(values=names)
            if side.run not in studio.runs:
                fallback = names[min(number, len(names) - 1)] if names else None
                side.run = usual[number] or fallback
        self._names()
        self._ready()
        self._count_votes(None)

    def _count_votes(self, end: End | None) -> None:
        if isinstance(end, Failed):
            self.studio.say_failure(end)
        if not all(side.run for side in self.sides):
            self.votes.configure(text="Two models are needed: train a transformer and an RNN.")
            return
        # The order on the page changes in blind mode; that of the sum must not give it away.
        one, other = sorted(self._model(side) for side in self.sides)
        for_one, for_other, ties = self.studio.library.votes(one, other)
        if not for_one + for_other + ties:
            self.votes.configure(text="No votes yet.")
            return
        self.votes.configure(
            text=f"Votes so far: {one} {for_one} · {other} {for_other} · equally good {ties}"
        )

    def _follow(self) -> None:
        for side in self.sides:
            side.box.resize_type(self.studio.preferences.text_size)

    # How it is built

    def _build_head(self) -> None:
        head = theme.row(self)
        head.grid(row=0, column=0, columnspan=2, sticky="ew", pady=(0, 10))
        head.grid_columnconfigure(0, weight=1)
        self.beginning = theme.entry(head, "How both stories begin")
        self.beginning.grid(row=0, column=0, sticky="ew")
        self.beginning.bind("<Return>", lambda _: self.go())
        self.blind = theme.switch(head, "Blind", lambda: None)
        self.blind.grid(row=0, column=1, padx=14)
        self.tell_button = theme.button(head, "Tell both", self.tell, kind="main", width=104)
        self.tell_button.grid(row=0, column=2)
        self.stop_button = theme.button(head, "Stop", self.stop, width=62)
        self.stop_button.grid(row=0, column=3, padx=(8, 0))

    def _build_side(self, number: int) -> Side:
        pad = (0, 6) if number == 0 else (6, 0)
        line = theme.row(self)
        line.grid(row=1, column=number, sticky="ew", padx=pad, pady=(0, 8))
        line.grid_columnconfigure(1, weight=1)
        name = theme.label(line, NAMES[number], "head", height=36)
        name.grid(row=0, column=0, padx=(4, 12))
        menu = theme.menu(line, partial(self.choose, number), width=100)
        menu.grid(row=0, column=1, sticky="ew")
        card = theme.card(self)
        card.grid(row=2, column=number, sticky="nsew", padx=pad)
        card.grid_columnconfigure(0, weight=1)
        card.grid_rowconfigure(0, weight=1)
        box = StoryBox(card, size=self.studio.preferences.text_size)
        box.grid(row=0, column=0, sticky="nsew", padx=3, pady=(4, 0))
        figures = theme.label(card, "", "small")
        figures.grid(row=1, column=0, sticky="ew", padx=29, pady=(2, 2))
        theme.wrapped(figures, card, less=60)
        better = theme.button(card, "This one is better", partial(self.vote, number), width=150)
        better.grid(row=2, column=0, pady=(2, 12))
        return Side(menu, name, box, figures, better)

    def _build_foot(self) -> None:
        foot = theme.row(self)
        foot.grid(row=3, column=0, columnspan=2, sticky="ew", pady=(10, 0))
        foot.grid_columnconfigure(0, weight=1)
        self.votes = theme.label(foot, "", "small")
        self.votes.grid(row=0, column=0, sticky="w", padx=4)
        self.tie = theme.button(foot, "Both are as good", lambda: self.vote(None), width=140)
        self.tie.grid(row=0, column=1)
