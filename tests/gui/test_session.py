import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gui.session import (
    Event,
    Failed,
    Finished,
    Found,
    Loaded,
    Session,
    Stopped,
    Wish,
    Words,
    load_storyteller,
)
from tinystories.errors import UserError


def load(folder):
    """A fake model: it says its own name, or what the beginning asks for."""
    if folder.name == "damaged":
        raise UserError("the model is damaged; train again")

    def tell(wish):
        yield f" {folder.name}"
        while wish.beginning == "endless":
            yield " and"
        if wish.beginning == "bad":
            raise UserError("the prompt is bad; type it again")
        if wish.beginning == "bug":
            raise ZeroDivisionError("division by zero")
        yield " ends."

    return tell


@pytest.fixture
def session():
    session = Session(load)
    yield session
    session.close()


def wish(beginning="short"):
    return Wish(beginning, temperature=0.8, strict=True, seed=1)


def outcome(session: Session) -> tuple[str, Event]:
    """Wait for the end of an act; return what was told, and how it ended."""
    told = ""
    while isinstance(event := session.events.get(timeout=10), Words):
        told += event.text
    return told, event


def loaded(session, name="anna"):
    session.load(Path(name))
    assert outcome(session) == ("", Loaded(Path(name)))
    return session


def test_a_telling_brings_its_words_in_order_and_finishes(session):
    loaded(session).tell(wish())
    assert outcome(session) == (" anna ends.", Finished())


def test_the_seconds_of_words_grow(session):
    loaded(session).tell(wish())
    first, second = session.events.get(timeout=10), session.events.get(timeout=10)
    assert 0 < first.seconds <= second.seconds


def test_a_stopped_telling_ends_as_stopped_and_the_next_one_is_not_stopped(session):
    loaded(session).tell(wish("endless"))
    assert isinstance(session.events.get(timeout=10), Words)
    session.stop()
    told, end = outcome(session)
    assert end == Stopped()
    assert set(told.split()) <= {"anna", "and"}
    session.tell(wish())
    assert outcome(session) == (" anna ends.", Finished())


def test_a_stop_with_nothing_to_stop_does_nothing(session):
    session.stop()
    loaded(session)
    session.stop()
    session.tell(wish())
    assert outcome(session) == (" anna ends.", Finished())


def test_a_failing_telling_keeps_its_words_and_says_why(session):
    loaded(session).tell(wish("bad"))
    assert outcome(session) == (" anna", Failed("the prompt is bad; type it again"))
    session.tell(wish())
    assert outcome(session)[1] == Finished()


def test_a_bug_fails_in_one_line_is_logged_and_the_worker_lives_on(session, caplog):
    loaded(session).tell(wish("bug"))
    told, end = outcome(session)
    assert told == " anna"
    assert isinstance(end, Failed)
    assert "ZeroDivisionError" in end.message
    assert "\n" not in end.message
    assert "Traceback" in caplog.text
    session.tell(wish())
    assert outcome(session)[1] == Finished()


def test_after_a_model_that_cannot_be_loaded_the_one_before_does_not_tell(session):
    loaded(session).load(Path("damaged"))
    assert outcome(session) == ("", Failed("the model is damaged; train again"))
    session.tell(wish())
    assert "no model is loaded" in outcome(session)[1].message


def test_another_model_takes_over(session):
    loaded(loaded(session), "ben").tell(wish())
    assert outcome(session) == (" ben ends.", Finished())


def test_no_runs_are_found_where_there_are_none(session, tmp_path):
    session.find(tmp_path / "outputs")
    assert outcome(session) == ("", Found([]))


def test_closing_while_telling_ends_the_worker(session):
    loaded(session).tell(wish("endless"))
    assert isinstance(session.events.get(timeout=10), Words)
    closing = threading.Thread(target=session.close, daemon=True)
    closing.start()
    closing.join(2)
    assert not closing.is_alive()
    session.tell(wish())  # Nobody listens any more.
    assert outcome(session)[1] == Stopped()
    assert session.events.empty()


def test_the_windows_modules_bring_in_neither_torch_nor_lightning_nor_hydra():
    code = (
        "import sys, gui.__main__, gui.app, gui.session; "
        "print({'torch', 'lightning', 'hydra', 'numpy'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_saved_storyteller_tells_as_wished(corpus_file, tmp_path):
    from tinystories.data.corpus import prepare_corpus
    from tinystories.data.vocabulary import train_vocabulary
    from tinystories.generation import Sampling
    from tinystories.models.rnn import RNN
    from tinystories.storyteller import Storyteller

    vocabulary = train_vocabulary(prepare_corpus(str(corpus_file), tmp_path / "data"), 40)
    arguments = {"width": 16, "depth": 1}
    card = {
        "model": {"family": "rnn", "arguments": arguments},
        "vocab": {"tokens": len(vocabulary), "fingerprint": vocabulary.fingerprint},
        "data": {"source": {"kind": "local"}},
    }
    storyteller = Storyteller(RNN(len(vocabulary), **arguments), vocabulary, card)
    storyteller.save(tmp_path / "model")

    tell = load_storyteller(tmp_path / "model")
    wishes = [(0.0, True, 1), (1.0, True, 1), (1.0, True, 2), (1.0, False, 1)]
    for temperature, strict, seed in wishes:
        told = "".join(tell(Wish("Anna went", temperature, strict, seed)))
        sampling = Sampling(temperature=temperature)
        straight = storyteller.tell("Anna went", sampling=sampling, strict=strict, seed=seed)
        assert "Anna went" + told == straight
    with pytest.raises(UserError, match="wanted a trained model"):
        load_storyteller(tmp_path / "data")
