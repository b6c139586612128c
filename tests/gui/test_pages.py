"""Each page but Write, driven as a reader would, with fake models and with real small ones."""

import time
from dataclasses import replace

import pytest
from stage import named, page, says, tell, usable, visible, wait

from gui import theme
from gui.pages import train_panel
from gui.pages.runs import read_figures
from gui.pages.settings import DIAL, OWN, SLIDERS
from gui.pages.write import FOREIGN
from gui.session import Finished, Session
from gui.studio import BEGINNING
from gui.training import Training
from tinystories.errors import UserError
from tinystories.runs import Run

# --- Side by side -----------------------------------------------------------------------------


@pytest.fixture
def sides(app):
    sides = page(app, "Side by side")
    sides.beginning.delete(0, "end")
    sides.beginning.insert(0, "Once")
    for number, folder in enumerate(("one", "two")):
        sides.choose(number, named(app, folder))
    sides.blind.deselect()
    return sides


def tell_both(app, stage, sides, *lines):
    stage.tells(*lines, name="one")
    stage.tells(*lines, name="two")
    sides.tell_button.invoke()
    wait(app, lambda: sides._left == 0)


def test_both_tell_the_same_beginning_with_the_same_seed_at_the_same_time(app, stage, sides):
    sides.tell_button.invoke()
    for name, words in (("one", " a girl"), ("two", " a dragon")):  # Neither has to end first.
        stage.lines[name].put(words)
    wait(app, lambda: all(side.words for side in sides.sides))
    assert [side.box.text for side in sides.sides] == ["Once a girl", "Once a dragon"]
    stage.tells(name="one")
    stage.tells(name="two")
    wait(app, lambda: sides._left == 0)
    (_, first, manner), (_, second, other) = stage.asked
    assert (first, manner.seed) == (second, other.seed) == ("Once", manner.seed)
    assert says(app, "Finished. Which one is better?")


def test_speed_and_time_to_the_first_word_are_shown(app, stage, sides):
    tell_both(app, stage, sides, " a girl ran")
    for side in sides.sides:
        assert side.figures.cget("text").startswith("first word 0.")
        assert side.figures.cget("text").endswith("words/s · 3 words")


def test_votes_are_kept_and_summed_up(app, stage, sides):
    for winner in (0, 0, 1, None):
        tell_both(app, stage, sides, " a girl.")
        [sides.tie, sides.sides[0].better, sides.sides[1].better][
            0 if winner is None else winner + 1
        ].invoke()
        assert not usable(sides.tie), "a story is voted on once"
    wait(app, lambda: "equally good 1" in sides.votes.cget("text"))
    assert sides.votes.cget("text") == ("Votes so far: rnn-gru 1 · transformer 2 · equally good 1")


@pytest.mark.parametrize("swapped", [False, True])
def test_in_blind_mode_the_names_are_hidden_until_the_choice(
    app, stage, sides, swapped, monkeypatch
):
    monkeypatch.setattr("random.random", lambda: 0.0 if swapped else 1.0)
    sides.blind.select()
    tell_both(app, stage, sides, " a girl.")
    app.root.update()
    assert not any(visible(side.menu) for side in sides.sides)
    sides.sides[0].better.invoke()
    app.root.update()
    assert all(visible(side.menu) for side in sides.sides)
    better = "rnn-gru" if swapped else "transformer"
    assert says(app, f"{better} told the better one: kept.")


def test_stop_ends_both_and_a_failure_of_one_leaves_the_other(app, stage, sides):
    sides.tell_button.invoke()
    stage.lines["one"].put(UserError("no room; close something"))
    stage.lines["two"].put(" a girl")
    wait(app, lambda: sides.sides[1].words == 2 and sides.sides[0].act is None)
    sides.stop_button.invoke()
    stage.lines["two"].put(" unwanted")
    wait(app, lambda: sides._left == 0)
    assert sides.sides[0].figures.cget("text") == "Failed: no room; close something"
    assert sides.sides[1].box.text == "Once a girl"
    assert not usable(sides.tie), "there is nothing to compare"


