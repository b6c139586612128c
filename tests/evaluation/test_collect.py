"""A corpus of a model's good stories: what is kept, what is dropped, and that nothing is lost."""

import json
import random
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tinystories.data.pipeline import prepare
from tinystories.errors import UserError
from tinystories.evaluation import collect as collecting
from tinystories.evaluation.collect import Order, collect, fault
from tinystories.evaluation.novelty import NoveltyIndex
from tinystories.generation import Sampling
from tinystories.records import Told
from tinystories.runs import read_run

GOOD = (
    "Kim had a small green frog. The frog lived in a box near the window. One day it jumped out "
    'and hid. "Where are you?" asked Kim. The frog sat in her shoe, and Kim laughed.'
)


@pytest.fixture(scope="module")
def index(corpus_file, tmp_path_factory):
    texts = corpus_file.read_text(encoding="utf-8").split("\n<|endoftext|>\n")
    return NoveltyIndex.build(texts, tmp_path_factory.mktemp("index") / "novelty")


def test_a_good_story_is_kept(index):
    assert fault(Told("", GOOD, True, 40), index) is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda text: text[:20], "short"),
        (lambda text: text.removesuffix("."), "cut off"),
        (lambda text: text + " Then they found a gun and killed the bear.", "has a dark theme"),
        (lambda text: text + ' "I am here! said the frog.', "leaves a quotation open"),
        (lambda text: text + " The frog lived in a box near the window.", "repeats itself"),
        (lambda text: text + " She have a apple.", "has a grammar mistake"),
    ],
)
def test_what_is_wrong_with_a_story_is_said(index, change, reason):
    assert fault(Told("", change(GOOD), True, 40), index) == reason


def test_a_story_that_was_too_long_is_not_kept(index):
    assert fault(Told("", GOOD, False, 500), index) == "did not end by itself"


def test_copies_are_not_kept(index, corpus_file):
    texts = corpus_file.read_text(encoding="utf-8").split("\n<|endoftext|>\n")
    assert fault(Told("", texts[7], True, 40), index) == "copies a training story"


def test_what_is_like_a_training_story_is_not_kept(index, monkeypatch):
    monkeypatch.setattr(collecting, "ALIKE", index.nearest(GOOD).cosine - 1e-6)
    assert fault(Told("", GOOD, True, 40), index) == "is like a training story"


class Made:
    """Tells a story of its own for every seed; every third one does not end."""

    def __init__(self) -> None:
        self.seeds: list[int] = []
        self.sampling: set[Sampling] = set()

    def tell_many(self, prompts, *, seeds, sampling, **settings):
        self.sampling.add(sampling)
        places = list(enumerate(seeds))
        random.Random(0).shuffle(places)  # stories come as they end
        for place, seed in places:
            self.seeds.append(seed)
            name = "".join(chr(ord("a") + int(digit)) for digit in str(seed))
            yield place, Told("", GOOD.replace("green", f"ni{name}o"), seed % 3 != 0, 40, seed)


@pytest.fixture
def run(teller, corpus_file, tmp_path):
    data = prepare(
        str(corpus_file),
        vocab=60,
        tokenizer={"kind": "words"},
        folder=tmp_path / "data",
        processes=1,
    )
    teller.card["data"] |= {"fingerprint": data.corpus.index["fingerprint"]}
    teller.save(tmp_path / "run")
    return read_run(tmp_path / "run")


@pytest.fixture
def made(monkeypatch):
    monkeypatch.setattr(collecting, "PIECE", 10)
    monkeypatch.setattr(collecting, "_teller", lambda model: made)
    made = Made()
    return made


def read(file: Path) -> tuple[list[str], dict]:
    table = pq.read_table(file)
    return table["text"].to_pylist(), json.loads(table.schema.metadata[b"tinystories"])


def test_good_stories_are_collected_in_order_and_the_file_says_how(run, made, tmp_path):
    file = tmp_path / "told.parquet"
    counted = collect(run, Order(20, seed=5), file, data=tmp_path / "data", processes=1)
    assert counted == {"": 20, "did not end by itself": 10}
    texts, said = read(file)
    wanted = [seed for seed in range(5, 40) if seed % 3][:20]
    assert [text.split("ni")[1][0] for text in texts] == [
        chr(ord("a") + int(str(seed)[0])) for seed in wanted
    ]
    assert said["dropped"] == {"did not end by itself": 10}
    assert said["settings"] == {"count": 20, "temperature": 1.0, "min_p": 0.0, "seed": 5}
    assert said["teller"]["name"] == "rnn-mingru"
    assert [path.name for path in tmp_path.glob("*told*")] == ["told.parquet"]


def test_an_interrupted_collection_tells_nothing_twice(run, made, tmp_path, monkeypatch):
    file = tmp_path / "told.parquet"

    def interrupted(path, *rest):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(collecting, "_write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            collect(run, Order(20), file, data=tmp_path / "data", processes=1)
    assert sorted(made.seeds) == list(range(30))
    collect(run, Order(30), file, data=tmp_path / "data", processes=1)
    assert sorted(made.seeds) == list(range(50))
    assert len(read(file)[0]) == 30


def test_other_settings_are_told_anew(run, made, tmp_path, monkeypatch):
    file = tmp_path / "told.parquet"
    with monkeypatch.context() as patch:
        patch.setattr(collecting, "_write", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            collect(run, Order(5), file, data=tmp_path / "data", processes=1)
    collect(run, Order(5, 0.5, min_p=0.02), file, data=tmp_path / "data", processes=1)
    assert sorted(made.seeds) == sorted([*range(10), *range(10)])
    assert made.sampling == {Sampling(1.0), Sampling(0.5, min_p=0.02)}


def test_what_cannot_be_drawn_is_said_before_anything_is_told():
    with pytest.raises(UserError, match="min-p must be between 0 and 1, got 2"):
        Order(5, min_p=2)


def test_a_story_is_not_kept_twice(run, made, tmp_path, monkeypatch):
    monkeypatch.setattr(
        made,
        "tell_many",
        lambda prompts, seeds, **_: ((n, Told("", GOOD, True, 9)) for n in range(10)),
    )
    monkeypatch.setattr(collecting, "HOPELESS", 0.5)
    with pytest.raises(UserError, match=r"1 of 40 were good .* was told before: 39.*train longer"):
        collect(run, Order(5), tmp_path / "t.parquet", data=tmp_path / "data", processes=1)


def test_processes_change_nothing(run, tmp_path):
    folder = tmp_path / "pieces"
    folder.mkdir()
    stories = [[["one", None]], [["two", "short"]], [["three", None]]]
    for number, piece in enumerate(stories):
        (folder / f"{number:05d}.json").write_text(json.dumps(piece), encoding="utf-8")
    tell = collecting.partial(collecting._piece, folder, run.folder, tmp_path, Order(2))
    pieces = collecting._in_order(tell, 2)
    assert [next(pieces), next(pieces)] == [[("one", None)], [("two", "short")]]
    pieces.close()
