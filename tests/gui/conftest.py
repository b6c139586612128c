"""One window for all tests, on a display in memory where there is no screen."""

import json
import os
import shutil
import subprocess
import sys

import customtkinter
import pytest
import torch
from stage import Stage, make_run, named, wait

from gui.app import App
from gui.preferences import Preferences
from gui.studio import BEGINNING, Studio
from tinystories.models import Transformer
from tinystories.storyteller import Storyteller


@pytest.fixture(scope="session")
def display():
    """The display to draw on."""
    if os.environ.get("DISPLAY") or not sys.platform.startswith("linux"):
        yield
        return
    if not shutil.which("Xvfb"):
        pytest.skip("the window needs a display or the program Xvfb (apt install xvfb)")
    # Tk keeps its connection until this process ends, and a display that goes before would end it
    # with an error. So a shell waits for our end of a pipe, which closes when we are gone.
    guard, _ours = os.pipe()
    number, told = os.pipe()
    server = "Xvfb -displayfd 1 -screen 0 1600x1000x24 -nolisten tcp & read _ <&3; kill $!"
    script = f"exec 3<&0; ({server}) &"
    subprocess.run(
        ["sh", "-c", script], stdin=guard, stdout=told, stderr=subprocess.DEVNULL, check=True
    )
    os.close(guard)
    os.close(told)
    with os.fdopen(number) as answer:
        os.environ["DISPLAY"] = f":{answer.readline().strip()}"
    yield
    del os.environ["DISPLAY"]


@pytest.fixture(scope="session")
def outputs(tmp_path_factory, teller):
    """Two fake models, one that cannot be loaded, two real ones, and a broken card."""
    outputs = tmp_path_factory.mktemp("outputs")
    make_run(outputs / "one" / "model", 0.7)
    make_run(outputs / "two" / "model", 0.8, family="rnn")
    make_run(outputs / "damaged" / "model", 1.4)
    (outputs / "one" / "metrics.csv").write_text(
        "step,metric,value\n99,val/bpb,1.5\n199,val/bpb,0.7\n299,val/b", encoding="utf-8"
    )
    score = {"title": "Grammar mistakes", "value": 0.25, "unit": "per 100 words"}
    score |= {"section": "Syntax", "better": "lower"}
    scores = {"grammar_lints": score, "grammar_lints@names": score, "grade": {"value": None}}
    judged = {"scores": scores, "anchors": {"real": {}}}
    judged["anchors"]["real"] = {"grade": {"value": 2.5}, "grammar_lints": {"value": 0.5}}
    (outputs / "one" / "scores.json").write_text(json.dumps(judged), encoding="utf-8")
    teller.save(outputs / "real-rnn" / "model")
    torch.manual_seed(1)
    arguments = {"width": 16, "depth": 1, "heads": 2, "context": 64}
    card = teller.card | {"model": {"family": "transformer", "arguments": arguments}}
    model = Transformer(len(teller.vocabulary), **arguments)
    learned = Storyteller(model, teller.vocabulary, card | {"val_bpb": 9.8})
    learned.save(outputs / "real-transformer" / "model")
    (outputs / "broken").mkdir()
    (outputs / "broken" / "card.json").write_text("{", encoding="utf-8")
    return outputs


@pytest.fixture(scope="session")
def window(display, outputs):
    """The only window of the tests: customtkinter keeps state that a second one would share."""
    stage = Stage()
    studio = Studio(outputs, stage.load)
    app = App(customtkinter.CTk(), studio)
    app.root.geometry("900x600+0+0")
    wait(app, lambda: studio.voice is not None)
    yield app, stage
    app.close()
    for name in stage.lines:
        stage.tells(name=name)
    studio.close()


@pytest.fixture
def app(window, outputs):
    """The window as it is when it has just been opened."""
    app, _ = window
    studio = app.studio
    shutil.rmtree(outputs / "studio", ignore_errors=True)
    studio.change(**vars(Preferences()))
    if studio.run != named(app, "one"):
        studio.choose(named(app, "one"))
    studio.document.start_anew()  # Or it would be kept.
    studio.new_story(BEGINNING)
    app.show("Write")
    wait(app, lambda: studio.voice is not None and app.pages["Write"].act is None)
    return app


@pytest.fixture
def stage(window):
    """The fake models of the window."""
    _, stage = window
    stage.asked.clear()
    for lines in stage.lines.values():
        while not lines.empty():
            lines.get()
    return stage


@pytest.fixture
def write(app):
    """The page Write."""
    return app.pages["Write"]
