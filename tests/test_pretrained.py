"""A run made ready to be given away: 16 bits, judged as it is given, and explained."""

from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file

from tinystories.__main__ import main
from tinystories.data.pipeline import prepare
from tinystories.errors import UserError
from tinystories.evaluation import asking
from tinystories.evaluation.evaluate import Wish, evaluate, results_of
from tinystories.evaluation.leanings import leanings
from tinystories.evaluation.scorecard import read_scorecard
from tinystories.evaluation.understanding import understanding
from tinystories.pretrained import model_card, pack
from tinystories.runs import read_run
from tinystories.storyteller import Storyteller


@pytest.fixture
def run(teller, corpus_file, tmp_path, monkeypatch):
    data = prepare(
        str(corpus_file),
        vocab=60,
        tokenizer={"kind": "words"},
        folder=tmp_path / "data",
        processes=1,
    )
    said = {
        "data": data.describe(),
        "training": {
            "tokens": 7_000,
            "steps": 3,
            "seconds": 60.0,
            "seed": 5,
            "command": "python train.py model=rnn seed=5",
        },
    }
    Storyteller(teller.model, teller.vocabulary, {**teller.card, **said}).save(tmp_path / "run")
    monkeypatch.setattr(
        asking, "understanding", lambda *given, every: understanding(*given, every=60)
    )
    monkeypatch.setattr(asking, "leanings", lambda *given, every: leanings(*given, every=20))
    monkeypatch.setattr("tinystories.evaluation.evaluate.LENGTH", 20)
    return read_run(tmp_path / "run")


@pytest.fixture
def wish(tmp_path):
    return Wish(count=4, quick=True, data=tmp_path / "data", kept=tmp_path / "anchors")


def test_a_packed_run_is_small_judged_and_explained(run, wish, tmp_path):
    packed = pack(run, tmp_path / "given" / "rnn", wish=wish)
    names = {path.name for path in packed.folder.iterdir()}
    assert {"card.json", "scores.json", "stories.jsonl", "README.md"} <= names

    whole = load_file(run.folder / "weights.safetensors")
    half = load_file(packed.folder / "weights.safetensors")
    assert {weight.dtype for weight in half.values()} == {np.dtype(np.float16)}
    for name, weight in whole.items():
        np.testing.assert_array_equal(half[name], weight.astype(np.float16))
    # The numbers are those of the rounded weights.
    scores = read_scorecard(packed.folder)
    assert scores.scores["bits_per_byte"].interval.value == pytest.approx(packed.val_bpb, rel=1e-6)
    assert packed.val_bpb != run.val_bpb
    assert packed.card["weights"] == "float16"

    text = (packed.folder / "README.md").read_text(encoding="utf-8")
    assert text.startswith("---\nlanguage: en\n")
    for said in ("python train.py model=rnn seed=5", "seed 5", "## Scores", "## Bias", "## Limits"):
        assert said in text
    assert "| Bits per byte, bits per byte | " in text
    assert "**greedy**" in text
    assert Storyteller.load(packed.folder).tell("Anna", seed=3, length=9).startswith("Anna")

    assert pack(packed, packed.folder, wish=wish).card == packed.card  # In its own place, too.


def test_a_packed_run_keeps_the_scores_it_came_with(run, wish, tmp_path):
    packed = pack(run, tmp_path / "given" / "rnn", wish=wish)
    before = {path: path.read_bytes() for path in packed.folder.iterdir()}
    pair = ["compare", str(packed.folder), str(packed.folder)]
    assert main([*pair, "--json", str(tmp_path / "before.json")]) == 0
    evaluate(packed, replace(wish, seed=7))
    assert {path: path.read_bytes() for path in packed.folder.iterdir() if path.is_file()} == before
    assert read_scorecard(results_of(packed)) != read_scorecard(packed.folder)
    # Who compares now, compares the newest.
    assert main([*pair, "--json", str(tmp_path / "after.json")]) == 0
    first, then = ((tmp_path / f"{when}.json").read_text() for when in ("before", "after"))
    assert first != then


def test_a_folder_of_something_else_is_left_alone(run, wish, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "poem.txt").write_text("roses", encoding="utf-8")
    with pytest.raises(UserError, match="holds something that is no model; choose another folder"):
        pack(run, tmp_path / "mine", wish=wish)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["poem.txt"]


def test_without_scores_a_card_says_what_is_known(run):
    text = model_card(run)
    assert "## Data and training" in text
    assert "## Scores" not in text


def test_a_card_tells_the_trainings_in_their_order(run):
    training = run.card["training"]
    later = {**training, "steps": 7, "command": "python train.py base=FOLDER", "base": run.card}
    text = model_card(replace(run, card={**run.card, "training": later}))
    assert f"M tokens in {training['steps'] + 7:,} steps" in text
    assert text.index(training["command"]) < text.index("python train.py base=FOLDER")
    assert "began as a model that had learned from the same stories." in text

    last = {**later, "base": {**run.card, "training": later}}
    text = model_card(replace(run, card={**run.card, "training": last}))
    assert f"M tokens in {training['steps'] + 14:,} steps" in text
    assert text.count("from the same stories.") == 1  # Said once of both.

    copied = {**run.card["data"], "fingerprint": "that of copied files"}
    card = {**run.card, "training": {**later, "base": {**run.card, "data": copied}}}
    assert "learned from the same stories." in model_card(replace(run, card=card))

    fewer = {**copied, "train": {"stories": 1, "bytes": 10}}
    other = {**run.card, "data": fewer}
    for base, said in ((other, "were among them, nobody knows"), ({}, "nobody knows what")):
        card = {**run.card, "training": {**later, "base": base or {"val_bpb": None}}}
        assert said in model_card(replace(run, card=card))


def test_a_card_tells_of_teachers_and_whether_they_knew_the_questions(run):
    teacher = {**run.card, "parameters": {"total": 2_500_000}, "val_bpb": 0.6789}
    imported = {**teacher, "data": {"source": {}}, "val_bpb": None}
    for teachers, said in (
        ([teacher, teacher], "2 teachers expected on average, which had learned from the same"),
        ([teacher], "what a teacher expected, which had learned from the same stories: "),
        ([teacher], "of 2.5 M parameters (0.679 bits per byte)."),
        ([teacher, imported], "among them, nobody knows: "),
        ([imported], "expected, which had learned from others; whether those it is judged by"),
        ([imported], "of 2.5 M parameters."),
    ):
        training = {**run.card["training"], "teachers": teachers, "distillation": 0.7}
        text = model_card(replace(run, card={**run.card, "training": training}))
        assert said in text
        assert f"In {training['steps']:,} of these steps 70% of what it learned is what" in text
