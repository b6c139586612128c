import random
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinystories.data import cleaning
from tinystories.data.cleaning import flaw, near_copies, repair, signatures, tidy, words

TEXT = "a red dog ran to the big tree and saw one small cat who had lost her blue hat today"
WORDS = TEXT.split()


def make_story(seed: int, length: int = 160) -> list[str]:
    draw = random.Random(seed)
    return [draw.choice(WORDS) for _ in range(length)]


def copies_among(*stories: list[str]) -> list[int]:
    return near_copies(signatures([" ".join(story).encode() for story in stories])).tolist()


@pytest.mark.parametrize(
    ("damaged", "repaired"),
    [
        ("â€œHi!â€\x9d she said.", "“Hi!” she said."),
        ("â€œHi!â€ she said.", "“Hi!” she said."),  # the third byte of ” was lost
        ("It\u00e2\u20ac\u2122s late", "It’s late"),
        ("It\u00e2\u0080\u0099s late", "It’s late"),  # read as Latin-1
        ("It\u00c3\u00a2\u00e2\u201a\u00ac\u00e2\u201e\u00a2s late", "It’s late"),  # twice
        ("a cafÃ© for JosÃ© and ZoÃ«", "a café for José and Zoë"),
        ("Ã“scar ate a piÃ±ata", "Óscar ate a piñata"),
        ("wait â€“ or not â€” wellâ€¦", "wait – or not — well…"),
        ("cÅ“ur", "cœur"),
        ("Â£5 and 20Â°", "£5 and 20°"),
        ("ðŸ˜€", "😀"),
        ("ï»¿Once", "\ufeffOnce"),
        ("caféÃ©", "caféé"),  # clean and damaged side by side
    ],
)
def test_damaged_characters_come_back(damaged: str, repaired: str) -> None:
    assert repair(damaged) == repaired


@pytest.mark.parametrize(
    "clean",
    [
        "café",
        "Ã",
        "Ã is a letter, Â and â too",
        "“I love my fiancé…”",  # é…” are also the bytes of a Chinese character
        "“AMANHÃ” – “MAÇÔ",
        "CAFÉ… É” Å ð ï",
        "10 € or £9, 20 °C, ½ – “done”",
        "‘Ça va, Zoë?’",
        "😀 日本語",
    ],
)
def test_clean_text_is_left_alone(clean: str) -> None:
    assert repair(clean) == clean


@given(st.text(alphabet="abz ,.!“”‘’…–—éñüßçøà€£😀"))
def test_what_was_misread_is_restored_and_what_was_not_is_kept(text: str) -> None:
    misread = "".join(
        bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in text.encode()
    )
    assert repair(text) == text
    assert repair(misread) == text


@pytest.mark.parametrize(
    ("raw", "tidied"),
    [
        ("One.\r\nTwo.\rThree.", "One.\nTwo.\nThree."),
        ("One.  \nTwo.\t\n", "One.\nTwo."),
        ("One.\n\n \n\n\nTwo.", "One.\n\nTwo."),
        ("One.\n\nTwo.", "One.\n\nTwo."),
        ("\ufeffA\u200bB\x00C\x07\u00adD.", "ABCD."),
        ("A\tB\u00a0C\u2009D.", "A B C D."),
        ("cafe\u0301", "café"),
        ("It\x92s \x93late\x94.", "It’s “late”."),  # Windows-1252 bytes read as Latin-1
        ("“It’s” 'it's'", "“It’s” 'it's'"),
        ("half a \ud83d", "half a \ufffd"),
        (" \n ", ""),
    ],
)
def test_tidying(raw: str, tidied: str) -> None:
    assert tidy(raw) == tidied


@given(st.text(alphabet="ab. \t\r\n\x00\x0b\u2028\u200b\ufeff\u00a0é\u0301“\x93\ud800"))
def test_tidying_twice_changes_nothing_more(text: str) -> None:
    once = tidy(text)
    assert tidy(once) == once
    once.encode()  # can be written