def test_a_real_transformer_and_a_real_rnn_tell_side_by_side(app, sides):
    # Untrained models may end a story before its first word: the seed keeps that from happening.
    app.studio.change(length=12, seed="3")
    sides.choose(0, named(app, "real-transformer"))
    sides.choose(1, named(app, "real-rnn"))
    sides.tell_button.invoke()
    wait(app, lambda: sides._left == 0, seconds=120)  # The engine may be compiled first.
    assert says(app, "Finished")
    assert all(side.words and side.box.text.startswith("Once") for side in sides.sides)


# --- Look inside ------------------------------------------------------------------------------


@pytest.fixture
def look(app, stage):
    tell(app, stage, " girl ran away")
    look = page(app, "Look inside")
    wait(app, lambda: look.reading is not None)
    look.show_side("Words")
    look.colour_by("Surprise")
    return look


def expected(look):
    return [line.word.cget("text") for line in look.lines if visible(line.frame)]


def test_first_it_is_shown_what_comes_next(app, look):
    app.root.update()
    assert look.where.cget("text") == "What comes next?"
    assert expected(look) == ["“dog”", "the end"]


def test_a_click_on_a_word_shows_what_was_expected_there(app, look):
    look.choose(BEGINNING.index("upon") + 1)
    app.root.update()
    assert look.where.cget("text") == "“upon”: 5.0 bits of surprise"
    assert expected(look) == ["“cat”", "“upon”", "the end"]
    assert look.lines[0].chance.cget("text") == "50.0%"
    assert look.box.marked("chosen") == ["upon"]


def test_surprising_words_are_darker(look):
    assert "a" in look.box.marked("surprise 1")
    assert "there" in look.box.marked("surprise 2")
    assert look.box.marked("surprise 4") == []


def test_what_was_looked_at_is_coloured_on_request(app, look):
    look.colour_by("Looked at")
    look.choose(BEGINNING.index("a time"))
    assert " ".join(look.box.marked("look 4")) == "Once upon"
    assert look.looked.cget("text").startswith("It looked at")
    assert "“upon”" in look.looked.cget("text")


def test_another_word_makes_a_branch_from_which_the_story_goes_on(app, stage, look):
    look.choose(BEGINNING.index("time"))
    stage.tells(" flew.")
    look.lines[0].word.invoke()
    write = app.pages["Write"]
    wait(app, lambda: write.act is None)
    assert app.page == "Write"
    assert write.box.text == "Once upon a cat flew."
    assert stage.asked[-1][1] == "Once upon a cat"
    assert [version.name for version in app.studio.document.versions] == ["before “cat”"]


def test_the_end_may_be_chosen_too(app, look):
    look.choose(BEGINNING.index("time"))
    look.lines[2].word.invoke()
    assert app.studio.document.text == "Once upon a"
    assert app.page == "Look inside"
    assert says(app, "The story ends here now.")


def test_versions_are_listed_and_compared_and_can_be_taken(app, stage, look):
    look.choose(BEGINNING.index("time"))
    look.lines[2].word.invoke()
    look.show_side("Versions")
    app.root.update()
    assert visible(look.other)
    assert not visible(look.panel)
    assert look.versions.get().startswith("1 · before the end")
    assert look.other.marked("parts") == [" time, there was a little girl ran away"]
    look.take.invoke()
    assert app.studio.document.text == BEGINNING + " girl ran away"
    assert look.box.text == BEGINNING + " girl ran away"
    assert look.other.text == "Once upon a"


def test_an_empty_story_says_what_to_do(app):
    app.studio.new_story("")
    look = page(app, "Look inside")
    assert look.hint.cget("text").startswith("There is nothing to look into yet")


def test_what_was_read_in_a_story_before_is_not_shown_in_this_one(app, look):
    before, reading = look._read_of, look.reading
    app.studio.new_story("Another story")
    look._was_read(before, Finished(None, reading))
    assert look.reading is None


