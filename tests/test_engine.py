"""Engines read what the PyTorch models read; see ``tinystories.engine``."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from tinystories.engine import make_engine
from tinystories.engine.live import TorchEngine
from tinystories.engine.weights import LINE, aligned
from tinystories.errors import UserError
from tinystories.models import RNN, Transformer
from tinystories.storyteller import Storyteller

VOCAB = 61
# The widths leave a rest by 4 and by 8; the windows are shorter than the text, or longer.
MODELS = {
    "short window": (Transformer, {"width": 36, "depth": 2, "heads": 3, "context": 7}),
    "long window": (Transformer, {"width": 48, "depth": 3, "heads": 2, "context": 512}),
    "mingru": (RNN, {"width": 35, "depth": 2, "cell": "mingru", "hidden": 21}),
}
FAST = ("numpy", "compiled", "int8")


def have(name: str) -> None:
    if name in ("compiled", "int8"):
        pytest.importorskip("numba")


@pytest.fixture(params=MODELS)
def model(request):
    """A model none of whose weights is left as it began, so that every part of it matters."""
    kind, arguments = MODELS[request.param]
    torch.manual_seed(0)
    model = kind(VOCAB, **arguments).eval()
    for weight in model.parameters():
        torch.nn.init.normal_(weight, mean=0.0 if weight.ndim == 2 else 1.0, std=0.3)
    model.arguments = {"vocab": VOCAB, **arguments}
    return model


def engine_of(model, name):
    have(name)
    if name == "torch":
        return TorchEngine(model)
    family = "rnn" if isinstance(model, RNN) else "transformer"
    named = {n: w.numpy() for n, w in model.state_dict().items()}
    return make_engine(name, family, model.arguments, named)


@pytest.fixture
def tokens():
    return np.random.default_rng(1).integers(0, VOCAB, 700).tolist()


@torch.no_grad()
def expected(model, tokens):
    return model(torch.tensor([tokens]))[0][0].numpy()


@pytest.mark.parametrize("name", ["numpy", "compiled", "torch"])
def test_logits_are_those_of_the_pytorch_model(model, tokens, name):
    engine, wanted = engine_of(model, name), expected(model, tokens)
    memory = engine.remember(2)
    for length in (1, 5, 300, 690):  # The row is forgotten each time; a long prompt is in pieces.
        logits = engine.read(memory, 1, tokens[:length])
        np.testing.assert_allclose(logits, wanted[length - 1], atol=1e-4)
    for i in range(690, 700):
        np.testing.assert_allclose(engine.step(memory, [1], [tokens[i]])[0], wanted[i], atol=1e-4)


@pytest.mark.parametrize("name", ["numpy", "compiled"])
def test_a_story_told_on_past_all_slots_is_still_the_models(model, tokens, name):
    """When the slots are full the window moves to the front, in the midst of telling."""
    engine, wanted = engine_of(model, name), expected(model, tokens)
    memory = engine.remember(1)
    engine.read(memory, 0, tokens[:1])
    for i in range(1, 700):
        logits = engine.step(memory, [0], [tokens[i]])[0]
    np.testing.assert_allclose(logits, wanted[699], atol=1e-4)


@pytest.mark.parametrize("name", [*FAST, "torch"])
def test_a_story_beside_others_is_the_same_to_the_last_bit(model, tokens, name):
    engine = engine_of(model, name)
    alone, beside = engine.remember(1), engine.remember(7)
    first = engine.read(alone, 0, tokens[:9])
    for row in range(7):
        engine.read(beside, row, tokens[row : 10 + 3 * row])
    assert np.array_equal(engine.read(beside, 4, tokens[:9]), first)
    for i, rows in enumerate([[4], [0, 4], [1, 2, 3, 4], [0, 1, 2, 3, 5, 6, 4], [4, 6, 5, 0, 1]]):
        asked = [tokens[9 + i] if row == 4 else tokens[50 + row] for row in rows]
        together = engine.step(beside, rows, asked)[rows.index(4)]
        assert np.array_equal(together, engine.step(alone, [0], [tokens[9 + i]])[0])


@pytest.mark.parametrize("name", ["compiled", "int8"])
def test_compiled_a_prompt_is_read_alike_in_any_pieces(model, tokens, name):
    engine = engine_of(model, name)
    memory = engine.remember(2)
    whole = engine.read(memory, 0, tokens[:150])
    engine.read(memory, 1, tokens[:1])
    for token in tokens[1:150]:
        logits = engine.step(memory, [1], [token])[0]
    assert np.array_equal(whole, logits)


@pytest.mark.parametrize("kind", [np.float32, np.int8])
def test_compiled_two_sums_are_taken_as_one_is(kind):
    """At every length: the compiler may cut a long sum into parts, but both in the same."""
    pytest.importorskip("numba")
    from tinystories.engine import compiled

    random = np.random.default_rng(0)
    for length in (*range(1, 200), 255, 256, 384, 512, 1024, 1031):
        x, z = random.normal(size=(2, length)).astype(np.float32)
        w = (30 * random.normal(size=length)).astype(kind)
        two = compiled._two_sums(x, z, w)
        assert two == (compiled._sum(x, w), compiled._sum(z, w))
        np.testing.assert_allclose(two, (x @ w.astype(float), z @ w.astype(float)), atol=1e-2)


@pytest.mark.parametrize("kind", [np.float32, np.int8])
def test_aligned_arrays_begin_where_a_line_of_the_cache_does(kind):
    kept = [aligned((rows, 3), kind) for rows in range(1, 50)]
    for rows, array in enumerate(kept, start=1):
        assert (array.shape, array.dtype, array.ctypes.data % LINE) == ((rows, 3), kind, 0)


def test_int8_weights_are_near_the_models(model, tokens):
    engine, wanted = engine_of(model, "int8"), expected(model, tokens)
    logits = engine.read(engine.remember(1), 0, tokens[:300])
    assert np.corrcoef(logits, wanted[299])[0, 1] > 0.99
    assert np.abs(logits - wanted[299]).max() > 1e-4  # They are not the same weights.


def test_an_lstm_is_left_to_pytorch(teller, vocabulary, tmp_path):
    arguments = {"width": 16, "depth": 1, "cell": "lstm"}
    card = teller.card | {"model": {"family": "rnn", "arguments": arguments}}
    Storyteller(RNN(len(vocabulary), **arguments), vocabulary, card).save(tmp_path / "model")
    assert isinstance(Storyteller.load(tmp_path).engine, TorchEngine)
    with pytest.raises(UserError, match="choose torch"):
        Storyteller.load(tmp_path, "numpy")


def test_without_numba_auto_is_numpy_and_compiled_says_what_to_install(monkeypatch, model):
    monkeypatch.setitem(sys.modules, "numba", None)
    monkeypatch.delitem(sys.modules, "tinystories.engine.compiled", raising=False)
    monkeypatch.delattr("tinystories.engine.compiled", raising=False)
    assert engine_of(model, "auto")._forward.__module__ == "tinystories.engine.plain"
    with pytest.raises(UserError, match="pip install"):
        make_engine("compiled", "rnn", {}, {})


def test_telling_needs_no_pytorch(teller, tmp_path):
    teller.save(tmp_path / "model")
    script = (
        "import sys; from pathlib import Path; from tinystories.storyteller import Storyteller;"
        f"print(Storyteller.load(Path({str(tmp_path)!r}), 'numpy').tell('Anna', seed=1));"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("Anna")
    assert done.stdout.endswith("\nFalse\n")
