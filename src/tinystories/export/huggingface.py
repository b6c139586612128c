"""The transformer as Hugging Face's Qwen3: the same model by other names, in both directions.

Qwen3 with a sliding window in every layer is our transformer: the norms with their 1e-6, the halves
that rotary positions turn, base 10,000, ``1 / sqrt(D/H)``, one matrix for embedding and head.
Nothing is folded or rounded.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.numpy import save_file

from tinystories.data.vocabulary import Vocabulary
from tinystories.engine.weights import Floats
from tinystories.errors import UserError
from tinystories.files import new_folder, sha256, write_json
from tinystories.generation import USUAL
from tinystories.runs import Run

MODEL, CONFIG, CARD = "model.safetensors", "config.json", "tinystories.json"
"""The weights; what they are; and the run's own card, from which ``import`` makes a run again."""

NAMES = {
    "embed": "model.embed_tokens",
    "norm": "model.norm",
    "blocks.{}.mix_norm": "model.layers.{}.input_layernorm",
    "blocks.{}.mix.query": "model.layers.{}.self_attn.q_proj",
    "blocks.{}.mix.key": "model.layers.{}.self_attn.k_proj",
    "blocks.{}.mix.value": "model.layers.{}.self_attn.v_proj",
    "blocks.{}.mix.query_norm": "model.layers.{}.self_attn.q_norm",
    "blocks.{}.mix.key_norm": "model.layers.{}.self_attn.k_norm",
    "blocks.{}.mix.out": "model.layers.{}.self_attn.o_proj",
    "blocks.{}.think_norm": "model.layers.{}.post_attention_layernorm",
    "blocks.{}.think.gate": "model.layers.{}.mlp.gate_proj",
    "blocks.{}.think.up": "model.layers.{}.mlp.up_proj",
    "blocks.{}.think.down": "model.layers.{}.mlp.down_proj",
}
"""Our name of a weight, and Qwen3's."""

USAGE = """```python
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(".")  # this folder
model = AutoModelForCausalLM.from_pretrained(".")
beginning = tokenizer("Once upon a time", return_tensors="pt")
print(tokenizer.decode(model.generate(**beginning)[0], skip_special_tokens=True))
```"""


def sizes(weights: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, int]:
    """Return the arguments of the transformer that has these weights, but for its context.

    Args:
        weights: arrays by name.
        names: the name that each of ours has there, as in ``NAMES``.

    Raises:
        KeyError: a weight is missing.
    """

    def shape(name: str) -> tuple[int, ...]:
        return tuple(weights[f"{names[name].format(0)}.weight"].shape)

    first, last = names["blocks.{}.mix_norm"].split("{}")
    vocab, width = shape("embed")
    return {
        "vocab": vocab,
        "width": width,
        "depth": sum(
            name.startswith(first) and name.endswith(f"{last}.weight") for name in weights
        ),
        "heads": width // shape("blocks.{}.mix.query_norm")[0],
        "hidden": shape("blocks.{}.think.gate")[0],
    }


def renaming(names: Mapping[str, str], depth: int) -> dict[str, str]:
    """Return what every weight of ours is called there, for a model of ``depth`` blocks."""
    return {
        f"{ours.format(i)}.weight": f"{theirs.format(i)}.weight"
        for i in range(depth)
        for ours, theirs in names.items()
    }


def write(run: Run, weights: Mapping[str, Floats], folder: Path) -> str:
    """Write the model for ``transformers``; for the rest see :func:`tinystories.export.export`."""
    if run.family != "transformer":
        raise UserError(
            f"transformers has no class that is our {run.name}; export it --to onnx instead"
        )
    ours = {name: name for name in NAMES}
    found = sizes(weights, ours)
    context = int(run.card["model"]["arguments"].get("context", 512))
    named = renaming(NAMES, found["depth"])
    save_file({named[n]: w for n, w in weights.items()}, folder / MODEL, {"format": "pt"})
    write_json(folder / CONFIG, _config(found, context))
    write_json(
        folder / "generation_config.json",
        {  # As `tinystories tell` does by default.
            "bos_token_id": Vocabulary.eos,
            "eos_token_id": Vocabulary.eos,
            "pad_token_id": Vocabulary.eos,
            "max_new_tokens": 500,
            "do_sample": True,
            **asdict(USUAL),
        },
    )
    card = {name: said for name, said in run.card.items() if name not in ("format", "files")}
    write_json(folder / CARD, card | {"weights_sha256": sha256(folder / MODEL)})
    return USAGE


def _config(found: Mapping[str, int], context: int) -> dict[str, Any]:
    return {
        "architectures": ["Qwen3ForCausalLM"],
        "model_type": "qwen3",
        "vocab_size": found["vocab"],
        "hidden_size": found["width"],
        "num_hidden_layers": found["depth"],
        "num_attention_heads": found["heads"],
        "num_key_value_heads": found["heads"],
        "head_dim": found["width"] // found["heads"],
        "intermediate_size": found["hidden"],
        "hidden_act": "silu",
        "rms_norm_eps": 1e-6,
        "attention_bias": False,
        "tie_word_embeddings": True,
        "rope_theta": 10_000.0,  # for transformers 4
        "rope_parameters": {"rope_type": "default", "rope_theta": 10_000.0},
        "max_position_embeddings": context,
        "use_sliding_window": True,
        "sliding_window": context,
        "max_window_layers": 0,
        "layer_types": ["sliding_attention"] * found["depth"],
        "bos_token_id": Vocabulary.eos,
        "eos_token_id": Vocabulary.eos,
        "dtype": "float32",
    }


