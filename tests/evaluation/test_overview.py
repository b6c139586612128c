"""Many runs at a glance: seeds together, curves, fronts, and what warns of an unfair comparison."""

import csv
import math
from functools import partial

import pytest
from made_runs import make
from matplotlib.axes import Axes

from tinystories.__main__ import main
from tinystories.cost import flops_a_token, memory_bytes
from tinystories.evaluation.operation import LENGTHS
from tinystories.evaluation.overview import (
    curve_of,
    entries,
    flops_of,
    front,
    rows,
    runs_under,
    warnings,
    write_overview,
)
from tinystories.evaluation.scorecard import Scorecard, write_scorecard
from tinystories.runs import read_run


@pytest.fixture
def sweep(tmp_path):
    for seed, bpb in enumerate((1.0, 1.1, 1.2)):
        make(tmp_path / "sweep" / f"{seed}", bpb, seed=seed, tokens=8000 + seed)
    make(tmp_path / "sweep" / "3", 0.9, family="transformer", depth=4, words=90, parameters=2000)
    return tmp_path / "sweep"


def test_runs_that_differ_in_their_seed_are_one_line(sweep):
    best, several = entries(runs_under([sweep]))
    assert best.name == "transformer"
    assert math.isnan(best.bits.low)
    assert several.bits.value == pytest.approx(1.1)
    # Student's t for two degrees of freedom, 4.3027, times 0.1 over the root of three.
    reach = pytest.approx(4.3027 * 0.1 / math.sqrt(3), rel=1e-4)
    assert several.bits.high - several.bits.value == reach
    assert rows([best, several])[1][:4] == ("rnn-mingru", "1.1000", "0.8516 to 1.3484", "3")


def test_seeds_that_had_the_same_minutes_are_one_line_whatever_they_came_to(tmp_path):
    for seed, tokens in enumerate((8000, 9000, 16000)):
        make(tmp_path / str(seed), 1.0, seed=seed, tokens=tokens, budget={"minutes": 5})
    make(tmp_path / "longer", 0.9, tokens=16000, budget={"minutes": 10})
    make(tmp_path / "stopped", 2.0, tokens=8000, budget={"minutes": 5}, finished=False)
    said = rows(entries(runs_under([tmp_path])))
    assert [(row[3], row[6]) for row in said] == [("1", "0.02 M"), ("3", "0.01 M"), ("1", "0.01 M")]


@pytest.mark.parametrize(
    "other", [{"lr": 0.01}, {"depth": 3}, {"words": 61}, {"data": "e" * 64}, {"tokens": 99000}]
)
def test_runs_that_differ_in_more_are_not(tmp_path, other):
    make(tmp_path / "a", 1.0)
    make(tmp_path / "b", 1.0, seed=2, **other)
    assert len(entries(runs_under([tmp_path]))) == 2


def test_a_curve_has_the_time_of_its_tokens(tmp_path):
    make(tmp_path / "a", 1.0)
    with (tmp_path / "a" / "metrics.csv").open("a", encoding="utf-8") as file:
        file.write("5,train/tokens,")  # cut short
    curve = curve_of(read_run(tmp_path / "a"))
    assert curve.tokens == (2000, 4000, 6000, 8000)
    assert curve.seconds == pytest.approx((2, 2 + 1, 3 + 2 / 3, 3 + 2 / 3 + 1 / 2))
    assert curve.bits == pytest.approx((2.0, 1.5, 1 + 1 / 3, 1.25))
    (tmp_path / "a" / "metrics.csv").unlink()
    assert curve_of(read_run(tmp_path / "a")) is None


def test_computation_is_six_for_a_parameter_and_what_attention_adds(tmp_path):
    rnn = read_run(make(tmp_path / "a", 1.0))
    transformer = read_run(make(tmp_path / "b", 1.0, family="transformer"))
    assert flops_of(rnn) == 6000
    assert flops_of(transformer) == 6000 + 6 * 2 * 16 * 32


def test_the_table_says_in_which_settings_runs_differ(tmp_path):
    make(tmp_path / "a", 1.0, lr=None)
    make(tmp_path / "b", 1.1)
    make(tmp_path / "c", 1.2, family="transformer", depth=4)
    said = [line[-1] for line in rows(entries(runs_under([tmp_path])))]
    assert said == [
        "depth 2, muon_lr null",
        "depth 2, muon_lr 0.02",
        "depth 4, muon_lr 0.02",
    ]


