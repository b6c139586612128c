import subprocess
import sys
import threading
import time

import pytest

from gui.session import Failed, Finished, Piece, Session, Stopped
from tinystories.errors import UserError


@pytest.fixture
def session():
    session = Session()
    yield session
    session.close()


def counting(act):
    for number in range(3):
        act.report(number)
    return "done"


def endless(act):
    while True:
        time.sleep(0.001)
        act.report("and")


def outcome(session):
    """Wait for the end of an act; return what was reported, and how it ended."""
    pieces = []
    while isinstance(event := session.events.get(timeout=10), Piece):
        pieces.append(event.content)
    return pieces, event


def test_an_act_reports_in_order_and_finishes_with_its_result(session):
    act = session.start("lane", counting)
    assert outcome(session) == ([0, 1, 2], Finished(act, "done"))


def test_a_stopped_act_ends_as_stopped_and_the_next_one_is_not_stopped(session):
    act = session.start("lane", endless)
    assert isinstance(session.events.get(timeout=10), Piece)
    act.stop()
    assert outcome(session)[1] == Stopped(act)
    session.start("lane", counting)
    assert isinstance(outcome(session)[1], Finished)


def test_an_act_that_is_stopped_before_its_turn_is_never_begun(session):
    first = session.start("lane", endless)
    begun = []
    second = session.start("lane", begun.append)
    second.stop()
    first.stop()
    assert outcome(session)[1] == Stopped(first)
    assert outcome(session)[1] == Stopped(second)
    assert begun == []


def test_lanes_do_not_wait_for_each_other(session):
    blocked = threading.Event()
    session.start("slow", lambda act: blocked.wait(10))
    quick = session.start("quick", counting)
    assert outcome(session)[1] == Finished(quick, "done")
    blocked.set()


def test_an_act_that_waits_can_be_stopped(session):
    act = session.start("lane", lambda act: act.wait(60))
    act.stop()
    assert outcome(session) == ([], Stopped(act))


def test_a_failing_act_says_why_in_one_sentence(session):
    def work(act):
        raise UserError("the prompt is bad; type it again")

    act = session.start("lane", work)
    assert outcome(session) == ([], Failed(act, "the prompt is bad; type it again"))


def test_a_file_that_cannot_be_used_is_named(session, tmp_path):
    session.start("lane", lambda act: (tmp_path / "none").read_text())
    message = outcome(session)[1].message
    assert message.startswith("a file could not be used: No such file")
    assert str(tmp_path / "none") in message


def test_a_bug_fails_in_one_line_is_logged_and_the_worker_lives_on(session, caplog):
    session.start("lane", lambda act: 1 / 0)
    end = outcome(session)[1]
    assert "ZeroDivisionError" in end.message
    assert "\n" not in end.message
    assert "Traceback" in caplog.text
    session.start("lane", counting)
    assert isinstance(outcome(session)[1], Finished)


def test_closing_ends_every_worker_and_nothing_is_begun_afterwards(session):
    session.start("one", endless)
    session.start("two", endless)
    closing = threading.Thread(target=session.close, daemon=True)
    closing.start()
    closing.join(5)
    assert not closing.is_alive()
    while not session.events.empty():
        session.events.get()
    late = session.start("one", counting)
    assert outcome(session) == ([], Stopped(late))


def test_closing_waits_for_what_has_to_be_finished_and_not_for_what_hears_nothing():
    session, begun, deaf = Session(unstopped=("files",)), threading.Event(), threading.Event()
    session.start("look", lambda act: begun.set() or deaf.wait(20))
    begun.wait(10)
    written = []
    for number in range(3):  # Those that wait for their turn are done, too.
        session.start("files", lambda act, number=number: act.wait(0.1) or written.append(number))
    session.stop()
    began = time.monotonic()
    assert not session.close(patience_s=0.05)
    assert time.monotonic() - began < 10
    assert written == [0, 1, 2]
    deaf.set()
    assert session.close()


def test_the_windows_modules_bring_in_nothing_heavy():
    code = (
        "import sys, gui.__main__, gui.app; print({'torch', 'lightning', 'hydra', 'numpy', "
        "'matplotlib', 'reportlab', 'tokenizers'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
