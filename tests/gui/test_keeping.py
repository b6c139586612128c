"""What is kept and handed on: preferences, stories, votes, exports; and what is read aloud."""

import json
from dataclasses import asdict

import pytest

from gui.document import Document, Span
from gui.export import export
from gui.library import Library, Story, title_of
from gui.preferences import PRESETS, Preferences, temperature_meaning
from gui.speech import sentences
from gui.training import read_curves
from gui.voices import Manner
from gui.words import foreign, in_characters, places, shared
from tinystories.errors import UserError
from tinystories.generation import USUAL, Sampling

KNOWN = ("the", "a", "cat", "ran", "dragon")


def story(text="Once. Told.", **settings):
    return Story(Document(text).to_json(), **{"title": "A title", **settings})


# --- Preferences ------------------------------------------------------------------------------


def test_preferences_come_back_as_they_were(tmp_path):
    wanted = Preferences(temperature=1.2, wishes=("moral",), dial=0, own_words="cat", mode="Dark")
    wanted.save(tmp_path / "deep" / "preferences.json")
    assert Preferences.load(tmp_path / "deep" / "preferences.json") == wanted


@pytest.mark.parametrize(
    "kept", ["{", "[]", '{"temperature": "hot", "seed": "4"}', '{"unknown": 1, "seed": "4"}']
)
def test_preferences_that_make_no_sense_are_as_at_first(tmp_path, kept):
    (tmp_path / "p.json").write_text(kept, encoding="utf-8")
    loaded = Preferences.load(tmp_path / "p.json")
    assert loaded == Preferences(seed="4" if "seed" in kept else "")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"dial": 1500}, None),
        ({"dial": 2}, ("the", "a")),
        ({"dial": 0, "own_words": "Cat, zebra  dragon\ncat"}, ("cat", "dragon")),
        ({"dial": 2, "strict": False}, None),
    ],
)
def test_the_dial_says_which_words_may_be_told(settings, words):
    assert Preferences(**settings).allowed(KNOWN) == words


def test_a_list_without_a_known_word_is_refused():
    with pytest.raises(UserError, match="none of your own words"):
        Preferences(dial=0, own_words="zebra").allowed(KNOWN)


def test_a_typed_seed_is_used_and_without_one_each_telling_is_another():
    assert Preferences(seed=" 7 ").manner(KNOWN).seed == 7
    assert len({Preferences().manner(KNOWN).seed for _ in range(5)}) > 1
    for seed in ("x", "-1", "1.5", str(2**63), "9" * 5000):
        with pytest.raises(UserError, match="whole number"):
            Preferences(seed=seed).manner(KNOWN)


def test_words_that_must_appear_are_parted_by_commas():
    assert Preferences(must=" dragon,ice cream ,,").manner(KNOWN).must == ("dragon", "ice cream")


def test_every_preset_is_known_by_its_values():
    for name, values in PRESETS.items():
        assert Preferences(**values).preset == name
    assert Preferences(temperature=0.42).preset == ""


def test_without_preferences_stories_are_told_as_by_the_command():
    assert Preferences().preset == "Lively"
    assert PRESETS["Lively"] == asdict(USUAL)
    manner = Manner()
    assert Sampling(manner.temperature, manner.top_k, manner.top_p, manner.min_p) == USUAL


def test_every_temperature_of_the_slider_has_a_meaning():
    meanings = list(dict.fromkeys(temperature_meaning(step / 20) for step in range(31)))
    assert meanings[0] == "always the likeliest word"
    assert meanings[2] == temperature_meaning(0.8) == "balanced"
    assert len(meanings) == 5


# --- Stories and votes ------------------------------------------------------------------------


def test_a_story_is_kept_found_changed_and_deleted(tmp_path):
    library = Library(tmp_path)
    first = library.save(story(model="rnn-gru"))
    assert first.made.endswith("+00:00")
    library.save(story("Another", title="A dragon"))
    changed = Story(**{**vars(first), "title": "Changed"})
    assert library.save(changed).made == first.made
    assert {s.title for s in library.stories()[0]} == {"Changed", "A dragon"}
    assert [s.title for s in library.stories("told RNN")[0]] == ["Changed"]
    assert library.delete(first.name).title == "Changed"
    assert [s.title for s in library.stories()[0]] == ["A dragon"]


