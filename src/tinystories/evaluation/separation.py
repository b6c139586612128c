"""How well a metric tells real stories from spoiled ones: what it is worth before it judges."""

import random
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from tinystories.evaluation.metric import Metric, SetMetric
from tinystories.evaluation.text import names, sentences, words
from tinystories.records import Told

_OTHER_PRONOUN = {
    **{"he": "she", "him": "her", "his": "her", "himself": "herself"},
    **{"she": "he", "her": "his", "hers": "his", "herself": "himself"},
}
_PRONOUN = re.compile(rf"\b(?:{'|'.join(_OTHER_PRONOUN)})\b", re.IGNORECASE)

Corruption = Callable[[Sequence[str], random.Random], list[str]]


def as_told(stories: Sequence[str], *, opening: int = 8) -> list[Told]:
    """Return written stories as if told: the first words are the prompt, and they end."""
    return [
        Told(" ".join(story.split(" ")[:opening]), story, ended=True, tokens=len(story.split()))
        for story in stories
    ]


def shuffle_words(stories: Sequence[str], rng: random.Random) -> list[str]:
    """Put the words of every sentence in another order; punctuation stays with its word."""

    def mixed(sentence: str) -> str:
        parts = sentence.split(" ")
        rng.shuffle(parts)
        return " ".join(parts)

    return [
        _by_line(story, lambda line: " ".join(map(mixed, sentences(line)))) for story in stories
    ]


def shuffle_sentences(stories: Sequence[str], rng: random.Random) -> list[str]:
    """Put the sentences of every story in another order; the paragraphs keep their lengths."""
    spoiled = []
    for story in stories:
        lines = [sentences(line) for line in story.split("\n")]
        every = [sentence for line in lines for sentence in line]
        rng.shuffle(every)
        rest = iter(every)
        spoiled.append("\n".join(" ".join(next(rest) for _ in line) for line in lines))
    return spoiled


