import logging
import os
import shutil
from collections.abc import Iterator

import pytest

from tinystories.data.pipeline import prepare
from tinystories.errors import UserError
from tinystories.evaluation.telling import (
    BEGINNING,
    HeldOut,
    as_told,
    beginnings,
    find_corpus,
    held_out,
    read_held_out,
    told_once,
)
from tinystories.records import Told
from tinystories.runs import Run

WORDS = " ".join(f"w{i}" for i in range(30))
HELD = HeldOut("three", tuple(f"story{i} {WORDS}" for i in range(3)))
PROMPTS, SEEDS = ["", "A", "", "B"], [5, 6, 7, 8]


class Counting:
    """Tells made-up stories, and remembers which were asked for; stops after ``most``."""

    def __init__(self, most: int = 99) -> None:
        self.asked: list[int] = []
        self.most = most

    def __call__(self, prompts, seeds) -> Iterator[tuple[int, Told]]:
        # The last first: stories come as they end.
        for number in reversed(range(len(prompts))):
            if len(self.asked) == self.most:
                raise KeyboardInterrupt
            self.asked.append(seeds[number])
            yield (
                number,
                Told(prompts[number], prompts[number] + " told", True, 1, seeds[number]),
            )


def test_every_second_story_begins_as_a_held_out_one():
    prompts = beginnings(6, HELD)
    assert prompts[0::2] == ["", "", ""]
    assert [len(prompt.split()) for prompt in prompts[1::2]] == [BEGINNING] * 3
    assert [prompt.split()[0] for prompt in prompts[1::2]] == ["story1", "story0", "story2"]
    assert beginnings(4, HELD) == prompts[:4]
    assert beginnings(3, None) == ["", "", ""]


def test_real_stories_have_the_prompt_of_their_place():
    told = as_told(HELD, 10)
    assert [story.text for story in told] == list(HELD.stories)
    assert told[0].prompt == ""
    assert HELD.stories[1].startswith(told[1].prompt)
    assert told[1].tokens == 31 - BEGINNING


def test_the_order_of_held_out_stories_is_fixed_and_not_theirs():
    stories = [str(i) for i in range(100)]
    assert held_out("", stories) == held_out("", stories)
    assert held_out("", stories).stories != tuple(stories)
    assert sorted(held_out("", stories).stories) == sorted(stories)


def test_stories_are_told_once(tmp_path):
    path = tmp_path / "stories.jsonl"
    first = told_once(path, PROMPTS, SEEDS, Counting(), made_by={"model": 1})
    assert [story.seed for story in first] == SEEDS
    again = Counting()
    assert told_once(path, PROMPTS, SEEDS, again, made_by={"model": 1}) == first
    assert again.asked == []


def test_an_interrupted_telling_goes_on_where_it_stopped(tmp_path):
    path = tmp_path / "stories.jsonl"
    with pytest.raises(KeyboardInterrupt):
        told_once(path, PROMPTS, SEEDS, Counting(most=2), made_by={})
    with path.open("a") as file:
        file.write('{"prompt": "", "te')  # Killed in the middle of a line.
    rest, counts = Counting(), []
    stories = told_once(path, PROMPTS, SEEDS, rest, made_by={}, done=counts.append)
    assert rest.asked == [6, 5]
    assert counts == [2, 3, 4]
    whole = told_once(tmp_path / "other.jsonl", PROMPTS, SEEDS, Counting(), made_by={})
    assert stories == whole


def test_more_stories_keep_those_that_are_there_and_fewer_lose_none(tmp_path):
    path = tmp_path / "stories.jsonl"
    told_once(path, PROMPTS[:2], SEEDS[:2], Counting(), made_by={})
    more = Counting()
    told_once(path, PROMPTS, SEEDS, more, made_by={})
    assert more.asked == [8, 7]
    none = Counting()
    assert len(told_once(path, PROMPTS[:1], SEEDS[:1], none, made_by={})) == 1
    told_once(path, PROMPTS, SEEDS, none, made_by={})
    assert none.asked == []


def test_another_models_stories_are_told_anew(tmp_path, caplog):
    path = tmp_path / "stories.jsonl"
    told_once(path, PROMPTS, SEEDS, Counting(), made_by={"model": 1})
    other = Counting()
    with caplog.at_level(logging.WARNING):
        told_once(path, PROMPTS, SEEDS, other, made_by={"model": 2})
    assert sorted(other.asked) == SEEDS
    assert "told anew" in caplog.text


def test_a_story_edited_by_hand_is_scored_as_it_is(tmp_path):
    path = tmp_path / "stories.jsonl"
    told_once(path, PROMPTS, SEEDS, Counting(), made_by={})
    path.write_text(path.read_text().replace("A told", "A was told by hand"))
    stories = told_once(path, PROMPTS, SEEDS, Counting(most=0), made_by={})
    assert stories[1].text == "A was told by hand"


def test_the_corpus_of_a_run_is_found_again(corpus_file, tmp_path):
    made = prepare(
        str(corpus_file), vocab=60, tokenizer={"kind": "words"}, folder=tmp_path / "a", processes=1
    )
    run = Run(tmp_path / "run" / "model", {"data": made.describe()})
    assert find_corpus(run, tmp_path / "a").folder == made.corpus.folder
    # Prepared anew from where the card says the stories were.
    again = find_corpus(run, tmp_path / "b")
    assert again.index["fingerprint"] == made.corpus.index["fingerprint"]


@pytest.mark.parametrize("kept", [{"limit": 200}, {"filter": "dark"}, {"deduplicate": False}])
def test_a_corpus_is_prepared_again_as_it_was_also_from_a_copy(corpus_file, tmp_path, kept):
    source = tmp_path / "stories.txt"
    shutil.copyfile(corpus_file, source)
    tokenizer = {"kind": "words"}
    made = prepare(
        str(source), vocab=60, tokenizer=tokenizer, folder=tmp_path / "a", processes=1, **kept
    )
    run = Run(tmp_path / "run" / "model", {"data": made.describe()})
    assert find_corpus(run, tmp_path / "b").index == made.corpus.index
    os.utime(source, (0, 0))
    assert find_corpus(run, tmp_path / "b").sizes() == made.corpus.sizes()
    source.write_text("Tom saw a big dog. The dog was sad.\n\n" + source.read_text())
    with pytest.raises(UserError, match="gives others now"):
        find_corpus(run, tmp_path / "c")


def test_a_corpus_that_is_gone_or_changed_is_one_line(corpus_file, tmp_path):
    def run(asked, fingerprint="f" * 64):
        said = {"source": {"asked": str(asked)}, "fingerprint": fingerprint}
        return Run(tmp_path / "run" / "model", {"data": said})

    with pytest.raises(UserError, match=r"not at hand; .*--on PATH"):
        find_corpus(run(tmp_path / "gone.txt"), tmp_path / "data")
    with pytest.raises(UserError, match="gives others now"):
        find_corpus(run(corpus_file), tmp_path / "data")


def test_held_out_stories_can_be_any_file(corpus_file, tmp_path):
    assert len(read_held_out(corpus_file).stories) == 300
    empty = tmp_path / "empty.txt"
    empty.write_text(" ")
    with pytest.raises(UserError):
        read_held_out(empty)
