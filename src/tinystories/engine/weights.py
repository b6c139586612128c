"""The weights of a trained model, laid out for telling one token at a time.

Matrices that read the same vector lie side by side in one. All are read as ``(in, out)``; compiled
code has them as ``(out, in)``, so that it goes through memory from front to back. What a norm
multiplies with is already in the matrix behind it, so a norm only divides, by the length of the
vector; and what goes into a sigmoid comes halved, since ``sigmoid(2 s) = (1 + tanh(s)) / 2``.
"""

from collections.abc import Callable, Mapping
from math import prod
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]


LONGEST = 2**17
"""Tokens of context at most: a memory of more would not fit most machines."""

EPS = 1e-6
"""What a norm adds to the mean square."""

LINE = 64
"""Bytes of a line of the cache, of almost all processors."""

HALF = np.float32(0.5)


class Matrix(NamedTuple):
    """The same matrix of every block: ``values (L, in, out)`` times ``scale (L, out)``.

    After :func:`turned` the values are ``(L, out, in)``. They are float32 and the scales 1, or they
    are whole numbers from -127 to 127.
    """

    values: Array
    scale: Floats


class Attention(NamedTuple):
    """What a transformer's block has besides its matrices; the window is the model's context.

    ``norms (L, 2, D/H)`` are the weights of the queries' norm and of the keys'. The queries' carry
    the attention's ``1 / sqrt(D/H)`` too. The numbers that a position turns together, in PyTorch
    half a head apart, are neighbours here: a complex number.
    """

    norms: Floats
    window: int


class MinGRU(NamedTuple):
    """What a minGRU has besides its matrices: half the bias of the update gate, ``(L, D)``."""

    bias: Floats


class Weights(NamedTuple):
    """A model of ``L`` blocks: each mixes in what was read before, then thinks (SwiGLU).

    ``mix`` is an :class:`Attention` or a :class:`MinGRU`: the compiled code is made for either.
    """

    embed: Floats
    mix_in: Matrix
    mix: Any
    mix_out: Matrix
    think_in: Matrix
    think_out: Matrix
    head: Matrix


USUAL = {"tied": True, "positions": "rotary"}
"""Arguments that only PyTorch knows with other values, which are there to be compared with."""


def kind_of(family: str, arguments: Mapping[str, Any]) -> str:
    """Return what mixes in the past: the cell of an RNN, or what else the family is called.

    A model with a part that is not ``USUAL`` is a kind of its own, named after that part.
    """
    kind = str(arguments.get("cell", "mingru")) if family == "rnn" else family
    return " ".join((kind, *unusual(arguments)))


def unusual(arguments: Mapping[str, Any]) -> list[str]:
    """Return which of a model's arguments are not ``USUAL``, as they are written in a command."""
    return [
        f"model.{name}={value}"
        for name, usual in USUAL.items()
        if (value := arguments.get(name, usual)) != usual
    ]


def read_weights(family: str, arguments: Mapping[str, Any], named: Mapping[str, Array]) -> Weights:
    """Return the weights of a model, which is one of ``KINDS``.

    Args:
        family: as on a model's card.
        arguments: those that the model was made with, ``vocab`` too.
        named: the weights by the names that the PyTorch model gives them.

    Raises:
        ValueError: they are not the weights of such a model.
    """
    left = {name: np.asarray(weight, np.float32) for name, weight in named.items()}
    if unfit := [name for name, weight in left.items() if not np.isfinite(weight).all()]:
        raise ValueError(f"there is a number that is not finite in {unfit[0]!r}")
    depth = 1 + max((int(n.split(".")[1]) for n in left if n.startswith("blocks.")), default=-1)

    def take(name: str) -> Floats:
        """The same weight of every block, the matrices turned to ``(in, out)``."""
        return np.stack([left.pop(f"blocks.{i}.{name}").T for i in range(depth)])

    kind = kind_of(family, arguments)
    try:
        mix_in, mix = _MIXES[kind](take, arguments)
        embed = left.pop("embed.weight")
        think_in = HALF * take("think.gate.weight"), take("think.up.weight")
        weights = Weights(
            embed=embed,
            mix_in=_matrix(*mix_in, norm=take("mix_norm.weight")),
            mix=mix,
            mix_out=_matrix(take("mix.out.weight")),
            think_in=_matrix(*think_in, norm=take("think_norm.weight")),
            think_out=_matrix(take("think.down.weight")),
            head=_matrix(embed.T[None], norm=left.pop("norm.weight")[None]),
        )
    except KeyError as error:
        raise ValueError(f"there is no {error}") from error
    if left:
        raise ValueError(f"there is a weight {next(iter(left))!r} that no {kind} has")
    _check(weights, arguments)
    return weights


