"""How much is learned from stories in equal CPU time, on one thread, beside other recipes.

Every contestant learns from the same tokens, 2,048 a step, with about the same number of
parameters, until its CPU seconds are spent; then it reads all validation stories, whole, and every
byte counts once. Runs that are on file are not done again, so a benchmark that was stopped goes on.
"""

import json
import math
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from measure import RESULTS, machine, show
from peers import TUNED, build, non_embedding
from torch import Tensor, nn
from torch.nn import functional as F

from tinystories.data.datamodule import WindowOrder, by_length, pad_stories, stack_windows
from tinystories.data.pipeline import Prepared, prepare
from tinystories.data.shards import IGNORE, Shards, Stories, Windows
from tinystories.evaluation.intervals import of_mean

RECORDS = RESULTS / "learning.jsonl"
NAMES = ("transformer", "mingru", "gpt-neo", "llama")
RATES = {"gpt-neo": (5e-4, 1e-3, 2e-3), "llama": (1e-3, 2e-3, 4e-3)}
"""The peers, and the learning rates that are tried for them."""
STEP_TOKENS = 2048
SIZES = {"1.7M": (192, 4), "3M": (252, 4)}
"""Parameters outside the embedding, and the width and depth that have them."""


def run(
    source: str,
    *,
    budgets: Sequence[int],
    seeds: Sequence[int],
    names: Sequence[str] = NAMES,
    size: str = "1.7M",
    lr: float | None = None,
    judged: int | None = None,
) -> None:
    """Train every contestant with every budget and seed that is not on file yet, and report.

    Args:
        source: stories, as ``data.source`` of ``train.py`` takes them.
        budgets: CPU seconds of training.
        seeds: of the weights and of the order of the windows.
        names: the contestants.
        size: a key of ``SIZES``.
        lr: the highest learning rate; None is the one that was best.
        judged: validation stories that are read; None is all.
    """
    torch.set_num_threads(1)
    data = prepare(source, vocab=4500, tokenizer={"kind": "words"}, processes=1)
    stories = Stories(data.shards, "validation")
    for budget in budgets:
        for seed in seeds:
            for name in names:
                task = {"name": name, "size": size, "budget": budget, "seed": seed}
                task["lr"] = lr or TUNED[name]
                made_of = {**stories_of(data), "judged": judged}
                wanted = (task | made_of).items()
                if not any(all(r.get(k) == v for k, v in wanted) for r in records()):
                    found = _one(data.shards, stories, **task, judged=judged)
                    RECORDS.parent.mkdir(parents=True, exist_ok=True)
                    with RECORDS.open("a", encoding="utf-8") as file:
                        file.write(
                            json.dumps(task | made_of | found | {"machine": machine()}) + "\n"
                        )
    report()


def stories_of(data: Prepared) -> dict[str, Any]:
    """Return what tells a corpus from others, in a record.

    Its fingerprint would not do: it holds the date of the files, which another copy of the same
    stories has not.
    """
    return {"stories": data.corpus.sizes(), "vocabulary": data.vocabulary.fingerprint}


def records() -> list[dict[str, Any]]:
    """Return the runs on file."""
    if not RECORDS.exists():
        return []
    return [json.loads(line) for line in RECORDS.read_text(encoding="utf-8").splitlines()]


def _one(
    shards: Shards,
    stories: Stories,
    *,
    name: str,
    size: str,
    budget: int,
    seed: int,
    lr: float,
    judged: int | None,
) -> dict[str, Any]:
    torch.manual_seed(seed)
    width, depth = SIZES[size]
    vocab = len(shards.index["token_bytes"])
    contestant = build(name, vocab=vocab, width=width, depth=depth, lr=lr)
    read = batches(shards, contestant.context, seed)
    start, tokens = time.process_time(), 0
    while (spent := time.process_time() - start) < budget:
        batch = next(read)
        contestant.learn(batch["tokens"], batch["targets"], spent / budget)
        tokens += batch["targets"].numel()
    chosen = range(min(judged or len(stories), len(stories)))
    bits = story_bits(contestant.model, contestant.logits, stories, chosen, contestant.reach)
    size = stories.bytes[: len(chosen)]
    return {
        "bpb": sum(bits) / int(size.sum()),
        "tokens": tokens,
        "non_embedding": non_embedding(contestant),
        "bits": [round(b, 2) for b in bits],
        "bytes": size.tolist(),
    }


def batches(
    shards: Shards, context: int, seed: int, *, first: int = 0, tokens: int = STEP_TOKENS
) -> Iterator[dict[str, Tensor]]:
    """Yield what each step from ``first`` on learns from, so many ``tokens``, for ever."""
    windows, a_step = Windows(shards, "train", context), tokens // context
    for chosen in WindowOrder(len(windows), batch=a_step, first=first, seed=seed):
        yield stack_windows([windows[i] for i in chosen])


