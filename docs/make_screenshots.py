"""Take a screenshot of every page of the studio, light and dark, into ``docs/screenshots``.

``python docs/make_screenshots.py [OUTPUTS] [--size 1080x720] [--zoom 100] [--to FOLDER]`` opens
the window on the best models under OUTPUTS, uses it as a reader would, and photographs it with
ImageMagick's ``import``. Without a screen, run it under ``xvfb-run``.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import customtkinter

from gui.app import PAGES, App
from gui.studio import Studio

HERE = Path(__file__).parent / "screenshots"


def main() -> int:
    """Take them all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("outputs", type=Path, nargs="?", default=Path("outputs"))
    parser.add_argument("--size", default="1080x720")
    parser.add_argument("--zoom", type=int, default=100)
    parser.add_argument("--to", type=Path, default=HERE)
    options = parser.parse_args()
    if not shutil.which("import"):
        sys.stderr.write("error: ImageMagick's import is needed (apt install imagemagick)\n")
        return 2
    options.to.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        outputs = Path(folder)
        skipped = shutil.ignore_patterns("checkpoints", "studio", "events*")
        shutil.copytree(options.outputs, outputs, ignore=skipped, dirs_exist_ok=True)
        studio = Studio(outputs)
        app = App(customtkinter.CTk(), studio)
        app.root.geometry(f"{options.size}+0+0")
        studio.change(zoom=options.zoom, seed="7", mode="Light")
        try:
            take_all(app, options.to)
        finally:
            app.close()
            studio.close()
    return 0


def take_all(app: App, to: Path) -> None:
    """Use the window, then photograph every page in both modes."""
    use(app)
    for mode in ("Light", "Dark"):
        app.studio.change(mode=mode)
        for name, _ in PAGES:
            app.show(name)
            settle(app)
            photograph(app, to / f"{name.lower().replace(' ', '-').strip('?')}-{mode.lower()}.png")


def use(app: App) -> None:
    """Write a story, compare two, look inside, ask whether it is new, and keep it."""
    studio = app.studio
    wait(app, lambda: studio.voice is not None)
    write: Any = app.pages["Write"]
    write.must.insert(0, "dragon, cake")
    write.tell_button.invoke()
    wait(app, lambda: write.act is None)
    write.title.insert(0, "The dragon and the cake")
    write._keep_title()
    studio.save()
    studio.change(wishes=("moral",))
    write.retry_button.invoke()
    wait(app, lambda: write.act is None)
    write.box.insert("end", " And the spaceship flew home.")

    app.show("Side by side")
    sides: Any = app.pages["Side by side"]
    for winner in (0, 1):
        sides.tell_button.invoke()
        wait(app, lambda: sides._left == 0)
        sides.vote(winner)
    sides.tell_button.invoke()
    wait(app, lambda: sides._left == 0)

    app.show("Is it new?")
    new: Any = app.pages["Is it new?"]
    new.button.invoke()
    wait(app, lambda: new.act is None, seconds=300)
    app.show("Look inside")
    look: Any = app.pages["Look inside"]
    wait(app, lambda: look.reading is not None)
    look.choose(len(studio.document.text) // 2)
    app.show("Runs")
    runs: Any = app.pages["Runs"]
    wait(app, lambda: bool(runs.figures))


def wait(app: App, happened: Callable[[], bool], seconds: float = 60) -> None:
    """Let the window live until something has happened."""
    end = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > end:
            sys.exit(f"error: it took longer than {seconds} s; the window says: {app.studio.said}")
        app.root.update()
        time.sleep(0.01)


def settle(app: App) -> None:
    """Let everything be drawn."""
    end = time.monotonic() + 0.6
    while time.monotonic() < end:
        app.root.update()
        time.sleep(0.01)


def photograph(app: App, file: Path) -> None:
    """Write what the window shows into a file."""
    root = app.root
    size = f"{root.winfo_width()}x{root.winfo_height()}"
    place = f"+{root.winfo_rootx()}+{root.winfo_rooty()}"
    command = ["import", "-window", "root", "-crop", size + place, "+repage", str(file)]
    subprocess.run(command, check=True)


if __name__ == "__main__":
    sys.exit(main())
