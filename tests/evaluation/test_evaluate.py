"""From a run to its scorecard, on a model that has learned nothing and a corpus of 300 stories."""

import copy
import json
import logging
import shutil
from dataclasses import replace
from functools import partial

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tinystories.__main__ import main
from tinystories.data.pipeline import prepare
from tinystories.evaluation import asking, operation
from tinystories.evaluation import evaluate as evaluation
from tinystories.evaluation.judge import KEY, Judge
from tinystories.evaluation.leanings import leanings
from tinystories.evaluation.scorecard import read_scorecard
from tinystories.evaluation.understanding import understanding
from tinystories.files import read_json
from tinystories.records import read_stories
from tinystories.runs import read_run
from tinystories.storyteller import Storyteller


@pytest.fixture(scope="module")
def place(teller, corpus_file, tmp_path_factory):
    """A folder with the prepared corpus and a run, as training leaves them; one evaluated."""
    place = tmp_path_factory.mktemp("place")
    made = prepare(
        str(corpus_file),
        vocab=60,
        tokenizer={"kind": "words"},
        folder=place / "outputs" / "data",
        processes=1,
    )
    said = {"data": made.describe(), "training": {"tokens": 7, "steps": 3, "seconds": 1.0}}
    run = place / "outputs" / "runs" / "one"
    Storyteller(teller.model, teller.vocabulary, {**teller.card, **said}).save(run / "model")
    with pytest.MonkeyPatch.context() as patch:
        _enter(place, patch)
        assert evaluate("--quick") == 0
    return place


@pytest.fixture
def at(place, tmp_path, monkeypatch):
    """A copy of it, in which the command runs."""
    shutil.copytree(place / "outputs", tmp_path / "outputs")
    _enter(tmp_path, monkeypatch)
    return tmp_path


def _enter(place, patch):
    """Be there; leave out the clock, keep stories short and questions few."""
    patch.chdir(place)
    patch.setattr(asking, "understanding", lambda *given, every: understanding(*given, every=60))
    patch.setattr(asking, "leanings", lambda *given, every: leanings(*given, every=20))
    patch.setattr(operation, "measure", lambda folder: {"words_per_s": 5.0})
    patch.setattr("tinystories.evaluation.evaluate.LENGTH", 20)


def evaluate(*arguments):
    return main(
        ["evaluate", "outputs/runs/one", "--count", "8", "--temperature", "0.5", *arguments]
    )


def test_a_run_is_judged_from_stories_to_page(at, capsys):
    assert evaluate() == 0
    run = at / "outputs" / "runs" / "one"
    stories = read_stories(run / "stories.jsonl")
    assert [story.seed for story in stories] == list(range(8))
    assert [bool(story.prompt) for story in stories] == [False, True] * 4
    card = read_scorecard(run)
    assert list(card.anchors) == ["real", "shuffled", "5-gram", "untrained"]
    assert card.run["data"]
    assert card.settings["count"] == 8
    assert len(card.ids["stories"]) == 8
    for name in (
        "bits_per_byte",
        "ended",
        "repeated_4grams",
        "self_bleu",
        "longest_copied",
        "pairs",
    ):
        assert card.scores[name].interval.n > 0, name
    assert card.anchors["real"]["ended"].value == 100
    # What has learned nothing is as good as what has learned nothing, and worse than counting.
    bits = card.scores["bits_per_byte"].interval.value
    assert card.anchors["untrained"]["bits_per_byte"].value == pytest.approx(bits, rel=0.2)
    assert card.anchors["5-gram"]["bits_per_byte"].value < bits / 2
    shown = capsys.readouterr().out
    assert "Bits per byte" in shown
    assert "</html>" in (run / "scorecard.html").read_text(encoding="utf-8")
    curves = EventAccumulator(str(run))
    curves.Reload()
    (point,) = curves.Scalars("score/bits_per_byte")
    assert point.value == pytest.approx(bits, rel=1e-5)
    assert point.step == 3


def test_scoring_again_tells_nothing_and_finds_the_same(at, monkeypatch):
    first = read_scorecard(at / "outputs" / "runs" / "one")

    def no(*_, **__):
        raise AssertionError("told again")

    monkeypatch.setattr(Storyteller, "tell_many", no)
    assert evaluate("--quick") == 0
    second = read_scorecard(at / "outputs" / "runs" / "one")
    # As text, since NaN is not NaN.
    assert repr(second.scores) == repr(first.scores)
    assert repr(second.anchors) == repr(first.anchors)


def test_a_scorecard_is_of_one_model_though_training_goes_on(at, teller):
    folder = at / "outputs" / "runs" / "one" / "model"
    run = read_run(folder)  # Looked up, then replaced before it is loaded.
    model = copy.deepcopy(teller.model)
    with torch.no_grad():
        next(model.parameters()).mul_(1.5)
    Storyteller(model, teller.vocabulary, {**run.card, "val_bpb": 0.5}).save(folder)
    card = evaluation.evaluate(run, evaluation.Wish(count=4, quick=True))
    weights = read_run(folder).card["files"]["weights.safetensors"]
    assert (card.run["weights"], card.run["val_bpb"]) == (weights, 0.5)
    assert weights != run.card["files"]["weights.safetensors"]


