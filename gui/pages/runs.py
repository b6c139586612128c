"""The page with all runs: best first, their scores and learning curves; and a way to a new one."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import customtkinter as ctk

from gui import theme
from gui.chart import Chart, Curve, Dot, Row, Scores
from gui.pages.page import Page
from gui.pages.train_panel import TrainPanel
from gui.session import Act, End, Finished
from gui.studio import Studio
from gui.training import read_curves
from tinystories.files import read_json
from tinystories.runs import Run

CURVES = 6
"""Runs whose curves are drawn: the best ones, and the chosen one."""
STOPS = (142, 204, 260, 312, 366, 400)
"""Where the columns of the table begin, in points."""
HEAD = ("model", "bits/byte", "size", "words", "tokens", "min", "stories")


CHARTED = (
    "bits_per_byte",
    "pairs",
    "endings",
    "kept_names",
    "grammar_lints",
    "longest_copied",
    "self_bleu",
)
"""The scores in the chart, as far as there is room: what it learned, then how it tells."""
CHARTS = ("Scores", "Learning")


@dataclass(frozen=True)
class Score:
    """A score of a run as its ``scores.json`` has it; ``real`` is what real stories score."""

    name: str
    title: str
    unit: str
    value: float
    section: str = ""
    better: str = ""
    real: float | None = None

    @property
    def said(self) -> str:
        """The value with its unit."""
        return f"{self.value:.3g} {self.unit.replace('0 to 100', 'of 100')}".strip()


@dataclass(frozen=True)
class Figures:
    """What a run's files say beside its card; ``broken`` if the scores cannot be read."""

    curve: tuple[tuple[float, float], ...]
    scores: tuple[Score, ...]
    broken: str = ""


