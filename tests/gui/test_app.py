import os
import queue
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import customtkinter
import pytest

from gui import app as look
from gui.app import BEGINNING, App, label, temperature_meaning
from gui.session import Session
from tinystories.errors import UserError
from tinystories.runs import Run, write_card

MODULE = [sys.executable, "-m", "gui"]
END = None


class Stage:
    """A fake model that tells what the test hands it."""

    def __init__(self):
        self.lines, self.wishes = queue.Queue(), []

    def load(self, folder):
        if "damaged" in str(folder):
            raise UserError("the model is damaged; train again")
        return self.tell

    def tell(self, wish):
        self.wishes.append(wish)
        while (line := self.lines.get(timeout=20)) is not END:
            if isinstance(line, Exception):
                raise line
            yield line


def make_run(folder, bpb):
    folder.mkdir(parents=True)
    (folder / "weights.safetensors").write_bytes(b"weights")
    card = {
        "model": {"family": "transformer", "arguments": {}},
        "vocab": {},
        "data": {"source": {"kind": "local"}},
        "val_bpb": bpb,
    }
    write_card(folder, card)


@pytest.fixture(scope="session")
def display():
    """The display to draw on; one in memory where there is no screen."""
    if os.environ.get("DISPLAY") or not sys.platform.startswith("linux"):
        yield
        return
    if not shutil.which("Xvfb"):
        pytest.skip("the window needs a display or the program Xvfb (apt install xvfb)")
    number, write_end = os.pipe()
    screen = ["-screen", "0", "1280x900x24", "-nolisten", "tcp"]
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write_end), *screen],
        pass_fds=[write_end],
        stderr=subprocess.DEVNULL,
    )
    os.close(write_end)
    with os.fdopen(number) as answer:
        os.environ["DISPLAY"] = f":{answer.readline().strip()}"
    yield
    del os.environ["DISPLAY"]
    server.terminate()
    server.wait()


@pytest.fixture(scope="session")
def studio(display, tmp_path_factory):
    """The only window of the tests: customtkinter keeps state that a second one would share."""
    outputs = tmp_path_factory.mktemp("outputs")
    make_run(outputs / "good" / "model", 0.9)
    make_run(outputs / "damaged" / "model", 1.4)
    stage = Stage()
    session = Session(stage.load)
    app = App(customtkinter.CTk(), session, outputs)
    wait(app, lambda: app.ready)
    yield app, stage
    app.close()
    stage.lines.put(END)
    session.close()


@pytest.fixture
def app(studio):
    app, stage = studio
    app.page.delete("1.0", "end")
    app.page.insert("end", BEGINNING)
    app.seed_entry.delete(0, "end")
    stage.wishes.clear()
    return app


@pytest.fixture
def stage(studio):
    return studio[1]


def wait(app, happened):
    deadline = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < deadline, app.status.cget("text")
        app.root.update()
        time.sleep(0.005)
    app.root.update()


def text(app):
    return app.page.get("1.0", "end-1c")


def told(app):
    """The text that has the colour of told words."""
    ranges = app.page.tag_ranges("told")
    return [app.page.get(*span) for span in zip(ranges[::2], ranges[1::2], strict=True)]


def says(app, start):
    return app.status.cget("text").startswith(start)


def tell(app, stage, *lines):
    """Press Tell and let the model tell all lines to the end."""
    for line in (*lines, END):
        stage.lines.put(line)
    app.tell_button.invoke()
    wait(app, lambda: says(app, "Fin") or says(app, "Fail"))


def test_words_stream_in_at_the_end_in_another_colour(app, stage):
    app.tell_button.invoke()
    stage.lines.put(" girl")
    wait(app, lambda: text(app) == BEGINNING + " girl")
    assert says(app, "Telling")
    stage.lines.put(" named")
    stage.lines.put(" Lily.")
    wait(app, lambda: text(app) == BEGINNING + " girl named Lily.")
    stage.lines.put(END)
    wait(app, lambda: says(app, "Finished"))
    assert told(app) == [" girl named Lily."]
    assert app.page.tag_cget("told", "foreground") in look.TOLD
    assert "transformer · 3 words" in app.figures.cget("text")
    assert "words per second" in app.figures.cget("text")


def test_the_settings_reach_the_model(app, stage):
    app.temperature_slider.set(0.35)
    app.strict_switch.deselect()
    app.seed_entry.insert(0, " 42 ")
    tell(app, stage)
    app.strict_switch.select()
    app.temperature_slider.set(0.8)
    app.seed_entry.delete(0, "end")
    tell(app, stage)
    first, second = stage.wishes
    assert (first.beginning, first.temperature, first.strict, first.seed) == (
        BEGINNING,
        0.35,
        False,
        42,
    )
    assert (second.temperature, second.strict) == (0.8, True)


