"""Is a story new?"""

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinystories.data.corpus import prepare_corpus
from tinystories.data.grammar import stories
from tinystories.errors import UserError
from tinystories.evaluation.novelty import NoveltyIndex, index_of, metrics, rouge_2
from tinystories.evaluation.novelty_parts import idf_of, suffix_array
from tinystories.evaluation.text import words
from tinystories.records import Told


@pytest.fixture(scope="module")
def training():
    return list(stories(0, 0, 60))


@pytest.fixture(scope="module", params=[10**6, 2000], ids=["one part", "several parts"])
def index(request, training, tmp_path_factory):
    folder = tmp_path_factory.mktemp("index") / "novelty"
    return NoveltyIndex.build(training, folder, part_words=request.param)


def scores(index, text):
    return {m.name: m.score([Told("", text, True, 1)])[0] for m in metrics(index)}


def test_a_training_story_is_not_new(index, training):
    for number in (0, 31, 59):
        found = scores(index, training[number])
        assert found["nearest_cosine"] == pytest.approx(1, abs=1e-6)
        assert found["nearest_rouge2"] == 100
        assert found["longest_copied"] == len(words(training[number]))
        assert [found[f"unseen_{n}grams"] for n in range(1, 9)] == [0] * 8


def test_the_closest_of_a_training_story_is_itself(index, training):
    for number, story in enumerate(training):
        assert index.nearest(story).story == number
        assert index.nearest(story).text == story


def test_a_copied_span_is_found_whole_and_with_its_source(index, training):
    said = words(training[40])[20:41]
    text = f"Qaz wsx edc. {' '.join(said)} rfv tgb."
    [span] = index.copied_spans(text)
    assert (span.start, span.stop, span.story) == (3, 24, 40)
    assert span.words == " ".join(said)


def test_no_span_crosses_from_one_story_to_the_next(index, training):
    seam = words(training[0])[-5:] + words(training[1])[:5]
    assert scores(index, " ".join(seam))["longest_copied"] < 10


def test_a_story_of_other_words_is_all_new(index):
    found = scores(index, "Qaz wsx edc rfv tgb yhn ujm ik ol.")
    assert found["nearest_cosine"] == 0
    assert found["longest_copied"] == 0
    assert [found[f"unseen_{n}grams"] for n in range(1, 9)] == [100] * 8


def test_unseen_phrases_are_those_that_a_slow_search_does_not_find(index, training):
    text = " ".join(random.Random(0).sample(words(training[3]) + words(training[9]), 80))
    said = words(text)
    for n in range(1, 9):
        seen = {g for story in training for g in grams(words(story), n)}
        unseen = [gram not in seen for gram in grams(said, n)]
        assert scores(index, text)[f"unseen_{n}grams"] == pytest.approx(100 * np.mean(unseen))


def grams(said, n):
    return list(zip(*(said[k:] for k in range(n)), strict=False))


def test_the_cosine_is_that_of_a_slow_sum(tmp_path):
    training = ["red ball", "red car", "blue car"]
    index = NoveltyIndex.build(training, tmp_path / "index")
    idf = {
        "red": math.log(4 / 3),
        "blue": math.log(2),
        "ball": math.log(2),
        "red ball": math.log(2),
    }
    # "red blue" meets "red ball" in "red" and "blue car" in "blue"; nobody has "red blue".
    text = [idf["red"], idf["blue"], math.log(4)]
    third = [math.log(2), math.log(4 / 3), math.log(2)]
    expected = idf["blue"] ** 2 / (math.hypot(*text) * math.hypot(*third))
    found = index.nearest("red blue")
    assert found.story == 2
    assert found.cosine == pytest.approx(expected, rel=1e-5)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=40))
def test_suffixes_are_sorted(stream):
    expected = sorted(range(len(stream)), key=lambda start: stream[start:])
    assert suffix_array(np.array(stream, np.int32)).tolist() == expected


def test_no_words_have_no_answer(index):
    found = scores(index, "!")
    assert found.pop("nearest_cosine") == 0
    assert set(found.values()) == {None}


def test_rouge_counts_shared_pairs():
    assert rouge_2("a b c", "a b d") == 50
    assert rouge_2("a", "a b") is None


def test_an_index_is_made_once_for_a_corpus(tmp_path, corpus_file, monkeypatch):
    corpus = prepare_corpus(str(corpus_file), tmp_path)
    first = index_of(corpus, tmp_path)
    monkeypatch.setattr(NoveltyIndex, "build", lambda *a, **k: pytest.fail("made again"))
    again = index_of(corpus, tmp_path)
    assert (again.fingerprint, again.stories) == (corpus.index["fingerprint"], first.stories)


def test_a_damaged_index_is_made_again(tmp_path, corpus_file):
    corpus = prepare_corpus(str(corpus_file), tmp_path)
    folder = index_of(corpus, tmp_path).folder
    (folder / "index.json").write_text("{", encoding="utf-8")
    assert index_of(corpus, tmp_path).stories == corpus.index["splits"]["train"]["stories"]


def test_a_failed_build_leaves_the_old_index(tmp_path, training):
    folder = tmp_path / "index"
    NoveltyIndex.build(training[:5], folder)

    def broken():
        yield training[0]
        raise RuntimeError("the disk is gone")

    with pytest.raises(RuntimeError):
        NoveltyIndex.build(broken(), folder)
    assert NoveltyIndex.open(folder).stories == 5
    assert [path.name for path in tmp_path.iterdir()] == ["index"]


def test_what_is_no_index_says_so(tmp_path):
    with pytest.raises(UserError, match="found none"):
        NoveltyIndex.open(tmp_path / "nowhere")
    with pytest.raises(UserError, match="wanted training stories"):
        NoveltyIndex.build([], tmp_path / "index")
    (tmp_path / "index.json").write_text('{"format": 0}', encoding="utf-8")
    with pytest.raises(UserError, match="another version"):
        NoveltyIndex.open(tmp_path)


def test_common_features_of_a_large_corpus_say_nothing():
    idf = idf_of(np.array([0, 1000, 2001], np.uint32), 10_000)
    assert idf[0] > idf[1] > idf[2] == 0


def test_a_text_shorter_than_a_phrase_has_none(index):
    found = scores(index, "Qaz wsx edc rfv tgb.")
    assert [found[f"unseen_{n}grams"] for n in range(1, 9)] == [100] * 5 + [None] * 3
