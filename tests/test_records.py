import json

import pytest

from tinystories.errors import UserError
from tinystories.records import Told, append_story, read_stories, write_stories

STORIES = [
    Told("Once", "Once upon\na “time” 🐉", ended=True, tokens=4, seed=1),
    Told("", "", ended=False, tokens=0),
]


def test_stories_come_back_as_they_were_written(tmp_path):
    path = tmp_path / "new folder" / "stories.jsonl"
    write_stories(path, STORIES)
    append_story(path, STORIES[0])
    assert read_stories(path) == [*STORIES, STORIES[0]]
    assert len(path.read_text(encoding="utf-8").splitlines()) == 3


def test_a_line_cut_off_at_the_end_is_left_out(tmp_path):
    path = tmp_path / "stories.jsonl"
    write_stories(path, STORIES)
    path.write_bytes(path.read_bytes()[:-5])
    assert read_stories(path) == STORIES[:1]


def changed(**fields):
    return json.dumps(
        {"prompt": "A", "text": "A b", "ended": True, "tokens": 1, "seed": None} | fields
    )


@pytest.mark.parametrize(
    "line",
    [
        "no json",
        "[1, 2]",
        "null",
        '"a story"',
        '{"prompt": "", "text": "a"}',
        changed(extra=1),
        changed(text=None),
        changed(text="B"),
        changed(ended="yes"),
        changed(tokens=-1),
        changed(tokens=True),
        changed(seed="1"),
        "",
    ],
)
def test_a_line_broken_by_hand_is_named_by_its_number(tmp_path, line):
    path = tmp_path / "stories.jsonl"
    path.write_text(f"{changed()}\n{line}\n{changed()}\n", encoding="utf-8")
    with pytest.raises(UserError, match="line 2 of") as error:
        read_stories(path)
    assert "\n" not in str(error.value)


def test_text_that_is_not_utf_8_is_named_too(tmp_path):
    path = tmp_path / "stories.jsonl"
    path.write_bytes(b'{"prompt": "\xff"}\n')
    with pytest.raises(UserError, match="line 1 of"):
        read_stories(path)


def test_no_file_is_one_line(tmp_path):
    with pytest.raises(UserError, match="tell them again"):
        read_stories(tmp_path / "none.jsonl")
