"""The page Write, with fake models and with real small ones."""

import pytest
from stage import END, named, says, tell, usable, visible, wait

from gui.document import text_of
from gui.pages import write as write_module
from gui.pages.story_box import TOLD
from gui.pages.write import BEGINNINGS, FOREIGN
from gui.studio import BEGINNING
from tinystories.errors import UserError


def type_in(app, write, text, index="end-1c"):
    write.box.insert(index, text)
    app.root.update()


def test_words_stream_in_at_the_end_in_another_colour(app, stage, write):
    write.tell_button.invoke()
    stage.lines["one"].put(" girl")
    wait(app, lambda: write.box.text == BEGINNING + " girl")
    assert says(app, "Telling")
    stage.tells(" named", " Lily.")
    wait(app, lambda: write.act is None)
    assert says(app, "Finished.")
    assert write.box.text == app.studio.document.text == BEGINNING + " girl named Lily."
    assert write.box.marked(TOLD) == [" girl named Lily."]


def test_the_figures_say_how_many_words_and_which_seed(app, stage, write):
    app.studio.change(seed="7")
    tell(app, stage, " one two", " three")
    assert app.figures.cget("text").startswith("3 words · ")
    assert app.figures.cget("text").endswith(" a second · seed 7")
    assert stage.asked[0][2].seed == 7


def test_a_story_goes_on_from_what_was_told_and_typed(app, stage, write):
    tell(app, stage, " girl")
    type_in(app, write, " who")
    tell(app, stage, " ran.")
    assert stage.asked[1][1] == BEGINNING + " girl who"
    assert write.box.text == BEGINNING + " girl who ran."
    assert write.box.marked(TOLD) == [" girl", " ran."]


def test_a_story_goes_on_from_the_cursor_and_what_stood_after_it_is_kept(app, stage, write):
    tell(app, stage, " girl ran away.")
    write.box.mark_set("insert", f"1.{len(BEGINNING)}")
    tell(app, stage, " dragon.")
    assert stage.asked[1][1] == BEGINNING
    assert write.box.text == BEGINNING + " dragon."
    assert write.versions.cget("values") == [
        f"1 · before going on from the middle · {len(BEGINNING.split()) + 3} words"
    ]
    write.choose_version(write.versions.cget("values")[0])
    assert write.box.text == BEGINNING + " girl ran away."


def test_typing_while_the_model_tells_stays_yours(app, stage, write):
    write.tell_button.invoke()
    stage.lines["one"].put(" girl")
    wait(app, lambda: " girl" in write.box.text)
    type_in(app, write, "Hello! ", "1.0")
    stage.tells(" ran.")
    wait(app, lambda: write.act is None)
    assert write.box.text == "Hello! " + BEGINNING + " girl ran."
    assert write.box.marked(TOLD) == [" girl ran."]


def test_stop_keeps_the_words_so_far_and_another_telling_is_not_stopped(app, stage, write):
    write.tell_button.invoke()
    stage.lines["one"].put(" girl")
    wait(app, lambda: " girl" in write.box.text)
    write.stop_button.invoke()
    stage.lines["one"].put(" who is not wanted any more")
    wait(app, lambda: write.act is None)
    assert says(app, "Stopped.")
    assert write.box.text == BEGINNING + " girl"
    tell(app, stage, " ran.")
    assert write.box.text == BEGINNING + " girl ran."


def test_control_return_tells_and_escape_stops(app, stage, write):
    app.root.focus_force()
    write.box.focus_force()
    wait(app, lambda: app.root.focus_get() is not None)
    app.root.focus_get().event_generate("<Control-Return>")
    wait(app, lambda: write.act is not None)
    app.root.focus_get().event_generate("<Escape>")
    stage.lines["one"].put(" unwanted")
    wait(app, lambda: says(app, "Stopped"))
    assert write.box.text == BEGINNING


def test_undo_and_redo_by_key_and_by_button(app, stage, write):
    tell(app, stage, " girl ran.")
    app.root.focus_force()
    write.box.focus_force()
    wait(app, lambda: app.root.focus_get() is not None)
    app.root.focus_get().event_generate("<Control-z>")
    wait(app, lambda: write.box.text == BEGINNING)
    assert not usable(write.undo_button)
    write.redo_button.invoke()
    assert write.box.text == BEGINNING + " girl ran."
    assert write.box.marked(TOLD) == [" girl ran."]


def test_retry_tells_the_last_part_anew_and_keeps_the_first_try(app, stage, write):
    app.studio.change(seed="7")
    tell(app, stage, " girl.")
    stage.tells(" boy.")
    write.retry_button.invoke()
    wait(app, lambda: write.act is None)
    assert write.box.text == BEGINNING + " boy."
    assert [v.text for v in app.studio.document.versions] == [BEGINNING + " girl."]
    assert [manner.seed for _, _, manner in stage.asked] == [7, 8], "7 would tell the same again"


