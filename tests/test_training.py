"""Training whole: small models on 300 stories, as ``train.py`` composes them."""

import itertools
import json
import logging
import math
import os
import re
import shutil
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from filelock import FileLock
from hydra import compose, initialize_config_dir
from lightning.pytorch.callbacks import ModelCheckpoint
from omegaconf import OmegaConf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch.nn import functional as F

from tinystories.callbacks import Plan, is_due
from tinystories.checkpoints import WholeCheckpoints, read_checkpoint
from tinystories.errors import UserError
from tinystories.evaluation.overview import flops_of
from tinystories.learner import Learner, warmup_stable_decay, window_parts
from tinystories.metrics_file import read_metrics
from tinystories.models import RNN
from tinystories.models.transformer import Attention
from tinystories.pretrained import model_card
from tinystories.runs import read_run
from tinystories.storyteller import Storyteller
from tinystories.training import train

CONF = Path(__file__).parent.parent / "conf"


def composed(corpus_file: Path, folder: Path, *overrides: str) -> dict[str, Any]:
    small = [
        f"data.source={corpus_file}",
        f"data.folder={folder}",
        "data.vocab=60",
        "data.context=32",
        "data.batch=4",
        "data.processes=1",
        "model.width=48",
        "model.depth=2",
        "trainer.threads=1",
        "trainer.precision=32-true",
        "trainer.log_every_n_steps=1",
        "trainer.max_steps=12",
        "trainer.accelerator=cpu",
        "validations=3",
    ]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("train", [*small, *overrides])
    return OmegaConf.to_container(config, resolve=True)


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def config(corpus_file, data_folder):
    return lambda *overrides: composed(corpus_file, data_folder, *overrides)


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]


def interrupted(settings: dict[str, Any], folder: Path, step: int) -> None:
    """Train up to a step, as if the process were killed there."""

    class Interrupted(BaseException):
        pass

    def interrupt(self, trainer, *_):
        if trainer.global_step == step:
            raise Interrupted

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tinystories.callbacks.PoliteStop.on_train_batch_end", interrupt)
        with pytest.raises(Interrupted):
            train(settings, folder)


def check_resuming(settings: dict[str, Any], folder: Path) -> None:
    """Train in ``whole``, and in ``half`` with an interruption; ``other`` is left interrupted."""
    train(settings, folder / "whole")
    for run in ("half", "other"):
        interrupted(settings, folder / run, 7)
    train({**settings, "resume": str(folder / "half")}, folder / "half")
    whole, resumed = weights(folder / "whole"), weights(folder / "half")
    assert whole.keys() == resumed.keys()
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def logged(folder: Path, name: str) -> list[float]:
    return [value for _, metric, value in read_metrics(folder / "metrics.csv") if metric == name]


MODELS = [
    "model=transformer",
    "model=transformer optimizer=adamw model.positions=learned",
    "model=rnn data/tokenizer=bpe data.vocab=400",
    *(f"model=rnn model.cell={cell}" for cell in ("mingru", "lstm")),
    "model=rnn model.cell=gru model.tied=false data.deduplicate=false",
]


@pytest.mark.parametrize("model", MODELS)
def test_a_run_learns_and_leaves_a_model_that_tells(config, tmp_path, model):
    bpb = train(config(*model.split(), "model.dropout=0.1", "trainer.max_steps=40"), tmp_path)
    card = json.loads((tmp_path / "model" / "card.json").read_text())
    assert card["val_bpb"] == bpb
    assert card["training"]["steps"] == 40
    assert card["training"]["tokens"] == 40 * 4 * 32
    assert card["training"]["finished"]
    curve = logged(tmp_path, "val/bpb")
    assert len(curve) == 3
    assert curve[-1] < curve[0]

    teller = Storyteller.load(tmp_path)
    story = teller.tell("Anna went", seed=1, length=20)
    assert story.startswith("Anna went")
    assert story == teller.tell("Anna went", seed=1, length=20)


