import json
import math
from html.parser import HTMLParser

import pytest

from tinystories.errors import UserError
from tinystories.evaluation.intervals import Interval
from tinystories.evaluation.metric import Metric, SetMetric
from tinystories.evaluation.page import dots, number, page
from tinystories.evaluation.scorecard import (
    SCORES,
    Scorecard,
    read_scorecard,
    score_stories,
    write_scorecard,
)
from tinystories.records import Told

STORIES = [Told("Once", "Once " + "a" * i, ended=i % 2 == 0, tokens=i, seed=i) for i in range(10)]
LONG = Metric(
    "letters",
    "Letters & <signs>",
    "letters",
    "higher",
    "How long.",
    lambda told: [float(len(story.text)) if story.tokens else None for story in told],
)
ENDED = Metric(
    "ended",
    "Ended",
    "% of stories",
    "higher",
    "Whether it ends.",
    lambda told: [100.0 * story.ended for story in told],
)
LONGEST = SetMetric(
    "longest",
    "Longest",
    "letters",
    "like real",
    "The longest.",
    lambda told: float(max(len(story.text) for story in told)),
)


@pytest.fixture
def card():
    metrics = [("Length", LONG), ("Ends", ENDED), ("Length", LONGEST)]
    scores = {score.name: score for score in score_stories(metrics, STORIES)}
    return Scorecard(
        run={"name": "rnn <b>", "parameters": 3e6, "vocab": 4500, "tokens": None, "data": "x"},
        settings={"count": 10, "temperature": 0.8, "quick": True},
        scores=scores,
        anchors={"real": {"letters": Interval(9.0, 8.0, 10.0, 5), "longest": _nothing()}},
        ids={"stories": tuple(map(str, range(10)))},
        operation={"words_per_s": 123.4},
        missing=("grammar <i>: install it",),
        seconds={"telling": 1.5},
        versions={"tinystories": "1"},
    )


def _nothing():
    return Interval(math.nan, math.nan, math.nan, 0)


def test_every_metric_becomes_a_score(card):
    letters, ended, longest = card.scores.values()
    assert letters.interval.value == pytest.approx(5 + 5)
    assert letters.interval.n == 9
    assert letters.each[0] is None
    assert ended.interval.value == 50
    assert longest.interval.value == 14
    assert longest.each == ()
    assert len(longest.drawn) == 100
    assert list(card.sections()) == ["Length", "Ends"]
    assert [score.name for score in card.sections()["Length"]] == ["letters", "longest"]


def test_a_scorecard_comes_back_as_it_was_written(card, tmp_path):
    write_scorecard(tmp_path / "new", card)
    back = read_scorecard(tmp_path / "new")
    assert back.scores["ended"] == card.scores["ended"]
    assert back.anchors["real"]["letters"] == card.anchors["real"]["letters"]
    assert math.isnan(back.anchors["real"]["longest"].value)
    assert back.scores["longest"].drawn == pytest.approx(card.scores["longest"].drawn)
    assert (back.ids, back.missing, back.settings) == (card.ids, card.missing, card.settings)
    text = (tmp_path / "new" / SCORES).read_text()
    assert "NaN" not in text
    assert json.loads(text)["scores"]["letters"]["n"] == 9


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": 1}', '{"format": 1, "run": {}, "what": 1}', "{"]
)
def test_damaged_scores_are_one_line(tmp_path, text):
    (tmp_path / SCORES).write_text(text)
    with pytest.raises(UserError, match="score it again"):
        read_scorecard(tmp_path)


def test_scores_of_another_format_or_none_are_one_line(tmp_path):
    with pytest.raises(UserError, match="tinystories evaluate"):
        read_scorecard(tmp_path)
    (tmp_path / SCORES).write_text('{"format": 99}')
    with pytest.raises(UserError, match="format 99"):
        read_scorecard(tmp_path)


class Page(HTMLParser):
    """Keeps the text and attributes of a page, and how tags nest."""

    OPEN_ENDED = frozenset(
        ("meta", "br", "td", "th", "tr", "li", "line", "circle", "rect", "html", "tbody", "thead")
    )

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.shown = ""
        self.pictures = 0
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.links += [given[name] for name in ("src", "href", "xlink:href") if given.get(name)]
        if given.get("id"):
            self.ids.append(given["id"])
        self.pictures += tag == "svg"
        if tag not in self.OPEN_ENDED:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.OPEN_ENDED:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.shown += data


def test_the_page_is_whole_and_needs_nothing_else(card):
    text = page(card, STORIES)
    found = Page(text)
    assert found.open == []
    assert len(found.ids) == len(set(found.ids))
    assert all(link.startswith("#") and link[1:] in found.ids for link in found.links)
    assert "url(" not in text
    assert found.pictures == 3


def test_the_page_says_what_was_measured(card):
    shown = Page(page(card, STORIES)).shown
    for said in ("Letters & <signs>", "rnn <b>", "grammar <i>: install it", "How long.", "123"):
        assert said in shown
    assert "a quick look" in shown


def test_the_page_shows_the_best_and_the_worst_story(card):
    shown = Page(page(card, STORIES)).shown
    best = shown.index("The best: 14.0 letters")
    worst = shown.index("The worst: 6.00 letters")
    assert "a" * 9 in shown[best:worst]
    assert "a" * 2 not in shown[worst : worst + 60]


def test_a_picture_has_a_row_for_each_number_and_stays_inside():
    rows = [
        ("this model", Interval(5, 4, 6, 9), "run"),
        ("the same model, untrained", Interval(500, 400, 600, 9), "other"),
        ("nothing", Interval(math.nan, math.nan, math.nan, 0), "other"),
    ]
    drawn = dots(rows, "a title")
    assert drawn.count("<circle") == 1
    assert "›››" in drawn
    assert "nothing" not in drawn
    assert dots([], "a title") == ""


@pytest.mark.parametrize("value", [0.0, 1e-9, -3.0, 1e12])
def test_a_picture_of_equal_numbers_can_be_drawn(value):
    assert "<circle" in dots([("this", Interval(value, value, value, 3), "run")], "t")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.7427, "0.743"),
        (12.345, "12.3"),
        (1530.2, "1,530"),
        (0, "0"),
        (math.nan, "–"),
        (-2, "-2.00"),
    ],
)
def test_numbers_have_three_digits_that_count(value, text):
    assert number(value) == text
