"""A language model that learns: its loss, its bits per byte, its learning rates."""

import logging
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from lightning import LightningModule
from torch import Tensor
from torch.optim import Optimizer

from tinystories.data.datamodule import Batch
from tinystories.data.shards import IGNORE
from tinystories.models import LanguageModel
from tinystories.models.loss import head_nats, taught_nats
from tinystories.optimizer import muon_adamw

log = logging.getLogger(__name__)


class Learner(LightningModule):
    """A language model that learns to expect the next token.

    Args:
        model: the model to train.
        token_bytes: ``(V,)`` bytes of text that each token id stands for, which turn the loss into
            bits per byte.
        muon_lr: learning rate of the matrices inside the blocks; None trains all with AdamW.
        adamw_lr: learning rate of everything else.
        weight_decay: share of a weight that is lost per step, times its learning rate.
        warmup: steps over which the learning rates rise from 0.
        decay: share of all steps, at the end, over which they fall back to 0.
        growth: share of all steps, at the beginning, in which windows are cut into shorter ones.
        steps: number of all steps; None until :class:`~tinystories.callbacks.Plan` fixes it.
        seed: of the dropout.
        teachers: models of the same tokens, whose expectations the model learns, too.
        distillation: share of the loss that those are; the rest is the token that came.
        compiled: whether ``torch.compile`` makes one program of what reads the training windows,
            where that is not a CPU, on which the loop of the minGRU takes it minutes.
    """

    token_bytes: Tensor

    def __init__(
        self,
        model: LanguageModel,
        *,
        token_bytes: np.ndarray[Any, Any],
        muon_lr: float | None,
        adamw_lr: float,
        weight_decay: float = 0.0,
        warmup: int = 20,
        decay: float = 0.5,
        growth: float = 0.5,
        steps: int | None = None,
        seed: int = 0,
        teachers: Sequence[LanguageModel] = (),
        distillation: float = 0.5,
        compiled: bool = False,
    ) -> None:
        super().__init__()
        self.model = model
        self.register_buffer("token_bytes", torch.from_numpy(token_bytes), persistent=False)
        self.muon_lr = muon_lr
        self.adamw_lr = adamw_lr
        self.weight_decay = weight_decay
        self.warmup = warmup
        self.decay = decay
        self.growth = growth
        self.steps = steps
        self.seed = seed
        # In a tuple, which PyTorch does not look into: they are no part of what is trained or kept.
        self.teachers = tuple(teacher.eval() for teacher in teachers)
        self.distillation = distillation
        self.compiled = compiled
        self._readers = [_reader(each) for each in (model, *self.teachers)]
        self.seen_tokens = 0
        self.judged = torch.zeros(2, dtype=torch.float64)
        self.largest_loss = torch.zeros(())

    def configure_optimizers(self) -> Optimizer:
        """Return Muon and AdamW as one optimizer, each group with its highest learning rate."""
        optimizer = muon_adamw(
            self.model,
            muon_lr=self.muon_lr,
            adamw_lr=self.adamw_lr,
            weight_decay=self.weight_decay,
            half=self.trainer.precision == "bf16-mixed",
        )
        for group in optimizer.param_groups:
            group["peak_lr"] = group["lr"]
        return optimizer

    def on_fit_start(self) -> None:
        """Take the teachers along to where the model learns, and compile what reads there."""
        for teacher in self.teachers:
            teacher.to(self.device)
        if self.compiled and self.device.type == "cpu":
            log.info("trainer.compile=true is for GPUs: nothing is compiled on this CPU")
        elif self.compiled:
            self._readers = [torch.compile(read, dynamic=False) for read in self._readers]

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        """Set the learning rates and the dropout's seed, both functions of the step alone."""
        factor = warmup_stable_decay(
            self.global_step, self.steps, warmup=self.warmup, decay=self.decay
        )
        for group in self.trainer.optimizers[0].param_groups:
            group["lr"] = group["peak_lr"] * factor
        torch.manual_seed(hash((self.seed, self.global_rank, batch_idx)) % 2**63)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Return the mean loss in nats; a padded position counts as one that is known."""
        context = batch["targets"].shape[1]
        parts = window_parts(self.global_step, self.steps, growth=self.growth)
        cut = context // math.gcd(parts, context)
        batch = {name: ids.reshape(-1, cut) for name, ids in batch.items()}
        targets = batch["targets"].flatten()
        mine, *theirs = self._readers
        x, head = mine(batch["tokens"]), self.model.head
        if self.teachers:
            with torch.no_grad():
                taught = [
                    (read(batch["tokens"]), teacher.head)
                    for read, teacher in zip(theirs, self.teachers, strict=True)
                ]
            total, nats = taught_nats(x, head, targets, taught, self.distillation, ignore=IGNORE)
        else:
            total = nats = head_nats(x, head, targets, ignore=IGNORE)
        text_bytes = self._bytes(targets)
        # By all positions, not by the known ones: so each token weighs the same in every batch,
        # on one process or on many.
        loss = total / targets.numel()
        self.largest_loss = torch.maximum(self.largest_loss.to(loss.device), loss.detach())
        self.seen_tokens += batch["targets"].numel() * self.trainer.world_size
        self.log_dict(
            {"train/loss": loss.detach(), "train/bpb": nats.detach() / text_bytes / math.log(2)},
            sync_dist=self.trainer.world_size > 1,
        )
        return loss

    def on_validation_epoch_start(self) -> None:
        """Begin a new count."""
        self.judged = torch.zeros(2, dtype=torch.float64, device=self.device)

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Add up the nats and the bytes of whole stories."""
        with torch.autocast(self.device.type, enabled=False):  # As stories are told: in float32.
            targets = batch["targets"].flatten()
            x = self.model.read(batch["tokens"])[0].flatten(0, 1)
            nats = head_nats(x, self.model.head, targets, ignore=IGNORE)
            self.judged += torch.stack((nats, self._bytes(targets))).double()

    def on_validation_epoch_end(self) -> None:
        """Log ``val/bpb``: the bits that the stories cost, over their bytes."""
        nats, text_bytes = self.trainer.strategy.reduce(self.judged, reduce_op="sum").tolist()
        # Only what is measured while training belongs to the curve.
        fitting = self.trainer.state.fn == "fit"
        many = self.trainer.world_size > 1
        self.log("val/bpb", nats / text_bytes / math.log(2), logger=fitting, sync_dist=many)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep what a resumed run cannot know by itself."""
        checkpoint["plan"] = {"steps": self.steps, "seen_tokens": self.seen_tokens}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on with the plan of the interrupted run."""
        steps = checkpoint["plan"]["steps"]
        self.steps = None if steps is None else int(steps)
        self.seen_tokens = int(checkpoint["plan"]["seen_tokens"])

    def _bytes(self, targets: Tensor) -> Tensor:
        known = targets != IGNORE
        return (self.token_bytes[targets.where(known, 0)] * known).sum()