def test_tensorboard_shows_curves_stories_and_hyperparameters(config, tmp_path):
    bpb = train(config(), tmp_path)
    events = EventAccumulator(str(tmp_path)).Reload()
    scalars = set(events.Tags()["scalars"])
    assert scalars >= {"train/loss", "train/bpb", "train/tokens_per_s", "lr/matrices", "val/bpb"}
    assert events.Scalars("hp/val_bpb")[-1].value == pytest.approx(bpb)
    stories = events.Tensors("story/text_summary")
    assert [event.step for event in stories] == [4, 8, 12]
    assert stories[-1].tensor_proto.string_val[0].decode().startswith("Once upon a time")
    layout = events.Tensors("custom_scalars__config__")[0].tensor_proto.string_val[0].decode()
    assert "Models side by side" in layout
    assert "_hparams_/session_start_info" in events.Tags()["tensors"] + list(
        events.summary_metadata
    )


def test_bits_per_byte_count_every_byte_of_whole_stories_once(config, tmp_path, data_folder):
    bpb = train(config(), tmp_path)
    teller = Storyteller.load(tmp_path)
    fingerprint = teller.card["data"]["fingerprint"]
    folder = data_folder / f"corpus-{fingerprint[:12]}"
    import pyarrow.parquet as pq

    stories = [
        story
        for path in sorted(folder.glob("validation-*.parquet"))
        for story in pq.read_table(path)["text"].to_pylist()
    ]
    nats = 0.0
    for story in stories:
        tokens = torch.tensor([[0, *teller.vocabulary.encode(story), 0]])
        with torch.no_grad():
            logits, _ = teller.model(tokens[:, :-1])
        nats += F.cross_entropy(logits[0], tokens[0, 1:], reduction="sum").item()
    text_bytes = sum(len(story.encode()) for story in stories)
    assert bpb == pytest.approx(nats / text_bytes / math.log(2), rel=1e-5)


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("model", ["transformer", "rnn"])
def test_a_resumed_run_is_bitwise_as_if_never_interrupted(config, tmp_path, workers, model):
    settings = config(f"model={model}", f"data.workers={workers}", "model.dropout=0.1")
    train(settings, tmp_path / "whole")
    interrupted(settings, tmp_path / "half", 7)
    train({**settings, "resume": str(tmp_path / "half")}, tmp_path / "half")

    whole, resumed = weights(tmp_path / "whole"), weights(tmp_path / "half")
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    curves = [
        [row for row in read_metrics(tmp_path / run / "metrics.csv") if "per_s" not in row[1]]
        for run in ("whole", "half")
    ]
    assert sorted(curves[0]) == sorted(curves[1])


@pytest.mark.parametrize("model", ["transformer", "rnn"])
def test_training_is_bitwise_the_same_whatever_goes_on_beside_it(config, tmp_path, model):
    settings = f"model={model}", "model.dropout=0.1"
    train(config(*settings), tmp_path / "alone")
    train(config(*settings, "data.workers=2"), tmp_path / "workers")
    teller = Storyteller.load(tmp_path / "alone", "torch")
    done = threading.Event()

    def tell() -> None:
        while not done.is_set():
            teller.tell("Anna", length=20)

    streams = [threading.Thread(target=tell) for _ in range(2)]
    for stream in streams:
        stream.start()
    try:
        train(config(*settings), tmp_path / "beside")
    finally:
        done.set()
        for stream in streams:
            stream.join()
    alone = weights(tmp_path / "alone")
    for other in ("workers", "beside"):
        found = weights(tmp_path / other)
        assert all(torch.equal(alone[name], found[name]) for name in alone)
        for metric in ("train/loss", "val/bpb"):
            assert logged(tmp_path / other, metric) == logged(tmp_path / "alone", metric)


def test_ctrl_c_ends_politely_with_a_usable_model(config, tmp_path):
    settings = config("trainer.max_steps=100000")
    before = signal.getsignal(signal.SIGINT)

    def press() -> None:
        while not (tmp_path / "metrics.csv").exists():
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press, daemon=True).start()
    bpb = train(settings, tmp_path)
    card = json.loads((tmp_path / "model" / "card.json").read_text())
    assert 0 < card["training"]["steps"] < 100_000
    assert not card["training"]["finished"]
    assert bpb < 8
    assert signal.getsignal(signal.SIGINT) is before