@torch.no_grad()
def story_bits(
    model: nn.Module,
    logits: Callable[[Tensor], Tensor],
    stories: Stories,
    chosen: Sequence[int],
    reach: int | None = None,
) -> list[float]:
    """Return the bits of every chosen whole story, its end included.

    A model that cannot read further than it has learned to (``reach`` tokens) reads a long story in
    windows, each half a window on, and is asked only for what it has not been asked for before.
    """
    model.eval()
    device = next(model.parameters()).device
    ids = [stories[i] for i in chosen]
    nats = np.zeros(len(ids))
    reach = reach or max(map(len, ids))
    for batch in by_length([len(x) for x in ids], 4096):
        asked = 0
        while any(len(ids[i]) - 1 > asked for i in batch):
            first = max(0, asked - reach // 2) if asked else 0
            rows = [i for i in batch if len(ids[i]) - 1 > asked]
            window = pad_stories([ids[i][first : first + reach + 1] for i in rows])
            window["targets"][:, : asked - first] = IGNORE
            each = F.cross_entropy(
                logits(window["tokens"].to(device)).mT,
                window["targets"].to(device),
                ignore_index=IGNORE,
                reduction="none",
            )
            nats[rows] += each.sum(1).double().cpu().numpy()
            asked = first + reach
    return [float(n) for n in nats / math.log(2)]


def report() -> None:
    """Show how the contestants do, and how far ours are ahead; draw the picture."""
    found = [r for r in records() if r["lr"] == TUNED[r["name"]]]
    rows = []
    for size, budget in sorted({(r["size"], r["budget"]) for r in found}):
        here = [r for r in found if (r["size"], r["budget"]) == (size, budget)]
        for name in (n for n in NAMES if any(r["name"] == n for r in here)):
            mine = [r for r in here if r["name"] == name]
            row = {
                "parameters": size,
                "CPU s": budget,
                "contestant": name,
                "seeds": len(mine),
                "bits per byte": _spread([r["bpb"] for r in mine]),
                "M tokens": statistics.mean(r["tokens"] for r in mine) / 1e6,
            }
            for peer in RATES:
                theirs = [r for r in here if r["name"] == peer]
                row[f"less than {peer}"] = "" if name in RATES or not theirs else _gap(mine, theirs)
            rows.append(row)
    if rows:
        show("Bits per byte on whole validation stories after equal CPU time", rows)
        _draw(found)


def _spread(values: Sequence[float]) -> str:
    mean = f"{statistics.mean(values):.4f}"
    return mean if len(values) == 1 else f"{mean} ± {statistics.stdev(values):.4f}"


def _gap(mine: Sequence[dict[str, Any]], theirs: Sequence[dict[str, Any]]) -> str:
    """Return the difference with its 95 % interval, paired over stories, seeds averaged."""
    bits = [np.mean([r["bits"] for r in runs], axis=0) for runs in (mine, theirs)]
    return less(*bits, np.array(mine[0]["bytes"]))


def less(mine: np.ndarray, theirs: np.ndarray, size: np.ndarray) -> str:
    """Return by how many bits per byte ``mine`` is less, story by story, with the interval."""
    gap = of_mean(((theirs - mine) / size).tolist(), size.tolist())
    return f"{gap.value:.3f} [{gap.low:.3f}, {gap.high:.3f}]"


def _draw(found: Sequence[dict[str, Any]]) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.add_subplot(xscale="log")
    for name in NAMES:
        points: dict[int, list[float]] = {}
        for r in found:
            if r["name"] == name and r["size"] == "1.7M":
                points.setdefault(r["budget"], []).append(r["bpb"])
        budgets = sorted(points)
        means = [statistics.mean(points[b]) for b in budgets]
        axes.plot(budgets, means, marker="o", label=name)
    axes.set(xlabel="CPU seconds of training, one thread", ylabel="bits per byte, whole stories")
    axes.set_xticks(budgets := sorted({r["budget"] for r in found}), map(str, budgets), minor=False)
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(RESULTS / "learning.png", dpi=150)


def tune(source: str, *, budget: int = 240) -> None:
    """Try learning rates for the peers, so that they are compared at their best."""
    for name, rates in RATES.items():
        for rate in rates:
            run(source, budgets=[budget], seeds=[1], names=[name], lr=rate)
    rows = [
        {"contestant": r["name"], "learning rate": r["lr"], "CPU s": r["budget"], "bpb": r["bpb"]}
        for r in records()
        if r["name"] in RATES and (r["size"], r["budget"], r["seed"]) == ("1.7M", budget, 1)
    ]
    show("Learning rates of the peers", rows)