@pytest.mark.parametrize(
    ("folder", "how"), [("real-rnn", "Its memory held"), ("real-transformer", "It looked at")]
)
def test_real_models_are_looked_into(app, folder, how):
    app.studio.choose(named(app, folder))
    app.studio.new_story("Anna went to the park with a ball.")
    look = page(app, "Look inside")
    look.models.set(named(app, folder))
    look.go()
    wait(app, lambda: look.reading is not None and look.reading.family in folder, seconds=120)
    look.choose(len("Anna went to the p"))
    assert len(expected(look)) == 10
    assert look.looked.cget("text").startswith(how)
    assert ("it keeps" in look.looked.cget("text")) == (folder == "real-rnn")


# --- Library ----------------------------------------------------------------------------------


def saved(app, stage, title, *lines):
    app.studio.new_story("Once")
    tell(app, stage, *lines)
    write = app.pages["Write"]
    write.title.insert(0, title)
    write._keep_title()
    app.studio.save()
    wait(app, lambda: says(app, "Saved"))


def test_a_saved_story_is_found_read_opened_deleted_and_brought_back(app, stage):
    app.studio.change(seed="5")
    saved(app, stage, "The cake", " a dragon ate cake.")
    saved(app, stage, "The boat", " a boat.")
    app.studio.new_story("Another")
    library = page(app, "Library")
    wait(app, lambda: len(library.stories) == 2)
    assert {story.title for story in library.stories} == {"The cake", "The boat"}
    library.searching.insert(0, "DRAGON")
    library.search()
    wait(app, lambda: [story.title for story in library.stories] == ["The cake"])
    assert library.box.text == "Once a dragon ate cake."
    assert library.box.marked("told") == [" a dragon ate cake."]
    for part in ("transformer", "temperature 1", "seed 5", "5 words"):
        assert part in library.about.cget("text")
    library.delete_button.invoke()
    wait(app, lambda: library.stories == [])
    assert library.title.cget("text") == "Nothing found."
    library.undo_button.invoke()
    wait(app, lambda: len(library.stories) == 1)
    library.open_button.invoke()
    assert app.page == "Write"
    assert app.pages["Write"].box.text == "Once a dragon ate cake."
    assert app.pages["Write"].title.get() == "The cake"
    library.searching.delete(0, "end")


def refuse(name):
    raise PermissionError(13, "no")


def test_what_is_being_deleted_is_not_opened_and_stays_if_it_cannot_be(app, stage, monkeypatch):
    saved(app, stage, "The cake", " a dragon ate cake.")
    library = page(app, "Library")
    wait(app, lambda: [s.name for s in library.stories] == [app.studio.story.name])
    library.delete_button.invoke()
    library.open_button.invoke()
    library.delete_button.invoke()
    assert app.page == "Library"
    wait(app, lambda: library.stories == [] and visible(library.undo_button))
    library.undo_button.invoke()
    assert not visible(library.undo_button)
    wait(app, lambda: len(library.stories) == 1)
    monkeypatch.setattr(app.studio.library, "delete", refuse)
    library.delete_button.invoke()
    assert not usable(library.delete_button)
    wait(app, lambda: usable(library.delete_button))
    assert library.chosen.title == "The cake"
    assert says(app, "Failed: a file could not be used: no")


def test_opening_a_kept_story_keeps_what_was_changed_on_the_page(app, stage):
    saved(app, stage, "The cake", " a dragon ate cake.")
    write, library = page(app, "Write"), page(app, "Library")
    wait(app, lambda: [s.name for s in library.stories] == [app.studio.story.name])
    write.box.insert("end", " Yum!")
    write._mirror()
    library.open_button.invoke()
    assert write.box.text == "Once a dragon ate cake."
    assert [v.text for v in app.studio.document.versions] == ["Once a dragon ate cake. Yum!"]
    app.studio.new_story("Mine")
    write.box.insert("end", " alone")
    write._mirror()
    page(app, "Library").choose(0)
    library.open_button.invoke()
    wait(app, lambda: len(app.studio.library.stories()[0]) == 2)
    assert app.studio.library.stories("mine alone")[0]


def test_an_empty_library_says_how_to_fill_it(app):
    library = page(app, "Library")
    wait(app, lambda: library.title.cget("text") == "No story is kept yet.")
    assert not usable(library.open_button)


