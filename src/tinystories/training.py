"""Train a language model with Lightning, from a config to a folder with a model in it."""

import datetime
import inspect
import logging
import math
import os
import platform
import shlex
import subprocess
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lightning
import torch
from filelock import FileLock, Timeout
from lightning import Trainer
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.utilities import rank_zero_only

from tinystories import __version__
from tinystories.callbacks import (
    Diverged,
    Plan,
    PoliteStop,
    Progress,
    Reporter,
    StorySample,
    Watch,
)
from tinystories.checkpoints import WholeCheckpoints, find_checkpoint, read_checkpoint
from tinystories.cost import training_flops
from tinystories.data.datamodule import StoryData
from tinystories.data.pipeline import prepare
from tinystories.data.shards import counting_bpb
from tinystories.data.vocabulary import Vocabulary
from tinystories.errors import UserError
from tinystories.files import write_atomically
from tinystories.learner import Learner
from tinystories.metrics_file import MetricsFile
from tinystories.models import FAMILIES, LanguageModel
from tinystories.models.sizing import count_parameters, sized
from tinystories.runs import WEIGHTS
from tinystories.settings import based, check_settings, flat
from tinystories.storyteller import Storyteller

log = logging.getLogger(__name__)

LOADING = ("context", "batch", "workers", "judged")
"""Settings of the data group that say how shards are read, not how they are made."""

DECISIVE = ("model", "data", "optimizer", "seed", "minutes", "flops", "validations")
"""The settings, and groups of them, that a run goes on with as it began."""

GIVEN = ("model", "token_bytes", "steps", "seed", "teachers", "distillation", "compiled")
"""What a learner is handed that is no setting of the optimizer group."""

OURS = ("max_steps", "threads", "compile")
"""Settings of the trainer group that do not go to Lightning as they are."""

CHECKPOINTS = "checkpoints"

COMMAND = "command.txt"
"""The file that keeps what a run was started with; resuming it does not change it."""

OVERLAYS = {
    "Models side by side": {
        "bits per byte": ["Multiline", ["val/bpb", "train/bpb"]],
        "tokens a second": ["Multiline", ["train/tokens_per_s"]],
    }
}
"""TensorBoard's custom scalars: the curves of all runs in one picture each."""

