"""How fast stories are told: tokens per CPU-second, one thread, greedy.

Medians of interleaved rounds: this program's engines and Hugging Face's ``generate`` with models of
the same size and random weights; and, given the path to its source, llama2.c's ``run.c``, compiled
here with ``gcc -O3 -march=native -ffast-math``. Then many stories at once, speed by position, what
a fresh process needs, and what weights of a byte cost the models that come with the project.
"""

import math
import resource
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from measure import RESULTS, save, show

from tinystories.data.vocabulary import Vocabulary

VOCAB, CONTEXT = 4096, 512
SIZES: dict[str, dict[str, Any]] = {
    "3.4M": {"width": 192, "depth": 6, "hidden": 512, "heads": 6},
    "15M": {"width": 384, "depth": 8, "hidden": 1024, "heads": 6},
}
ENGINES = ("torch", "numpy", "compiled", "int8")
Tell = Callable[[int], float]
"""Tell so many tokens of one story; return tokens per CPU-second."""


def run(source: str, *, quick: bool = False, run_c: Path | None = None) -> None:
    """Measure, show and draw.

    Args:
        source: of the validation stories, as ``data.source`` of ``train.py`` takes them.
        quick: fewer tokens and rounds, and the small models only.
        run_c: the source of llama2.c's run.c, if it is to be timed too.
    """
    torch.set_num_threads(1)
    rounds, tokens = (2, 40) if quick else (5, 200)
    streams = {
        size: _one_stream(dict(_tellers(size, run_c)), rounds, tokens)
        for size in (["3.4M"] if quick else SIZES)
    }
    for size, found in streams.items():
        _show(f"One stream, {size}, tokens per CPU-second", found)
    batches = _batches(tokens)
    _show("32 stories at once, 3.4M, tokens per CPU-second", batches)
    positions = _positions((10, 100, 250) if quick else (10, 100, 250, 1000))
    _show("Compiled, 3.4M, tokens per CPU-second by position", positions)
    prompts = _prompts()
    _show("First token of a prompt of 100, 3.4M, CPU milliseconds", prompts)
    processes = _processes()
    show("A fresh process", processes)
    bits = _bits(source, 4 if quick else None)
    show("Bits per byte of whole validation stories", bits)
    save(
        "telling",
        {
            "one stream": streams,
            "batch of 32": batches,
            "by position": positions,
            "prompt of 100, ms": prompts,
            "fresh process": processes,
            "bits per byte": bits,
        },
    )
    _draw(streams)


def _model(family: str, size: str) -> tuple[Any, dict[str, Any]]:
    from tinystories.models import FAMILIES

    torch.manual_seed(0)
    arguments = dict(SIZES[size])
    heads = arguments.pop("heads")
    arguments |= {"heads": heads, "context": CONTEXT} if family == "transformer" else {}
    model = FAMILIES[family](VOCAB, **arguments).eval()
    for weight in model.parameters():
        if weight.ndim == 2:
            torch.nn.init.normal_(weight, std=0.05)
    return model, arguments


def _engine(family: str, size: str, name: str) -> Any:
    from tinystories.engine import make_engine
    from tinystories.engine.live import TorchEngine

    model, arguments = _model(family, size)
    if name == "torch":
        return TorchEngine(model)
    named = {n: w.numpy() for n, w in model.state_dict().items()}
    return make_engine(name, family, {"vocab": VOCAB, **arguments}, named)


def _tellers(size: str, run_c: Path | None) -> Any:
    for family in ("transformer", "rnn"):
        for name in ENGINES:
            yield f"{family} {name}", _greedy(_engine(family, size, name))
        yield f"{family} numpy, products alone", _products(_engine(family, size, "numpy"))
    yield "Hugging Face generate", _hugging_face(size)
    if run_c:
        yield "llama2.c run.c", _llama2_c(size, run_c)


def _greedy(engine: Any) -> Tell:
    from tinystories.generation import Sampling, generate

    greedy, none = Sampling(0), np.random.default_rng(0)

    def tell(tokens: int) -> float:
        began = time.process_time()
        for _ in generate(engine, [0], lambda z, _: greedy.choose(z, none), length=tokens):
            pass
        return tokens / (time.process_time() - began)

    return tell


def _products(engine: Any) -> Tell:
    """Multiply a vector with every matrix, and do nothing else: what no engine can leave out."""
    w = engine._weights
    groups = (w.mix_in, w.mix_out, w.think_in, w.think_out, w.head)
    pairs = [(np.ones(len(m), np.float32), m) for group in groups for m in group.values]

    def tell(tokens: int) -> float:
        began = time.process_time()
        for _ in range(tokens):
            for x, matrix in pairs:
                np.dot(x, matrix)
        return tokens / (time.process_time() - began)

    return tell


