"""The window: pages, the way between them, and the line that says what is going on."""

from functools import partial
from typing import Any

import customtkinter as ctk

from gui import theme
from gui.pages.library import LibraryPage
from gui.pages.look_inside import LookInsidePage
from gui.pages.novelty import NoveltyPage
from gui.pages.page import Page
from gui.pages.runs import RunsPage
from gui.pages.settings import SettingsPage
from gui.pages.side_by_side import SideBySidePage
from gui.pages.write import WritePage
from gui.studio import Said, Studio

POLL_MS = 30
DRAFT_MS = 2000
ASK_SYSTEM_MS = 2000
SMALLEST = 900, 600
"""Width and height into which every page fits, up to a zoom of 125 %."""

PAGES: tuple[tuple[str, type[Page]], ...] = (
    ("Write", WritePage),
    ("Side by side", SideBySidePage),
    ("Look inside", LookInsidePage),
    ("Is it new?", NoveltyPage),
    ("Library", LibraryPage),
    ("Runs", RunsPage),
    ("Settings", SettingsPage),
)


class App:
    """The studio's window in ``root``.

    Args:
        root: an empty window.
        studio: what the pages show; whoever made it closes it.
    """

    def __init__(self, root: Any, studio: Studio) -> None:
        self.root = root
        self.studio = studio
        self.pages: dict[str, Page] = {}
        self.page = ""
        self._zoom = 100
        self._said: dict[str, tuple[Said, str]] = {}  # By pages that are not seen now.
        # On Linux the system is asked through a process of its own, by default every 30 ms.
        ctk.AppearanceModeTracker.update_loop_interval = ASK_SYSTEM_MS
        self._dress()
        self._build()
        self.show("Write")
        self.studio.watch("say", self._say)
        self.studio.watch("preferences", self._dress)
        self.studio.watch("runs", self._said.clear)  # They may speak of what is not so any more.
        self.studio.find()
        self._was_dark = theme.dark()
        self._poll()
        root.after(DRAFT_MS, self._keep_draft)

    def show(self, name: str) -> None:
        """Turn to a page; it is built when it is first wanted."""
        if name == self.page:
            return
        if name not in self.pages:
            self.pages[name] = dict(PAGES)[name](self.root, self.studio)
            self.pages[name].show_page = self.show
            self.pages[name].grid(row=0, column=1, sticky="nsew", padx=18, pady=(16, 0))
        if self.page:
            self._said[self.page] = self.studio.said, self.studio.figures
            self.pages[self.page].left()
            self.pages[self.page].on_top = False
            theme.show(self.pages[self.page], False)
        self.page = name
        self.pages[name].on_top = True
        theme.show(self.pages[name])
        said, figures = self._said.pop(name, (Said(""), ""))
        self.studio.say(said.sentence, alarm=said.alarm, figures=figures)
        self.pages[name].shown()
        for other, leads in self.nav.items():
            leads.configure(fg_color=theme.FIELD if other == name else "transparent")

    def close(self) -> None:
        """Close the window, whatever is under way."""
        self.studio.session.stop()
        # What customtkinter still had in mind would be a line of complaint each.
        for call in self.root.tk.splitlist(self.root.tk.call("after", "info")):
            self.root.tk.call("after", "cancel", call)
        self.root.destroy()

    def _poll(self) -> None:
        self.root.after(POLL_MS, self._poll)
        self.studio.poll()
        if theme.dark() != self._was_dark:  # Chosen here, or by the system.
            self._was_dark = theme.dark()
            for page in self.pages.values():
                page.recolour()

    def _keep_draft(self) -> None:
        self.root.after(DRAFT_MS, self._keep_draft)
        self.studio.keep_draft()

    def _say(self) -> None:
        said = self.studio.said
        colour = theme.ALARM if said.alarm else theme.QUIET
        self.status.configure(text=said.sentence, text_color=colour)
        self.figures.configure(text=self.studio.figures)
        self._wrap()

    def _wrap(self, _: object = None) -> None:
        """Let the sentence have the width that the figures leave."""
        free = self.foot.winfo_width() - self.figures.winfo_reqwidth()
        self.status.configure(wraplength=max(200, free / theme.scale(self.foot) - 16))

    def _dress(self) -> None:
        """Follow the preferences of how the window looks."""
        wanted = self.studio.preferences
        if wanted.mode != getattr(self, "_mode", None):
            self._mode = wanted.mode
            ctk.set_appearance_mode(wanted.mode)
            ctk.AppearanceModeTracker.init_appearance_mode()
        if wanted.zoom != self._zoom:
            self._zoom = wanted.zoom
            ctk.set_widget_scaling(wanted.zoom / 100)
            self._keep_room()

    def _keep_room(self) -> None:
        """Do not let the window become smaller than what is in it, as far as the screen allows."""
        root, scale = self.root, ctk.ScalingTracker.get_window_scaling(self.root)
        wanted = [round(max(side, side * self._zoom / 125)) for side in SMALLEST]
        screen = root.winfo_screenwidth(), root.winfo_screenheight()
        least = [min(side, int(most / scale)) for side, most in zip(wanted, screen, strict=True)]
        root.minsize(*least)

    def _build(self) -> None:
        root = self.root
        root.title("tinystories")
        root.geometry("1080x720")
        self._keep_room()
        root.configure(fg_color=theme.DESK)
        root.protocol("WM_DELETE_WINDOW", self.close)
        root.grid_columnconfigure(1, weight=1)
        root.grid_rowconfigure(0, weight=1)
        self._build_nav()
        self._build_foot()
        root.bind("<Escape>", lambda _: self.pages[self.page].stop())
        root.bind("<Control-Return>", self._go)
        for number, (name, _) in enumerate(PAGES, 1):
            root.bind(f"<Control-Key-{number}>", lambda _, name=name: self.show(name))
        root.bind("<Control-s>", lambda _: self.studio.save())
        root.bind("<Control-q>", lambda _: self.close())

    def _go(self, _: object) -> str:
        self.pages[self.page].go()
        return "break"

    def _build_nav(self) -> None:
        side = theme.row(self.root)
        side.grid(row=0, column=0, rowspan=2, sticky="ns", padx=(12, 0), pady=(16, 12))
        theme.label(side, "tinystories", "head").grid(row=0, padx=12, pady=(4, 14), sticky="w")
        self.nav = {}
        for number, (name, _) in enumerate(PAGES, 1):
            leads = theme.button(side, name, partial(self.show, name), kind="nav", width=128)
            leads.grid(row=number, pady=1, sticky="ew")
            self.nav[name] = leads

    def _build_foot(self) -> None:
        foot = theme.row(self.root)
        foot.grid(row=1, column=1, sticky="ew", padx=22, pady=(6, 10))
        foot.grid_columnconfigure(0, weight=1)
        self.status = theme.label(foot, "", "small")
        self.status.grid(row=0, column=0, sticky="w")
        self.figures = theme.label(foot, "", "small", anchor="e")
        self.figures.grid(row=0, column=1, sticky="e", padx=(12, 0))
        foot.bind("<Configure>", self._wrap)
        self.foot = foot
