"""The embedded corpus: stories by rule are all different, well formed, and the same everywhere."""

import re
import subprocess
import sys
from collections import Counter
from hashlib import sha256
from itertools import islice, pairwise

import pytest

from tinystories.data.grammar import Teller, parse, stories, story
from tinystories.data.lexicon import Person
from tinystories.data.plots import PLOTS, Plot

COUNT = 20_000
SENTENCE = re.compile(r"[^.!?]+[.!?]+\"?")


@pytest.fixture(scope="module")
def corpus() -> list[str]:
    return list(stories(0, 0, COUNT))


def tell(plot: Plot, number: int) -> tuple[Teller, str]:
    """One telling of this plot, and who told it."""
    teller = Teller(9, number)
    return teller, "\n".join([teller.write(part) for part in plot(teller)])


def test_the_same_seed_and_number_tell_the_same_story():
    assert story(3, 14) == story(3, 14)
    assert story(3, 14) != story(4, 14)
    assert story(3, 14) != story(3, 15)


def test_any_slice_equals_the_same_part_of_the_whole():
    whole = list(stories(5, 0, 60))
    assert list(stories(5, 20, 40)) == whole[20:40]
    assert list(islice(stories(5, 50), 10)) == whole[50:]
    assert [story(5, number) for number in (59, 0, 31)] == [whole[59], whole[0], whole[31]]


def test_another_process_with_another_hash_seed_tells_the_same_stories():
    code = (
        "from hashlib import sha256; from tinystories.data.grammar import stories;"
        "print(sha256('\\0'.join(stories(1, 0, 200)).encode()).hexdigest())"
    )
    told = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONHASHSEED": "12345"},
        capture_output=True,
        text=True,
        check=True,
    )
    here = sha256("\0".join(stories(1, 0, 200)).encode()).hexdigest()
    assert told.stdout.strip() == here


def test_no_story_is_told_twice(corpus):
    assert len(set(corpus)) == COUNT


def test_stories_rarely_resemble_each_other(corpus):
    def phrases(text: str) -> set[int]:
        words = text.lower().split()
        return {hash(tuple(words[at : at + 5])) for at in range(len(words) - 4)}

    sample = [phrases(text) for text in corpus[:600]]
    near = sum(
        any(len(one & other) > 0.7 * len(one | other) for other in sample[:at])
        for at, one in enumerate(sample)
    )
    assert near < 0.02 * len(sample)


def test_the_words_are_many_and_unevenly_common(corpus):
    types = Counter(
        word for text in corpus for word in re.findall(r"[a-z]+(?:'[a-z]+)*", text.lower())
    )
    assert len(types) >= 3_000
    total = types.total()
    assert 0.4 < sum(times for _, times in types.most_common(50)) / total < 0.7
    assert sum(times < 20 for times in types.values()) > 20


def test_stories_are_short_plain_text_in_paragraphs(corpus):
    lengths = sorted(len(text.split()) for text in corpus)
    assert lengths[0] >= 60
    assert lengths[-1] <= 300
    for text in corpus:
        assert text.isascii()
        assert text == text.strip()
        assert not re.search(r" [\n.,!?]|  |\n\n\n|[.,!?]{2}", text)
        assert all(part.count('"') % 2 == 0 for part in text.split("\n"))
        assert text.count("\n") >= 2


def test_no_mark_of_a_template_is_left(corpus):
    assert not [text for text in corpus if re.search(r"[\[\]{}|_]", text)]


def test_a_and_an_agree_with_what_they_stand_before(corpus):
    wrong = re.compile(
        r"\b([Aa] (?!one\b|uni|use)[aeiouAEIOU]\w*|[Aa]n (?!hour|honest)[^aeiou\W]\w*)"
    )
    assert not [found.group(0) for text in corpus if (found := wrong.search(text))]


def test_sentences_begin_with_a_capital_and_end_with_a_stop(corpus):
    for text in corpus:
        for part in filter(None, text.split("\n")):
            assert re.match(r'"?[A-Z]', part), part
            assert re.search(r'[.!?]"?$', part), part
            assert not re.search(r"\. [a-z]", part), part


def test_no_sentence_is_said_twice_in_a_row(corpus):
    on_purpose = {"Slap, hop.", "Snap!", "Achoo!"}
    for text in corpus[:5_000]:
        said = [sentence.strip() for sentence in SENTENCE.findall(text)]
        assert {one for one, two in pairwise(said) if one == two} <= on_purpose


@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: plot.__name__)
def test_every_plot_varies(plot: Plot):
    assert len({tell(plot, number)[1] for number in range(300)}) >= 299


@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: plot.__name__)
@pytest.mark.parametrize("she", [True, False], ids=["girls", "boys"])
def test_pronouns_agree_when_everybody_is(plot: Plot, she: bool, monkeypatch: pytest.MonkeyPatch):
    real = Person.of
    monkeypatch.setattr(Person, "of", lambda name, kind, _, **more: real(name, kind, she, **more))
    wrong = re.compile(r"\b(he|him|his|himself)\b" if she else r"\b(she|her|herself)\b", re.I)
    for number in range(150):
        teller, text = tell(plot, number)
        if "hero" in teller.cast:
            hero = teller.cast["hero"].name
            about_hero = [one for one in SENTENCE.findall(text) if hero in one]
            assert not [one for one in about_hero if wrong.search(one)]


@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: plot.__name__)
def test_girls_and_boys_take_the_same_parts(plot: Plot):
    casts = [tell(plot, number)[0].cast for number in range(400)]
    heroes = Counter(cast["hero"].he for cast in casts if "hero" in cast)
    assert abs(heroes["she"] - heroes["he"]) <= 0.2 * heroes.total()


def test_girls_and_boys_are_heroes_equally_often(corpus):
    heroes = Counter(found[0] for text in corpus if (found := re.search(r"\b(girl|boy)\b", text)))
    assert 0.95 < heroes["girl"] / heroes["boy"] < 1.05


def test_a_choice_is_made_and_a_mark_is_looked_up():
    teller = Teller(0, 0)
    teller.cast |= {"pet": "[cat|cat]", "words": ("one", "one")}
    assert (
        teller.write("{Pet}s [are [very|very]|are very] {words}[|] kind")
        == "Cats are very one kind"
    )


def test_a_template_with_an_open_bracket_is_refused():
    with pytest.raises(ValueError, match="unpack"):
        parse("[one|two")
