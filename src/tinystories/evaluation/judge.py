"""A large model as a judge, behind any OpenAI-compatible endpoint: the paper's rubric.

Each story is one call. The judge answers yes-or-no questions, which judges agree on, as well as
from 1 to 10 as in the paper (Eldan & Li 2023, section 3), which they do not. Every answer is kept
on disk with the judge's model and a hash of the questions, so that nothing is paid for twice. The
key comes from the environment and goes nowhere but into the request.
"""

import hashlib
import importlib.util
import json
import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from tinystories.errors import UserError
from tinystories.evaluation.metric import Metric
from tinystories.files import write_atomically
from tinystories.records import Told

KEY = "TINYSTORIES_JUDGE_KEY"
"""The environment variable that holds the endpoint's key, where it wants one."""

QUESTIONS = {
    "grammar": (
        "Is every sentence grammatical?",
        "Are spelling and punctuation right throughout?",
    ),
    "creativity": (
        "Does something happen that is not what every such story tells?",
        "Is there a detail or an idea that a reader would remember?",
    ),
    "consistency": (
        "Does the story go on sensibly from its beginning?",
        "Do people, things and places stay what they were?",
        "Does each event follow from what was told before it?",
    ),
    "plot": (
        "Is there a problem or a wish that the story is about?",
        "Is it resolved by the end?",
    ),
}
"""The paper's criteria, and what is asked about each."""

AGES = {"A": "3 or under", "B": "4-5", "C": "6-7", "D": "8-9", "E": "10-12", "F": "13-16"}

INSTRUCTIONS = """You judge a short story for small children that a student wrote as an exercise. \
The student was given the beginning and wrote what follows; judge what the student wrote.
Answer with one JSON object and nothing else:
{criteria, "age_group": "A"}
Under "answers" put true or false for these questions, in this order:
{questions}
Under "score" put a whole number from 1 (bad) to 10 (very good) for the criterion as a whole.
Under "age_group" put your guess of the student's age: {ages}."""

_STORY = "The beginning that was given:\n{prompt}\n\nWhat the student wrote:\n{text}"


@dataclass(frozen=True)
class Verdict:
    """What the judge says of one story: ``answers`` and ``scores`` by criterion, and an age."""

    answers: dict[str, tuple[bool, ...]]
    scores: dict[str, int]
    age: str


@dataclass
class Judge:
    """Asks an endpoint about stories.

    Args:
        url: of the endpoint, up to ``/v1``: ``http://localhost:11434/v1``.
        model: the judge's name there.
        cache: the folder that keeps the answers.
        calls: requests at most, those that failed included.
        tries: requests for one story at most.
        timeout: seconds that an answer may take.
        wait: pauses for so many seconds; a test need not.
    """

    url: str = field(repr=False)
    model: str
    cache: Path
    calls: int = 1000
    tries: int = 4
    timeout: float = 60.0
    wait: Callable[[float], None] = time.sleep
    made: int = field(default=0, init=False)
    failure: str = field(default="", init=False)

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            fits = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            fits = False
        if not fits:
            raise UserError("--judge-url must be like http://localhost:11434/v1; it is not")
        key = os.environ.get(KEY)
        if key is not None and not (key.isascii() and key.isprintable() and key.strip() == key):
            raise UserError(f"{KEY} has letters or blanks that no key has; set it again")
        if importlib.util.find_spec("httpx") is None:
            raise UserError("a judge needs httpx; install it: pip install 'tinystories[judging]'")
        if self.calls < 1:
            raise UserError(f"--judge-calls must be at least 1, got {self.calls}")

    @property
    def place(self) -> str:
        """The endpoint without what may be secret in it: a password, a query."""
        parts = urlsplit(self.url)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))

    def describe(self) -> dict[str, str]:
        """Return what a result must say of its judge."""
        return {"url": self.place, "model": self.model, "prompt_sha256": _hash(instructions())}

    def judge(
        self, stories: Sequence[Told], done: Callable[[int], None] = lambda count: None
    ) -> list[Verdict | None]:
        """Return a verdict on each story; None where no answer could be read, or none was left.

        Raises:
            UserError: the endpoint does not answer, or refuses the key or the model.
        """
        verdicts: list[Verdict | None] = []
        for story in stories:
            verdicts.append(self._known(story) or self._asked(story))
            done(len(verdicts))
        if stories and not any(verdicts):
            if self.failure:
                found, advice = self.failure, "see whether the endpoint is up"
            else:
                found, advice = "no answer could be read", "try another model"
            raise UserError(
                f"wanted verdicts from {self.model} at {self.place}, asked {self.made} times: "
                f"{found}; {advice}"
            )
        return verdicts

    def _asked(self, story: Told) -> Verdict | None:
        """Ask until an answer can be read, at most ``tries`` times."""
        import httpx

        failure = ""
        for attempt in range(self.tries):
            if self.made >= self.calls:
                self.failure = failure or self.failure
                return None
            self.made += 1
            pause = float(2**attempt)
            try:
                answer = self._send(story)
            except httpx.TimeoutException:
                failure = f"no answer within {self.timeout:g} s"
            except httpx.RequestError as error:
                failure = type(error).__name__
            else:
                if answer.status_code == 200:
                    if verdict := read_verdict(answer.text):
                        # The verdict only: whatever else an endpoint says stays with it.
                        write_atomically(self._place(story), json.dumps(asdict(verdict)))
                        return verdict
                    failure = ""  # It answers, only not as it was told to.
                    pause = 0.0
                elif answer.status_code == 429 or answer.status_code >= 500:
                    failure = f"status {answer.status_code}"
                    pause = max(pause, _seconds(answer.headers.get("retry-after")))
                else:
                    raise UserError(
                        f"wanted a verdict from {self.model} at {self.place}, it refused with "
                        f"status {answer.status_code}; check --judge-url, --judge-model and {KEY}"
                    )
            if pause and attempt + 1 < self.tries:
                self.wait(min(pause, 60.0))
        if failure:
            raise UserError(
                f"wanted a verdict from {self.model} at {self.place}, but: {failure}, {self.tries} "
                "times; see whether the endpoint is up (what was judged is kept)"
            )
        return None

    def _send(self, story: Told) -> Any:
        import httpx

        return httpx.post(
            self.url.rstrip("/") + "/chat/completions",
            auth=_signed,
            json={
                "model": self.model,
                "temperature": 0,
                "messages": [
                    {"role": "system", "content": instructions()},
                    {"role": "user", "content": _shown(story)},
                ],
            },
            timeout=self.timeout,
        )

    def _known(self, story: Told) -> Verdict | None:
        try:
            kept = json.loads(self._place(story).read_text(encoding="utf-8"))
            answers = {name: tuple(said) for name, said in kept["answers"].items()}
            return Verdict(answers, kept["scores"], kept["age"])
        except (OSError, ValueError, KeyError):
            return None

    def _place(self, story: Told) -> Path:
        self.cache.mkdir(parents=True, exist_ok=True)
        said = json.dumps([self.place, self.model, instructions(), _shown(story)])
        return self.cache / f"{_hash(said)[:24]}.json"


