"""What the commands that judge models do, and how they show it."""

import argparse
import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any, Literal

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Table

from tinystories.errors import UserError
from tinystories.files import write_atomically
from tinystories.runs import CARD, Run, find_run

if TYPE_CHECKING:
    from tinystories.evaluation.compare import Contrast, Pair
    from tinystories.evaluation.judge import Judge
    from tinystories.evaluation.scorecard import Scorecard
    from tinystories.evaluation.soak import Soaked


WIDE = 170


def run_evaluate(options: argparse.Namespace) -> int:
    """Judge a run: write ``scores.json``, curves and a page, and show the table."""
    run = find_run(options.which)
    from tinystories.evaluation.evaluate import STORIES, Wish, evaluate, results_of
    from tinystories.evaluation.page import write_page
    from tinystories.generation import Sampling
    from tinystories.records import read_stories

    wish = Wish(
        count=options.count,
        quick=options.quick,
        on=options.on,
        out=options.out,
        seed=options.seed,
        sampling=Sampling(options.temperature, options.top_k, options.top_p, options.min_p),
        words=_word_list(options.words),
    )
    console = Console(stderr=True)
    if options.separation:
        from tinystories.evaluation.report import report

        folder = wish.out or Path("outputs")
        with progress(console) as heard:
            path = report(run, wish, folder, progress=heard)
        Console().print(f"written: {path}", highlight=False, soft_wrap=True)
        return 0
    folder = wish.out or results_of(run)
    with progress(console) as heard:
        card = evaluate(run, wish, judge=_judge(options, folder), progress=heard)
    page = write_page(folder, card, read_stories(folder / STORIES)[: wish.stories])
    write_curves(folder, card)
    out = _screen()
    show_scorecard(out, card)
    out.print(f"\nThe page that explains it: {page}", highlight=False, soft_wrap=True)
    return 0


def run_compare(options: argparse.Namespace) -> int:
    """Say which differences between runs are real; show what lies in a folder of many."""
    folders = [Path(which) for which in options.runs if _holds_several(Path(which))]
    if folders:
        if len(folders) < len(options.runs):
            raise UserError("wanted either runs or folders with several runs, got both")
        return show_overview(folders, options)
    if options.page:
        raise UserError("--page is for folders with several runs; evaluate writes a page for each")

    from tinystories.evaluation.compare import compare
    from tinystories.evaluation.evaluate import results_of
    from tinystories.evaluation.scorecard import read_scorecard

    if len(options.runs) < 2:
        raise UserError(f"wanted two runs or more to compare, got {len(options.runs)}")
    folders = [_results(which, results_of) for which in options.runs]
    cards = [read_scorecard(folder) for folder in folders]
    pairs = compare(cards)
    if options.json:
        text = json.dumps([_plain(asdict(pair)) for pair in pairs], indent=1, allow_nan=False)
        write_atomically(options.json, text + "\n")
    names = _names(cards)
    for pair in pairs:
        show_pair(_screen(), pair, names)
    return 0


def run_collect(options: argparse.Namespace) -> int:
    """Let a run tell until there are enough good stories; say how many were dropped, and why."""
    run = find_run(options.which)
    from tinystories.evaluation.collect import Order, collect

    order = Order(options.count, options.temperature, options.min_p, options.seed)
    if options.file.suffix != ".parquet":
        raise UserError(f"wanted a file that ends in .parquet, got {options.file}")
    with progress(Console(stderr=True)) as heard:
        counted = collect(run, order, options.file, processes=options.processes, progress=heard)
    table = Table(title=f"{counted.total():,} stories told by {run.name}", box=box.SIMPLE)
    table.add_column("a story that")
    table.add_column("count", justify="right")
    for reason, times in counted.most_common():
        table.add_row(reason or "[bold]is good[/bold]", f"{times:,}")
    _screen().print(table)
    return 0


