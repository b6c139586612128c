"""The transformer as a GGUF file of the architecture qwen3.

Two things of ours have no place in it. The readers' splitting of text into words is chosen from a
list that ours is not on: the file says that it has no vocabulary of the built-in kinds, and
carries ``tokenizer.json`` whole for those who read that. And qwen3 there looks back without a
window: it is our model for as long as a story is no longer than the context.
"""

from collections.abc import Mapping
from pathlib import Path

from tinystories.engine.weights import Floats
from tinystories.errors import UserError
from tinystories.export.huggingface import NAMES as OURS
from tinystories.export.huggingface import renaming, sizes
from tinystories.runs import Run

MODEL = "model.gguf"

NAMES = {
    "embed": "token_embd",
    "norm": "output_norm",
    "blocks.{}.mix_norm": "blk.{}.attn_norm",
    "blocks.{}.mix.query": "blk.{}.attn_q",
    "blocks.{}.mix.key": "blk.{}.attn_k",
    "blocks.{}.mix.value": "blk.{}.attn_v",
    "blocks.{}.mix.query_norm": "blk.{}.attn_q_norm",
    "blocks.{}.mix.key_norm": "blk.{}.attn_k_norm",
    "blocks.{}.mix.out": "blk.{}.attn_output",
    "blocks.{}.think_norm": "blk.{}.ffn_norm",
    "blocks.{}.think.gate": "blk.{}.ffn_gate",
    "blocks.{}.think.up": "blk.{}.ffn_up",
    "blocks.{}.think.down": "blk.{}.ffn_down",
}
"""Our name of a weight, and GGUF's. There is no ``output``: the embedding is the head."""

USAGE = """`model.gguf` reads and writes token ids. Its text has to go through the `tokenizer.json`
beside it, because no reader of GGUF knows how these words are split:

```python
from tokenizers import Tokenizer

tokenizer = Tokenizer.from_file("tokenizer.json")
tokenizer.encode_special_tokens = True  # A typed "<eos>" is text.
ids = tokenizer.encode("Once upon a time").ids
```

Keep a story within the context of the file: beyond it, this format's model looks back farther than
the one that was trained."""


def write(run: Run, weights: Mapping[str, Floats], folder: Path) -> str:
    """Write the model for readers of GGUF; for the rest see :func:`tinystories.export.export`."""
    if run.family != "transformer":
        raise UserError(f"GGUF has no architecture that is our {run.name}; export it --to onnx")
    try:
        from gguf import GGMLQuantizationType, GGUFWriter, LlamaFileType
    except ImportError as error:
        raise UserError(
            f"writing GGUF needs a package ({error}); pip install 'tinystories[export]'"
        ) from error
    found = sizes(weights, {name: name for name in OURS})
    size = found["width"] // found["heads"]
    file = GGUFWriter(folder / MODEL, "qwen3")
    file.add_name(run.name)
    file.add_file_type(LlamaFileType.ALL_F32)
    file.add_vocab_size(found["vocab"])
    file.add_context_length(int(run.card["model"]["arguments"].get("context", 512)))
    file.add_embedding_length(found["width"])
    file.add_block_count(found["depth"])
    file.add_feed_forward_length(found["hidden"])
    file.add_head_count(found["heads"])
    file.add_head_count_kv(found["heads"])
    file.add_key_length(size)
    file.add_value_length(size)
    file.add_layer_norm_rms_eps(1e-6)
    file.add_rope_freq_base(10_000.0)
    file.add_tokenizer_model("none")
    file.add_bos_token_id(0)
    file.add_eos_token_id(0)
    tokenizer = (run.folder / "tokenizer.json").read_text(encoding="utf-8")
    file.add_string("tokenizer.huggingface.json", tokenizer)
    named = renaming(NAMES, found["depth"])
    for name, weight in weights.items():
        file.add_tensor(named[name], weight, raw_dtype=GGMLQuantizationType.F32)
    file.write_header_to_file()
    file.write_kv_data_to_file()
    file.write_tensors_to_file()
    file.close()
    return USAGE