def test_operations_are_worth_steps(config, tmp_path):
    train(config("trainer.max_steps=null", "flops=1e9"), tmp_path)
    run = read_run(tmp_path)
    assert run.card["training"]["planned_steps"] == round(1e9 / flops_of(run) / 128)
    assert run.card["training"]["budget"] == {"flops": 1e9}
    assert run.card["training"]["finished"]


def test_minutes_end_on_time_with_the_schedule_at_its_end(config, tmp_path, monkeypatch):
    """By a clock that goes 10 ms forward whenever somebody looks at it."""
    clock = itertools.count()
    monkeypatch.setattr("tinystories.callbacks.monotonic", lambda: next(clock) / 100)
    train(config("trainer.max_steps=null", "minutes=0.1"), tmp_path)
    card = json.loads((tmp_path / "model" / "card.json").read_text())
    assert card["training"]["finished"]
    assert card["training"]["seconds"] == pytest.approx(6, rel=0.05)
    assert logged(tmp_path, "lr/matrices")[-1] < 0.02 * 0.05


def test_accumulated_parts_learn_the_same_as_one_batch(config, tmp_path):
    train(config(), tmp_path / "whole")
    train(config("trainer.accumulate_grad_batches=2"), tmp_path / "parts")
    whole, parts = weights(tmp_path / "whole"), weights(tmp_path / "parts")
    for name in whole:
        torch.testing.assert_close(parts[name], whole[name], atol=1e-4, rtol=1e-3)
    assert logged(tmp_path / "parts", "val/bpb") == pytest.approx(
        logged(tmp_path / "whole", "val/bpb"), rel=1e-4
    )


def test_windows_grow_from_quarters_to_whole_ones(config, tmp_path, monkeypatch):
    shapes = []
    read = RNN.read

    def watched(model, tokens, state=None):
        if model.training:
            shapes.append(tuple(tokens.shape))
        return read(model, tokens, state)

    monkeypatch.setattr(RNN, "read", watched)
    train(config("model=rnn", "optimizer.growth=0.5"), tmp_path / "run")
    assert shapes == [(16, 8)] * 3 + [(8, 16)] * 3 + [(4, 32)] * 6
    assert window_parts(0, None, growth=0.5) == 1


@pytest.mark.parametrize("model", ["transformer", "rnn"])
def test_half_precision_learns_nearly_the_same(config, tmp_path, model):
    exact = train(config(f"model={model}"), tmp_path / "single")
    half = train(config(f"model={model}", "trainer.precision=bf16-mixed"), tmp_path / "half")
    assert half != exact
    assert half == pytest.approx(exact, rel=0.02)
    weights = Storyteller.load(tmp_path / "half").model.state_dict().values()
    assert {w.dtype for w in weights} == {torch.float32}


@pytest.mark.parametrize(
    ("has", "learns_in"),
    [
        ({"avx2": True}, "32-true"),
        ({"avx512_f": True, "avx512_bf16": False, "amx_bf16": False}, "32-true"),
        ({"avx512_bf16": True}, "bf16-mixed"),
        ({"amx_bf16": True}, "bf16-mixed"),
    ],
)
def test_a_processor_learns_in_bfloat16_where_it_has_instructions_for_it(
    config, tmp_path, monkeypatch, has, learns_in
):
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: has, raising=False)
    train(config("model=rnn", "trainer.precision=auto", "trainer.max_steps=1"), tmp_path)
    assert read_run(tmp_path).card["training"]["precision"] == learns_in


def test_on_a_processor_attention_stays_in_float32(config, tmp_path, monkeypatch):
    made, attend = set(), Attention._attend

    def watched(self, q, k, v):
        y = attend(self, q, k, v)
        made.add(y.dtype)
        return y

    monkeypatch.setattr(Attention, "_attend", watched)
    settings = ("trainer.precision=bf16-mixed", "trainer.max_steps=1")
    train(config("model=transformer", *settings), tmp_path)
    assert made == {torch.float32}


