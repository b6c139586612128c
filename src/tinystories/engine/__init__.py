"""Telling, one token after another, as fast as the machine allows; PyTorch is not needed.

The models of ``tinystories.models`` are made for learning; here they are written out a second
time, for reading a trained model's words. Training code does not know this package, and the tests
hold its logits to those of the PyTorch models.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from tinystories.engine.weights import (
    KINDS,
    Array,
    Attention,
    Floats,
    Weights,
    aligned,
    kind_of,
    read_weights,
    to_int8,
    turned,
)
from tinystories.errors import UserError

log = logging.getLogger(__name__)

ENGINES = ("auto", "compiled", "int8", "numpy", "torch")
PIECE = 128
"""Tokens of a prompt that are read at a time, so that a long one needs little memory."""


class Engine(Protocol):
    """Something that reads tokens into memories, and says what it expects next.

    A memory has rows, one a story. What comes out for one row does not depend on the others.
    """

    def remember(self, rows: int) -> Any:
        """Return an empty memory for so many stories."""

    def read(self, memory: Any, row: int, tokens: Sequence[int]) -> Floats:
        """Begin a story: forget the row, read ``tokens``, return logits (V,) after the last."""

    def step(self, memory: Any, rows: Sequence[int], tokens: Sequence[int]) -> Floats:
        """Read one more token in each of ``rows``; return logits (B, V)."""


@dataclass
class Memory:
    """What stories left behind: ``arrays (L, rows, ...)``, and how far each of them is.

    An RNN keeps one vector a row and block. Attention keeps the keys and values of its window,
    each ``(L, rows, H, S, D/H)``, in somewhat more slots; when these are full, the window moves to
    the front.
    """

    arrays: tuple[Floats, ...]
    positions: npt.NDArray[np.int64]
    slots: npt.NDArray[np.int64]


Forward = Callable[[Weights, tuple[Floats, ...], Array, Array, Array, Array, Floats], None]
"""``forward(weights, arrays, tokens, rows, slots, turn, logits)``: read ``tokens (B,)``, each in
its row and slot, and write the last of the logits. The tokens are either of one row, in order, or
of different rows. ``turn (B, size/2)``: their rotary angles, as complex numbers of length 1."""


class ArrayEngine:
    """An engine over arrays: it keeps the memory, ``forward`` computes."""

    def __init__(self, weights: Weights, forward: Forward) -> None:
        self._weights = weights
        self._forward = forward
        self._window = 0
        self._frequency = np.empty(0, np.float32)
        if isinstance(weights.mix, Attention):
            self._window = weights.mix.window
            size = weights.mix.norms.shape[-1]
            steps = np.arange(0, size, 2, dtype=np.float32) / np.float32(size)
            self._frequency = np.float32(10_000) ** -steps

    def remember(self, rows: int) -> Memory:
        """Return an empty memory for so many stories."""
        width, depth = self._weights.embed.shape[1], len(self._weights.mix_in.values)
        if self._window:  # Memory that is not written to costs nothing.
            slots = self._window + PIECE
            size = 2 * len(self._frequency)
            shape = (depth, rows, width // size, slots, size)
            arrays: tuple[Floats, ...] = (aligned(shape), aligned(shape))
        else:
            arrays = (np.zeros((depth, rows, width), np.float32),)
        return Memory(arrays, np.zeros(rows, np.int64), np.zeros(rows, np.int64))

    def read(self, memory: Memory, row: int, tokens: Sequence[int]) -> Floats:
        """Begin a story: forget the row, read ``tokens``, return logits (V,) after the last."""
        memory.positions[row] = memory.slots[row] = 0
        if not self._window:
            for array in memory.arrays:
                array[:, row] = 0
        for start in range(0, len(tokens), PIECE):
            piece = np.array(tokens[start : start + PIECE])
            logits = self._run(memory, np.full(len(piece), row), piece, np.arange(len(piece)), 1)
        last: Floats = logits[0]
        return last

    def step(self, memory: Memory, rows: Sequence[int], tokens: Sequence[int]) -> Floats:
        """Read one more token in each of ``rows``; return logits (B, V)."""
        count = len(rows)
        return self._run(memory, np.array(rows), np.array(tokens), np.zeros(count, int), count)

    def _run(self, memory: Memory, rows: Array, tokens: Array, later: Array, wanted: int) -> Floats:
        if self._window:
            for row in rows[memory.slots[rows] + later[-1] >= self._window + PIECE]:
                self._make_room(memory, row)
        angles = (memory.positions[rows] + later).astype(np.float32)[:, None] * self._frequency
        turn = np.exp(1j * angles)
        logits = np.empty((wanted, len(self._weights.embed)), np.float32)
        slots = memory.slots[rows] + later
        self._forward(self._weights, memory.arrays, tokens, rows, slots, turn, logits)
        memory.positions[rows] += later + 1
        memory.slots[rows] += later + 1
        return logits

    def _make_room(self, memory: Memory, row: int) -> None:
        keep, end = self._window - 1, memory.slots[row]
        if end > keep:
            for array in memory.arrays:
                array[:, row, :, :keep] = array[:, row, :, end - keep : end]
            memory.slots[row] = keep


def make_engine(
    name: str, family: str, arguments: Mapping[str, Any], named: Mapping[str, Array]
) -> ArrayEngine:
    """Return an engine for a model.

    Args:
        name: ``compiled``, ``int8`` or ``numpy``; ``auto`` is compiled where numba is there.
        family: as on a model's card.
        arguments: those that the model was made with, ``vocab`` too.
        named: its weights by the names that PyTorch gives them.

    Raises:
        UserError: the engine needs numba, which is not there, or only PyTorch knows such a model.
        ValueError: the weights are not those of such a model.
    """
    kind = kind_of(family, arguments)
    if kind not in KINDS:
        raise UserError(f"the engine {name!r} cannot tell with a {kind}; choose torch")
    forward, compiled = _forward_of(name)
    weights = read_weights(family, arguments, named)
    if name == "int8":
        weights = to_int8(weights)
    engine = ArrayEngine(turned(weights) if compiled else weights, forward[kind])
    if compiled:
        _warm_up(engine)
    return engine


def _forward_of(name: str) -> tuple[dict[str, Forward], bool]:
    """Return an engine's functions, and whether they are compiled at their first call."""
    if name != "numpy":
        try:
            from tinystories.engine import compiled

            return compiled.FORWARD, True
        except (ImportError, RuntimeError) as error:  # Runtime: no folder to keep the result in.
            if name != "auto":
                raise UserError(
                    f"the engine {name!r} needs numba ({error}); pip install 'tinystories[speed]', "
                    "or choose the engine numpy"
                ) from error
    from tinystories.engine import plain

    return plain.FORWARD, False


def _warm_up(engine: ArrayEngine) -> None:
    """Compile, or load what was compiled before, while the user is told why it takes so long."""
    notice = threading.Timer(
        2.0, log.warning, ["compiling the engine for this machine, this one time ..."]
    )
    notice.start()
    try:
        engine.read(engine.remember(1), 0, [0])
    finally:
        notice.cancel()
