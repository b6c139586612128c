"""The recipe of the TinyStories paper, trained beside the models that come with the project.

Hugging Face's GPT-Neo with eight layers and as many parameters reads the same stories in windows of
512 tokens, with the paper's AdamW at a constant 5e-4 (Eldan & Li 2023, arXiv:2305.07759), and is
judged after every pass like ours: whole validation stories, every byte once. Passes that are on
file are not done again; one that was stopped goes on where it was.
"""

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import MethodType
from typing import Any

import numpy as np
import torch
from learning import STEP_TOKENS, batches, less, stories_of, story_bits
from measure import RESULTS, machine, show
from peers import Contestant, build
from torch import Tensor, nn
from torch.nn import functional as F

from tinystories.data.pipeline import prepare
from tinystories.data.shards import IGNORE, Shards, Stories, Windows
from tinystories.models import LanguageModel
from tinystories.models.loss import head_nats
from tinystories.models.sizing import count_parameters
from tinystories.runs import find_runs
from tinystories.storyteller import Storyteller

DEPTH, HEADS, CONTEXT = 8, 4, 512
LR = 5e-4
ROWS = 128
"""Tokens whose attention a processor computes at a time."""
KEEP_EVERY = 200
RECORDS = RESULTS / "paper.jsonl"


def run(
    source: str,
    *,
    passes: int,
    threads: int = 1,
    parameters: float | None = None,
    step_tokens: int = STEP_TOKENS,
    device: str = "cpu",
    half: bool = False,
    quick: bool = False,
) -> None:
    """Train the paper's recipe for ``passes`` passes, and report it beside the pretrained models.

    Args:
        source: the stories that the pretrained models learned from.
        passes: over the training stories.
        threads: that compute, on a CPU.
        parameters: of the recipe's model, at least; None is as many as the pretrained ones have.
        step_tokens: that a step learns from.
        device: where it is trained.
        half: whether in bfloat16, as far as ``trainer.precision=bf16-mixed`` does.
        quick: whether only two steps are taken, and nothing is kept.
    """
    torch.set_num_threads(threads)
    data = prepare(source, vocab=4500, tokenizer={"kind": "words"}, processes=1)
    stories = Stories(data.shards, "validation")
    judged = range(len(stories))[: 20 if quick else None]
    ours = {
        found.name: Storyteller.load(found.folder, engine="torch").model
        for found in find_runs(Path("outputs/pretrained"))
        if found.card["vocab"]["fingerprint"] == data.vocabulary.fingerprint
    }
    if parameters is None:
        parameters = max([count_parameters(m)["total"] for m in ours.values()], default=3e6)
    vocab = len(data.vocabulary)
    width = next(w for w in itertools.count(HEADS, HEADS) if _parameters(w, vocab) >= parameters)
    task = {
        **stories_of(data),
        "parameters": _parameters(width, vocab),
        "step_tokens": step_tokens,
        "half": half,
    }
    done = [] if quick else _records(task)
    if len(done) < passes:
        torch.manual_seed(1)
        paper = build("gpt-neo", vocab=vocab, width=width, depth=DEPTH, heads=HEADS, lr=LR)
        assert task["parameters"] == sum(p.numel() for p in paper.model.parameters())
        paper.model.to(device)
        _hasten(paper, half=half)
        if device == "cpu":
            _share(paper, threads)
        kept = RESULTS / f"paper-{width}-{step_tokens}{'-half' * half}.pt"
        if not quick:
            _continue(paper, kept, task, done)
        for number in range(len(done) + 1, passes + 1):
            _learn(paper, data.shards, number, task, None if quick else kept)
            bits = story_bits(paper.model, paper.logits, stories, judged, paper.reach)
            found = task | {"pass": number, "bits": [round(b, 2) for b in bits]}
            done.append(found)
            if not quick:
                with RECORDS.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(found | {"device": device, "machine": machine()}) + "\n")
    bits_of_ours = {
        name: story_bits(model, partial(_logits, model), stories, judged)
        for name, model in ours.items()
    }
    _report(done, bits_of_ours, stories.bytes[: len(judged)])


def _parameters(width: int, vocab: int) -> int:
    """Return how many parameters a GPT-Neo of this width has."""
    return (12 * width + 10) * width * DEPTH + (vocab + CONTEXT + 2) * width


