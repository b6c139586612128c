"""Many runs at a glance: seeds taken together, curves, and which is best for its size or speed.

Reads cards, curves and scores; no model is loaded.
"""

import base64
import csv
import io
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from statistics import mean, stdev
from typing import TYPE_CHECKING, Any

from tinystories.cost import memory_bytes, training_flops
from tinystories.errors import UserError
from tinystories.evaluation.effects import Effect, effects
from tinystories.evaluation.intervals import Interval, student_reach
from tinystories.evaluation.operation import LENGTHS
from tinystories.evaluation.scorecard import read_scorecard
from tinystories.files import write_atomically
from tinystories.runs import Run, find_runs

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

PAGE = "overview.html"

_COLOURS = ("#b3402e", "#2f6f9f", "#2f6f4f", "#8a5fa0", "#b08020", "#5a6270")

Point = tuple[float, float]


@dataclass(frozen=True)
class Curve:
    """What a run's validations said: bits per byte after so many tokens and seconds of training."""

    tokens: tuple[float, ...]
    seconds: tuple[float, ...]
    bits: tuple[float, ...]


@dataclass(frozen=True)
class Entry:
    """Runs that differ in nothing but their seed."""

    runs: tuple[Run, ...]

    @property
    def name(self) -> str:
        """The model's."""
        return self.runs[0].name

    @property
    def card(self) -> Mapping[str, Any]:
        """That of the first."""
        return self.runs[0].card

    @cached_property
    def bits(self) -> Interval:
        """Mean bits per byte over the seeds, with Student's 95 % interval for two or more."""
        values = [run.val_bpb for run in self.runs]
        n = len(values)
        if n == 1:
            return Interval(values[0], math.nan, math.nan, 1)
        half = student_reach(n - 1) * stdev(values) / math.sqrt(n)
        return Interval(mean(values), mean(values) - half, mean(values) + half, n)

    def trained(self, what: str) -> float:
        """Mean over the seeds of what their cards say of ``tokens`` or ``seconds`` of training."""
        return mean(run.card["training"].get(what) or 0 for run in self.runs)

    @cached_property
    def operation(self) -> Mapping[str, float]:
        """How fast it runs, where a run was judged: the figures of its scorecard."""
        for run in self.runs:
            try:
                if figures := read_scorecard(_root(run)).operation:
                    return figures
            except UserError:
                continue
        return {}


def entries(runs: Iterable[Run]) -> list[Entry]:
    """Return runs, those that differ in their seed only as one; the best first."""
    found: dict[str, list[Run]] = {}
    for run in runs:
        card, training = run.card, run.card["training"]
        alike = (
            *(card["model"], card["vocab"]["words"], card["data"].get("fingerprint")),
            *(training.get("optimizer"), training.get("batch_tokens"), training.get("finished")),
            *(training.get("base"), training.get("teachers"), training.get("distillation")),
            # Equal minutes are never twice the same steps. Cards of older versions do not say what
            # was given: there, much the same must do.
            training.get("budget") or round(math.log(max(1, training.get("tokens", 1)), 1.25)),
        )
        found.setdefault(json.dumps(alike, sort_keys=True), []).append(run)
    groups = [Entry(tuple(some)) for some in found.values()]
    return sorted(groups, key=lambda entry: (entry.runs[0].embedded, entry.bits.value))


def curve_of(run: Run) -> Curve | None:
    """Return the learning curve of a run; None where it kept none, as a packed one."""
    path = _root(run) / "metrics.csv"
    if not path.is_file():
        return None
    seen = spent = 0.0
    points: list[tuple[float, float, float]] = []
    speed = math.inf
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            try:
                value = float(row["value"])
            except (TypeError, ValueError):
                continue  # A line that a crash cut short.
            match row["metric"]:
                case "train/tokens_per_s":
                    speed = value
                case "train/tokens":
                    spent += (value - seen) / speed
                    seen = value
                case "val/bpb" if seen:
                    points.append((seen, spent, value))
    return Curve(*zip(*points, strict=True)) if points else None


def flops_of(run: Run) -> float:
    """Return the floating-point operations that training this run spends on a token."""
    card = run.card
    teachers = card["training"].get("teachers", ())
    return training_flops(card, teachers, vocab=card["vocab"]["tokens"])


