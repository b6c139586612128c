"""Every config that is shipped can be composed, and what it describes can be built."""

import json
from functools import cache
from itertools import product
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from tinystories.models import LanguageModel
from tinystories.models.sizing import count_parameters
from tinystories.settings import check_settings
from tinystories.training import build_model, known_settings

CONF = Path(__file__).parent.parent / "conf"


def choices(group: str) -> list[str]:
    return [f"{group}={path.stem}" for path in sorted((CONF / group).glob("*.yaml"))]


def composed(overrides: list[str]) -> dict:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return OmegaConf.to_container(compose("train", overrides), resolve=True)


ALL = [
    *(
        [choice]
        for group in ("data", "data/tokenizer", "optimizer", "trainer")
        for choice in choices(group)
    ),
    *product(choices("model"), [f"data.vocab={n}" for n in (1500, 4500, 20000)]),
    *(["model=rnn", f"model.cell={cell}"] for cell in ("mingru", "gru", "lstm")),
]


@pytest.mark.parametrize("overrides", ALL, ids=" ".join)
def test_a_shipped_config_is_composed_and_built(overrides):
    config = composed(list(overrides))
    check_settings(config, known_settings(config))
    with torch.device("meta"):
        model, _ = build_model(config["model"], vocab=min(5753, 1300 + config["data"]["vocab"]))
    assert count_parameters(model)["total"] == pytest.approx(3e6, rel=0.02)


def sweep_of(choice: str) -> DictConfig:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("train", [choice], return_hydra_config=True)


@pytest.mark.parametrize("choice", choices("sweep"))
def test_every_value_of_a_shipped_sweep_is_composed_and_built(choice):
    config = sweep_of(choice)
    assert config.hydra.mode == RunMode.MULTIRUN
    values = {
        name: str(among).split(",") for name, among in (config.hydra.sweeper.params or {}).items()
    }
    values.pop("seed", None)  # Changes nothing that is built.
    # As many runs as the longest list has values, each with the next value of every list.
    for number in range(max(map(len, values.values()), default=0)):
        run = composed([f"{name}={among[number % len(among)]}" for name, among in values.items()])
        check_settings(run, known_settings(run))
        built(json.dumps(run["model"]), vocab=min(5753, 1300 + run["data"]["vocab"]))


@cache
def built(settings: str, vocab: int) -> LanguageModel:
    """The model of a config, made once for all the runs that have it."""
    with torch.device("meta"):
        return build_model(json.loads(settings), vocab)[0]


def test_the_shipped_search_looks_among_settings_that_there_are():
    plan = sweep_of("sweep=search").search
    for name, among in plan.space.items():
        for value in among.get("choices") or (among.low, among.high):
            config = composed([f"{name}={value}"])
            check_settings(config, known_settings(config))
            with torch.device("meta"):
                build_model(config["model"], vocab=5753)


def test_every_yaml_file_is_reached():
    reached = {choice for overrides in ALL for choice in overrides} | {*choices("sweep")}
    for path in CONF.rglob("*.yaml"):
        group = path.parent.relative_to(CONF).as_posix()
        assert path.name == "train.yaml" or f"{group}={path.stem}" in reached
