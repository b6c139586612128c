"""The page on which to set how stories are told and how the window looks."""

from collections.abc import Callable
from typing import Any

import customtkinter as ctk

from gui import theme
from gui.pages.page import Page
from gui.preferences import PRESETS, SIZES, own, temperature_meaning
from gui.studio import Studio

OWN = "My own list"
DIAL = {f"{size:,} words": size for size in SIZES} | {OWN: 0}
LENGTHS = (50, 1000)
TEXT_SIZES = {"Small": 16, "Normal": 18, "Large": 24, "Reading aloud": 32}
ZOOMS = {"100 %": 100, "125 %": 125, "150 %": 150}
SLIDERS: tuple[tuple[str, str, float, float, int, str], ...] = (
    ("temperature", "Temperature", 0.0, 1.5, 30, "Low keeps to likely words, high dares more."),
    ("top_p", "Top-p", 0.05, 1.0, 19, "Only the likeliest words that make up this share together."),
    ("top_k", "Top-k", 0, 100, 20, "Only so many of the likeliest words; 0 is all."),
    ("min_p", "Min-p", 0.0, 0.5, 10, "No word less likely than this share of the likeliest one."),
    ("length", "Length", *LENGTHS, 19, "At most so many words and punctuation marks at a time."),
)
SHORTCUTS = (
    ("Ctrl-Return", "tell"),
    ("Escape", "stop"),
    ("Ctrl-R", "retry the last part"),
    ("Ctrl-Z, Ctrl-Y", "undo, redo"),
    ("Ctrl-S", "save in the library"),
    ("Ctrl-1 to Ctrl-7", "turn to a page"),
    ("Ctrl-Q", "close"),
)


