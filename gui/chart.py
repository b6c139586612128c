"""Charts on a plain canvas: drawn in a few milliseconds, and in the colours of the window."""

import math
import tkinter
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gui import theme

LEFT, TOP, RIGHT, BOTTOM = 48, 14, 16, 40
ROW, TALL_ROW = 24, 38
NAMES, VALUES = 214, 130
"""How wide the names and the values beside the rows of dots are, in points."""
NARROW = 460
"""Below this width names and values stand above their rows."""
ARROWS = {"higher": " ↑", "lower": " ↓"}


@dataclass(frozen=True)
class Curve:
    """Points (x, y) under a name, with a colour of the theme."""

    name: str
    points: tuple[tuple[float, float], ...]
    colour: theme.Colour


@dataclass(frozen=True)
class Dot:
    """What a run scored, in a colour of the theme."""

    value: float
    colour: theme.Colour


@dataclass(frozen=True)
class Row:
    """A score: the dots of the runs, what real stories score, and the chosen run's in words.

    ``better`` is ``higher``, ``lower`` or something else; ``whole`` is where the row ends.
    """

    name: str
    better: str
    dots: tuple[Dot, ...]
    real: float | None
    said: str
    whole: float


class Sheet(tkinter.Canvas, ABC):
    """A canvas as large as the rest of the window's text wants it; drawn anew as that changes."""

    def __init__(self, parent: Any) -> None:
        super().__init__(parent, highlightthickness=0, width=1, height=180)
        self._empty = ""
        self.bind("<Configure>", lambda _: self.draw())

    def draw(self) -> None:
        """Draw everything anew."""
        self.delete("all")
        self.configure(background=theme.now(theme.PAGE))
        self._ink, self._edge = theme.now(theme.QUIET), theme.now(theme.EDGE)
        # A canvas is not scaled by itself.
        self._scale = theme.scale(self.master)
        self._font = ("Roboto", -round(12 * self._scale))
        self._draw(self.winfo_width(), self.winfo_height())

    @abstractmethod
    def _draw(self, width: int, height: int) -> None:
        """Draw within these limits."""

    def _say_empty(self, width: int, height: int) -> None:
        self.create_text(
            width / 2,
            height / 2,
            text=self._empty,
            fill=self._ink,
            font=self._font,
            width=width - 40,
            justify="center",
        )


class Scores(Sheet):
    """A row of dots for each score, as many as there is room for."""

    def __init__(self, parent: Any) -> None:
        super().__init__(parent)
        self._rows: Sequence[Row] = ()

    def show(self, rows: Sequence[Row], empty: str) -> None:
        """Draw these rows; where there are none, the sentence ``empty``."""
        self._rows, self._empty = rows, empty
        self.draw()

    def _draw(self, width: int, height: int) -> None:
        if not self._rows:
            self._say_empty(width, height)
            return
        scale = self._scale
        narrow = width < NARROW * scale
        tall = TALL_ROW if narrow else ROW
        left, right = (6 + NAMES) * scale, width - (VALUES + 14) * scale
        if narrow:
            left, right = 10 * scale, width - 10 * scale
        fit = max(1, int((height - 28 * scale) / (tall * scale)))
        for number, row in enumerate(self._rows[:fit]):
            middle = (4 + tall * number + ROW / 2) * scale
            self._text(6 * scale, middle, row.name + ARROWS.get(row.better, ""), "w", theme.INK)
            self._text(width - 6 * scale, middle, row.said, "e", theme.INK)
            y = middle + (17 * scale if narrow else 0)
            self.create_line(left, y, right, y, fill=self._edge)
            if row.real is not None:
                x = left + row.real / row.whole * (right - left)
                self.create_line(x, y - 7 * scale, x, y + 7 * scale, fill=self._ink, width=2)
            for dot in reversed(row.dots):  # The best run's is on top.
                x = left + dot.value / row.whole * (right - left)
                radius, colour = 4.5 * scale, theme.now(dot.colour)
                box = (x - radius, y - radius, x + radius, y + radius)
                self.create_oval(*box, fill=colour, outline=theme.now(theme.PAGE))
        foot = "↑ ↓ better" if narrow else "↑ higher is better · ↓ lower is better"
        self._text(6 * scale, height - 10 * scale, f"{foot} · | real stories", "w", theme.QUIET)

    def _text(self, x: float, y: float, text: str, anchor: Any, colour: theme.Colour) -> None:
        fill = theme.now(colour)
        self.create_text(x, y, text=text, anchor=anchor, fill=fill, font=self._font)