@pytest.mark.parametrize("seed", ["abc", "-1", "1.5", "²", str(2**63)])
def test_a_seed_that_is_no_whole_number_is_refused_and_nothing_is_told(app, stage, seed):
    app.seed_entry.insert(0, seed)
    app.tell_button.invoke()
    assert says(app, "The seed must be a whole number")
    assert stage.wishes == []
    assert app.tell_button.cget("state") == "normal"


def test_while_telling_only_stop_can_be_pressed_and_the_page_is_not_editable(app, stage):
    app.tell_button.invoke()
    usable = {
        name: getattr(app, name).cget("state") == "normal"
        for name in ("tell_button", "stop_button", "undo_button", "model_menu", "page")
    }
    assert [name for name, can in usable.items() if can] == ["stop_button"]
    app.tell_button.invoke()
    stage.lines.put(END)
    wait(app, lambda: says(app, "Finished"))
    assert len(stage.wishes) == 1
    assert app.page.cget("state") == "normal"


def test_a_stopped_telling_keeps_its_words_and_another_can_follow(app, stage):
    app.tell_button.invoke()
    stage.lines.put(" girl")
    wait(app, lambda: told(app) == [" girl"])
    app.stop_button.invoke()
    stage.lines.put(" who is not wanted any more")
    wait(app, lambda: says(app, "Stopped"))
    assert text(app) == BEGINNING + " girl"
    tell(app, stage, " ran.")
    assert text(app) == BEGINNING + " girl ran."


def test_control_return_tells_and_escape_stops(app, stage):
    app.root.focus_force()
    app.page.focus_force()
    wait(app, lambda: app.root.focus_get() is not None)
    app.root.focus_get().event_generate("<Control-Return>")
    wait(app, lambda: says(app, "Telling"))
    app.root.focus_get().event_generate("<Escape>")
    stage.lines.put(" unwanted")
    wait(app, lambda: says(app, "Stopped"))
    assert text(app) == BEGINNING


def test_control_return_never_begins_a_new_line(app):
    app.seed_entry.insert(0, "not a seed")
    app.page.focus_force()
    wait(app, lambda: app.root.focus_get() is not None)
    app.root.focus_get().event_generate("<Control-Return>")
    assert says(app, "The seed")
    assert text(app) == BEGINNING


def test_undo_gives_back_the_text_telling_by_telling(app, stage):
    tell(app, stage, " girl", " ran.")
    app.page.insert("end", " Then I wrote this.")
    tell(app, stage, " The end.")
    app.page.insert("end", " And this.")
    app.page.insert("1.0", "First: ")
    app.undo_button.invoke()
    ours = f"First: {BEGINNING} girl ran. Then I wrote this. And this."
    assert text(app) == ours
    app.undo_button.invoke()
    assert text(app) == ours.replace(" girl ran.", "")
    assert app.undo_button.cget("state") == "disabled"


def test_a_failure_says_one_sentence_and_keeps_the_text(app, stage):
    tell(app, stage, " girl", UserError("the prompt is bad; type it again"))
    stage.lines.get()  # The end that the failure left over.
    assert app.status.cget("text") == "Failed: the prompt is bad; type it again"
    assert text(app) == BEGINNING + " girl"
    app.undo_button.invoke()
    assert text(app) == BEGINNING
    tell(app, stage, " boy.")
    assert text(app) == BEGINNING + " boy."


def test_a_story_with_nothing_to_add_says_so(app, stage):
    tell(app, stage)
    assert says(app, "Finished: there is nothing to add")
    assert text(app) == BEGINNING


def test_a_damaged_model_cannot_tell_and_another_can_be_chosen(app):
    good, damaged = app.model_menu.cget("values")
    app.choose_model(damaged)
    assert app.model_menu.cget("state") == "disabled"
    wait(app, lambda: says(app, "Failed: the model is damaged"))
    assert app.tell_button.cget("state") == "disabled"
    app.choose_model(good)
    wait(app, lambda: says(app, "Ready"))
    assert app.tell_button.cget("state") == "normal"


def test_told_words_change_colour_with_the_window(app):
    for mode, colour in (("Dark", look.TOLD[1]), ("Light", look.TOLD[0])):
        app.choose_mode(mode)
        app.root.update()
        assert app.page.tag_cget("told", "foreground") == colour


def test_the_reader_who_has_scrolled_up_is_not_pulled_down(app, stage):
    app.page.insert("end", "\nline" * 200)
    app.tell_button.invoke()
    stage.lines.put(" one")
    wait(app, lambda: app.page.yview()[1] == 1.0 and told(app))
    app.page.yview_moveto(0.0)
    stage.lines.put("\ntwo" * 50)
    wait(app, lambda: "two" in text(app))
    assert app.page.yview()[0] == 0.0
    app.page.see("end")
    stage.lines.put("\nthree" * 50)
    wait(app, lambda: "three" in text(app) and app.page.yview()[1] == 1.0)
    stage.lines.put(END)
    wait(app, lambda: says(app, "Finished"))


