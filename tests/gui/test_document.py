import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui.document import Document, Span, common_start, text_of


@pytest.fixture
def story():
    """Typed, told, typed, told."""
    document = Document("Once")
    told(document, " upon a time")
    document.edit(document.text + " I wrote")
    told(document, " and it told.")
    return document


def told(document, *pieces, at=None):
    beginning = document.begin_telling(at)
    for piece in pieces:
        document.add(piece)
    document.end_telling()
    return beginning


def test_a_telling_follows_all_that_is_there(story):
    assert story.spans == (
        Span("Once"),
        Span(" upon a time", 1),
        Span(" I wrote"),
        Span(" and it told.", 2),
    )


def test_what_is_typed_amid_told_words_is_yours(story):
    story.edit(story.text.replace("a time", "a happy time"))
    assert story.spans[1:4] == (Span(" upon a ", 1), Span("happy "), Span("time", 1))


def test_a_telling_from_the_middle_sets_the_rest_aside(story):
    before = story.text
    assert told(story, " more", at=4) == "Once"
    assert story.text == "Once more"
    assert [version.text for version in story.versions] == [before]
    assert story.undo()
    assert story.text == before


def test_undo_takes_back_tellings_and_typing_and_redo_brings_them_again(story):
    seen = []
    while story.undo():
        seen.append(story.text)
    assert seen == ["Once upon a time I wrote", "Once upon a time", "Once"]
    while story.redo():
        pass
    assert story.text == "Once upon a time I wrote and it told."


def test_typing_is_undone_word_by_word():
    document = Document("A")
    for end in range(2, len("A red cat") + 1):
        document.edit("A red cat"[:end])
    document.undo()
    assert document.text == "A red"
    document.undo()
    assert document.text == "A"


def test_after_an_undo_another_act_forgets_what_could_be_redone(story):
    story.undo()
    story.edit("Something else")
    assert not story.can_redo


def test_retry_goes_back_to_the_beginning_of_the_last_telling_and_keeps_it(story):
    before = story.text
    assert story.retry() == "Once upon a time I wrote"
    assert [version.text for version in story.versions] == [before]
    assert Document("typed only").retry() is None


def test_a_telling_that_adds_nothing_leaves_no_step():
    document = Document("Once")
    told(document)
    assert not document.can_undo


def test_while_telling_nothing_can_be_undone_but_typing_goes_on():
    document = Document("Once upon")
    document.begin_telling()
    document.add(" a")
    assert not document.can_undo
    document.edit("Twice upon a")
    assert document.add(" time") == len("Twice upon a")
    document.edit("Twice upon a time!")
    document.add(" and")
    document.end_telling()
    assert document.text == "Twice upon a time and!"
    document.undo()
    assert document.text == "Once upon"


def test_another_word_makes_a_branch_and_versions_can_be_switched(story):
    before = story.spans
    story.branch(4, " more", "before “more”")
    assert story.spans == (Span("Once"), Span(" more", 3))
    story.switch(0)
    assert story.spans == before
    assert story.versions[0].text == "Once more"
    assert len(story.versions) == 1


def test_the_same_story_is_set_aside_only_once(story):
    story.set_aside("one")
    story.set_aside("two")
    assert [version.name for version in story.versions] == ["one"]


def test_a_document_comes_back_from_its_data(story):
    story.set_aside("first")
    data = json.loads(json.dumps(story.to_json()))
    other = Document()
    other.load_json(data)
    assert (other.spans, other.versions) == (story.spans, story.versions)
    assert not other.can_undo


@pytest.mark.parametrize(
    "data", [{}, {"spans": [["a"]], "versions": []}, {"spans": [[1, 2]], "versions": []}]
)
def test_other_data_is_refused_and_the_story_stays(data, story):
    before = story.spans
    with pytest.raises((KeyError, TypeError, ValueError)):
        story.load_json(data)
    assert story.spans == before


TEXTS = st.text("ab 😀\n", max_size=8)


@given(st.lists(TEXTS, min_size=1, max_size=6), st.integers(0, 40), st.integers(0, 9), TEXTS)
def test_any_edit_gives_the_typed_text_and_can_be_undone(pieces, start, removed, added):
    document = Document(pieces[0])
    for number, piece in enumerate(pieces[1:]):
        if number % 2:
            document.edit(document.text + piece)
        else:
            told(document, piece)
    before = document.text
    told_letters = sum(len(span.text) for span in document.spans if span.telling)
    typed = before[:start] + added + before[start + removed :]
    document.edit(typed)
    assert document.text == typed == text_of(document.spans)
    assert sum(len(s.text) for s in document.spans if s.telling) <= told_letters
    if typed != before and len(typed) != len(before) + 1:  # One letter may belong to a word.
        document.undo()
        assert document.text == before


def test_two_versions_part_at_a_whole_word():
    assert common_start("the cat sat", "the cab sat") == len("the ")
    assert common_start("same", "same") == 4
    assert common_start("", "x") == 0
