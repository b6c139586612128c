"""Files that are damaged, or made to do harm: one clear line, nothing executed, little memory."""

import json
import os
import pickle
import struct
import zipfile
from contextlib import suppress
from pathlib import Path

import fuzz
import hostile
import pytest
import torch

import train
from gui.library import DRAFT, Library
from gui.preferences import Preferences
from tinystories.checkpoints import read_checkpoint
from tinystories.data.corpus import Corpus
from tinystories.data.shards import Shards
from tinystories.errors import UserError
from tinystories.evaluation.scorecard import read_scorecard
from tinystories.files import read_json, sealed, sha256
from tinystories.runs import read_run
from tinystories.storyteller import Storyteller


@pytest.fixture(scope="module")
def damaged(tmp_path_factory):
    """A good file for each reader, to be damaged."""
    return hostile.readers(tmp_path_factory.mktemp("damaged"))


@pytest.fixture(scope="module")
def invented(tmp_path_factory):
    """A good file for each reader, without the checksums that can be left out."""
    return fuzz.readers(tmp_path_factory.mktemp("invented"))


NAMES = [
    *("corpus index", "corpus parquet", "tokenizer", "word list", "shards index", "shard"),
    *("parquet source", "txt source", "jsonl source", "csv source"),
    *("card", "weights", "weights, forged", "checkpoint", "config", "sweep"),
    *("library", "draft", "preferences", "scores", "told stories", "curves"),
]


def test_every_reader_is_tried(damaged, invented):
    assert sorted(damaged) == sorted(invented) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_file_is_refused_in_one_line_or_read_as_it_was(damaged, name):
    assert hostile.examine(damaged[name], 20).total() == 20


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_nobody_wrote_is_refused_in_one_line_or_read(invented, name):
    assert fuzz.fuzz(invented[name], 15, 0).total() >= 15


@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_brackets_is_refused_or_passed_over(damaged, name):
    """Once the readers of JSON ended with a RecursionError."""
    reader = damaged[name]
    good = reader.path.read_bytes()
    for content in (b"[" * 200_000, b'{"a":' * 200_000, b"", b"\xff" * 99, b"9" * 9999, b"\0"):
        reader.path.write_bytes(content)
        with suppress(UserError):
            reader.read()
    reader.path.write_bytes(good)


# --- Harm that is meant -----------------------------------------------------------------------


