"""The window: a page on which a person and a model write in turns. It shows, and never computes."""

import math
import secrets
import tkinter.font
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import customtkinter as ctk

from gui.session import Event, Failed, Finished, Found, Loaded, Session, Stopped, Wish, Words
from tinystories.runs import OUTPUTS, Run

BEGINNING = "Once upon a time, there was a little"
NO_MODEL = """There is no storyteller yet: close this window, train one with

    python train.py model=transformer

in the folder of the project, and open the window again."""

POLL_MS = 40
ASK_SYSTEM_MS = 2000

# Each colour for a light and for a dark window.
DESK = ("#EFECE6", "#1B1A19")
PAGE = ("#FFFDF9", "#252423")
FIELD = ("#E2DDD3", "#363431")
FIELD_HOVER = ("#D6D0C4", "#44413D")
EDGE = ("#CFC8BB", "#46433E")
INK = ("#2A2723", "#ECE7DE")
QUIET = ("#655F56", "#A8A196")
FAINT = ("#958D80", "#7A746B")
ACCENT = ("#1F5F99", "#2C6BA3")
ACCENT_HOVER = ("#194E7E", "#377BB6")
TOLD = ("#1F5F99", "#8EC1EE")
ALARM = ("#A3261B", "#F2958B")
STORY_FONTS = ("Georgia", "Charter", "Noto Serif", "DejaVu Serif")


