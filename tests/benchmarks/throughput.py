"""How many tokens a CPU second are learned from: beside the peers, by size, and by processes."""

import ctypes
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from multiprocessing import get_context
from typing import Any

import torch
from measure import RESULTS, interleaved, matmul_flops, save, show
from peers import build, non_embedding

from tinystories.cost import flops_a_token
from tinystories.data.pipeline import prepare
from tinystories.evaluation.operation import peak_memory_mb
from tinystories.metrics_file import read_metrics
from tinystories.models.sizing import sized

NAMES = ("transformer", "mingru", "gru", "lstm", "gpt-neo", "llama")
VOCAB, WIDTH, DEPTH = 4096, 192, 6
STEP_TOKENS = 2048

SIZES = {1e6: 4, 3e6: 4, 10e6: 6, 30e6: 8}
"""Parameters, and the depth that goes with them."""
WORDS = 4500
FEW = 300
"""Stories where it does not matter which."""
PR_SET_CHILD_SUBREAPER = 36
FULL_BYTES = 1.92e9
"""Text of the whole of TinyStories: 2,119,719 stories, some 470 million words."""
GPU_FLOPS = 989e12
"""What the data sheet of an H100 says of dense bfloat16; the two shares of it are assumptions."""
GPU_SHARES = (0.35, 0.05)
GPU_SCALING = 0.9
"""Of eight GPUs, what each does of what it does alone: an assumption, too."""


