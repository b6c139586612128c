"""Dark themes: what is one, what is not, and how they are kept out."""

import json

import pytest

from tinystories.data.corpus import prepare_corpus
from tinystories.data.pipeline import prepare
from tinystories.data.themes import dark_themes, is_dark
from tinystories.errors import UserError


@pytest.mark.parametrize(
    ("text", "theme"),
    [
        ("The bird was dead.", "death"),
        ("His grandma died.", "death"),
        ("The hunter killed the deer.", "killing"),
        ("There was blood on his knee.", "blood"),
        ("She slapped Tom.", "violence"),
        ("The man had a gun.", "weapons"),
        ("There was a war.", "war"),
        ("He drank a lot of wine.", "drugs and alcohol"),
        ("They put him in jail.", "crime"),
        ('"You are so stupid!" he said.', "insults"),
        ('"I HATE YOU!"', "insults"),
        ("He was naked.", "sex"),
    ],
)
def test_a_dark_theme_is_found(text, theme):
    assert [hit.theme for hit in dark_themes(text)] == [theme]


@pytest.mark.parametrize(
    "text",
    [
        "He had the skill to shoot the ball.",
        "The dead leaves fell, and the tree was dead.",
        "The wind died down. The flower died.",
        "She was dying to see it.",
        "He had a toy gun. He liked the gun.",
        "They played with a water pistol.",
        "It was a tug of war.",
        "He slapped the ball. She slapped him on the back.",
        "The juice was red like wine.",
        '"I don\'t hate you."',
        "The studies were in the grapevine, said the warm warden.",
        "The monster was kind, and the thief gave it back.",
    ],
)
def test_innocent_words_are_no_dark_theme(text):
    assert not is_dark(text)


def test_an_excerpt_shows_the_words():
    [hit] = dark_themes("Then it rained.\nThe dog died. All cried.")
    assert hit.excerpt("Then it rained.\nThe dog died. All cried.", 8) == "The dog [died]. All cr"


STORIES = [
    f"{name} had {n} red apples. {name} ate them all in the big garden and was happy {n} times."
    for n, name in enumerate(["Anna", "Ben", "Mia", "Tom", "Zoe", "Omar"] * 5)
]
DARK = ["The hunter took his gun and shot the bear. Nobody was happy in the forest that day."]


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "stories"
    folder.mkdir()
    for split, stories in (("train", STORIES[:24] + DARK), ("valid", STORIES[24:] + DARK)):
        lines = "\n".join(json.dumps({"text": story}) for story in stories)
        (folder / f"{split}.jsonl").write_text(lines, encoding="utf-8")
    return str(folder)


def test_the_filter_keeps_dark_stories_out_of_training_and_counts_them(tmp_path, source):
    source_file = tmp_path / "one.jsonl"
    source_file.write_text("\n".join(json.dumps(s) for s in STORIES + DARK), encoding="utf-8")
    corpus = prepare_corpus(str(source_file), tmp_path, filter="dark")
    assert corpus.index["dropped"]["dark theme"] == 1
    assert corpus.index["filter"] == "dark"
    assert not any(map(is_dark, corpus.stories("train")))


def test_the_filter_leaves_a_validation_split_whole(tmp_path, source):
    with_, without = (prepare_corpus(source, tmp_path, filter=f) for f in ("dark", None))
    assert list(with_.stories("validation")) == list(without.stories("validation"))
    assert any(map(is_dark, with_.stories("validation")))


def test_a_filtered_corpus_is_another_corpus(tmp_path, source):
    with_, without = (prepare_corpus(source, tmp_path, filter=f) for f in ("dark", None))
    assert with_.index["fingerprint"] != without.index["fingerprint"]
    assert with_.folder != without.folder


def test_a_run_says_what_was_left_out(tmp_path, source):
    file = tmp_path / "one.jsonl"
    file.write_text("\n".join(json.dumps(s) for s in STORIES + DARK), encoding="utf-8")
    making = {"vocab": 20, "tokenizer": {"kind": "words"}, "folder": tmp_path, "processes": 1}
    said = prepare(str(file), filter="dark", **making).describe()
    assert said["dropped"]["dark theme"] == 1


def test_an_unknown_filter_says_what_there_is(tmp_path, source):
    with pytest.raises(UserError, match="null or dark, given 'grim'"):
        prepare_corpus(source, tmp_path, filter="grim")