def run_pack(options: argparse.Namespace) -> int:
    """Write a copy of a run in 16 bits, with its scores and a model card."""
    run = find_run(options.which)
    from tinystories.pretrained import pack

    with progress(Console(stderr=True)) as heard:
        packed = pack(run, options.folder, progress=heard)
    size = sum(path.stat().st_size for path in packed.folder.iterdir())
    sys.stdout.write(
        f"{packed.folder}: {size / 1e6:.1f} MB, {packed.val_bpb:.4f} bits per byte "
        f"({run.val_bpb:.4f} in 32 bits)\n"
    )
    return 0


def run_soak(options: argparse.Namespace) -> int:
    """Tell without a pause; return 1 if a promise was broken."""
    run = find_run(options.which)
    if not 0 < options.minutes < math.inf:
        raise UserError(f"--minutes must be a number above 0, got {options.minutes}")
    if not 1 <= options.streams <= 100:
        raise UserError(f"--streams must be from 1 to 100, got {options.streams}")
    from tinystories.evaluation.soak import soak

    with progress(Console(stderr=True)) as heard:
        soaked = soak(
            run,
            options.minutes,
            seed=options.seed,
            streams=options.streams,
            done=lambda so_far: heard("stories told", so_far.stories, so_far.stories),
        )
    broken = soaked.broken()
    show_soak(_screen(), run, soaked, broken)
    return 1 if broken else 0


def _screen() -> Console:
    """Return where results go: as wide as the screen; as they need, into a file or a pipe."""
    return Console(width=None if sys.stdout.isatty() else WIDE)


def show_scorecard(console: Console, card: "Scorecard") -> None:
    """Print the scores beside their anchors."""
    from tinystories.evaluation.operation import TITLES
    from tinystories.evaluation.page import number

    table = Table(title=f"{card.run['name']}, {card.settings['count']} stories", box=box.SIMPLE)
    table.add_column("score", min_width=36)
    table.add_column("this model", justify="right", style="bold", no_wrap=True)
    table.add_column("95 %", justify="right", no_wrap=True)
    for anchor in card.anchors:
        table.add_column(anchor, justify="right", no_wrap=True)
    table.add_column("best")
    for section, scores in card.sections().items():
        table.add_row(f"[bold]{section}[/bold]")
        for score in scores:
            found = score.interval
            others = [anchors.get(score.name) for anchors in card.anchors.values()]
            table.add_row(
                f"  {score.title}, {score.unit}",
                number(found.value),
                f"{number(found.low)} to {number(found.high)}",
                *(number(other.value) if other else "" for other in others),
                {"higher": "high", "lower": "low"}.get(score.better, "real"),
            )
    console.print(table)
    if card.operation:
        figures = Table(title="Operation", box=box.SIMPLE, show_header=False)
        for name, title in TITLES.items():
            if name in card.operation:
                figures.add_row(title, number(card.operation[name]))
        console.print(figures)
    for line in card.missing:
        console.print(f"missing: {line}", style="yellow", highlight=False, soft_wrap=True)