def _hugging_face(size: str) -> Tell:
    from transformers import LlamaConfig, LlamaForCausalLM

    s = SIZES[size]
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=VOCAB,
            hidden_size=s["width"],
            intermediate_size=s["hidden"],
            num_hidden_layers=s["depth"],
            num_attention_heads=s["heads"],
            max_position_embeddings=CONTEXT,
            tie_word_embeddings=True,
        )
    ).eval()
    prompt = torch.zeros(1, 1, dtype=torch.long)

    def tell(tokens: int) -> float:
        began = time.process_time()
        model.generate(
            prompt,
            attention_mask=torch.ones_like(prompt),
            do_sample=False,
            min_new_tokens=tokens,
            max_new_tokens=tokens,
            pad_token_id=0,
        )
        return tokens / (time.process_time() - began)

    return tell


def _llama2_c(size: str, source: Path) -> Tell:
    """Compile the program, and give it a model of this size, as its file format has it."""
    folder = Path(tempfile.mkdtemp())
    flags = ["-O3", "-march=native", "-ffast-math", "-lm"]
    subprocess.run(["gcc", str(source), "-o", str(folder / "run"), *flags], check=True)
    s = SIZES[size]
    d, layers, hidden, half = s["width"], s["depth"], s["hidden"], s["width"] // s["heads"] // 2
    count = VOCAB * d + layers * (2 * d + 4 * d * d + 3 * d * hidden) + d + 2 * CONTEXT * half
    weights = np.random.default_rng(0).normal(0, 0.05, count).astype(np.float32)
    header = struct.pack("7i", d, hidden, layers, s["heads"], s["heads"], VOCAB, CONTEXT)
    (folder / "model.bin").write_bytes(header + weights.tobytes())
    words = b"".join(struct.pack("fi", 0.0, 1) + b"a" for _ in range(VOCAB))
    (folder / "tokenizer.bin").write_bytes(struct.pack("i", 1) + words)

    def tell(tokens: int) -> float:
        done = [_run_c(folder, n) for n in (1, tokens + 1)]  # What starting costs is taken away.
        return tokens / (done[1] - done[0])

    return tell


def _run_c(folder: Path, tokens: int) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [str(folder / "run"), "model.bin", "-t", "0", "-n", str(tokens)]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=True)
    if len(done.stdout) < tokens:
        raise SystemExit("run.c ended its story early: other random weights are needed")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _one_stream(tellers: dict[str, Tell], rounds: int, tokens: int) -> dict[str, float]:
    speeds: dict[str, list[float]] = {name: [] for name in tellers}
    for tell in tellers.values():
        tell(5)
    for _ in range(rounds):
        for name, tell in tellers.items():
            speeds[name].append(tell(tokens))
    return {name: median(each) for name, each in speeds.items()}


def _batches(tokens: int) -> dict[str, float]:
    """Greedy, as one stream is, so that the figures can be divided."""
    found = {}
    for family in ("transformer", "rnn"):
        for name in ("numpy", "compiled", "int8"):
            engine = _engine(family, "3.4M", name)
            memory, rows = engine.remember(32), np.arange(32)
            logits = np.stack([engine.read(memory, row, [row]) for row in rows])
            began = time.process_time()
            for _ in range(tokens):
                logits = engine.step(memory, rows, logits.argmax(axis=1))
            found[f"{family} {name}"] = 32 * tokens / (time.process_time() - began)
    return found


def _positions(positions: tuple[int, ...]) -> dict[str, float]:
    found = {}
    for family in ("transformer", "rnn"):
        engine = _engine(family, "3.4M", "compiled")
        for position in positions:
            memory = engine.remember(1)
            engine.read(memory, 0, [1] * position)
            speeds = []
            for _ in range(5):
                began = time.process_time()
                for _ in range(20):
                    engine.step(memory, [0], [1])
                speeds.append(20 / (time.process_time() - began))
            found[f"{family} at {position}"] = median(speeds)
    return found


def _prompts() -> dict[str, float]:
    found = {}
    for family in ("transformer", "rnn"):
        for name in ENGINES:
            engine = _engine(family, "3.4M", name)
            times = []
            for _ in range(7):
                began = time.process_time()
                engine.read(engine.remember(1), 0, list(range(100)))
                times.append(1000 * (time.process_time() - began))
            found[f"{family} {name}"] = median(times)
    return found


