"""Train a language model with Lightning, from a config to a folder with a model in it."""

import datetime
import logging
import math
import os
import platform
import subprocess
import warnings
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning import Trainer
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from lightning.pytorch.loggers import Logger, TensorBoardLogger

from tinystories import __version__
from tinystories.callbacks import Plan, PoliteStop, Progress, StorySample
from tinystories.data.datamodule import StoryData
from tinystories.data.pipeline import prepare
from tinystories.errors import UserError
from tinystories.learner import Learner
from tinystories.metrics_file import MetricsFile
from tinystories.models import FAMILIES, LanguageModel
from tinystories.models.sizing import count_parameters, sized
from tinystories.storyteller import Storyteller

log = logging.getLogger(__name__)


KNOWN_WARNINGS = (
    ".*does not have many workers",  # Memory-mapped shards are read faster than handed over.
    ".*Checkpoint directory .* exists and is not empty",  # As it must be, to resume.
    ".*LeafSpec.*is deprecated",  # Lightning 2.6 on torch 2.13.
)
"""What Lightning warns of without need."""


def build_model(config: Mapping[str, Any], vocab: int) -> tuple[LanguageModel, dict[str, Any]]:
    """Return the model that ``config`` (the model group) asks for, and what its card says of it.

    ``parameters`` sizes the model where no ``width`` is given.
    """
    arguments = dict(config)
    family = arguments.pop("family")
    parameters = arguments.pop("parameters")
    if family not in FAMILIES:
        raise UserError(f"model.family must be one of {', '.join(FAMILIES)}, got {family!r}")
    if arguments["width"] is None:
        del arguments["width"], arguments["hidden"]
        arguments = sized(family, parameters=int(parameters), vocab=vocab, **arguments)
        del arguments["vocab"]
    model = FAMILIES[family](vocab, **arguments)
    return model, {"family": family, "arguments": arguments}


WHOLE_NUMBERS = {
    "seed": 0,
    "validations": 1,
    "model.parameters": 1,
    "model.width": 1,
    "model.depth": 1,
    "model.heads": 1,
    "model.hidden": 1,
    "model.conv": 1,
    "data.context": 2,
    "data.batch": 1,
    "data.workers": 0,
    "data.judged": 1,
    "data.processes": 1,
    "optimizer.warmup": 0,
    "trainer.max_steps": 1,
    "trainer.threads": 1,
    "trainer.accumulate_grad_batches": 1,
}
"""Settings that are whole numbers, and the smallest that each may be; null leaves it open."""

NUMBERS = {
    "minutes": "above 0",
    "model.dropout": "from 0 to below 1",
    "optimizer.muon_lr": "above 0",
    "optimizer.adamw_lr": "above 0",
    "optimizer.weight_decay": "from 0 up",
    "optimizer.decay": "from 0 to 1",
    "optimizer.clip": "above 0",
}
RANGES: dict[str, Callable[[float], bool]] = {
    "above 0": lambda x: 0 < x < math.inf,
    "from 0 up": lambda x: 0 <= x < math.inf,
    "from 0 to 1": lambda x: 0 <= x <= 1,
    "from 0 to below 1": lambda x: 0 <= x < 1,
}
"""Settings that are any numbers of a range."""


def check_settings(config: Mapping[str, Any]) -> None:
    """Raise a UserError for the first number in ``config`` that is none, or out of its range."""
    settings = {name.replace("/", "."): value for name, value in _flat(config).items()}
    for name, least in WHOLE_NUMBERS.items():
        value = settings.get(name)
        if value is not None and not (_is_number(value) and value % 1 == 0 and value >= least):
            raise UserError(f"{name} must be a whole number from {least} up, got {value!r}")
    for name, wanted in NUMBERS.items():
        value = settings.get(name)
        if value is not None and not (_is_number(value) and RANGES[wanted](value)):
            raise UserError(f"{name} must be a number {wanted}, got {value!r}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def train(config: Mapping[str, Any], folder: Path) -> float:
    """Prepare the data, train, and leave a model in ``folder``; return its bits per byte.

    Args:
        config: what ``conf/train.yaml`` composes, as plain dicts.
        folder: where the run keeps its logs, checkpoints and model.

    Raises:
        UserError: a setting is wrong, or the data or the checkpoint cannot be read.
    """
    check_settings(config)
    trainer_config = dict(config["trainer"])
    threads = trainer_config.pop("threads") or max(1, (os.cpu_count() or 1) // _processes(config))
    torch.set_num_threads(threads)
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    for known in KNOWN_WARNINGS:
        warnings.filterwarnings("ignore", known)
    lightning.seed_everything(config["seed"], verbose=False)

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
    learner = Learner(
        model,
        token_bytes=data.vocabulary.token_bytes(),
        steps=steps,
        seed=config["seed"],
        **rates,
    )
    stories = StoryData(data.shards, seed=config["seed"], **loading)
    checkpoint = _checkpoint(config["resume"])
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
        Progress(trainer_config["log_every_n_steps"]),
        StorySample(data.vocabulary, config["prompt"]),
        plan,
        best,
    ]
    loggers: list[Logger] = [
        TensorBoardLogger(folder, name="", version="", default_hp_metric=False),
        MetricsFile(folder / "metrics.csv"),
    ]
    loggers[0].log_hyperparams(_flat(config), {"hp/val_bpb": math.nan})
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
    try:
        trainer.fit(learner, stories, ckpt_path=checkpoint, weights_only=True)
    except RuntimeError as error:
        if checkpoint and "loading state_dict" in str(error):
            raise UserError(
                f"the checkpoint {checkpoint} does not fit the model; resume a run with the "
                "settings it began with"
            ) from error
        raise

    learner.load_state_dict(
        torch.load(best.best_model_path, map_location="cpu", weights_only=True)["state_dict"]
    )
    trainer.validate(learner, stories.judge(None), verbose=False)
    val_bpb = float(trainer.callback_metrics["val/bpb"])
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
            "planned_steps": learner.steps,
            "tokens": learner.seen_tokens,
            "seconds": round(plan.seconds, 1),
            "seed": config["seed"],
            "finished": trainer.global_step == learner.steps,
            "optimizer": dict(config["optimizer"]),
            "batch_tokens": loading["batch"] * loading["context"],
            "device": str(trainer.strategy.root_device),
            "processes": trainer.world_size,
            "threads": threads,
        },
        "val_bpb": val_bpb,
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
        loggers[0].log_metrics({"hp/val_bpb": val_bpb}, trainer.global_step)
        loggers[0].finalize("success")
        Storyteller(model.cpu(), data.vocabulary, card).save(folder / "model")
    return val_bpb


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
