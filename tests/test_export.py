"""A model in other programs' formats is the same model: ids, logits, stories; and it comes back."""

import json
import os
import shutil
import sys

import numpy as np
import onnxruntime
import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from tinystories.__main__ import main
from tinystories.data.corpus import prepare_corpus
from tinystories.data.vocabulary import Vocabulary, train_vocabulary
from tinystories.errors import UserError
from tinystories.export import FORMATS, export
from tinystories.export.huggingface import read
from tinystories.generation import Sampling
from tinystories.models import FAMILIES
from tinystories.runs import read_run
from tinystories.storyteller import Storyteller

CONTEXT = 12
TRICKY = [
    "",
    "<eos>",
    'Anna didn\'t see 12 <eos> balls.\n\n"Hi," said Zoë…  \t x',
    "  a  b ",
    "Anna’s don't DON'T _x_ 3.14\r\n",
    "日本 🎈 e\u0301 \x00 \u00a0x",
]
KINDS = ["transformer", "mingru", "gru", "lstm"]


@pytest.fixture(scope="module")
def runs(vocabulary, tmp_path_factory):
    """A small run of every kind, with random weights, large enough to matter."""
    made = {}
    for kind in KINDS:
        torch.manual_seed(0)
        transformer = kind == "transformer"
        family = kind if transformer else "rnn"
        arguments = {"width": 16, "depth": 2}
        arguments |= {"heads": 2, "context": CONTEXT} if transformer else {"cell": kind}
        model = FAMILIES[family](len(vocabulary), **arguments)
        for weight in model.parameters():
            torch.nn.init.normal_(weight, std=0.5)
        card = {
            "model": {"family": family, "arguments": arguments},
            "parameters": {"total": 1, "embedding": 1},
            "vocab": {"kind": "words", "words": 60, "tokens": len(vocabulary)},
            "data": {"source": {"kind": "local", "name": "small"}},
            "training": {"tokens": 7},
            "val_bpb": 9.9,
        }
        folder = tmp_path_factory.mktemp(kind) / "run"
        Storyteller(model, vocabulary, card).save(folder)
        made[kind] = read_run(folder)
    return made


@pytest.fixture(scope="module")
def exported(runs, tmp_path_factory):
    """The transformer as a Hugging Face folder."""
    folder = tmp_path_factory.mktemp("exported") / "huggingface"
    export(runs["transformer"], "huggingface", folder)
    return folder


def told(teller: Storyteller, length: int) -> list[int]:
    """The token ids of the likeliest story, its beginning included."""
    tokens = teller._tokens("Anna", sampling=Sampling(0), length=length, strict=False)
    return [*teller._read("Anna"), *tokens]


def test_transformers_reads_the_same_ids(vocabulary, exported):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(exported)
    for text in TRICKY:
        ids = vocabulary.encode(text)
        assert tokenizer(text).input_ids == [vocabulary.eos, *ids], text
        assert tokenizer.decode(ids) == text


def test_transformers_has_the_same_logits_and_tells_the_same_story(runs, vocabulary, exported):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(exported)
    model, loading = AutoModelForCausalLM.from_pretrained(exported, output_loading_info=True)
    assert not any(loading.values())
    teller = Storyteller.load(runs["transformer"].folder, "numpy")
    tokens = torch.randint(len(vocabulary), (2, 3 * CONTEXT))
    with torch.no_grad():
        ours, _ = teller.model(tokens)
        theirs = model(tokens).logits
    torch.testing.assert_close(theirs, ours, atol=1e-4, rtol=0)

    beginning = tokenizer("Anna", return_tensors="pt")
    story = model.generate(**beginning, do_sample=False, max_new_tokens=3 * CONTEXT)
    assert story[0].tolist() == told(teller, 3 * CONTEXT)
    assert model.generation_config.eos_token_id == vocabulary.eos
    assert model.config.max_position_embeddings == CONTEXT


def test_what_was_exported_comes_back_to_the_bit(runs, exported, tmp_path):
    read(exported, tmp_path / "back")
    ours, back = runs["transformer"], read_run(tmp_path / "back")
    for name in ("weights.safetensors", "tokenizer.json", "words.txt"):
        assert (back.folder / name).read_bytes() == (ours.folder / name).read_bytes()
    assert back.val_bpb == ours.val_bpb
    assert back.card["training"] == ours.card["training"]