def test_a_failure_says_one_sentence_and_keeps_the_text(app, stage, write):
    tell(app, stage, " girl", UserError("the prompt is bad; type it again"))
    assert stage.lines["one"].get() is END  # that the failure left over
    assert says(app, "Failed: the prompt is bad; type it again")
    assert write.box.text == BEGINNING + " girl"
    tell(app, stage, " ran.")
    assert write.box.text == BEGINNING + " girl ran."


def test_a_story_with_nothing_to_add_says_so(app, stage, write):
    tell(app, stage)
    assert says(app, "Finished: there is nothing to add")
    assert write.box.text == BEGINNING


def test_words_that_found_no_place_are_named(app, stage, write):
    write.must.insert(0, "dragon, cake")
    tell(app, stage, " dragon.")
    assert stage.asked[0][2].must == ("dragon", "cake")
    assert says(app, "Finished, but there was no room for: cake.")


def test_words_that_were_typed_stay_when_something_else_is_set(app, stage, write):
    write.must.insert(0, "dragon")
    write.seed.insert(0, "5")
    write.chips["moral"].invoke()
    write.presets._command("Wild")
    assert (write.must.get(), write.seed.get()) == ("dragon", "5")
    app.show("Settings")
    assert (app.studio.preferences.must, app.studio.preferences.seed) == ("dragon", "5")
    assert app.pages["Settings"].seed.get() == "5"
    app.pages["Settings"].set_number("temperature", 0.4)
    app.show("Write")
    tell(app, stage, " dragon")
    assert (stage.asked[0][2].must, stage.asked[0][2].seed) == (("dragon",), 5)


def test_a_wish_is_on_until_it_is_pressed_again(app, stage, write):
    write.chips["moral"].invoke()
    tell(app, stage, " girl")
    write.chips["moral"].invoke()
    tell(app, stage, " ran")
    assert [manner.wishes for _, _, manner in stage.asked] == [("moral",), ()]


def test_a_seed_that_is_no_number_is_refused_before_anything_is_told(app, stage, write):
    write.seed.insert(0, "seven")
    write.tell_button.invoke()
    assert says(app, "the seed must be a whole number below 2^63, not 'seven'")
    assert stage.asked == []
    write.seed.delete(0, "end")


def test_typed_words_that_the_story_may_not_use_are_underlined(app, stage, write):
    type_in(app, write, " spaceship cake")
    wait(app, lambda: write.box.marked(FOREIGN) == ["spaceship"])
    write.box.delete(f"1.{len(BEGINNING)}", "end")
    wait(app, lambda: write.box.marked(FOREIGN) == [])


def test_told_words_are_never_underlined_and_any_word_may_come_when_not_strict(app, stage, write):
    tell(app, stage, " spaceship")
    type_in(app, write, " moonbase")
    wait(app, lambda: write.box.marked(FOREIGN) == ["moonbase"])
    app.studio.change(strict=False)
    wait(app, lambda: write.box.marked(FOREIGN) == [])


@pytest.mark.parametrize("by", ["wheel", "scrollbar"])
def test_the_reader_who_has_scrolled_up_is_not_pulled_down(app, stage, write, by):
    def scroll(*, up):
        if by == "wheel":
            for _ in range(50):
                write.box._textbox.event_generate("<Button-4>" if up else "<Button-5>")
        else:
            write.box._y_scrollbar.cget("command")("moveto", "0.0" if up else "1.0")

    type_in(app, write, "\nline" * 100)
    write.tell_button.invoke()
    stage.lines["one"].put(" one")
    wait(app, lambda: write.box.at_bottom and " one" in write.box.text)
    scroll(up=True)
    wait(app, lambda: not write.box.following)
    seen = write.box.index("@0,0")
    stage.lines["one"].put("\ntwo" * 50)
    wait(app, lambda: "two" in write.box.text)
    assert write.box.index("@0,0") == seen
    write.box.yview_moveto(0.9)
    scroll(up=False)
    wait(app, lambda: write.box.following)
    stage.tells("\nthree" * 50)
    wait(app, lambda: write.act is None)
    wait(app, lambda: write.box.at_bottom)


def test_the_end_is_seen_again_when_it_was_not_the_reader_who_moved_the_view(app, stage, write):
    write.tell_button.invoke()
    stage.lines["one"].put(" one two three four five six" * 40)
    wait(app, lambda: write.box.text.count("six") == 40 and write.box._y_scrollbar.winfo_ismapped())
    wait(app, lambda: write.box.at_bottom)
    write.box.yview_moveto(0.3)  # As when a scrollbar makes lines narrower.
    write.box._textbox.event_generate("<Configure>")
    wait(app, lambda: write.box.at_bottom)
    write.box.yview_moveto(0.3)
    stage.tells(" seven" * 40)
    wait(app, lambda: write.act is None and write.box.at_bottom)


