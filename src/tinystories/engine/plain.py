"""The models in numpy: for ``forward`` and its arguments see :mod:`tinystories.engine`."""

from collections.abc import Callable

import numpy as np

from tinystories.engine import Forward
from tinystories.engine.weights import Array, Floats, Matrix, Weights

Mix = Callable[[Weights, int, tuple[Floats, ...], Floats, Array, Array, Floats], Floats]


def _forward_with(mix: Mix) -> Forward:
    def forward(
        w: Weights,
        arrays: tuple[Floats, ...],
        tokens: Array,
        rows: Array,
        slots: Array,
        turn: Floats,
        logits: Floats,
    ) -> None:
        x = w.embed[tokens]
        for layer in range(len(w.mix_norm)):
            a = _dot(_norm(x, w.mix_norm[layer]), w.mix_in, layer)
            x += _dot(mix(w, layer, arrays, a, rows, slots, turn), w.mix_out, layer)
            gate, up = np.split(_dot(_norm(x, w.think_norm[layer]), w.think_in, layer), 2, axis=1)
            x += _dot(gate * _sigmoid(gate) * up, w.think_out, layer)
        np.dot(_norm(x[-len(logits) :], w.norm), w.head.values[0], out=logits)

    return forward


def _dot(x: Floats, matrix: Matrix, layer: int) -> Floats:
    y: Floats = np.dot(x, matrix.values[layer])
    return y


def _norm(x: Floats, weight: Floats) -> Floats:
    mean = np.einsum("...i,...i->...", x, x)[..., None] / np.float32(x.shape[-1])
    return x * (weight / np.sqrt(mean + np.float32(1e-6)))  # type: ignore[no-any-return]


def _sigmoid(x: Floats) -> Floats:
    half = np.float32(0.5)
    return half + half * np.tanh(half * x)  # type: ignore[no-any-return]


def _attend(
    w: Weights,
    layer: int,
    arrays: tuple[Floats, ...],
    a: Floats,
    rows: Array,
    slots: Array,
    turn: Floats,
) -> Floats:
    keys, values = arrays
    window = w.mix.window
    count, size = len(a), w.mix.query_norm.shape[1]
    q, k, v = a.reshape(count, 3, -1, size).swapaxes(0, 1)  # Each (B, H, D/H).
    q = _rotate(_norm(q, w.mix.query_norm[layer]), turn) * np.float32(size**-0.5)
    keys[layer, rows, :, slots] = _rotate(_norm(k, w.mix.key_norm[layer]), turn)
    values[layer, rows, :, slots] = v
    if rows[0] == rows[-1]:
        return _look_back(q, keys[layer, rows[0]], values[layer, rows[0]], slots, window)
    each = (
        _look_back(q[b : b + 1], keys[layer, row], values[layer, row], slots[b : b + 1], window)
        for b, row in enumerate(rows)
    )
    return np.concatenate(list(each))


def _rotate(x: Floats, turn: Floats) -> Floats:
    cos, sin = turn[:, :, None]
    left, right = np.split(x, 2, axis=-1)
    return np.concatenate((left * cos - right * sin, right * cos + left * sin), axis=-1)


def _look_back(q: Floats, keys: Floats, values: Floats, slots: Array, window: int) -> Floats:
    """Attention of ``q (T, H, D/H)`` in ``slots (T,)`` of a story's memory ``(H, S, D/H)``."""
    first, end = max(0, slots[0] - window + 1), slots[-1] + 1
    k, v = keys[:, first:end].swapaxes(1, 2), values[:, first:end]
    scores = q.swapaxes(0, 1) @ k
    if len(q) > 1:
        age = slots[:, None] - np.arange(first, end)
        scores[:, (age < 0) | (age >= window)] = -np.inf
    scores -= scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=-1, keepdims=True)
    return np.concatenate(list(scores @ v), axis=-1)


def _mingru(
    w: Weights,
    layer: int,
    arrays: tuple[Floats, ...],
    a: Floats,
    rows: Array,
    slots: Array,
    turn: Floats,
) -> Floats:
    update, candidate, gate = np.split(a, 3, axis=1)
    update = _sigmoid(update + w.mix.bias[layer])
    keep, new = 1 - update, update * candidate
    hidden = arrays[0][layer]
    if rows[0] == rows[-1]:
        seen = np.empty_like(new)
        before = hidden[rows[0]]
        for t in range(len(a)):
            before = np.add(keep[t] * before, new[t], out=seen[t])
        hidden[rows[0]] = before
    else:
        seen = hidden[rows] = keep * hidden[rows] + new
    return seen * gate * _sigmoid(gate)


FORWARD: dict[str, Forward] = {
    "transformer": _forward_with(_attend),
    "mingru": _forward_with(_mingru),
}