def test_the_learning_rate_rises_stays_and_falls():
    rates = [warmup_stable_decay(s, 10, warmup=2, decay=0.4) for s in range(10)]
    assert rates == [0.5, 1, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25]


def test_before_the_plan_the_learning_rate_stays_up():
    assert warmup_stable_decay(10**9, None, warmup=2, decay=0.4) == 1


def test_validations_are_spread_evenly_and_end_with_the_last_step():
    assert [s for s in range(1, 11) if is_due(s, 10, 3)] == [4, 7, 10]
    assert [s for s in range(1, 4) if is_due(s, 3, 10)] == [1, 2, 3]


def test_a_plan_resumes_with_the_seconds_it_had():
    plan = Plan(1.0, 2)
    plan.seconds = 12.5
    other = Plan(1.0, 2)
    other.load_state_dict(plan.state_dict())
    assert other.seconds == 12.5


@pytest.mark.parametrize(
    ("override", "complaint"),
    [
        ("model.heads=7 model.width=64", "multiple of 2 . model.heads"),
        ("model.depth=0", "model.depth must be a whole number from 1 up, got 0"),
        ("model.parameters=10 model.width=null", "comes within 2 %"),
        ("model=rnn model.cell=elman", "model.cell must be one of mingru, gru, lstm, got 'elman'"),
        ("model.family=cnn", "model.family must be one of transformer, rnn, got 'cnn'"),
        ("data.vocab=0", "vocabulary of 1 or more, given 0"),
        ("data.vocab=-5", "given -5"),
        ("data.vocab=many", "given 'many'"),
        ("data.batch=3 trainer.accumulate_grad_batches=2", "data.batch must be a multiple"),
        ("flops=0", "flops must be a number above 0, got 0"),
        ("model.tied=7", "model.tied must be true or false, got 7"),
        ("model.positions=odd", "model.positions must be one of rotary, learned, none, got 'odd'"),
        ("minutes=-1", "minutes must be a number above 0, got -1"),
        ("data.source=nowhere.txt", "nowhere.txt"),
        ("resume=nowhere", "found none at nowhere"),
        ("model.dropout=1", "model.dropout must be a number from 0 to below 1, got 1"),
        ("data.context=1", "got 1"),
        ("data.context=0", "got 0"),
        ("data.batch=0", "got 0"),
        ("validations=0", "validations must be"),
        ("optimizer.muon_lr=-1", "optimizer.muon_lr must be"),
        ("+foo=1", "foo is no setting"),
        ("+trainer.max_epochs=3", "trainer.max_epochs is set by the program itself"),
        ("minutes=null trainer.max_steps=null", "set minutes, flops or trainer.max_steps"),
        ("model.width=null model.hidden=64", "model.hidden=64 was given without model.width"),
        ("+model.vocab=99", "model.vocab is no setting"),
        ("+optimizer.momentum=1", "optimizer.momentum is no setting"),
        ("trainer.precision=99", "Precision 99 is invalid"),
        ("+trainer.gpus=1", "trainer.gpus is no setting"),
        ("data.tokenizer.kind=letters", "letters"),
        ("data.limit=0", "given 0"),
        ("trainer.max_steps=0", "trainer.max_steps must be"),
    ],
)
def test_a_wrong_setting_is_refused_in_one_line(config, tmp_path, override, complaint):
    with pytest.raises(UserError, match=complaint) as raised:
        train(config(*override.split()), tmp_path)
    assert "\n" not in str(raised.value)


def test_a_damaged_checkpoint_is_refused(config, tmp_path):
    train(config(), tmp_path)
    path = tmp_path / "checkpoints" / "last.ckpt"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"last\.ckpt is damaged .*best\.ckpt"):
        train({**config(), "resume": str(tmp_path)}, tmp_path)