def run(*, quick: bool = False) -> None:
    """Time training steps of every contestant at contexts of 256, 512 and 1,024 tokens."""
    torch.set_num_threads(1)
    rows = []
    for context in (256,) if quick else (256, 512, 1024):
        torch.manual_seed(0)
        steps, flops = {"matmul": matmul_flops()}, {}
        for name in NAMES:
            contestant = build(name, vocab=VOCAB, width=WIDTH, depth=DEPTH)
            if context > (contestant.reach or context):
                continue
            ids = torch.randint(VOCAB, (STEP_TOKENS // context, context + 1))
            steps[name] = partial(contestant.learn, ids[:, :-1], ids[:, 1:])
            # Six operations a weight and token, the head included; attention's own are left out.
            flops[name] = 6 * (non_embedding(contestant) + VOCAB * WIDTH) * STEP_TOKENS
        spent = interleaved(steps, rounds=1 if quick else 3, seconds=0.1 if quick else 2)
        peak = 2 * 1024**3 / spent.pop("matmul")
        rows += [
            {
                "context": context,
                "contestant": name,
                "tokens per CPU s": STEP_TOKENS / cost,
                "x gpt-neo": spent["gpt-neo"] / cost if "gpt-neo" in spent else "",
                "x llama": spent["llama"] / cost,
                "% of matmul peak": 100 * flops[name] / cost / peak,
            }
            for name, cost in spent.items()
        ]
    show(f"Training, width {WIDTH}, depth {DEPTH}, {VOCAB:,} ids, one thread", rows)
    save("throughput", {"rows": rows})


def scale(stories: str, *, quick: bool = False) -> None:
    """Time a token, and weigh a step, at several sizes; then train with one and two processes."""
    data = prepare(
        stories, vocab=WORDS, tokenizer={"kind": "words"}, limit=FEW if quick else 50_000
    )
    vocab, totals = len(data.vocabulary), data.shards.totals("train")
    whole = FULL_BYTES * totals["tokens"] / totals["bytes"]
    rows: list[dict[str, Any]] = []
    for parameters in list(SIZES)[: 1 if quick else None]:
        for name in ("transformer", "mingru"):
            with get_context("spawn").Pool(1) as pool:  # A process's peak is never forgotten.
                rows.append(pool.apply(_of_size, (name, vocab, parameters, quick)))
            save("scale", {"sizes": rows})  # What is known so far.
    show(f"Training by size, context 256, {vocab:,} ids, one thread", rows)
    shared = _by_processes(quick=quick)
    show("3 M parameters, by processes of one thread", shared)
    first, last = shared[0], shared[-1]
    dearer = last["CPU ms a token, all together"] / first["CPU ms a token, all together"]
    calculated = [_calculated(row, whole, dearer / last["processes"]) for row in rows]
    show(f"Calculated: {whole / 1e6:,.0f} M tokens, once", calculated)
    save(
        "scale",
        {"sizes": rows, "processes": shared, "tokens": whole, "calculated": calculated},
    )


def _of_size(name: str, vocab: int, parameters: float, quick: bool) -> dict[str, Any]:
    torch.set_num_threads(1)
    found = _sizes(name, vocab, parameters)
    contestant = build(name, vocab=vocab, **found)
    ids = torch.randint(vocab, (STEP_TOKENS // 256, 257))
    steps = {
        # Half of the budget is spent: so windows are whole.
        "step": partial(contestant.learn, ids[:, :-1], ids[:, 1:], 0.5),
        "matmul": matmul_flops(),
    }
    seconds = 0.1 if quick else 1
    cost, matmul = interleaved(steps, rounds=1 if quick else 2, seconds=seconds).values()
    family = name if name == "transformer" else "rnn"
    counted = {**found, "context": 256}
    flops = flops_a_token(family, counted, parameters=parameters, vocab=vocab)
    return {
        "model": name,
        "million parameters": parameters / 1e6,
        "width": found["width"],
        "depth": found["depth"],
        "CPU ms a token": 1000 * cost / STEP_TOKENS,
        "MFLOP a token": flops / 1e6,
        "% of matmul": 100 * flops * STEP_TOKENS / cost / (2 * 1024**3 / matmul),
        "peak MB": peak_memory_mb(),
    }


def _sizes(name: str, vocab: int, parameters: float) -> dict[str, int]:
    own = {"heads": 6} if name == "transformer" else {"cell": name}
    family = name if name == "transformer" else "rnn"
    found = sized(family, parameters=int(parameters), vocab=vocab, depth=SIZES[parameters], **own)
    return {what: found[what] for what in ("width", "depth", "hidden")}


def _by_processes(*, quick: bool) -> list[dict[str, Any]]:
    """Train for few and for more steps: what is spent between the two is spent on steps."""
    if sys.platform == "linux":  # A run does not wait for its second process: so we do.
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    prepare("grammar", vocab=WORDS, tokenizer={"kind": "words"}, limit=FEW, seed=1)
    few, more = (2, 4) if quick else (4, 20)
    rows: list[dict[str, Any]] = []
    for processes in (1,) if quick else (1, 2):
        (least, _), (most, speeds) = (_trained(processes, n) for n in (few, more))
        cost = (most - least) / ((more - few) * STEP_TOKENS)
        rows.append(
            {
                "processes": processes,
                "tokens a second, by the clock": statistics.median(speeds),
                "CPU ms a token, all together": 1000 * cost,
            }
        )
    return rows


def _trained(processes: int, steps: int) -> tuple[float, Sequence[float]]:
    """Return the CPU seconds that a training took, and its tokens a second on the way."""
    folder = RESULTS / "scale" / f"{processes}-{steps}-{time.time_ns()}"
    settings = ["trainer=ddp", "trainer.accelerator=cpu", f"trainer.devices={processes}"]
    # Few stories, so that most of the time goes to the steps.
    settings += ["data.source=grammar", f"data.limit={FEW}", "data.judged=10", "validations=1"]
    settings += ["trainer.threads=1", "trainer.log_every_n_steps=2", "optimizer.growth=0"]
    settings += [f"trainer.max_steps={steps}", f"hydra.run.dir={folder}"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "train.py", *settings]
    run = subprocess.Popen(command, stdout=subprocess.DEVNULL, process_group=0)
    if code := run.wait():
        raise subprocess.CalledProcessError(code, command)
    with suppress(ChildProcessError):
        while True:
            os.waitpid(-run.pid, 0)  # Others of its group.
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    rows = read_metrics(folder / "metrics.csv")
    return spent, [value for _, name, value in rows if name == "train/tokens_per_s"]


def _calculated(row: dict[str, Any], tokens: float, shared: float) -> dict[str, Any]:
    """Return the time that all stories take, once, on machines that were not all at hand.

    ``shared``: the time that several processes take, as a share of the time of one.
    """
    alone = row["CPU ms a token"] * tokens / 1000 / 3600
    found: dict[str, Any] = {name: row[name] for name in ("model", "million parameters")}
    found["h, one core"] = alone
    found["h, two cores"] = alone * shared
    for share in GPU_SHARES:
        one = 1e6 * row["MFLOP a token"] * tokens / GPU_FLOPS / share / 60
        found[f"min, one GPU at {share:.0%}"] = one
        found[f"min, 8 GPUs at {share:.0%}"] = one / 8 / GPU_SCALING
    return found