def front(points: Sequence[Point]) -> list[Point]:
    """Return the points that no other beats in both (Pareto); less is better in each."""
    best: list[Point] = []
    for point in sorted(points):
        if not best or point[1] < best[-1][1]:
            best.append(point)
    return best


def warnings(found: Sequence[Entry]) -> Iterator[str]:
    """Say in a line each why these runs may not be fit to be compared."""
    cards = [entry.card for entry in found]
    if len({card["data"].get("fingerprint") for card in cards}) > 1:
        yield "they learned from different stories"
    # Other stories hardly ever have as many bytes in all.
    if len({json.dumps(card["data"].get("validation")) for card in cards}) > 1:
        yield "they were judged by different stories: their bits per byte do not compare"
    for what, values, most in (
        ("parameters", [card["parameters"]["total"] for card in cards], 1.05),
        ("tokens read", [entry.trained("tokens") for entry in found], 1.1),
        ("seconds of training", [entry.trained("seconds") for entry in found], 1.25),
    ):
        if max(values) > most * min(values):
            yield f"they differ in {what}: {min(values):,.0f} to {max(values):,.0f}"
    if taught := sum(bool(card["training"].get("teachers")) for card in cards):
        yield f"{taught} learned from teachers, too, whose own training is not counted"
    if unfinished := sum(not card["training"].get("finished", True) for card in cards):
        yield f"{unfinished} were stopped before their learning rate had come down"


def differing(found: Sequence[Entry]) -> list[str]:
    """Return for each entry the settings in which it differs from another, such as ``depth 2``."""
    settings = [_settings(entry.card) for entry in found]
    values: dict[str, set[str]] = {}
    for some in settings:
        for name, value in some.items():
            values.setdefault(name, set()).add(value)
    return [
        ", ".join(f"{name} {value}" for name, value in some.items() if len(values[name]) > 1)
        for some in settings
    ]


def _settings(card: Mapping[str, Any]) -> dict[str, str]:
    """Return what a card says a run was asked for, but for what its line says anyway."""
    asked = {name: card["data"].get(name) for name in ("limit", "filter", "deduplicate")}
    asked = {**card["model"]["arguments"], **(card["training"].get("optimizer") or {}), **asked}
    asked["teachers"] = len(card["training"].get("teachers", ()))
    asked["distillation"] = card["training"].get("distillation", 0)
    # The cell is in the name; the SwiGLU's width takes up what the other sizes leave.
    return {
        name: f"{value:.4g}" if isinstance(value, float) else json.dumps(value)
        for name, value in asked.items()
        if name not in ("cell", "hidden")
    }


HEAD = (
    *("model", "bits per byte", "95 %", "seeds", "parameters", "words", "tokens", "minutes"),
    "settings",
)


def rows(found: Sequence[Entry]) -> list[tuple[str, ...]]:
    """Return a table of all runs, best first, its heading in ``HEAD``."""
    return [
        (
            entry.name,
            f"{entry.bits.value:.4f}",
            f"{entry.bits.low:.4f} to {entry.bits.high:.4f}" if entry.bits.n > 1 else "",
            str(entry.bits.n),
            f"{entry.card['parameters']['total'] / 1e6:.2f} M",
            f"{entry.card['vocab']['words']:,}",
            f"{entry.trained('tokens') / 1e6:.2f} M",
            f"{entry.trained('seconds') / 60:.1f}",
            settings,
        )
        for entry, settings in zip(found, differing(found), strict=True)
    ]


EFFECTS_HEAD = ("setting", "model", "without", "with", "difference", "95 %", "seeds", "real")


def effect_rows(found: Sequence[Effect]) -> list[tuple[str, ...]]:
    """Return a table of what settings did, its heading in ``EFFECTS_HEAD``."""
    return [
        (
            effect.change,
            effect.model,
            f"{effect.base:.4f}",
            f"{effect.base + effect.difference.value:.4f}",
            f"{effect.difference.value:+.4f}",
            ""
            if math.isnan(effect.difference.low)
            else f"{effect.difference.low:+.4f} to {effect.difference.high:+.4f}",
            str(effect.difference.n),
            "yes" if effect.real else "not settled",
        )
        for effect in found
    ]


