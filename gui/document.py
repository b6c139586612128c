"""The story on the page: who wrote which part, undo and redo, and the versions it could also be.

Knows no widgets: the window mirrors what is typed into it, and shows what comes out.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

HISTORY = 300
"""Steps that can be undone."""

YOU = 0
"""The number of the telling that parts have which a person wrote."""


@dataclass(frozen=True)
class Span:
    """A part of the story by one hand: yours, or the model's in its ``telling`` (1, 2 ...)."""

    text: str
    telling: int = YOU


Spans = tuple[Span, ...]


@dataclass(frozen=True)
class Version:
    """What the story also was, and why it was set aside."""

    name: str
    spans: Spans

    @property
    def text(self) -> str:
        """The whole story."""
        return text_of(self.spans)


@dataclass(frozen=True)
class Change:
    """What an edit did: ``removed`` characters went at ``start``, ``added`` ones came."""

    start: int
    removed: int
    added: int


class Document:
    """A story that a person and a model write in turns.

    Every act but typing while a telling runs is one step of the history: a run of typing, a whole
    telling, a switch to another version.
    """

    def __init__(self, text: str = "") -> None:
        self.spans: Spans = (Span(text),) if text else ()
        self.versions: list[Version] = []
        self._undo: list[Spans] = []
        self._redo: list[Spans] = []
        self._typing: Change | None = None  # The last edit, if the next may belong to it.
        self._place: int | None = None  # Where the running telling goes on.
        self._telling = YOU

    @property
    def text(self) -> str:
        """The whole story."""
        return text_of(self.spans)

    @property
    def telling(self) -> bool:
        """Whether a telling is under way."""
        return self._place is not None

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._undo) and not self.telling

    @property
    def can_redo(self) -> bool:
        """Whether a step was taken back."""
        return bool(self._redo) and not self.telling

    @property
    def can_retry(self) -> bool:
        """Whether there is a part that the model wrote."""
        return not self.telling and any(span.telling for span in self.spans)

    # Writing by hand

    def edit(self, text: str) -> Change | None:
        """Take over what a person made of the text; None if it is what it was."""
        before = self.text
        if text == before:
            return None
        start = _common(before, text)
        most = min(len(before), len(text)) - start
        end = _common(before[::-1][:most], text[::-1][:most])
        change = Change(start, len(before) - start - end, len(text) - start - end)
        if not self.telling and not self._continues(change, text):
            self._remember()
        self._typing = change
        added = text[start : start + change.added]
        self.spans = spliced(self.spans, change.start, change.removed, (Span(added),))
        if self._place is not None:
            self._place = _moved(self._place, change)
        return change

    def _continues(self, change: Change, text: str) -> bool:
        """Whether an edit goes on with the word that is being typed."""
        last = self._typing
        if last is None or change.removed or last.removed or change.added != 1:
            return False
        typed = text[change.start]
        return change.start == last.start + last.added and not typed.isspace()

    # Writing by the model

    def begin_telling(self, at: int | None = None) -> str:
        """Open a telling at offset ``at`` (None: the end), and return the beginning it follows.

        What stood after the place is set aside as a version: a story goes on from one place.
        """
        text = self.text
        at = len(text) if at is None else at
        self._remember()
        if text[at:].strip():
            self.set_aside("before going on from the middle")
        self.spans = spliced(self.spans, at, len(text) - at, ())
        self._place = at
        self._telling = 1 + max((span.telling for span in self._all_spans()), default=YOU)
        return text[:at]

    def add(self, text: str) -> int:
        """Put the model's next words into the story; return where they begin."""
        assert self._place is not None, "no telling is open"
        at = self._place
        self.spans = spliced(self.spans, at, 0, (Span(text, self._telling),))
        self._place = at + len(text)
        return at

    def end_telling(self) -> None:
        """Close the telling; one that added nothing leaves no step behind."""
        self._place = None
        if self._undo and self._undo[-1] == self.spans:
            self._undo.pop()

    def retry(self) -> str | None:
        """Set the last telling aside, and return the beginning to tell anew; None without one.

        What a person wrote after it goes with it.
        """
        if not self.can_retry:
            return None
        last = [span.telling for span in self.spans if span.telling][-1]
        first = next(i for i, span in enumerate(self.spans) if span.telling == last)
        self.set_aside("an earlier try")
        self._remember()
        self.spans = self.spans[:first]
        return self.text

    # Ways back, and other ways

    def undo(self) -> bool:
        """Take the last step back; False if there is none."""
        return self.can_undo and self._step(self._undo, self._redo)

    def redo(self) -> bool:
        """Do again what was taken back; False if there is nothing."""
        return self.can_redo and self._step(self._redo, self._undo)

    def branch(self, at: int, text: str, name: str) -> None:
        """Go on from offset ``at`` with the model's ``text`` instead; the rest is set aside."""
        self.set_aside(name)
        self._remember()
        spans = spliced(self.spans, at, len(self.text) - at, ())
        telling = 1 + max((span.telling for span in self._all_spans()), default=YOU)
        self.spans = joined((*spans, Span(text, telling)))

    def switch(self, number: int) -> None:
        """Take version ``number`` onto the page; what is there now takes its place."""
        version = self.versions[number]
        self._remember()
        self.versions[number] = replace(version, spans=self.spans)
        self.spans = version.spans

    def set_aside(self, name: str) -> None:
        """Keep the story as it is now among the versions, once."""
        if self.text.strip() and all(v.spans != self.spans for v in self.versions):
            self.versions.append(Version(name, self.spans))

    def start_anew(self, spans: Spans = (), versions: Iterable[Version] = ()) -> None:
        """Take another story onto the page, with a history of its own."""
        self.spans = joined(spans)
        self.versions = list(versions)
        self._undo, self._redo, self._typing, self._place = [], [], None, None

    # Keeping

    def to_json(self) -> dict[str, Any]:
        """The story and its versions as plain data; the history is not kept."""
        versions = [{"name": v.name, "spans": _plain(v.spans)} for v in self.versions]
        return {"spans": _plain(self.spans), "versions": versions}

    def load_json(self, data: dict[str, Any]) -> None:
        """Take over what ``to_json`` gave; `KeyError`, `TypeError` or `ValueError` otherwise."""
        versions = [Version(str(v["name"]), spans_of(v["spans"])) for v in data["versions"]]
        self.start_anew(spans_of(data["spans"]), versions)

    def _all_spans(self) -> Iterable[Span]:
        yield from self.spans
        for version in self.versions:
            yield from version.spans

    def _remember(self) -> None:
        self._typing = None
        self._undo = [*self._undo[1 - HISTORY :], self.spans]
        self._redo = []

    def _step(self, source: list[Spans], target: list[Spans]) -> bool:
        self._typing = None
        target.append(self.spans)
        self.spans = source.pop()
        return True


