"""What a setting was worth: runs that differ in it alone, and whether the difference is real.

Reads cards only, as the overview does: what was asked for stands in the command of each.
"""

import json
import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, variance
from typing import TYPE_CHECKING

from tinystories.evaluation.intervals import Interval, holm, student, student_reach

if TYPE_CHECKING:
    from tinystories.evaluation.overview import Entry

LEVEL = 0.05

_ASIDE = ("model", "seed", "resume", "sweep", "validations", "prompt", "minutes", "flops")
_ASIDE_UNDER = ("trainer.", "hydra.", "hydra/")


@dataclass(frozen=True)
class Effect:
    """What one changed setting did to one model.

    Args:
        model: its name.
        change: the setting as it was asked for, such as ``data.vocab=20000``.
        base: the mean bits per byte without the change.
        difference: what the change added to them; the interval is Student's, from the spread of
            the seeds of all runs, NaN where no two runs differ in their seed only.
        p: how often seeds alone would do as much, corrected (Holm) for the number of effects.
    """

    model: str
    change: str
    base: float
    difference: Interval
    p: float

    @property
    def real(self) -> bool:
        """Whether seeds alone would hardly do it."""
        return self.p < LEVEL


def effects(found: "Sequence[Entry]") -> list[Effect]:
    """Return what each setting did, of models that had the same budget and the same judges.

    What helped most comes first, by the mean over the models; the models' effects stay together.
    Of a model's runs those are taken as they are from which the most others differ in one setting
    only. The spread of seeds is taken to be the same everywhere (the pooled variance), so that
    something can be said of a single run, too, if others were repeated.
    """
    groups: dict[str, list[Entry]] = {}
    for entry in found:
        training, data = entry.card["training"], entry.card["data"]
        alike = [entry.name, training.get("budget"), training.get("finished")]
        groups.setdefault(json.dumps([*alike, data.get("validation")]), []).append(entry)
    freedom = sum(len(entry.runs) - 1 for entry in found)
    spread = math.sqrt(_squares(found) / freedom) if freedom else math.nan
    single: list[tuple[Effect, float]] = []
    for group in groups.values():
        asked = [_asked(entry) for entry in group]
        apart = [[_change(theirs, ours) for theirs in asked] for ours in asked]
        place = max(
            range(len(group)),
            key=lambda i: (sum(map(bool, apart[i])), len(group[i].runs)),
        )
        base = group[place]
        for entry, change in zip(group, apart[place], strict=True):
            if change:
                value = entry.bits.value - base.bits.value
                error = spread * math.sqrt(1 / len(entry.runs) + 1 / len(base.runs))
                reach = error * student_reach(freedom) if freedom else math.nan
                # Without a spread, nothing is known to be real.
                p = student(value / error, freedom) if freedom and error else 1.0
                interval = Interval(value, value - reach, value + reach, len(entry.runs))
                single.append((Effect(entry.name, change, base.bits.value, interval, p), p))
    corrected = holm([p for _, p in single])
    settled = [
        Effect(effect.model, effect.change, effect.base, effect.difference, p)
        for (effect, _), p in zip(single, corrected, strict=True)
    ]
    worth: dict[str, list[float]] = {}
    for effect in settled:
        worth.setdefault(effect.change, []).append(effect.difference.value)
    return sorted(settled, key=lambda e: (mean(worth[e.change]), e.change, e.model))


def _squares(found: "Sequence[Entry]") -> float:
    """Return the sum of squares of what seeds did, around the mean of each set of seeds."""
    several = [[run.val_bpb for run in entry.runs] for entry in found if len(entry.runs) > 1]
    return sum(variance(values, mean(values)) * (len(values) - 1) for values in several)


def _asked(entry: "Entry") -> dict[str, str]:
    """Return the settings that a run's command asked for, but for how and how long it ran."""
    try:
        words = shlex.split(str(entry.card["training"].get("command") or ""))
    except ValueError:  # An open quotation mark: nothing that training writes.
        words = []
    pairs = (word.partition("=") for word in words if "=" in word)
    return {
        name: value
        for name, _, value in pairs
        if name not in _ASIDE and not name.startswith(_ASIDE_UNDER)
    }


def _change(settings: Mapping[str, str], base: Mapping[str, str]) -> str:
    """Return the one setting in which two differ; empty if it is none or more than one."""
    names = {name for name, _ in settings.items() ^ base.items()}
    if len(names) != 1:
        return ""
    (name,) = names
    return f"{name}={settings[name]}" if name in settings else f"without {name}={base[name]}"