class Payload:
    """What a pickle with code in it unpacks to."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self):
        return os.mkdir, (str(self.place),)


def test_code_in_a_checkpoint_is_not_executed(tmp_path):
    pickle.loads(pickle.dumps(Payload(tmp_path / "harm")))
    (tmp_path / "harm").rmdir()  # It would work.
    path = tmp_path / "last.ckpt"
    torch.save({"state_dict": {}, "extra": Payload(tmp_path / "harm")}, path)
    with pytest.raises(UserError, match=r"more than numbers and plain data, .* could be code"):
        read_checkpoint(path)
    assert not (tmp_path / "harm").exists()


def test_a_checkpoint_that_unpacks_to_more_than_itself_is_refused(tmp_path):
    path = tmp_path / "last.ckpt"
    torch.save({"state_dict": {"weight": torch.zeros(10**6)}}, path)
    with zipfile.ZipFile(path) as whole:
        parts = {entry.filename: whole.read(entry) for entry in whole.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    assert path.stat().st_size < 20_000
    with pytest.raises(UserError, match="unpacks to more than its own size"):
        read_checkpoint(path)


@pytest.mark.parametrize("content", [[1, 2], {"weights": 3}, {"state_dict": 3}, "text", None])
def test_a_checkpoint_of_something_else_is_refused(tmp_path, content):
    torch.save(content, tmp_path / "last.ckpt")
    with pytest.raises(UserError, match=r"last\.ckpt is damaged .*; resume from another"):
        read_checkpoint(tmp_path / "last.ckpt")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("hydra: {callbacks: {a: {_target_: os.mkdir, path: harm}}}", "not that of a run"),
        ("defaults: [/etc/passwd]", "not that of a run"),
        ("# @package hydra\n", "not that of a run"),
        ("harm: !!python/object/apply:os.mkdir [harm]", "damaged"),
        ("a: &a [1, 2]\nb: *a", "aliases"),
        ("[" * 10_000, "nested deeper"),
        ("- " * 10_000, "damaged"),
        ("\0", "damaged"),
    ],
)
def test_a_config_that_would_be_executed_or_grow_is_refused(tmp_path, monkeypatch, text, complaint):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".hydra").mkdir()
    good = "".join(f"{group}: {{}}\n" for group in train.GROUPS)
    config = tmp_path / ".hydra" / "config.yaml"
    config.write_text(good)
    assert train.continued([f"resume={tmp_path}"])
    config.write_text(f"{text}\n{good}")
    with pytest.raises(UserError, match=complaint) as raised:
        train.continued([f"resume={tmp_path}"])
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize(
    "argument",
    [
        "+hydra.callbacks.x={_target_: os.mkdir, path: harm}",
        "hydra.launcher._target_=os.mkdir",
        "hydra.launcher.setup=[mkdir harm]",
        "hydra.launcher.pre_dispatch=eval(1)",
        "hydra/launcher=../harm",
        "hydra.sweep.subdir=../../harm",
        "hydra.searchpath=[file://harm]",
        "model@hydra.callbacks=rnn",
        "+model=../../harm",
        "sweep=/harm",
        "data/tokenizer=${oc.env:HOME}",
        "--config-dir=harm",
    ],
)
def test_a_sweep_whose_record_would_execute_something_is_refused(tmp_path, argument):
    """Hydra obeys what a sweep was started with; once, so did ``resume=``."""
    good = ["hydra.mode=MULTIRUN", "hydra/launcher=joblib", "hydra.launcher.n_jobs=4"]
    good += ["model=rnn,gru", "data/tokenizer=bpe", "+sweep=width", "~minutes", "prompt='a/b'"]
    good += ["data.source=../stories.txt", "model.width=range(8,20,4)", "seed=1,2"]
    record = {"overrides": {"hydra": good, "task": []}}
    (tmp_path / "multirun.yaml").write_text(json.dumps({"hydra": record}))
    assert train.continued([f"resume={tmp_path}"])[1 : 1 + len(good)] == good
    record["overrides"]["task"].append(argument)
    (tmp_path / "multirun.yaml").write_text(json.dumps({"hydra": record}))
    with pytest.raises(UserError, match="could execute something; take it out") as raised:
        train.continued([f"resume={tmp_path}"])
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("text", ["", "hydra", "hydra:\n", "hydra: {overrides: {hydra: [", "- 1"])
def test_a_sweep_whose_record_was_cut_short_says_how_to_go_on(tmp_path, text):
    (tmp_path / "multirun.yaml").write_text(text)
    with pytest.raises(UserError, match=r"delete it and give .* finished runs are kept") as raised:
        train.continued([f"resume={tmp_path}"])
    assert "\n" not in str(raised.value)


def forge(folder: Path, weights: bytes | None = None, **changes: object) -> None:
    """Write a card that is sealed, and fits its files, but says something else."""
    if weights is not None:
        (folder / "weights.safetensors").write_bytes(weights)
    card = read_json(folder / "card.json")
    for name, value in changes.items():
        *path, last = name.split("__")
        place = card
        for part in path:
            place = place[part]
        place[last] = value
    card["files"]["weights.safetensors"] = sha256(folder / "weights.safetensors")
    (folder / "card.json").write_text(json.dumps(sealed(card)))


def header(**tensors: object) -> bytes:
    said = json.dumps(tensors).encode()
    return struct.pack("<Q", len(said)) + said


@pytest.mark.parametrize(
    "weights",
    [
        struct.pack("<Q", 2**63) + b"{}",
        struct.pack("<Q", 10**9) + b"{}",
        header(a={"dtype": "F32", "shape": [10**12], "data_offsets": [0, 4 * 10**12]}),
        header(a={"dtype": "F32", "shape": [2**62, 4], "data_offsets": [0, 0]}),
        header(a={"dtype": "F32", "shape": [-1], "data_offsets": [0, 0]}),
        header(a={"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}),
        header(
            **{"blocks.999999999999.norm": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}}
        ),
        b"",
    ],
)
@pytest.mark.parametrize("engine", ["numpy", "torch"])
def test_weights_with_an_absurd_header_are_refused(teller, tmp_path, weights, engine):
    teller.save(tmp_path)
    forge(tmp_path, weights)
    with pytest.raises(UserError, match="cannot be read"):
        Storyteller.load(tmp_path, engine)


@pytest.mark.parametrize(
    "changes",
    [
        {"vocab__tokens": 10**12},
        {"model__arguments__depth": 10**12},
        {"model__arguments__width": 32},
        {"model__arguments": {"depth": 1, "width": 16, "heads": 0}},
        {"model__family": "transformer"},
        {"model__family": 3},
        {"val_bpb": 10**400},
        {"val_bpb": "0.1"},
        {"data": []},
        {"data__limit": "many"},
        {"data__limit": 0.5},
        {"data__seed": 1e9},
        {"data__filter": []},
        {"files": {"../../secret": "0", "weights.safetensors": "0"}},
        {"files": {"tokenizer.json": 3, "weights.safetensors": "0"}},
    ],
)
def test_an_absurd_card_is_refused(teller, tmp_path, changes):
    teller.save(tmp_path)
    forge(tmp_path, **changes)
    for engine in ("numpy", "torch"):
        with pytest.raises(UserError) as raised:
            Storyteller.load(tmp_path, engine)
        assert "\n" not in str(raised.value)


def test_a_context_that_no_memory_could_hold_is_refused(damaged):
    folder = damaged["card"].path.parent
    good = damaged["card"].path.read_bytes()
    forge(folder, model__arguments__context=10**12)
    with pytest.raises(UserError, match="the card says context 1000000000000"):
        Storyteller.load(folder, "numpy")
    damaged["card"].path.write_bytes(good)


def test_weights_that_are_no_numbers_are_refused(teller, tmp_path):
    from safetensors.torch import save

    teller.save(tmp_path)
    weights = {name: weight.clone() for name, weight in teller.model.state_dict().items()}
    weights["norm.weight"][0] = float("nan")
    forge(tmp_path, save(weights))
    for engine in ("numpy", "torch"):
        with pytest.raises(UserError, match="finite"):
            Storyteller.load(tmp_path, engine).model  # noqa: B018


def test_names_cannot_lead_out_of_their_folder(damaged, tmp_path):
    (tmp_path / "stories").mkdir()
    secret = tmp_path / "secret.json"
    secret.write_text("{}")
    story = {"document": {"spans": [], "versions": []}, "title": "T", "name": "../secret"}
    for path in (tmp_path / "stories" / "a.json", tmp_path / DRAFT):
        path.write_text(json.dumps(story))
    found, [broken] = Library(tmp_path).stories()
    assert found == []
    assert "is no name of a file" in broken
    assert Library(tmp_path).draft() is None

    for name, read in (("corpus index", Corpus.open), ("shards index", Shards.open)):
        reader = damaged[name]
        good = reader.path.read_bytes()
        index = json.loads(good.replace(b"train-00000", b"../../secret"))
        index.pop("sha256")
        reader.path.write_text(json.dumps(index))
        with pytest.raises(UserError):
            read(reader.path.parent)
        reader.path.write_bytes(good)


def test_preferences_that_no_window_could_be_drawn_by_are_as_at_first(tmp_path):
    path = tmp_path / "preferences.json"
    wanted = {
        "mode": "Purple",
        "zoom": 10**9,
        "text_size": -1,
        "dial": 7,
        "temperature": float("nan"),
    }
    path.write_text(json.dumps(wanted | {"seed": "3"}))
    assert Preferences.load(path) == Preferences(seed="3")


def test_a_changed_file_says_how_to_keep_the_change(damaged):
    path = damaged["scores"].path
    good = path.read_text(encoding="utf-8")
    path.write_text(good.replace("rnn", "lstm"), encoding="utf-8")
    with pytest.raises(UserError, match="if that was you, delete its field sha256"):
        read_scorecard(path.parent)
    content = json.loads(path.read_text(encoding="utf-8"))
    del content["sha256"]
    path.write_text(json.dumps(content), encoding="utf-8")
    assert read_scorecard(path.parent).run["name"] == "lstm"
    path.write_text(good, encoding="utf-8")


def test_a_run_without_a_seal_is_read_as_before(teller, tmp_path):
    """Models that older versions made."""
    teller.save(tmp_path)
    card = read_json(tmp_path / "card.json")
    (tmp_path / "card.json").write_text(json.dumps(card))
    header, *words = (tmp_path / "words.txt").read_text(encoding="utf-8").split("\n")
    listed = "\n".join((header.rpartition(", ")[0], *words))
    (tmp_path / "words.txt").write_text(listed, encoding="utf-8")
    card["files"]["words.txt"] = sha256(tmp_path / "words.txt")
    (tmp_path / "card.json").write_text(json.dumps(card))
    assert read_run(tmp_path).card == card
    loaded = Storyteller.load(tmp_path, "numpy")
    assert loaded.vocabulary.fingerprint == teller.vocabulary.fingerprint
