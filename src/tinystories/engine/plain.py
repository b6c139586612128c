"""The models in numpy: for ``forward`` and its arguments see :mod:`tinystories.engine`.

At one token a step, half of the time is numpy's own cost of being called: so few calls, on views.
"""

from collections.abc import Callable

import numpy as np

from tinystories.engine import Forward
from tinystories.engine.weights import EPS, Array, Attention, Floats, Matrix, MinGRU, Weights

Mix = Callable[[Weights, int, tuple[Floats, ...], Floats, Array, Array, Array], Floats]
ONE = np.float32(1)


def _forward_with(mix: Mix) -> Forward:
    def forward(
        w: Weights,
        arrays: tuple[Floats, ...],
        tokens: Array,
        rows: Array,
        slots: Array,
        turn: Array,
        logits: Floats,
    ) -> None:
        x = w.embed[tokens]
        hidden = w.think_out.values.shape[1]
        dot = _dot if rows[0] == rows[-1] else _dot_each
        for layer in range(len(w.mix_in.values)):
            a = dot(_norm(x), w.mix_in, layer)
            x += dot(mix(w, layer, arrays, a, rows, slots, turn), w.mix_out, layer)
            both = dot(_norm(x), w.think_in, layer)
            gated = _silu_of_twice(both[:, :hidden])
            gated *= both[:, hidden:]
            x += dot(gated, w.think_out, layer)
        logits[:] = dot(_norm(x[-len(logits) :]), w.head, 0)

    return forward


def _dot(x: Floats, matrix: Matrix, layer: int) -> Floats:
    y: Floats = np.dot(x, matrix.values[layer])
    return y


def _dot_each(x: Floats, matrix: Matrix, layer: int) -> Floats:
    """The same, row by row: how a story's sums are rounded must not depend on those beside it."""
    y: Floats = np.matmul(x[:, None], matrix.values[layer])[:, 0]
    return y


def _norm(x: Floats) -> Floats:
    length = np.vecdot(x, x)
    length += x.shape[-1] * EPS
    np.sqrt(length, out=length)
    y: Floats = x / length[..., None]
    return y


def _silu_of_twice(x: Floats) -> Floats:
    """``2 x sigmoid(2 x)``, by tanh, since exp overflows."""
    y: Floats = np.tanh(x)
    y += 1
    y *= x
    return y


def _attend(
    w: Weights,
    layer: int,
    arrays: tuple[Floats, ...],
    a: Floats,
    rows: Array,
    slots: Array,
    turn: Array,
) -> Floats:
    assert isinstance(w.mix, Attention)
    keys, values = arrays
    window = w.mix.window
    count, norms = len(a), w.mix.norms[layer]
    # Queries, keys and values, each (B, H, D/H).
    parts = a.reshape(count, 3, -1, norms.shape[-1])
    both = _norm(parts[:, :2])
    both *= norms[:, None]
    both = (both.view(np.complex64) * turn[:, None, None]).view(np.float32)
    q, k, v = both[:, 0], both[:, 1], parts[:, 2]
    if rows[0] == rows[-1]:  # Tokens of one story, one after another.
        memory = keys[layer, rows[0]], values[layer, rows[0]]
        new = slice(slots[0], slots[-1] + 1)
        memory[0][:, new], memory[1][:, new] = k.swapaxes(0, 1), v.swapaxes(0, 1)
        return _look_back(q, *memory, slots, window)
    keys[layer, rows, :, slots], values[layer, rows, :, slots] = k, v
    y = np.empty((count, a.shape[1] // 3), np.float32)
    for b, row in enumerate(rows):
        at = slice(b, b + 1)
        y[at] = _look_back(q[at], keys[layer, row], values[layer, row], slots[at], window)
    return y


def _look_back(q: Floats, keys: Floats, values: Floats, slots: Array, window: int) -> Floats:
    """Attention of ``q (T, H, D/H)`` in ``slots (T,)`` of a story's memory ``(H, S, D/H)``."""
    first, end = max(0, slots[0] - window + 1), slots[-1] + 1
    k, v = keys[:, first:end].swapaxes(1, 2), values[:, first:end]
    scores = q.swapaxes(0, 1) @ k
    if len(q) > 1:
        age = slots[:, None] - np.arange(first, end)
        scores[:, (age < 0) | (age >= window)] = -np.inf
    scores -= np.maximum.reduce(scores, axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    y: Floats = np.matmul(scores, v, dtype=np.float32)
    y /= np.add.reduce(scores, axis=-1, keepdims=True)
    return y.swapaxes(0, 1).reshape(len(q), -1)


def _mingru(
    w: Weights,
    layer: int,
    arrays: tuple[Floats, ...],
    a: Floats,
    rows: Array,
    slots: Array,
    turn: Array,
) -> Floats:
    assert isinstance(w.mix, MinGRU)
    width = a.shape[1] // 3
    update = np.tanh(a[:, :width] + w.mix.bias[layer])
    update += 1
    update *= 0.5
    keep, new = ONE - update, update * a[:, width : 2 * width]
    hidden = arrays[0][layer]
    if rows[0] == rows[-1]:  # Tokens of one story, one after another.
        seen = np.empty_like(new)
        before = hidden[rows[0]]
        for t in range(len(a)):
            before = np.add(keep[t] * before, new[t], out=seen[t])
        hidden[rows[0]] = before
    else:
        seen = hidden[rows] = keep * hidden[rows] + new
    gate = _silu_of_twice(a[:, 2 * width :])
    gate *= seen
    return gate


FORWARD: dict[str, Forward] = {
    "transformer": _forward_with(_attend),
    "mingru": _forward_with(_mingru),
}