def _records(task: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the passes that are on file, in their order."""
    if not RECORDS.exists():
        return []
    found = map(json.loads, RECORDS.read_text(encoding="utf-8").splitlines())
    mine = [one for one in found if all(one.get(name) == value for name, value in task.items())]
    return sorted(mine, key=lambda one: int(one["pass"]))


def _hasten(paper: Contestant, *, half: bool) -> None:
    """Let a GPT-Neo do the same, to rounding, in less time; ``half``: in bfloat16."""
    model: Any = paper.model

    def attend(
        self: Any, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
    ) -> tuple[Tensor, None]:
        del mask  # The causal one, which the module's own, global or local, is part of.
        length, size = query.shape[-2:]
        seen = self.bias[0, 0, :length, :length]
        on_cpu, dtype = query.device.type == "cpu", value.dtype
        if on_cpu and torch.is_autocast_enabled("cpu"):  # As our transformer, and for its reason.
            with torch.autocast("cpu", enabled=False):
                mixed, _ = attend(self, query.float(), key.float(), value.float())
            return mixed.to(dtype), None
        # Zeros up to a multiple of 8 change nothing, and make the kernel faster.
        query, key, value = (F.pad(x.to(dtype), (0, -size % 8)) for x in (query, key, value))
        parts = []
        for first in range(0, length, rows := ROWS if on_cpu else length):
            those = slice(first, first + rows)
            # From the first token that the first of them sees on: nothing else is computed.
            what = slice(int(seen[first].int().argmax()), those.stop)
            parts.append(
                F.scaled_dot_product_attention(
                    query[:, :, those],
                    key[:, :, what],
                    value[:, :, what],
                    attn_mask=seen[those, what],
                    scale=1.0,  # GPT-Neo does not scale its scores.
                )
            )
        return torch.cat(parts, 2)[..., :size], None

    def nats(tokens: Tensor, targets: Tensor) -> Tensor:
        with torch.autocast(tokens.device.type, torch.bfloat16, enabled=half):
            x = model.transformer(tokens).last_hidden_state.flatten(0, 1)
            return head_nats(x, model.lm_head.weight, targets.flatten(), ignore=IGNORE)

    for block in model.transformer.h:
        block.attn.attention._attn = MethodType(attend, block.attn.attention)
        block.mlp.act = nn.GELU(approximate="tanh")  # As theirs, in one call.
    paper.nats = nats


def _share(paper: Contestant, threads: int) -> None:
    """Let ``threads`` threads read the windows of a step side by side, each by itself.

    They wait for each other once a step, and not in every product.
    """
    pool = ThreadPoolExecutor(threads, initializer=partial(torch.set_num_threads, 1))

    def backward(tokens: Tensor, targets: Tensor) -> None:
        def one(tokens: Tensor, those: Tensor) -> None:
            (paper.nats(tokens, those) / targets.numel()).backward()

        list(pool.map(one, tokens.chunk(threads), targets.chunk(threads)))

    paper.backward = backward


def _logits(model: LanguageModel, ids: Tensor) -> Tensor:
    return model(ids)[0]


def _learn(
    paper: Contestant, shards: Shards, number: int, task: dict[str, Any], kept: Path | None
) -> None:
    """Go on to the end of pass ``number``, or for two steps where nothing is ``kept``."""
    windows, step_tokens = len(Windows(shards, "train", paper.context)), task["step_tokens"]
    end = math.ceil(number * windows / (step_tokens // paper.context)) if kept else 2
    if kept and paper.steps > end:
        raise SystemExit(f"{kept} is further than the passes in {RECORDS}; move both away")
    device = next(paper.model.parameters()).device
    paper.model.train()
    for batch in batches(shards, paper.context, 1, first=paper.steps, tokens=step_tokens):
        if paper.steps >= end:
            break
        paper.learn(batch["tokens"].to(device), batch["targets"].to(device))
        if kept and paper.steps % KEEP_EVERY == 0:
            _keep(paper, kept, task)
    if kept:
        _keep(paper, kept, task)


def _keep(paper: Contestant, path: Path, task: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    state = {
        "task": task,
        "steps": paper.steps,
        "model": paper.model.state_dict(),
        "optimizer": paper.optimizer.state_dict(),
    }
    torch.save(state, path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)


def _continue(
    paper: Contestant, path: Path, task: dict[str, Any], done: Sequence[dict[str, Any]]
) -> None:
    """Go on from what a training that was stopped has left, in whatever pass it was."""
    state = torch.load(path) if path.exists() else {"task": None}
    if state["task"] != task:
        if not done and not path.exists():
            return
        raise SystemExit(
            f"the passes in {RECORDS} and the weights in {path} are not of one training; move both "
            "away, or ask for no more passes than there are"
        )
    paper.model.load_state_dict(state["model"])
    paper.optimizer.load_state_dict(state["optimizer"])
    paper.steps = state["steps"]


def _report(
    done: Sequence[Mapping[str, Any]], ours: Mapping[str, Sequence[float]], size: np.ndarray
) -> None:
    def bits_per_byte(bits: Sequence[float]) -> float:
        return float(sum(bits) / size.sum())

    rows = [
        {"model": f"the paper's recipe, pass {one['pass']}", "bits per byte": f"{value:.4f}"}
        for one in done
        for value in [bits_per_byte(one["bits"])]
    ]
    best = min(done, key=lambda one: bits_per_byte(one["bits"]))["bits"]
    for name, bits in ours.items():
        gap = less(np.array(bits), np.array(best), size)
        rows.append({"model": name, "bits per byte": f"{bits_per_byte(bits):.4f}, {gap} less"})
    show(f"{done[0]['parameters']:,} parameters in the recipe; the same stories", rows)