class RunsPage(Page):
    """Runs side by side, in figures and curves."""

    def __init__(self, parent: Any, studio: Studio) -> None:
        super().__init__(parent, studio)
        self.figures: dict[str, Figures] = {}
        self.chosen: str | None = None
        self._wanted = ""  # The chart that the reader wants; nothing is whatever there is.
        self.grid_columnconfigure(0, weight=1)
        self.grid_rowconfigure(0, weight=3)
        self.grid_rowconfigure(1, weight=4)
        self._build_chart()
        self._build_table()
        self._build_side()
        studio.watch("runs", self._read)
        self._read()

    def shown(self) -> None:
        """Look for runs that have come meanwhile."""
        self.studio.find()

    def choose(self, number: int) -> None:
        """Show more about a run of the table."""
        names = list(self.studio.runs)
        if 0 <= number < len(names):
            self.chosen = names[number]
            self._show()

    def choose_chart(self, name: str) -> None:
        """Draw the scores, or the learning curves."""
        self._wanted = name
        self._show_chart()

    def write_with(self) -> None:
        """Take the chosen run to the page Write."""
        if self.chosen:
            self.studio.choose(self.chosen)
            self.show_page("Write")

    # What is seen

    def _read(self) -> None:
        """Read the files of the runs, which a worker does."""
        runs = dict(self.studio.runs)
        if self.chosen not in runs:
            self.chosen = next(iter(runs), None)
        self._show()

        def read(act: Act) -> dict[str, Figures]:
            return {name: read_figures(run) for name, run in runs.items()}

        self.studio.act("files", read, end=self._were_read)

    def _were_read(self, end: End) -> None:
        self.studio.say_failure(end)
        if isinstance(end, Finished):
            self.figures = end.result
            self._show()

    def _show(self) -> None:
        self._show_table()
        self._show_chart()
        self._show_scores()
        theme.usable(self.write_button, self.chosen is not None)

    def _show_table(self) -> None:
        table, runs = self.table, self.studio.runs
        table.configure(state="normal")
        table.delete("1.0", "end")
        table.insert("end", "\t".join(HEAD) + "\n", "head")
        for number, (name, run) in enumerate(runs.items()):
            tags = ("chosen",) if name == self.chosen else ()
            table.insert("end", "●", (f"curve {self._colour(name)}", *tags))
            table.insert("end", " " + "\t".join(_columns(run)) + "\n", (f"run {number}", *tags))
        if not runs:
            said = "No trained model yet." if self.studio.searched else "Looking for runs …"
            table.insert("end", said + "\n", "head")
        for folder, reason in self.studio.broken.items():
            table.insert("end", f"\n{self._short(folder)} is broken: {reason}\n", "broken")
        table.configure(state="disabled")

    def _show_chart(self) -> None:
        runs = [n for n in self.studio.runs if n in self.figures]
        drawn = [n for n in runs if runs.index(n) < CURVES or n == self.chosen]
        curves = [
            Curve(name, self.figures[name].curve, theme.CURVES[self._colour(name)])
            for name in drawn
            if self.figures[name].curve
        ]
        rows = [row for name in CHARTED if (row := self._row(name, drawn))]
        which = self._wanted or CHARTS[bool(curves) or not rows]
        self.which.set(which)
        theme.show(self.chart_frame, which == "Learning")
        theme.show(self.scores_frame, which == "Scores")
        self.chart.show(
            curves, "The learning curves of your runs will be here: bits per byte, coming down."
        )
        self.score_chart.show(
            rows, "The scores of your runs will be here, after: tinystories evaluate best"
        )

    def _row(self, name: str, drawn: list[str]) -> Row | None:
        """What the drawn runs have of a score; None if none has it."""
        found = {run: s for run in drawn for s in self.figures[run].scores if s.name == name}
        if not found:
            return None
        chosen = found.get(self.chosen or "")
        some = chosen or next(iter(found.values()))
        reals = [score.real for score in found.values() if score.real is not None]
        values = [score.value for score in found.values()]
        return Row(
            some.title,
            some.better,
            tuple(Dot(s.value, theme.CURVES[self._colour(run)]) for run, s in found.items()),
            some.real if some.real is not None else next(iter(reals), None),
            chosen.said if chosen else "",
            100 if some.unit.startswith("%") else 1.1 * max(1e-9, *values, *reals),
        )

    def _show_scores(self) -> None:
        if self.chosen is None:
            self.title.configure(text="")
            self.scores.configure(text="")
            return
        run = self.studio.runs[self.chosen]
        self.title.configure(text=run.name)
        text = self._scores_text(self.figures.get(self.chosen, Figures((), ())))
        data = run.card["data"]["source"].get("name", "")
        made = str(run.card.get("made", ""))[:16].replace("T", " ")
        parts = [text, f"Made {made}" if made else "", f"Stories: {data}" if data else ""]
        parts.append(f"Folder: {self._short(run.folder)}")
        self.scores.configure(text="\n\n".join(part for part in parts if part))

    def _scores_text(self, figures: Figures) -> str:
        if figures.broken or not figures.scores:
            return figures.broken or "Not scored yet."
        sections: dict[str, list[str]] = {}
        for score in figures.scores:
            lines = sections.setdefault(score.section, [score.section.upper()])
            lines.append(f"{score.title}: {score.said}")
        return "\n\n".join("\n".join(filter(None, lines)) for lines in sections.values())

    def _colour(self, name: str) -> int:
        return list(self.studio.runs).index(name) % len(theme.CURVES)

    def _short(self, folder: Path) -> str:
        root = self.studio.outputs
        return str(folder.relative_to(root) if folder.is_relative_to(root) else folder)

    def recolour(self) -> None:
        """Follow the window."""
        self.chart.draw()
        self.score_chart.draw()
        self._dress_table()

    # How it is built

    def _build_chart(self) -> None:
        card = theme.card(self)
        card.grid(row=0, column=0, sticky="nsew", pady=(0, 12))
        card.grid_columnconfigure(0, weight=1)
        card.grid_rowconfigure(1, weight=1)
        self.which = theme.choices(card, list(CHARTS), self.choose_chart, height=30)
        self.which.grid(row=0, column=0, sticky="e", padx=10, pady=(8, 0))
        # A plain canvas cannot be hidden as the other widgets are; a frame around it can.
        self.chart_frame, self.scores_frame = theme.row(card), theme.row(card)
        self.chart = Chart(
            self.chart_frame, "million tokens read", "bits per byte on validation stories"
        )
        self.score_chart = Scores(self.scores_frame)
        for frame, chart in (
            (self.chart_frame, self.chart),
            (self.scores_frame, self.score_chart),
        ):
            frame.grid(row=1, column=0, sticky="nsew", padx=10, pady=(2, 8))
            frame.grid_columnconfigure(0, weight=1)
            frame.grid_rowconfigure(0, weight=1)
            chart.grid(row=0, column=0, sticky="nsew")

    def _build_table(self) -> None:
        card = theme.card(self)
        card.grid(row=1, column=0, sticky="nsew")
        card.grid_columnconfigure(0, weight=1)
        card.grid_rowconfigure(0, weight=1)
        self.table = ctk.CTkTextbox(
            card,
            font=ctk.CTkFont(size=13),
            fg_color=theme.PAGE,
            text_color=theme.INK,
            wrap="none",
            scrollbar_button_color=theme.EDGE,
            scrollbar_button_hover_color=theme.FAINT,
            spacing1=5,
            spacing3=5,
            cursor="hand2",
        )
        self.table.grid(row=0, column=0, sticky="nsew", padx=8, pady=6)
        self.table.bind("<ButtonRelease-1>", self._clicked)
        self.table.bind("<Configure>", lambda _: self._dress_table())

    def _dress_table(self) -> None:
        scale = theme.scale(self)
        self.table.configure(tabs=[round(stop * scale) for stop in STOPS])
        self.table.tag_config("head", foreground=theme.now(theme.QUIET))
        self.table.tag_config("chosen", background=theme.now(theme.CHOSEN))
        self.table.tag_config("broken", foreground=theme.now(theme.ALARM), wrap="word")
        for number, colour in enumerate(theme.CURVES):
            self.table.tag_config(f"curve {number}", foreground=theme.now(colour))

    def _clicked(self, event: Any) -> None:
        line = int(str(self.table.index(f"@{event.x},{event.y}")).partition(".")[0])
        self.choose(line - 2)

    def _build_side(self) -> None:
        side = theme.row(self)
        side.grid(row=0, column=1, rowspan=2, sticky="nsew", padx=(12, 0))
        side.grid_columnconfigure(0, weight=1)
        side.grid_rowconfigure(0, weight=1)
        card = theme.card(side)
        card.grid(row=0, column=0, sticky="nsew", pady=(0, 12))
        card.grid_columnconfigure(0, weight=1)
        card.grid_rowconfigure(1, weight=1)
        self.title = theme.label(card, "", "head", width=210)
        self.title.grid(row=0, column=0, padx=16, pady=(12, 2), sticky="w")
        sheet = theme.scrolled(card, width=216)
        sheet.grid(row=1, column=0, sticky="nsew", padx=(6, 4))
        self.scores = theme.label(sheet, "", "small", wraplength=208, anchor="nw")
        self.scores.grid(row=0, column=0, padx=10, sticky="nw")
        self.write_button = theme.button(card, "Write with it", self.write_with, width=120)
        self.write_button.grid(row=2, column=0, pady=12)
        self.training = TrainPanel(
            side,
            self.studio,
            "It goes on while you use the window; Stop keeps what it has learned.",
        )
        self.training.narrow()
        self.training.card.grid(row=1, column=0, sticky="ew")


