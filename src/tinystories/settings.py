"""Which values the numbers of a config may have."""

import math
from collections.abc import Callable, Collection, Mapping
from typing import Any

from tinystories.errors import UserError

WHOLE_NUMBERS = {
    "seed": 0,
    "validations": 1,
    "model.parameters": 1,
    "model.width": 1,
    "model.depth": 1,
    "model.heads": 1,
    "model.hidden": 1,
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

SWITCHES = ("model.tied", "data.deduplicate", "trainer.compile")

NUMBERS = {
    "minutes": "above 0",
    "flops": "above 0",
    "distillation": "from 0 to 1",
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


def check_settings(config: Mapping[str, Any], known: Mapping[str, Collection[str]]) -> None:
    """Raise a UserError for a setting that nobody reads, or a number that is out of its range.

    Args:
        config: what ``conf/train.yaml`` composes, as plain dicts.
        known: the names in each group of it, and under ``""`` those at the top.
    """
    for group, names in known.items():
        for name in config[group] if group else config:
            if name not in names:
                raise UserError(
                    f"{group}{'.' if group else ''}{name} is no setting; there are "
                    f"{', '.join(sorted(names))}"
                )
    settings = {name.replace("/", "."): value for name, value in flat(config).items()}
    for name, least in WHOLE_NUMBERS.items():
        value = settings.get(name)
        if value is not None and not (_is_number(value) and value % 1 == 0 and value >= least):
            raise UserError(f"{name} must be a whole number from {least} up, got {value!r}")
    for name in SWITCHES:
        if not isinstance(value := settings.get(name, True), bool):
            raise UserError(f"{name} must be true or false, got {value!r}")
    for name, wanted in NUMBERS.items():
        value = settings.get(name)
        if value is not None and not (_is_number(value) and RANGES[wanted](value)):
            raise UserError(f"{name} must be a number {wanted}, got {value!r}")


def based(config: Mapping[str, Any], card: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``config`` with the size and the words of the model that ``card`` describes.

    Raises:
        UserError: ``config`` asks for another model.
    """
    asked, model = config["model"], card["model"]
    if asked["family"] != model["family"]:
        raise UserError(
            f"base={config['base']} is of the family {model['family']}, got model.family="
            f"{asked['family']}; give model={model['family']}"
        )
    for name in ("width", "hidden"):
        if asked[name] is not None:
            raise UserError(
                f"base={config['base']} brings its own size, got model.{name}={asked[name]} too; "
                "leave it out, or begin anew without base"
            )
    kind = card["vocab"].get("kind", "words")
    size = card["vocab"].get("words" if kind == "words" else "tokens")
    return {
        **config,
        "model": {
            "family": model["family"],
            "parameters": None,
            "hidden": None,
            **model["arguments"],
            "dropout": asked["dropout"],
        },
        "data": {**config["data"], "vocab": size, "tokenizer": {"kind": kind}},
    }


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def flat(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return ``{"a": {"b": 1}}`` as ``{"a/b": 1}``, as TensorBoard wants its hyperparameters."""
    settings: dict[str, Any] = {}
    for name, value in config.items():
        if isinstance(value, Mapping):
            settings |= flat(value, f"{prefix}{name}/")
        else:
            settings[prefix + name] = value
    return settings
