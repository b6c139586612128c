"""What a corpus is like before anyone trains on it: read once, told on screen or as a page."""

import html
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tinystories.data import cleaning
from tinystories.data.sources import HubError, find_source
from tinystories.data.themes import dark_themes
from tinystories.errors import UserError
from tinystories.evaluation.names import gender
from tinystories.evaluation.roles import TOPICS, topic_counts
from tinystories.evaluation.text import names, words
from tinystories.files import write_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import RenderableType

SIZES = (1500, 4500, 20000)
_OPENING = 5  # words
_REMEMBERED = 200_000  # openings; beyond that the rare ones are forgotten
_EXAMPLES = 3  # of each theme
_BATCH = 512


@dataclass
class DataReport:
    """What was counted in a corpus, story by story.

    Stories are judged as they come, before training would clean them: ``flaws``, ``exact_copies``
    and ``near_copies`` are what cleaning would leave out, ``mended`` what it would repair.
    """

    source: str
    stories: int = 0
    characters: int = 0
    mended: int = 0
    exact_copies: int = 0
    near_copies: int = 0
    words: Counter[str] = field(default_factory=Counter)
    lengths: Counter[int] = field(default_factory=Counter)
    flaws: Counter[str] = field(default_factory=Counter)
    openings: Counter[str] = field(default_factory=Counter)
    heroes: Counter[str] = field(default_factory=Counter)
    dark: int = 0
    themes: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    genders: Counter[str] = field(default_factory=Counter)
    topics: dict[str, list[int]] = field(default_factory=dict)

    def coverage(self, size: int) -> float:
        """Return how many of 100 words are among the ``size`` most frequent types."""
        top = sum(count for _, count in self.words.most_common(size))
        return 100 * top / max(1, self.words.total())

    def length(self, percent: float) -> int:
        """Return the number of words that ``percent`` of the stories do not exceed."""
        seen = 0
        for length in sorted(self.lengths):
            seen += self.lengths[length]
            if seen >= self.stories * percent / 100:
                return length
        return 0

    def topic_rates(self, who: str) -> list[float]:
        """Return the words per 100 of each topic in stories about ``she`` or ``he``."""
        *counts, total = self.topics.get(who, [0] * (len(TOPICS) + 1))
        return [100 * count / max(1, total) for count in counts]


def report_of(source: str, stories: Iterable[str]) -> DataReport:
    """Read stories once and return what they are like.

    Memory grows by 56 bytes a story, for finding copies, and with the number of word types.
    """
    report = DataReport(source)
    keys, signatures = [], []
    stories = iter(stories)
    while batch := list(islice(stories, _BATCH)):
        tidy = [cleaning.tidy(story) for story in batch]
        bare = [cleaning.words(story) for story in tidy]
        keys.append(np.array([cleaning.exact_key(story) for story in bare], np.uint64))
        signatures.append(cleaning.signatures(bare))
        for raw, story in zip(batch, tidy, strict=True):
            report.mended += cleaning.repair(raw) != raw
            _count(report, story)
    if not report.stories:
        raise UserError(f"wanted stories, found none in {source}; choose another source")
    exact = cleaning.exact_copies(np.concatenate(keys)) != np.arange(report.stories)
    different = np.concatenate(signatures)[~exact]
    report.exact_copies = int(exact.sum())
    report.near_copies = int((cleaning.near_copies(different) != np.arange(len(different))).sum())
    return report


