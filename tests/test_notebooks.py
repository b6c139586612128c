"""The notebooks run from the first cell to the last, and are kept without their outputs."""

import json
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_runs_on_a_small_model(path, teller, tmp_path, monkeypatch, capsys):
    teller.save(tmp_path / "outputs" / "model")
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            exec("".join(cell["source"]), names)
            assert capsys.readouterr().out