def text_of(spans: Iterable[Span]) -> str:
    """The text of the spans, one after another."""
    return "".join(span.text for span in spans)


def spliced(spans: Spans, start: int, removed: int, new: Spans) -> Spans:
    """Return the spans with ``removed`` characters at ``start`` replaced by ``new`` ones."""
    before, _ = _cut(spans, start)
    _, after = _cut(spans, start + removed)
    return joined((*before, *new, *after))


def joined(spans: Iterable[Span]) -> Spans:
    """Return the spans without empty ones, neighbours of one telling as one."""
    result: list[Span] = []
    for span in spans:
        if result and result[-1].telling == span.telling:
            result[-1] = replace(span, text=result[-1].text + span.text)
        elif span.text:
            result.append(span)
    return tuple(result)


def common_start(one: str, other: str) -> int:
    """How many characters two texts begin with together, to the end of a whole word."""
    length = _common(one, other)
    while length and one[length - 1].isalnum() and (one + " ")[length].isalnum():
        length -= 1
    while length and other[length - 1].isalnum() and (other + " ")[length].isalnum():
        length -= 1
    return length


def _cut(spans: Spans, at: int) -> tuple[list[Span], list[Span]]:
    """The spans before and after an offset; one that lies across it is on both sides."""
    before, after = [], []
    for span in spans:
        head, tail = span.text[: max(0, at)], span.text[max(0, at) :]
        if head:
            before.append(replace(span, text=head))
        if tail:
            after.append(replace(span, text=tail))
        at -= len(span.text)
    return before, after


def _common(one: str, other: str) -> int:
    """How many characters two texts begin with together; halving keeps long texts quick."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _moved(place: int, change: Change) -> int:
    """Where a place is after a change; text typed right at it comes after it."""
    if change.start >= place:
        return place
    return max(change.start, place - change.removed) + change.added


def _plain(spans: Spans) -> list[list[Any]]:
    return [[span.text, span.telling] for span in spans]


def spans_of(plain: Any) -> Spans:
    """The spans in the data that ``to_json`` gave; `TypeError` or `ValueError` otherwise."""
    spans = tuple(Span(text, telling) for text, telling in plain)
    if not all(isinstance(s.text, str) and isinstance(s.telling, int) for s in spans):
        raise TypeError("spans are pairs of a text and a number")
    return spans
