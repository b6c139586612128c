"""What a corpus is like, and the command that says so."""

import json

import pytest

from tinystories.__main__ import main
from tinystories.data_report import page, report_of, stories_of
from tinystories.errors import UserError
from tinystories.evaluation.roles import TOPICS

STORIES = [
    "Lily had a red ball and a blue hat. She went to the park and was happy all the day.",
    "Tim had a big truck. He drove it up the hill, and it went down again very fast indeed.",
    "Tim had a big truck! He drove it up the hill, and it went down again - very fast indeed.",
    "The dog was old. It was sick, and one night the dog died. Everybody cried and cried.",
    "Once there was a cafÃ© by the sea where a fat cat slept all day long in the warm sun.",
    "This story stops in the middle of a sentence, and nobody knows what came after it was",
]


@pytest.fixture(scope="module")
def report():
    return report_of("mine", iter(STORIES))


def test_everything_is_counted(report):
    assert report.stories == 6
    assert report.words.total() == sum(report.lengths.elements())
    assert report.exact_copies == 1  # of Tim's: punctuation does not count
    assert report.near_copies == 0
    assert report.mended == 1
    assert report.flaws == {"cut off": 1}
    assert report.openings["tim had a big truck"] == 2
    assert report.genders == {"she": 1, "he": 2, "unknown": 3}
    assert (report.dark, report.themes) == (1, {"death": 1})
    assert "[died]" in report.examples["death"][0]


def test_near_copies_are_found():
    story = "The cat and the dog walked down to the river and there they saw a very big fish. " * 4
    changed = story.replace("very big fish", "very red fish", 1)
    others = report_of("mine", [story.replace("cat", f"cat number {n}") for n in (1, 2)])
    assert report_of("mine", [story, changed]).near_copies == 1
    assert others.exact_copies == 0


def test_coverage_is_the_share_of_the_commonest_words():
    report = report_of("mine", ["the the the cat"])
    assert report.coverage(1) == 75
    assert report.coverage(9) == 100


def test_lengths_are_those_that_a_share_of_stories_does_not_exceed():
    report = report_of("mine", ["word " * n for n in range(1, 101)])
    assert [report.length(percent) for percent in (5, 50, 95, 100)] == [5, 50, 95, 100]


def test_topics_are_told_apart_by_the_hero(report):
    she, he = (dict(zip(TOPICS, report.topic_rates(who), strict=True)) for who in ("she", "he"))
    assert he["making and machines"] == pytest.approx(100 * 2 / 38)  # two trucks
    assert she["making and machines"] == 0
    assert she["joy"] == 100 / 20


def test_the_page_needs_no_other_file_and_shows_text_as_text():
    shown = page(
        report_of("<b>mine</b>", [*STORIES, "<script>alert(1)</script> The dog died. " * 3])
    )
    assert "<b>mine" not in shown
    assert "<script" not in shown
    assert shown.count("<svg") >= 5
    assert "http://" not in shown.replace("http://www.w3.org", "").replace(
        "http://purl.org", ""
    ).replace("http://creativecommons.org", "")


def test_no_stories_say_so():
    with pytest.raises(UserError, match="found none in nothing"):
        report_of("nothing", [])


def test_the_command_reports_and_writes_a_page(tmp_path, capsys):
    source = tmp_path / "stories.jsonl"
    source.write_text("\n".join(map(json.dumps, STORIES)), encoding="utf-8")
    assert main(["data", str(source), "--page", str(tmp_path / "page.html")]) == 0
    shown = capsys.readouterr().out
    assert "tim had a big truck" in shown
    assert "2 (33.33 %)" in shown
    assert (tmp_path / "page.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_the_limit_is_kept(corpus_file):
    assert len(list(stories_of(str(corpus_file), 7)[1])) == 7
    assert len(list(stories_of("embedded", 7)[1])) == 7


@pytest.mark.parametrize(
    "arguments",
    [["nowhere"], ["embedded", "--limit", "0"], ["embedded", "--limit", "3", "--page", "no/where"]],
)
def test_bad_input_is_one_line_and_exit_code_two(arguments, capsys):
    assert main(["data", *arguments]) == 2
    [line] = capsys.readouterr().err.strip().splitlines()
    assert line.startswith("error: ")
