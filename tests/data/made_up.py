"""Made-up stories, files of them, and a stand-in for the hub."""

import random
import sys
import threading
import types
from collections.abc import Iterator
from pathlib import Path

import pytest


def make_story(number: int) -> str:
    draw = random.Random(number)
    words = ["".join(draw.choices("abcdefghijk", k=4)) for _ in range(30)]
    return f"Story {number}: " + " ".join(words) + "."


STORIES = [make_story(number) for number in range(100)]


def write_txt(path: Path, stories: list[str] = STORIES) -> Path:
    path.write_text("\n<|endoftext|>\n".join(stories), encoding="utf-8")
    return path


def put_hub(
    monkeypatch: pytest.MonkeyPatch, rows: dict[str, list[str]], fails: bool = False
) -> list[str]:
    """Stand in for a hub that answers; returns the list that will name what was asked of it."""
    asked = []

    def load_dataset(
        name: str, split: str, streaming: bool, data_files: str = "", **options: str
    ) -> Iterator[dict[str, str]]:
        assert streaming
        asked.append(data_files or f"{name}/{split}")
        for row in rows[data_files or split]:
            yield {"text": row}
        if fails:
            raise ConnectionError("the line broke\nand more")

    monkeypatch.setitem(sys.modules, "datasets", types.ModuleType("datasets"))
    sys.modules["datasets"].load_dataset = load_dataset  # type: ignore[attr-defined]
    monkeypatch.setattr("urllib.request.urlopen", lambda url, timeout: threading.Lock())  # for with
    return asked


def cut_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(url: str, timeout: float) -> None:
        raise OSError("no network in tests")

    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr("urllib.request.urlopen", refuse)