def test_what_is_only_looked_up_is_not_computed_with():
    sizes = {"width": 16, "depth": 2, "context": 32}
    count = partial(flops_a_token, parameters=1000, vocab=20)
    assert count("rnn", {**sizes, "tied": False}) == 6000 - 6 * 20 * 16
    learned = count("transformer", {**sizes, "positions": "learned"})
    assert learned == count("transformer", sizes) - 6 * 32 * 16


def test_a_transformer_remembers_its_window_and_an_rnn_one_vector_a_block():
    sizes = {"width": 16, "depth": 2, "context": 32}
    kept = partial(memory_bytes, arguments=sizes)
    assert kept("transformer", tokens=10) == 4 * 2 * 2 * 16 * 10
    assert kept("transformer", tokens=100) == 4 * 2 * 2 * 16 * 31
    assert kept("rnn", tokens=100) == 4 * 2 * 16
    assert memory_bytes("rnn", {**sizes, "cell": "lstm"}, tokens=9) == 2 * 4 * 2 * 16


def test_the_front_is_what_nothing_beats_in_both():
    points = [(3, 1.0), (1, 2.0), (2, 2.5), (2, 1.5), (4, 1.0), (5, 0.5)]
    assert front(points) == [(1, 2.0), (2, 1.5), (3, 1.0), (5, 0.5)]
    assert front([]) == []


def test_an_unfair_comparison_is_said(tmp_path):
    make(tmp_path / "a", 1.0)
    make(tmp_path / "b", 1.1, family="transformer")
    found = entries(runs_under([tmp_path]))
    assert list(warnings(found)) == []
    other = {"data": "e" * 64, "judged": 901, "parameters": 1100, "tokens": 9000, "seconds": 80}
    make(tmp_path / "c", 1.2, finished=False, **other)
    said = list(warnings(entries(runs_under([tmp_path]))))
    assert said == [
        "they learned from different stories",
        "they were judged by different stories: their bits per byte do not compare",
        "they differ in parameters: 1,000 to 1,100",
        "they differ in tokens read: 8,000 to 9,000",
        "they differ in seconds of training: 60 to 80",
        "1 were stopped before their learning rate had come down",
    ]


def test_an_overview_is_a_table_pictures_and_a_page(sweep, tmp_path):
    page = write_overview(tmp_path / "out", entries(runs_under([sweep])))
    text = page.read_text(encoding="utf-8")
    pictures = {path.name for path in (tmp_path / "out").glob("*.png")}
    # No scores, so no speed.
    drawn = {"learning.png", "size.png", "vocabulary.png", "depth.png", "length.png"}
    assert pictures == drawn
    assert text.count("data:image/png;base64,") == 5
    with (tmp_path / "out" / "overview.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["model"] for row in table] == ["transformer", "rnn-mingru"]
    with (tmp_path / "out" / "runs.csv").open(encoding="utf-8", newline="") as file:
        single = [(row["model"], row["seed"], row["val_bpb"]) for row in csv.DictReader(file)]
    assert single == [("transformer", "1", "0.9")] + [
        ("rnn-mingru", str(seed), str(bpb)) for seed, bpb in enumerate((1.0, 1.1, 1.2))
    ]


def test_the_time_of_a_token_is_drawn_where_runs_were_judged(sweep, tmp_path, monkeypatch):
    drawn, loglog = [], Axes.loglog
    monkeypatch.setattr(
        Axes, "loglog", lambda self, x, y, **k: drawn.append((*x, *y)) or loglog(self, x, y, **k)
    )
    times = {f"token_ms_after_{n}": n / 1000 for n in LENGTHS}
    write_scorecard(sweep / "3", Scorecard({"name": "transformer"}, {}, {}, operation=times))
    write_overview(tmp_path / "out", entries(runs_under([sweep])))
    assert (*LENGTHS, *times.values()) in drawn


def test_compare_shows_a_folder_of_runs(sweep, tmp_path, capsys):
    assert main(["compare", str(sweep), "--page", str(tmp_path / "page")]) == 0
    shown = capsys.readouterr().out
    assert "0.8516 to 1.3484" in shown
    assert "careful: they differ in parameters" in shown
    assert (tmp_path / "page" / "overview.html").is_file()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["sweep", "sweep/3"], "wanted either runs or folders with several runs, got both"),
        (["nothing"], "wanted runs to compare, found none under nothing"),
    ],
)
def test_what_cannot_be_compared_is_said(
    sweep, tmp_path, monkeypatch, capsys, arguments, complaint
):
    (tmp_path / "nothing").mkdir()
    monkeypatch.chdir(tmp_path)
    assert main(["compare", *arguments]) == 2
    assert complaint in capsys.readouterr().err
