"""Take a screenshot of every page of the studio, light and dark, into ``docs/screenshots``.

``python docs/make_screenshots.py [OUTPUTS] [--size 1080x720] [--zoom 100] [--to FOLDER]`` opens
the window on the models under OUTPUTS, by default those that come with the project, uses it as a
reader would, and photographs it with ImageMagick's ``import``. Without a screen, run it under
``xvfb-run``. It trains a model for a minute on the embedded stories, since a picture that shows a
training story is to show none of somebody else's.
"""

import argparse
import os
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
from tinystories.data.corpus import Corpus

HERE = Path(__file__).parent / "screenshots"
BORROWED = 30
"""Words of a training story that the story of the page Is it new? begins with."""


def main() -> int:
    """Take them all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("outputs", type=Path, nargs="?", default=Path("outputs/pretrained"))
    parser.add_argument("--size", default="1080x720")
    parser.add_argument("--zoom", type=int, default=100)
    parser.add_argument("--to", type=Path, default=HERE)
    options = parser.parse_args()
    if not shutil.which("import"):
        sys.stderr.write("error: ImageMagick's import is needed (apt install imagemagick)\n")
        return 2
    options.to.mkdir(parents=True, exist_ok=True)
    os.environ["HF_HUB_OFFLINE"] = "1"  # The training takes the embedded stories then.
    with tempfile.TemporaryDirectory() as folder:
        outputs = Path(folder) / "outputs"
        skipped = shutil.ignore_patterns("checkpoints", "data", "studio", "events*")
        shutil.copytree(options.outputs, outputs, ignore=skipped)
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
    train(app)
    use(app)
    pages = [name for name, _ in PAGES if name != "Is it new?"]
    take(app, to, pages)
    ask_whether_new(app)
    take(app, to, ["Is it new?"])


def take(app: App, to: Path, pages: list[str]) -> None:
    """Photograph some pages in both modes."""
    for mode in ("Light", "Dark"):
        app.studio.change(mode=mode)
        for name in pages:
            app.show(name)
            settle(app)
            photograph(app, to / f"{name.lower().replace(' ', '-').strip('?')}-{mode.lower()}.png")


def train(app: App) -> None:
    """Train a model for a minute, on the page Runs."""
    app.show("Runs")
    runs: Any = app.pages["Runs"]
    runs.training.family.set("rnn")
    runs.training.minutes.set("1 minute")
    runs.training.button.invoke()
    wait(app, lambda: own(app) is not None, seconds=600)
    runs.choose_chart("Scores")


def own(app: App) -> str | None:
    """The run that learned from the embedded stories."""
    return next((name for name, run in app.studio.runs.items() if run.embedded), None)


def use(app: App) -> None:
    """Write a story and keep it, compare two, look inside."""
    studio = app.studio
    wait(app, lambda: studio.voice is not None)
    app.show("Write")
    write: Any = app.pages["Write"]
    studio.new_story("Once upon a time, there was a little dragon")
    write.must.insert(0, "cake, friend")
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

    app.show("Look inside")
    look: Any = app.pages["Look inside"]
    wait(app, lambda: look.reading is not None)
    look.choose(studio.document.text.index("cake"))


def ask_whether_new(app: App) -> None:
    """Begin as an embedded story begins, let a model go on, and ask whether that is new."""
    studio, name = app.studio, own(app)
    assert name
    corpus = Corpus.open(next(studio.outputs.glob("data/corpus-*")))
    beginning = next(corpus.stories("train")).split(" ")[:BORROWED]
    studio.change(wishes=(), must="")
    studio.new_story(" ".join(beginning))
    app.show("Write")
    write: Any = app.pages["Write"]
    write.tell_button.invoke()
    wait(app, lambda: write.act is None)
    app.show("Is it new?")
    new: Any = app.pages["Is it new?"]
    new.models.set(name)
    new.button.invoke()
    wait(app, lambda: new.act is None, seconds=300)


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