def test_a_list_that_fits_shows_no_scrollbar(app, stage):
    saved(app, stage, "The cake", " a dragon ate cake.")
    library = page(app, "Library")
    wait(app, lambda: len(library.stories) == 1)
    sheet = library.rows[0].master
    wait(app, lambda: sheet._parent_canvas.yview() == (0.0, 1.0))
    wait(app, lambda: sheet._scrollbar.cget("button_color") == theme.PAGE)


def test_a_title_in_the_list_is_as_long_as_there_is_room(app, stage):
    saved(app, stage, "A very long title of a story about a dragon and a cake", " and.")
    library = page(app, "Library")
    lengths = []
    for size in ("900x600", "1400x900", "900x600"):
        app.root.geometry(size)
        width = int(size.partition("x")[0])
        wait(app, lambda width=width: app.root.winfo_width() == width)
        wait(app, lambda: library.rows[0].cget("text").startswith("A very"))
        app.root.update()
        lengths.append(len(library.rows[0].cget("text").partition("\n")[0]))
    assert lengths[0] == lengths[2] < lengths[1]


def test_a_broken_file_is_named_and_the_others_are_there(app, stage, outputs):
    saved(app, stage, "Whole", " a girl.")
    (outputs / "studio" / "stories" / "half.json").write_text('{"title": "ha', encoding="utf-8")
    library = page(app, "Library")
    wait(app, lambda: "half.json cannot be read" in library.note.cget("text"))
    assert [story.title for story in library.stories] == ["Whole"]


# --- Runs -------------------------------------------------------------------------------------


def test_runs_are_listed_best_first_with_scores_curves_and_the_broken_ones(app):
    runs = page(app, "Runs")
    wait(app, lambda: runs.figures.keys() == app.studio.runs.keys())
    lines = runs.table.get("1.0", "end").splitlines()
    assert [line.split("\t")[0] for line in lines[1:6]] == [
        "● transformer",
        "● rnn-gru",
        "● transformer",
        "● transformer",
        "● rnn-mingru",
    ]
    assert lines[1].split("\t")[1:] == ["0.7000", "0.00 M", "13", "2.00 M", "2", "local"]
    broken = next(line for line in lines if "is broken" in line)
    assert broken.startswith("broken is broken: the card ")
    runs.choose(0)
    assert runs.scores.cget("text").startswith("SYNTAX\nGrammar mistakes: 0.25 per 100 words\n\n")
    assert [curve.points for curve in runs.chart._curves] == [((0.1, 1.5), (0.2, 0.7))]
    runs.choose(1)
    assert "Not scored yet." in runs.scores.cget("text")
    runs.write_button.invoke()
    assert app.page == "Write"
    assert app.studio.run == named(app, "two")


def test_scores_are_drawn_beside_those_of_real_stories(app):
    runs = page(app, "Runs")
    runs.choose(0)
    runs.choose_chart("Scores")
    wait(app, lambda: runs.score_chart._rows and visible(runs.score_chart))
    assert not visible(runs.chart)
    (row,) = runs.score_chart._rows
    assert (row.name, row.better, row.said) == ("Grammar mistakes", "lower", "0.25 per 100 words")
    assert [dot.value for dot in row.dots] == [0.25]
    assert row.real == 0.5
    assert row.whole == pytest.approx(0.55)
    items = runs.score_chart.find_all()
    texts = [runs.score_chart.itemcget(item, "text") for item in items if _is_text(runs, item)]
    assert {"Grammar mistakes ↓", "0.25 per 100 words"} <= set(texts)
    runs.choose_chart("Learning")
    app.root.update()
    assert visible(runs.chart)


def _is_text(runs, item):
    return runs.score_chart.type(item) == "text"


def test_where_no_run_has_a_curve_the_scores_are_drawn_first(app):
    runs = page(app, "Runs")
    wait(app, lambda: runs.figures.keys() == app.studio.runs.keys())
    figures, runs._wanted = runs.figures, ""
    runs._show()
    assert runs.which.get() == "Learning"
    runs.figures = {name: replace(of, curve=()) for name, of in figures.items()}
    runs._show()
    assert runs.which.get() == "Scores"
    runs.figures = figures


