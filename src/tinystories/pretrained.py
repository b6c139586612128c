"""A trained model made ready to be given away: small, judged, and with a card that says all."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tinystories.data.corpus import same_stories
from tinystories.errors import UserError
from tinystories.evaluation.asking import LEANINGS
from tinystories.evaluation.evaluate import STORIES, Wish, evaluate
from tinystories.evaluation.fairness import SECTION as TOPICS
from tinystories.evaluation.likelihood import Cost, story_nats, whole
from tinystories.evaluation.page import drawn, number
from tinystories.evaluation.scorecard import Score, Scorecard, write_scorecard
from tinystories.evaluation.telling import find_corpus
from tinystories.files import write_atomically
from tinystories.generation import Sampling
from tinystories.runs import Run, read_run
from tinystories.storyteller import Storyteller

README = "README.md"
BEGINNING = "Once upon a time, there was a little"
SEED = 1
"""Of the stories on the card: the first that come, not chosen."""

TABLE = (
    "bits_per_byte",
    "pairs",
    "endings",
    "grammar_lints",
    "kept_names",
    "repeated_4grams",
    "ended",
    "nearest_cosine",
    "longest_copied",
    "self_bleu",
)
"""Scores on the card; the file of scores has them all."""


def pack(
    run: Run,
    folder: Path,
    *,
    wish: Wish | None = None,
    progress: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> Run:
    """Write a copy of a run into ``folder``: weights in 16 bits, scores, stories, a model card.

    All that is said is measured with the rounded weights.

    Args:
        run: the trained model; its training stories must be at hand.
        folder: a new folder, or one that holds a model, which is replaced.
        wish: how it is judged; None is as ``tinystories evaluate`` does.
        progress: hears how far it is.

    Raises:
        UserError: ``folder`` holds something else, or the stories are not at hand.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / "card.json").is_file():
        raise UserError(f"{folder} holds something that is no model; choose another folder")
    wish = wish or Wish()
    stories = list(find_corpus(run, wish.data).stories("validation"))
    teller = Storyteller.load(run.folder, "torch")
    for weight in teller.model.parameters():
        weight.data = weight.data.half().float()
    costs = [whole(story) for story in story_nats(teller.model, teller.vocabulary, stories)]
    total = Cost(sum(cost.nats for cost in costs), sum(cost.bytes for cost in costs))
    card = {name: said for name, said in run.card.items() if name not in ("format", "files")}
    card |= {"val_bpb": total.bits_per_byte, "weights": "float16"}
    packed = Storyteller(teller.model, teller.vocabulary, card)

    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / folder.name
        packed.save(made, half=True)
        results = Path(scratch) / "results"
        scores = evaluate(read_run(made), Wish(**{**vars(wish), "out": results}), progress=progress)
        folder.parent.mkdir(parents=True, exist_ok=True)
        packed.save(folder, half=True)
        shutil.copyfile(results / STORIES, folder / STORIES)
        write_scorecard(folder, replace(scores, run={**scores.run, "folder": folder.as_posix()}))
    packed_run = read_run(folder)
    write_atomically(folder / README, model_card(packed_run, scores, _told(packed)))
    return packed_run


def _told(teller: Storyteller) -> dict[str, str]:
    """Return a greedy and a sampled story, by what they are."""
    return {
        "greedy": teller.tell(BEGINNING, sampling=Sampling(0)),
        f"seed {SEED}": teller.tell(BEGINNING, seed=SEED),
    }


def model_card(
    run: Run,
    scores: Scorecard | None = None,
    stories: dict[str, str] | None = None,
    *,
    library: str = "tinystories",
    usage: str | None = None,
) -> str:
    """Return what a reader should know of a model, as Markdown with the hub's front matter.

    Args:
        run: the model.
        scores: how it was judged.
        stories: some that it told, by what they are.
        library: the program that reads it.
        usage: how that is done; None is ``tinystories tell``.
    """
    parts = [_front(run, library), _about(run, usage)]
    if "train" in run.card["data"]:  # Nobody knows where an imported model comes from.
        parts.append(_data(run))
    if scores:
        parts += [_scores(scores), _bias(scores)]
    parts.append(_LIMITS)
    if stories:
        parts.append(_stories(stories))
    return "\n\n".join(parts) + "\n"


def _front(run: Run, library: str) -> str:
    source = run.card["data"]["source"]
    return "\n".join(
        (
            "---",
            "language: en",
            "license: mit",
            f"library_name: {library}",
            "pipeline_tag: text-generation",
            f"tags: [tinystories, {run.family}]",
            *(["datasets: [roneneldan/TinyStories]"] if source["kind"] == "hub" else []),
            "---",
        )
    )


def _about(run: Run, usage: str | None) -> str:
    card = run.card
    tell = f'tinystories tell "Once upon a time" --run {run.folder.as_posix()}'
    usage = usage or f"```sh\n{tell}\n```"
    size = f"{card['parameters']['total'] / 1e6:.2f} M parameters"
    words = f"{card['vocab']['words']:,} words ({card['vocab']['tokens']:,} token ids)"
    return f"""# {run.name}, {size}

A small language model that tells stories in the words of a three- or four-year-old. It knows
{words} and says no others, unless asked to.

{usage}

It is meant for learning how language models work, for comparing kinds of them at a small size, and
for telling stories for fun. It answers no questions, knows no facts to rely on, and speaks English
only. A child should read its stories together with an adult."""