def _reader(model: LanguageModel) -> Callable[[Tensor], Tensor]:
    """Return what makes ``(B * T, D)`` of ``tokens (B, T)``, as ``model`` reads them."""
    return lambda tokens: model.read(tokens)[0].flatten(0, 1)


def warmup_stable_decay(step: int, steps: int | None, *, warmup: int, decay: float) -> float:
    """Return the learning rate of ``step`` (from 0) as a share of the highest.

    Linear up over ``warmup`` steps, level, linear down over the last ``decay`` of ``steps``, with
    the last step just above 0 (Hu et al. 2024, arXiv:2404.06395, section 4.2).
    """
    up = (step + 1) / max(1, warmup)
    down = (steps - step) / max(1.0, decay * steps) if steps else 1.0
    return max(0.0, min(1.0, up, down))


def window_parts(step: int, steps: int | None, *, growth: float) -> int:
    """Return into how many windows each window is cut at ``step``: four, then two, then one.

    What is near is learned first, and from short windows faster (Li et al. 2022,
    arXiv:2108.06084): 0.03 bits per byte better for the transformer after 0.8 M tokens. Before the
    number of steps is known windows are whole, so that the time of a step is not underrated.
    """
    if not steps or step >= growth * steps:
        return 1
    return 4 if step < 0.4 * growth * steps else 2