def test_scores_that_cannot_be_read_are_said_to_be_broken(tmp_path):
    (tmp_path / "scores.json").write_text('{"scores": {"a": 1}}', encoding="utf-8")
    figures = read_figures(Run(tmp_path, {}))
    assert figures.broken.startswith("scores.json cannot be read (TypeError: ")


TRAIN = """
import pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.default_int_handler)
settings = dict(a.split("=", 1) for a in sys.argv[1:])
folder = pathlib.Path(settings["hydra.run.dir"].strip("'"))
if settings["minutes"] == "1":
    sys.exit("error: no room on the disk; make some")
if settings["minutes"] == "10":
    (folder / "reading").touch()
    time.sleep(60)  # until it is interrupted, as while stories are made ready
print("4 minutes are 100 steps of 0.1 s", flush=True)
(folder / "asked.txt").write_text("\\n".join(sys.argv[1:]), encoding="utf-8")
(folder / "metrics.csv").write_text("step,metric,value\\n49,val/bpb,1.25\\n")
while not (folder / "enough").exists():
    try:
        time.sleep(0.01)
    except KeyboardInterrupt:
        break
"""


@pytest.fixture
def training(app, tmp_path, monkeypatch):
    """The panel that trains, and a fake ``train.py`` behind it."""
    file = tmp_path / "train.py"
    file.write_text(TRAIN, encoding="utf-8")
    monkeypatch.setattr("gui.training.TRAIN", file)
    return page(app, "Runs").training


def test_a_training_shows_how_far_it_is_and_what_it_leaves_is_listed(app, training):
    training.button.invoke()
    wait(app, lambda: training.said.cget("text") == "Step 50 of 100 · 1.25 bits per byte")
    assert training.bar.get() == 0.5
    (training.training.folder / "enough").touch()
    wait(app, lambda: training._act is None)
    assert training.said.cget("text").startswith("Finished: the new model is in the list")


def test_a_training_can_be_ended_early(app, training):
    training.button.invoke()
    wait(app, lambda: training.said.cget("text").startswith("Step 50"))
    assert training.button.cget("text") == "Stop"
    training.button.invoke()
    wait(app, lambda: training._act is None)
    assert training.said.cget("text").startswith("Finished")


def test_a_training_that_has_not_begun_can_be_stopped(app, training):
    training.minutes.set(train_panel.MINUTES[2])
    training.button.invoke()
    training.button.invoke()  # Before its process is there, most likely.
    wait(app, lambda: training._act is None)
    assert training.said.cget("text") == "Stopped, before there was a model."
    training.button.invoke()
    wait(app, lambda: (training.training.folder / "reading").exists())
    training.button.invoke()
    wait(app, lambda: training._act is None)
    training.minutes.set(train_panel.MINUTES[1])
    assert training.said.cget("text") == "Stopped, before there was a model."


STOPPED = """
import pathlib, signal, sys, time
settings = dict(a.split("=", 1) for a in sys.argv[1:])
folder = pathlib.Path(settings["hydra.run.dir"].strip("'"))
asked = []
signal.signal(signal.SIGTERM, lambda *_: asked.append(1))
(folder / "training").touch()
while not asked:
    time.sleep(0.01)
time.sleep(1)  # The model is being kept.
(folder / "asked.txt").write_text(str(len(asked)))
"""


def test_closing_while_a_training_stops_leaves_it_the_time(tmp_path, monkeypatch):
    file = tmp_path / "train.py"
    file.write_text(STOPPED, encoding="utf-8")
    monkeypatch.setattr("gui.training.TRAIN", file)
    session, training = Session(), Training("rnn", 1, tmp_path / "outputs")
    session.start("training", training.run)
    until(lambda: (training.folder / "training").exists())
    training.stop()
    assert session.close()
    training._process.wait(20)
    assert (training.folder / "asked.txt").read_text() == "1"


