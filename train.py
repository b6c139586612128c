"""Train a language model on stories: python train.py model=transformer data.vocab=4500."""

import logging
import os
import sys
from pathlib import Path
from typing import Any, cast

# Errors come out of Hydra as exceptions, so that they can be told in one line.
os.environ["HYDRA_FULL_ERROR"] = "1"
# Threads that wait for each other spin for some microseconds, not milliseconds: 2 % slower on an
# idle machine of two cores, twice as fast where another program keeps one of them busy.
os.environ.setdefault("GOMP_SPINCOUNT", "10000")

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from tinystories.errors import UserError

log = logging.getLogger("tinystories")


@hydra.main(version_base="1.3", config_path="conf", config_name="train")
def main(config: DictConfig) -> float:
    """Train as ``config`` says; return the bits per byte, which a sweep makes smaller."""
    from tinystories.training import train

    folder = Path(HydraConfig.get().runtime.output_dir)
    try:
        return train(cast(dict[str, Any], OmegaConf.to_container(config, resolve=True)), folder)
    except (UserError, OSError) as error:
        sys.exit(explained(error))  # Here, since Hydra adds lines to what it sees go by.


def continued(arguments: list[str]) -> list[str]:
    """Return the arguments, with the config of the run that ``resume=PATH`` names."""
    resumed = [a.partition("=")[2] for a in arguments if a.startswith("resume=")]
    if not resumed:
        return arguments
    path = Path(resumed[-1]).resolve()
    run = path if path.is_dir() else path.parent.parent
    if not (run / ".hydra" / "config.yaml").is_file():
        raise UserError(
            f"wanted a run to resume, found no .hydra/config.yaml in {run}; give the folder of a "
            "run, such as outputs/runs/DATE/TIME-MODEL"
        )
    others = [a for a in arguments if not a.startswith("resume=")]
    for other in others:
        machine = other.startswith(("trainer.", "hydra.", "-")) and "max_steps" not in other
        if not machine:
            raise UserError(
                f"resume=PATH goes on with the run's own settings, got {other} too; leave it out "
                "(only where it runs may change: trainer.devices, trainer.threads and the like)"
            )
    where = ["--config-path", str(run / ".hydra"), "--config-name", "config"]
    return [*where, *others, f"resume={quoted(path)}", f"hydra.run.dir={quoted(run)}"]


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
    try:
        sys.argv[1:] = continued(sys.argv[1:])
        main()
    except (UserError, HydraException, OmegaConfBaseException, OSError) as error:
        sys.exit(explained(error))
    except KeyboardInterrupt:  # Before training begins, which has its own way to stop.
        sys.stderr.write("\nstopped\n")
        sys.exit(130)