RUNS_HEAD = (
    *("model", "seed", "val_bpb", "parameters", "words", "tokens", "seconds", "made", "commit"),
    "command",
)


def run_rows(found: Sequence[Entry]) -> list[tuple[str, ...]]:
    """Return a table of all runs one by one, as their cards say, its heading in ``RUNS_HEAD``."""
    lines = []
    for entry in found:
        for run in entry.runs:
            card, training = run.card, run.card["training"]
            values = (
                *(run.name, training.get("seed"), run.val_bpb, card["parameters"]["total"]),
                *(card["vocab"]["words"], training.get("tokens"), training.get("seconds")),
                *(card.get("made"), card.get("commit"), training.get("command")),
            )
            lines.append(tuple("" if value is None else str(value) for value in values))
    return lines


def write_overview(folder: Path, found: Sequence[Entry]) -> Path:
    """Write the tables as CSV, pictures as PNG, and a page with all; return the page."""
    folder.mkdir(parents=True, exist_ok=True)
    tables: dict[str, tuple[Sequence[str], list[tuple[str, ...]]]] = {
        "overview.csv": (HEAD, rows(found)),
        "runs.csv": (RUNS_HEAD, run_rows(found)),
    }
    if changed := effect_rows(effects(found)):
        tables["effects.csv"] = (EFFECTS_HEAD, changed)
    for name, (heading, lines) in tables.items():
        table = io.StringIO()
        csv.writer(table, lineterminator="\n").writerows([heading, *lines])
        write_atomically(folder / name, table.getvalue())
    pictures = []
    for name, (about, draw) in _PICTURES.items():
        if figure := draw(found):
            image = io.BytesIO()
            figure.savefig(image, format="png", dpi=150, bbox_inches="tight")
            write_atomically(folder / f"{name}.png", image.getvalue())
            encoded = base64.b64encode(image.getvalue()).decode()
            pictures.append(
                f'<figure><img alt="{escape(about)}" src="data:image/png;base64,{encoded}">'
                f"<figcaption>{escape(about)}</figcaption></figure>"
            )
    careful = "".join(f"<li>{escape(line)}</li>" for line in warnings(found))
    page = (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>Runs side by side'
        f"</title>\n<style>{_STYLE}</style>\n<h1>Runs side by side</h1>\n"
        "<p>Bits per byte are what whole validation stories cost; less is better. Runs that differ "
        "in their seed only are one line: their mean, and where it lies in 95 of 100 such sets."
        f"</p>\n{_html(*tables['overview.csv'])}\n"
        + (f"<p>Careful:</p><ul>{careful}</ul>\n" if careful else "")
        + (f"<h2>What a setting did</h2>\n{_html(EFFECTS_HEAD, changed)}\n" if changed else "")
        + "\n".join(pictures)
        + "\n</html>\n"
    )
    write_atomically(folder / PAGE, page)
    return folder / PAGE


def _html(heading: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in heading)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in line) + "</tr>" for line in lines
    )
    return f"<table><tr>{head}</tr>{body}</table>"


_STYLE = """
body { max-width: 56rem; margin: 3rem auto; padding: 0 1rem; color: #1d2230; background: #fdfcf9;
  font: 1.05rem/1.6 system-ui, "DejaVu Sans", sans-serif; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .3rem .5rem; border-bottom: 1px solid #d9dce4; }
th:first-child, td:first-child { text-align: left; }
figure { margin: 2.5rem 0; } img { width: 100%; } figcaption { color: #646b7b; }
"""


# --- Pictures ---------------------------------------------------------------------------------


def _learning(found: Sequence[Entry]) -> "Figure | None":
    drawn = [
        (entry, run, curve) for entry in found for run in entry.runs if (curve := curve_of(run))
    ]
    if not drawn:
        return None
    figure, panels = _figure(3)
    colour = _colours(found)
    for entry, run, curve in drawn:
        each = flops_of(run)
        for axes, across in zip(
            panels,
            (curve.tokens, curve.seconds, [each * tokens for tokens in curve.tokens]),
            strict=True,
        ):
            axes.loglog(across, curve.bits, color=colour[entry.name], linewidth=1, marker=".")
    for axes, title in zip(
        panels, ("tokens read", "seconds of training", "FLOPs of training"), strict=True
    ):
        axes.set_xlabel(title)
        _in_short(axes.xaxis)
    _plain(panels[0].yaxis)
    _legend(panels[0], colour)
    return figure


