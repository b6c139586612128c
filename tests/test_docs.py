"""The commands that the README and the pages of docs/ show are commands that work."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from tinystories.__main__ import _parser
from tinystories.settings import check_settings
from tinystories.training import known_settings

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands(page: Path) -> list[list[str]]:
    """Every command that a page shows in its shell blocks, without comments."""
    text = "".join(BLOCK.findall(page.read_text(encoding="utf-8"))).replace("\\\n", " ")
    return [words for line in text.splitlines() if (words := shlex.split(line, comments=True))]


def shown(program: str) -> list[str]:
    """The commands of all pages that begin with ``program``."""
    start = program.split()
    found = [c for page in PAGES for c in commands(page) if c[: len(start)] == start]
    return sorted({shlex.join(command[len(start) :]) for command in found})


@pytest.mark.parametrize("arguments", shown("tinystories"))
def test_a_command_shown_is_understood(arguments):
    _parser().parse_args(shlex.split(arguments))


@pytest.mark.parametrize("arguments", shown("python train.py"))
def test_a_training_shown_has_settings_that_there_are(arguments):
    overrides = [a for a in shlex.split(arguments) if not a.startswith(("-", "resume=", "hydra"))]
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        # The values of a sweep are checked where it runs.
        first = [re.sub(r"=([^\[,]*),.*", r"=\1", override) for override in overrides]
        config = OmegaConf.to_container(compose("train", first), resolve=True)
    config.pop("search", None)  # Which train.py takes for itself.
    check_settings(config, known_settings(config))


def test_every_file_that_a_page_links_to_is_there():
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"


SMALL = [
    "data.limit=200",
    "data.vocab=60",
    "data.context=32",
    "model.width=48",
    "model.depth=1",
    "trainer.threads=1",
    "trainer.max_steps=4",
    "validations=1",
]
"""What makes a training of the README a matter of seconds."""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_readme_s_commands_do_what_they_say(corpus_file, tmp_path):
    """All of them, in their order, as a reader types them, but on small stories and few of them."""
    shutil.copyfile(corpus_file, tmp_path / "my_stories.txt")
    for name in ("train.py", "conf", "gui"):
        (tmp_path / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "outputs" / "pretrained", tmp_path / "outputs" / "pretrained")
    bin_folder = Path(sys.executable).parent
    environment = os.environ | {
        "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
    }
    ran = set()
    for words in commands(ROOT / "README.md"):
        command = adapted(words, tmp_path)
        if command is None:
            continue
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=280
        )
        assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout}\n{done.stderr}"
        ran.add(" ".join(words[:2]))
    assert {"python train.py", "tinystories tell", "tinystories evaluate"} <= ran


def adapted(words: list[str], folder: Path) -> list[str] | None:
    """A command of the README made quick; None for those that install, serve or need machines."""
    match words:
        case ["python", "train.py", *arguments]:
            run = next(folder.glob("outputs/runs/*/*-rnn"), folder)
            arguments = [
                a.replace("outputs/runs/DATE/TIME-rnn", str(run)).replace("PATH", "my_stories.txt")
                for a in arguments
            ]
            resumed = any(a.startswith("resume=") for a in arguments)
            return ["python", "train.py", *arguments, *([] if resumed else made_small(arguments))]
        case ["tinystories", "gui"]:
            return None
        case ["tinystories", "evaluate", *_]:
            return [*words, "--quick", "--count", "20"]
        case ["tinystories", "soak", *_]:
            return [*words, "--minutes", "0.05"]
        case ["tinystories", *_]:
            return words
    return None


def made_small(arguments: list[str]) -> list[str]:
    """The settings of ``SMALL`` that do not undo what a command is about."""
    return [
        setting
        for setting in SMALL
        if not ("trainer=ddp" in arguments and setting.startswith("trainer.threads"))
        and not ("-m" in arguments and setting.startswith("data.vocab"))
        and not (any(a.startswith("base=") for a in arguments) and setting.startswith("model."))
    ]


@pytest.mark.parametrize("path", sorted((ROOT / ".run").glob("*.xml")), ids=lambda path: path.stem)
def test_a_shared_run_configuration_starts_what_there_is(path):
    options = {
        option.get("name"): option.get("value") for option in ElementTree.parse(path).iter("option")
    }
    target = options["SCRIPT_NAME"]
    if options["MODULE_MODE"] == "true":
        assert find_spec(target), target
    else:
        assert Path(target.replace("$PROJECT_DIR$", str(ROOT))).is_file()
