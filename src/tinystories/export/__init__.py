"""Trained models in the formats of other programs: a Hugging Face folder, ONNX, GGUF."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.numpy import load_file

from tinystories.data.vocabulary import EOS, Vocabulary
from tinystories.engine.weights import Floats, unusual
from tinystories.errors import UserError
from tinystories.export import gguf_file, huggingface, onnx_file
from tinystories.files import new_folder, write_json
from tinystories.runs import WEIGHTS, Run, check_files

Write = Callable[[Run, Mapping[str, Floats], Path], str]
"""Writes the model into a folder, and returns how it is used, as Markdown."""

FORMATS: dict[str, Write] = {
    "huggingface": huggingface.write,
    "onnx": onnx_file.write,
    "gguf": gguf_file.write,
}

UNRULED = """Outside of `tinystories` nothing keeps it to the words of `words.txt`: it may spell
others."""


def export(run: Run, form: str, folder: Path) -> None:
    """Write a run into a new folder, in a format of ``FORMATS``, with tokenizer and model card.

    Weights are float32 whatever the run has, so that no digit is lost.

    Raises:
        UserError: the run is damaged, the format cannot hold its model, a package is missing, or
            the folder holds something already.
    """
    check_files(run)
    if odd := unusual(run.card["model"]["arguments"]):
        raise UserError(
            f"a model with {' '.join(odd)} has no place in other programs' formats; tell with it "
            "here, or train one without"
        )
    try:
        weights = {n: w.astype("float32") for n, w in load_file(run.folder / WEIGHTS).items()}
    except (OSError, SafetensorError) as error:
        raise UserError(f"the weights in {run.folder} cannot be read: {error}") from error
    with new_folder(folder) as made:
        usage = FORMATS[form](run, weights, made)
        _write_tokenizer(Vocabulary.load(run.folder), run, made)
        (made / "README.md").write_text(_model_card(run, form, usage), encoding="utf-8")


def _write_tokenizer(vocabulary: Vocabulary, run: Run, folder: Path) -> None:
    """Write the vocabulary such that ``AutoTokenizer`` gives our ids, after that of ``<eos>``.

    A story begins after ``<eos>``, which here is a step of the tokenizer, and with us of telling.
    """
    vocabulary.save(folder, sealed=False)
    path = folder / "tokenizer.json"
    tokenizer = json.loads(path.read_text(encoding="utf-8"))
    start = {"SpecialToken": {"id": EOS, "type_id": 0}}
    text, second = ({"Sequence": {"id": name, "type_id": 0}} for name in "AB")
    tokenizer["post_processor"] = {
        "type": "TemplateProcessing",
        "single": [start, text],
        "pair": [start, text, start, second],
        "special_tokens": {EOS: {"id": EOS, "ids": [vocabulary.eos], "tokens": [EOS]}},
    }
    settings = {
        # A class of no model in particular: the others put a splitting of their own in.
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": EOS,
        "eos_token": EOS,
        "pad_token": EOS,
        "padding_side": "left",
        "split_special_tokens": True,  # A typed "<eos>" is text.
        "clean_up_tokenization_spaces": False,
    }
    if context := run.card["model"]["arguments"].get("context"):
        settings["model_max_length"] = context
    path.write_text(json.dumps(tokenizer, ensure_ascii=False), encoding="utf-8")
    write_json(folder / "tokenizer_config.json", settings)


def _model_card(run: Run, form: str, usage: str) -> str:
    from tinystories.evaluation.scorecard import SCORES, read_scorecard
    from tinystories.pretrained import model_card

    scores = read_scorecard(run.folder) if (run.folder / SCORES).is_file() else None
    library = "transformers" if form == "huggingface" else form
    return model_card(run, scores, library=library, usage=f"{usage}\n\n{UNRULED}")