def test_an_emoji_moves_no_colour(app, stage, write):
    write.box.delete("1.0", "end")
    type_in(app, write, "A 😀 cat")
    tell(app, stage, " ran 😀", " away.")
    assert write.box.marked(TOLD) == [" ran 😀 away."]
    type_in(app, write, "Yes! ", "1.0")
    assert app.studio.document.spans[-1].text == " ran 😀 away."
    write.undo_button.invoke()
    assert write.box.marked(TOLD) == [" ran 😀 away."]


def test_a_new_beginning_saves_a_told_story_first(app, stage, write):
    tell(app, stage, " girl.")
    write.choose_beginning(BEGINNINGS[2])
    assert write.box.text == BEGINNINGS[2]
    wait(app, lambda: app.studio.library.stories()[0])
    assert app.studio.library.stories()[0][0].text == BEGINNING + " girl."


def test_a_new_beginning_keeps_what_was_only_typed_and_passes_over_what_is_bare(app, write):
    type_in(app, write, " girl of mine")
    write.choose_beginning(BEGINNINGS[2])
    wait(app, lambda: app.studio.library.stories()[0])
    write.choose_beginning(BEGINNINGS[3])
    write.choose_beginning(BEGINNINGS[4])
    app.studio.act("files", lambda act: None, end=lambda end: app.studio.say("All is written."))
    wait(app, lambda: says(app, "All is written."))
    kept = [story.text for story in app.studio.library.stories()[0]]
    assert kept == [BEGINNING + " girl of mine"]


def test_a_story_that_is_kept_by_the_way_does_not_talk_over_the_next_one(app, stage, write):
    tell(app, stage, " girl.")
    write.choose_beginning(BEGINNINGS[2])
    assert app.studio.said.sentence.endswith("The one before is in the library.")
    wait(app, lambda: app.studio.library.stories()[0])
    app.studio.act("files", lambda act: None, end=lambda end: app.studio.changed("say"))
    tell(app, stage, " cat.")
    assert says(app, "Finished.")


@pytest.mark.parametrize("suffix", [".txt", ".md", ".pdf"])
def test_a_story_is_exported_where_the_reader_says(
    app, stage, write, suffix, tmp_path, monkeypatch
):
    file = tmp_path / f"story{suffix}"
    monkeypatch.setattr(write_module.filedialog, "asksaveasfilename", lambda **_: str(file))
    tell(app, stage, " girl.")
    write.title.insert(0, "My story")
    write._keep_title()
    write.export(next(kind for kind in write.exports.cget("values") if kind.startswith(suffix)))
    wait(app, lambda: says(app, "Written to"))
    written = file.read_bytes()
    assert written.startswith(b"%PDF") if suffix == ".pdf" else b"little girl." in written


def test_reading_aloud_is_offered_only_where_there_is_a_voice(app, stage, write, monkeypatch):
    from gui import speech
    from gui.session import Finished

    spoken = []

    class Engine:
        voices = ("English",)

        def getProperty(self, name):  # noqa: N802
            return getattr(self, name)

        def say(self, sentence):
            spoken.append(sentence)

        def runAndWait(self):  # noqa: N802
            pass

    monkeypatch.setattr(speech, "_engine", Engine)
    write._offer_speech(Finished(None, speech.can_speak(None)))
    app.root.update()
    assert visible(write.speak)
    write.box.delete("1.0", "end")
    type_in(app, write, "She ran. He ran!")
    write.speak.invoke()
    wait(app, lambda: write.reading is None)
    assert spoken == ["She ran.", "He ran!"]
    monkeypatch.setattr(Engine, "voices", ())
    write._offer_speech(Finished(None, speech.can_speak(None)))
    app.root.update()
    assert not visible(write.speak)


def test_a_system_without_a_driver_has_no_voice(monkeypatch):
    from gui import speech

    def fail():
        raise OSError("libespeak.so.1: cannot open shared object file")

    monkeypatch.setattr(speech, "_engine", fail)
    assert not speech.can_speak(None)


def test_a_damaged_model_cannot_tell_and_another_can_be_chosen(app, stage, write):
    app.studio.choose(named(app, "damaged"))
    assert not usable(write.tell_button)
    wait(app, lambda: says(app, "Failed: the model is damaged"))
    assert not usable(write.tell_button)
    app.studio.choose(named(app, "one"))
    wait(app, lambda: says(app, "Ready"))
    assert usable(write.tell_button)


@pytest.mark.parametrize("folder", ["real-rnn", "real-transformer"])
def test_a_real_model_tells_the_same_story_with_the_same_seed(app, write, folder):
    app.studio.choose(named(app, folder))
    wait(app, lambda: usable(write.tell_button), seconds=120)  # The engine may be compiled first.
    app.studio.change(seed="3", length=30, must="kite", dial=20000)
    stories = []
    for _ in range(2):
        app.studio.new_story("Anna went")
        write.tell_button.invoke()
        wait(app, lambda: write.act is None)
        assert says(app, "Finished.")
        stories.append(write.box.text)
    assert stories[0] == stories[1]
    assert stories[0].startswith("Anna went ")
    assert "kite" in text_of(app.studio.document.spans[1:])
