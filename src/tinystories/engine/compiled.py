"""The models as compiled loops: for ``forward`` and its arguments see :mod:`tinystories.engine`.

Numba compiles each ``forward`` at its first call and keeps the result beside this file, or in the
user's cache folder where that cannot be written to. Every sum is taken in an order that depends on
nothing but its length, so a story is the same to the last bit alone, in any batch, and with its
prompt read in any pieces.
"""

from math import floor, sqrt
from typing import Any

import numpy as np
from numba import njit

from tinystories.engine import Forward
from tinystories.engine.weights import EPS, Array, Floats, Matrix, Weights

# "contract": multiply and add in one instruction. "reassoc", for sums along a vector: several
# partial sums at a time. Neither lets a result depend on the rows beside it. "numpy": no division
# is checked, so that many are done at once. "nogil": other threads, such as that of a window, go on
# meanwhile.
_compiled = njit(fastmath={"contract"}, error_model="numpy")
_compiled_sums = njit(fastmath={"contract", "reassoc"}, error_model="numpy")
_kept = njit(fastmath={"contract"}, error_model="numpy", cache=True, nogil=True)

BLOCK = 8
"""Rows of a matrix that all stories meet before the next: they stay in a core's nearest cache."""


@_compiled
def _dot(x: Floats, matrix: Matrix, layer: int, y: Floats) -> None:
    """``y (B, N) = x (B, K) @ matrix.T``; the matrix is read from front to back."""
    w, scale = matrix.values[layer], matrix.scale[layer]
    even = len(x) // 2 * 2
    for top in range(0, len(w) if even else 0, BLOCK):
        for b in range(0, even, 2):
            for n in range(top, min(top + BLOCK, len(w))):
                one, other = _two_sums(x[b], x[b + 1], w[n])
                y[b, n], y[b + 1, n] = one * scale[n], other * scale[n]
    if even < len(x):
        row, out = x[even], y[even]
        for n in range(len(w)):
            out[n] = _sum(row, w[n]) * scale[n]


@_compiled_sums
def _sum(x: Floats, w: Array) -> Any:
    """``x (K,) @ w (K,)``; the weights may be whole numbers."""
    total = np.float32(0)
    for k in range(len(x)):
        total += x[k] * np.float32(w[k])
    return total


@_compiled_sums
def _two_sums(x: Floats, z: Floats, w: Array) -> Any:
    """As ``_sum`` for two vectors, to the last bit; each weight is loaded once for both."""
    one = other = np.float32(0)
    for k in range(len(x)):
        weight = np.float32(w[k])
        one += x[k] * weight
        other += z[k] * weight
    return one, other


@_compiled_sums
def _by(x: Floats) -> Any:
    """What a norm multiplies a vector with."""
    total = np.float32(0)
    for i in range(len(x)):
        total += x[i] * x[i]
    return np.float32(1 / sqrt(total + np.float32(len(x) * EPS)))


@_compiled
def _norm_rows(x: Floats, y: Floats) -> None:
    for b in range(len(x)):
        row, by = x[b], _by(x[b])
        for i in range(len(row)):
            y[b, i] = row[i] * by


@_compiled
def _exp(x: Floats) -> None:
    """``x[:] = exp(x)``, many at a time: 2**whole * exp(rest), the rest at most ln(2)/2.

    The power goes straight into the exponent bits; the rest is a Taylor series, whose seventh term
    is less than half a unit in the last place.
    """
    bits = np.empty(len(x), np.int32)
    power = bits.view(np.float32)
    for i in range(len(x)):
        v = min(max(x[i], np.float32(-87)), np.float32(88))
        whole = np.float32(floor(v * np.float32(1.44269504) + np.float32(0.5)))
        # ln(2) in two parts, the first of few digits, so that the difference is exact.
        r = v - whole * np.float32(0.693359375) + whole * np.float32(2.12194440e-4)
        s = np.float32(1 / 120) + r * np.float32(1 / 720)
        s = np.float32(1 / 6) + r * (np.float32(1 / 24) + r * s)
        x[i] = np.float32(1) + r * (np.float32(1) + r * (np.float32(0.5) + r * s))
        bits[i] = (np.int32(whole) + np.int32(127)) << np.int32(23)
    for i in range(len(x)):
        x[i] *= power[i]


@_compiled
def _one_and_tanh(x: Floats) -> None:
    """``x[:] = 1 + tanh(x)``, which is twice the sigmoid of twice x."""
    for i in range(len(x)):
        x[i] *= np.float32(-2)
    _exp(x)
    for i in range(len(x)):
        x[i] = np.float32(2) / (np.float32(1) + x[i])


@_compiled
def _think(w: Weights, layer: int, x: Floats) -> None:
    """Add to ``x (B, D)`` what the SwiGLU of a block makes of it."""
    rows = len(x)
    y = np.empty_like(x)
    _norm_rows(x, y)
    both = np.empty((rows, w.think_in.values.shape[1]), np.float32)
    _dot(y, w.think_in, layer, both)
    hidden = both.shape[1] // 2
    product = np.empty((rows, hidden), np.float32)
    for b in range(rows):
        gate, up, out = both[b, :hidden], both[b, hidden:], product[b]
        out[:] = gate
        _one_and_tanh(out)
        for i in range(hidden):
            out[i] *= gate[i] * up[i]
    _dot(product, w.think_out, layer, y)
    x += y


@_compiled
def _finish(w: Weights, x: Floats, logits: Floats) -> None:
    x = x[len(x) - len(logits) :]
    y = np.empty_like(x)
    _norm_rows(x, y)
    _dot(y, w.head, 0, logits)


