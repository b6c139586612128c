"""How common and how easy words are."""

import pytest

from tinystories.data.corpus import prepare_corpus
from tinystories.errors import UserError
from tinystories.evaluation import words as module
from tinystories.evaluation.words import WordCounts, counts_of, metrics, read_list
from tinystories.records import Told


def told(text):
    return [Told("", text, ended=True, tokens=1)]


def score(wanted, name, text):
    [metric] = [metric for metric in wanted if metric.name == name]
    return metric.score(told(text))[0]


@pytest.fixture
def counts():
    return WordCounts.of(["the the the cat", "the cat sat", "a dog"])


def test_types_are_ranked_as_vocabularies_rank_them(counts):
    assert counts.ranked == ("the", "cat", "a", "dog", "sat")
    assert counts.top(2) == {"the", "cat"}


def test_a_word_is_worth_the_bits_of_its_share(counts):
    assert counts.rarity("the") < counts.rarity("cat") < counts.rarity("dog")
    assert counts.rarity("the") == pytest.approx(1.32, abs=0.01)  # 4 of 10
    assert counts.rarity("unheard") == counts.rarity("dog")


def test_words_outside_the_commonest_are_counted(monkeypatch, counts):
    monkeypatch.setattr(module, "SIZES", (2,))
    assert score(metrics(counts), "outside_2", "The cat saw the dog!") == 40
    assert score(metrics(counts), "outside_2", "") is None


def test_sizes_that_the_corpus_does_not_have_are_left_out(counts):
    assert not [metric for metric in metrics(counts) if metric.name.startswith("outside_")]


def test_the_vocabulary_and_an_own_list_count_too(counts):
    wanted = metrics(counts, vocabulary=["the", "cat"], own=frozenset(["dog"]))
    assert score(wanted, "outside_vocabulary", "the cat dog sat") == 50
    assert score(wanted, "outside_own_list", "the cat dog sat") == 75


def test_an_own_list_is_read(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text("# animals\nDog\ncat, cow  # and more\n", encoding="utf-8")
    assert read_list(path) == {"dog", "cat", "cow"}


@pytest.mark.parametrize("content", [None, b"", b"# nothing\n", b"\xff\xfe\x00"])
def test_a_list_without_words_says_so(tmp_path, content):
    path = tmp_path / "mine.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match="mine"):
        read_list(path)


def test_counts_are_kept_beside_the_corpus(tmp_path, corpus_file):
    corpus = prepare_corpus(str(corpus_file), tmp_path)
    first = counts_of(corpus, tmp_path)
    [kept] = tmp_path.glob("word-counts-*.json")
    before = kept.stat().st_mtime_ns
    assert counts_of(corpus, tmp_path) == first
    assert kept.stat().st_mtime_ns == before
    kept.write_text("{", encoding="utf-8")  # damaged
    assert counts_of(corpus, tmp_path) == first


def test_easy_words_and_their_endings_are_easy(counts):
    pytest.importorskip("textstat")
    wanted = metrics(counts)
    assert score(wanted, "easy_words", "the cats jumped and baked cakes") == 100
    assert score(wanted, "easy_words", "the quintessential cat") == pytest.approx(200 / 3)


def test_long_sentences_of_long_words_are_harder(counts):
    pytest.importorskip("textstat")
    wanted = metrics(counts)
    easy = score(wanted, "grade", "The cat sat. The dog ran.")
    hard = "Nevertheless, the extraordinary exhibition disappointed innumerable visitors."
    assert easy < 3 < score(wanted, "grade", hard)


def test_without_textstat_readability_is_absent_and_says_how_to_get_it(monkeypatch, caplog, counts):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert {metric.name for metric in metrics(counts)} == {"word_rarity"}
    assert 'pip install "tinystories[judging]"' in caplog.text