class Chart(Sheet):
    """Curves with axes.

    Args:
        parent: where it stands.
        across: what x is.
        up: what y is.
    """

    def __init__(self, parent: Any, across: str, up: str) -> None:
        super().__init__(parent)
        self._titles = (across, up)
        self._curves: Sequence[Curve] = ()

    def show(self, curves: Sequence[Curve], empty: str) -> None:
        """Draw these curves; where there are none, the sentence ``empty``."""
        self._curves, self._empty = [c for c in curves if c.points], empty
        self.draw()

    def _draw(self, width: int, height: int) -> None:
        if not self._curves:
            self._say_empty(width, height)
            return
        points = [point for curve in self._curves for point in curve.points]
        highest = min(max(y for _, y in points), 3 * min(y for _, y in points))
        across = _ticks(0.0, max(x for x, _ in points), 6)
        up = _ticks(min(y for _, y in points), highest, 5)
        frame = _Frame(self._scale, width, height, (0.0, across[-1]), (up[0], up[-1]))
        self._axes(frame, across, up)
        for curve in self._curves:
            self._line(frame, curve)

    def _axes(self, frame: "_Frame", across: list[float], up: list[float]) -> None:
        for y in up:
            at = frame.y(y)
            self.create_line(frame.left, at, frame.right, at, fill=self._edge)
            self.create_text(
                frame.left - 8, at, text=f"{y:g}", anchor="e", fill=self._ink, font=self._font
            )
        for x in across:
            self.create_text(
                frame.x(x),
                frame.bottom + 6,
                text=f"{x:g}",
                anchor="n",
                fill=self._ink,
                font=self._font,
            )
        title, side = self._titles
        self.create_text(
            frame.right,
            frame.bottom + 6 + 15 * self._scale,
            text=f"{title} →",
            anchor="ne",
            fill=self._ink,
            font=self._font,
        )
        self.create_text(
            frame.right, frame.top + 4, text=side, anchor="ne", fill=self._ink, font=self._font
        )

    def _line(self, frame: "_Frame", curve: Curve) -> None:
        colour = theme.now(curve.colour)
        places = [frame.place(point) for point in curve.points]
        if len(places) > 1:
            self.create_line(*(n for place in places for n in place), fill=colour, width=2.5)
        for x, y in (places[0], places[-1]):
            self.create_oval(x - 3, y - 3, x + 3, y + 3, fill=colour, outline=colour)


@dataclass(frozen=True)
class _Frame:
    """Where values lie on the canvas."""

    scale: float
    width: int
    height: int
    across: tuple[float, float]
    up: tuple[float, float]

    @property
    def left(self) -> float:
        return LEFT * self.scale

    @property
    def right(self) -> float:
        return self.width - RIGHT * self.scale

    @property
    def top(self) -> float:
        return TOP * self.scale

    @property
    def bottom(self) -> float:
        return self.height - BOTTOM * self.scale

    def x(self, value: float) -> float:
        low, high = self.across
        return self.left + (value - low) / ((high - low) or 1) * (self.right - self.left)

    def y(self, value: float) -> float:
        low, high = self.up
        share = min(1.0, (value - low) / ((high - low) or 1))
        return self.bottom - share * (self.bottom - self.top)

    def place(self, point: tuple[float, float]) -> tuple[float, float]:
        return self.x(point[0]), self.y(point[1])


def _ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers from below ``low`` to above ``high``, about ``most`` of them."""
    span = (high - low) or abs(high) or 1.0
    power = 10 ** math.floor(math.log10(span / most))
    step = next(power * n for n in (1, 2, 5, 10) if power * n * most >= span)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(n * step, 10) for n in range(first, last + 1)]
