"""A scorecard as one page that explains itself: no other file, no script from elsewhere."""

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from tinystories.evaluation.anchors import REAL, TITLES, UNTRAINED
from tinystories.evaluation.intervals import Interval
from tinystories.evaluation.operation import TITLES as OPERATION
from tinystories.evaluation.panel import SUITABLE
from tinystories.evaluation.scorecard import Score, Scorecard
from tinystories.evaluation.themes import examples
from tinystories.files import write_atomically
from tinystories.records import Told

PAGE = "scorecard.html"

BETTER = {
    "higher": "higher is better",
    "lower": "lower is better",
    "like real": "as in real stories is best",
}

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2230; --dim: #646b7b; --line: #d9dce4;
  --paper: #fdfcf9; --card: #ffffff; --run: #b3402e; --real: #2f6f4f; --other: #8a90a0; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e6e1; --dim: #a2a7b4; --line: #3a3f4d;
  --paper: #171a21; --card: #1f232d; --run: #ff8f78; --real: #7fcfa3; --other: #8b92a3; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 3rem 1.25rem 5rem; max-width: 50rem; background: var(--paper);
  color: var(--ink); font: 1.0625rem/1.6 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
h1 { font-size: 2.1rem; line-height: 1.15; margin: 0 0 .3rem; }
h2 { font-size: 1.45rem; margin: 3.5rem 0 1rem; border-bottom: 2px solid var(--line); }
h3 { font-size: 1.1rem; margin: 0; }
p { margin: .5rem 0; }
a { color: inherit; }
.dim, figcaption, small { color: var(--dim); font-size: .9rem; }
nav { margin: 1.2rem 0; display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; }
.score { background: var(--card); border: 1px solid var(--line); border-radius: .7rem;
  padding: 1.1rem 1.3rem; margin: 0 0 1.1rem; break-inside: avoid; }
.head { display: flex; justify-content: space-between; align-items: baseline; gap: 1rem; }
.value { font-size: 1.35rem; font-weight: 650; color: var(--run); white-space: nowrap; }
.value small { font-weight: 400; }
svg { display: block; width: 100%; height: auto; margin: .7rem 0 .2rem; overflow: visible; }
svg text { font-size: 13px; fill: var(--ink); font-variant-numeric: tabular-nums; }
svg .tick { fill: var(--dim); font-size: 11px; }
svg .grid { stroke: var(--line); }
svg .run { stroke: var(--run); fill: var(--run); } svg text.run { stroke: none; font-weight: 650; }
svg .real { stroke: var(--real); fill: var(--real); } svg text.real { stroke: none; }
svg .other { stroke: var(--other); fill: var(--other); } svg text.other { stroke: none; }
svg .band { fill: var(--real); stroke: none; opacity: .13; }
details { margin-top: .6rem; border-top: 1px solid var(--line); padding-top: .5rem; }
summary { cursor: pointer; color: var(--dim); font-size: .95rem; }
blockquote { margin: .4rem 0 1rem; padding: 0 0 0 1rem; border-left: 3px solid var(--line);
  font: 1.05rem/1.6 Georgia, "DejaVu Serif", serif; white-space: pre-line;
  overflow-wrap: anywhere; }
blockquote b { font-weight: 400; color: var(--dim); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .92rem;
  font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .3rem .5rem; border-bottom: 1px solid var(--line);
  vertical-align: top; }
th:first-child, td:first-child { text-align: left; }
td.run { color: var(--run); font-weight: 650; }
ul { padding-left: 1.2rem; }
@media print { body { max-width: none; padding: 0; font-size: 10.5pt; background: none; }
  nav { display: none; } h2 { break-after: avoid; } }