def anew(config, base: Path, *overrides: str) -> dict[str, Any]:
    """Settings of a training that begins with the model in ``base``."""
    return config(f"base='{base}'", "model.width=null", *overrides)


@pytest.mark.parametrize("model", ["transformer", "rnn model.cell=lstm data/tokenizer=bpe"])
def test_a_training_begins_with_the_weights_size_and_words_of_its_base(
    config, corpus_file, tmp_path, model
):
    words = "data.vocab=300" if "bpe" in model else "data.vocab=50"
    train(config(*f"model={model}".split(), words, "model.dropout=0.1"), tmp_path / "base")
    base = Storyteller.load(tmp_path / "base")
    stories = tmp_path / "other.txt"
    stories.write_text(corpus_file.read_text("utf-8").replace("Anna", "Zebedee"), "utf-8")
    hardly = ("optimizer.muon_lr=1e-9", "optimizer.adamw_lr=1e-9", "model.dropout=0.2")
    family = model.split()[0]
    other = (f"model={family}", f"data.source='{stories}'", "model.depth=5")
    train(anew(config, tmp_path / "base", *other, *hardly), tmp_path / "run")

    run = Storyteller.load(tmp_path / "run")
    assert run.vocabulary.fingerprint == base.vocabulary.fingerprint
    arguments = base.card["model"]["arguments"] | {"dropout": 0.2}
    assert run.card["model"] == {"family": family, "arguments": arguments}
    assert run.card["vocab"] == base.card["vocab"]
    assert run.card["data"]["train"] != base.card["data"]["train"]
    before, after = (teller.model.state_dict() for teller in (base, run))
    for name, weight in before.items():
        torch.testing.assert_close(after[name], weight, atol=1e-6, rtol=1e-4)
    training = run.card["training"]
    assert training["base"]["training"] == base.card["training"]
    assert training["base"]["weights"] == base.card["files"]["weights.safetensors"]
    assert training["steps"] == 12
    assert training["tokens"] == 2 * base.card["training"]["tokens"]
    assert training["seconds"] > base.card["training"]["seconds"]


def test_a_training_with_a_base_is_resumed_and_knows_its_base(config, tmp_path):
    train(config(), tmp_path / "base")
    settings = anew(config, tmp_path / "base", "seed=2")
    check_resuming(settings, tmp_path)

    shutil.rmtree(tmp_path / "base")
    train(config("seed=3"), tmp_path / "base")
    with pytest.raises(UserError, match="the run began with base '"):
        train({**settings, "resume": str(tmp_path / "other")}, tmp_path / "other")


@pytest.mark.parametrize(
    ("override", "complaint"),
    [
        ("model=rnn", "is of the family transformer, got model.family=rnn; give model=transformer"),
        ("model.width=48", "brings its own size, got model.width=48 too"),
        ("base=nowhere", "wanted a trained model, found no card.json in nowhere"),
        ("base=7", "base must be the folder of a trained model, got 7"),
    ],
)
def test_a_base_that_does_not_fit_is_refused(config, tmp_path, override, complaint):
    train(config(), tmp_path / "base")
    with pytest.raises(UserError, match=complaint):
        train(anew(config, tmp_path / "base", override), tmp_path / "run")


