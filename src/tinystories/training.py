"""Train a language model with Lightning, from a config to a folder with a model in it."""

import datetime
import logging
import math
import os
import platform
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger, Logger, TensorBoardLogger
from torch import Tensor
from torch.nn import functional as F
from torch.optim import Optimizer

from tinystories import __version__
from tinystories.callbacks import Plan, PoliteStop, Progress, StorySample
from tinystories.data.datamodule import IGNORE, Batch, StoryData
from tinystories.data.pipeline import Prepared, prepare
from tinystories.errors import UserError
from tinystories.models import FAMILIES, LanguageModel
from tinystories.models.sizing import count_parameters, sized
from tinystories.optimizer import muon_adamw
from tinystories.storyteller import Storyteller

log = logging.getLogger(__name__)


class LanguageModelTraining(LightningModule):
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
        steps: number of all steps; None until :class:`~tinystories.callbacks.Plan` fixes it.
        seed: of the dropout.
    """

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
        steps: int | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.model = model
        self.register_buffer("token_bytes", torch.from_numpy(token_bytes), persistent=False)
        self.muon_lr = muon_lr
        self.adamw_lr = adamw_lr
        self.weight_decay = weight_decay
        self.warmup = warmup
        self.decay = decay
        self.steps = steps
        self.seed = seed
        self.seen_tokens = 0
        self.judged = torch.zeros(2, dtype=torch.float64)

    def configure_optimizers(self) -> Optimizer:
        """Return Muon and AdamW as one optimizer, each group with its highest learning rate."""
        optimizer = muon_adamw(
            self.model,
            muon_lr=self.muon_lr,
            adamw_lr=self.adamw_lr,
            weight_decay=self.weight_decay,
        )
        for group in optimizer.param_groups:
            group["peak_lr"] = group["lr"]
        return optimizer

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
        nats, text_bytes = self._nats_and_bytes(batch)
        # By all positions, not by the known ones: so each token weighs the same in every batch,
        # on one process or on many.
        loss = nats / batch["targets"].numel()
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
        self.judged += torch.stack(self._nats_and_bytes(batch)).double()

    def on_validation_epoch_end(self) -> None:
        """Log ``val/bpb``: the bits that the stories cost, over their bytes."""
        nats, text_bytes = self.trainer.strategy.reduce(self.judged, reduce_op="sum").tolist()
        self.log("val/bpb", nats / text_bytes / math.log(2), rank_zero_only=True)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep what a resumed run cannot know by itself."""
        checkpoint["plan"] = {"steps": self.steps, "seen_tokens": self.seen_tokens}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on with the plan of the interrupted run."""
        self.steps = checkpoint["plan"]["steps"]
        self.seen_tokens = checkpoint["plan"]["seen_tokens"]

    def _nats_and_bytes(self, batch: Batch) -> tuple[Tensor, Tensor]:
        targets = batch["targets"]
        logits, _ = self.model(batch["tokens"])
        nats = F.cross_entropy(
            logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORE, reduction="sum"
        )
        known = targets[targets != IGNORE]
        return nats, self.token_bytes[known].sum()


def warmup_stable_decay(step: int, steps: int | None, *, warmup: int, decay: float) -> float:
    """Return the learning rate of ``step`` (from 0) as a share of the highest.

    Linear up over ``warmup`` steps, level, linear down over the last ``decay`` of ``steps``, with
    the last step just above 0 (Hu et al. 2024, arXiv:2404.06395, section 4.2).
    """
    up = (step + 1) / max(1, warmup)
    down = (steps - step) / max(1.0, decay * steps) if steps else 1.0
    return max(0.0, min(1.0, up, down))


def build_model(config: Mapping[str, Any], vocab: int) -> tuple[LanguageModel, dict[str, Any]]:
    """Return the model that ``config`` (the model group) asks for, and what its card says of it.

    ``parameters`` sizes the model where no ``width`` is given.
    """
    arguments = dict(config)
    family = arguments.pop("family")
    parameters = arguments.pop("parameters")
    if family not in FAMILIES:
        raise UserError(f"model.family must be one of {', '.join(FAMILIES)}, got {family!r}")
    for name in ("depth", "width", "heads", "hidden", "parameters", "conv"):
        value = parameters if name == "parameters" else arguments.get(name)
        if value is not None and (value != int(value) or value < 1):
            raise UserError(f"model.{name} must be a whole number from 1 up, got {value}")
    if not 0 <= arguments["dropout"] < 1:
        raise UserError(f"model.dropout must be from 0 to below 1, got {arguments['dropout']}")
    if arguments["width"] is None:
        del arguments["width"], arguments["hidden"]
        arguments = sized(family, parameters=int(parameters), vocab=vocab, **arguments)
        del arguments["vocab"]
    model = FAMILIES[family](vocab, **arguments)
    return model, {"family": family, "arguments": arguments}


def train(config: Mapping[str, Any], folder: Path) -> float:
    """Prepare the data, train, and leave a model in ``folder``; return its bits per byte.

    Args:
        config: what ``conf/train.yaml`` composes, as plain dicts.
        folder: where the run keeps its logs, checkpoints and model.

    Raises:
        UserError: a setting is wrong, or the data or the checkpoint cannot be read.
    """
    trainer_config = dict(config["trainer"])
    threads = trainer_config.pop("threads") or max(1, (os.cpu_count() or 1) // _processes(config))
    torch.set_num_threads(threads)
    lightning.seed_everything(config["seed"], verbose=False)
    if config["minutes"] is not None and config["minutes"] <= 0:
        raise UserError(f"minutes must be above 0, got {config['minutes']}")

    data_config = dict(config["data"])
    loading = {name: data_config.pop(name) for name in ("context", "batch", "workers", "judged")}
    data = prepare(**data_config)
    model, described = build_model(config["model"], len(data.vocabulary))
    sizes = count_parameters(model)
    log.info(
        "%s: %s parameters, %s of them in the embedding; %s",
        described["family"],
        f"{sizes['total']:,}",
        f"{sizes['embedding']:,}",
        ", ".join(f"{k} {v}" for k, v in described["arguments"].items()),
    )

    steps = trainer_config.pop("max_steps")
    clip = config["optimizer"]["clip"]
    rates = {name: value for name, value in config["optimizer"].items() if name != "clip"}
    module = LanguageModelTraining(
        model,
        token_bytes=data.vocabulary.token_bytes(),
        steps=steps,
        seed=config["seed"],
        **rates,
    )
    stories = StoryData(data.shards, seed=config["seed"], **loading)
    checkpoint = _checkpoint(config["resume"])
    if checkpoint and (metrics := folder / "metrics.csv").exists():
        metrics.rename(_free_name(folder, "metrics-before", ".csv"))
    best = ModelCheckpoint(
        folder / "checkpoints",
        "best",
        monitor="val/bpb",
        save_last=True,
        enable_version_counter=False,
    )
    # The plan comes after what happens at a validation, since it measures how long that takes.
    plan = Plan(config["minutes"], validations=config["validations"])
    callbacks: list[Callback] = [
        PoliteStop(),
        Progress(),
        StorySample(data.vocabulary, config["prompt"]),
        plan,
        best,
    ]
    loggers: list[Logger] = [
        TensorBoardLogger(folder, name="", version="", default_hp_metric=False),
        CSVLogger(folder, name="", version=""),
    ]
    loggers[0].log_hyperparams(_flat(config), {"hp/val_bpb": math.nan})  # type: ignore[call-arg]
    trainer = Trainer(
        max_steps=steps or -1,
        max_epochs=-1,
        callbacks=callbacks,
        logger=loggers,
        default_root_dir=folder,
        gradient_clip_val=clip,
        val_check_interval=10**12,  # Validation decides; Lightning never does by itself.
        check_val_every_n_epoch=None,
        num_sanity_val_steps=0,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        **trainer_config,
    )
    trainer.fit(module, stories, ckpt_path=checkpoint, weights_only=True)

    module.load_state_dict(
        torch.load(best.best_model_path, map_location="cpu", weights_only=True)["state_dict"]
    )
    [scores] = trainer.validate(module, stories.judge(None), verbose=False)
    card = {
        "model": described,
        "parameters": sizes,
        "vocab": {
            "kind": data_config["tokenizer"]["kind"],
            "words": len(data.vocabulary.words),
            "tokens": len(data.vocabulary),
            "fingerprint": data.vocabulary.fingerprint,
        },
        "data": data.describe(),
        "training": {
            "steps": trainer.global_step,
            "planned_steps": module.steps,
            "tokens": module.seen_tokens,
            "seconds": round(plan.seconds, 1),
            "seed": config["seed"],
            "finished": trainer.global_step == module.steps,
            "optimizer": dict(config["optimizer"]),
            "batch_tokens": loading["batch"] * loading["context"],
            "device": str(trainer.strategy.root_device),
            "processes": trainer.world_size,
            "threads": threads,
        },
        "val_bpb": scores["val/bpb"],
        "made": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "versions": {
            "tinystories": __version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
            "lightning": lightning.__version__,
        },
        "commit": _commit(),
    }
    if trainer.is_global_zero:
        loggers[0].log_metrics({"hp/val_bpb": scores["val/bpb"]}, trainer.global_step)
        loggers[0].finalize("success")
        Storyteller(model.cpu(), data.vocabulary, card).save(folder / "model")
    return float(scores["val/bpb"])


def _processes(config: Mapping[str, Any]) -> int:
    """Return how many processes of this run share one machine."""
    devices = config["trainer"]["devices"]
    return devices if isinstance(devices, int) and devices > 0 else 1


def _checkpoint(resume: str | None) -> Path | None:
    """Return the checkpoint to go on from, after a look at whether it is whole.

    Raises:
        UserError: there is none, or it is damaged.
    """
    if resume is None:
        return None
    path = Path(resume)
    path = path / "checkpoints" / "last.ckpt" if path.is_dir() else path
    if not path.is_file():
        raise UserError(
            f"wanted a checkpoint to resume from, found none at {path}; give the folder of a run "
            "that was interrupted after its first validation"
        )
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        damaged = str(error)
    if damaged:
        raise UserError(
            f"the checkpoint {path} is damaged ({damaged}); resume from another, such as "
            f"{path.with_name('best.ckpt')}"
        )
    return path


def _free_name(folder: Path, stem: str, suffix: str) -> Path:
    return next(
        path for n in range(1, 10**6) if not (path := folder / f"{stem}-{n}{suffix}").exists()
    )


def _flat(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return ``{"a": {"b": 1}}`` as ``{"a/b": 1}``, as TensorBoard wants its hyperparameters."""
    flat: dict[str, Any] = {}
    for name, value in config.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}/")
        else:
            flat[prefix + name] = value
    return flat


def _commit() -> str | None:
    """Return the git commit of the code, marked where it was changed; None outside a checkout."""
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()
