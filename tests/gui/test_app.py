"""The window as a whole: its pages, its size, its colours, how it opens and how it closes."""

import os
import subprocess
import sys
import time

import pytest
from stage import make_run, page, tell, visible, wait

from gui import theme
from gui.app import PAGES

MODULE = [sys.executable, "-m", "gui"]


def test_control_and_a_number_turn_to_a_page(app):
    app.root.focus_force()
    wait(app, lambda: app.root.focus_get() is not None)
    for number, (name, _) in enumerate(PAGES, 1):
        app.root.focus_get().event_generate(f"<Control-Key-{number}>")
        wait(app, lambda name=name: app.page == name)
        shown = [other for other, page in app.pages.items() if visible(page)]
        assert shown == [name]


def test_the_keys_that_settings_lists_do_what_it_says(app, stage, monkeypatch):
    closed = []
    monkeypatch.setattr(app, "close", lambda: closed.append(True))
    write = app.pages["Write"]
    tell(app, stage, " girl.")

    def press(key):
        write.box.focus_force()
        wait(app, lambda: app.root.focus_get() is not None)
        app.root.focus_get().event_generate(key)

    stage.tells(" boy.")
    press("<Control-r>")
    wait(app, lambda: write.act is None and write.box.text.endswith(" boy."))
    press("<Control-z>")
    wait(app, lambda: write.box.text.endswith("little"))
    press("<Control-y>")
    wait(app, lambda: write.box.text.endswith(" boy."))
    press("<Control-s>")
    wait(app, lambda: [s.text for s in app.studio.library.stories()[0]] == [write.box.text])
    press("<Control-q>")
    wait(app, lambda: closed)


def test_what_is_typed_is_kept_within_seconds_without_being_saved(app):
    write = app.pages["Write"]
    write.box.insert("end", " girl whom nobody saved")

    def kept():
        draft = app.studio.library.draft()
        return draft is not None and draft.text.endswith("nobody saved")

    wait(app, kept)


def test_a_page_forgets_what_it_said_when_other_runs_are_there(app):
    page(app, "Library")
    app.studio.say("There is no storyteller yet.")
    page(app, "Settings")
    app.studio.changed("runs")
    page(app, "Library")
    assert app.status.cget("text") == ""


def controls(widget):
    """The innermost widgets that can be seen, without what can be scrolled to."""
    kind = type(widget).__name__
    inside = [w for w in widget.winfo_children() if kind not in ("CTkScrollableFrame", "Canvas")]
    if kind.startswith("CTk") and kind not in ("CTkFrame", "CTkScrollableFrame"):
        return [widget]
    return [found for child in inside for found in controls(child)]


@pytest.mark.parametrize(
    ("zoom", "width", "height"), [(100, 900, 600), (125, 900, 600), (150, 1080, 720)]
)
@pytest.mark.parametrize("name", [name for name, _ in PAGES])
def test_every_page_fits_into_the_smallest_window(app, name, zoom, width, height):
    app.studio.change(zoom=zoom)
    app.root.geometry("900x600")  # What the window does not allow becomes the smallest it does.
    shown = page(app, name)
    app.studio.say("A long sentence that says what was wanted, given and to do. " * 2)
    wait(app, lambda: (app.root.winfo_width(), app.root.winfo_height()) == (width, height))
    assert [other for other, page in app.pages.items() if visible(page)] == [name]
    right, bottom = app.root.winfo_rootx() + width, app.root.winfo_rooty() + height
    seen = [widget for widget in [*controls(shown), app.status] if visible(widget)]
    assert seen
    for widget in seen:
        assert widget.winfo_rootx() + widget.winfo_width() <= right + 1, widget
        assert widget.winfo_rooty() + widget.winfo_height() <= bottom + 1, widget
    for widget in (getattr(shown, "box", None), getattr(shown, "story", None)):
        assert widget is None or widget.winfo_height() > 100


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


WHITE = (theme.WHITE, theme.WHITE)


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "papers"),
    [
        (theme.INK, (theme.PAGE, theme.DESK, theme.FIELD, theme.CHOSEN, theme.COPIED)),
        (theme.INK, theme.SURPRISE),
        (theme.INK, theme.LOOKS),
        (theme.TOLD, (theme.PAGE, theme.COPIED)),
        (theme.QUIET, (theme.PAGE, theme.DESK, theme.FIELD)),
        (theme.ALARM, (theme.PAGE, theme.DESK)),
        (WHITE, (theme.ACCENT, theme.ACCENT_HOVER)),
    ],
)
def test_text_has_the_contrast_that_wcag_aa_asks_for(ink, papers, mode):
    for paper in papers:
        one, other = luminance(ink[mode]), luminance(paper[mode])
        assert (max(one, other) + 0.05) / (min(one, other) + 0.05) >= 4.5, (ink, paper)


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_curves_can_be_told_from_the_paper(mode):
    for colour in theme.CURVES:
        one, other = luminance(colour[mode]), luminance(theme.PAGE[mode])
        assert (max(one, other) + 0.05) / (min(one, other) + 0.05) >= 3, colour


def python(code, **settings):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, **settings
    )


OPEN = """
import gui.__main__, gui.app, gui.voices
def act(when, what):
    poll = gui.app.App._poll
    def poll_and_act(app):
        poll(app)
        if when(app):
            gui.app.App._poll = poll
            what(app)
    gui.app.App._poll = poll_and_act
{act}
raise SystemExit(gui.__main__.main())
"""


def test_without_a_model_it_says_so_and_offers_to_train_one(display, tmp_path):
    code = """
def show(app):
    print(app.pages["Write"].tell_button.cget("state"), app.studio.said.sentence)
    app.root.after(100, app.close)
act(lambda app: app.pages["Write"].training.card.winfo_ismapped(), show)
"""
    done = python(OPEN.format(act=code), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("disabled There is no storyteller yet: train one")


def test_closing_while_telling_ends_the_program_at_once_and_loses_nothing(display, tmp_path):
    make_run(tmp_path / "outputs" / "run" / "model", 1.0)
    code = """
import time
class Endless:
    words = ("and",)
    def __init__(self, folder):
        pass
    def stream(self, beginning, manner):
        while True:
            time.sleep(0.001)
            yield " and"
import gui.studio
gui.studio.Studio.__init__.__defaults__ = (Endless,)
def close(app):
    print(time.time())
    app.close()
act(lambda app: app.pages["Write"]._words > 30, close)
act(lambda app: app.studio.voice, lambda app: app.pages["Write"].tell_button.invoke())
"""
    done = python(OPEN.format(act=code), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert time.time() - float(done.stdout) < 3
    draft = (tmp_path / "outputs" / "studio" / "draft.json").read_text(encoding="utf-8")
    assert draft.count(" and") >= 30


def test_closing_does_not_wait_for_a_worker_that_hears_nothing(display, tmp_path):
    code = """
import time
def close(app):
    app.studio.document.edit("Not saved yet")
    app.studio.act("look", lambda act: time.sleep(30))
    print(time.time())
    app.root.after(100, app.close)
act(lambda app: app.studio.searched, close)
"""
    done = python(OPEN.format(act=code), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert time.time() - float(done.stdout.split()[0]) < 10
    draft = (tmp_path / "outputs" / "studio" / "draft.json").read_text(encoding="utf-8")
    assert "Not saved yet" in draft


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