def _signed(request: Any) -> Any:
    """Put the key into a request that is about to go; there only, so that no crash report has it.

    The headers of a request hide what they carry when they are shown.
    """
    if key := os.environ.get(KEY):
        request.headers["Authorization"] = f"Bearer {key}"
    return request


def instructions() -> str:
    """Return what the judge is told to do."""
    criteria = ", ".join(
        f'"{name}": {{"answers": [{", ".join(["true"] * len(asked))}], "score": 5}}'
        for name, asked in QUESTIONS.items()
    )
    questions = "\n".join(f"{name}: {' '.join(asked)}" for name, asked in QUESTIONS.items())
    ages = ", ".join(f"{letter} ({years})" for letter, years in AGES.items())
    text = INSTRUCTIONS.replace("{criteria, ", "{" + criteria + ", ")
    return text.replace("{questions}", questions).replace("{ages}", ages)


def read_verdict(body: str) -> Verdict | None:
    """Return the verdict in the body of an answer; None if it is not one, or not a whole one."""
    try:
        content = json.loads(body)["choices"][0]["message"]["content"]
        said = json.loads(content[content.index("{") : content.rindex("}") + 1])
        answers = {name: tuple(said[name]["answers"]) for name in QUESTIONS}
        scores = {name: said[name]["score"] for name in QUESTIONS}
        age = said["age_group"]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return None
    whole = all(
        len(answers[name]) == len(asked) and all(type(answer) is bool for answer in answers[name])
        for name, asked in QUESTIONS.items()
    )
    in_range = all(type(score) is int and 1 <= score <= 10 for score in scores.values())
    known = isinstance(age, str) and age in AGES
    return Verdict(answers, scores, age) if whole and in_range and known else None


def judge_metrics(verdicts: Sequence[Verdict | None], judge: str) -> list[Metric]:
    """Return the verdicts as metrics of the stories they are about, in their order."""
    metrics = []
    for name, asked in QUESTIONS.items():
        yes = [_share(verdict.answers[name]) if verdict else None for verdict in verdicts]
        score = [float(verdict.scores[name]) if verdict else None for verdict in verdicts]
        metrics += [
            Metric(
                f"judge_{name}",
                f"{name.capitalize()}: questions answered yes",
                "% of questions",
                "higher",
                f"{judge} was asked of each story: {' '.join(asked)}",
                _always(yes),
            ),
            Metric(
                f"judge_{name}_score",
                f"{name.capitalize()}, from 1 to 10",
                "of 10",
                "higher",
                f"The mark of {judge}. Marks of different judges do not compare.",
                _always(score),
            ),
        ]
    ages = [float(list(AGES).index(verdict.age)) if verdict else None for verdict in verdicts]
    letters = ", ".join(f"{i}: {years}" for i, years in enumerate(AGES.values()))
    metrics.append(
        Metric(
            "judge_age",
            "Age group of the writer",
            "group",
            "higher",
            f"How old {judge} takes the writer to be ({letters}).",
            _always(ages),
        )
    )
    return metrics


def _always(numbers: Sequence[float | None]) -> Callable[[Sequence[Told]], list[float | None]]:
    return lambda stories: list(numbers)


def _share(answers: Sequence[bool]) -> float:
    return 100.0 * sum(answers) / len(answers)


def _shown(story: Told) -> str:
    rest = story.text.removeprefix(story.prompt).strip()
    return _STORY.format(prompt=story.prompt or "(none)", text=rest)


def _seconds(header: str | None) -> float:
    try:
        seconds = float(header or 0)
    except ValueError:  # A date; the back-off will do.
        return 0.0
    return seconds if math.isfinite(seconds) else 0.0


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