class App:
    """The studio in ``root``: shows what ``session`` reports, passes on what the user wants.

    Args:
        root: an empty window.
        session: the worker; whoever made it closes it.
        outputs: where the trained models are.
    """

    def __init__(self, root: Any, session: Session, outputs: Path = OUTPUTS) -> None:
        self.root = root
        self.session = session
        self.runs: dict[str, Run] = {}
        self.ready = False
        self.tellings = 0
        self.told = ""
        self.seed = 0

        # On Linux the system is asked through a process of its own, by default every 30 ms.
        ctk.AppearanceModeTracker.update_loop_interval = ASK_SYSTEM_MS
        self._build()
        self._become("finding")
        self._say("Looking for trained models …")
        session.find(outputs)
        self._poll()

    # What the user wants

    def tell(self) -> None:
        """Go on with the story from the text on the page."""
        typed = self.seed_entry.get().strip()
        if typed and not (typed.isdecimal() and int(typed) < 2**63):
            self._alarm(f"The seed must be a whole number, not {typed!r}: change it or clear it.")
            return
        self.seed = int(typed) if typed else secrets.randbelow(10**6)
        self.told = ""
        self.tellings += 1
        wish = Wish(
            beginning=self.page.get("1.0", "end-1c"),
            temperature=self.temperature,
            strict=bool(self.strict_switch.get()),
            seed=self.seed,
        )
        self.page.see("end")
        self._say("Telling … Escape stops.")
        self._become("telling")
        self.session.tell(wish)

    def stop(self) -> None:
        """Stop the telling; the words so far stay."""
        self._say("Stopping …")
        self.session.stop()

    def undo(self) -> None:
        """Take the last telling off the page, with what was typed into it; all else stays."""
        for tag in self._tellings_on_page()[-1:]:
            while span := self.page.tag_nextrange(tag, "1.0"):
                self.page.delete(*span)
        self._say("The last telling is gone.")
        self._become("idle")

    def choose_model(self, name: str) -> None:
        """Load the model that the list calls ``name``."""
        self.ready = False
        self.model_menu.set(name)
        self._say("Loading the model …")
        self._become("loading")
        self.session.load(self.runs[name].folder)

    def choose_mode(self, mode: str) -> None:
        """Make the window ``Light`` or ``Dark``, or leave that to the ``System``."""
        ctk.set_appearance_mode(mode)
        ctk.AppearanceModeTracker.init_appearance_mode()
        self._colour_told_words()

    def close(self) -> None:
        """Close the window, whatever is under way."""
        self.session.stop()
        self.root.destroy()

    @property
    def temperature(self) -> float:
        """The temperature on the slider."""
        return round(float(self.temperature_slider.get()), 2)

    # What the worker reports

    def _poll(self) -> None:
        self.root.after(POLL_MS, self._poll)
        self._colour_told_words()  # The system may have turned dark.
        waiting: list[Words] = []
        while not self.session.events.empty():
            event = self.session.events.get_nowait()
            if isinstance(event, Words):
                waiting.append(event)
            else:
                self._write(waiting)
                waiting = []
                self._end(event)
        self._write(waiting)

    def _write(self, words: list[Words]) -> None:
        """Put words on the page, all in one insert: a text box is slow with many."""
        if not words:
            return
        text = "".join(piece.text for piece in words)
        following = self.page.yview()[1] == 1.0  # Not while the reader has scrolled up.
        self.page.configure(state="normal")
        self.page.insert("end", text, ("told", f"telling {self.tellings}"))
        self.page.configure(state="disabled")
        if following:
            self.page.see("end")
        self.told += text
        count = len(self.told.split())
        name = self.runs[self.model_menu.get()].name
        speed = f"{count / words[-1].seconds:.0f} words per second"
        self.figures.configure(text=f"{name} · {count} words · {speed} · seed {self.seed}")

    def _end(self, event: Event) -> None:
        match event:
            case Found(runs):
                self._show_runs(runs)
                return
            case Loaded():
                self.ready = True
                self._say("Ready. Write a beginning, then press Tell (Ctrl-Return).")
            case Finished():
                self._say("Finished." if self.told else "Finished: there is nothing to add.")
            case Stopped():
                self._say("Stopped.")
            case Failed(message):
                self._alarm(f"Failed: {message}")
        self._become("idle")

    def _show_runs(self, runs: list[Run]) -> None:
        now = datetime.now().astimezone()
        for run in runs:
            name = label(run, now)
            twins = sum(known.startswith(name) for known in self.runs)
            self.runs[f"{name} · {twins + 1}" if twins else name] = run
        if runs:
            self.model_menu.configure(values=list(self.runs))
            self.choose_model(next(iter(self.runs)))
        else:
            self.model_menu.set("no model yet")
            self.page.delete("1.0", "end")
            self.page.insert("end", NO_MODEL)
            self.page.configure(state="disabled")
            self._say("No trained model found.")

    # What is seen

    def _become(self, act: Literal["finding", "loading", "telling", "idle"]) -> None:
        """Let the user do what makes sense now, and nothing else."""
        can_tell = act == "idle" and self.ready
        self.tell_button.configure(fg_color=ACCENT if can_tell else FIELD)
        for widget, usable in (
            (self.tell_button, can_tell),
            (self.stop_button, act == "telling"),
            (self.undo_button, act == "idle" and bool(self._tellings_on_page())),
            (self.model_menu, act == "idle"),
            (self.page, act != "telling"),
        ):
            widget.configure(state="normal" if usable else "disabled")
        # Ctrl-Z is for typing; a telling is undone by its button, and as a whole.
        self.page.edit_reset()

    def _say(self, sentence: str) -> None:
        self.status.configure(text=sentence, text_color=QUIET)

    def _alarm(self, sentence: str) -> None:
        self.status.configure(text=sentence, text_color=ALARM)
        self.figures.configure(text="")

    def _tellings_on_page(self) -> list[str]:
        """Return the tags of the tellings that are still on the page, oldest first."""
        tags = [f"telling {number}" for number in range(1, self.tellings + 1)]
        return [tag for tag in tags if self.page.tag_ranges(tag)]

    def _colour_told_words(self) -> None:
        self.page.tag_config("told", foreground=TOLD[ctk.get_appearance_mode() == "Dark"])

    def _show_temperature(self, _: float = 0.0) -> None:
        meaning = temperature_meaning(self.temperature)
        self.temperature_label.configure(text=f"{self.temperature:.2f}, {meaning}")

    def _build(self) -> None:
        self.root.title("tinystories")
        self.root.geometry("900x680")
        self.root.minsize(700, 500)
        self.root.configure(fg_color=DESK)
        self.root.protocol("WM_DELETE_WINDOW", self.close)
        self.root.grid_columnconfigure(0, weight=1)
        self.root.grid_rowconfigure(1, weight=1)
        self.font = ctk.CTkFont(size=14)

        self._build_head(self._row(0, pady=(16, 12)))
        self._build_page()
        self._build_settings(self._row(2, pady=(14, 0)))
        self._build_buttons(self._row(3, pady=(12, 0)))
        self._build_foot(self._row(4, pady=(8, 12)))

        self.root.bind("<Escape>", lambda _: self.stop_button.invoke())
        self.root.bind("<Control-Return>", self._tell_by_key)
        self.page.bind("<Control-Return>", self._tell_by_key)

    def _row(self, row: int, *, pady: tuple[int, int]) -> Any:
        frame = ctk.CTkFrame(self.root, fg_color="transparent")
        frame.grid(row=row, column=0, padx=20, pady=pady, sticky="ew")
        return frame

    def _tell_by_key(self, _: object) -> str:
        self.tell_button.invoke()
        return "break"  # Or the page would begin a new line.

    def _build_head(self, row: Any) -> None:
        row.grid_columnconfigure(0, weight=1)
        self.model_menu = ctk.CTkOptionMenu(
            row,
            values=[],
            command=self.choose_model,
            dynamic_resizing=False,
            height=36,
            corner_radius=10,
            anchor="w",
            font=self.font,
            dropdown_font=self.font,
            fg_color=FIELD,
            button_color=FIELD,
            button_hover_color=FIELD_HOVER,
            text_color=INK,
            text_color_disabled=QUIET,
            dropdown_fg_color=FIELD,
            dropdown_hover_color=EDGE,
            dropdown_text_color=INK,
        )
        self.model_menu.set("")
        self.model_menu.grid(row=0, column=0, padx=(0, 12), sticky="ew")
        self.mode_buttons = ctk.CTkSegmentedButton(
            row,
            values=["System", "Light", "Dark"],
            command=self.choose_mode,
            height=36,
            width=216,
            dynamic_resizing=False,
            font=self.font,
            fg_color=FIELD,
            unselected_color=FIELD,
            unselected_hover_color=FIELD_HOVER,
            selected_color=PAGE,
            selected_hover_color=PAGE,
            text_color=INK,
        )
        self.mode_buttons.set("System")
        self.mode_buttons.grid(row=0, column=1)

    def _build_page(self) -> None:
        families = tkinter.font.families(self.root)
        family = next((name for name in STORY_FONTS if name in families), None)
        self.page = ctk.CTkTextbox(
            self.root,
            font=ctk.CTkFont(family, size=18),
            fg_color=PAGE,
            text_color=INK,
            border_color=EDGE,
            border_width=1,
            corner_radius=8,
            wrap="word",
            undo=True,
            padx=14,
            pady=10,
            spacing2=6,
            spacing3=12,
        )
        self.page.grid(row=1, column=0, padx=20, sticky="nsew")
        self.page.insert("end", BEGINNING)
        self.page.focus_set()

    def _build_settings(self, row: Any) -> None:
        row.grid_columnconfigure(1, weight=1)
        text = {"font": self.font, "text_color": INK}
        ctk.CTkLabel(row, text="Temperature", **text).grid(row=0, column=0)
        self.temperature_slider = ctk.CTkSlider(
            row,
            from_=0,
            to=1.5,
            number_of_steps=30,
            command=self._show_temperature,
            width=120,
            fg_color=EDGE,
            progress_color=ACCENT,
            button_color=ACCENT,
            button_hover_color=ACCENT_HOVER,
        )
        self.temperature_slider.set(0.8)
        self.temperature_slider.grid(row=0, column=1, padx=10, sticky="ew")
        self.temperature_label = ctk.CTkLabel(
            row, width=210, anchor="w", font=self.font, text_color=QUIET
        )
        self.temperature_label.grid(row=0, column=2)
        self._show_temperature()
        ctk.CTkLabel(row, text="Seed", **text).grid(row=0, column=3, padx=(12, 10))
        self.seed_entry = ctk.CTkEntry(
            row,
            placeholder_text="any",
            width=100,
            height=36,
            fg_color=PAGE,
            border_color=EDGE,
            border_width=1,
            placeholder_text_color=QUIET,
            **text,
        )
        self.seed_entry.grid(row=0, column=4)

    def _build_buttons(self, row: Any) -> None:
        row.grid_columnconfigure(3, weight=1)
        self.tell_button = ctk.CTkButton(
            row,
            text="Tell",
            command=self.tell,
            width=120,
            height=36,
            font=ctk.CTkFont(size=15, weight="bold"),
            fg_color=ACCENT,
            hover_color=ACCENT_HOVER,
            text_color="#FFFFFF",
            text_color_disabled=FAINT,
        )
        self.tell_button.grid(row=0, column=0)
        other = {
            "width": 84,
            "height": 36,
            "font": self.font,
            "fg_color": FIELD,
            "hover_color": FIELD_HOVER,
            "text_color": INK,
            "text_color_disabled": FAINT,
        }
        self.stop_button = ctk.CTkButton(row, text="Stop", command=self.stop, **other)
        self.stop_button.grid(row=0, column=1, padx=10)
        self.undo_button = ctk.CTkButton(row, text="Undo", command=self.undo, **other)
        self.undo_button.grid(row=0, column=2)
        self.strict_switch = ctk.CTkSwitch(
            row,
            text="Only the child’s words",
            font=self.font,
            text_color=INK,
            fg_color=EDGE,
            progress_color=ACCENT,
            button_color="#FFFFFF",
            button_hover_color="#FFFFFF",
            border_width=0,
            switch_width=40,
            switch_height=20,
        )
        self.strict_switch.select()
        self.strict_switch.grid(row=0, column=4)

    def _build_foot(self, row: Any) -> None:
        row.grid_columnconfigure(0, weight=1)
        small = {"font": ctk.CTkFont(size=13), "text_color": QUIET}
        self.status = ctk.CTkLabel(row, text="", anchor="w", justify="left", **small)
        self.status.grid(row=0, column=0, sticky="w")
        self.figures = ctk.CTkLabel(row, text="", anchor="e", **small)
        self.figures.grid(row=0, column=1, sticky="e")
        row.bind("<Configure>", lambda event: self.status.configure(wraplength=event.width))


def label(run: Run, now: datetime) -> str:
    """Return what the list calls a run: its model, how good it is, and when it was made.

    >>> label(run, now)    # doctest: +SKIP
    'transformer · 1.02 bits per byte · today 14:03'
    """
    measured = math.isfinite(run.val_bpb)
    parts = [run.name, f"{run.val_bpb:.2f} bits per byte" if measured else "not measured"]
    if run.embedded:
        parts.append("built-in stories")
    try:
        made = datetime.fromisoformat(run.card["made"]).astimezone(now.tzinfo)
    except (KeyError, TypeError, ValueError):
        return " · ".join(parts)
    if made.date() == now.date():
        day = "today"
    elif made.date() == (now - timedelta(days=1)).date():
        day = "yesterday"
    else:
        day = f"{made.date()}"
    return " · ".join([*parts, f"{day} {made:%H:%M}"])


def temperature_meaning(temperature: float) -> str:
    """Return what a temperature does, in plain words."""
    if temperature == 0:
        return "always the likeliest word"
    if temperature <= 0.5:
        return "careful, repeats itself"
    if temperature <= 0.95:
        return "balanced"
    if temperature <= 1.2:
        return "daring"
    return "wild, loses the thread"
