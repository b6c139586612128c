"""What the tests of sources and corpora share."""

import sys
import types
from collections.abc import Iterator

import pytest
from made_up import cut_network, make_story


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    cut_network(monkeypatch)


@pytest.fixture
def grammar(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """A grammar of one line; the real one has its own tests."""

    def stories(seed: int, start: int = 0, stop: int | None = None) -> Iterator[str]:
        assert stop is not None
        return (make_story(seed * 2**40 + number) for number in range(start, stop))

    module = types.ModuleType("tinystories.data.grammar")
    module.stories = stories  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tinystories.data.grammar", module)
    monkeypatch.setattr("tinystories.data.grammar", module, raising=False)
    return module