class SettingsPage(Page):
    """Everything that can be set, with a sentence on each."""

    def __init__(self, parent: Any, studio: Studio) -> None:
        super().__init__(parent, studio)
        self.grid_columnconfigure(0, weight=1)
        self.grid_rowconfigure(0, weight=1)
        self.sheet = theme.scrolled(self, on=theme.DESK)
        self.sheet.grid(row=0, column=0, sticky="nsew")
        self.sheet.grid_columnconfigure(0, weight=1)
        self._seed = ""
        self.sliders: dict[str, Any] = {}
        self.values: dict[str, Any] = {}
        self._build_telling(self._section(0, "How daring"))
        self._build_words(self._section(1, "Which words"))
        self._build_window(self._section(2, "The window"))
        self._build_keys(self._section(3, "Keys"))
        studio.watch("preferences", self._follow)
        studio.watch("voice", self._follow)
        self._follow()

    def left(self) -> None:
        """Take over the seed that was typed."""
        self.studio.change(seed=self.seed.get())

    def set_number(self, name: str, value: float) -> None:
        """Set what a slider sets."""
        whole = name in ("top_k", "length")
        self.studio.change(**{name: round(value) if whole else round(value, 2)})

    def choose_dial(self, choice: str) -> None:
        """Say how many words a story may use."""
        self.studio.change(dial=DIAL[choice])

    def keep_own(self, _: object = None) -> None:
        """Take over one's own list of words."""
        self.studio.change(own_words=self.own.get("1.0", "end-1c").strip())

    def _follow(self) -> None:
        """Show the preferences as they are."""
        wanted = self.studio.preferences
        self.presets.set(wanted.preset)
        if wanted.seed != self._seed:  # Or it is being typed.
            self._seed = wanted.seed
            theme.fill(self.seed, wanted.seed)
        for name, slider in self.sliders.items():
            value = getattr(wanted, name)
            slider.set(value)
            self.values[name].configure(text=_shown(name, value))
        self.dial.set(next(text for text, size in DIAL.items() if size == wanted.dial))
        (self.strict.select if wanted.strict else self.strict.deselect)()
        self.dial.configure(state="normal" if wanted.strict else "disabled")
        theme.show(self.own, wanted.dial == 0 and wanted.strict)
        self.words_said.configure(text=self._words_sentence())
        self.mode.set(wanted.mode)
        self.text_size.set(_key(TEXT_SIZES, wanted.text_size))
        self.zoom.set(_key(ZOOMS, wanted.zoom))

    def _words_sentence(self) -> str:
        wanted, voice = self.studio.preferences, self.studio.voice
        if not wanted.strict:
            return "Every word may come, also ones the model spells from pieces and makes up."
        if voice is None:
            return "Other words are impossible when telling, and underlined when you type them."
        if wanted.dial:
            known = len(voice.words)
            if wanted.dial >= known:
                return f"All {known:,} words this model knows; other words are impossible."
            return f"The {wanted.dial:,} commonest of the {known:,} words this model knows."
        typed = dict.fromkeys(own(wanted.own_words))
        strange = [word for word in typed if word not in set(voice.words)]
        said = f"{len(typed) - len(strange)} words of yours, and punctuation."
        if strange:
            more = " …" if len(strange) > 6 else ""
            said += f" This model does not know: {', '.join(strange[:6])}{more}"
        return said

    def _section(self, row: int, title: str) -> Any:
        card = theme.card(self.sheet)
        card.grid(row=row, column=0, sticky="ew", pady=(0, 12), padx=(0, 8))
        card.grid_columnconfigure(1, weight=1)
        theme.label(card, title, "head").grid(row=0, column=0, padx=20, pady=(14, 6), sticky="w")
        return card

    def _build_telling(self, card: Any) -> None:
        self.presets = theme.choices(
            card, list(PRESETS), lambda name: self.studio.change(**PRESETS[name])
        )
        self.presets.grid(row=0, column=1, columnspan=2, padx=20, pady=(14, 6), sticky="e")
        for row, (name, title, low, high, steps, hint) in enumerate(SLIDERS, 1):
            pad = (6, 2)
            words = theme.row(card)
            words.grid(row=row, column=0, padx=20, pady=pad, sticky="w")
            theme.label(words, title).grid(row=0, column=0, sticky="w")
            about = theme.label(words, hint, "small", wraplength=210)
            about.grid(row=1, column=0, sticky="w")
            self.sliders[name] = theme.slider(
                card, low, high, steps, lambda value, name=name: self.set_number(name, value)
            )
            self.sliders[name].grid(row=row, column=1, padx=8, pady=pad, sticky="ew")
            self.values[name] = theme.label(card, "", width=140, wraplength=140)
            self.values[name].grid(row=row, column=2, padx=(8, 12), pady=pad, sticky="w")

        theme.label(card, "Seed").grid(row=9, column=0, padx=20, pady=(6, 16), sticky="w")
        self.seed = theme.entry(card, "any", width=140)
        self.seed.grid(row=9, column=1, padx=8, pady=(6, 16), sticky="w")
        for key in ("<FocusOut>", "<Return>"):
            self.seed.bind(key, lambda _: self.studio.change(seed=self.seed.get()))
        theme.label(card, "The same seed tells the same story.", "small", wraplength=140).grid(
            row=9, column=2, padx=(8, 12), pady=(6, 16), sticky="w"
        )

    def _build_words(self, card: Any) -> None:
        self.dial = theme.choices(card, list(DIAL), self.choose_dial)
        self.dial.grid(row=0, column=1, padx=20, pady=(14, 6), sticky="e")
        self.words_said = theme.label(card, "", "small")
        self.words_said.grid(row=1, column=0, columnspan=2, padx=20, sticky="w")
        theme.wrapped(self.words_said, card, less=48)
        self.own = ctk.CTkTextbox(
            card,
            height=92,
            wrap="word",
            fg_color=theme.DESK,
            text_color=theme.INK,
            font=ctk.CTkFont(size=14),
        )
        self.own.insert("1.0", self.studio.preferences.own_words)
        self.own.grid(row=2, column=0, columnspan=2, padx=20, pady=(8, 0), sticky="ew")
        self.own.bind("<KeyRelease>", self.keep_own)
        self.strict = theme.switch(
            card,
            "Strict: only these words can be told",
            lambda: self.studio.change(strict=bool(self.strict.get())),
        )
        self.strict.grid(row=3, column=0, columnspan=2, padx=20, pady=(10, 16), sticky="w")

    def _build_window(self, card: Any) -> None:
        rows: tuple[tuple[str, list[str], Callable[[str], Any]], ...] = (
            ("Light or dark", ["System", "Light", "Dark"], lambda c: self.studio.change(mode=c)),
            (
                "Size of the story",
                list(TEXT_SIZES),
                lambda c: self.studio.change(text_size=TEXT_SIZES[c]),
            ),
            ("Size of everything", list(ZOOMS), lambda c: self.studio.change(zoom=ZOOMS[c])),
        )
        made = []
        for row, (title, values, command) in enumerate(rows, 1):
            pady = (4, 16 if row == len(rows) else 4)
            theme.label(card, title).grid(row=row, column=0, padx=20, pady=pady, sticky="w")
            made.append(theme.choices(card, values, command))
            made[-1].grid(row=row, column=1, padx=20, pady=pady, sticky="e")
        self.mode, self.text_size, self.zoom = made

    def _build_keys(self, card: Any) -> None:
        for row, (keys, what) in enumerate(SHORTCUTS, 1):
            pady = (1, 14 if row == len(SHORTCUTS) else 1)
            theme.label(card, keys).grid(row=row, column=0, padx=20, pady=pady, sticky="w")
            theme.label(card, what, "quiet").grid(row=row, column=1, pady=pady, sticky="w")


def _shown(name: str, value: float) -> str:
    if name == "temperature":
        return f"{value:.2f}, {temperature_meaning(value)}"
    if name == "top_k":
        return f"{value}" if value else "0, all words"
    if name == "length":
        return f"{value}"
    off = 1.0 if name == "top_p" else 0.0
    return f"{value:.2f}" + (", no limit" if value == off else "")


def _key(values: dict[str, int], wanted: int) -> str:
    return next((text for text, value in values.items() if value == wanted), "")
