"""What a model costs, counted from its card's figures; nothing is loaded."""

from collections.abc import Iterable, Mapping
from typing import Any


def flops_a_token(
    family: str, arguments: Mapping[str, Any], *, parameters: float, vocab: int
) -> float:
    """Return the floating-point operations that training spends on a token (Kaplan et al. 2020).

    Six for each parameter that is multiplied with, which the tied embedding is as the head, and six
    for each number that attention compares and sums; the few of a recurrence are left out.

    Args:
        family: ``transformer`` or ``rnn``.
        arguments: those that the model was made with.
        parameters: how many it has.
        vocab: number of token ids.
    """
    context = arguments.get("context", 512)
    multiplied = parameters
    if not arguments.get("tied", True):  # Then one of the two matrices is only looked up.
        multiplied -= vocab * arguments["width"]
    if arguments.get("positions") == "learned":
        multiplied -= context * arguments["width"]
    total = 6.0 * multiplied
    if family == "transformer":  # Half of a window lies before a token, on average.
        total += 6.0 * arguments["depth"] * arguments["width"] * context
    return total


def training_flops(
    card: Mapping[str, Any], teachers: Iterable[Mapping[str, Any]], *, vocab: int
) -> float:
    """Return the operations that training spends on a token, those of its teachers included.

    They read it, which is a third of learning from it.

    Args:
        card: of a model: its ``model`` (``family``, ``arguments``) and its ``parameters``.
        teachers: the same of each of them.
        vocab: number of token ids, of all.
    """

    def each(some: Mapping[str, Any]) -> float:
        return flops_a_token(**some["model"], parameters=some["parameters"]["total"], vocab=vocab)

    return each(card) + sum(map(each, teachers)) / 3


def memory_bytes(family: str, arguments: Mapping[str, Any], *, tokens: int) -> int:
    """Return what a model remembers of a story after so many tokens, in bytes of float32.

    A transformer keeps a key and a value a block for each token of its window, an RNN one vector a
    block (an LSTM two) whatever it has read.
    """
    vectors = 2 if arguments.get("cell") == "lstm" else 1
    if family == "transformer":
        vectors = 2 * min(tokens, arguments.get("context", 512) - 1)
    return int(4 * vectors * arguments["depth"] * arguments["width"])
