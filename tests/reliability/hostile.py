"""Read what is damaged: ``python tests/reliability/hostile.py [READER ...] --flips 1000``.

For each reader a good file is made, then cut short or changed by one bit, again and again. Each
time the reader must refuse it with one line, or read exactly what was there. Three kinds of files
carry no checksum, since people write them: stories to train on, told stories and the curves; there
a changed letter is another text.
"""

import argparse
import json
import random
import resource
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import crashes

from tinystories.errors import UserError
from tinystories.files import sha256

SLACK_MB = 64  # that reading may take besides a multiple of the file
FACTOR = 50
CORPUS = ("fingerprint", "source", "limit", "seed", "filter", "splits", "dropped")
SHARDS = ("made_from", "splits", "token_bytes")


@dataclass(frozen=True)
class Reader:
    """A file, how it is read, and whether what it holds is known by a checksum."""

    path: Path
    read: Callable[[], Any]
    sealed: bool = True


class Answered(Exception):  # noqa: N818
    """A reader answered neither with one line nor with what was there."""


def examine(reader: Reader, flips: int, seed: int = 0) -> Counter[str]:
    """Damage a reader's file so often; return how often it was refused, or read the same."""
    good, wanted, chance = reader.path.read_bytes(), repr(reader.read()), random.Random(seed)
    answers: Counter[str] = Counter()
    for number in range(flips):
        damaged, place = bytearray(good), chance.randrange(8 * len(good))
        if number % 5:
            damaged[place // 8] ^= 1 << place % 8
        else:
            del damaged[place // 8 :]
        reader.path.write_bytes(damaged)
        said = f"{reader.path.name}, {'bit' if number % 5 else 'cut at'} {place} (seed {seed})"
        try:
            answer = "the same" if repr(reader.read()) == wanted else "another text"
        except UserError as error:
            answer = "refused"
            if "\n" in str(error):
                raise Answered(f"{said}: more than one line: {error}") from error
        except BaseException as error:
            raise Answered(f"{said}: {type(error).__name__}: {error}") from error
        if answer == "another text" and reader.sealed:
            raise Answered(f"{said}: read as good")
        answers[answer] += 1
    reader.path.write_bytes(good)
    assert repr(reader.read()) == wanted
    return answers


def only(names: Iterable[str], content: dict[str, Any]) -> dict[str, Any]:
    """Return what is read of an object: a bit in the name of its seal leaves a field besides."""
    return {name: content.get(name) for name in names}


def readers(folder: Path) -> dict[str, Reader]:
    """Make a good file of each kind in ``folder``."""
    return {**_data(folder), **_sources(folder), **_models(folder), **_kept(folder)}


def _data(folder: Path) -> dict[str, Reader]:
    from tinystories.data.corpus import Corpus
    from tinystories.data.pipeline import prepare
    from tinystories.data.shards import Shards
    from tinystories.data.vocabulary import Vocabulary

    (folder / "stories.txt").write_text("\n\n".join(crashes.tales(60)), encoding="utf-8")
    source, kind = str(folder / "stories.txt"), {"kind": "words"}
    prepare(source, vocab=20, tokenizer=kind, folder=folder / "data", processes=1)
    [corpus], [words], [shards] = (
        [path for path in (folder / "data").glob(f"{what}-*") if path.is_dir()]
        for what in ("corpus", "vocabulary", "shards")
    )

    def vocabulary() -> Any:
        found = Vocabulary.load(words)
        return found.fingerprint, found.encode("Anna took 3 kites."), found.token_bytes().tolist()

    def tokens() -> Any:
        found = Shards.open(shards)
        return only(SHARDS, found.index), [array.tolist() for array in found.tokens("train")]

    def stories() -> Any:
        found = Corpus.open(corpus)
        return only(CORPUS, found.index), [*found.stories("train")]

    return {
        "corpus index": Reader(corpus / "index.json", stories),
        "corpus parquet": Reader(corpus / "train-00000.parquet", stories),
        "tokenizer": Reader(words / "tokenizer.json", vocabulary),
        "word list": Reader(words / "words.txt", vocabulary),
        "shards index": Reader(shards / "index.json", tokens),
        "shard": Reader(shards / "train-00000.bin", tokens),
    }


def _sources(folder: Path) -> dict[str, Reader]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from tinystories.data.sources import find_source

    tales = crashes.tales(60)
    lines = "\n".join(json.dumps({"text": text}) for text in tales)
    (folder / "source.jsonl").write_text(lines + "\n", encoding="utf-8")
    rows = "\n".join(f'{number},"{text}"' for number, text in enumerate(tales))
    (folder / "source.csv").write_text(f"number,text\n{rows}\n", encoding="utf-8")
    (folder / "source.txt").write_text("\n\n".join(tales) + "\n", encoding="utf-8")
    pq.write_table(pa.table({"text": tales}), folder / "source.parquet")

    def read(path: Path) -> Callable[[], Any]:
        return lambda: [*find_source(str(path)).read("train")]

    kinds = ("parquet", "txt", "jsonl", "csv")
    paths = {kind: folder / f"source.{kind}" for kind in kinds}
    return {f"{kind} source": Reader(p, read(p), sealed=False) for kind, p in paths.items()}


def _models(folder: Path) -> dict[str, Reader]:
    import torch
    import yaml

    import train as door
    from tinystories.callbacks import Plan
    from tinystories.checkpoints import WholeCheckpoints, read_checkpoint
    from tinystories.data.vocabulary import Vocabulary
    from tinystories.models import Transformer
    from tinystories.runs import CARD, WEIGHTS, read_run
    from tinystories.settings import check_settings, flat
    from tinystories.storyteller import Storyteller
    from tinystories.training import DECISIVE, known_settings

    [words] = [path for path in (folder / "data").glob("vocabulary-*") if path.is_dir()]
    vocabulary = Vocabulary.load(words)
    arguments = {"width": 16, "depth": 1, "heads": 2, "context": 64}
    card = {
        "model": {"family": "transformer", "arguments": arguments},
        "vocab": {"words": 20, "tokens": len(vocabulary)},
        "data": {"source": {"kind": "local"}},
        "val_bpb": 0.75,
    }
    torch.manual_seed(0)
    model = Transformer(len(vocabulary), **arguments)
    place, forged = folder / "model", folder / "forged"
    for where in (place, forged):
        Storyteller(model, vocabulary, card).save(where)

    def told(where: Path, engine: str) -> str:
        return Storyteller.load(where, engine).tell("Anna", seed=1, length=3)

    def forge() -> str:
        """Read weights whose hash was forged too, as only someone who means harm would."""
        for path in (forged / WEIGHTS, forged / CARD):
            assert path.exists()
        content = json.loads((forged / CARD).read_text(encoding="utf-8"))
        content["files"][WEIGHTS] = sha256(forged / WEIGHTS)
        content.pop("sha256", None)
        (forged / CARD).write_text(json.dumps(content), encoding="utf-8")
        return told(forged, "numpy") + told(forged, "torch")

    config = crashes.Training.config(folder)
    (folder / "run" / ".hydra").mkdir(parents=True)
    kept = folder / "run" / ".hydra" / "config.yaml"
    kept.write_text(yaml.safe_dump(config), encoding="utf-8")

    def decisive(settings: dict[str, Any]) -> dict[str, Any]:
        return {n: v for n, v in flat(settings).items() if n.partition("/")[0] in DECISIVE}

    began = {"seconds": 0, "settings": decisive(config)}

    def configured() -> Any:
        door.check_kept(kept)
        found = yaml.safe_load(kept.read_text(encoding="utf-8"))
        check_settings(found, known_settings(found))
        Plan(1.0, 1, decisive(found)).load_state_dict(began)
        return decisive(found)

    record = folder / "sweep" / "multirun.yaml"
    record.parent.mkdir()
    asked = {"hydra": ["hydra.mode=MULTIRUN"], "task": crashes.Training.settings(folder)}
    record.write_text(json.dumps({"hydra": {"overrides": asked}}, indent=1), encoding="utf-8")

    checkpoint = folder / "checkpoints" / "last.ckpt"
    content = {"state_dict": model.state_dict(), "plan": {"steps": 3}, "rates": [0.1] * 50}
    WholeCheckpoints().save_checkpoint(content, checkpoint)
    return {
        "card": Reader(place / CARD, lambda: only(card, read_run(place).card)),
        "weights": Reader(place / WEIGHTS, lambda: told(place, "numpy")),
        "weights, forged": Reader(forged / WEIGHTS, forge, sealed=False),
        "checkpoint": Reader(checkpoint, lambda: read_checkpoint(checkpoint)),
        "config": Reader(kept, configured),
        "sweep": Reader(record, lambda: door.began_with(record), sealed=False),
    }


def _kept(folder: Path) -> dict[str, Reader]:
    from gui.library import Library
    from gui.preferences import Preferences
    from tinystories.evaluation.intervals import Interval
    from tinystories.evaluation.scorecard import Score, Scorecard, read_scorecard, write_scorecard
    from tinystories.metrics_file import COLUMNS, read_metrics
    from tinystories.records import Told, read_stories, write_stories

    library, preferences = Library(folder / "studio"), folder / "studio" / "preferences.json"
    story = library.save(crashes.Stories.story(1))
    library.save_draft(story)
    Preferences(temperature=0.7, own_words="cat dog").save(preferences)

    def stories() -> Any:
        found, broken = library.stories()
        if broken:
            raise UserError(broken[0])
        return found

    def draft() -> Any:
        if (found := library.draft()) is None:
            raise UserError("the draft is passed over")
        return found

    def preferred() -> Any:
        if (found := Preferences.load(preferences)) == Preferences():
            raise UserError("the preferences are as at first")
        return found

    about = ("a", "A", "%", "higher", "How.", "Part", Interval(1.0, 0.5, 1.5, 9), "stories")
    card = Scorecard({"name": "rnn"}, {"count": 9}, {"a": Score(*about, each=(1.0, None, 0.25))})
    write_scorecard(folder / "scores", card)
    told = folder / "told.jsonl"
    write_stories(told, [Told("Once", f"Once {text}", True, 9, 1) for text in crashes.tales(20)])
    curves = folder / "metrics.csv"
    rows = "\n".join(f"{step},train/loss,{1 / (step + 3):.8g}" for step in range(90))
    curves.write_text(f"{','.join(COLUMNS)}\n{rows}\n", encoding="utf-8")
    return {
        "library": Reader(folder / "studio" / "stories" / f"{story.name}.json", stories),
        "draft": Reader(folder / "studio" / "draft.json", draft),
        "preferences": Reader(preferences, preferred),
        "scores": Reader(
            folder / "scores" / "scores.json", lambda: read_scorecard(folder / "scores")
        ),
        "told stories": Reader(told, lambda: read_stories(told), sealed=False),
        "curves": Reader(curves, lambda: read_metrics(curves), sealed=False),
    }


def watched(reader: Reader, flips: int, seed: int) -> tuple[Counter[str], float]:
    """Examine; return the answers, and by how many MB the process grew at most meanwhile."""
    reader.read()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answers = examine(reader, flips, seed)
    return answers, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests/reliability/hostile.py", description=__doc__)
    parser.add_argument("readers", nargs="*", metavar="READER", help="default: all")
    parser.add_argument("--flips", type=int, default=1000, help="of each file (default: 1000)")
    parser.add_argument("--seed", type=int, default=0, help="of the damage (default: 0)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        made = readers(Path(place))
        for name in options.readers or made:
            size = made[name].path.stat().st_size
            answers, grew = crashes.asked(watched, made[name], options.flips, options.seed)
            said = ", ".join(f"{count} {answer}" for answer, count in answers.most_common())
            sys.stdout.write(f"{name} ({size:,} bytes): {said}; +{grew:.0f} MB\n")
            sys.stdout.flush()
            assert grew < SLACK_MB + FACTOR * size / 2**20, name


if __name__ == "__main__":
    main()