"""

_SCRIPT = """addEventListener("beforeprint", () => {
  for (const part of document.querySelectorAll("details")) part.open = true; });"""


def write_page(folder: Path, card: Scorecard, stories: Sequence[Told]) -> Path:
    """Write ``scorecard.html`` into ``folder``; ``stories`` are those that were judged."""
    path = folder / PAGE
    write_atomically(path, page(card, stories))
    return path


def page(card: Scorecard, stories: Sequence[Told]) -> str:
    """Return the page of a scorecard."""
    name = escape(str(card.run["name"]))
    sections = card.sections()
    links = [*sections, *(["Operation"] if card.operation else []), "How this was made"]
    body = [
        f"<h1>How good are the stories of the {name}?</h1>",
        f"<p class=dim>{escape(_facts(card))}</p>",
        _nav(links),
        _READING,
        _missing(card.missing),
        "<h2 id=glance>At a glance</h2>",
        _glance(card, sections),
    ]
    for section, scores in sections.items():
        body.append(f'<h2 id="{_anchor(section)}">{escape(section)}</h2>')
        body += [_card(score, card, stories) for score in scores]
        if section == SUITABLE:
            body.append(_found_themes(stories))
    body += [_operation(card.operation), _made(card)]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Scorecard: {name}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(filter(None, body))
        + f"\n<script>{_SCRIPT}</script>\n</body>\n</html>\n"
    )


_READING = (
    "<p>Every number stands beside the same number of others: <b>real stories</b> that the model "
    "has not read, the same stories with their <b>sentences shuffled</b>, a simple model that only "
    "<b>counts five words</b> in a row, and the same model <b>untrained</b>. A dot is the number; "
    "the bar around it is where the true number lies in 95 of 100 such trials. Where two bars "
    "overlap widely, there is no telling which is better.</p>"
)


def number(value: float) -> str:
    """Return a number with three digits that count: ``0.743``, ``12.4``, ``1,530``."""
    if not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}"


def _facts(card: Scorecard) -> str:
    run, settings = card.run, card.settings
    facts = [
        f"{run['parameters'] / 1e6:.2f} million parameters",
        f"{run['vocab']:,} words",
        f"{run['tokens'] / 1e6:.2f} million tokens read" if run.get("tokens") else "",
        f"{settings['count']} stories told at {drawn(settings)}",
        "a quick look: intervals are wide" if settings.get("quick") else "",
    ]
    return " · ".join(filter(None, facts))


def drawn(settings: Mapping[str, Any]) -> str:
    """Return how stories were drawn, such as ``temperature 1.0, min-p 0.1``."""
    # A card of an older version knows the temperature only; the others were off.
    off = {"top_k": 0, "top_p": 1.0, "min_p": 0.0}
    on = [(name, settings[name]) for name in off if settings.get(name, off[name]) != off[name]]
    said = [("temperature", settings["temperature"]), *on]
    return ", ".join(f"{name.replace('_', '-')} {value}" for name, value in said)


def _missing(lines: Sequence[str]) -> str:
    if not lines:
        return ""
    points = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<p><b>What is missing here:</b></p><ul>{points}</ul>"


def _glance(card: Scorecard, sections: Mapping[str, Sequence[Score]]) -> str:
    heads = "".join(f"<th>{escape(name)}" for name in card.anchors)
    rows = []
    for scores in sections.values():
        for score in scores:
            others = "".join(
                f"<td>{number(_value(found.get(score.name)))}" for found in card.anchors.values()
            )
            rows.append(
                f'<tr><td><a href="#{_anchor(score.name)}">{escape(score.title)}</a>'
                f" <small>{escape(score.unit)}</small>"
                f"<td class=run>{number(score.interval.value)}{others}"
            )
    return (
        "<div class=wide><table><thead><tr><th>score<th>this model"
        f"{heads}</thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _card(score: Score, card: Scorecard, stories: Sequence[Told]) -> str:
    interval = score.interval
    rows = [("this model", interval, "run")]
    rows += [
        (TITLES.get(name, name), found[score.name], "real" if name == REAL else "other")
        for name, found in card.anchors.items()
        if score.name in found
    ]
    parts = [
        f'<section class=score id="{_anchor(score.name)}">',
        f"<div class=head><h3>{escape(score.title)}</h3>",
        f"<div class=value>{number(interval.value)} <small>{escape(score.unit)}</small></div>",
        "</div>",
        f"<p>{escape(score.about)} <span class=dim>({BETTER[score.better]}; n = "
        f"{interval.n})</span></p>",
        dots(rows, score.title),
    ]
    if details := card.details(score.name):
        parts.append(_details(score, details, card))
    if score.over == "stories" and len(score.each) == len(stories):
        real = card.anchors.get(REAL, {}).get(score.name)
        parts.append(_extremes(score, stories, real))
    return "\n".join([*parts, "</section>"])


def dots(rows: Sequence[tuple[str, Interval, str]], title: str) -> str:
    """Return an SVG picture with a dot and a bar for each row ``(name, interval, class)``."""
    known = [(name, found, kind) for name, found, kind in rows if math.isfinite(found.value)]
    if not known:
        return ""
    # An untrained model is so far off that it would squeeze all others together.
    near = [row for row in known if row[0] != TITLES[UNTRAINED]] or known
    low, high, ticks = _axis(
        [x for _, i, _ in near for x in (i.low, i.value, i.high) if math.isfinite(x)]
    )
    left, right, step = 210, 640, 24
    height = step * len(known) + 6

    def x(value: float) -> float:
        return round(left + (right - left) * (value - low) / (high - low), 1)

    parts = [
        f'<svg viewBox="0 0 720 {height + 18}" role="img" aria-label="{escape(title, quote=True)}">'
    ]
    for tick in ticks:
        parts.append(
            f'<line class=grid x1="{x(tick)}" x2="{x(tick)}" y1="0" y2="{height}"/>'
            f'<text class=tick x="{x(tick)}" y="{height + 14}" text-anchor="middle">'
            f"{tick:g}</text>"
        )
    for place, (name, found, kind) in enumerate(known):
        y = step * place + 15
        if kind == "real" and math.isfinite(found.low):
            width = round(max(1.0, x(found.high) - x(found.low)), 1)
            parts.append(
                f'<rect class=band x="{x(found.low)}" y="0" width="{width}" height="{height}"/>'
            )
        if not low <= found.value <= high:
            side, at = ("end", right) if found.value > high else ("start", left)
            arrow = "›››" if found.value > high else "‹‹‹"
            parts.append(
                f'<text class={kind} x="{at}" y="{y + 5}" text-anchor="{side}">{arrow}</text>'
            )
        elif math.isfinite(found.low):
            ends = x(max(low, found.low)), x(min(high, found.high))
            parts.append(
                f'<line class={kind} x1="{ends[0]}" x2="{ends[1]}" y1="{y}" y2="{y}" '
                'stroke-width="3" stroke-linecap="round" opacity=".55"/>'
            )
        if low <= found.value <= high:
            parts.append(f'<circle class={kind} cx="{x(found.value)}" cy="{y}" r="5"/>')
        parts.append(
            f'<text class={kind} x="{left - 14}" y="{y + 4}" text-anchor="end">'
            f"{escape(_short(name))}</text>"
            f'<text class={kind} x="720" y="{y + 4}" text-anchor="end">{number(found.value)}</text>'
        )
    return "".join([*parts, "</svg>"])


def _axis(values: Sequence[float]) -> tuple[float, float, list[float]]:
    """Return where an axis for these values begins and ends, and where its ticks are."""
    low, high = min(values), max(values)
    if low >= 0 and low < 0.6 * high:
        low = 0.0
    if high - low < 1e-12:
        low, high = low - 0.5, high + 0.5
    rough = (high - low) / 4
    scale = 10.0 ** math.floor(math.log10(rough))
    step = next(scale * nice for nice in (1, 2, 2.5, 5, 10) if scale * nice >= rough)
    first, last = math.floor(low / step), math.ceil(high / step)
    return first * step, last * step, [round(i * step, 10) for i in range(first, last + 1)]


def _details(score: Score, details: Sequence[Score], card: Scorecard) -> str:
    names = [name for name, found in card.anchors.items() if any(d.name in found for d in details)]
    heads = "".join(f"<th>{escape(name)}" for name in names)
    rows = []
    for detail in details:
        others = "".join(
            f"<td>{number(_value(card.anchors[name].get(detail.name)))}" for name in names
        )
        found = detail.interval
        rows.append(
            f"<tr><td>{escape(detail.name.partition('@')[2])}<td class=run>{number(found.value)}"
            f"<td>{number(found.low)} to {number(found.high)}{others}"
        )
    return (
        f"<details><summary>{escape(score.title)}, part by part</summary>{dots_of(details)}"
        "<div class=wide><table><thead><tr><th>part<th>this model<th>95 %"
        f"{heads}</thead><tbody>{''.join(rows)}</tbody></table></div></details>"
    )


def dots_of(details: Iterable[Score]) -> str:
    """Return a picture of the parts of one score."""
    return dots([(part.name.partition("@")[2], part.interval, "run") for part in details], "parts")


def _found_themes(stories: Sequence[Told]) -> str:
    """Return where in the stories dark themes were found."""
    found = examples(stories)
    rows = "".join(
        f"<tr><td>{escape(theme)}<td style='text-align:left'>{'<br>'.join(map(escape, some))}"
        for theme, some in found.items()
    )
    return f"<table><tbody>{rows}</tbody></table>" if rows else "<p class=dim>None was found.</p>"


def _extremes(score: Score, stories: Sequence[Told], real: Interval | None) -> str:
    """Return the best and the worst story of a score; nothing where all are the same."""
    known = [(value, place) for place, value in enumerate(score.each) if value is not None]
    if len({value for value, _ in known}) < 2:
        return ""

    def badness(found: tuple[float, int]) -> float:
        value = found[0]
        if score.better == "like real":
            return abs(value - (real.value if real else score.interval.value))
        return value if score.better == "lower" else -value

    best, worst = min(known, key=badness), max(known, key=badness)
    shown = "".join(
        f"<p class=dim>{words}: {number(value)} {escape(score.unit)}</p>{_quote(stories[place])}"
        for words, (value, place) in (("The best", best), ("The worst", worst))
    )
    return f"<details><summary>The best and the worst story</summary>{shown}</details>"


def _quote(story: Told) -> str:
    rest = story.text.removeprefix(story.prompt)
    prompt = f"<b>{escape(story.prompt)}</b>" if story.prompt else ""
    return f"<blockquote>{prompt}{escape(rest)}</blockquote>"


def _operation(figures: Mapping[str, float]) -> str:
    if not figures:
        return ""
    rows = "".join(
        f"<tr><td>{escape(title)}<td class=run>{number(figures[name])}"
        for name, title in OPERATION.items()
        if name in figures
    )
    return (
        f'<h2 id="{_anchor("Operation")}">Operation</h2><p>Measured in a process of its own, on '
        f"the machine that made this page.</p><table><tbody>{rows}</tbody></table>"
    )


def _made(card: Scorecard) -> str:
    facts = {**card.run, **card.settings, **card.versions}
    rows = "".join(
        f"<tr><td>{escape(name)}<td style='overflow-wrap:anywhere'>{escape(str(value))}"
        for name, value in facts.items()
    )
    took = ", ".join(f"{escape(what)} {seconds:.0f} s" for what, seconds in card.seconds.items())
    return (
        f'<h2 id="{_anchor("How this was made")}">How this was made</h2>'
        f"<p class=dim>{took}</p><table><tbody>{rows}</tbody></table>"
    )


def _value(interval: Interval | None) -> float:
    return interval.value if interval else math.nan


def _short(name: str) -> str:
    return {"real stories, sentences shuffled": "sentences shuffled"}.get(name, name)


def _anchor(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name.lower())


def _nav(links: Iterable[str]) -> str:
    found = "".join(f'<a href="#{_anchor(link)}">{escape(link)}</a>' for link in links)
    return f"<nav>{found}</nav>"
