"""What every page is: a frame that shows the studio, and answers a few keys."""

from collections.abc import Callable
from typing import Any

import customtkinter as ctk

from gui.studio import Studio


class Page(ctk.CTkFrame):  # type: ignore[misc]
    """A page of the window; what it does not answer, it passes over."""

    show_page: Callable[[str], None]

    def __init__(self, parent: Any, studio: Studio) -> None:
        super().__init__(parent, fg_color="transparent")
        self.studio = studio
        self.on_top = False

    def shown(self) -> None:
        """Be what the reader sees from now on."""

    def left(self) -> None:
        """Be turned away from: take over what was typed and not confirmed."""

    def go(self) -> None:
        """Do the page's main act (Ctrl-Return)."""

    def stop(self) -> None:
        """Stop what the page is doing (Escape)."""

    def recolour(self) -> None:
        """Follow the window, which turned light or dark."""