def test_a_model_saved_by_transformers_comes_back_too(runs, exported, tmp_path):
    """As after tuning there: other files, fewer settings, no card of ours."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tuned = tmp_path / "tuned"
    AutoModelForCausalLM.from_pretrained(exported).save_pretrained(tuned)
    AutoTokenizer.from_pretrained(exported).save_pretrained(tuned)
    shutil.copy(exported / "words.txt", tuned)
    assert main(["import", str(tuned), str(tmp_path / "back")]) == 0
    back, ours = tmp_path / "back", runs["transformer"].folder
    assert (back / "weights.safetensors").read_bytes() == (
        ours / "weights.safetensors"
    ).read_bytes()
    assert (back / "tokenizer.json").read_bytes() == (ours / "tokenizer.json").read_bytes()
    assert read_run(back).val_bpb == float("inf")
    assert told(Storyteller.load(back), 9) == told(Storyteller.load(ours), 9)
    export(read_run(back), "huggingface", tmp_path / "again")


def test_scores_are_not_kept_for_other_weights(exported, tmp_path):
    other = shutil.copytree(exported, tmp_path / "other")
    weights = load_file(other / "model.safetensors")
    save_file({n: w + 1 for n, w in weights.items()}, other / "model.safetensors")
    read(other, tmp_path / "back")
    assert read_run(tmp_path / "back").val_bpb == float("inf")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"model_type": "llama"}, "model_type is 'llama', ours is 'qwen3'"),
        ({"rope_parameters": {"rope_theta": 1e6}}, "rope_theta is 1000000.0"),
        ({"tie_word_embeddings": False}, "tie_word_embeddings is False"),
        ({"layer_types": ["full_attention", "sliding_attention"]}, "ours of one"),
        ({"sliding_window": None}, "cannot import"),
    ],
)
def test_a_model_that_is_not_ours_is_refused(exported, tmp_path, change, why):
    other = shutil.copytree(exported, tmp_path / "other")
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps(config | change))
    with pytest.raises(UserError, match=why):
        read(other, tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_weights_of_another_shape_are_refused(exported, tmp_path):
    other = shutil.copytree(exported, tmp_path / "other")
    weights = load_file(other / "model.safetensors")
    weights["model.layers.1.self_attn.k_proj.weight"] = torch.zeros(8, 16)  # one head for two
    save_file(weights, other / "model.safetensors")
    with pytest.raises(UserError, match=r"layers\.1\.self_attn\.k_proj\.weight is missing, too"):
        read(other, tmp_path / "back")


@pytest.mark.parametrize("kind", KINDS)
def test_onnx_in_chunks_has_the_same_logits_and_state(runs, vocabulary, tmp_path, kind):
    export(runs[kind], "onnx", tmp_path / "onnx")
    session = onnxruntime.InferenceSession(tmp_path / "onnx" / "model.onnx")
    tokens = torch.randint(len(vocabulary), (3, 3 * CONTEXT))
    with torch.no_grad():
        ours, remembered = Storyteller.load(runs[kind].folder, "torch").model(tokens)
    state = {
        given.name: np.zeros(
            [{"B": 3, "S": 0}.get(side, side) for side in given.shape],
            np.int64 if given.name == "position" else np.float32,
        )
        for given in session.get_inputs()[1:]
    }
    theirs = []
    for chunk in np.split(tokens.numpy(), [1, 8, 3 * CONTEXT - 2, 3 * CONTEXT - 1], axis=1):
        logits, *after = session.run(None, {"tokens": chunk, **state})
        state = dict(zip(state, after, strict=True))
        theirs.append(logits)
    np.testing.assert_allclose(np.concatenate(theirs, axis=1), ours, atol=1e-4)
    for name, layers in zip(state, zip(*remembered.layers, strict=True), strict=False):
        np.testing.assert_allclose(state[name], torch.stack(layers), atol=1e-4)
    assert state.get("position", 3 * CONTEXT) == remembered.position


@pytest.mark.parametrize("kind", ["transformer", "mingru"])
def test_the_program_on_an_onnx_card_tells_the_same_story(
    runs, vocabulary, tmp_path, monkeypatch, capsys, kind
):
    export(runs[kind], "onnx", tmp_path / "onnx")
    card = (tmp_path / "onnx" / "README.md").read_text(encoding="utf-8")
    program = card.partition("```python\n")[2].partition("```")[0]
    monkeypatch.chdir(tmp_path / "onnx")
    exec(program.replace("Once upon a time", "Anna").replace("500", "40"))
    ids = told(Storyteller.load(runs[kind].folder, "numpy"), 40)[:40]
    end = ids.index(vocabulary.eos, 1) if vocabulary.eos in ids[1:] else 40
    assert capsys.readouterr().out == vocabulary.decode(ids[:end]) + "\n"


def test_gguf_holds_the_model_by_the_names_its_readers_know(runs, exported, tmp_path):
    from gguf import MODEL_ARCH, GGUFReader, get_tensor_name_map

    folder = tmp_path / "gguf"
    export(runs["transformer"], "gguf", folder)
    reader = GGUFReader(folder / "model.gguf")
    known = get_tensor_name_map(MODEL_ARCH.QWEN3, 2)
    weights = load_file(exported / "model.safetensors")
    wanted = {known.get_name(n, (".weight",)): w for n, w in weights.items()}
    found = {tensor.name: tensor.data for tensor in reader.tensors}
    assert found.keys() == wanted.keys()
    for name, weight in wanted.items():
        np.testing.assert_array_equal(found[name], weight)

    said = {name: field.contents() for name, field in reader.fields.items()}
    config = json.loads((exported / "config.json").read_text())
    assert said["general.architecture"] == config["model_type"]
    assert said["qwen3.vocab_size"] == config["vocab_size"]
    assert said["qwen3.block_count"] == config["num_hidden_layers"]
    assert said["qwen3.attention.head_count_kv"] == config["num_attention_heads"]
    assert said["qwen3.attention.key_length"] == config["head_dim"]
    assert said["qwen3.feed_forward_length"] == config["intermediate_size"]
    assert said["qwen3.context_length"] == CONTEXT
    # No splitting of the built-in kinds is ours.
    assert said["tokenizer.ggml.model"] == "none"
    tokenizer = Tokenizer.from_str(said["tokenizer.huggingface.json"])
    assert tokenizer.encode("Anna didn't").ids == Vocabulary.load(folder).encode("Anna didn't")


@pytest.mark.parametrize("form", ["huggingface", "gguf"])
def test_what_a_format_cannot_hold_is_refused(runs, tmp_path, form):
    with pytest.raises(UserError, match="--to onnx"):
        export(runs["gru"], form, tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten_and_nothing_damaged_is_exported(runs, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "poem.txt").write_text("roses", encoding="utf-8")
    with pytest.raises(UserError, match="is there already; choose a new folder"):
        export(runs["mingru"], "onnx", tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["poem.txt"]

    damaged = shutil.copytree(runs["mingru"].folder, tmp_path / "damaged")
    with (damaged / "weights.safetensors").open("ab") as file:
        file.write(b"!")
    with pytest.raises(UserError, match="is damaged"):
        export(read_run(damaged), "onnx", tmp_path / "new")


def test_a_missing_package_is_named(runs, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(UserError, match=r"pip install 'tinystories\[export\]'"):
        export(runs["mingru"], "onnx", tmp_path / "new")


@pytest.mark.slow
@pytest.mark.skipif("STORIES" not in os.environ, reason="STORIES names no real stories")
def test_ids_are_equal_on_real_stories(runs, tmp_path):
    from transformers import AutoTokenizer

    corpus = prepare_corpus(os.environ["STORIES"], tmp_path / "data")
    vocabulary = train_vocabulary(corpus, 4500)
    model = FAMILIES["transformer"](len(vocabulary), width=16, depth=1, heads=2)
    arguments = {"width": 16, "depth": 1, "heads": 2}
    card = runs["transformer"].card | {"model": {"family": "transformer", "arguments": arguments}}
    Storyteller(model, vocabulary, card).save(tmp_path / "run")
    export(read_run(tmp_path / "run"), "huggingface", tmp_path / "huggingface")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "huggingface")
    stories = [*corpus.stories("validation"), *list(corpus.stories("train"))[:2000]]
    theirs = tokenizer(stories, add_special_tokens=False).input_ids
    assert theirs == vocabulary.encode_batch(stories)
    assert tokenizer.batch_decode(theirs) == stories


@pytest.mark.parametrize(
    ("family", "odd"),
    [
        ("rnn", {"tied": False}),
        ("transformer", {"positions": "learned"}),
        ("transformer", {"positions": "none"}),
    ],
)
def test_what_only_pytorch_knows_is_told_by_it_and_exported_nowhere(
    vocabulary, tmp_path, family, odd
):
    arguments = {"width": 16, "depth": 1, **odd}
    arguments |= {"heads": 2, "context": CONTEXT} if family == "transformer" else {}
    model = FAMILIES[family](len(vocabulary), **arguments)
    card = {
        "model": {"family": family, "arguments": arguments},
        "vocab": {"tokens": len(vocabulary)},
        "data": {"source": {"kind": "local"}},
    }
    Storyteller(model, vocabulary, card).save(tmp_path / "run")
    told = Storyteller.load(tmp_path / "run").tell("Tom", seed=1, length=30)
    assert told == Storyteller(model, vocabulary).tell("Tom", seed=1, length=30)
    said = " ".join(f"model.{name}={value}" for name, value in odd.items())
    with pytest.raises(UserError, match=f"cannot tell with a .*{said}; choose torch"):
        Storyteller.load(tmp_path / "run", "numpy")
    for form in FORMATS:
        with pytest.raises(UserError, match=f"a model with {said} has no place in other"):
            export(read_run(tmp_path / "run"), form, tmp_path / form)
        assert not (tmp_path / form).exists()