KNOWN_WARNINGS = (
    ".*does not have many workers",  # Memory-mapped shards are read faster than handed over.
    ".*Checkpoint directory .* exists and is not empty",  # As it must be, to resume.
    ".*The dirpath has changed from",  # A resumed run may have been moved.
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
    if arguments["width"] is None:
        if arguments["hidden"] is not None:
            raise UserError(
                f"model.hidden={arguments['hidden']} was given without model.width; give both, or "
                "leave both to model.parameters"
            )
        del arguments["width"], arguments["hidden"]
        arguments = sized(family, parameters=int(parameters), vocab=vocab, **arguments)
        del arguments["vocab"]
    model = FAMILIES[family](vocab, **arguments)
    log.info(
        "%s with %s parameters: %s",
        family,
        f"{count_parameters(model)['total']:,}",
        ", ".join(f"{name} {value}" for name, value in arguments.items() if value is not None),
    )
    return model, {"family": family, "arguments": arguments}


def train(
    config: Mapping[str, Any],
    folder: Path,
    command: str | None = None,
    report: Callable[[int, float], None] | None = None,
) -> float:
    """Prepare the data, train, and leave a model in ``folder``; return its bits per byte.

    Args:
        config: what ``conf/train.yaml`` composes, as plain dicts.
        folder: where the run keeps its logs, checkpoints and model.
        command: what the user typed; the model's card repeats it.
        report: hears of each validation, see :class:`~tinystories.callbacks.Reporter`.

    Raises:
        UserError: a setting is wrong, or the data or the checkpoint cannot be read.
    """
    check_settings(config, known_settings(config))
    amounts = config["minutes"], config.get("flops"), config["trainer"]["max_steps"]
    if all(amount is None for amount in amounts):
        raise UserError("nothing says how long to train; set minutes, flops or trainer.max_steps")
    with claimed(folder, config["resume"]):
        if command and config["resume"] is None and not _rank():
            write_atomically(folder / COMMAND, command + "\n")
        return _train(config, folder, report)


@contextmanager
def claimed(folder: Path, resume: str | None) -> Iterator[None]:
    """Keep a run's folder to this run, as long as it lasts.

    Raises:
        UserError: another process writes there, or there is a run already that is not resumed.
    """
    if _rank():  # One process speaks for all of a run.
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise UserError(
            f"another process is writing the run {folder}; wait for it, or choose another folder "
            "with hydra.run.dir"
        ) from error
    try:
        # What was killed before its first checkpoint leaves nothing to go on with.
        kept = (folder / CHECKPOINTS / "last.ckpt", folder / "model")
        if resume is None and any(path.exists() for path in kept):
            raise UserError(
                f"{folder} holds a run already; go on with it (resume={folder}) or choose another "
                "folder with hydra.run.dir"
            )
        yield
    finally:
        lock.release()


def _train(
    config: Mapping[str, Any], folder: Path, report: Callable[[int, float], None] | None
) -> float:
    _hush_lightning()
    torch.set_num_threads(_threads(config))
    lightning.seed_everything(config["seed"], verbose=False)
    config = {**config, "trainer": {**config["trainer"], "precision": _precision(config)}}

    base = _base(config)
    if base:
        config = based(config, base.card)
    teachers = _teachers(config)
    making = {name: value for name, value in config["data"].items() if name not in LOADING}
    data = prepare(**making, vocabulary=base.vocabulary if base else None)
    model, described = build_model(config["model"], len(data.vocabulary))
    if base:
        model.load_state_dict(base.model.state_dict())
    _check_words(teachers, data.vocabulary)
    steps = config["trainer"]["max_steps"] or _steps_of(config, model, described, teachers)
    learner = Learner(
        model,
        token_bytes=data.vocabulary.token_bytes(),
        steps=steps,
        seed=config["seed"],
        teachers=[teacher.model for teacher in teachers.values()],
        distillation=config.get("distillation", 0.0),
        compiled=config["trainer"].get("compile", False),
        **{name: value for name, value in config["optimizer"].items() if name != "clip"},
    )
    loading = {name: config["data"][name] for name in LOADING}
    stories = StoryData(data.shards, seed=config["seed"], **loading)

    settings = {n: v for n, v in flat(config).items() if n.partition("/")[0] in DECISIVE}
    if base:  # A model in its place would not be noticed otherwise.
        settings["base"] = base.card["files"][WEIGHTS]
    if teachers:
        settings["teachers"] = [teacher.card["files"][WEIGHTS] for teacher in teachers.values()]
        settings["distillation"] = config["distillation"]
    plan = Plan(config["minutes"], config["validations"], settings)
    tensorboard = TensorBoardLogger(folder, name="", version="", default_hp_metric=False)
    tensorboard.log_hyperparams(flat(config), {"hp/val_bpb": math.nan})
    if not _rank():
        tensorboard.experiment.add_custom_scalars(OVERLAYS)
    trainer = _trainer(config, steps, folder, data.vocabulary, plan, tensorboard, report)
    wrong = None
    try:
        _fit(trainer, learner, stories, plan, find_checkpoint(config["resume"]))
    except Diverged as error:
        wrong = f"{error}; train anew with lower learning rates, such as {_gentler(config)}"
        if not (folder / CHECKPOINTS / "best.ckpt").is_file():
            raise UserError(wrong) from error

    best = read_checkpoint(folder / CHECKPOINTS / "best.ckpt")
    learner.load_state_dict(best["state_dict"])
    trainer.validate(learner, stories.judge(None), verbose=False)
    val_bpb = float(trainer.callback_metrics["val/bpb"])
    if trainer.is_global_zero:
        tensorboard.log_metrics({"hp/val_bpb": val_bpb}, trainer.global_step)
        tensorboard.finalize("success")
        card = {
            "model": described,
            "parameters": count_parameters(model),
            "vocab": {
                "kind": config["data"]["tokenizer"]["kind"],
                "words": len(data.vocabulary.words),
                "tokens": len(data.vocabulary),
                "fingerprint": data.vocabulary.fingerprint,
            },
            "data": data.describe(),
            "training": _history(config, trainer, learner, plan, base, teachers) | _command(folder),
            "val_bpb": val_bpb,
            **_origin(),
        }
        teller = Storyteller(model.cpu(), data.vocabulary, card)
        teller.save(folder / "model")
        story = teller.tell(config["prompt"], seed=config["seed"])
        shown = folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
        log.info(
            "\n%s\n\n%.4f bits per byte on %s whole validation stories, after %s steps in %s s.\n"
            'The model is in %s. To hear more: tinystories tell "Once upon a time" --run %s',
            story,
            val_bpb,
            f"{len(stories.stories):,}",
            f"{trainer.global_step:,}",
            f"{plan.seconds:,.0f}",
            shown / "model",
            shlex.quote(str(shown)),
        )
        if val_bpb >= (counting := counting_bpb(data.shards)):
            log.warning(
                "That is no better than %.4f, which a model reaches that only counts words: train "
                "longer, or with lower learning rates, such as %s",
                counting,
                _gentler(config),
            )
    if wrong:
        raise UserError(
            f"{wrong}; the best model before that is in {folder / 'model'}, and resume={folder} "
            "goes on from the last good checkpoint"
        )
    return val_bpb


def _base(config: Mapping[str, Any]) -> Storyteller | None:
    """Return the model that the one to be trained begins as, if it is to begin as another."""
    if (path := config.get("base")) is None:
        return None
    if not isinstance(path, str):
        raise UserError(f"base must be the folder of a trained model, got {path!r}")
    return Storyteller.load(Path(path), "torch", inside=True)


def _teachers(config: Mapping[str, Any]) -> dict[str, Storyteller]:
    """Return the models that the one to be trained learns from, by their folders."""
    if (paths := config.get("teachers")) is None:
        return {}
    paths = [paths] if isinstance(paths, str) else paths
    if not (isinstance(paths, list) and all(isinstance(path, str) for path in paths)):
        raise UserError(
            "teachers must be folders of trained models, such as "
            f"'teachers=[outputs/runs/a,outputs/runs/b]', got {paths!r}"
        )
    return {path: Storyteller.load(Path(path), "torch", inside=True) for path in paths}


def _check_words(teachers: Mapping[str, Storyteller], vocabulary: Vocabulary) -> None:
    """Raise a UserError for a teacher of other words than those to be learned."""
    for path, teacher in teachers.items():
        if teacher.vocabulary.fingerprint != vocabulary.fingerprint:
            raise UserError(
                f"the teacher {path} knows other words ({len(teacher.vocabulary):,} token ids) "
                f"than these stories ({len(vocabulary):,}); train it on the same stories, with the "
                "same data.vocab"
            )


def _gentler(config: Mapping[str, Any]) -> str:
    """Return settings with a quarter of the learning rates."""
    rates = {name: config["optimizer"][name] for name in ("muon_lr", "adamw_lr")}
    return " ".join(f"optimizer.{name}={lr / 4:g}" for name, lr in rates.items() if lr)


def _steps_of(
    config: Mapping[str, Any],
    model: LanguageModel,
    described: Mapping[str, Any],
    teachers: Mapping[str, Storyteller],
) -> int | None:
    """Return how many steps ``flops`` are; None where they are not given, and time will tell."""
    if (flops := config.get("flops")) is None:
        return None
    card = {"model": described, "parameters": count_parameters(model)}
    others = [teacher.card for teacher in teachers.values()]
    each = training_flops(card, others, vocab=len(model.embed.weight))
    tokens = config["data"]["batch"] * config["data"]["context"]
    steps: int = max(1, round(flops / each / tokens))
    log.info("%g operations are %s steps of %s tokens", flops, f"{steps:,}", f"{tokens:,}")
    return steps


def _trainer(
    config: Mapping[str, Any],
    steps: int | None,
    folder: Path,
    vocabulary: Vocabulary,
    plan: Plan,
    tensorboard: TensorBoardLogger,
    report: Callable[[int, float], None] | None,
) -> Trainer:
    theirs = {n: v for n, v in config["trainer"].items() if n not in OURS}
    # The plan comes after what happens at a validation, since it measures how long that takes.
    callbacks = [
        PoliteStop(),
        Watch(theirs["log_every_n_steps"]),
        Progress(theirs["log_every_n_steps"]),
        StorySample(vocabulary, config["prompt"]),
        plan,
        ModelCheckpoint(
            folder / CHECKPOINTS,
            "best",
            monitor="val/bpb",
            save_last=True,
            enable_version_counter=False,
        ),
        *([Reporter(report, config["validations"])] if report else []),
    ]
    ours = {
        "max_epochs": -1,
        "callbacks": callbacks,
        "plugins": [WholeCheckpoints()],
        "logger": [tensorboard, MetricsFile(folder / "metrics.csv")],
        "default_root_dir": folder,
        "gradient_clip_val": config["optimizer"]["clip"],
        "val_check_interval": 10**12,  # The plan says when; Lightning never does by itself.
        "check_val_every_n_epoch": None,
        "num_sanity_val_steps": 0,
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "use_distributed_sampler": False,
    }
    if twice := sorted(ours.keys() & theirs.keys()):
        raise UserError(f"trainer.{twice[0]} is set by the program itself; leave it out")
    try:
        return Trainer(max_steps=steps or -1, **ours, **theirs)
    except (ValueError, TypeError, ImportError, MisconfigurationException) as error:
        raise UserError(
            f"lightning's Trainer refuses a setting of the trainer group: {error}"
        ) from error


def _fit(
    trainer: Trainer, learner: Learner, stories: StoryData, plan: Plan, checkpoint: Path | None
) -> None:
    try:
        trainer.fit(learner, stories, ckpt_path=checkpoint, weights_only=True)
    except (RuntimeError, LookupError, TypeError, ValueError, AttributeError) as error:
        if checkpoint and not plan.begun:  # It was still being read.
            raise UserError(
                f"the checkpoint {checkpoint} does not fit the model; resume a run with the "
                "settings it began with"
            ) from error
        raise


def _history(
    config: Mapping[str, Any],
    trainer: Trainer,
    learner: Learner,
    plan: Plan,
    base: Storyteller | None,
    teachers: Mapping[str, Storyteller],
) -> dict[str, Any]:
    """Return what a card says of how its model was trained.

    ``tokens`` and ``seconds`` are all there were, those of its base included, those of its teachers
    not; the rest is of this training alone.
    """
    before = (base.card.get("training") if base else None) or {}
    history = {
        "steps": trainer.global_step,
        "planned_steps": learner.steps,
        "finished": trainer.global_step == learner.steps,
        "budget": _budget(config),
        "tokens": learner.seen_tokens + (before.get("tokens") or 0),
        "seconds": round(plan.seconds + (before.get("seconds") or 0), 1),
        "seed": config["seed"],
        "batch_tokens": config["data"]["batch"] * config["data"]["context"],
        "optimizer": dict(config["optimizer"]),
        "device": str(trainer.strategy.root_device),
        "precision": trainer.precision,
        "processes": trainer.world_size,
        "threads": torch.get_num_threads(),
    }
    if base:
        history["base"] = _said(base.card, "data", "training", "val_bpb")
    if teachers:
        history["distillation"] = config["distillation"]
        history["teachers"] = [
            {"folder": path, **_teacher(teacher.card)} for path, teacher in teachers.items()
        ]
    return history


def _teacher(card: Mapping[str, Any]) -> dict[str, Any]:
    """Return which model a teacher's card is of, but not whom that one learned from.

    Where pupils become teachers, a card would be several times as long with every round.
    """
    said = _said(card, "model", "parameters", "data", "training", "val_bpb")
    training = said["training"] or {}
    return said | {"training": {n: v for n, v in training.items() if n not in ("base", "teachers")}}


def _said(card: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return which model a card is of, and what it says of those things."""
    return {"weights": card["files"][WEIGHTS], **{name: card.get(name) for name in names}}


def _budget(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what decided how long to train, the strongest of the three that were given."""
    given = {"steps": config["trainer"]["max_steps"], "flops": config.get("flops")}
    for name, amount in given.items():
        if amount is not None:
            return {name: amount}
    return {"minutes": config["minutes"]}


def _command(folder: Path) -> dict[str, str]:
    """Return the command that began the run in ``folder``, where one did."""
    path = folder / COMMAND
    return {"command": path.read_text(encoding="utf-8").strip()} if path.is_file() else {}


def _origin() -> dict[str, Any]:
    """Return when, and with which programs, a model was made."""
    return {
        "made": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "versions": {
            "tinystories": __version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
            "lightning": lightning.__version__,
        },
        "commit": _commit(),
    }


def known_settings(config: Mapping[str, Any]) -> dict[str, Collection[str]]:
    """Return the settings that there are: the arguments of what each group is handed to."""
    family = config["model"].get("family")
    if family not in FAMILIES:
        raise UserError(f"model.family must be one of {', '.join(FAMILIES)}, got {family!r}")
    model = {*_arguments(FAMILIES[family]), "family", "parameters"} - {"vocab"}
    return {
        "": {"model", "data", "optimizer", "trainer", "seed", "minutes", "flops", "validations"}
        | {"prompt", "base", "teachers", "distillation", "resume"},
        "model": model,
        "data": {*_arguments(prepare), *LOADING} - {"vocabulary"},
        "optimizer": {*_arguments(Learner), "clip"} - set(GIVEN),
        "trainer": {*_arguments(Trainer), *OURS},
    }


def _arguments(function: Callable[..., Any]) -> set[str]:
    return set(inspect.signature(function).parameters)


def _rank() -> int:
    """Return which of a run's processes this is; Lightning knows before it has started any."""
    return int(getattr(rank_zero_only, "rank", 0))


def _hush_lightning() -> None:
    """Leave the console to what the user wants to know, and to one process."""
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for known in KNOWN_WARNINGS:
        warnings.filterwarnings("ignore", known)
    if _rank():
        logging.getLogger().setLevel(logging.WARNING)


def _threads(config: Mapping[str, Any]) -> int:
    """Return the threads of each process: as asked, or the cores it may use shared out."""
    trainer = config["trainer"]
    if trainer["threads"]:
        return int(trainer["threads"])
    if given := os.environ.get("OMP_NUM_THREADS"):  # As joblib sets it for each of its workers.
        return int(given.split(",")[0])
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    processes = trainer["devices"] if isinstance(trainer["devices"], int) else 1
    return max(1, (cores or 1) // max(1, processes))


def _precision(config: Mapping[str, Any]) -> str | int:
    """Return what models learn in: as asked, or bfloat16 where the machine has instructions for it.

    By what it has, not by a measurement, so that a resumed run goes on as it began.
    """
    trainer = config["trainer"]
    precision: str | int = trainer["precision"]
    if precision != "auto":
        return precision
    if trainer["accelerator"] != "cpu" and torch.accelerator.is_available():
        half = torch.cuda.is_available() and torch.cuda.is_bf16_supported(False)
    else:
        # Older versions of torch do not tell.
        has: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
        half = has.get("amx_bf16", False) or has.get("avx512_bf16", False)
    return "bf16-mixed" if half else "32-true"


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