def _attention(
    take: Callable[[str], Floats], arguments: Mapping[str, Any]
) -> tuple[list[Floats], Attention]:
    norms = np.stack((take("mix.query_norm.weight"), take("mix.key_norm.weight")), axis=1)
    size = norms.shape[-1]
    window = int(arguments.get("context", 512))
    if not 1 < window <= LONGEST:
        raise ValueError(f"the card says context {window}")
    query, key, value = (take(f"mix.{name}.weight") for name in ("query", "key", "value"))
    if size == 0 or size % 2 or query.shape[-1] % size:
        raise ValueError(f"heads of {size} numbers do not fit a width of {query.shape[-1]}")
    norms[:, 1] *= np.float32(size**0.5)  # The queries' would go with the 1 / sqrt(D/H).
    return [_paired(query, size), _paired(key, size), value], Attention(
        _paired(norms, size), window
    )


def _paired(columns: Floats, size: int) -> Floats:
    """Put the columns of heads of ``size`` that are half a head apart beside each other."""
    heads = columns.reshape(*columns.shape[:-1], -1, 2, size // 2)
    return heads.swapaxes(-1, -2).reshape(columns.shape)


def _mingru(take: Callable[[str], Floats], _: Mapping[str, Any]) -> tuple[list[Floats], MinGRU]:
    update, new, gate = (take(f"mix.{name}.weight") for name in ("update", "candidate", "gate"))
    return [HALF * update, new, HALF * gate], MinGRU(HALF * take("mix.update.bias"))


_MIXES: dict[str, Callable[..., tuple[list[Floats], Attention | MinGRU]]] = {
    "transformer": _attention,
    "mingru": _mingru,
}

KINDS = tuple(_MIXES)
"""The kinds of models that this package can read; PyTorch has to tell for the others."""


def _check(weights: Weights, arguments: Mapping[str, Any]) -> None:
    """Refuse weights that are not those of a model with these arguments."""
    vocab, width = weights.embed.shape
    depth, hidden, _ = weights.think_out.values.shape
    found = {"vocab": vocab, "width": width, "depth": depth, "hidden": hidden}
    if isinstance(weights.mix, Attention):
        size = weights.mix.norms.shape[-1]
        if weights.mix.norms.shape != (depth, 2, size):
            raise ValueError("the norms of queries and keys have another shape than the model")
        found["heads"] = width // size
    elif weights.mix.bias.shape != (depth, width):
        raise ValueError("the bias of the update gate has another shape than the model")
    shapes = {
        "mix_in": (depth, width, 3 * width),
        "mix_out": (depth, width, width),
        "think_in": (depth, width, 2 * hidden),
        "think_out": (depth, hidden, width),
        "head": (1, width, vocab),
    }
    # Compiled code would read on behind an array that is too short.
    for name, shape in shapes.items():
        if (given := getattr(weights, name).values.shape) != shape:
            raise ValueError(f"{name} has the shape {given}, not {shape}")
    for name, value in arguments.items():
        if name not in {*found, *USUAL, "context", "cell", "dropout"}:
            raise ValueError(f"there is no argument {name!r} of such a model")
        if value is not None and found.get(name, value) != value:
            raise ValueError(f"the card says {name} {value!r}, the weights say {found[name]}")


def _matrix(*parts: Floats, norm: Floats | None = None) -> Matrix:
    """Return matrices ``(L, in, out)`` side by side, behind a norm with weights ``(L, in)``."""
    values = np.ascontiguousarray(np.concatenate(parts, axis=-1))
    if values.ndim != 3 or (norm is not None and norm.shape != values.shape[:2]):
        raise ValueError(f"a matrix has the shape {values.shape[1:]}, which the model's has not")
    if norm is not None:
        values *= norm[..., None] * np.float32(values.shape[1] ** 0.5)
    return Matrix(values, np.ones((len(values), values.shape[2]), np.float32))


def to_int8(weights: Weights) -> Weights:
    """Return the weights with every matrix in bytes: a quarter of the memory to stream through.

    Each output has a scale of its own, such that its largest weight is 127.
    """

    def small(matrix: Matrix) -> Matrix:
        scale = np.abs(matrix.values).max(axis=1) / np.float32(127)
        scale[scale == 0] = 1
        values = np.rint(matrix.values / scale[:, None])
        return Matrix(values.astype(np.int8), scale)

    return _with_each_matrix(small, weights)


def turned(weights: Weights) -> Weights:
    """Return the weights with every matrix the other way round, one output after another."""

    def turn(matrix: Matrix) -> Matrix:
        layers, inputs, outputs = matrix.values.shape
        values = aligned((layers, outputs, inputs), matrix.values.dtype)
        values[:] = matrix.values.swapaxes(1, 2)
        return Matrix(values, matrix.scale)

    return _with_each_matrix(turn, weights)


def aligned(shape: tuple[int, ...], dtype: npt.DTypeLike = np.float32) -> Array:
    """Return an empty array that begins where a line of the cache does.

    Where it does not, as in most of numpy's arrays, every second wide load reads from two lines.
    """
    size = prod(shape) * np.dtype(dtype).itemsize
    room = np.empty(size + LINE, np.uint8)
    start = -room.ctypes.data % LINE
    return room[start : start + size].view(dtype).reshape(shape)


def _with_each_matrix(change: Callable[[Matrix], Matrix], weights: Weights) -> Weights:
    parts = weights._asdict()
    changed: dict[str, Any] = {
        name: change(part) for name, part in parts.items() if isinstance(part, Matrix)
    }
    return weights._replace(**changed)
