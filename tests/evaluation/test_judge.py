"""The judge, against a real server on this machine."""

import json
import logging
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tinystories.errors import UserError
from tinystories.evaluation.judge import (
    KEY,
    QUESTIONS,
    Judge,
    instructions,
    judge_metrics,
    read_verdict,
)
from tinystories.records import Told

pytest.importorskip("httpx")

SECRET = "sk-very-secret"
STORIES = [Told("Once", f"Once there was story {i}.", True, 5, i) for i in range(3)]


def content(score: int = 7, yes: bool = True, **changes: object) -> str:
    said = {
        name: {"answers": [yes] * len(asked), "score": score} for name, asked in QUESTIONS.items()
    }
    return json.dumps({**said, "age_group": "B", **changes})


def body(text: str) -> bytes:
    return json.dumps({"choices": [{"message": {"content": text}}]}).encode()


Answer = tuple[int, bytes, dict[str, str]]


class Endpoint:
    """A server that answers the n-th request as ``script`` says; the last answer is repeated."""

    def __init__(self) -> None:
        self.script: list[Callable[[], Answer]] = [lambda: (200, body(content()), {})]
        self.asked: list[dict[str, object]] = []
        self.keys: list[str | None] = []
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                endpoint.keys.append(self.headers.get("Authorization"))
                size = int(self.headers["Content-Length"])
                endpoint.asked.append({"path": self.path, **json.loads(self.rfile.read(size))})
                turn = min(len(endpoint.asked), len(endpoint.script)) - 1
                status, said, headers = endpoint.script[turn]()
                try:
                    self.send_response(status)
                    for name, value in {"Content-Length": str(len(said)), **headers}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(said)
                except OSError:  # Who asked has gone.
                    pass

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"

    def answers(self, *script: Answer | Callable[[], Answer]) -> None:
        self.script = [s if callable(s) else (lambda s=s: s) for s in script]


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    endpoint = Endpoint()
    thread = threading.Thread(target=endpoint.server.serve_forever, args=(0.01,))
    thread.start()
    yield endpoint
    endpoint.server.shutdown()
    thread.join()
    endpoint.server.server_close()


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def judge(endpoint, tmp_path, monkeypatch, waits) -> Judge:
    monkeypatch.setenv(KEY, SECRET)
    return Judge(endpoint.url, "a-judge", tmp_path, timeout=0.5, wait=waits.append)


def test_a_good_answer_becomes_a_verdict_on_every_criterion(judge, endpoint):
    verdicts = judge.judge(STORIES)
    assert [verdict.scores["plot"] for verdict in verdicts] == [7, 7, 7]
    assert verdicts[0].answers["consistency"] == (True, True, True)
    assert verdicts[0].age == "B"
    asked = endpoint.asked[1]
    assert asked["path"] == "/v1/chat/completions"
    assert asked["model"] == "a-judge"
    assert asked["messages"][0]["content"] == instructions()
    assert "there was story 1." in asked["messages"][1]["content"]
    assert endpoint.keys == [f"Bearer {SECRET}"] * 3


def test_no_answer_is_paid_for_twice(judge, endpoint, tmp_path):
    first = judge.judge(STORIES)
    assert Judge(endpoint.url, "a-judge", tmp_path).judge(STORIES) == first
    assert len(endpoint.asked) == 3
    Judge(endpoint.url, "another", tmp_path).judge(STORIES[:1])
    assert len(endpoint.asked) == 4


def test_no_key_is_sent_where_none_is_set(judge, endpoint, monkeypatch):
    monkeypatch.delenv(KEY)
    judge.judge(STORIES[:1])
    assert endpoint.keys == [None]


def test_too_many_requests_are_waited_for(judge, endpoint, waits):
    endpoint.answers((429, b"", {"Retry-After": "7"}), (503, b"", {}), (200, body(content()), {}))
    assert judge.judge(STORIES[:1]) != [None]
    assert waits == [7.0, 2.0]


def test_a_slow_answer_is_asked_for_again(judge, endpoint, waits):
    def slow() -> Answer:
        time.sleep(0.8)
        return 200, body(content()), {}

    endpoint.answers(slow, (200, body(content(score=3)), {}))
    assert judge.judge(STORIES[:1])[0].scores["grammar"] == 3
    assert waits == [1.0]


@pytest.mark.parametrize(
    "said",
    [
        b"garbage",
        b"",
        b'"text"',
        b"[]",
        b'{"choices": []}',
        body("I liked it."),
        body(content()[:-20]),  # Cut off.
        body("null"),
        body(content(score=11)),
        body(content(score=7.5)),
        body(content(yes="yes")),
        body(content(age_group="Z")),
        body(content(age_group=["A"])),
        body(content(grammar={"answers": [True], "score": 5})),
        body(content(grammar=[])),
        json.dumps({"choices": [{"message": {"content": None}}]}).encode(),
        body(content())[:-30],
    ],
)
def test_garbage_is_asked_again_and_never_believed(judge, endpoint, said):
    endpoint.answers((200, said, {}), (200, body(content()), {}))
    assert judge.judge(STORIES[:1])[0].scores["plot"] == 7
    assert len(endpoint.asked) == 2