@_kept
def _transformer(
    w: Weights,
    arrays: tuple[Floats, ...],
    tokens: Array,
    rows: Array,
    slots: Array,
    turn: Array,
    logits: Floats,
) -> None:
    keys, values = arrays
    width, size = w.embed.shape[1], w.mix.norms.shape[2]
    x = w.embed[tokens]
    y = np.empty_like(x)
    qkv = np.empty((len(x), 3 * width), np.float32)
    for layer in range(len(w.mix_in.values)):
        _norm_rows(x, y)
        _dot(y, w.mix_in, layer, qkv)
        for b in range(len(x)):
            for part in range(2):
                both = qkv[b, part * width : (part + 1) * width]
                _rotate(both, w.mix.norms[layer, part], turn[b])
            for h in range(keys.shape[2]):
                left, right = h * size, (h + 1) * size
                keys[layer, rows[b], h, slots[b]] = qkv[b, width + left : width + right]
                values[layer, rows[b], h, slots[b]] = qkv[b, 2 * width + left : 2 * width + right]
        for b in range(len(x)):
            first, end = max(0, slots[b] - w.mix.window + 1), slots[b] + 1
            for h in range(keys.shape[2]):
                _look_back(
                    qkv[b, h * size : (h + 1) * size],
                    keys[layer, rows[b], h, first:end],
                    values[layer, rows[b], h, first:end],
                    y[b, h * size : (h + 1) * size],
                )
        mixed = np.empty_like(x)
        _dot(y, w.mix_out, layer, mixed)
        x += mixed
        _think(w, layer, x)
    _finish(w, x, logits)


@_compiled
def _rotate(x: Floats, weight: Floats, turn: Array) -> None:
    """Norm each head of ``x (D,)``, and turn it by the angles of its position."""
    for start in range(0, len(x), len(weight)):
        head = x[start : start + len(weight)]
        by = _by(head)
        for i in range(len(turn)):
            real, imag = head[2 * i] * by * weight[2 * i], head[2 * i + 1] * by * weight[2 * i + 1]
            head[2 * i] = real * turn[i].real - imag * turn[i].imag
            head[2 * i + 1] = real * turn[i].imag + imag * turn[i].real


@_compiled_sums
def _look_back(q: Floats, keys: Floats, values: Floats, y: Floats) -> None:
    """Attention of one scaled query ``(D/H,)`` over its head's ``keys`` and ``values (S, D/H)``."""
    p = np.empty(len(keys), np.float32)
    _compare(q, keys, p)
    top = np.float32(-np.inf)
    for s in range(len(p)):
        if p[s] > top:
            top = p[s]
    for s in range(len(p)):
        p[s] -= top
    _exp(p)
    total = np.float32(0)
    for s in range(len(p)):
        total += p[s]
    _gather(p, values, y)
    for i in range(len(y)):
        y[i] /= total


@_compiled_sums
def _compare(q: Floats, keys: Floats, p: Floats) -> None:
    """``p (S,) = keys @ q``, four keys at a time, since a head is a short vector."""
    fours = len(keys) // 4 * 4
    for s in range(0, fours, 4):
        k0, k1, k2, k3 = keys[s], keys[s + 1], keys[s + 2], keys[s + 3]
        p0 = p1 = p2 = p3 = np.float32(0)
        for i in range(len(q)):
            p0 += q[i] * k0[i]
            p1 += q[i] * k1[i]
            p2 += q[i] * k2[i]
            p3 += q[i] * k3[i]
        p[s], p[s + 1], p[s + 2], p[s + 3] = p0, p1, p2, p3
    for s in range(fours, len(keys)):
        p[s] = _sum(q, keys[s])


@_compiled
def _gather(p: Floats, values: Floats, y: Floats) -> None:
    """``y (D/H,) = p (S,) @ values``, four values at a time: fewer loads and stores of ``y``."""
    fours = len(p) // 4 * 4
    y[:] = 0
    for s in range(0, fours, 4):
        v0, v1, v2, v3 = values[s], values[s + 1], values[s + 2], values[s + 3]
        for i in range(len(y)):
            y[i] += p[s] * v0[i] + p[s + 1] * v1[i] + p[s + 2] * v2[i] + p[s + 3] * v3[i]
    for s in range(fours, len(p)):
        value = values[s]
        for i in range(len(y)):
            y[i] += p[s] * value[i]


@_kept
def _mingru(
    w: Weights,
    arrays: tuple[Floats, ...],
    tokens: Array,
    rows: Array,
    slots: Array,
    turn: Array,
    logits: Floats,
) -> None:
    width = w.embed.shape[1]
    x = w.embed[tokens]
    y = np.empty_like(x)
    parts = np.empty((len(x), 3 * width), np.float32)
    for layer in range(len(w.mix_in.values)):
        _norm_rows(x, y)
        _dot(y, w.mix_in, layer, parts)
        bias = w.mix.bias[layer]
        for b in range(len(x)):
            update, new = parts[b, :width], parts[b, width : 2 * width]
            gate, out, h = parts[b, 2 * width :], y[b], arrays[0][layer, rows[b]]
            out[:] = gate
            _one_and_tanh(out)
            for i in range(width):
                update[i] += bias[i]
            _one_and_tanh(update)
            for i in range(width):
                z = np.float32(0.5) * update[i]
                h[i] = (np.float32(1) - z) * h[i] + z * new[i]
                out[i] *= h[i] * gate[i]
        mixed = np.empty_like(x)
        _dot(y, w.mix_out, layer, mixed)
        x += mixed
        _think(w, layer, x)
    _finish(w, x, logits)


FORWARD: dict[str, Forward] = {"transformer": _transformer, "mingru": _mingru}
