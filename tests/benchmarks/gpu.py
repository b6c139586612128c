"""How fast a GPU trains, at several sizes, beside Hugging Face's Llama.

Every contestant lives in a process of its own, where it is compiled; then they take turns. All
compute in bfloat16 where autocast says so, with float32 weights.
"""

import statistics
import sys
import time
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

import torch
from measure import save, show
from peers import build

from tinystories.cost import flops_a_token

NAMES = ("transformer", "mingru", "llama")
SIZES = {"3M": (192, 6, 6), "15M": (384, 8, 6), "30M": (512, 9, 8)}
"""Width, depth and heads."""
VOCAB, CONTEXT, WINDOWS = 4096, 512, 32
TOKENS = WINDOWS * CONTEXT
PEAK = 989e12
"""What the data sheet of an H100 or H200 says of dense bfloat16."""
MATMUL = 8192


QUICK = {"tiny": (48, 2, 2)}


def run(*, seconds: float = 1.0, rounds: int = 3, quick: bool = False) -> None:
    """Time training steps of every contestant, compiled and not.

    Args:
        seconds: of a turn.
        rounds: turns of each.
        quick: whether only tiny ones are timed, on the CPU and not compiled; nothing is kept.
    """
    if not (quick or torch.cuda.is_available()):
        raise SystemExit("wanted a GPU that PyTorch can use, found none; on CPUs: throughput")
    device = "cpu" if quick else "cuda"
    if quick:
        seconds, rounds = 0.01, 1
    spawn = get_context("spawn")
    cases = [
        (size, name, compiled)
        for size in (QUICK if quick else SIZES)
        for name in NAMES
        for compiled in ((False,) if quick else (False, True))
    ]
    pipes = {}
    for case in cases:
        mine, theirs = spawn.Pipe()
        spawn.Process(target=_worker, args=(theirs, device, *case), daemon=True).start()
        theirs.close()
        pipes[case] = mine
    facts: dict[Any, Any] = {}
    for case in cases:
        try:
            facts[case] = pipes[case].recv()
        except EOFError:  # It has said why.
            sys.stderr.write(f"{' '.join(map(str, case))} failed\n")
    turns: dict[Any, list[float]] = {case: [] for case in facts}
    matmuls = []
    for _ in range(rounds):
        matmuls.append(_matmul(device, 64 if quick else MATMUL))
        for case in facts:
            pipes[case].send(seconds)
            turns[case].append(pipes[case].recv())
    for case in facts:
        pipes[case].send(None)
    peak = statistics.median(matmuls)
    rows = []
    for case, told in facts.items():
        size, name, compiled = case
        speed = statistics.median(turns[case])
        llama = turns.get((size, "llama", compiled))
        rows.append(
            {
                "size": size,
                "contestant": name,
                "compiled": "yes" if compiled else "no",
                "parameters": told["parameters"],
                "M tokens a s": speed / 1e6,
                "x llama": speed / statistics.median(llama) if llama else "",
                "% of data sheet": 100 * told["flops"] * speed / PEAK,
                "% of matmul": 100 * told["flops"] * speed / peak,
                "first steps, s": told["seconds"],
                "GB": told["bytes"] / 1e9,
            }
        )
    where = "the CPU" if quick else f"one {torch.cuda.get_device_name()}"
    reached = f"a large product of matrices reaches {peak / 1e12:.3g} TFLOP/s"
    show(f"Training on {where}, {TOKENS:,} tokens a step ({reached})", rows)
    if not quick:
        save("gpu", {"device": where, "matmul": peak, "rows": rows})


def _worker(pipe: Connection, device: str, size: str, name: str, compiled: bool) -> None:
    """Build, compile and warm up a contestant, say what it is, and train whenever it is told to."""
    started = time.perf_counter()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    width, depth, heads = (SIZES | QUICK)[size]
    contestant = build(name, vocab=VOCAB, width=width, depth=depth, heads=heads)
    model: Any = contestant.model.to(device)
    if name == "llama":
        if compiled:
            model.compile(dynamic=False)
    else:
        contestant.optimizer.half = True  # type: ignore[attr-defined]
        if compiled:
            model.read = torch.compile(model.read, dynamic=False)
    in_float = contestant.nats

    def nats(tokens: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        with torch.autocast(device, torch.bfloat16):
            return in_float(tokens, targets)

    contestant.nats = nats
    ids = torch.randint(VOCAB, (WINDOWS, CONTEXT + 1), device=device)
    tokens, targets = ids[:, :-1].contiguous(), ids[:, 1:].contiguous()

    def steps(seconds: float) -> float:
        """Return the tokens learned in a second."""
        _wait(device)
        start, count = time.perf_counter(), 0
        while not count or time.perf_counter() - start < seconds:
            for _ in range(1 if device == "cpu" else 5):
                contestant.learn(tokens, targets)
                count += 1
            _wait(device)
        return count * TOKENS / (time.perf_counter() - start)

    steps(0.01)
    parameters = sum(p.numel() for p in model.parameters())
    family = "rnn" if name == "mingru" else "transformer"
    shape = {"width": width, "depth": depth, "context": CONTEXT}
    pipe.send(
        {
            "parameters": parameters,
            "flops": flops_a_token(family, shape, parameters=parameters, vocab=VOCAB),
            "seconds": round(time.perf_counter() - started, 1),
            "bytes": 0 if device == "cpu" else torch.cuda.max_memory_allocated(),
        }
    )
    while (seconds := pipe.recv()) is not None:
        steps(seconds / 4)
        pipe.send(steps(seconds))


def _matmul(device: str, size: int, seconds: float = 0.3) -> float:
    """Return the operations a second of a large product in bfloat16."""
    a, b = (torch.randn(size, size, device=device, dtype=torch.bfloat16) for _ in range(2))
    a @ b
    _wait(device)
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        for _ in range(10):
            a @ b
        _wait(device)
        count += 10
    return float(count * 2 * size**3 / (time.perf_counter() - start))


def _wait(device: str) -> None:
    """Wait until the device has done what it was told to."""
    if device != "cpu":
        torch.cuda.synchronize()
