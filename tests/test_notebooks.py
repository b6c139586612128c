"""The notebooks run from the first cell to the last, and are kept without their outputs."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
import torch

from tinystories.models import Transformer
from tinystories.storyteller import Storyteller

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))


@pytest.fixture
def runs(teller, tmp_path):
    """A run of each family, with a curve."""
    torch.manual_seed(0)
    arguments = {"width": 16, "depth": 1, "heads": 2, "context": 32}
    card = {**teller.card, "model": {"family": "transformer", "arguments": arguments}}
    other = Storyteller(
        Transformer(len(teller.vocabulary), **arguments), teller.vocabulary, {**card, "val_bpb": 9}
    )
    for name, one in (("rnn", teller), ("transformer", other)):
        folder = tmp_path / "outputs" / "runs" / name
        one.save(folder / "model")
        lines = ["step,metric,value"]
        for step in (1, 2):
            lines += [f"{step},train/tokens_per_s,50", f"{step},train/tokens,{100 * step}"]
            lines.append(f"{step},val/bpb,{9 / step}")
        (folder / "metrics.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_runs_on_small_models(path, runs, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    said = ""
    try:
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                assert (cell["outputs"], cell["execution_count"]) == ([], None)
                exec("".join(cell["source"]), names)
                printed = capsys.readouterr().out
                assert printed
                said += printed
        if path.stem == "analysis":
            assert "2 of 2 runs kept a curve" in said
            assert "1 of 2 models have gates" in said
            # How they learned, what surprises them, what they look back at, what gates keep.
            assert len(plt.get_fignums()) == 4
    finally:
        plt.close("all")


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_runs_in_jupyter(path, runs, tmp_path):
    shutil.copytree(path.parent, tmp_path / "notebooks")
    asked = ["--nbmake", "-p", "no:cacheprovider", f"notebooks/{path.name}"]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *asked],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    assert ran.returncode == 0, ran.stdout
    assert "1 passed" in ran.stdout
