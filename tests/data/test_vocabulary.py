import json
import logging
import os
import pickle
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from tinystories.data.vocabulary import (
    StrictRule,
    Vocabulary,
    _find_doubtful,
    _find_pre_tokens,
    train_vocabulary,
    word_types,
)
from tinystories.errors import UserError

HARD = [
    "'Tis ten o'clock. The dog doesn't sleep, it's at the café – don't wake him!\n\n",
    "“Rock’n’roll,” said the cat’s friend. ‘No’, said the dogs' mum… THE END.\n",
    'Tom had 10 apples, 7 pears and 1,234 figs in 1999. "Oh," he said; "that\'s a lot!"\n',
    "The dog ran. The cat ran. the dog and the cat's dog ran to Tom's mum, mum, mum.\n",
    "He said: 'I like it.' She said, 'We don’t.' A-B_c (d) a 3rd t-rex, x2, y'z, i's s't.\n",
]
RARE = ["Zebras", "zigzagged", "zanily", "unzipping", "quizzes", "naïve", "Ünlü", "pizzazz", "日本"]


class FakeCorpus:
    def __init__(self, folder: Path, files: list[list[str]]) -> None:
        self.folder, self.index = folder, {"fingerprint": "00", "source": {}}
        for i, stories in enumerate(files):
            pq.write_table(pa.table({"text": stories}), folder / f"train-{i}.parquet")

    def files(self, split: str) -> list[Path]:
        return sorted(self.folder.glob(f"{split}-*.parquet"))


def stories() -> list[str]:
    rare = [f"The {word} ran." for word in RARE for _ in range(3)]
    return [*HARD * 12, *rare]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    made = stories()
    return FakeCorpus(tmp_path_factory.mktemp("corpus"), [made[:40], made[40:]])


@pytest.fixture(scope="module")
def vocabulary(corpus):
    return train_vocabulary(corpus, 40, pieces=30)


@pytest.fixture(scope="module")
def bpe(corpus):
    return train_vocabulary(corpus, 300, kind="bpe")


def tell(rule: StrictRule, last: int, length: int, weights: np.ndarray, rng) -> list[int]:
    """Random tokens under the rule, without a model; ends at <eos> or after ``length``."""
    drawn = []
    while len(drawn) < length:
        open_to = rule.allowed(last)
        chances = np.cumsum(np.where(open_to, weights, 0))
        last = int(np.searchsorted(chances, rng.random() * chances[-1], side="right"))
        assert open_to[last]
        if last == Vocabulary.eos:
            break
        drawn.append(last)
    return drawn


# --- words ------------------------------------------------------------------------------------


def test_words_are_letters_with_inner_apostrophes_or_digits():
    text = "'Tis “Rock’n’roll” at 10 o'clock: the DOGS' café_bar, x2 – don''t 3rd!"
    assert " ".join(word_types(text)) == (
        "tis rock'n'roll at 10 o'clock the dogs café bar x 2 don t 3 rd"
    )


def test_words_are_the_most_frequent_types_first_and_ties_by_alphabet(corpus, vocabulary):
    counts = Counter(word for text in stories() for word in word_types(text))
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    assert list(vocabulary.words) == [word for word in ranked if not word[0].isdigit()][:40]


@pytest.mark.parametrize("text", [" the", "The", " dog", " don't", " don’t", "\n\n", "!", '"'])
def test_a_frequent_writing_of_a_listed_word_is_one_token(vocabulary, text):
    assert len(vocabulary.encode(text)) == 1


def test_every_listed_word_is_one_token_in_its_most_frequent_writing(corpus):
    vocabulary = train_vocabulary(corpus, 10_000, pieces=0)
    assert "zebras" in vocabulary.words
    assert len(vocabulary.encode(" Zebras")) == 1
    assert len(vocabulary.encode("zebras")) > 1


def test_a_word_outside_the_list_is_spelled_with_learned_pieces(vocabulary):
    assert "zigzagged" not in vocabulary.words
    assert 1 < len(vocabulary.encode(" zigzagged")) < len(" zigzagged")


def test_numbers_are_spelled_digit_by_digit(vocabulary):
    assert [vocabulary.decode([i]) for i in vocabulary.encode(" 10")] == [" 1", "0"]


def test_ids_are_eos_then_the_bytes_then_the_rest(vocabulary):
    assert vocabulary.tokenizer.token_to_id("<eos>") == vocabulary.eos == 0
    assert [vocabulary._spelling[1 + byte] for byte in range(256)] == [
        bytes([byte]) for byte in range(256)
    ]
    assert len(vocabulary) > 257


