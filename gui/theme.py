"""Colours, type and the look of every control, in one place; each colour for light and dark."""

import tkinter.font
from collections.abc import Callable
from typing import Any, Literal

import customtkinter as ctk

Colour = tuple[str, str]

DESK = ("#EFECE6", "#1B1A19")
PAGE = ("#FFFDF9", "#252423")
FIELD = ("#E2DDD3", "#363431")
FIELD_HOVER = ("#D6D0C4", "#44413D")
EDGE = ("#CFC8BB", "#46433E")
INK = ("#2A2723", "#ECE7DE")
QUIET = ("#635D54", "#ABA499")
FAINT = ("#958D80", "#7A746B")
ACCENT = ("#1F5F99", "#2C6BA3")
ACCENT_HOVER = ("#194E7E", "#3074AF")
TOLD = ("#1F5F99", "#8EC1EE")
ALARM = ("#A3261B", "#F2958B")
COPIED = ("#F6DFA4", "#4A3A12")
CHOSEN = ("#CFE3F5", "#1F4466")
WHITE = "#FFFFFF"
CURVES = (
    ("#1F5F99", "#8EC1EE"),
    ("#B4541A", "#F0A66B"),
    ("#3F7D3A", "#93CC8C"),
    ("#7A4A9E", "#C7A3E6"),
    ("#8A6D00", "#DDC25A"),
    ("#A32C55", "#F097B4"),
)
SURPRISE = (
    ("#FFFDF9", "#252423"),
    ("#FBEBDD", "#37291F"),
    ("#F8D8BD", "#4D321F"),
    ("#F3BF97", "#683E20"),
    ("#EDA36F", "#874C22"),
)
"""Paper behind a word, from expected to very surprising."""
BITS = (2.0, 4.0, 7.0, 11.0)
"""Where one step of ``SURPRISE`` ends and the next begins."""
LOOKS = (
    ("#FFFDF9", "#252423"),
    ("#E4EFF8", "#23303B"),
    ("#C4DDF1", "#264258"),
    ("#9CC6E8", "#2A5679"),
    ("#74AEDF", "#2F6C9C"),
)
"""Paper behind a word, from not looked at to looked at most."""

STORY_FONTS = ("Georgia", "Charter", "Noto Serif", "P052", "DejaVu Serif")
GAP = 12

Kind = Literal["plain", "main", "nav", "small"]


def dark() -> bool:
    """Whether the window is dark now."""
    return bool(ctk.get_appearance_mode() == "Dark")


def now(colour: Colour) -> str:
    """A colour as it is now, for what CustomTkinter does not colour by itself."""
    return colour[dark()]


def story_family(root: Any) -> str | None:
    """The first of the serif families that the system has."""
    there = tkinter.font.families(root)
    return next((name for name in STORY_FONTS if name in there), None)


def story_font(root: Any, size: int, weight: str = "normal") -> Any:
    """The type that stories are set in."""
    return ctk.CTkFont(story_family(root), size=size, weight=weight)


def align_left(widget: Any) -> None:
    """Let the lines of a button's text begin at the left."""
    widget._text_label.configure(justify="left")


def scale(widget: Any) -> float:
    """How much larger than planned everything is drawn."""
    return float(ctk.ScalingTracker.get_widget_scaling(widget))


def label(parent: Any, text: str = "", kind: str = "plain", **options: Any) -> Any:
    """A line of text: ``plain``, ``quiet``, ``small`` (and quiet), ``title`` or ``head``."""
    size, weight = {"title": (20, "bold"), "head": (15, "bold"), "small": (13, "normal")}.get(
        kind, (14, "normal")
    )
    colour = QUIET if kind in ("quiet", "small") else INK
    given = {"anchor": "w", "justify": "left", "text_color": colour, **options}
    return ctk.CTkLabel(parent, text=text, font=ctk.CTkFont(size=size, weight=weight), **given)


def button(
    parent: Any, text: str, command: Callable[[], Any], kind: Kind = "plain", **options: Any
) -> Any:
    """A button; ``main`` is the one thing to do here, ``nav`` leads to a page."""
    main = kind == "main"
    given = {
        "width": 76,
        "height": 30 if kind == "small" else 36,
        "corner_radius": 8,
        "fg_color": ACCENT if main else "transparent" if kind == "nav" else FIELD,
        "hover_color": ACCENT_HOVER if main else FIELD_HOVER,
        "text_color": WHITE if main else INK,
        "text_color_disabled": FAINT,
        "font": ctk.CTkFont(size=13 if kind == "small" else 14, weight="bold" if main else None),
    }
    if kind == "nav":
        given |= {"anchor": "w", "height": 38}
    made = ctk.CTkButton(parent, text=text, command=command, **{**given, **options})
    made.main = main
    return made


def usable(widget: Any, yes: bool) -> None:
    """Let a control be used or not; a main button is grey while it cannot be."""
    state = "normal" if yes else "disabled"
    if widget.cget("state") == state:  # Drawing it again would take a millisecond of each key.
        return
    widget.configure(state=state)
    if getattr(widget, "main", False):
        widget.configure(fg_color=ACCENT if yes else FIELD)