def test_runs_are_compared(at, capsys):
    assert evaluate("--quick", "--out", "other", "--seed", "100") == 0
    capsys.readouterr()
    arguments = ["compare", "outputs/runs/one", "other", "--json", "differences.json"]
    assert main(arguments) == 0
    shown = capsys.readouterr().out
    assert "different settings: seed 0 and 100" in shown
    assert "only 0 stories are the same" in shown
    (pair,) = json.loads((at / "differences.json").read_text())
    bits = next(c for c in pair["contrasts"] if c["score"]["name"] == "bits_per_byte")
    assert bits["difference"]["value"] == 0
    assert bits["verdict"] == "not settled"


def test_without_its_data_the_rest_goes_on(at, corpus_file, capsys):
    card = at / "outputs" / "runs" / "one" / "model" / "card.json"
    said = read_json(card)
    said["data"]["source"]["asked"] = "/nowhere/to/be/found"
    card.write_text(json.dumps(said))
    shutil.rmtree(at / "outputs" / "data")
    assert evaluate("--quick") == 0
    found = read_scorecard(at / "outputs" / "runs" / "one")
    assert "bits_per_byte" not in found.scores
    assert "longest_copied" not in found.scores
    assert "ended" in found.scores
    assert list(found.anchors) == ["untrained"]
    assert any("/nowhere/to/be/found" in line for line in found.missing)
    assert any(line.startswith("novelty") for line in found.missing)
    assert "missing: novelty" in capsys.readouterr().out
    # Held-out stories from elsewhere bring back what needs no training stories.
    assert evaluate("--quick", "--on", str(corpus_file)) == 0
    found = read_scorecard(at / "outputs" / "runs" / "one")
    assert "bits_per_byte" in found.scores
    assert list(found.anchors) == ["real", "shuffled", "untrained"]


def test_stories_broken_by_hand_are_one_line(at, capsys):
    path = at / "outputs" / "runs" / "one" / "stories.jsonl"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], "oops", *lines[2:]]) + "\n")
    assert evaluate("--quick") == 2
    errors = [line for line in capsys.readouterr().err.splitlines() if "error:" in line]
    assert len(errors) == 1
    assert "line 2 of" in errors[0]


@pytest.mark.parametrize(
    "arguments",
    [
        ["evaluate", "nowhere"],
        ["evaluate", "empty"],
        ["evaluate", "outputs/runs/one", "--count", "3"],
        ["evaluate", "outputs/runs/one", "--temperature", "-1"],
        ["evaluate", "outputs/runs/one", "--on", "nowhere.txt"],
        ["evaluate", "outputs/runs/one", "--words", "nowhere.txt"],
        ["evaluate", "outputs/runs/one", "--judge-url", "http://localhost:1/v1"],
        ["evaluate", "outputs/runs/one", "--judge-url", "nonsense", "--judge-model", "a"],
        ["compare", "outputs/runs/one"],
        ["compare", "outputs/runs/one", "empty"],
        ["soak", "nowhere"],
        ["soak", "outputs/runs/one", "--minutes", "0"],
        ["soak", "outputs/runs/one", "--minutes", "nan"],
        ["soak", "outputs/runs/one", "--streams", "0"],
    ],
)
def test_bad_input_is_one_line_and_exit_code_two(at, capsys, arguments):
    (at / "empty").mkdir()
    assert main(arguments) == 2
    errors = [line for line in capsys.readouterr().err.splitlines() if "error:" in line]
    assert len(errors) == 1


def test_a_judge_that_is_down_is_missing_and_the_rest_goes_on(at, monkeypatch, capsys, caplog):
    patient = partial(Judge, wait=lambda seconds: None)
    monkeypatch.setattr("tinystories.evaluation.judge.Judge", patient)
    monkeypatch.setenv(KEY, "sk-secret")
    judge = ["--judge-url", "http://me:sk-secret@127.0.0.1:1/v1", "--judge-model", "a"]
    with caplog.at_level(logging.DEBUG):
        assert evaluate("--quick", *judge) == 0
    found = read_scorecard(at / "outputs" / "runs" / "one")
    assert any("see whether the endpoint is up" in line for line in found.missing)
    assert found.settings["judge"]["model"] == "a"

    printed = capsys.readouterr()
    assert "sk-secret" not in printed.out + printed.err + caplog.text
    written = [path for path in at.rglob("*") if path.is_file()]
    assert len(written) > 10
    assert [path for path in written if b"sk-secret" in path.read_bytes()] == []


def test_the_metrics_themselves_are_judged(at):
    assert main(["evaluate", "outputs/runs/one", "--separation", "--on", _more(at)]) == 0
    table = (at / "outputs" / "separation.md").read_text()
    assert "| `unbalanced_quotes` |" in table
    assert "sentences shuffled" in table


def _more(at):
    path = at / "more.txt"
    story = "Tom saw a dog. It was big. The dog ran. Tom ran too. They were happy. It was {}."
    path.write_text("\n\n".join(story.format(i) + f" Then {i} came." for i in range(12)))
    return str(path)


def test_a_wish_says_how_much(at):
    from tinystories.evaluation.evaluate import Wish

    assert Wish(count=200).stories == 200
    assert Wish(count=200, quick=True).stories == 40
    assert replace(Wish(), quick=True).read == 100