def test_everything_fits_into_the_smallest_window(app):
    app.root.geometry("700x500")
    app._alarm("a long sentence that says what was wanted, given and what to do next; " * 3)
    wait(app, lambda: (app.root.winfo_width(), app.root.winfo_height()) == (700, 500))
    right = app.root.winfo_rootx() + 700
    bottom = app.root.winfo_rooty() + 500
    for widget in (
        app.model_menu,
        app.mode_buttons,
        app.page,
        app.temperature_label,
        app.seed_entry,
        app.undo_button,
        app.strict_switch,
        app.status,
    ):
        assert widget.winfo_viewable()
        assert widget.winfo_rootx() + widget.winfo_width() <= right
        assert widget.winfo_rooty() + widget.winfo_height() <= bottom
    assert app.status.winfo_reqwidth() <= app.page.winfo_width()
    assert app.page.winfo_height() > 200
    app.root.geometry("900x680")


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        ("INK", "PAGE"),
        ("TOLD", "PAGE"),
        ("QUIET", "PAGE"),
        ("INK", "DESK"),
        ("QUIET", "DESK"),
        ("ALARM", "DESK"),
        ("INK", "FIELD"),
        ("QUIET", "FIELD"),
        ("WHITE", "ACCENT"),
    ],
)
def test_text_has_the_contrast_that_wcag_aa_asks_for(ink, paper, mode):
    front = "#FFFFFF" if ink == "WHITE" else getattr(look, ink)[mode]
    one, other = luminance(front), luminance(getattr(look, paper)[mode])
    assert (max(one, other) + 0.05) / (min(one, other) + 0.05) >= 4.5


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ("2025-03-12T14:03:00+00:00", " · today 14:03"),
        ("2025-03-12T01:30:00+02:00", " · yesterday 23:30"),
        ("2024-12-31T14:03:00+00:00", " · 2024-12-31 14:03"),
        ("some day", ""),
        (None, ""),
    ],
)
def test_a_run_is_listed_by_model_score_and_time(made, said):
    model = {"family": "rnn", "arguments": {"cell": "gru"}}
    card = {"model": model, "val_bpb": 1.018, "data": {"source": {"kind": "hub"}}, "made": made}
    now = datetime(2025, 3, 12, 20, 0, tzinfo=UTC)
    assert label(Run(Path("run"), card), now) == f"rnn-gru · 1.02 bits per byte{said}"


def test_a_run_that_was_never_measured_or_learned_from_embedded_stories_says_so():
    model = {"family": "transformer", "arguments": {}}
    run = Run(Path("run"), {"model": model, "data": {"source": {"kind": "embedded"}}})
    assert label(run, datetime.now(UTC)) == "transformer · not measured · built-in stories"


def test_every_temperature_of_the_slider_has_a_meaning():
    meanings = list(dict.fromkeys(temperature_meaning(step / 20) for step in range(31)))
    assert meanings[0] == "always the likeliest word"
    assert meanings[2] == temperature_meaning(0.8) == "balanced"
    assert len(meanings) == 5


def python(code, **settings):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, **settings
    )


def test_without_a_model_the_page_says_how_to_train_one(display, tmp_path):
    code = """
import gui.__main__, gui.app
show = gui.app.App._show_runs
def show_and_close(app, runs):
    show(app, runs)
    print(app.tell_button.cget("state"), app.page.get("1.0", "end"))
    app.root.after(100, app.close)
gui.app.App._show_runs = show_and_close
raise SystemExit(gui.__main__.main())
"""
    done = python(code, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("disabled There is no storyteller yet")
    assert "python train.py model=transformer" in done.stdout


def test_closing_while_telling_ends_the_program_at_once(display, tmp_path):
    make_run(tmp_path / "outputs" / "run" / "model", 1.0)
    code = """
import time, gui.__main__, gui.app, gui.session
def endless(wish):
    while True:
        time.sleep(0.001)
        yield " and"
gui.session.load_storyteller = lambda folder: endless
end, write = gui.app.App._end, gui.app.App._write
def end_and_tell(app, event):
    end(app, event)
    app.tell_button.invoke()
def write_and_close(app, words):
    write(app, words)
    if len(app.told) > 100:
        print(time.time())
        app.close()
gui.app.App._end, gui.app.App._write = end_and_tell, write_and_close
raise SystemExit(gui.__main__.main())
"""
    done = python(code, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert time.time() - float(done.stdout) < 3


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have a display")
def test_without_a_display_there_is_one_line_and_code_2(tmp_path):
    blind = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    done = subprocess.run(MODULE, capture_output=True, text=True, env=blind, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: wanted a window, found no display")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("missing", ["tkinter", "customtkinter"])
def test_without_tkinter_there_is_one_line_and_code_2(missing):
    code = f"import sys; sys.modules[{missing!r}] = None; import gui.__main__ as m; "
    done = python(code + "sys.exit(m.main())")
    assert done.returncode == 2
    assert done.stderr.startswith("error: the window needs tkinter and customtkinter")
    assert done.stderr.count("\n") == 1
