import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tinystories.errors import UserError
from tinystories.files import read_json
from tinystories.runs import find_run, find_runs, read_run, write_card


def make_run(
    folder: Path, bpb: float, *, family="rnn", kind="local", name=None, **arguments: Any
) -> Path:
    folder.mkdir(parents=True)
    (folder / "weights.safetensors").write_bytes(b"weights")
    card = {
        "model": {"family": family, "arguments": arguments},
        "vocab": {"tokens": 10},
        "data": {"source": {"kind": kind, "name": name}},
        "val_bpb": bpb,
    }
    write_card(folder, card)
    return folder


def test_runs_are_listed_best_first(tmp_path):
    for name, bpb in (("a", 1.2), ("b", 0.9), ("c", 1.0)):
        make_run(tmp_path / "runs" / name / "model", bpb)
    assert [run.val_bpb for run in find_runs(tmp_path)] == [0.9, 1.0, 1.2]


def test_runs_on_real_stories_come_before_those_on_embedded_ones(tmp_path):
    make_run(tmp_path / "easy", 0.3, kind="embedded")
    make_run(tmp_path / "real", 1.2, kind="hub")
    assert [run.folder.name for run in find_runs(tmp_path)] == ["real", "easy"]


def test_a_run_says_which_stories_it_learned_from(tmp_path):
    make_run(tmp_path / "a", 0.1, name="our town.txt")
    make_run(tmp_path / "b", 0.2)
    make_run(tmp_path / "c", 0.3, kind="hub", name="roneneldan/TinyStories")
    assert [run.stories for run in find_runs(tmp_path)] == ["our town.txt", "local", "hub"]


def test_the_best_of_a_family_or_cell_is_found(tmp_path):
    make_run(tmp_path / "a", 1.0, family="transformer")
    make_run(tmp_path / "b", 1.1, cell="gru")
    make_run(tmp_path / "c", 1.2, cell="lstm")
    found = {
        which: find_run(which, tmp_path).folder.name
        for which in ("best", "best:transformer", "best:rnn", "best:lstm", "best:rnn-lstm")
    }
    assert found == {
        "best": "a",
        "best:transformer": "a",
        "best:rnn": "b",
        "best:lstm": "c",
        "best:rnn-lstm": "c",
    }


def test_a_run_folder_and_its_model_folder_are_the_same_run(tmp_path):
    model = make_run(tmp_path / "run" / "model", 1.0)
    assert read_run(tmp_path / "run").folder == read_run(model).folder == model


def test_a_broken_run_is_named_and_the_others_are_listed(tmp_path, caplog):
    make_run(tmp_path / "good", 1.0)
    (make_run(tmp_path / "broken", 0.5) / "card.json").write_text('{"format": 1, "mod')
    assert [run.folder.name for run in find_runs(tmp_path)] == ["good"]
    assert str(tmp_path / "broken" / "card.json") in caplog.text


@pytest.mark.parametrize(
    "card",
    ["", "[]", "null", "3", '{"format": 1}', '{"format": 1, "model": 3}', "\x00\x01", '"format"'],
)
def test_a_damaged_card_is_refused_in_one_line(tmp_path, card):
    (tmp_path / "card.json").write_text(card)
    with pytest.raises(UserError, match=r"card\.json is damaged .*; train again"):
        read_run(tmp_path)


def test_a_card_of_a_newer_format_is_refused(tmp_path):
    path = make_run(tmp_path / "run", 1.0) / "card.json"
    path.write_text(json.dumps(read_json(path) | {"format": 2}))
    with pytest.raises(UserError, match="has format 2, this version reads format 1"):
        read_run(tmp_path / "run")


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"found no card\.json in"):
        read_run(tmp_path)


def test_where_nothing_is_trained_the_error_says_how_to(tmp_path):
    with pytest.raises(UserError, match=r"train one: python train\.py model=rnn"):
        find_run("best:rnn", tmp_path)


def test_the_card_holds_the_hash_of_every_file(tmp_path):
    folder = make_run(tmp_path / "run", 1.0)
    expected = hashlib.sha256(b"weights").hexdigest()
    assert read_run(folder).card["files"] == {"weights.safetensors": expected}
