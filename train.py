"""Train a language model on stories: python train.py model=transformer data.vocab=4500."""

import io
import logging
import os
import re
import shlex
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

# Errors come out of Hydra as exceptions, so that they can be told in one line.
os.environ["HYDRA_FULL_ERROR"] = "1"
# Threads that wait for each other spin for some microseconds, not milliseconds: 2 % slower on an
# idle machine of two cores, twice as fast where another program keeps one of them busy.
os.environ.setdefault("GOMP_SPINCOUNT", "10000")

import hydra
import yaml
from hydra import compose
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from tinystories.errors import UserError

log = logging.getLogger("tinystories")

GROUPS = ("model", "data", "optimizer", "trainer")

LAUNCHING = re.compile(r"hydra(\.mode|/launcher|\.launcher\.[a-z]\w*)=[\w.-]+")
"""What of Hydra's own settings a sweep's record may have: others can name what is executed."""


@hydra.main(version_base="1.3", config_path="conf", config_name="train")
def main(config: DictConfig) -> float:
    """Train as ``config`` says; return the bits per byte."""
    hydra_config = HydraConfig.get()
    folder = Path(hydra_config.runtime.output_dir)
    command = command_of(hydra_config.overrides.task)
    settings = plain(config)
    try:
        if "search" in settings:  # Many runs, each after those before.
            from tinystories.search import search

            return search(settings["search"], settings["seed"], folder, described)
        if hydra_config.mode == RunMode.MULTIRUN:  # One of many.
            from tinystories.sweeps import train_one

            return train_one(settings, folder, command)
        from tinystories.training import train

        return train(settings, folder, command)
    except (UserError, OSError) as error:
        sys.exit(explained(error))  # Here, since Hydra adds lines to what it sees go by.


def plain(config: DictConfig) -> dict[str, Any]:
    """Return a config as plain dicts."""
    return cast(dict[str, Any], OmegaConf.to_container(config, resolve=True))


def described(overrides: list[str], folder: Path) -> tuple[dict[str, Any], str]:
    """Return the settings and the command of a search's trial, which ``folder`` then keeps."""
    began = HydraConfig.get().overrides.task
    settings = plain(compose("train", [*began, *overrides]))
    del settings["search"]
    (folder / ".hydra").mkdir(parents=True, exist_ok=True)
    OmegaConf.save(OmegaConf.create(settings), folder / ".hydra" / "config.yaml")
    OmegaConf.save(OmegaConf.create(overrides), folder / ".hydra" / "overrides.yaml")
    return settings, command_of([*began, *overrides])


def command_of(overrides: Iterable[str]) -> str:
    """Return the command that trains such a run by itself, outside its sweep."""
    alone = [a for a in overrides if not a.startswith(("sweep=", "search.", "resume="))]
    return shlex.join(["python", "train.py", *alone])


def continued(arguments: list[str]) -> list[str]:
    """Return the arguments, with the config of the run or sweep that ``resume=PATH`` names."""
    resumed = [a.partition("=")[2] for a in arguments if a.startswith("resume=")]
    if not resumed:
        return arguments
    path = Path(resumed[-1]).resolve()
    run = path if path.is_dir() else path.parent.parent
    config, sweep = run / ".hydra" / "config.yaml", run / "multirun.yaml"
    if not (sweep.is_file() or config.is_file()):
        raise UserError(
            f"wanted a run to resume, found no .hydra/config.yaml in {run}; give the folder of a "
            "run, such as outputs/runs/DATE/TIME-MODEL, or of a sweep"
        )
    others = [a for a in arguments if not a.startswith("resume=")]
    for other in others:
        where_it_runs = ("trainer.", "hydra.", "hydra/launcher=", "-")
        machine = other.startswith(where_it_runs) and "max_steps" not in other
        if not machine:
            raise UserError(
                f"resume=PATH goes on with the run's own settings, got {other} too; leave it out "
                "(only where it runs may change: trainer.devices, trainer.threads and the like)"
            )
    if sweep.is_file():
        others += [f"resume={quoted(run)}", f"hydra.sweep.dir={quoted(run)}"]
        anew = {other.partition("=")[0] for other in others}
        kept = [a for a in began_with(sweep) if a.partition("=")[0] not in anew]
        return ["-m", *kept, *others]
    check_kept(config)
    where = ["--config-path", str(run / ".hydra"), "--config-name", "config"]
    # Not written again: Hydra empties the file first, and a kill there would leave it so.
    where.append("hydra.output_subdir=null")
    return [*where, *others, f"resume={quoted(path)}", f"hydra.run.dir={quoted(run)}"]


