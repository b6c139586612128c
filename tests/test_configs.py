"""Every config that is shipped can be composed, and what it describes can be built."""

from itertools import product
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

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


def test_every_yaml_file_is_reached():
    reached = {choice for overrides in ALL for choice in overrides}
    for path in CONF.rglob("*.yaml"):
        group = path.parent.relative_to(CONF).as_posix()
        assert path.name == "train.yaml" or f"{group}={path.stem}" in reached
