"""Loaded models as the window sees them: they tell as asked, and show what they expect.

Imports torch (seconds) only when a model is loaded, which a worker does.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from gui.session import Act, Work, clocked
from tinystories.errors import UserError

if TYPE_CHECKING:
    from tinystories.inspection import Reading

LOADED = 4
"""Models kept in memory."""


@dataclass(frozen=True)
class Manner:
    """How a story is told: everything of a telling but its beginning.

    ``words`` is the list of the only words that may be told (None: all that the model knows),
    ``must`` words that have to appear, ``wishes`` names from :data:`tinystories.wishes.WISHES`.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.05
    length: int = 400
    strict: bool = True
    words: tuple[str, ...] | None = None
    must: tuple[str, ...] = ()
    wishes: tuple[str, ...] = ()
    seed: int = 0


@dataclass(frozen=True)
class Words:
    """The next piece of a story, and the seconds since the telling began."""

    text: str
    seconds: float


class Voice(Protocol):
    """A model that is ready to tell."""

    words: Sequence[str]
    """The words it knows, most frequent first."""

    def stream(self, beginning: str, manner: Manner) -> Iterator[str]:
        """Yield what follows ``beginning``, a few characters at a time."""
        ...

    def missing(self, story: str, manner: Manner) -> list[str]:
        """Name the wishes of ``manner`` that a told ``story`` does not fulfil."""
        ...

    def read(self, story: str) -> "Reading":
        """Say what it expected at each place of a story."""
        ...


class StorytellerVoice:
    """The voice of a run folder.

    Raises:
        UserError: the folder is no model, or it is damaged.
    """

    def __init__(self, folder: Path) -> None:
        from tinystories.storyteller import Storyteller

        self.teller = Storyteller.load(folder)
        self.words: Sequence[str] = self.teller.vocabulary.words
        next(self.teller.stream(length=1), None)  # What is made only once is made now.

    def stream(self, beginning: str, manner: Manner) -> Iterator[str]:
        """Tell with the storyteller."""
        from tinystories.generation import Sampling
        from tinystories.weaving import weaving

        steer = weaving(
            self.teller.vocabulary,
            beginning,
            must=manner.must,
            wishes=manner.wishes,
            length=manner.length,
        )
        return self.teller.stream(
            beginning,
            sampling=Sampling(manner.temperature, manner.top_k, manner.top_p, manner.min_p),
            length=manner.length,
            strict=manner.strict,
            words=manner.words if manner.strict else None,
            seed=manner.seed,
            steer=steer,
        )

    def missing(self, story: str, manner: Manner) -> list[str]:
        """Look for the words and wishes in the story itself."""
        from tinystories.weaving import missing

        return missing(story, must=manner.must, wishes=manner.wishes)

    def read(self, story: str) -> "Reading":
        """Read with the model once more, and keep what it showed."""
        from tinystories.inspection import read

        return read(self.teller, story)


class Shelf:
    """The loaded models: each is loaded once, the longest unused one makes room."""

    def __init__(self, load: Callable[[Path], Voice] = StorytellerVoice) -> None:
        self._load = load
        self._voices: dict[Path, Voice] = {}
        self._lock = threading.Lock()

    def voice(self, folder: Path) -> Voice:
        """Return the model of a run folder; takes seconds the first time."""
        with self._lock:
            voice = self._voices.pop(folder, None) or self._load(folder)
            self._voices[folder] = voice
            while len(self._voices) > LOADED:
                del self._voices[next(iter(self._voices))]
            return voice


def loading(shelf: Shelf, folder: Path) -> Work:
    """The act that loads a model; its result is the voice."""
    return lambda act: shelf.voice(folder)


def telling(shelf: Shelf, folder: Path, beginning: str, manner: Manner) -> Work:
    """The act that tells: reports :class:`Words`, its result names the unfulfilled wishes."""

    def tell(act: Act) -> list[str]:
        voice = shelf.voice(folder)
        told = []
        for text, seconds in clocked(voice.stream(beginning, manner)):
            act.report(Words(text, seconds))
            told.append(text)
        return voice.missing(beginning + "".join(told), manner)

    return tell


def reading(shelf: Shelf, folder: Path, story: str) -> Work:
    """The act that looks inside: its result is what the model expected at each place."""

    def read(act: Act) -> "Reading":
        if not story.strip():
            raise UserError("there is no story yet; write or tell one first")
        return shelf.voice(folder).read(story)

    return read
