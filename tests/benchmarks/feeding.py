"""What feeding a model costs: stories into tokens, tokens into batches, and all around a step."""

import pickle
import time
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

import torch
from hydra import compose, initialize_config_dir
from measure import RESULTS, interleaved, save, show
from omegaconf import OmegaConf

from tinystories import training
from tinystories.data.pipeline import prepare
from tinystories.learner import Learner

STORIES = 20_000
VOCAB = 4500
FEW = 300
"""Stories where it does not matter which."""


def run(source: str, *, quick: bool = False) -> None:
    """Compare encoding with the library's own; share a training step among those who work at it."""
    torch.set_num_threads(1)
    encoding = _encoding(source, quick=quick)
    show(f"Encoding, {VOCAB:,} word types, one thread", encoding)
    steps = [_step(family, 6 if quick else 60) for family in ("transformer", "rnn")]
    show("A training step of train.py, 3.4 M parameters, 2,048 tokens, one thread", steps)
    save("feeding", {"encoding": encoding, "steps": steps})


def _encoding(source: str, *, quick: bool) -> list[dict[str, Any]]:
    data = prepare(source, vocab=VOCAB, tokenizer={"kind": "words"}, processes=1)
    texts = list(islice(data.corpus.stories("train"), 100 if quick else STORIES))
    vocabulary = data.vocabulary

    def library() -> list[list[int]]:
        batch = vocabulary.tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        return [encoding.ids for encoding in batch]

    def ours() -> list[list[int]]:
        return pickle.loads(pickle.dumps(vocabulary)).encode_batch(texts)  # It has met no word yet.

    if ours() != library():
        raise SystemExit("the same stories have become other tokens")
    ways = {"encode_batch of tokenizers": library, "looked up word by word": ours}
    spent = interleaved(ways, rounds=1 if quick else 5, seconds=0.1 if quick else 1)
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    slowest = max(spent.values())
    return [
        {"how": name, "MB per CPU s": megabytes / cost, "times": slowest / cost}
        for name, cost in spent.items()
    ]


class _Timed(Learner):
    """A learner that notes when its steps begin and end, by the CPU clock of its process."""

    began: list[float]
    ended: list[float]
    reading: list[float]

    def on_fit_start(self) -> None:
        super().on_fit_start()
        _Timed.began, _Timed.ended = [], []
        batches = iter(self.trainer.datamodule.train_dataloader())  # type: ignore[attr-defined]
        _Timed.reading = [_seconds(lambda: next(batches)) for _ in range(100)]

    def optimizer_step(self, *arguments: Any, **named: Any) -> None:
        """Read the windows, learn from them, and change the weights."""
        _Timed.began.append(time.process_time())
        super().optimizer_step(*arguments, **named)
        _Timed.ended.append(time.process_time())


def _seconds(what: Any) -> float:
    start = time.process_time()
    what()
    return time.process_time() - start


def _step(family: str, steps: int) -> dict[str, Any]:
    folder = (RESULTS / "feeding" / f"{family}-{time.time_ns()}").resolve()
    settings = [f"model={family}", "model.parameters=3.4e6", f"trainer.max_steps={steps}"]
    settings += ["data.source=grammar", f"data.limit={FEW}", "data.judged=10", "validations=1"]
    settings += ["trainer.threads=1", "optimizer.growth=0"]
    with initialize_config_dir(str(Path("conf").resolve()), version_base="1.3"):
        config = OmegaConf.to_container(compose("train", settings), resolve=True)
    with patch.object(training, "Learner", _Timed):
        training.train(config, folder)  # type: ignore[arg-type]
    inside = median(e - b for b, e in zip(_Timed.began, _Timed.ended, strict=True))
    between = median(b - e for e, b in zip(_Timed.ended, _Timed.began[1:], strict=False))
    whole, reading = inside + between, median(_Timed.reading)
    return {
        "model": family,
        "CPU ms a step": 1000 * whole,
        "loader, %": 100 * reading / whole,
        "Lightning, hooks and loader, %": 100 * between / whole,
    }