def _trade(across: str, value: Callable[[Entry], float | None]) -> Callable[..., "Figure | None"]:
    """Return what draws bits per byte against a cost, with the front of the best."""

    def draw(found: Sequence[Entry]) -> "Figure | None":
        points = [(cost, entry) for entry in found if (cost := value(entry)) is not None]
        if len({cost for cost, _ in points}) < 2:
            return None
        figure, (axes,) = _figure(1)
        colour = _colours(found)
        for cost, entry in points:
            _dot(axes, cost, entry, colour[entry.name])
        best = front([(cost, entry.bits.value) for cost, entry in points])
        axes.plot(*zip(*best, strict=True), color="#8a90a0", linewidth=1, linestyle="--", zorder=0)
        axes.set_xscale("log")
        _plain(axes.xaxis)
        axes.set_xlabel(across)
        _legend(axes, colour)
        return figure

    return draw


def _factor(across: str, value: Callable[[Entry], float | None]) -> Callable[..., "Figure | None"]:
    """Return what draws bits per byte against a setting, a line for each model."""

    def draw(found: Sequence[Entry]) -> "Figure | None":
        points = [(at, entry) for entry in found if (at := value(entry)) is not None]
        if len({at for at, _ in points}) < 2:
            return None
        figure, (axes,) = _figure(1)
        colour = _colours(found)
        for at, entry in points:
            _dot(axes, at, entry, colour[entry.name])
        for name in colour:
            # The best at each place: other settings may vary, too.
            best: dict[float, float] = {}
            for at, entry in points:
                if entry.name == name:
                    best[at] = min(best.get(at, math.inf), entry.bits.value)
            axes.plot(*zip(*sorted(best.items()), strict=True), color=colour[name], linewidth=1)
        axes.set_xlabel(across)
        axes.set_xscale("log")
        places = _apart(sorted({at for at, _ in points}))
        axes.set_xticks(places, [f"{at:,.0f}" for at in places])
        axes.xaxis.set_minor_formatter("")
        _legend(axes, colour)
        return figure

    return draw


def _effects(found: Sequence[Entry]) -> "Figure | None":
    changed = effects(found)
    if not changed:
        return None
    colour = _colours(found)
    settings = list(dict.fromkeys(effect.change for effect in changed))[::-1]
    figure, (axes,) = _figure(1, height=1.2 + 0.36 * len(settings))
    models = sorted({effect.model for effect in changed})
    for effect in changed:
        # Models that share a line stand a little apart, the first on top.
        aside = 0.16 * ((len(models) - 1) / 2 - models.index(effect.model))
        difference = effect.difference
        axes.errorbar(
            difference.value,
            settings.index(effect.change) + aside,
            xerr=0 if math.isnan(difference.low) else difference.high - difference.value,
            color=colour[effect.model],
            fmt="o",
            markerfacecolor=colour[effect.model] if effect.real else "white",
            markersize=5,
            capsize=2,
        )
    axes.axvline(0, color="#8a90a0", linewidth=1, zorder=0)
    axes.set_yticks(range(len(settings)), settings)
    axes.set_ylim(-0.6, len(settings) - 0.4)
    axes.set_ylabel("")
    axes.set_xlabel("bits per byte that the setting added")
    _legend(axes, {name: colour[name] for name in models})
    return figure


def _length(found: Sequence[Entry]) -> "Figure | None":
    timed = [(entry, points) for entry in found if (points := _times(entry))]
    figure, panels = _figure(2 if timed else 1, sharey=False)
    colour = _colours(found)
    for entry in found:
        kept = [memory_bytes(**entry.card["model"], tokens=n) / 1000 for n in LENGTHS]
        panels[0].loglog(LENGTHS, kept, color=colour[entry.name], linewidth=1, marker=".")
    for entry, points in timed:
        panels[1].loglog(*zip(*points, strict=True), color=colour[entry.name], marker=".")
    for axes, title in zip(panels, ("kB of memory", "milliseconds a token"), strict=False):
        axes.set_ylabel(title)
        axes.set_xlabel("tokens told")
        axes.set_xticks(LENGTHS, [f"{n:,}" for n in LENGTHS])
        axes.xaxis.set_minor_formatter("")
        axes.yaxis.set_major_formatter("{x:g}")
    _legend(panels[0], colour)
    return figure


