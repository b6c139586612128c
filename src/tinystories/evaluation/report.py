"""The metric report: how well each metric tells real stories from spoiled ones."""

from collections.abc import Callable, Mapping
from pathlib import Path

from tinystories.errors import UserError
from tinystories.evaluation.evaluate import Wish
from tinystories.evaluation.metric import Metric
from tinystories.evaluation.panel import read_panel
from tinystories.evaluation.separation import CORRUPTIONS, separation
from tinystories.evaluation.telling import find_corpus, held_out, read_held_out
from tinystories.files import write_atomically
from tinystories.runs import Run

STORIES = 300
"""Held-out stories that are spoiled in every way."""


def report(
    run: Run,
    wish: Wish,
    folder: Path,
    *,
    progress: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> Path:
    """Write ``separation.md`` into ``folder``: a table of metrics and corruptions.

    Raises:
        UserError: no held-out stories are at hand.
    """
    corpus = find_corpus(run, wish.data)
    stories = (
        read_held_out(wish.on) if wish.on else held_out("", corpus.stories("validation"))
    ).stories[:STORIES]
    if len(stories) < 10:
        raise UserError(f"wanted {STORIES} held-out stories to spoil, found {len(stories)}")
    panel = read_panel(corpus, wish.data)
    metrics = [metric for _, metric in panel.metrics if isinstance(metric, Metric)]
    found: dict[str, dict[str, float]] = {}
    for number, metric in enumerate(metrics):
        progress("spoiling stories", number, len(metrics))
        found |= separation([metric], stories)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "separation.md"
    write_atomically(path, as_markdown(found, len(stories)))
    return path


def as_markdown(found: Mapping[str, Mapping[str, float]], stories: int) -> str:
    """Return the table ``{metric: {corruption: AUC}}``; what a metric sees well is in bold."""
    names = list(CORRUPTIONS)
    lines = [
        f"AUC of {stories} real held-out stories against the same, spoiled: the chance that a "
        "spoiled story scores worse than a real one. 0.5 is blind, 1 is perfect; 0.7 and more in "
        "bold.",
        "",
        "| metric | " + " | ".join(names) + " |",
        "| --- |" + " --- |" * len(names),
    ]
    for metric, row in found.items():
        cells = (
            f"**{row[name]:.2f}**" if row[name] >= 0.7 else f"{row[name]:.2f}" for name in names
        )
        lines.append(f"| `{metric}` | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