def test_every_entry_beyond_the_bytes_is_used_or_a_step_towards_one_that_is(corpus, vocabulary):
    used = {i for text in stories() for i in vocabulary.encode(text)}
    model = json.loads(vocabulary.tokenizer.to_str())["model"]
    steps = {model["vocab"][part] for merge in model["merges"] for part in merge}
    assert set(range(257, len(vocabulary))) <= used | steps


def test_bpe_has_exactly_the_entries_asked_for(bpe):
    assert len(bpe) == 300
    assert "the" in bpe.words
    assert all(
        1 in map(len, bpe.encode_batch([f" {word}", word, word.title(), f" {word.title()}"]))
        for word in bpe.words
    )


# --- without loss -----------------------------------------------------------------------------


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=st.text())
@example("<eos>")
@example("a\r\nb\0\t  c   \n\n d<eos>")
@example("e\N{COMBINING ACUTE ACCENT}t\N{COMBINING ACUTE ACCENT} 👩‍👩‍👧 日本 ½ ² ٣ ǅ ß \x1c ")
def test_decoding_is_the_exact_inverse_of_encoding(vocabulary, bpe, text):
    for each in (vocabulary, bpe):
        ids = each.encode(text)
        assert each.decode(ids) == text
        assert each.eos not in ids
        assert each.token_bytes()[ids].sum() == len(text.encode())
        stream = each.stream()
        assert "".join(map(stream, ids)) == text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(ids=st.lists(st.integers(0, 320), max_size=30))
def test_any_ids_decode_as_the_tokenizer_alone_decodes_them(vocabulary, ids):
    assert len(vocabulary) > 320
    assert vocabulary.decode(ids) == vocabulary.tokenizer.decode(ids)


def test_a_stream_holds_back_a_character_until_it_is_whole(vocabulary):
    stream = vocabulary.stream()
    ids = vocabulary.encode("日")
    assert len(ids) == 3
    assert [stream(i) for i in ids] == ["", "", "日"]


