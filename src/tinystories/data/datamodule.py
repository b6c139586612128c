"""Batches of a corpus: windows to learn from, whole stories to be judged by."""

from collections.abc import Iterator
from typing import Any, cast

import numpy as np
import torch
from lightning import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from tinystories.data.shards import IGNORE, Shards, Stories, Windows, by_length
from tinystories.errors import UserError

VALIDATION_TOKENS = 4096
"""Tokens of a validation batch, padding included; one longer story is a batch of its own."""

Batch = dict[str, Tensor]


class StoryData(LightningDataModule):
    """Streams a prepared corpus: every process reads its own part of every batch.

    Args:
        shards: the tokenized corpus.
        context: tokens ``T`` of a training window.
        batch: windows a step learns from, over all processes and accumulated parts.
        seed: order of the windows.
        workers: background processes that read; 0 reads in the training process, which is
            fastest from memory-mapped shards.
        judged: validation stories that are read while training, taken evenly from all.
    """

    def __init__(
        self,
        shards: Shards,
        *,
        context: int,
        batch: int,
        seed: int = 0,
        workers: int = 0,
        judged: int = 200,
    ) -> None:
        super().__init__()
        self.windows = Windows(shards, "train", context)
        self.stories = Stories(shards, "validation")
        self.batch = batch
        self.seed = seed
        self.workers = workers
        self.judged = judged

    def train_dataloader(self) -> DataLoader[Batch]:
        """Return an endless loader that begins at the step the trainer has reached."""
        assert self.trainer is not None
        parts = self.trainer.world_size * self.trainer.accumulate_grad_batches
        if self.batch % parts:
            raise UserError(
                f"data.batch must be a multiple of processes x accumulated parts = {parts}, got "
                f"{self.batch}; try data.batch={-(-self.batch // parts) * parts}"
            )
        order = WindowOrder(
            len(self.windows),
            batch=self.batch,
            parts=parts,
            first=self.trainer.global_step * self.trainer.accumulate_grad_batches,
            seed=self.seed,
            rank=self.trainer.global_rank,
            world=self.trainer.world_size,
        )
        return DataLoader(
            cast(Dataset[Any], self.windows),
            batch_sampler=order,
            num_workers=self.workers,
            persistent_workers=self.workers > 0,
            collate_fn=stack_windows,
        )

    def val_dataloader(self) -> DataLoader[Batch]:
        """Return the stories that are judged while training."""
        return self.judge(self.judged)

    def judge(self, count: int | None) -> DataLoader[Batch]:
        """Return ``count`` whole validation stories, taken evenly from all; None is all."""
        assert self.trainer is not None
        rank, world = self.trainer.global_rank, self.trainer.world_size
        total = len(self.stories)
        if total < world:
            raise UserError(
                f"wanted a validation story for each of {world} processes, the corpus has {total}; "
                "use a larger source or fewer processes"
            )
        chosen = np.linspace(0, total - 1, min(count or total, total)).round().astype(int)
        mine = chosen[rank::world]
        batches = by_length([len(self.stories[i]) for i in mine], VALIDATION_TOKENS)
        return DataLoader(
            cast(Dataset[Any], self.stories),
            batch_sampler=[mine[b].tolist() for b in batches],
            collate_fn=pad_stories,
        )


class WindowOrder(Sampler[list[int]]):
    """The windows of each batch, as a pure function of seed and step.

    Every pass over the corpus visits each window once, in an order of its own; passes follow one
    another without a gap, so every batch is full. A run that begins at step ``n`` therefore sees
    what an uninterrupted one sees from there, and processes share each batch without overlap.

    Args:
        windows: how many there are.
        batch: windows a step, over all processes and accumulated parts.
        parts: into how many loader batches a step is cut: processes x accumulated parts.
        first: loader batches of this process that have been read already.
    """

    def __init__(
        self,
        windows: int,
        *,
        batch: int,
        parts: int = 1,
        first: int = 0,
        seed: int = 0,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        self.windows = windows
        self.batch = batch // parts
        self.first = first
        self.seed = seed
        self.rank = rank
        self.world = world

    def __iter__(self) -> Iterator[list[int]]:
        turn, order, current = self.first, np.empty(0, np.int64), -1
        while True:
            start = (turn * self.world + self.rank) * self.batch
            chosen = []
            for number in range(start, start + self.batch):
                epoch, place = divmod(number, self.windows)
                if epoch != current:
                    order = np.random.default_rng((self.seed, epoch)).permutation(self.windows)
                    current = epoch
                chosen.append(int(order[place]))
            yield chosen
            turn += 1


def stack_windows(windows: list[tuple[Any, Any]]) -> Batch:
    """Return ``tokens`` and ``targets (B, T)`` of a list of windows."""
    tokens, targets = zip(*windows, strict=True)
    return {
        "tokens": torch.from_numpy(np.stack(tokens)),
        "targets": torch.from_numpy(np.stack(targets)),
    }


def pad_stories(stories: list[Any]) -> Batch:
    """Return ``tokens`` and ``targets (B, T)`` of whole stories, padded at the end."""
    longest = max(map(len, stories)) - 1
    tokens = torch.zeros(len(stories), longest, dtype=torch.int64)
    targets = torch.full((len(stories), longest), IGNORE)
    for row, story in enumerate(stories):
        ids = torch.from_numpy(story)
        tokens[row, : len(ids) - 1] = ids[:-1]
        targets[row, : len(ids) - 1] = ids[1:]
    return {"tokens": tokens, "targets": targets}