LONG = "Once there was a little dog who liked to run and jump"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (LONG + ".", None),
        (LONG + "!", None),
        (LONG + '?"', None),
        (LONG + ".”)", None),
        (LONG + "…", None),
        (LONG + ".\n\nThe End", None),
        (LONG + ".\n\nThe legend", "cut off"),
        (LONG, "cut off"),
        (LONG + '. "', "cut off"),
        (LONG + ",", "cut off"),
        ("A" * 38 + ".", "short"),
        ("A" * 39 + ".", None),
        ("", "empty"),
        (LONG + " \ufffd.", "undecodable"),
    ],
)
def test_a_story_is_judged_by_its_end_length_and_characters(text: str, reason: str | None) -> None:
    assert flaw(text) == reason


def test_words_are_letters_and_digits_in_one_case() -> None:
    assert words('He said: "It\'s 10, DON’T_go!"') == b"he said it s 10 don t go"
    assert words("He said: “It’s 10, DON’T_go!”") == b"he said it s 10 don t go"
    assert words("ÉCOLE Straße") == "école strasse".encode()
    assert words("...") == b""


def test_exact_copies_may_differ_in_case_blanks_and_punctuation() -> None:
    stories = ["The dog ran.", "A cat sat.", "“the  DOG, ran!”", "The dog ran off.", "a cat sat"]
    keys = np.array([cleaning.exact_key(words(story)) for story in stories], np.uint64)
    assert cleaning.exact_copies(keys).tolist() == [0, 1, 0, 3, 1]


def test_a_story_with_one_word_changed_is_a_near_copy() -> None:
    found = 0
    for seed in range(100):
        story = make_story(seed)
        changed = [*story]
        changed[seed] = "zebra"
        found += copies_among(story, changed) == [0, 0]
    assert found >= 95


def test_different_stories_are_no_copies_even_of_the_same_few_words() -> None:
    assert copies_among(*(make_story(seed) for seed in range(500))) == list(range(500))


def test_stories_that_share_half_their_text_are_not_taken_for_copies() -> None:
    opening = make_story(0, 80)
    stories = [opening + make_story(seed, 80) for seed in range(1, 201)]
    assert copies_among(*stories) == list(range(200))


def test_the_order_of_words_and_letters_counts() -> None:
    story = make_story(0)
    backwards = [word[::-1] for word in story]
    assert copies_among(story, story[::-1], backwards) == [0, 1, 2]


def test_signatures_estimate_the_jaccard_similarity() -> None:
    estimates = []
    for seed in range(100):
        one, two = make_story(seed, 200), make_story(1000 + seed, 100)
        # 100 shared words of 200 in each: about 96 shared shingles of 296.
        pair = signatures([" ".join(one).encode(), " ".join(one[:100] + two).encode()])
        estimates.append((pair[0] == pair[1]).mean())
    assert np.mean(estimates) == pytest.approx(96 / 304, abs=0.03)


def test_a_signature_does_not_depend_on_its_neighbours() -> None:
    stories = [" ".join(make_story(seed, 1 + 7 * seed)).encode() for seed in range(9)]
    stories += [b"", b"hi", b"x" * 300]
    together = signatures(stories)
    alone = [signatures([story])[0] for story in stories]
    assert np.array_equal(together, alone)
    assert signatures([]).shape == (0, cleaning.HASHES)


def test_every_near_copy_points_to_an_earlier_story() -> None:
    story = make_story(0)
    chain = [story]
    for n in range(30):
        chain.append([*chain[-1][: 5 * n], "zebra", *chain[-1][5 * n + 1 :]])
    original = np.array(copies_among(*chain))
    copies = np.flatnonzero(original != np.arange(31))
    assert len(copies) > 15
    assert (original[copies] < copies).all()


def test_finding_copies_takes_little_memory() -> None:
    stories = 50_000
    signature = np.random.default_rng(0).integers(0, 2**16, (stories, cleaning.HASHES), np.uint16)
    tracemalloc.start()
    near_copies(signature)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak / stories < 100  # bytes, with 48 for the signature less than 150