def show_pair(console: Console, pair: "Pair", names: Sequence[str]) -> None:
    """Print two runs side by side, the real differences marked."""
    first, second = (names[place] for place in pair.runs)
    for warning in pair.warnings:
        console.print(f"careful: {warning}", style="yellow", highlight=False, soft_wrap=True)
    table = Table(title=f"{first} - {second}", box=box.SIMPLE)
    table.add_column("score", min_width=36)
    for column in (first, second, "difference", "95 %", "n", "p"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("verdict")
    headline = [contrast for contrast in pair.contrasts if not contrast.score.detail]
    details = [c for c in pair.contrasts if c.score.detail and c.verdict == "real"]
    for contrast in (*headline, *details):
        table.add_row(*_row(contrast, (first, second)))
    console.print(table)
    real = sum(contrast.verdict == "real" for contrast in headline)
    looked = len(pair.contrasts) - len(headline)
    console.print(
        f"{real} of {len(headline)} differences are real. Real: were all differences chance, even "
        "one such verdict in the whole table would come up in 5 % of comparisons (p corrected "
        f"after Holm). Not settled: these stories cannot tell. Of {looked} parts of scores, "
        f"corrected among themselves, {len(details)} differ for real and stand at the end.",
        highlight=False,
        soft_wrap=True,
    )


def _row(contrast: "Contrast", names: Sequence[str]) -> Iterator[str]:
    from tinystories.evaluation.page import number

    found = contrast.difference
    yield f"{contrast.score.title}, {contrast.score.unit}"
    yield number(contrast.first)
    yield number(contrast.second)
    yield number(found.value)
    yield f"{number(found.low)} to {number(found.high)}"
    yield str(found.n)
    yield f"{contrast.p:.4f}" if contrast.p >= 0.0001 else "<0.0001"
    if contrast.verdict == "not settled":
        yield "not settled"
    elif contrast.ahead is None:
        yield "real"
    else:
        more = "more like real" if contrast.score.better == "like real" else "better"
        yield f"[bold]real: {names[contrast.ahead]} {more}[/bold]"


def show_soak(console: Console, run: Run, soaked: "Soaked", broken: Sequence[str]) -> None:
    """Print what a soak has counted."""
    table = Table(title=f"{run.name}, {soaked.seconds / 60:.1f} minutes", box=box.SIMPLE)
    table.add_column("what")
    table.add_column("count", justify="right")
    growth, (warm, end) = soaked.growth, soaked.slowest
    unknown = "too short to say"
    for what, count in (
        ("stories told", soaked.stories),
        ("beginnings refused in one line", soaked.refused),
        ("errors", len(soaked.errors)),
        ("words outside the vocabulary", len(soaked.outside)),
        ("hangs", len(soaked.hangs)),
        (
            "memory growth after the first quarter, MB an hour",
            unknown
            if math.isnan(growth.value)
            else f"{growth.value:.2f} ({growth.low:.2f} to {growth.high:.2f})",
        ),
        ("memory in each eighth, MB", _in_eighths(soaked.memory)),
        ("threads", _least_and_most(soaked.threads)),
        ("open files", _least_and_most(soaked.files)),
        (
            "processor ms a word, 99 %: second quarter, last quarter",
            unknown if math.isnan(warm) else f"{warm:.2f}, {end:.2f}",
        ),
    ):
        table.add_row(what, str(count))
    console.print(table)
    for line in broken:
        console.print(f"broken: {line}", style="red", highlight=False, soft_wrap=True, markup=False)
    if not broken:
        console.print("Every promise was kept.")


def _least_and_most(counts: Sequence[int]) -> str:
    return f"{min(counts)} to {max(counts)}" if counts else "unknown"


def _in_eighths(memory: Sequence[tuple[float, float]]) -> str:
    """Return means: a single reading trembles by more than may come on top in hours."""
    ends = [len(memory) * eighth // 8 for eighth in range(9)]
    means = [fmean(mb for _, mb in memory[a:b]) for a, b in pairwise(ends) if b > a]
    return ", ".join(f"{mb:.1f}" for mb in means) if len(memory) >= 8 else "unknown"


def write_curves(folder: Path, card: "Scorecard") -> None:
    """Write the scores as TensorBoard scalars, beside the curves of the training."""
    from torch.utils.tensorboard import SummaryWriter

    for old in folder.glob(f"events.*{CURVES}"):
        old.unlink()
    step = int(card.run.get("steps") or 0)
    with SummaryWriter(str(folder), filename_suffix=CURVES) as writer:
        for score in card.scores.values():
            if math.isfinite(score.interval.value):
                place = f"score/{score.name.replace('@', '/')}"
                writer.add_scalar(place, score.interval.value, step)
        for name, value in card.operation.items():
            writer.add_scalar(f"operation/{name}", value, step)


CURVES = ".scores"


@contextmanager
def progress(console: Console) -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar for each thing that is being done."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    tasks: dict[str, Any] = {}
    with Bar(*columns, console=console, transient=False) as bar:

        def heard(what: str, done: int, total: int) -> None:
            for name, task in tasks.items():
                if name != what and not bar.tasks[task].finished:
                    bar.update(task, completed=bar.tasks[task].total)
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done, total=total)

        yield heard
        for task in tasks.values():
            bar.update(task, completed=bar.tasks[task].total)


def _judge(options: argparse.Namespace, folder: Path) -> "Judge | None":
    if not options.judge_url:
        return None
    from tinystories.evaluation.judge import Judge

    if not options.judge_model:
        raise UserError("--judge-url needs --judge-model, the judge's name at that endpoint")
    cache = folder / "verdicts"
    return Judge(options.judge_url, options.judge_model, cache, calls=options.judge_calls)


def _word_list(path: Path | None) -> frozenset[str] | None:
    if path is None:
        return None
    from tinystories.evaluation.words import read_list

    return read_list(path)


def _holds_several(path: Path) -> bool:
    """Whether a path is no run but a folder of runs, as a sweep is."""
    is_run = any((path / place).is_file() for place in (CARD, f"model/{CARD}", "scores.json"))
    return path.is_dir() and not is_run


def show_overview(folders: Sequence[Path], options: argparse.Namespace) -> int:
    """Print all runs under some folders, best first, and draw them."""
    from tinystories.evaluation.effects import effects
    from tinystories.evaluation.overview import (
        EFFECTS_HEAD,
        HEAD,
        effect_rows,
        entries,
        rows,
        runs_under,
        warnings,
        write_overview,
    )

    found = entries(runs_under(folders))
    out = _screen()
    out.print(_table(HEAD, rows(found), left=("model", "settings"), wrapped="settings"))
    for line in warnings(found):
        out.print(f"careful: {line}", style="yellow", highlight=False, soft_wrap=True)
    if changed := effect_rows(effects(found)):
        out.print(_table(EFFECTS_HEAD, changed, left=("setting", "model"), wrapped="setting"))
    page = write_overview(options.page or folders[0] / "overview", found)
    out.print(f"with pictures: {page}", highlight=False, soft_wrap=True)
    return 0


def _table(
    head: Sequence[str], rows: Iterable[Sequence[str]], *, left: Sequence[str], wrapped: str
) -> Table:
    table = Table(box=box.SIMPLE)
    for name in head:
        side: Literal["left", "right"] = "left" if name in left else "right"
        table.add_column(name, justify=side, no_wrap=name != wrapped)
    for row in rows:
        table.add_row(*row)
    return table


def _results(which: str, results_of: Callable[[Run], Path]) -> Path:
    """Return the folder that holds the scores of a run, or that ``--out`` named."""
    from tinystories.evaluation.scorecard import SCORES

    if (Path(which) / SCORES).is_file() and not (Path(which) / CARD).is_file():
        return Path(which)
    run = find_run(which)
    newest, packed = results_of(run), run.folder  # Those that a packed model came with.
    return packed if not (newest / SCORES).is_file() and (packed / SCORES).is_file() else newest


def _names(cards: Sequence["Scorecard"]) -> list[str]:
    """Return a name for each run, unlike the others."""
    names = [str(card.run["name"]) for card in cards]
    return [
        name if names.count(name) == 1 else f"{name} {place}" for place, name in enumerate(names, 1)
    ]


def _plain(found: Any) -> Any:
    """Return the same without NaN, which JSON does not know, and without single stories."""
    if isinstance(found, dict):
        left_out = ("each", "weights", "drawn", "about")
        return {name: _plain(value) for name, value in found.items() if name not in left_out}
    if isinstance(found, list | tuple):
        return [_plain(value) for value in found]
    return None if isinstance(found, float) and not math.isfinite(found) else found