def _processes() -> list[dict[str, Any]]:
    """Time the command with a saved model of 3.4M parameters, up to its first word."""
    from tinystories.data.pipeline import prepare
    from tinystories.storyteller import Storyteller

    found = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model, arguments = _model("transformer", "3.4M")
        text = folder / "stories.txt"
        stories = [f"Anna had {n} red balls. She gave one to Ben." for n in range(300)]
        text.write_text("\n<|endoftext|>\n".join(stories), encoding="utf-8")
        data = prepare(str(text), vocab=20, tokenizer={"kind": "words"}, folder=folder, processes=1)
        del model
        from tinystories.models import FAMILIES

        card = {
            "model": {"family": "transformer", "arguments": arguments},
            "vocab": {"words": 20, "tokens": len(data.vocabulary)},
            "data": {"source": {"kind": "local"}},
            "val_bpb": None,
        }
        model = FAMILIES["transformer"](len(data.vocabulary), **arguments)
        Storyteller(model, data.vocabulary, card).save(folder / "model")
        for engine in ENGINES:
            command = [sys.executable, "-c", _FRESH, str(folder), engine]
            for _ in range(2):  # The first may compile.
                done = subprocess.run(command, capture_output=True, text=True, check=True)
            seconds, megabytes = map(float, done.stdout.split())
            found.append({"engine": engine, "s to the first word": seconds, "peak MB": megabytes})
    return found


_FRESH = """
import os, time
began = time.time() - time.clock_gettime(time.CLOCK_PROCESS_CPUTIME_ID)
import re, sys
from pathlib import Path
from tinystories.storyteller import Storyteller
words = Storyteller.load(Path(sys.argv[1]), sys.argv[2]).stream("Anna", seed=1)
next(words)
seconds = time.time() - began
list(words)
# Not ru_maxrss: a child begins with its parent's.
peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())
print(seconds, int(peak[1]) / 1024)
"""


def _bits(source: str, stories: int | None) -> list[dict[str, Any]]:
    """Let the models that come with the project read stories with each engine that has weights."""
    from tinystories.data.pipeline import prepare
    from tinystories.runs import find_runs
    from tinystories.storyteller import Storyteller

    data = prepare(source, vocab=4500, tokenizer={"kind": "words"}, processes=1)
    total = data.corpus.sizes()["validation"]["stories"]
    chosen = np.linspace(0, total - 1, min(stories or total, total)).round()
    texts = [text for i, text in enumerate(data.corpus.stories("validation")) if i in chosen]
    size = sum(len(text.encode()) for text in texts)
    rows = []
    for run in find_runs(Path("outputs/pretrained")):
        found: dict[str, Any] = {"model": run.name}
        for name in ("compiled", "int8"):
            teller = Storyteller.load(run.folder, name)
            told = teller.vocabulary.encode_batch(texts)
            found[name] = _nats(teller.engine, told) / math.log(2) / size
        rows.append(found | {"lost": found["int8"] - found["compiled"]})
    return rows


def _nats(engine: Any, stories: list[list[int]]) -> float:
    """Sum what every token of whole stories costs, their ends included."""
    total = 0.0
    for first in range(0, len(stories), 32):
        told = [[*story, Vocabulary.eos] for story in stories[first : first + 32]]
        memory, rows = engine.remember(len(told)), list(range(len(told)))
        logits = np.stack([engine.read(memory, row, [Vocabulary.eos]) for row in rows])
        for place in range(max(map(len, told))):
            came = [told[row][place] for row in rows]
            expected = logits.astype(np.float64)
            total += np.log(np.exp(expected).sum(1)).sum() - expected[range(len(rows)), came].sum()
            rows = [row for row in rows if place + 1 < len(told[row])]
            if rows:
                logits = engine.step(memory, rows, [told[row][place] for row in rows])
    return total


def _show(title: str, found: dict[str, float]) -> None:
    show(title, [{"what": name, "figure": figure} for name, figure in found.items()])


def _draw(streams: dict[str, dict[str, float]]) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), layout="constrained")
    for axes, (size, found) in zip(
        np.atleast_1d(figure.subplots(1, len(streams))), streams.items(), strict=True
    ):
        axes.barh(list(found), list(found.values()))
        axes.invert_yaxis()
        axes.set(title=f"{size} parameters, one stream", xlabel="tokens per CPU-second")
    figure.savefig(RESULTS / "telling.png", dpi=150)