def _data(run: Run) -> str:
    data, training = run.card["data"], run.card["training"]
    trainings = list(_trainings(training))[::-1]
    steps = sum(each.get("steps") or 0 for each in trainings)
    lines = [
        f"Trained on {data['train']['stories']:,} stories ({data['train']['bytes'] / 1e6:.1f} MB) "
        f"of `{data['source']['name']}`, cleaned; judged by {data['validation']['stories']:,} "
        f"others ({data['validation']['bytes'] / 1e6:.2f} MB) that it has not read.",
        f"It read {training['tokens'] / 1e6:.1f} M tokens in {steps:,} steps, which "
        f"took {training['seconds'] / 60:.0f} minutes; seed {training['seed']}.",
        # Each sentence once, however often it is true.
        *dict.fromkeys(_before(each["base"], data) for each in trainings if each.get("base")),
        *(_taught(each, data) for each in trainings if each.get("teachers")),
    ]
    text = "## Data and training\n\n" + "\n".join(lines)
    if commands := [each["command"] for each in trainings if each.get("command")]:
        text += "\n\n```sh\n" + "\n".join(commands) + "\n```"
    return text


def _before(base: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    """Return what a model that learns from ``data`` had learned from before."""
    earlier = base.get("data") or {}
    if "train" not in earlier:
        return "It began as a model that had learned from nobody knows what."
    if same_stories(earlier, data):
        return "It began as a model that had learned from the same stories."
    return (
        f"It began as a model that had learned from {earlier['train']['stories']:,} stories of "
        f"`{earlier['source']['name']}`; whether those it is judged by were among them, "
        "nobody knows."
    )


def _taught(training: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    """Return whom a model that learns from ``data`` had as its teachers."""
    teachers = training["teachers"]
    known = ", ".join(
        f"{each['model']['family']} of {each['parameters']['total'] / 1e6:.1f} M parameters"
        + ("" if each.get("val_bpb") is None else f" ({each['val_bpb']:.3f} bits per byte)")
        for each in teachers
    )
    same = all(
        "train" in (each.get("data") or {}) and same_stories(each["data"], data)
        for each in teachers
    )
    many = len(teachers) > 1
    who = f"{len(teachers)} teachers expected on average" if many else "a teacher expected"
    whence = (
        "which had learned from the same stories"
        if same
        else f"{'of which at least one' if many else 'which'} had learned from others; whether "
        "those it is judged by were among them, nobody knows"
    )
    return (
        f"In {training['steps']:,} of these steps {training['distillation']:.0%} of what it "
        f"learned is what {who}, {whence}: {known}."
    )


def _trainings(training: Mapping[str, Any] | None) -> Iterator[Mapping[str, Any]]:
    """Yield a model's last training, that of its base before it, and so on."""
    while training:
        yield training
        training = (training.get("base") or {}).get("training")


def _scores(scores: Scorecard) -> str:
    anchors = [name for name in ("real", "5-gram", "untrained") if name in scores.anchors]
    rows = [
        "## Scores",
        "",
        f"Of {scores.settings['count']} told stories ({drawn(scores.settings)}), and of what it "
        "expects; 95 % intervals. The same for real stories, for a model that counts five words, "
        "and for itself untrained.",
        "",
        "| | this model | " + " | ".join(anchors) + " |",
        "| --- | --- |" + " --- |" * len(anchors),
    ]
    for name in TABLE:
        if (score := scores.scores.get(name)) is None:
            continue
        others = [scores.anchors[anchor].get(name) for anchor in anchors]
        shown = [_interval(score), *(number(o.value) if o else "–" for o in others)]
        rows.append(f"| {score.title}, {score.unit} | {' | '.join(shown)} |")
    return "\n".join(rows)


def _bias(scores: Scorecard) -> str:
    def rows(section: str) -> list[str]:
        some = scores.sections().get(section, ())
        return [f"| {score.title}, {score.unit} | {_interval(score)} |" for score in some]

    head = ["| | 95 % interval |", "| --- | --- |"]
    parts = ["## Bias"]
    if leanings := rows(LEANINGS):
        about = (
            "How much a word's likelihood changes (a role, a feeling, a look) when only who the "
            "sentence is about is exchanged; 0.7 is twice or half as likely."
        )
        parts += [about, "\n".join(head + leanings)]
    if topics := rows(TOPICS):
        about = (
            "How many more words in 100 are about a topic in stories of the first than of the "
            "second, told from beginnings that differ in that only; an interval without 0 is a "
            "difference."
        )
        parts += [about, "\n".join(head + topics)]
    return "\n\n".join(parts)


def _interval(score: Score) -> str:
    found = score.interval
    return f"{number(found.value)} ({number(found.low)} to {number(found.high)})"


_LIMITS = """## Limits

It forgets who has what, contradicts itself, and now and then says a phrase of a training story
word by word. It has the leanings of its stories: which names there are, and what girls and boys
do in them. A story about something sad or frightening may come."""


def _stories(stories: dict[str, str]) -> str:
    parts = ["## Stories", f"From “{BEGINNING}”, exactly as told, the first that came."]
    for how, story in stories.items():
        quoted = "\n".join(f"> {line}".rstrip() for line in story.split("\n"))
        parts.append(f"**{how}**\n\n{quoted}")
    return "\n\n".join(parts)