def _times(entry: Entry) -> list[Point]:
    """Return the milliseconds of a token after so many, where a run was judged."""
    taken = {n: entry.operation.get(f"token_ms_after_{n}") for n in LENGTHS}
    return [(n, ms) for n, ms in taken.items() if ms is not None]


_PICTURES: dict[str, tuple[str, Callable[[Sequence[Entry]], "Figure | None"]]] = {
    "learning": ("How the bits per byte fell with tokens, time and computation.", _learning),
    "size": (
        "Quality against size; the dashed line joins the runs that no smaller one equals.",
        _trade("million parameters", lambda entry: entry.card["parameters"]["total"] / 1e6),
    ),
    "speed": (
        "Quality against the time for a word; the dashed line joins the runs that no faster one "
        "equals.",
        _trade("milliseconds a word", lambda entry: entry.operation.get("word_p50_ms")),
    ),
    "vocabulary": (
        "Quality against the size of the vocabulary.",
        _factor("word types", lambda entry: entry.card["vocab"]["words"]),
    ),
    "depth": (
        "Quality against the number of layers.",
        _factor("layers", lambda entry: entry.card["model"]["arguments"].get("depth")),
    ),
    "effects": (
        "What one changed setting did, beside the runs without it. Bars are 95 % intervals by the "
        "spread of seeds; a filled dot is a difference that seeds alone would hardly make (Holm).",
        _effects,
    ),
    "length": (
        "What a story remembers of itself as it grows (in float32, by the model's sizes), and the "
        "time for its next token (where a run was judged).",
        _length,
    ),
}


def _figure(
    panels: int, *, sharey: bool = True, height: float = 3.8
) -> "tuple[Figure, list[Axes]]":
    from matplotlib.figure import Figure

    width = 4.2 * panels if panels > 1 else 6.4
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = list(figure.subplots(1, panels, sharey=sharey, squeeze=False)[0])
    for one in axes:
        one.spines[["top", "right"]].set_visible(False)
        one.grid(visible=True, which="both", color="#eceef3", linewidth=0.6)
    axes[0].set_ylabel("bits per byte")
    return figure, axes


def _colours(found: Sequence[Entry]) -> dict[str, str]:
    names = sorted({entry.name for entry in found})
    return {name: _COLOURS[place % len(_COLOURS)] for place, name in enumerate(names)}


def _dot(axes: "Axes", at: float, entry: Entry, colour: str) -> None:
    bits = entry.bits
    half = bits.high - bits.value if bits.n > 1 else 0.0
    axes.errorbar(at, bits.value, yerr=half, color=colour, fmt="o", markersize=5, capsize=2)


def _plain(axis: "Axis") -> None:
    """Write the numbers of a logarithmic axis of less than a decade as people say them."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter("")


def _in_short(axis: "Axis") -> None:
    """Write the numbers of a logarithmic axis as 200k, 1M, 5T."""
    from matplotlib.ticker import EngFormatter, LogLocator

    axis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=6))
    axis.set_major_formatter(EngFormatter(sep=""))
    axis.set_minor_formatter("")


def _apart(places: Sequence[float]) -> list[float]:
    """Return the places of an axis without those too near the one before to be read."""
    kept: list[float] = []
    for at in places:
        if not kept or at > 1.1 * kept[-1]:
            kept.append(at)
    return kept


def _legend(axes: "Axes", colour: Mapping[str, str]) -> None:
    for name, shade in colour.items():
        axes.plot([], [], color=shade, marker="o", label=name)
    axes.legend(frameon=False, fontsize=8)


def _root(run: Run) -> Path:
    return run.folder.parent if run.folder.name == "model" else run.folder


def runs_under(folders: Sequence[Path]) -> list[Run]:
    """Return every readable run under some folders, each once.

    Raises:
        UserError: there is none.
    """
    runs = {run.folder.resolve(): run for folder in folders for run in find_runs(folder)}
    if not runs:
        listed = ", ".join(map(str, folders))
        raise UserError(f"wanted runs to compare, found none under {listed}; train some first")
    return list(runs.values())