def menu(parent: Any, command: Callable[[str], Any], **options: Any) -> Any:
    """A list to choose one entry from."""
    given = {
        "values": [],
        "dynamic_resizing": False,
        "height": 36,
        "corner_radius": 8,
        "anchor": "w",
        "font": ctk.CTkFont(size=14),
        "dropdown_font": ctk.CTkFont(size=14),
        "fg_color": FIELD,
        "button_color": FIELD,
        "button_hover_color": FIELD_HOVER,
        "text_color": INK,
        "text_color_disabled": QUIET,
        "dropdown_fg_color": PAGE,
        "dropdown_hover_color": FIELD,
        "dropdown_text_color": INK,
    }
    return ctk.CTkOptionMenu(parent, command=command, **{**given, **options})


def entry(parent: Any, hint: str = "", **options: Any) -> Any:
    """A line to write in."""
    given = {
        "placeholder_text": hint,
        "height": 36,
        "corner_radius": 8,
        "fg_color": PAGE,
        "border_color": EDGE,
        "border_width": 1,
        "text_color": INK,
        "placeholder_text_color": QUIET,
        "font": ctk.CTkFont(size=14),
    }
    made = ctk.CTkEntry(parent, **{**given, **options})
    made._is_focused = False  # CustomTkinter thinks a new one is, and would not show the hint.
    return made


def fill(field: Any, text: str) -> None:
    """Write ``text`` into an entry, unless it stands there."""
    if field.get() != text:
        field.delete(0, "end")
        if text:
            field.insert(0, text)


def choices(parent: Any, values: list[str], command: Callable[[str], Any], **options: Any) -> Any:
    """A row of choices, one of which holds."""
    given = {
        "height": 36,
        "corner_radius": 8,
        "font": ctk.CTkFont(size=14),
        "fg_color": FIELD,
        "unselected_color": FIELD,
        "unselected_hover_color": FIELD_HOVER,
        "selected_color": PAGE,
        "selected_hover_color": PAGE,
        "text_color": INK,
    }
    return ctk.CTkSegmentedButton(parent, values=values, command=command, **{**given, **options})


def switch(parent: Any, text: str, command: Callable[[], Any]) -> Any:
    """Something that is on or off."""
    return ctk.CTkSwitch(
        parent,
        text=text,
        command=command,
        font=ctk.CTkFont(size=14),
        text_color=INK,
        fg_color=EDGE,
        progress_color=LOOKS[3],
        button_color=ACCENT,
        button_hover_color=ACCENT_HOVER,
        switch_width=38,
        switch_height=20,
    )


def slider(parent: Any, low: float, high: float, steps: int, command: Callable[..., Any]) -> Any:
    """A number to set by hand."""
    return ctk.CTkSlider(
        parent,
        from_=low,
        to=high,
        number_of_steps=steps,
        command=command,
        width=200,
        fg_color=EDGE,
        progress_color=ACCENT,
        button_color=ACCENT,
        button_hover_color=ACCENT_HOVER,
    )


def card(parent: Any, **options: Any) -> Any:
    """A sheet of paper on the desk."""
    given = {"fg_color": PAGE, "border_color": EDGE, "border_width": 1, "corner_radius": 10}
    return ctk.CTkFrame(parent, **{**given, **options})


def row(parent: Any) -> Any:
    """Something to put controls side by side in."""
    return ctk.CTkFrame(parent, fg_color="transparent")


def scrolled(parent: Any, *, on: Colour = PAGE, **options: Any) -> Any:
    """Something to scroll what is too long, on paper or on the desk."""
    given = {
        "fg_color": "transparent",
        "scrollbar_button_color": EDGE,
        "scrollbar_button_hover_color": FAINT,
        "corner_radius": 0,
    }
    made = ctk.CTkScrollableFrame(parent, **{**given, **options})

    def follow(first: str, last: str) -> None:
        """Hide the bar while there is nothing to scroll."""
        made._scrollbar.set(first, last)
        # To draw it lets this be called once more, inside: what it shows now is newer.
        first, last = made._scrollbar.get()
        fits = float(first) <= 0.001 and float(last) >= 0.999
        colour = on if fits else EDGE
        if made._scrollbar.cget("button_color") != colour:
            made._scrollbar.configure(
                button_color=colour, button_hover_color=colour if fits else FAINT
            )

    made._parent_canvas.configure(yscrollcommand=follow)
    return made


def show(widget: Any, yes: bool = True) -> None:
    """Show a widget where it was put with ``grid``, or hide it.

    CustomTkinter brings back what ``grid_remove`` has hidden as soon as the zoom changes.
    """
    placed = widget._last_geometry_manager_call
    if yes and placed is None:
        widget.grid(**widget.place_of_old)
    elif not yes and placed is not None:
        widget.place_of_old = placed["kwargs"]
        widget.grid_forget()


def wrapped(widget: Any, parent: Any, less: int = 0) -> None:
    """Let a label's lines be as long as ``parent`` is wide."""

    def fit(event: Any) -> None:
        widget.configure(wraplength=max(80, int(event.width / scale(widget)) - less))

    parent.bind("<Configure>", fit, add="+")


def progress(parent: Any) -> Any:
    """How far something is."""
    return ctk.CTkProgressBar(parent, height=8, fg_color=FIELD, progress_color=ACCENT)


def chip(parent: Any, text: str, command: Callable[[], Any]) -> Any:
    """A small button that can be on; see :func:`turn`."""
    return button(parent, text, command, kind="small", corner_radius=15)


def turn(widget: Any, on: bool) -> None:
    """Show a chip as on or off."""
    widget.configure(fg_color=CHOSEN if on else FIELD, hover_color=CHOSEN if on else FIELD_HOVER)