def by_the_library(vocabulary, texts):
    return [e.ids for e in vocabulary.tokenizer.encode_batch(texts, add_special_tokens=False)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(texts=st.lists(st.text() | st.text("ab 1'’_-.\n\t\r\0éÉ½ß“…\N{COMBINING ACUTE ACCENT}")))
@example([*HARD, "", "<eos>", " ", "  a", "a \n b  \n"])
def test_a_batch_is_encoded_as_the_library_does(vocabulary, bpe, texts):
    for each in (vocabulary, bpe):
        assert each.encode_batch(texts) == by_the_library(each, texts)


def test_python_splits_as_the_library_does_at_every_character_it_is_trusted_with(vocabulary):
    """They do not agree on which characters are letters, digits or spaces."""
    trusted = [c for c in map(chr, range(0x30000)) if not _find_doubtful(c)]
    assert len(trusted) > 200
    split = vocabulary.tokenizer.pre_tokenizer.pre_tokenize_str
    for c in trusted:
        text = f"a{c}b {c}1{c}{c} 'a'{c}\n{c}!{c}"
        assert [text[slice(*place)] for _, place in split(text)] == _find_pre_tokens(text)


def test_a_tokenizer_that_splits_otherwise_is_asked_for_every_text(vocabulary):
    other = json.loads(vocabulary.tokenizer.to_str())
    other["pre_tokenizer"]["pretokenizers"][0]["pattern"] = {"String": "the"}
    other = Vocabulary(json.dumps(other), vocabulary.words)
    assert other.encode_batch(HARD) == by_the_library(other, HARD)
    assert other.encode_batch(HARD) != vocabulary.encode_batch(HARD)


def test_what_is_kept_of_pre_tokens_is_limited(vocabulary, monkeypatch):
    monkeypatch.setattr("tinystories.data.vocabulary._REMEMBERED", 5)
    copy = pickle.loads(pickle.dumps(vocabulary))
    assert copy.encode_batch(HARD) == by_the_library(copy, HARD)
    assert len(copy._known) <= 5


# --- training ---------------------------------------------------------------------------------


def test_the_same_corpus_gives_the_same_bytes_whatever_the_process(corpus, vocabulary, tmp_path):
    assert train_vocabulary(corpus, 40, pieces=30, workers=2).fingerprint == vocabulary.fingerprint
    program = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1])\n"
        "from test_vocabulary import FakeCorpus\n"
        "from tinystories.data.vocabulary import train_vocabulary\n"
        "corpus = FakeCorpus(Path(sys.argv[2]), [])\n"
        "print(train_vocabulary(corpus, 40, pieces=30).fingerprint)"
    )
    told = subprocess.run(
        [sys.executable, "-c", program, Path(__file__).parent, corpus.folder],
        env={**os.environ, "PYTHONHASHSEED": "12345"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == vocabulary.fingerprint


def test_more_words_than_the_corpus_has_are_told_with_both_numbers(corpus, caplog):
    with caplog.at_level(logging.WARNING):
        vocabulary = train_vocabulary(corpus, 20_000)
    there = len(vocabulary.words)
    assert f"asked for 20,000 word types, the corpus has {there}" in caplog.text
    with caplog.at_level(logging.WARNING):
        bpe = train_vocabulary(corpus, 20_000, kind="bpe")
    assert f"asked for 20,000 entries, the corpus has {len(bpe)}" in caplog.text


@pytest.mark.parametrize("size", [0, -5, 1.5, True, "4500", None])
def test_a_size_that_is_none_is_refused(corpus, size):
    with pytest.raises(UserError, match="vocabulary of 1 or more, given"):
        train_vocabulary(corpus, size)


def test_a_bpe_needs_room_beyond_the_bytes(corpus):
    with pytest.raises(UserError, match="258 or more, given 257"):
        train_vocabulary(corpus, 257, kind="bpe")


def test_an_unknown_kind_is_refused(corpus):
    with pytest.raises(UserError, match="words or bpe, given 'unigram'"):
        train_vocabulary(corpus, 40, kind="unigram")


def test_a_corpus_without_words_is_refused(tmp_path):
    with pytest.raises(UserError, match="has none"):
        train_vocabulary(FakeCorpus(tmp_path, [["123 !?"]]), 40)


# --- strict telling ---------------------------------------------------------------------------


@pytest.mark.parametrize("listed", [0, 1, 5, 20, 40, None])
@pytest.mark.parametrize("skew", [0, 2])
def test_a_strict_story_has_no_word_outside_the_list(vocabulary, bpe, listed, skew):
    rng = np.random.default_rng(0)
    for each in (vocabulary, bpe):
        rule = StrictRule(each, None if listed is None else each.words[:listed])
        for _ in range(84):  # x 2 vocabularies x 12 cases x 200 tokens: 2,000 stories
            weights = rng.random(len(each)) ** (10 * skew)
            weights[each.eos] = 0
            told = each.decode(tell(rule, each.eos, 200, weights, rng))
            outside = set(word_types(told)) - rule.words
            assert not outside, told


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data(), prompt=st.text() | st.sampled_from(["ca", "cat'", "1", "it’", " '", ",'"]))
def test_no_word_grows_whatever_the_list_and_the_prompt(vocabulary, data, prompt):
    known = st.sampled_from([*vocabulary.words, "Dog", "don’t", "unknown", "10"])
    words = data.draw(st.sets(known))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    rule = StrictRule(vocabulary, words)
    last = [vocabulary.eos, *vocabulary.encode(prompt)][-1]
    told = vocabulary.decode(tell(rule, last, 60, rng.random(len(vocabulary)) ** 5, rng))
    assert set(word_types(told)) <= rule.words
    assert list(word_types(prompt + told)) == [*word_types(prompt), *word_types(told)]


@pytest.mark.parametrize(
    "prompt", ["ca", "the", "the cat'", "it’", "Zeb", "naï", "日", "1", "٣", "½"]
)
def test_neither_letter_nor_digit_follows_what_may_be_the_middle_of_a_word(vocabulary, prompt):
    allowed = StrictRule(vocabulary).allowed(vocabulary.encode(prompt)[-1])
    told = [vocabulary.decode([token]) for token in np.flatnonzero(allowed)]
    assert {" the", ".", "\n"} <= set(told)
    assert not [text for text in told if text[:1].isalnum()]


def test_an_accent_of_its_own_belongs_to_the_word_before_it(tmp_path):
    vocabulary = train_vocabulary(FakeCorpus(tmp_path, [["cat cafe\u0301 cat"] * 12]), 10)
    accent = next(i for i in range(len(vocabulary)) if vocabulary.decode([i]) == "\u0301")
    rule = StrictRule(vocabulary)
    assert not rule.allowed(vocabulary.eos)[accent]
    (joined,), (apart,) = vocabulary.encode("cat"), vocabulary.encode(" cat")
    assert not rule.allowed(accent)[joined]
    assert rule.allowed(accent)[apart]
    assert rule.allowed(vocabulary.eos)[joined]


def test_strict_telling_can_still_tell_a_story_of_its_words(corpus):
    vocabulary = train_vocabulary(corpus, 10_000)
    rule = StrictRule(vocabulary)
    last = vocabulary.eos
    text = "The dog doesn't sleep. 'Tis ten o'clock at Tom's café – 7 dogs' mum…\n\n“Rock’n’roll,”"
    for token in vocabulary.encode(text):
        assert rule.allowed(last)[token], vocabulary.decode([token])
        last = token
    assert rule.allowed(last)[vocabulary.eos]


def test_something_may_always_follow(vocabulary):
    rule = StrictRule(vocabulary, [])
    assert all(rule.allowed(last)[vocabulary.eos] for last in range(len(vocabulary)))


def test_the_list_is_read_as_the_words_are_whatever_its_case_and_apostrophes(vocabulary):
    rule = StrictRule(vocabulary, ["DON’T"])
    allowed = rule.allowed(vocabulary.eos)
    assert allowed[vocabulary.encode(" don't")].all()
    assert allowed[vocabulary.encode(" don’t")].all()
    assert not allowed[vocabulary.encode(" dog")].any()


# --- files ------------------------------------------------------------------------------------


def test_a_saved_vocabulary_loads_as_it_was(vocabulary, tmp_path):
    vocabulary.save(tmp_path)
    loaded = Vocabulary.load(tmp_path)
    assert loaded.words == vocabulary.words
    assert loaded.fingerprint == vocabulary.fingerprint
    assert len(loaded) == len(vocabulary)
    assert [loaded.encode(text) for text in HARD] == [vocabulary.encode(text) for text in HARD]
    assert loaded.encode("<eos>")[0] != 0
    assert (tmp_path / "words.txt").read_text("utf-8").splitlines()[1:] == list(vocabulary.words)
    assert {path.name for path in tmp_path.iterdir()} == {"tokenizer.json", "words.txt"}


def test_the_file_works_with_tokenizers_alone(vocabulary, tmp_path):
    vocabulary.save(tmp_path)
    alone = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    for text in HARD:
        assert alone.encode(text).ids == vocabulary.encode(text)
        assert alone.decode(vocabulary.encode(text)) == text


def test_a_vocabulary_goes_to_another_process_whole(vocabulary):
    copy = pickle.loads(pickle.dumps(vocabulary))
    assert copy.fingerprint == vocabulary.fingerprint
    assert copy.encode("<eos>") == vocabulary.encode("<eos>") != [0]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def cut_a_line(path: Path) -> None:
    path.write_text("\n".join(path.read_text("utf-8").splitlines()[:-1]) + "\n", "utf-8")


def other_words(path: Path) -> None:
    path.write_text("# 1 words, most frequent first\nabracadabra\n", "utf-8")


def without_eos(path: Path) -> None:
    path.write_text(path.read_text("utf-8").replace("<eos>", "<pad>"), "utf-8")


def with_merges(path: Path) -> None:
    content = json.loads(path.read_text("utf-8"))
    content["model"]["ignore_merges"] = False
    path.write_text(json.dumps(content), "utf-8")


def not_text(path: Path) -> None:
    path.write_bytes(b"\xff\xfe")


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        ("tokenizer.json", Path.unlink),
        ("tokenizer.json", cut),
        ("tokenizer.json", not_text),
        ("tokenizer.json", without_eos),
        ("tokenizer.json", with_merges),
        ("words.txt", Path.unlink),
        ("words.txt", cut),
        ("words.txt", cut_a_line),
        ("words.txt", not_text),
        ("words.txt", other_words),
    ],
)
def test_a_harmed_file_is_named_with_what_to_do(vocabulary, tmp_path, name, harm):
    vocabulary.save(tmp_path)
    harm(tmp_path / name)
    with pytest.raises(UserError, match=f"{name}.*; copy the folder again or train") as error:
        Vocabulary.load(tmp_path)
    assert "\n" not in str(error.value)


def test_a_folder_that_cannot_be_written_is_told(vocabulary, tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(UserError, match=r"taken.*choose another folder"):
        vocabulary.save(tmp_path / "taken")
