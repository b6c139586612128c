import numpy as np
import pytest

from tinystories.data.vocabulary import word_types
from tinystories.errors import UserError
from tinystories.generation import Sampling
from tinystories.weaving import missing, weaving
from tinystories.wishes import WISHES

BEGINNING = "Anna went"


def tell(teller, *, must=(), wishes=(), length=80, seed=0, beginning=BEGINNING, **settings):
    steer = weaving(teller.vocabulary, beginning, must=must, wishes=wishes, length=length)
    return teller.tell(beginning, length=length, seed=seed, steer=steer, **settings)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("temperature", [0.0, 1.0, 3.0])
def test_words_that_must_appear_do(teller, seed, temperature):
    must = ("kite", "garden", "sleepy")
    story = tell(teller, must=must, seed=seed, sampling=Sampling(temperature))
    assert set(must) <= set(word_types(story))
    assert missing(story, must=must) == []


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("seed", range(5))
def test_a_name_the_model_never_read_is_spelled_and_nothing_grows_onto_it(teller, strict, seed):
    story = tell(teller, must=("Zog",), seed=seed, strict=strict)
    assert "Zog" in story
    assert "zog" in word_types(story)


def test_the_only_unknown_words_are_those_that_were_wished_for(teller):
    story = tell(teller, must=("Zog",), seed=3, beginning="")
    known = {*teller.vocabulary.words, *"0123456789"}
    assert set(word_types(story)) - known == {"zog"}


def test_phrases_may_be_wished_for(teller):
    story = tell(teller, must=("red apple",))
    assert "red apple" in " ".join(word_types(story))


def test_words_come_even_when_there_is_hardly_room(teller):
    must = ("kite", "garden", "sleepy")
    story = tell(teller, must=must, length=6)
    assert missing(story, must=must) == []


def test_where_there_is_no_room_it_is_said_what_is_missing(teller):
    must = ("kite", "garden", "sleepy")
    story = tell(teller, must=must, length=2)
    assert 1 <= len(missing(story, must=must)) < 3
    assert missing("A Kite!", must=must) == ["garden", "sleepy"]
    assert missing("kites gardens", must=("kite",)) == ["kite"]


def test_half_a_word_is_not_said_where_the_room_ends(teller):
    known = {*teller.vocabulary.words, *"0123456789"}
    for length in range(1, 8):
        story = tell(teller, must=("Zogzogzog",), length=length)
        assert set(word_types(story)) <= known | {"zogzogzog"}


def test_a_word_that_the_model_said_itself_is_not_asked_for_when_the_room_ends(teller):
    """The first of the words that are owed was taken, and there was none."""
    ball = teller.vocabulary.encode(" ball")[0]
    logits = np.zeros(len(teller.vocabulary), np.float32)
    logits[ball] = -99
    steer = weaving(teller.vocabulary, "", must=["ball"], length=6)
    choose = steer(lambda logits, last: ball)
    assert [choose(logits, ball) for _ in range(6)] == [ball] * 6


def test_the_story_does_not_end_before_its_words_are_said(teller):
    class Ending:
        """A chooser that ends the story whenever it may."""

        def __call__(self, logits, last):
            return 0 if logits[0] > -np.inf else int(logits.argmax())

    vocabulary = teller.vocabulary
    steer = weaving(vocabulary, BEGINNING, must=("kite",), length=40)
    choose = steer(Ending())
    logits = np.zeros(len(vocabulary), np.float32)
    logits[0] = 9.0
    last, told = vocabulary.encode(BEGINNING)[-1], []
    while last != vocabulary.eos:
        last = choose(logits, last)
        told.append(last)
    assert "kite" in vocabulary.decode(told)


def test_the_fitting_place_is_taken(teller):
    """A word is said where it is nearly the likeliest, not where it is first possible."""
    vocabulary = teller.vocabulary
    kite = vocabulary.encode(" kite")[0]
    choose = weaving(vocabulary, BEGINNING, must=("kite",), length=100)(
        lambda logits, last: int(logits.argmax())
    )
    likely, unlikely = np.zeros((2, len(vocabulary)), np.float32)
    ball = vocabulary.encode(" ball")[0]
    likely[ball], likely[kite] = 10.0, 9.0
    unlikely[ball], unlikely[kite] = 10.0, 0.0
    told = [ball]
    for logits in [unlikely] * 10 + [likely] + [unlikely] * 5:
        told.append(choose(logits, told[-1]))
    assert [place for place, token in enumerate(told) if token == kite] == [11]


def test_what_the_story_has_already_is_granted(teller):
    assert weaving(teller.vocabulary, "A kite.", must=("kite",), length=9) is None
    assert weaving(teller.vocabulary, "A kite.", length=9) is None


@pytest.mark.parametrize("name", WISHES)
@pytest.mark.parametrize("seed", range(3))
def test_every_wish_is_brought_about(teller, name, seed):
    story = tell(teller, wishes=(name,), length=400, seed=seed)
    assert WISHES[name].phrase.strip() in story or WISHES[name].granted(story)


def test_an_end_that_comes_by_itself_is_not_brought_about_once_more(teller):
    vocabulary = teller.vocabulary
    script = [*vocabulary.encode(" The moral of the story is to play."), vocabulary.eos]
    told = iter(script)
    choose = weaving(vocabulary, BEGINNING, wishes=("moral",), length=200)(
        lambda logits, last: next(told)
    )
    made = [vocabulary.encode(BEGINNING)[-1]]
    while made[-1] != vocabulary.eos:
        made.append(choose(np.zeros(len(vocabulary), np.float32), made[-1]))
    assert made[1:] == script


def test_an_end_is_wished_for_after_all_else(teller):
    story = tell(teller, wishes=("moral",), must=("kite",), length=120)
    assert " kite" in story
    assert story.index("The moral of the story is") > story.index(" kite")


@pytest.mark.parametrize(
    ("name", "story", "granted"),
    [
        ("talk", 'She said, "Hello."', True),
        ("talk", 'A " alone', False),
        ("twist", "Then something unexpected happened.", True),
        ("happy end", "They were sad. But then they were happy. They played.", True),
        ("happy end", "They were happy. He fell. He cried. He left.", False),
        ("sad end", "They were very sad.", True),
        ("moral", "The moral of the story is to share.", True),
        ("moral", "The moral of the story is", False),
    ],
)
def test_a_wish_is_granted_where_a_reader_would_say_so(name, story, granted):
    assert WISHES[name].granted(story) == granted
    assert (missing(story, wishes=(name,)) == []) == granted


def test_what_is_no_word_or_no_wish_is_refused(teller):
    with pytest.raises(UserError, match="wanted a word that must appear, given '!!'"):
        weaving(teller.vocabulary, "", must=("!!",), length=9)
    with pytest.raises(UserError, match="given 'ghost'"):
        weaving(teller.vocabulary, "", wishes=("ghost",), length=9)