def swap_names(stories: Sequence[str], rng: random.Random) -> list[str]:
    """Give every character of the second half a name from another story."""
    pool = sorted({name for story in stories for name in names(story)})
    spoiled = []
    for story in stories:
        own = names(story)
        strangers = [name for name in pool if name not in own]
        swapped = {name: rng.choice(strangers) for name in own} if strangers else {}
        half = story.find(" ", len(story) // 2)
        spoiled.append(
            story[:half]
            + re.sub(r"\b[A-Z][a-z]+\b", lambda m: swapped.get(m[0], m[0]), story[half:])  # noqa: B023
        )
    return spoiled


def swap_pronouns(stories: Sequence[str], rng: random.Random) -> list[str]:
    """Turn every other he into she and every other she into he, and their forms likewise."""

    def maybe(match: re.Match[str]) -> str:
        word = match[0]
        if rng.random() < 0.5:
            return word
        other = _OTHER_PRONOUN[word.lower()]
        return other.capitalize() if word[0].isupper() else other

    return [_PRONOUN.sub(maybe, story) for story in stories]


def drop_words(stories: Sequence[str], rng: random.Random) -> list[str]:
    """Leave out one word in ten, with the punctuation that hangs on it."""
    return [
        _by_line(story, lambda line: " ".join(w for w in line.split(" ") if rng.random() >= 0.1))
        for story in stories
    ]


def exchange_endings(stories: Sequence[str], rng: random.Random) -> list[str]:
    """Let every story end with the second half of another."""
    halves = [_halves(story) for story in stories]
    shift = rng.randrange(1, len(stories)) if len(stories) > 1 else 0
    return [f"{own[0]} {halves[n - shift][1]}" for n, own in enumerate(halves)]


def cut_short(stories: Sequence[str], rng: random.Random) -> list[str]:
    """Stop every story between two words of its second half."""
    spoiled = []
    for story in stories:
        parts = story.split(" ")
        spoiled.append(" ".join(parts[: rng.randrange(len(parts) // 2, max(2, len(parts) - 1))]))
    return spoiled


def go_in_circles(stories: Sequence[str], rng: random.Random) -> list[str]:
    """Say one sentence of every story three times more at its end, as looping models do."""
    return [" ".join([story, *[rng.choice(sentences(story))] * 3]) for story in stories]


def join_sentences(stories: Sequence[str], rng: random.Random) -> list[str]:
    """Make one sentence of every three in a row, with ``and`` between them."""

    def joined(line: str) -> str:
        parts = sentences(line)
        runs = [parts[n : n + 3] for n in range(0, len(parts), 3)]
        return " ".join(
            " and ".join([*(p.rstrip(".!?") for p in run[:-1]), run[-1]]) for run in runs
        )

    return [_by_line(story, joined) for story in stories]


def copy_from(training: Sequence[str]) -> Corruption:
    """Return a corruption that lets every story end with the second half of a training story."""

    def copied(stories: Sequence[str], rng: random.Random) -> list[str]:
        return [f"{_halves(story)[0]} {_halves(rng.choice(training))[1]}" for story in stories]

    return copied


def make_rare(stories: Sequence[str], rng: random.Random) -> list[str]:
    """Put a word that only one of the stories has in the place of every twentieth."""
    seen = Counter(word for story in stories for word in set(words(story)))
    rare = sorted(word for word, count in seen.items() if count == 1)
    spoiled = []
    for story in stories:
        parts = re.split(r"(\b[a-z]+\b)", story)
        for place in range(1, len(parts), 2):
            if rare and rng.random() < 0.05:
                parts[place] = rng.choice(rare)
        spoiled.append("".join(parts))
    return spoiled


def copy_each_other(stories: Sequence[str], rng: random.Random) -> list[str]:
    """Tell one story in ten only, ten times: a model that knows few."""
    few = rng.sample(list(stories), max(1, len(stories) // 10))
    return [few[number % len(few)] for number in range(len(stories))]


CORRUPTIONS: Mapping[str, Corruption] = {
    "words shuffled": shuffle_words,
    "sentences shuffled": shuffle_sentences,
    "names swapped": swap_names,
    "pronouns swapped": swap_pronouns,
    "words dropped": drop_words,
    "another's ending": exchange_endings,
    "cut short": cut_short,
    "going in circles": go_in_circles,
    "words made rare": make_rare,
    "sentences joined": join_sentences,
}


def separation(
    metrics: Sequence[Metric],
    stories: Sequence[str],
    corruptions: Mapping[str, Corruption] = CORRUPTIONS,
    *,
    seed: int = 0,
) -> dict[str, dict[str, float]]:
    """Return ``{metric: {corruption: AUC}}`` of real stories against spoiled ones.

    The AUC is the chance that a spoiled story scores worse than a real one: 0.5 is blind, 1 is
    perfect. Where real stories are the aim (``like real``), either direction counts.
    """
    real = as_told(stories)
    spoiled = {
        name: [
            replace(story, text=text, ended=name != "cut short")
            for story, text in zip(real, corrupt(stories, random.Random(seed)), strict=True)
        ]
        for name, corrupt in corruptions.items()
    }
    table = {}
    for metric in metrics:
        good = _numbers(metric.score(real))
        table[metric.name] = {
            name: _directed(auc(good, _numbers(metric.score(bad))), metric.better)
            for name, bad in spoiled.items()
        }
    return table


def set_separation(
    metrics: Sequence[SetMetric],
    stories: Sequence[str],
    corruptions: Mapping[str, Corruption] | None = None,
    *,
    size: int = 50,
    draws: int = 20,
    seed: int = 0,
) -> dict[str, dict[str, float]]:
    """Return ``{metric: {corruption: AUC}}`` like :func:`separation`, of sets of stories.

    ``draws`` random sets of ``size`` stories are compared with as many spoiled sets.
    """
    corruptions = corruptions or {**CORRUPTIONS, "few stories told again": copy_each_other}
    rng = random.Random(seed)
    sets = [rng.sample(list(stories), min(size, len(stories))) for _ in range(2 * draws)]
    real = [as_told(chosen) for chosen in sets[:draws]]
    good = {metric.name: list(map(metric.score, real)) for metric in metrics}
    table: dict[str, dict[str, float]] = {metric.name: {} for metric in metrics}
    for name, corrupt in corruptions.items():
        spoiled = [as_told(corrupt(chosen, rng)) for chosen in sets[draws:]]
        for metric in metrics:
            value = auc(good[metric.name], [metric.score(told) for told in spoiled])
            table[metric.name][name] = _directed(value, metric.better)
    return table


def _directed(value: float, better: str) -> float:
    if better == "like real":
        return max(value, 1 - value)
    return 1 - value if better == "lower" else value


def auc(high: Sequence[float], low: Sequence[float]) -> float:
    """Return the chance that one of ``high`` is above one of ``low``, ties counting half.

    The statistic of Mann and Whitney (1947) over the number of pairs; NaN without any.
    """
    if not len(high) or not len(low):
        return float("nan")
    ordered = np.sort(np.asarray(low, dtype=float))
    below = np.searchsorted(ordered, high, "left") + np.searchsorted(ordered, high, "right")
    return float(below.mean() / (2 * len(ordered)))


def _numbers(scores: Sequence[float | None]) -> list[float]:
    return [score for score in scores if score is not None]


def _by_line(story: str, change: Callable[[str], str]) -> str:
    return "\n".join(map(change, story.split("\n")))


def _halves(story: str) -> tuple[str, str]:
    parts = sentences(story)
    middle = (len(parts) + 1) // 2
    return " ".join(parts[:middle]), " ".join(parts[middle:])
