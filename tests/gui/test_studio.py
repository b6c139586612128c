"""What the pages share, without a window: models, the story, what is kept."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from stage import Stage, make_run

from gui.session import Finished
from gui.studio import BEGINNING, Studio, day_of, label, labelled
from gui.voices import Manner
from tinystories.runs import Run


@pytest.fixture
def outputs(tmp_path):
    make_run(tmp_path / "one" / "model", 0.7)
    make_run(tmp_path / "two" / "model", 0.8, family="rnn")
    return tmp_path


@pytest.fixture
def open_studio():
    studios = []

    def opened(outputs):
        studios.append(Studio(outputs, Stage().load))
        return studios[-1]

    yield opened
    for studio in studios:
        studio.session.close()


def poll(studio, happened):
    deadline = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < deadline, studio.said
        studio.poll()
        time.sleep(0.002)


def test_the_best_run_is_chosen_and_loaded(open_studio, outputs):
    studio = open_studio(outputs)
    studio.find()
    poll(studio, lambda: studio.voice is not None)
    assert studio.run == "transformer · 0.70 bits per byte"
    assert studio.best("rnn") == "rnn-gru · 0.80 bits per byte"


def test_the_models_that_come_with_the_project_are_found_and_the_best_is_chosen(open_studio):
    studio = open_studio(Path(__file__).parents[2] / "outputs" / "pretrained")
    studio.find()
    poll(studio, lambda: studio.voice is not None)
    assert {run.folder.name for run in studio.runs.values()} == {"transformer", "rnn"}
    assert studio.runs[studio.best("transformer")].folder.name == "transformer"
    assert studio.runs[studio.best("rnn")].folder.name == "rnn"
    assert studio.run == studio.best("transformer")
    assert studio.broken == {}


def test_a_choice_made_while_another_model_loads_wins(open_studio, outputs):
    studio = open_studio(outputs)
    studio.find()
    poll(studio, lambda: studio.run is not None)
    studio.choose(studio.best("rnn"))
    studio.choose(studio.best("transformer"))
    poll(studio, lambda: studio.voice is not None)
    assert studio.voice.name == "one"


def test_a_better_run_does_not_take_over_a_choice(open_studio, outputs):
    studio = open_studio(outputs)
    studio.find()
    poll(studio, lambda: studio.voice is not None)
    make_run(outputs / "three" / "model", 0.1)
    studio.find()
    poll(studio, lambda: len(studio.runs) == 3)
    assert studio.folder == outputs / "one" / "model"


def test_any_run_folder_can_be_opened_and_another_folder_is_refused(open_studio, outputs, tmp_path):
    studio = open_studio(outputs / "one")
    elsewhere = tmp_path / "two"
    studio.open_run(elsewhere)
    poll(studio, lambda: studio.voice is not None)
    assert studio.folder == elsewhere / "model"
    studio.open_run(tmp_path / "nothing")
    poll(studio, lambda: studio.said.alarm)
    assert studio.said.sentence.startswith("Failed: wanted a trained model, found no card.json")


def test_what_is_on_the_page_comes_back_after_a_crash(open_studio, outputs):
    studio = open_studio(outputs)
    studio.document.edit("A story that nobody saved")
    studio.document.set_aside("once")
    studio.keep_draft()
    poll(studio, lambda: studio.library.draft() is not None)
    other = open_studio(outputs)  # The first was never closed.
    assert other.document.text == "A story that nobody saved"
    assert [version.name for version in other.document.versions] == ["once"]


def test_a_story_that_cannot_be_kept_is_spoken_of_and_the_window_closes(
    open_studio, outputs, caplog
):
    studio = open_studio(outputs)
    (outputs / "studio").write_text("in the way", encoding="utf-8")
    studio.document.edit("Something new")
    studio.close()
    assert "the story on the page could not be kept" in caplog.text


def test_a_draft_that_a_crash_cut_short_is_passed_over(open_studio, outputs):
    (outputs / "studio").mkdir()
    (outputs / "studio" / "draft.json").write_text('{"document": {"sp', encoding="utf-8")
    assert open_studio(outputs).document.text == BEGINNING


def test_a_story_that_is_saved_twice_is_kept_once(open_studio, outputs):
    studio = open_studio(outputs)
    for text in ("One", "One and more"):
        studio.document.edit(text)
        studio.save()
        poll(studio, lambda text=text: any(s.text == text for s in studio.library.stories()[0]))
    assert [story.text for story in studio.library.stories()[0]] == ["One and more"]


def test_a_thousand_pieces_come_in_few_batches(open_studio, outputs):
    studio = open_studio(outputs)
    batches, ends = [], []

    def work(act):
        for number in range(1000):
            act.report(number)

    studio.act("lane", work, pieces=batches.append, end=ends.append)
    time.sleep(0.1)
    poll(studio, lambda: ends)
    assert [number for batch in batches for number in batch] == list(range(1000))
    assert len(batches) < 20
    assert isinstance(ends[0], Finished)


def run(bpb=1.018, made=None, kind="hub", cell="gru"):
    model = {"family": "rnn", "arguments": {"cell": cell}}
    card = {"model": model, "val_bpb": bpb, "data": {"source": {"kind": kind}}, "made": made}
    return Run(Path(f"run-{made}"), card)


NOW = datetime(2025, 3, 12, 20, 0, tzinfo=UTC)


def test_a_run_is_called_by_its_model_and_score():
    assert label(run()) == "rnn-gru · 1.02 bits per byte"
    assert label(run(None, kind="embedded")) == "rnn-gru · not measured · built-in stories"


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("2025-03-12T14:03:00+00:00", "today 14:03"),
        ("2025-03-12T01:30:00+02:00", "yesterday 23:30"),
        ("2024-12-31T14:03:00+00:00", "2024-12-31 14:03"),
        ("some day", ""),
        (None, ""),
    ],
)
def test_when_a_run_was_made_is_said_as_a_person_would(when, said):
    assert day_of(when, NOW) == said


def test_runs_that_would_be_called_the_same_have_their_time_or_a_number_added():
    runs = [run(made="2025-03-12T14:03:00+00:00"), run(), run(), run(2.0)]
    assert list(labelled(runs, NOW)) == [
        "rnn-gru · 1.02 bits per byte · today 14:03",
        "rnn-gru · 1.02 bits per byte",
        "rnn-gru · 1.02 bits per byte · no. 2",
        "rnn-gru · 2.00 bits per byte",
    ]


def test_a_run_that_is_moved_while_the_studio_is_open_is_missed_and_found_again(
    open_studio, outputs, teller
):
    teller.save(outputs / "real" / "model")
    studio = open_studio(outputs)
    studio.open_run(outputs / "real")
    poll(studio, lambda: studio.voice is not None)
    voice = studio.voice
    (outputs / "real").rename(outputs / "real, moved")
    assert next(voice.stream("Anna", Manner()))  # It is in memory.

    studio.open_run(outputs / "real")
    poll(studio, lambda: studio.said.alarm)
    assert "found no card.json" in studio.said.sentence
    studio.find()
    poll(studio, lambda: any("moved" in str(run.folder) for run in studio.runs.values()))
    studio.open_run(outputs / "real, moved")
    poll(studio, lambda: studio.voice not in (None, voice))


def test_a_studio_whose_own_folder_is_taken_away_makes_another(open_studio, outputs):
    studio = open_studio(outputs)
    studio.document.edit("Kept")
    studio.save()
    poll(studio, lambda: studio.library.stories()[0])
    (outputs / "studio").rename(outputs / "away")
    studio.save()
    poll(studio, lambda: studio.library.stories()[0])
    assert studio.library.stories()[0][0].text == "Kept"
