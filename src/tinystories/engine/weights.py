"""The weights of a trained model, laid out for telling one token at a time.

Matrices that read the same vector lie side by side in one, and all are kept as ``(in, out)``: a
step then streams through memory once, from front to back.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]


LONGEST = 2**17
"""Tokens of context at most: a memory of more would not fit most machines."""


class Matrix(NamedTuple):
    """The same matrix of every block: ``values (L, in, out)`` times ``scale (L, out)``.

    The values are float32 and the scales 1, or the values are whole numbers from -127 to 127.
    """

    values: Array
    scale: Floats


class Attention(NamedTuple):
    """What a transformer's block has besides its matrices; the window is the model's context.

    ``norms (L, 2, D/H)`` are the weights of the queries' norm and of the keys'. The queries' carry
    the attention's ``1 / sqrt(D/H)`` too.
    """

    norms: Floats
    window: int


class MinGRU(NamedTuple):
    """What a minGRU has besides its matrices: the bias of the update gate, ``(L, D)``."""

    bias: Floats


class Weights(NamedTuple):
    """A model of ``L`` blocks: each mixes in what was read before, then thinks (SwiGLU).

    ``mix`` is an :class:`Attention` or a :class:`MinGRU`: the compiled code is made for either.
    """

    embed: Floats
    mix_norm: Floats
    mix_in: Matrix
    mix: Any
    mix_out: Matrix
    think_norm: Floats
    think_in: Matrix
    think_out: Matrix
    norm: Floats
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

    def join(*names: str) -> Matrix:
        return _matrix(np.concatenate([take(f"{name}.weight") for name in names], axis=-1))

    kind = kind_of(family, arguments)
    try:
        mix_in, mix = _MIXES[kind](take, join, arguments)
        embed = left.pop("embed.weight")
        weights = Weights(
            embed=embed,
            mix_norm=take("mix_norm.weight"),
            mix_in=mix_in,
            mix=mix,
            mix_out=join("mix.out"),
            think_norm=take("think_norm.weight"),
            think_in=join("think.gate", "think.up"),
            think_out=join("think.down"),
            norm=left.pop("norm.weight"),
            head=_matrix(np.ascontiguousarray(embed.T)[None]),
        )
    except KeyError as error:
        raise ValueError(f"there is no {error}") from error
    if left:
        raise ValueError(f"there is a weight {next(iter(left))!r} that no {kind} has")
    _check(weights, arguments)
    return weights


def _attention(
    take: Callable[[str], Floats], join: Callable[..., Matrix], arguments: Mapping[str, Any]
) -> tuple[Matrix, Attention]:
    norms = np.stack((take("mix.query_norm.weight"), take("mix.key_norm.weight")), axis=1)
    norms[:, 0] *= np.float32(norms.shape[-1] ** -0.5)
    window = int(arguments.get("context", 512))
    if not 1 < window <= LONGEST:
        raise ValueError(f"the card says context {window}")
    return join("mix.query", "mix.key", "mix.value"), Attention(norms, window)


def _mingru(
    take: Callable[[str], Floats], join: Callable[..., Matrix], _: Mapping[str, Any]
) -> tuple[Matrix, MinGRU]:
    return join("mix.update", "mix.candidate", "mix.gate"), MinGRU(take("mix.update.bias"))


_MIXES: dict[str, Callable[..., tuple[Matrix, Attention | MinGRU]]] = {
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
        if size == 0 or size % 2 or width % size or weights.mix.norms.shape != (depth, 2, size):
            raise ValueError(f"heads of {size} numbers do not fit a width of {width}")
        found["heads"] = width // size
    elif weights.mix.bias.shape != (depth, width):
        raise ValueError("the bias of the update gate has another shape than the model")
    shapes = {
        "mix_norm": (depth, width),
        "mix_in": (depth, width, 3 * width),
        "mix_out": (depth, width, width),
        "think_norm": (depth, width),
        "think_in": (depth, width, 2 * hidden),
        "think_out": (depth, hidden, width),
        "norm": (width,),
    }
    # Compiled code would read on behind an array that is too short.
    for name, shape in shapes.items():
        part = getattr(weights, name)
        values = part.values if isinstance(part, Matrix) else part
        if values.shape != shape:
            raise ValueError(f"{name} has the shape {values.shape}, not {shape}")
    for name, value in arguments.items():
        if name not in {*found, *USUAL, "context", "cell", "dropout"}:
            raise ValueError(f"there is no argument {name!r} of such a model")
        if value is not None and found.get(name, value) != value:
            raise ValueError(f"the card says {name} {value!r}, the weights say {found[name]}")


def _matrix(values: Floats) -> Matrix:
    values = np.ascontiguousarray(values)
    return Matrix(values, np.ones((len(values), values.shape[2]), np.float32))


def to_int8(weights: Weights) -> Weights:
    """Return the weights with every matrix in bytes: a quarter of the memory to stream through.

    Each output has a scale of its own, such that its largest weight is 127.
    """

    def small(part: Any) -> Any:
        if isinstance(part, Matrix):
            scale = np.abs(part.values).max(axis=1) / np.float32(127)
            scale[scale == 0] = 1
            values = np.rint(part.values / scale[:, None])
            return Matrix(values.astype(np.int8), scale)
        if isinstance(part, tuple):
            return type(part)(*map(small, part))
        return part

    return small(weights)  # type: ignore[no-any-return]
