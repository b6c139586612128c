"""The ``tinystories`` command."""

import subprocess
import sys
from dataclasses import asdict

import pytest

from tinystories.__main__ import _parser, main
from tinystories.generation import USUAL


@pytest.fixture
def outputs(teller, tmp_path, monkeypatch):
    teller.save(tmp_path / "outputs" / "runs" / "one" / "model")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "outputs"


def test_tell_tells_the_best_model_by_default(outputs, capsys):
    assert main(["tell", "Anna went", "--seed", "3", "--length", "10"]) == 0
    told = capsys.readouterr()
    assert told.out.startswith("Anna went")
    assert len(told.out) > len("Anna went\n")
    assert "seed 3" in told.err


def test_the_same_seed_tells_the_same_stories(outputs, capsys):
    arguments = ["tell", "Anna", "--seed", "3", "--length", "10", "--count", "2"]
    main(arguments)
    first = capsys.readouterr().out
    main(arguments)
    assert capsys.readouterr().out == first
    one, two = first.strip().split("\n\n")
    assert one != two


def test_tell_takes_every_setting(outputs, capsys):
    settings = "--temperature 0 --top-k 5 --top-p 0.9 --min-p 0.1 --any-words --length 5"
    for which in ("best:rnn", "best:mingru", str(outputs / "runs" / "one")):
        assert main(["tell", "Anna", "--run", which, *settings.split()]) == 0
    stories = capsys.readouterr().out.strip().split("\n")
    assert len(set(stories)) == 1  # Greedy, so always the same.


def test_tell_says_how_it_draws_unless_asked_otherwise():
    options = vars(_parser().parse_args(["tell"]))
    assert {name: options[name] for name in asdict(USUAL)} == asdict(USUAL)


def test_runs_lists_what_is_there(outputs, capsys):
    assert main(["runs"]) == 0
    heading, row = capsys.readouterr().out.strip().split("\n")
    assert heading.split()[:2] == ["val", "bpb"]
    assert row.split()[:2] == ["9.9000", "rnn-mingru"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["tell", "--run", "nowhere"],
        ["tell", "--run", "best:transformer"],
        ["tell", "--count", "0"],
        ["tell", "--length", "0"],
        ["tell", "--temperature", "-1"],
        ["tell", "--top-p", "2"],
        ["tell", "Anna \udce9"],
        ["runs", "nowhere"],
    ],
)
def test_bad_input_is_one_line_and_exit_code_two(outputs, capsys, arguments):
    assert main(arguments) == 2
    err = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("[")]
    assert len(err) == 1
    assert err[0].startswith("error: ")


def test_without_a_model_the_error_says_how_to_train_one(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["tell"]) == 2
    assert "python train.py model=transformer" in capsys.readouterr().err


def test_help_and_the_list_of_runs_need_no_torch(outputs):
    code = (
        "import sys; from tinystories.__main__ import main; main(['runs']);"
        "print(sorted({'torch', 'lightning', 'hydra', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")