def _count(report: DataReport, story: str) -> None:
    said = words(story)
    report.stories += 1
    report.characters += len(story)
    report.words.update(said)
    report.lengths[len(said)] += 1
    if flaw := cleaning.flaw(story):
        report.flaws[flaw] += 1
    report.openings[" ".join(said[:_OPENING])] += 1
    if len(report.openings) > _REMEMBERED:
        report.openings = Counter(dict(report.openings.most_common(_REMEMBERED // 2)))

    named = names(story)
    if named:
        report.heroes[named.most_common(1)[0][0]] += 1
    who = next((kind for name in named if (kind := gender(name))), "unknown")
    report.genders[who] += 1
    counts = topic_counts(story)
    report.topics[who] = [
        a + b for a, b in zip(report.topics.get(who, [0] * len(counts)), counts, strict=True)
    ]

    hits = {hit.theme: hit for hit in reversed(dark_themes(story))}
    report.dark += bool(hits)
    report.themes.update(hits.keys())
    for theme, hit in hits.items():
        shown = report.examples.setdefault(theme, [])
        if len(shown) < _EXAMPLES:
            shown.append(hit.excerpt(story))


def stories_of(source: str, limit: int | None, seed: int = 0) -> tuple[str, Iterator[str]]:
    """Return the name of a source and its training stories as they come, ``limit`` at most.

    ``auto`` is the hub where it answers, else the embedded stories.
    """
    found = find_source("hub" if source == "auto" else source, limit, seed)
    stories = found.read("train")
    try:
        first = list(islice(stories, 1))
    except HubError:
        if source != "auto":
            raise
        return stories_of("embedded", limit, seed)
    return found.name, islice(chain(first, stories), limit)


# --- Showing it -------------------------------------------------------------------------------


def facts(report: DataReport) -> dict[str, list[tuple[str, str]]]:
    """Return what the report says, as sections of (what, how much)."""

    def share(count: int) -> str:
        return f"{count:,} ({100 * count / report.stories:.2f} %)"

    def most(counts: Counter[str], number: int) -> list[tuple[str, str]]:
        return [(what or "(no word)", share(count)) for what, count in counts.most_common(number)]

    sizes = [size for size in SIZES if size < len(report.words)]
    she, he = report.topic_rates("she"), report.topic_rates("he")
    return {
        "How much": [
            ("stories", f"{report.stories:,}"),
            ("words", f"{report.words.total():,}"),
            ("characters", f"{report.characters:,}"),
            ("word types", f"{len(report.words):,}"),
            *((f"covered by the {n:,} commonest", f"{report.coverage(n):.2f} %") for n in sizes),
            *((f"words, {p} % of stories at most", f"{report.length(p):,}") for p in (5, 50, 95)),
        ],
        "What cleaning would do": [
            ("exact copies", share(report.exact_copies)),
            ("near copies", share(report.near_copies)),
            ("broken encoding, mended", share(report.mended)),
            *most(report.flaws, 4),
        ],
        "How they begin": most(report.openings, 5),
        "Whom they are about": [
            ("a girl", share(report.genders["she"])),
            ("a boy", share(report.genders["he"])),
            ("nobody with a known name", share(report.genders["unknown"])),
            *most(report.heroes, 8),
        ],
        "Words per 100 about girls / boys": [
            (topic, f"{one:.2f} / {two:.2f}")
            for topic, one, two in zip(TOPICS, she, he, strict=True)
        ],
        "Dark themes": [("stories with any", share(report.dark)), *most(report.themes, 10)],
    }


def table(report: DataReport) -> "RenderableType":
    """Return the report as a table for ``rich``."""
    from rich.table import Table
    from rich.text import Text

    shown = Table(title=f"The stories of {report.source}", show_header=False, title_justify="left")
    shown.add_column(overflow="fold")
    shown.add_column(justify="right")
    for section, rows in facts(report).items():
        shown.add_section()
        shown.add_row(Text(section, style="bold"), "")
        for what, much in rows:
            shown.add_row(Text(f"  {what}"), much)
    return shown


def figures(report: DataReport) -> "dict[str, Figure]":
    """Return the pictures of a report, by title."""
    from matplotlib.figure import Figure

    def bars(counts: list[tuple[str, int]], label: str) -> Figure:
        figure = Figure(figsize=(5.2, 0.26 * len(counts) + 0.9), layout="constrained")
        axes = figure.add_subplot()
        axes.barh([what for what, _ in counts][::-1], [count for _, count in counts][::-1])
        axes.set_xlabel(label)
        return figure

    lengths = Figure(figsize=(5.2, 3), layout="constrained")
    axes = lengths.add_subplot()
    longest = max(10, report.length(99))
    axes.hist(
        [min(length, longest) for length in report.lengths],
        bins=40,
        weights=[report.lengths[length] for length in report.lengths],
    )
    axes.set_xlabel("words in a story (the longest 1 % in the last bar)")
    axes.set_ylabel("stories")

    coverage = Figure(figsize=(5.2, 3), layout="constrained")
    axes = coverage.add_subplot()
    counts = np.array([count for _, count in report.words.most_common()] or [1])
    axes.semilogx(np.arange(1, len(counts) + 1), 100 * np.cumsum(counts) / counts.sum())
    for size in SIZES:
        axes.axvline(size, linewidth=0.8, linestyle=":", color="gray")
    axes.set_xlabel("commonest word types (dotted: 1,500, 4,500, 20,000)")
    axes.set_ylabel("% of all words")

    pictures = {"Lengths": lengths, "What a vocabulary covers": coverage}
    for title, counted, number in (
        ("Commonest openings", report.openings, 10),
        ("Commonest heroes", report.heroes, 15),
        ("Dark themes", report.themes, 10),
    ):
        if counted:
            pictures[title] = bars(counted.most_common(number), "stories")

    if report.genders["she"] and report.genders["he"]:
        roles = Figure(figsize=(5.2, 3.2), layout="constrained")
        axes = roles.add_subplot()
        place = np.arange(len(TOPICS))[::-1]
        axes.barh(place + 0.2, report.topic_rates("she"), 0.4, label="about girls")
        axes.barh(place - 0.2, report.topic_rates("he"), 0.4, label="about boys")
        axes.set_yticks(place, list(TOPICS))
        axes.set_xlabel("words per 100")
        axes.legend()
        pictures["Girls and boys"] = roles
    return pictures


def write_page(report: DataReport, path: Path) -> None:
    """Write the report as one HTML page that needs no other file.

    Raises:
        UserError: the page cannot be written there.
    """
    try:
        write_atomically(path, page(report))
    except OSError as error:
        raise UserError(
            f"wanted to write the page {path}, but: {error.strerror or error}; choose another place"
        ) from error


def page(report: DataReport) -> str:
    """Return the report as an HTML page with its pictures inside."""
    title = html.escape(f"The stories of {report.source}")
    parts = [
        "<!doctype html><html lang='en'><meta charset='utf-8'>",
        f"<meta name='viewport' content='width=device-width'><title>{title}</title>",
        "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto}"
        "body{padding:0 1rem}main{display:flex;flex-wrap:wrap;gap:2rem}section{flex:1 1 30rem}"
        "svg{max-width:100%;height:auto}td{padding:.1rem 1rem .1rem 0}td+td{text-align:right}"
        "</style>",
        f"<h1>{title}</h1><main>",
    ]
    for section, rows in facts(report).items():
        cells = "".join(f"<tr><td>{html.escape(a)}<td>{html.escape(b)}" for a, b in rows)
        parts.append(f"<section><h2>{html.escape(section)}</h2><table>{cells}</table></section>")
    for name, figure in figures(report).items():
        parts.append(f"<section><h2>{html.escape(name)}</h2>{_svg(figure)}</section>")
    parts.append("</main><h2>Examples of dark themes</h2>")
    for theme, shown in sorted(report.examples.items()):
        listed = "".join(f"<li>… {html.escape(text)} …" for text in shown)
        parts.append(f"<h3>{html.escape(theme)}</h3><ul>{listed}</ul>")
    return "\n".join(parts) + "</html>\n"


def _svg(figure: "Figure") -> str:
    text = io.StringIO()
    figure.savefig(text, format="svg")
    said = text.getvalue()
    return said[said.index("<svg") :]
