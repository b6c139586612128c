"""Who may import whom."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "tinystories"
FILES = [*PACKAGE.rglob("*.py"), *(ROOT / "gui").rglob("*.py")]


def imported(path: Path) -> set[str]:
    """Every module that a file imports, anywhere in it."""
    modules = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            modules.add(node.module or "")
    return modules


def uses(path: Path, package: str) -> bool:
    return any(name == package or name.startswith(package + ".") for name in imported(path))


@pytest.mark.parametrize(
    ("package", "allowed"),
    [
        (
            "lightning",
            {"training", "learner", "callbacks", "checkpoints", "metrics_file", "datamodule"},
        ),
        ("hydra", {"sweeps"}),
        ("omegaconf", {"sweeps"}),
        ("optuna", {"search"}),
        ("datasets", {"sources"}),
        ("gui", {"__main__"}),
    ],
)
def test_a_package_is_imported_only_where_it_belongs(package, allowed):
    users = {path.stem for path in PACKAGE.rglob("*.py") if uses(path, package)}
    assert users <= allowed


def test_models_know_nothing_but_torch_and_each_other():
    for path in (PACKAGE / "models").glob("*.py"):
        ours = {name for name in imported(path) if name.startswith("tinystories")}
        assert all(
            name.startswith("tinystories.models") or name == "tinystories.errors" for name in ours
        ), path


def test_the_window_knows_tellers_runs_and_measures_but_nothing_of_training():
    allowed = {"storyteller", "generation", "inspection", "weaving", "wishes"}
    allowed |= {"runs", "records", "errors", "files", "data.corpus"}
    for path in (ROOT / "gui").rglob("*.py"):
        ours = {name for name in imported(path) if name.startswith("tinystories")}
        known = {name.removeprefix("tinystories.") for name in ours}
        assert {name for name in known if not name.startswith("evaluation")} <= allowed, path


def test_only_pages_and_what_they_are_made_of_know_widgets():
    widgets = {"app", "theme", "chart", "__main__"}
    users = {
        p.stem for p in (ROOT / "gui").glob("*.py") if {"tkinter", "customtkinter"} & imported(p)
    }
    assert users <= widgets


def test_the_library_prints_nothing():
    for path in PACKAGE.rglob("*.py"):
        calls = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)]
        assert not any(isinstance(c.func, ast.Name) and c.func.id == "print" for c in calls), path