def test_a_model_learns_what_its_teachers_expect(config, tmp_path, caplog):
    """All of the loss is what they expect, so a teacher that expects otherwise leads elsewhere."""
    caplog.set_level("INFO")
    names = ("wise", "dull", "of_wise", "of_dull", "of_both", "of_taught")
    runs = {name: tmp_path / name for name in names}
    train(config("trainer.max_steps=60"), runs["wise"])
    train(config("model=rnn", "model.width=32", "trainer.max_steps=1"), runs["dull"])

    def taught(run: str, *teachers: str) -> float:
        folders = ",".join(f"'{runs[name]}'" for name in teachers)
        lesson = (f"teachers=[{folders}]", "distillation=1", "trainer.max_steps=60")
        return train(config(*lesson, "trainer.compile=true"), runs[run])

    of_wise, of_dull, of_both = (
        taught("of_wise", "wise"),
        taught("of_dull", "dull"),
        taught("of_both", "wise", "dull"),
    )
    assert of_wise < of_both - 0.02 < of_dull - 0.04
    assert "trainer.compile=true is for GPUs: nothing is compiled" in caplog.text
    run, wise, dull = (Storyteller.load(runs[name]) for name in ("of_both", "wise", "dull"))
    training = run.card["training"]
    assert training["distillation"] == 1
    assert [each["weights"] for each in training["teachers"]] == [
        teacher.card["files"]["weights.safetensors"] for teacher in (wise, dull)
    ]
    assert [each["model"]["family"] for each in training["teachers"]] == ["transformer", "rnn"]
    alone = read_run(runs["wise"])
    assert flops_of(read_run(runs["of_wise"])) == pytest.approx(flops_of(alone) * 4 / 3)
    said = model_card(read_run(runs["of_both"]))
    assert "100% of what it learned is what 2 teachers expected on average, which had" in said

    taught("of_taught", "of_wise")  # Its card tells of its teacher, not of its teacher's.
    (teacher,) = read_run(runs["of_taught"]).card["training"]["teachers"]
    assert teacher["training"]["steps"] == 60
    assert "teachers" not in teacher["training"]


def test_a_taught_training_is_resumed_with_the_same_teachers(config, tmp_path):
    train(config(), tmp_path / "teacher")
    settings = config(f"teachers='{tmp_path / 'teacher'}'", "seed=2", "model.dropout=0.1")
    check_resuming(settings, tmp_path)
    assert weights(tmp_path / "whole").keys() == weights(tmp_path / "teacher").keys()

    shutil.rmtree(tmp_path / "teacher")
    train(config("seed=3"), tmp_path / "teacher")
    with pytest.raises(UserError, match=r"the run began with teachers \['"):
        train({**settings, "resume": str(tmp_path / "other")}, tmp_path / "other")


@pytest.mark.parametrize(
    ("overrides", "complaint"),
    [
        (["teachers=nowhere"], "wanted a trained model, found no card.json in nowhere"),
        (["teachers=7"], "teachers must be folders of trained models"),
        (["teachers=[7]"], "teachers must be folders of trained models"),
        (["data.vocab=50"], r"the teacher .* knows other words \(\d+ token ids\) than these"),
        (["distillation=2"], "distillation must be a number from 0 to 1, got 2"),
        (["trainer.compile=3"], "trainer.compile must be true or false, got 3"),
    ],
)
def test_teachers_that_do_not_fit_are_refused(config, tmp_path, overrides, complaint):
    train(config(), tmp_path / "teacher")
    with pytest.raises(UserError, match=complaint):
        train(config(f"teachers=['{tmp_path / 'teacher'}']", *overrides), tmp_path / "run")


def test_a_folder_with_a_run_is_not_written_over(config, tmp_path):
    train(config(), tmp_path)
    kept = (tmp_path / "metrics.csv").read_text()
    with pytest.raises(UserError, match="holds a run already; go on with it"):
        train(config(), tmp_path)
    assert (tmp_path / "metrics.csv").read_text() == kept


def test_two_runs_never_write_one_folder(config, tmp_path):
    """Two runs that began in the same second once shared a folder named after it."""
    with (
        FileLock(tmp_path / ".lock", is_singleton=False),
        pytest.raises(UserError, match="another process is writing the run"),
    ):
        train(config(), tmp_path)


def test_a_finished_run_is_resumed_to_the_same_model(config, tmp_path):
    bpb = train(config(), tmp_path / "run")
    moved = (tmp_path / "run").rename(tmp_path / "moved")
    assert train({**config(), "resume": str(moved)}, moved) == bpb


def test_a_changed_setting_of_a_resumed_run_is_refused(config, tmp_path):
    train(config(), tmp_path)
    with pytest.raises(UserError, match="does not fit the model"):
        train({**config("model.depth=1"), "resume": str(tmp_path)}, tmp_path)