def test_the_newest_story_comes_first(tmp_path):
    library = Library(tmp_path)
    for made in ("2025-01-02", "2025-03-01", "2025-02-01"):
        library.save(story(title=made, made=made))
    assert [s.title for s in library.stories()[0]] == ["2025-03-01", "2025-02-01", "2025-01-02"]


def test_votes_count_whatever_the_order_and_a_line_cut_short_is_passed_over(tmp_path):
    library = Library(tmp_path)
    assert library.votes("one", "two") == (0, 0, 0)
    library.vote("one", "two")
    library.vote("two", "one", blind=True)
    library.vote("one", "two")
    library.vote("two", "one", tie=True)
    library.vote("one", "three")
    with (tmp_path / "votes.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"better": "one", "wor')
    assert library.votes("one", "two") == (2, 1, 1)
    assert library.votes("two", "one") == (1, 2, 1)


def test_a_title_ends_with_a_whole_word():
    assert title_of("  Short\n one ") == "Short one"
    assert title_of("") == "Empty story"
    long = title_of("Once upon a time there was a little girl who loved her cat")
    assert long == "Once upon a time there was a little girl who …"


# --- Exports ----------------------------------------------------------------------------------

TOLD = story("One <b> & “two”.\n\nThree.", model="rnn-gru", made="2025-03-01T10:00:00+00:00")


def test_a_text_has_title_and_story(tmp_path):
    export(TOLD, tmp_path / "story.txt")
    text = (tmp_path / "story.txt").read_text(encoding="utf-8")
    assert text == "A title\n\nOne <b> & “two”.\n\nThree.\n"


def test_markdown_says_who_told_it(tmp_path):
    export(Story(**{**vars(TOLD), "manner": {"seed": 3}}), tmp_path / "story.md")
    text = (tmp_path / "story.md").read_text(encoding="utf-8")
    assert text.startswith("# A title\n\nOne <b> & “two”.\n\nThree.\n")
    assert text.endswith("*Told by rnn-gru · 2025-03-01 · seed 3*\n")


def test_a_pdf_is_large_and_has_as_many_pages_as_it_takes(tmp_path):
    export(story("Many words. " * 500), tmp_path / "story.PDF")
    content = (tmp_path / "story.PDF").read_bytes()
    assert content.startswith(b"%PDF")
    assert content.count(b"/Type /Page\n") > 3
    assert [path.name for path in tmp_path.iterdir()] == ["story.PDF"]


def test_another_kind_of_file_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"\.txt, \.md, \.pdf, given story\.doc"):
        export(TOLD, tmp_path / "story.doc")


# --- Words ------------------------------------------------------------------------------------


def test_words_of_yours_that_are_not_known_are_found_where_they_stand():
    spans = (Span("The Zebra’s 3 cats "), Span("flew past", 1), Span("it"))
    found = foreign(spans, {"the"})
    text = "".join(span.text for span in spans)
    assert [text[slice(*place)] for place in found] == ["Zebra’s", "cats", "pastit"]


def test_runs_of_words_that_two_stories_share_are_found():
    text = "One day, the cat sat on a mat. The end."
    assert [text[slice(*p)] for p in shared(text, "Then THE CAT sat on; a dog", 4)] == [
        "the cat sat on a"
    ]
    assert shared(text, "nothing of it", 2) == []


def test_ranges_of_words_become_ranges_of_characters_joined_where_they_touch():
    text = "a bb ccc dddd"
    assert len(places(text)) == 4
    assert in_characters(text, [(2, 4), (0, 1)]) == [(0, 1), (5, 13)]
    assert in_characters(text, [(0, 2), (1, 3)]) == [(0, 8)]


def test_a_text_is_read_aloud_sentence_by_sentence():
    assert sentences('Hi! "Who is it?" she asked.\n\nNobody') == [
        "Hi!",
        '"Who is it?"',
        "she asked.",
        "Nobody",
    ]


def test_a_line_of_the_curves_that_is_still_being_written_is_left_out(tmp_path):
    (tmp_path / "m.csv").write_text("step,metric,value\n1,a,2\n2,b,3\n3,a,4\n4,a", encoding="utf-8")
    assert read_curves(tmp_path / "m.csv") == {"a": [(1, 2.0), (3, 4.0)], "b": [(2, 3.0)]}


def test_a_kept_story_can_be_read_without_the_program(tmp_path):
    kept = Library(tmp_path).save(story("Plain “text”."))
    data = json.loads((tmp_path / "stories" / f"{kept.name}.json").read_text(encoding="utf-8"))
    assert data["document"]["spans"] == [["Plain “text”.", 0]]
