"""What comes with the project: under which licences, and whom it calls."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from licences import APART, Package, packages

ROOT = Path(__file__).parents[2]


def test_every_licence_lets_the_project_be_under_mit():
    needed = list(packages("tinystories"))
    assert len(needed) > 40
    assert [package for package in needed if not package.free] == []


def test_what_asks_for_more_is_no_more_than_what_is_said_to():
    found = packages("tinystories", "dev", "voice")
    assert {package.name for package in found if not package.free} <= APART.keys()


@pytest.mark.parametrize(
    ("licence", "free"),
    [
        ("Apache-2.0 AND MIT", True),
        ("GPL-3.0-or-later", False),
        ("MIT AND GPL-3.0-only", False),
        ("GPL-2.0-only OR MPL-1.1", True),
        ("unknown", False),
    ],
)
def test_a_licence_that_asks_for_more_is_seen(licence, free):
    assert Package("a", "1", licence).free is free


QUIET = """
import socket

def refuse(*arguments, **_):
    raise SystemExit(f"asked the network: {arguments}")

socket.socket.connect = socket.socket.connect_ex = socket.socket.sendto = refuse
socket.create_connection = socket.getaddrinfo = socket.gethostbyname = refuse
"""

IMPORTS = """
import train, gui.app, gui.studio, gui.newness, gui.voices
import datasets, tinystories.training, tinystories.inspection, tinystories.evaluation.evaluate
"""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_imports_ask_no_network_and_report_to_nobody():
    told = "from huggingface_hub.constants import HF_HUB_DISABLE_TELEMETRY as quiet; print(quiet)"
    loud = ("DO_NOT_TRACK", "DISABLE_TELEMETRY", "HF_HUB_DISABLE_TELEMETRY", "HF_HUB_OFFLINE")
    done = subprocess.run(
        [sys.executable, "-c", QUIET + IMPORTS + told],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name not in loud},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "True\n", done.stderr


def test_the_network_is_asked_only_where_the_user_asked_for_it():
    """Who opens a connection: the hub's stories, and the judge's endpoint."""
    users = {
        path.name
        for path in [*ROOT.glob("src/**/*.py"), *ROOT.glob("gui/**/*.py"), ROOT / "train.py"]
        if any(
            word in path.read_text(encoding="utf-8")
            for word in ("urllib.request", "httpx", "import socket", "load_dataset")
        )
    }
    assert users == {"sources.py", "judge.py"}