def test_json_in_a_chatty_answer_is_found():
    assert read_verdict(body(f"Sure!\n```json\n{content()}\n```\nBye").decode()) is not None


def test_a_story_that_cannot_be_judged_leaves_the_others(judge, endpoint):
    bad = (200, body("no"), {})
    endpoint.answers(*[bad] * judge.tries, (200, body(content()), {}))
    verdicts = judge.judge(STORIES)
    assert verdicts[0] is None
    assert None not in verdicts[1:]
    grammar = judge_metrics(verdicts, "a-judge")[0].score(STORIES)
    assert grammar == [None, 100.0, 100.0]


def test_garbage_only_is_an_error(judge, endpoint):
    endpoint.answers((200, body("no"), {}))
    with pytest.raises(UserError, match="asked 12 times: no answer could be read"):
        judge.judge(STORIES)


def test_the_budget_counts_every_request(endpoint, tmp_path):
    judge = Judge(endpoint.url, "a-judge", tmp_path, calls=2)
    verdicts = judge.judge(STORIES)
    assert [verdict is None for verdict in verdicts] == [False, False, True]
    assert len(endpoint.asked) == 2


def test_an_endpoint_that_is_down_is_one_line(judge, endpoint, waits):
    endpoint.server.shutdown()
    endpoint.server.server_close()
    with pytest.raises(UserError, match="see whether the endpoint is up") as error:
        judge.judge(STORIES)
    assert "\n" not in str(error.value)
    assert waits == [1.0, 2.0, 4.0]


def test_an_endpoint_that_is_down_is_named_with_few_calls_too(judge, endpoint):
    endpoint.server.shutdown()
    endpoint.server.server_close()
    judge.calls = 2
    with pytest.raises(UserError, match="ConnectError; see whether the endpoint is up"):
        judge.judge(STORIES)


def test_a_refusal_is_not_repeated(judge, endpoint):
    endpoint.answers((401, f"bad key {SECRET}".encode(), {}))
    with pytest.raises(UserError, match="status 401"):
        judge.judge(STORIES)
    assert len(endpoint.asked) == 1


def test_the_key_is_nowhere_to_be_read(judge, endpoint, tmp_path, caplog):
    said = body(content(note=SECRET))
    endpoint.answers((200, said, {}), (403, SECRET.encode(), {}))
    with caplog.at_level(logging.DEBUG), pytest.raises(UserError) as error:
        judge.judge(STORIES)
    seen = [str(error.value), repr(judge), str(judge.describe()), caplog.text]
    seen += [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(list(tmp_path.iterdir())) == 1
    assert not any(SECRET in text for text in seen)


def test_a_crash_report_with_all_variables_has_no_key(judge, endpoint, monkeypatch):
    import httpx

    def crash(self, request):
        assert request.headers["Authorization"] == f"Bearer {SECRET}"
        raise RuntimeError("a bug, far down")

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", crash)
    with pytest.raises(RuntimeError) as error:
        judge.judge(STORIES)
    report = traceback.TracebackException.from_exception(error.value, capture_locals=True)
    shown = "".join(report.format())
    assert "_send" in shown
    assert SECRET not in shown


def test_a_key_that_no_header_can_carry_is_refused_and_not_shown(endpoint, tmp_path, monkeypatch):
    for key in ("sk-ü", "sk-secret\nnext", " "):
        monkeypatch.setenv(KEY, key)
        with pytest.raises(UserError, match=KEY) as error:
            Judge(endpoint.url, "a-judge", tmp_path)
        assert key.strip() not in str(error.value) or not key.strip()


def test_a_password_in_the_address_is_not_shown(tmp_path):
    judge = Judge("http://me:hush@127.0.0.1:1/v1?token=hush", "a", tmp_path, tries=1)
    assert judge.place == "http://127.0.0.1:1/v1"
    with pytest.raises(UserError) as error:
        judge.judge(STORIES)
    assert "hush" not in str(error.value) + repr(judge)


@pytest.mark.parametrize("url", ["", "localhost:80/v1", "ftp://a/v1", "http://", "http://a:99999/"])
def test_an_address_that_is_none_is_one_line(tmp_path, url):
    with pytest.raises(UserError, match="--judge-url"):
        Judge(url, "a", tmp_path)


def test_the_result_names_its_judge(judge):
    said = judge.describe()
    assert said["model"] == "a-judge"
    assert len(said["prompt_sha256"]) == 64
