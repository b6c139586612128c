"""What a setting was worth: which runs are set beside which, and what counts as real."""

import csv
import math
import statistics

import pytest
from made_runs import make

from tinystories.evaluation.effects import effects
from tinystories.evaluation.intervals import student, student_reach
from tinystories.evaluation.overview import entries, runs_under, write_overview


def asked(settings: str, seed: int) -> str:
    return f"python train.py model=rnn seed={seed} {settings} flops=1e13 trainer.threads=1"


@pytest.fixture
def study(tmp_path):
    """A base, a change that is worth something, one that is not, and two changes at once."""
    for seed, noise in enumerate((0.001, -0.001, 0.0)):
        for name, bpb, settings, more in (
            ("base", 1.0, "data.source=x", {}),
            ("words", 1.1, "data.source=x data.vocab=90", {"words": 90}),
            ("slow", 1.0005, "data.source=x optimizer.muon_lr=0.01", {"lr": 0.01}),
        ):
            command = asked(settings, seed)
            make(tmp_path / name / f"{seed}", bpb + noise, seed=seed, command=command, **more)
    both = asked("data.source=x data.vocab=90 optimizer.muon_lr=0.01", 0)
    make(tmp_path / "both", 1.3, words=90, lr=0.01, command=both)
    return tmp_path


def found(folder):
    return {effect.change: effect for effect in effects(entries(runs_under([folder])))}


def test_runs_that_differ_in_one_setting_are_set_beside_those_without_it(study):
    assert set(found(study)) == {"data.vocab=90", "optimizer.muon_lr=0.01"}


def test_what_helped_most_comes_first(study):
    made = {"command": asked("data.source=x model.depth=3", 0), "depth": 3}
    make(study / "deep", 0.9, **made)
    assert list(found(study)) == ["model.depth=3", "optimizer.muon_lr=0.01", "data.vocab=90"]


def test_what_seeds_would_not_do_is_real(study):
    slow, words = found(study).values()
    assert words.real
    assert not slow.real
    assert words.base == pytest.approx(1.0)
    assert words.difference.value == pytest.approx(0.1)
    # Three times three seeds leave six degrees of freedom; each set spreads by 0.001.
    assert words.difference.high == pytest.approx(0.1 + 2.447 * 0.001 * math.sqrt(2 / 3), abs=1e-6)


def test_looking_often_is_paid_for(study):
    alone = found(study)["optimizer.muon_lr=0.01"].p
    for place in range(8):
        command = asked(f"data.source=x optimizer.muon_lr=0.03{place}", 1)
        make(study / f"more{place}", 1.0, lr=0.03 + place / 1000, command=command)
    assert found(study)["optimizer.muon_lr=0.01"].p > alone


def test_a_single_run_is_judged_by_the_spread_of_others(study):
    make(study / "deep", 1.02, depth=3, command=asked("data.source=x model.depth=3", 1))
    deep = found(study)["model.depth=3"]
    assert deep.difference.n == 1
    assert deep.real


def test_without_seeds_nothing_is_real(tmp_path):
    make(tmp_path / "a", 1.0, command=asked("", 1))
    make(tmp_path / "b", 2.0, depth=3, command=asked("model.depth=3", 1))
    (effect,) = found(tmp_path).values()
    assert math.isnan(effect.difference.low)
    assert not effect.real


@pytest.mark.parametrize(
    "other", [{"budget": {"flops": 2e13}}, {"judged": 901}, {"family": "transformer"}]
)
def test_runs_that_had_no_equal_chance_are_not_compared(study, other):
    make(study / "deep", 1.02, depth=3, command=asked("data.source=x model.depth=3", 1), **other)
    assert "model.depth=3" not in found(study)


def test_what_the_others_have_and_one_lacks_is_a_change_too(tmp_path):
    make(tmp_path / "a", 1.0, command=asked("data.filter=dark", 1))
    make(tmp_path / "b", 1.1, depth=3, command=asked("data.filter=dark model.depth=3", 1))
    make(tmp_path / "c", 1.2, words=90, command=asked("", 1))
    assert set(found(tmp_path)) == {"model.depth=3", "without data.filter=dark"}


@pytest.mark.parametrize("command", [None, 3, "python train.py model='rnn"])
def test_a_card_without_a_command_is_left_alone(tmp_path, command):
    make(tmp_path / "a", 1.0, command=command)
    make(tmp_path / "b", 1.1, depth=3, command=command)
    assert found(tmp_path) == {}


def test_the_overview_shows_effects(study, tmp_path):
    page = write_overview(tmp_path / "out", entries(runs_under([study])))
    assert (tmp_path / "out" / "effects.png").is_file()
    with (tmp_path / "out" / "effects.csv").open(encoding="utf-8", newline="") as file:
        slow, words = csv.DictReader(file)
    assert (words["setting"], words["difference"], words["real"]) == (
        "data.vocab=90",
        "+0.1000",
        "yes",
    )
    assert slow["real"] == "not settled"
    assert "What a setting did" in page.read_text(encoding="utf-8")


def test_students_t_is_that_of_the_tables():
    for freedom, reach in ((1, 12.706), (2, 4.303), (3, 3.182), (10, 2.228), (31, 2.040)):
        assert student_reach(freedom) == pytest.approx(reach, abs=6e-4)
        assert student(reach, freedom) == pytest.approx(0.05, abs=1e-4)
    assert student(0.0, 5) == 1
    normal = 2 * (1 - statistics.NormalDist().cdf(2))
    assert student(-2.0, 100_001) == pytest.approx(normal, abs=1e-4)