def test_a_run_that_was_moved_still_knows_how_good_its_best_was(config, tmp_path):
    interrupted(config(), tmp_path / "here", 9)
    there = (tmp_path / "here").rename(tmp_path / "there") / "checkpoints"
    loaded = WholeCheckpoints().load_checkpoint(there / "last.ckpt")
    best = ModelCheckpoint(there, "best", monitor="val/bpb")
    best.load_state_dict(loaded["callbacks"][best.state_key])
    assert best.best_model_score == pytest.approx(min(logged(tmp_path / "there", "val/bpb")[:2]))
    assert Path(best.best_model_path) == there.resolve() / "best.ckpt"


def test_a_run_killed_between_its_first_two_checkpoints_is_resumed(config, tmp_path):
    train(config(), tmp_path)
    learned = (tmp_path / "model" / "weights.safetensors").read_bytes()
    (tmp_path / "checkpoints" / "last.ckpt").unlink()
    train({**config(), "resume": str(tmp_path)}, tmp_path)
    assert (tmp_path / "model" / "weights.safetensors").read_bytes() == learned


@pytest.mark.parametrize(("name", "value"), [("data.batch", 8), ("seed", 2)])
def test_a_resumed_run_with_a_changed_config_is_refused(config, tmp_path, name, value):
    """A bit that flipped in ``.hydra/config.yaml`` would train another model under the old name."""
    train(config(), tmp_path)
    changed = {**config(f"{name}={value}"), "resume": str(tmp_path)}
    with pytest.raises(UserError, match=f"began with {name.replace('.', '/')} .*, its config says"):
        train(changed, tmp_path)


def test_a_checkpoint_that_holds_something_else_is_refused(config, tmp_path):
    train(config(), tmp_path)
    path = tmp_path / "checkpoints" / "last.ckpt"
    whole = torch.load(path, weights_only=True)
    for name, value in (("loops", 3), ("plan", {"steps": "x"}), ("optimizer_states", [{}])):
        torch.save({**whole, name: value}, path)
        with pytest.raises(UserError, match="does not fit the model"):
            train({**config(), "resume": str(tmp_path)}, tmp_path)


@pytest.mark.parametrize("bad", ["x", -1, 0.5, None, 10**30, [1]])
def test_a_checkpoint_that_counts_no_numbers_is_refused(tmp_path, bad):
    """It ended in a trace of Lightning's, at the first step."""
    counts = {"fit_loop": {"epoch_progress": {"current": {"ready": bad}}, "state_dict": {}}}
    torch.save({"state_dict": {}, "loops": counts}, tmp_path / "last.ckpt")
    with pytest.raises(UserError, match=r"last\.ckpt is damaged \(it counts"):
        read_checkpoint(tmp_path / "last.ckpt")


@pytest.mark.parametrize(
    ("score", "best", "last"),
    [
        ("x", "a", "z"),
        (None, "a", "z"),
        (torch.ones(2), "a", "z"),
        (torch.tensor(2.0), "b", "z"),
        (torch.tensor(2.0), "a", 3),
    ],
)
def test_a_checkpoint_that_knows_no_best_is_refused(tmp_path, score, best, last):
    """It ended in a trace, too, at the first validation."""
    state = {"best_k_models": {"a": score}, "kth_best_model_path": best}
    state |= {"best_model_path": best, "last_model_path": last}
    content = {"state_dict": {}, "callbacks": {"ModelCheckpoint{}": state}}
    torch.save(content, tmp_path / "last.ckpt")
    with pytest.raises(UserError, match=r"it does not say (which|how good the best) was"):
        read_checkpoint(tmp_path / "last.ckpt")


