"""The recipe of the TinyStories paper, trained beside the models that come with the project.

Hugging Face's GPT-Neo with eight layers reads the same stories in the same windows of 512 tokens,
2,048 a step, with the paper's AdamW at a constant 5e-4 (Eldan & Li 2023, arXiv:2305.07759), and is
judged after every pass like ours: whole validation stories, every byte once. It goes on where it
was stopped.
"""

import math
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import MethodType
from typing import Any

import numpy as np
import torch
from learning import STEP_TOKENS, batches, less, story_bits
from measure import RESULTS, save, show
from peers import Contestant, build
from torch import Tensor, nn
from torch.nn import functional as F

from tinystories.data.pipeline import prepare
from tinystories.data.shards import IGNORE, Shards, Stories, Windows
from tinystories.models import LanguageModel
from tinystories.models.loss import head_nats
from tinystories.runs import find_runs
from tinystories.storyteller import Storyteller

WIDTH, DEPTH, HEADS = 148, 8, 4
"""3.04 M parameters with 5,753 tokens, 1.9 % more than ours have."""
LR = 5e-4
KEEP_EVERY = 200
KEPT = RESULTS / "paper.pt"


def run(source: str, *, passes: int, threads: int = 1, quick: bool = False) -> None:
    """Train the paper's recipe for ``passes`` passes, and report it beside the pretrained models.

    Args:
        source: the stories that the pretrained models learned from.
        passes: over the training stories.
        threads: that compute.
        quick: whether only two steps are taken, and nothing is kept.
    """
    torch.set_num_threads(threads)
    data = prepare(source, vocab=4500, tokenizer={"kind": "words"}, processes=1)
    stories = Stories(data.shards, "validation")
    judged = range(len(stories))[: 20 if quick else None]
    size = stories.bytes[: len(judged)]
    torch.manual_seed(1)
    paper = build(
        "gpt-neo", vocab=len(data.vocabulary), width=WIDTH, depth=DEPTH, heads=HEADS, lr=LR
    )
    _hasten(paper)
    _share(paper, threads)
    kept: dict[str, Any] = {"corpus": data.corpus.index["fingerprint"], "seconds": 0.0, "bits": []}
    if KEPT.exists() and not quick:
        kept = _continue(paper, kept["corpus"])
    for _ in range(len(kept["bits"]), passes):
        _learn(paper, data.shards, kept, quick=quick)
        kept["bits"].append(story_bits(paper.model, paper.logits, stories, judged, paper.reach))
        if not quick:
            _keep(paper, kept)
    ours = {}
    for found in find_runs(Path("outputs/pretrained")):
        if found.card["vocab"]["fingerprint"] == data.vocabulary.fingerprint:
            model = Storyteller.load(found.folder, engine="torch").model
            ours[found.name] = story_bits(model, partial(_logits, model), stories, judged)
    _report(paper, kept, ours, size, quick=quick)


def _hasten(paper: Contestant) -> None:
    """Let a GPT-Neo do the same, to rounding, in less time."""
    model: Any = paper.model

    def attend(
        self: Any, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
    ) -> tuple[Tensor, None]:
        del mask  # The causal one, which the module's own, global or local, is part of.
        length, size = query.shape[-2:]
        seen = self.bias[:, :, :length, :length]
        # Zeros up to a multiple of 8 change nothing, and make the kernel faster.
        query, key, value = (F.pad(x, (0, -size % 8)) for x in (query, key, value))
        # GPT-Neo does not scale its scores.
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=seen, scale=1.0)
        return mixed[..., :size], None

    def nats(tokens: Tensor, targets: Tensor) -> Tensor:
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


def _learn(paper: Contestant, shards: Shards, kept: dict[str, Any], *, quick: bool) -> None:
    """Go on to the end of the pass that is under way."""
    windows = len(Windows(shards, "train", paper.context))
    a_step = STEP_TOKENS // paper.context
    end = 2 if quick else math.ceil((len(kept["bits"]) + 1) * windows / a_step)
    start = time.process_time() - kept["seconds"]
    paper.model.train()
    for batch in batches(shards, paper.context, seed=1, first=paper.steps):
        if paper.steps >= end:
            return
        paper.learn(batch["tokens"], batch["targets"])
        kept["seconds"] = time.process_time() - start
        if paper.steps % KEEP_EVERY == 0 and not quick:
            _keep(paper, kept)


def _keep(paper: Contestant, kept: dict[str, Any]) -> None:
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    state = {
        "kept": kept,
        "steps": paper.steps,
        "model": paper.model.state_dict(),
        "optimizer": paper.optimizer.state_dict(),
    }
    torch.save(state, KEPT.with_suffix(".new"))
    KEPT.with_suffix(".new").replace(KEPT)


def _continue(paper: Contestant, corpus: str) -> dict[str, Any]:
    state = torch.load(KEPT)
    if state["kept"]["corpus"] != corpus:
        raise SystemExit(f"{KEPT} learned from other stories; move it away, or give those stories")
    paper.model.load_state_dict(state["model"])
    paper.optimizer.load_state_dict(state["optimizer"])
    paper.steps = state["steps"]
    kept: dict[str, Any] = state["kept"]
    return kept


def _report(
    paper: Contestant,
    kept: dict[str, Any],
    ours: dict[str, list[float]],
    size: np.ndarray,
    *,
    quick: bool,
) -> None:
    def bits_per_byte(bits: Sequence[float]) -> float:
        return float(sum(bits) / size.sum())

    passes = [bits_per_byte(bits) for bits in kept["bits"]]
    best = int(np.argmin(passes))
    rows = [
        {"model": f"the paper's recipe, pass {number}", "bits per byte": f"{value:.4f}"}
        for number, value in enumerate(passes, start=1)
    ]
    parameters = sum(p.numel() for p in paper.model.parameters())
    found: dict[str, Any] = {
        "parameters": parameters,
        "steps": paper.steps,
        "CPU seconds": round(kept["seconds"]),
        "passes": passes,
    }
    for name, bits in ours.items():
        gap = less(np.array(bits), np.array(kept["bits"][best]), size)
        found[name] = {"bits per byte": bits_per_byte(bits), "less than the best pass": gap}
        rows.append({"model": name, "bits per byte": f"{bits_per_byte(bits):.4f}, {gap} less"})
    show(f"As many parameters ({parameters:,} in the recipe), the same stories", rows)
    if not quick:
        save("paper", found)
