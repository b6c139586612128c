"""Fake models that tell what a test hands them, and how a test drives the window."""

import queue
import time

import numpy as np

from gui.voices import StorytellerVoice
from tinystories.errors import UserError
from tinystories.inspection import Reading, Token
from tinystories.runs import write_card

END = None
WORDS = ("once", "upon", "a", "time", "there", "was", "little", "girl", "ran", "dragon", "cake")


class FakeVoice:
    """A model that tells the lines of its name."""

    words = WORDS

    def __init__(self, stage, name):
        self.stage, self.name = stage, name

    def stream(self, beginning, manner):
        self.stage.asked.append((self.name, beginning, manner))
        lines = self.stage.lines[self.name]
        while (line := lines.get(timeout=20)) is not END:
            if isinstance(line, Exception):
                raise line
            yield line

    def missing(self, story, manner):
        return [word for word in manner.must if word not in story]

    def read(self, story):
        """At every word a cat was expected most; a word is as surprising as it is long."""
        tokens, start = [], 0
        for number, part in enumerate(story.split(" ")):
            text = f" {part}" if number else part
            likeliest = ((" cat", 0.5), (text, 0.25), ("<end>", 0.125))
            tokens.append(Token(text, start, float(len(text)), likeliest))
            start += len(text)
        looks = np.tril(np.ones((len(tokens) + 1, len(tokens)), np.float32), -1)
        following = ((" dog", 0.75), ("<end>", 0.25))
        return Reading(tuple(tokens), looks, None, following, "transformer")


class Stage:
    """What the fake models tell, and what they were asked."""

    def __init__(self):
        self.lines = {name: queue.Queue() for name in ("one", "two")}
        self.asked = []

    def load(self, folder):
        if "damaged" in str(folder):
            raise UserError("the model is damaged; train again")
        if "real" in str(folder):
            return StorytellerVoice(folder)
        return FakeVoice(self, folder.parent.name)

    def tells(self, *lines, name="one"):
        for line in (*lines, END):
            self.lines[name].put(line)


def make_run(folder, bpb, family="transformer"):
    """A run folder with a card, and nothing that could tell."""
    folder.mkdir(parents=True)
    (folder / "weights.safetensors").write_bytes(b"weights")
    card = {
        "model": {"family": family, "arguments": {"cell": "gru"} if family == "rnn" else {}},
        "vocab": {"words": 13},
        "data": {"source": {"kind": "local", "asked": "gone.txt"}},
        "training": {"batch_tokens": 1000, "tokens": 2_000_000, "seconds": 120},
        "val_bpb": bpb,
    }
    write_card(folder, card)


def named(app, folder):
    """What the list calls the run in a folder."""
    return next(n for n, run in app.studio.runs.items() if run.folder.parent.name == folder)


def wait(app, happened, seconds=10):
    """Let the window live until something has happened."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, app.studio.said
        app.root.update()
        time.sleep(0.003)
    app.root.update()


def says(app, start):
    """Whether the line at the foot of the window begins so."""
    return str(app.status.cget("text")).startswith(start)


def tell(app, stage, *lines):
    """Press Tell and let the model tell all lines to the end."""
    stage.tells(*lines)
    page = app.pages["Write"]
    page.tell_button.invoke()
    wait(app, lambda: page.act is None)


def usable(widget):
    return widget.cget("state") == "normal"


def visible(widget):
    return bool(widget.winfo_ismapped())


def page(app, name):
    """Turn to a page, and return it."""
    app.show(name)
    app.root.update()
    return app.pages[name]