def read(source: Path, folder: Path) -> None:
    """Write a Hugging Face folder with a model of our architecture into a new run folder.

    The vocabulary must be one of ours, too: ``tokenizer.json`` with the ``words.txt`` beside it.
    Scores that the run's card knew are kept if the weights are still those it was measured with.

    Raises:
        UserError: something is missing, damaged or of another kind.
    """
    import torch
    from safetensors.torch import load_file

    from tinystories.models import Transformer
    from tinystories.storyteller import Storyteller

    config = _read_json(source / CONFIG)
    vocabulary = _vocabulary(source)
    try:
        weights = load_file(source / MODEL)
        weights.pop("lm_head.weight", None)  # With tied embeddings it is not read.
        arguments: dict[str, Any] = {**sizes(weights, NAMES), "context": _context(config)}
        vocab = arguments.pop("vocab")
        if vocab != len(vocabulary):
            raise ValueError(f"{vocab} token ids in the weights, {len(vocabulary)} in the words")
        named = renaming(NAMES, arguments["depth"])
        with torch.device("meta"):  # Shapes first, without memory.
            model = Transformer(vocab, **arguments)
        wanted = {(named[n], w.shape) for n, w in model.state_dict().items()}
        if odd := sorted(wanted ^ {(n, w.shape) for n, w in weights.items()}):
            raise ValueError(f"{odd[0][0]} is missing, too much, or of another shape")
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise UserError(
            f"cannot import {source}: {type(error).__name__}: {error}; wanted a folder as "
            "`tinystories export --to huggingface` writes it"
        ) from error
    model = Transformer(vocab, **arguments)
    model.load_state_dict({ours: weights[theirs].float() for ours, theirs in named.items()})
    card = _card(source) | {
        "model": {"family": "transformer", "arguments": arguments},
        "parameters": {
            "total": sum(weight.numel() for weight in model.parameters()),
            "embedding": model.embed.weight.numel(),
        },
    }
    card["vocab"] = card.get("vocab", {}) | {
        "words": len(vocabulary.words),
        "tokens": len(vocabulary),
        "fingerprint": vocabulary.fingerprint,
    }
    with new_folder(folder) as made:
        Storyteller(model, vocabulary, card).save(made)


def _context(config: Mapping[str, Any]) -> int:
    """Return how far the model looks back, or say what of it is not ours."""
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    wanted: dict[str, tuple[Any, Any]] = {
        "model_type": ("qwen3", config.get("model_type")),
        "tie_word_embeddings": (True, config.get("tie_word_embeddings", False)),
        "hidden_act": ("silu", config.get("hidden_act", "silu")),
        "rms_norm_eps": (1e-6, config.get("rms_norm_eps", 1e-6)),
        "rope_type": ("default", rope.get("rope_type", "default")),
        "rope_theta": (10_000.0, rope.get("rope_theta", config.get("rope_theta", 10_000.0))),
    }
    for name, (ours, theirs) in wanted.items():
        if ours != theirs:
            raise ValueError(f"{name} is {theirs!r}, ours is {ours!r}")
    # Without the list, what the config of transformers makes of the other settings.
    windowed = config.get("use_sliding_window") and not config.get("max_window_layers", 28)
    kinds = set(config.get("layer_types") or ["sliding" if windowed else "full"])
    if len(kinds) > 1:
        raise ValueError(f"its layers are of the kinds {', '.join(sorted(kinds))}, ours of one")
    sliding = kinds.pop().startswith("sliding")
    return int(config["sliding_window" if sliding else "max_position_embeddings"])


def _vocabulary(source: Path) -> Vocabulary:
    """Return the vocabulary of a folder, without what an export or ``transformers`` has added."""
    vocabulary = Vocabulary.load(source)
    tokenizer = json.loads(vocabulary.tokenizer.to_str())
    tokenizer |= {"post_processor": None, "padding": None, "truncation": None}
    plain = type(vocabulary.tokenizer).from_str(json.dumps(tokenizer))
    return Vocabulary(plain.to_str(), vocabulary.words)


def _card(source: Path) -> dict[str, Any]:
    """Return what is known of a model's origin."""
    if not (source / CARD).is_file():
        return {
            "data": {"source": {"kind": "unknown", "name": "unknown"}},
            "training": {"tokens": 0},
        }
    card = _read_json(source / CARD)
    if card.pop("weights_sha256", None) != sha256(source / MODEL):
        card.pop("val_bpb", None)
    return card


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise ValueError("it is no object")
    except (OSError, ValueError) as error:
        raise UserError(
            f"cannot read {path} ({error}); wanted a folder as "
            "`tinystories export --to huggingface` writes it"
        ) from error
    return content
