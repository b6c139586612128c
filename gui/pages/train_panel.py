"""Training a model from the window: which one, on what, how long, and how far it is."""

from pathlib import Path
from tkinter import filedialog
from typing import Any

from gui import theme
from gui.session import Act, End, Failed, Finished
from gui.studio import Studio
from gui.training import Progress, Training, overridden

TINYSTORIES, OWN = "TinyStories", "My own …"
FILES = [("Stories", "*.txt *.jsonl *.csv *.parquet"), ("All files", "*")]
MINUTES = ["1 minute", "4 minutes", "10 minutes", "30 minutes", "60 minutes"]


class TrainPanel:
    """A card that offers to train a model, in ``parent``."""

    def __init__(self, parent: Any, studio: Studio, sentence: str) -> None:
        self.studio = studio
        self.training: Training | None = None
        self.own: Path | None = None
        self._act: Act | None = None
        self.card = theme.card(parent)
        self.card.grid_columnconfigure(0, weight=1)
        theme.label(self.card, "Train a storyteller", "head").grid(
            row=0, column=0, padx=20, pady=(16, 2), sticky="w"
        )
        about = theme.label(self.card, sentence, "quiet")
        about.grid(row=1, column=0, padx=20, sticky="w")
        theme.wrapped(about, self.card, less=44)
        self._line = theme.row(self.card)
        self._line.grid(row=2, column=0, padx=20, pady=(10, 4), sticky="ew")
        self.family = theme.choices(self._line, ["transformer", "rnn"], lambda _: self._offer())
        self.family.set("transformer")
        self.family.grid(row=0, column=0, sticky="w")
        self.stories = theme.menu(
            self._line, self.choose_stories, values=[TINYSTORIES, OWN], width=130
        )
        self.stories.grid(row=0, column=1, padx=(10, 0))
        self.minutes = theme.menu(self._line, lambda _: None, values=MINUTES, width=116)
        self.minutes.set(MINUTES[1])
        self.minutes.grid(row=0, column=2, padx=(10, 12))
        self.button = theme.button(self._line, "Train", self.start, kind="main", width=90)
        self.button.grid(row=0, column=3)
        # With few stories, what a model knows already is worth more than they are.
        self.further = theme.switch(self._line, "Go on from the best model", lambda: None)
        self.further.select()
        self.further.grid(row=1, column=0, columnspan=4, pady=(8, 0), sticky="w")
        self.bar = theme.progress(self.card)
        self.bar.set(0)
        self.bar.grid(row=3, column=0, padx=20, pady=(8, 2), sticky="ew")
        self.said = theme.label(self.card, "", "small")
        self.said.grid(row=4, column=0, padx=20, pady=(0, 14), sticky="w")
        theme.wrapped(self.said, self.card, less=44)
        theme.show(self.bar, False)
        self._offer()

    def narrow(self) -> None:
        """Put the controls one above the other."""
        self.family.grid(row=0, column=0, columnspan=2, sticky="w")
        self.stories.grid(row=1, column=0, columnspan=2, padx=0, pady=(8, 0), sticky="ew")
        self.further.grid(row=2, column=0, columnspan=2, pady=(8, 0), sticky="w")
        self.minutes.grid(row=3, column=0, padx=(0, 8), pady=(8, 0))
        self.button.grid(row=3, column=1, pady=(8, 0))
        self._offer()

    def choose_stories(self, choice: str) -> None:
        """Learn from TinyStories, or from a file that is asked for."""
        if choice == OWN:
            name = filedialog.askopenfilename(
                parent=self.card, title="Stories, a blank line between two", filetypes=FILES
            )
            self.own = Path(name) if name else self.own
        elif choice == TINYSTORIES:
            self.own = None
        names = [self.own.name] if self.own else []
        self.stories.configure(values=[TINYSTORIES, *names, OWN])
        self.stories.set(self.own.name if self.own else TINYSTORIES)
        self._offer()

    def _offer(self) -> None:
        """Offer to go on from a model where that helps and there is one."""
        theme.show(self.further, bool(self.own and self.studio.best(self.family.get())))

    def _settings(self) -> tuple[str, ...]:
        """What is trained on, and from where, for ``train.py``."""
        if not self.own:
            return ()
        settings = [overridden("data.source", self.own)]
        best = self.studio.best(self.family.get())
        if best and self.further.get():
            settings.append(overridden("base", self.studio.runs[best].folder))
        return tuple(settings)

    def start(self) -> None:
        """Begin to train; or, while training, end it early with the model so far."""
        if self._act:
            assert self.training
            self.training.stop()
            self.button.configure(state="disabled")
            return
        minutes = float(self.minutes.get().partition(" ")[0])
        self.training = Training(self.family.get(), minutes, self.studio.outputs, self._settings())
        self.button.configure(text="Stop")
        theme.show(self.bar)
        self.bar.set(0)
        self._say("Starting …")
        self._act = self.studio.act(
            "training", self.training.run, pieces=self._show, end=self._ended
        )

    def _show(self, pieces: list[Progress]) -> None:
        self.bar.set(pieces[-1].share)
        self._say(pieces[-1].sentence)

    def _ended(self, end: End) -> None:
        self._act = None
        self.button.configure(text="Train", state="normal")
        theme.show(self.bar, False)
        match end:
            case Finished(_, Path()):
                self._say("Finished: the new model is in the list of runs.")
                self.studio.find()
            case Failed(_, message):
                self._say(f"Failed: {message}", alarm=True)
            case _:
                self._say("Stopped, before there was a model.")

    def _say(self, sentence: str, *, alarm: bool = False) -> None:
        self.said.configure(text=sentence, text_color=theme.ALARM if alarm else theme.QUIET)