def check_kept(config: Path) -> None:
    """Raise a UserError for a run's config that is damaged, or could make Hydra execute something.

    Hydra itself would obey it: a ``hydra`` group names classes to be called.
    """
    try:
        text, kept = read_yaml(config)
    except ValueError as error:
        raise UserError(f"the config {config} is damaged ({error}); restore it") from error
    whole = all(isinstance(kept.get(group), dict) for group in GROUPS)
    if not whole or kept.keys() & {"hydra", "defaults"} or "@package" in text:
        raise UserError(f"the config {config} is not that of a run; restore it from a copy")


def began_with(sweep: Path) -> list[str]:
    """Return the arguments that a sweep was started with, from Hydra's record of it.

    Raises:
        UserError: it is damaged, or an argument of it could make Hydra execute something.
    """
    try:
        _, kept = read_yaml(sweep)
        asked = kept["hydra"]["overrides"]
        arguments = [*asked["hydra"], *asked["task"]]
        if not arguments or not all(isinstance(argument, str) for argument in arguments):
            raise ValueError("it does not say how the sweep was started")
    except (ValueError, TypeError, KeyError) as error:
        raise UserError(
            f"the sweep's record {sweep} is damaged ({error}); delete it and give the sweep's "
            f"command again with hydra.sweep.dir={quoted(sweep.parent)}: finished runs are kept"
        ) from error
    for argument in arguments:
        if not is_harmless(argument):
            raise UserError(
                f"the sweep's record {sweep} has {argument[:80]!r}, which could execute something; "
                "take it out there, and give it with resume= if it is yours"
            )
    return arguments


def is_harmless(argument: str) -> bool:
    """Return whether an argument can do no more than choose settings of ours."""
    name, _, value = argument.lstrip("+~").partition("=")
    if name.startswith("hydra"):
        return name == "hydra.sweep.dir" or LAUNCHING.fullmatch(argument) is not None
    if name in (*GROUPS, "sweep", "data/tokenizer"):  # A file's name, which must not lead away.
        return re.fullmatch(r"[\w, ()*-]*", value) is not None
    return re.fullmatch(r"\w+(\.\w+)*", name) is not None


def read_yaml(path: Path) -> tuple[str, dict[str, Any]]:
    """Return a YAML file's text, and the object that it is.

    Raises:
        ValueError: it cannot be read, is none, or is longer or deeper than what Hydra writes.
    """
    try:
        text = path.read_text(encoding="utf-8")
        if len(text) > 2**16 or text.count("[") + text.count("{") > 2**7:
            raise ValueError("it is longer, or nested deeper, than any config")
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text)):
            raise ValueError("it has aliases, which can grow without end")
        return text, dict(yaml.safe_load(text))
    except (OSError, ValueError, TypeError, RecursionError, yaml.YAMLError) as error:
        raise ValueError(str(error).partition("\n")[0]) from error


def quoted(path: Path) -> str:
    """Return a path as Hydra reads it whatever letters are in it."""
    return "'" + path.as_posix().replace("'", r"\'") + "'"


def explained(error: Exception) -> int:
    """Say in one line what is wrong, and return the exit code for it."""
    if isinstance(error, OSError) and not isinstance(error, HydraException):
        where = f" ({error.filename})" if error.filename else ""
        remedy = "make room, or choose another folder with hydra.run.dir and data.folder"
        error = UserError(
            f"wanted to read or write a file, but: {error.strerror or error}{where}; {remedy}"
        )
    sys.stderr.write(f"error: {' '.join(str(error).split())}\n")
    return 2


if __name__ == "__main__":
    if isinstance(sys.stdout, io.TextIOWrapper):  # A terminal may know fewer letters than we do.
        sys.stdout.reconfigure(errors="replace")
    # Whoever is asked to end cleans up, also where Ctrl-C is ignored, as in a shell's background.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.argv[1:] = continued(sys.argv[1:])
        main()
    except (UserError, HydraException, OmegaConfBaseException, OSError) as error:
        sys.exit(explained(error))
    except KeyboardInterrupt:  # Or SIGTERM, before training begins, which has its own way to stop.
        sys.stderr.write("\nstopped\n")
        sys.exit(130)