def until(happened):
    deadline = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_training_on_own_stories_goes_on_from_the_best_model(
    app, training, tmp_path, monkeypatch
):
    poems = tmp_path / "our poems, 1a.txt"
    asked = iter([str(poems), ""])
    monkeypatch.setattr(train_panel.filedialog, "askopenfilename", lambda **_: next(asked))
    assert not visible(training.further)
    training.choose_stories(train_panel.OWN)
    training.choose_stories(train_panel.OWN)  # Thought better of it: the first file stays.
    assert training.stories.get() == poems.name
    app.root.update()
    assert visible(training.further)
    training.button.invoke()
    wait(app, lambda: training.said.cget("text").startswith("Step 50"))
    training.button.invoke()
    wait(app, lambda: training._act is None)
    said = (training.training.folder / "asked.txt").read_text(encoding="utf-8").splitlines()
    best = app.studio.runs[app.studio.best("transformer")].folder.absolute()
    assert {f"data.source='{poems}'", f"base='{best}'"} <= set(said)

    training.further.deselect()
    assert training._settings() == (f"data.source='{poems}'",)
    training.choose_stories(train_panel.TINYSTORIES)
    app.root.update()
    assert not visible(training.further)
    assert training._settings() == ()


def test_a_training_that_fails_says_why(app, training):
    training.minutes.set(train_panel.MINUTES[0])
    training.button.invoke()
    wait(app, lambda: training._act is None)
    training.minutes.set(train_panel.MINUTES[1])
    assert training.said.cget("text") == (
        "Failed: the training failed: no room on the disk; make some"
    )


# --- Settings ---------------------------------------------------------------------------------


@pytest.fixture
def settings(app):
    return page(app, "Settings")


def test_what_is_set_is_told_with(app, stage, settings):
    for name, _, low, high, _, _ in SLIDERS:
        settings.set_number(name, (low + high) / 2)
    settings.choose_dial("1,500 words")
    app.show("Write")
    tell(app, stage, " girl")
    manner = stage.asked[0][2]
    assert (manner.temperature, manner.top_k, manner.length) == (0.75, 50, 525)
    assert (manner.top_p, manner.min_p) == (0.53, 0.25)
    assert manner.words is None, "this model knows fewer than 1,500 words anyway"


def test_presets_set_several_things_and_are_shown_when_they_hold(app, settings):
    settings.presets._command("Wild")
    assert app.studio.preferences.temperature == 1.3
    assert settings.presets.get() == app.pages["Write"].presets.get() == "Wild"
    settings.set_number("temperature", 0.7)
    assert settings.presets.get() == ""
    assert settings.values["temperature"].cget("text") == "0.70, balanced"


def test_a_list_of_ones_own_is_all_that_may_be_told(app, stage, settings):
    settings.choose_dial(OWN)
    app.root.update()
    assert visible(settings.own)
    settings.own.insert("1.0", "dragon, cake zeppelin")
    settings.keep_own()
    assert settings.words_said.cget("text") == (
        "2 words of yours, and punctuation. This model does not know: zeppelin"
    )
    write = app.pages["Write"]
    app.show("Write")
    tell(app, stage, " cake")
    assert stage.asked[0][2].words == ("dragon", "cake")
    wait(app, lambda: "Once" in write.box.marked(FOREIGN))
    app.studio.change(own_words="zeppelin")
    write.tell_button.invoke()
    assert says(app, "none of your own words is known to this model")
    settings.own.delete("1.0", "end")


def test_the_dial_says_what_the_model_knows(app, settings):
    for choice in DIAL:
        settings.choose_dial(choice)
        if choice != OWN:
            said = settings.words_said.cget("text")
            assert said == "All 11 words this model knows; other words are impossible."
    settings.strict.toggle()
    assert not app.studio.preferences.strict
    assert not usable(settings.dial)


def test_light_dark_type_and_zoom_are_followed_at_once(app, settings):
    write = app.pages["Write"]
    settings.mode._command("Dark")
    wait(app, lambda: write.box.tag_cget("told", "foreground") == "#8EC1EE")
    settings.mode._command("Light")
    wait(app, lambda: write.box.tag_cget("told", "foreground") == "#1F5F99")
    settings.text_size._command("Reading aloud")
    assert write.box.story_font.cget("size") == 32


def test_preferences_last_to_the_next_time(app, settings, outputs):
    from gui.preferences import Preferences

    settings.set_number("temperature", 1.3)
    file = outputs / "studio" / "preferences.json"
    wait(app, lambda: file.exists() and Preferences.load(file).temperature == 1.3)


