"""How cost grows: learning with context; telling with position, width, depth and vocabulary.

For each, the exponent that fits the figures, beside what counting operations says: a forward pass
costs two operations a weight and token, and attention two more a layer, remembered token and width
for scores and as many for values.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from measure import RESULTS, interleaved, save, show
from peers import build

from tinystories.engine import make_engine
from tinystories.models import FAMILIES, LanguageModel

NAMES = ("transformer", "mingru")
CONTEXTS = (128, 256, 512, 1024, 2048, 4096)
POSITIONS = (16, 64, 256, 1024)
WIDTHS = (96, 192, 384, 768)
DEPTHS = (2, 4, 8, 16)
VOCABS = (1500, 4500, 20000)


def run(*, quick: bool = False) -> None:
    """Measure, show and draw."""
    torch.set_num_threads(1)
    rounds, seconds = (1, 0.02) if quick else (5, 1.0)
    timed = partial(interleaved, rounds=rounds, seconds=seconds)
    every = slice(0, 2) if quick else slice(None)
    curves: list[dict[str, Any]] = []

    for name in NAMES:
        for what, values, step, operations in (
            ("learning: context", CONTEXTS, _learn_at, _learning_operations),
            ("telling: position", POSITIONS, _tell_after, _telling_operations),
            ("telling: width", WIDTHS, _tell_width, _telling_operations),
            ("telling: depth", DEPTHS, _tell_depth, _telling_operations),
            ("telling: vocabulary", VOCABS, _tell_vocab, _telling_operations),
        ):
            chosen = values[every]
            made = {str(v): step(name, v) for v in chosen}
            spent = timed({v: one for v, (one, _) in made.items()})
            counted = [operations(name, **sizes) for _, sizes in made.values()]
            tokens = [sizes.get("tokens", 1) for _, sizes in made.values()]
            cost = [spent[str(v)] / t for v, t in zip(chosen, tokens, strict=True)]
            curves.append(
                {
                    "what": what,
                    "model": name,
                    "values": list(chosen),
                    "us": [1e6 * c for c in cost],
                    "operations": counted,
                    "exponent": _exponent(chosen, cost),
                    "by operations": _exponent(chosen, counted),
                }
            )
    show("CPU time a token, one thread", [_row(curve) for curve in curves])
    save("growth", {"curves": curves})
    _draw(curves)


def _learn_at(name: str, context: int) -> tuple[Callable[[], object], dict[str, int]]:
    contestant = build(name, vocab=4096, width=192, depth=4)
    if name == "transformer":  # Which must see as far as the windows are long.
        contestant.model.context = context
        for block in contestant.model.blocks:
            block.mix.context = context
    ids = torch.randint(4096, (max(1, 4096 // context), context + 1))
    sizes = {"context": context, "tokens": ids[:, 1:].numel()}
    return partial(contestant.learn, ids[:, :-1], ids[:, 1:]), sizes


def _teller(
    name: str, *, after: int = 64, width: int = 192, depth: int = 4, vocab: int = 4096
) -> tuple[Callable[[], object], dict[str, int]]:
    """Return a step that tells the token after ``after`` others."""
    arguments: dict[str, Any] = {"width": width, "depth": depth}
    arguments |= {"heads": 6, "context": 4096} if name == "transformer" else {"cell": name}
    family = "transformer" if name == "transformer" else "rnn"
    model: LanguageModel = FAMILIES[family](vocab, **arguments)
    named = {n: w.detach().numpy() for n, w in model.named_parameters()}
    engine = make_engine("auto", family, {"vocab": vocab, **arguments}, named)
    memory = engine.remember(1)
    engine.read(memory, 0, np.zeros(after, int).tolist())
    positions, slots = memory.positions.copy(), memory.slots.copy()

    def step() -> None:
        memory.positions[:], memory.slots[:] = positions, slots
        engine.step(memory, [0], [1])

    return step, {"after": after, "width": width, "depth": depth, "vocab": vocab}


def _tell_after(name: str, after: int) -> tuple[Callable[[], object], dict[str, int]]:
    return _teller(name, after=after)


def _tell_width(name: str, width: int) -> tuple[Callable[[], object], dict[str, int]]:
    return _teller(name, width=width)


def _tell_depth(name: str, depth: int) -> tuple[Callable[[], object], dict[str, int]]:
    return _teller(name, depth=depth)


def _tell_vocab(name: str, vocab: int) -> tuple[Callable[[], object], dict[str, int]]:
    return _teller(name, vocab=vocab)


def _telling_operations(name: str, *, after: int, width: int, depth: int, vocab: int) -> float:
    hidden = round(width * 8 / 3 / 16) * 16
    weights = depth * (4 * width**2 + 3 * width * hidden) + vocab * width
    attention = 4 * depth * width * (after + 1) if name == "transformer" else 0
    return 2 * weights + attention


def _learning_operations(name: str, *, context: int, tokens: int) -> float:
    del tokens
    # A token sees half the window on average; backward costs twice forward.
    return 3 * _telling_operations(name, after=context // 2, width=192, depth=4, vocab=4096)


def _exponent(values: Sequence[float], cost: Sequence[float]) -> float:
    """Return the slope of the line through the logarithms."""
    return float(np.polyfit(np.log(values), np.log(cost), 1)[0])


def _row(curve: dict[str, Any]) -> dict[str, Any]:
    figures = ", ".join(
        f"{v:,}: {us:,.0f}" for v, us in zip(curve["values"], curve["us"], strict=True)
    )
    return {
        "what": curve["what"],
        "model": curve["model"],
        "microseconds a token": figures,
        "exponent": round(curve["exponent"], 2),
        "by operations": round(curve["by operations"], 2),
    }


def _draw(curves: Sequence[dict[str, Any]]) -> None:
    from matplotlib.figure import Figure

    kinds = list(dict.fromkeys(curve["what"] for curve in curves))
    figure = Figure(figsize=(2.6 * len(kinds), 2.8), layout="constrained")
    panels = figure.subplots(1, len(kinds))
    for axes, what in zip(panels, kinds, strict=True):
        for colour, curve in enumerate(c for c in curves if c["what"] == what):
            values, us = curve["values"], curve["us"]
            axes.loglog(values, us, f"C{colour}o-", label=curve["model"], linewidth=1)
            # What counting operations says, moved to where it fits.
            scale = np.exp(np.mean(np.log(us)) - np.mean(np.log(curve["operations"])))
            axes.loglog(values, scale * np.array(curve["operations"]), f"C{colour}:", linewidth=1)
        axes.set_title(what, fontsize=9)
        axes.set_xticks(values, [f"{v:,}" for v in values], rotation=45)
        seen = [us for curve in curves if curve["what"] == what for us in curve["us"]]
        ends = [min(seen), max(seen)]
        axes.set_yticks(ends, [f"{us:,.0f}" for us in ends])
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_minor_formatter("")
        axes.tick_params(labelsize=7)
        axes.grid(alpha=0.3, which="both")
    panels[0].set_ylabel("µs a token (dotted: by operations)", fontsize=8)
    panels[-1].legend(fontsize=7)
    figure.savefig(RESULTS / "growth.png", dpi=100)
