"""Curves on a plain canvas: drawn in a few milliseconds, and in the colours of the window."""

import math
import tkinter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gui import theme

LEFT, TOP, RIGHT, BOTTOM = 48, 14, 16, 40


@dataclass(frozen=True)
class Curve:
    """Points (x, y) under a name, with a colour of the theme."""

    name: str
    points: tuple[tuple[float, float], ...]
    colour: theme.Colour


class Chart(tkinter.Canvas):
    """Curves with axes; redrawn whenever its size, its curves or the colours change.

    Args:
        parent: where it stands.
        across: what x is.
        up: what y is.
    """

    def __init__(self, parent: Any, across: str, up: str) -> None:
        super().__init__(parent, highlightthickness=0, height=200)
        self._titles = (across, up)
        self._curves: Sequence[Curve] = ()
        self._empty = ""
        self.bind("<Configure>", lambda _: self.draw())

    def show(self, curves: Sequence[Curve], empty: str) -> None:
        """Draw these curves; where there are none, the sentence ``empty``."""
        self._curves, self._empty = [c for c in curves if c.points], empty
        self.draw()

    def draw(self) -> None:
        """Draw everything anew."""
        self.delete("all")
        self.configure(background=theme.now(theme.PAGE))
        self._ink, self._edge = theme.now(theme.QUIET), theme.now(theme.EDGE)
        # As large as the rest of the window's text; the canvas is not scaled by itself.
        self._scale = theme.scale(self.master)
        self._font = ("Roboto", -round(12 * self._scale))
        width, height = self.winfo_width(), self.winfo_height()
        if not self._curves:
            self.create_text(
                width / 2,
                height / 2,
                text=self._empty,
                fill=self._ink,
                font=self._font,
                width=width - 40,
                justify="center",
            )
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