def read_figures(run: Run) -> Figures:
    """The learning curve and the scores of a run, as far as it has them."""
    root = run.folder.parent if run.folder.name == "model" else run.folder
    metrics, scores = root / "metrics.csv", root / "scores.json"
    rows = read_curves(metrics).get("val/bpb", []) if metrics.is_file() else []
    batch = run.number("training.batch_tokens") or 1
    curve = tuple(((step + 1) * batch / 1e6, value) for step, value in rows)
    try:
        return Figures(curve, _read_scores(scores) if scores.is_file() else ())
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        said = f"scores.json cannot be read ({type(error).__name__}: {error})"
        return Figures(curve, (), broken=said)


def _read_scores(path: Path) -> tuple[Score, ...]:
    """The scores of a ``scores.json``; details of others (``@``) left out."""
    judged = read_json(path)
    real = judged.get("anchors", {}).get("real", {})
    return tuple(
        Score(
            name,
            str(score["title"]),
            str(score["unit"]),
            float(score["value"]),
            str(score.get("section", "")),
            str(score.get("better", "")),
            float(real[name]["value"]) if name in real else None,
        )
        for name, score in judged["scores"].items()
        if "@" not in name and score["value"] is not None
    )


def _columns(run: Run) -> tuple[str, ...]:
    seconds = run.number("training.seconds")
    return (
        run.name,
        f"{run.val_bpb:.4f}",
        f"{run.number('parameters.total') / 1e6:.2f} M",
        f"{run.number('vocab.words'):,}",
        f"{run.number('training.tokens') / 1e6:.2f} M",
        f"{seconds / 60:.0f}" if seconds else "",
        run.stories,
    )