def test_a_checkpoint_removes_no_file_that_it_names(config, tmp_path):
    """Lightning removes the best checkpoint before a better one, whatever its name leads to."""
    interrupted(config(), tmp_path / "run", 6)
    path = tmp_path / "run" / "checkpoints" / "last.ckpt"
    whole = torch.load(path, weights_only=True)
    [kept] = (s for name, s in whole["callbacks"].items() if "ModelCheckpoint" in name)
    (tmp_path / "diary").mkdir()
    aim, score = f"{path.parent}/../../diary", torch.tensor(1e9)
    kept |= {"best_k_models": {aim: score}, "kth_best_model_path": aim, "kth_value": score}
    kept |= {"last_model_path": aim, "best_model_path": aim}
    torch.save(whole, path)
    train({**config(), "resume": str(tmp_path / "run")}, tmp_path / "run")
    assert torch.load(path, weights_only=True)["global_step"] == 12
    assert (tmp_path / "diary").is_dir()


# --- Numbers that go wrong --------------------------------------------------------------------


@pytest.fixture
def poison(monkeypatch):
    """Spoils the loss, or the gradient, of one step."""

    def poisoned(step: int, *, gradient: bool = False, value: float = math.nan) -> None:
        learn = Learner.training_step

        def spoiled(learner, batch, number):
            loss = learn(learner, batch, number)
            if learner.global_step != step:
                return loss
            if gradient:
                loss.register_hook(lambda slope: slope * value)
                return loss
            return loss * value

        monkeypatch.setattr(Learner, "training_step", spoiled)

    return poisoned


@pytest.mark.parametrize(
    ("value", "gradient"), [(math.nan, False), (math.inf, False), (math.nan, True)]
)
def test_a_poisoned_batch_ends_training_and_leaves_what_was_good(
    config, tmp_path, monkeypatch, poison, value, gradient
):
    poison(6, value=value, gradient=gradient)
    with pytest.raises(UserError) as raised:
        train(config(), tmp_path)
    assert "\n" not in str(raised.value)
    assert re.search("became no finite number by step [78]; train anew with", str(raised.value))
    assert "optimizer.muon_lr=0.005 optimizer.adamw_lr=0.001; the best model" in str(raised.value)

    card = json.loads((tmp_path / "model" / "card.json").read_text())
    assert not card["training"]["finished"]
    assert math.isfinite(card["val_bpb"])
    assert Storyteller.load(tmp_path).tell("Anna", seed=1, length=5).startswith("Anna")
    kept = torch.load(tmp_path / "checkpoints" / "last.ckpt", weights_only=True)
    assert kept["global_step"] == 4

    monkeypatch.undo()  # As if a fault of the machine had passed.
    train({**config(), "resume": str(tmp_path)}, tmp_path)
    train(config(), tmp_path / "undisturbed")
    wanted = weights(tmp_path / "undisturbed")
    assert all(torch.equal(wanted[name], w) for name, w in weights(tmp_path).items())


def test_a_poisoned_first_step_leaves_no_model_and_says_so(config, tmp_path, poison):
    poison(0)
    with pytest.raises(UserError, match=r"training went wrong: .*; train anew .*=0\.001$"):
        train(config(), tmp_path)
    assert not (tmp_path / "model").exists()
    assert not [*tmp_path.glob("checkpoints/*.ckpt")]


def test_learning_rates_far_too_high_end_training(config, tmp_path):
    with pytest.raises(UserError, match=r"training went wrong: the loss rose to \d"):
        train(config("optimizer.muon_lr=50", "optimizer.adamw_lr=50"), tmp_path)


def test_a_model_that_learned_no_more_than_to_count_words_is_reported(config, tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        train(config("optimizer.muon_lr=1e-9", "optimizer.adamw_lr=1e-9"), tmp_path / "idle")
    assert "no better than" in caplog.text
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        train(config("trainer.max_steps=60"), tmp_path / "good")
    assert "no better than" not in caplog.text


def test_watching_changes_no_bit_of_what_is_learned(config, tmp_path, monkeypatch):
    train(config(), tmp_path / "watched")
    monkeypatch.setattr("tinystories.callbacks.Watch._stop_if", lambda *_: None)
    monkeypatch.setattr(torch, "maximum", lambda largest, loss: largest)
    train(config(), tmp_path / "blind")
    blind = weights(tmp_path / "blind")
    assert all(torch.equal(blind[name], w) for name, w in weights(tmp_path / "watched").items())