# --- Is it new? -------------------------------------------------------------------------------


@pytest.fixture
def real_run(app, corpus_file, outputs):
    """The real RNN, as if it had learned from the small corpus."""
    from tinystories.data.corpus import prepare_corpus

    corpus = prepare_corpus(str(corpus_file), outputs / "data")
    run = app.studio.runs[named(app, "real-rnn")]
    run.card["data"].update(fingerprint=corpus.index["fingerprint"])
    return run, next(iter(corpus.stories("train")))


def test_a_training_story_is_found_to_be_copied_and_its_origin_is_shown(app, real_run):
    _, story = real_run
    app.studio.new_story(story)
    new = page(app, "Is it new?")
    new.models.set(named(app, "real-rnn"))
    new.button.invoke()
    wait(app, lambda: new.act is None, seconds=60)
    assert says(app, "Finished: 9") or says(app, "Finished: 100%")
    assert new.nearest.text == story
    assert max(map(len, new.story.marked("copied"))) > 0.9 * len(story)
    figures = {figure.title: figure for figure in new.found.figures}
    assert figures["Closest training story"].yours == pytest.approx(1.0, abs=1e-3)
    assert figures["Closest training story"].real < 1
    app.root.update()
    shown = [row[0].cget("text") for row in new.rows if visible(row[0])]
    assert shown == list(figures)


def test_a_new_story_has_nothing_marked(app, real_run):
    app.studio.new_story("Purple zebras juggle seventeen lazy umbrellas over frozen lava.")
    new = page(app, "Is it new?")
    new.models.set(named(app, "real-rnn"))
    new.button.invoke()
    wait(app, lambda: new.act is None, seconds=60)
    assert says(app, "Finished: 0%")
    assert new.story.marked("copied") == []


def test_without_the_training_stories_it_is_said_and_grammar_and_words_are_measured(app):
    app.studio.new_story("Once upon a time there was a cat.")
    new = page(app, "Is it new?")
    new.models.set(named(app, "one"))
    new.button.invoke()
    wait(app, lambda: new.act is None, seconds=60)
    assert says(app, "Finished, but without the training stories")
    assert new.why.cget("text").startswith(
        "The stories this model learned from are not on this computer (gone.txt)."
    )
    assert visible(new.elsewhere)
    figures = {figure.title: figure for figure in new.found.figures}
    assert "Closest training story" not in figures
    assert figures["Reading level (Flesch-Kincaid)"].yours < 5
    assert figures["Reading level (Flesch-Kincaid)"].real == 2.5, "as the run's own scores have it"
    assert usable(new.button)
    app.studio.new_story("Another")
    app.root.update()
    assert not visible(new.elsewhere)


def test_training_stories_that_were_moved_can_be_shown_to_it(
    app, real_run, corpus_file, tmp_path, monkeypatch
):
    from gui.newness import Examiner
    from gui.pages import novelty
    from tinystories.data.corpus import Corpus

    run, story = real_run
    sizes = Corpus.open(next(app.studio.outputs.glob("data/corpus-*"))).sizes()
    here = {"source": {"kind": "local", "asked": "gone.txt"}, "fingerprint": "moved", **sizes}
    monkeypatch.setitem(run.card, "data", here)
    new = page(app, "Is it new?")
    monkeypatch.setattr(new, "examiner", Examiner(tmp_path))
    app.studio.new_story(story)
    new.models.set(named(app, "real-rnn"))

    others = tmp_path / "others"
    others.mkdir()
    (others / "stories.txt").write_text("A story of another kind. It ends well.", encoding="utf-8")
    monkeypatch.setattr(novelty.filedialog, "askdirectory", lambda **_: str(others))
    new.button.invoke()
    wait(app, lambda: new.act is None, seconds=60)
    new.elsewhere.invoke()
    wait(app, lambda: new.act is None, seconds=60)
    assert says(app, "Failed: ")

    monkeypatch.setattr(novelty.filedialog, "askdirectory", lambda **_: str(corpus_file.parent))
    new.choose_stories()
    wait(app, lambda: new.act is None, seconds=60)
    assert new.nearest.text == story
    assert not visible(new.empty)
