import pytest

from tinystories.errors import UserError
from tinystories.evaluation.operation import TITLES, measure


def test_a_model_is_timed_in_a_process_of_its_own(teller, tmp_path):
    teller.save(tmp_path / "model")
    figures = measure(tmp_path / "model")
    assert figures.keys() <= TITLES.keys()
    assert figures.keys() >= TITLES.keys() - {"peak_memory_mb"}
    assert all(value > 0 for value in figures.values())
    assert figures["word_p50_ms"] <= figures["word_p95_ms"] <= figures["word_p99_ms"]
    size = sum(path.stat().st_size for path in (tmp_path / "model").iterdir())
    assert figures["disk_mb"] == pytest.approx(size / 1e6, rel=1e-3)


def test_a_model_that_cannot_be_loaded_is_one_line(tmp_path):
    with pytest.raises(UserError, match="wanted to time") as error:
        measure(tmp_path)
    assert "\n" not in str(error.value)


def test_a_model_that_takes_too_long_is_one_line(teller, tmp_path):
    teller.save(tmp_path / "model")
    with pytest.raises(UserError, match="longer than"):
        measure(tmp_path / "model", timeout=0.01)
