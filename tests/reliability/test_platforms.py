"""Other systems, as far as this one can play them: names, line ends, letters and processes."""

import ast
import os
import pickle
import re
import shutil
import subprocess
import sys
from multiprocessing.reduction import ForkingPickler
from pathlib import Path

import pytest
from torch.utils.data import DataLoader

from gui.document import Document
from gui.library import Library, Story
from gui.preferences import Preferences
from gui.training import read_curves
from tinystories.data.corpus import prepare_corpus
from tinystories.data.datamodule import StoryData, stack_windows
from tinystories.data.pipeline import prepare
from tinystories.evaluation.items import read_blocks
from tinystories.evaluation.words import read_list
from tinystories.metrics_file import read_metrics
from tinystories.records import Told, read_stories, write_stories
from tinystories.runs import find_runs, read_run
from tinystories.storyteller import Storyteller

ROOT = Path(__file__).parents[2]
OURS = [*ROOT.glob("src/**/*.py"), *ROOT.glob("gui/**/*.py"), ROOT / "train.py"]
ODD = "Anna's Märchen 🐉, 2 (ü) = #%$"
POOR = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
"""A system whose letters are those of ASCII."""


def run(*arguments: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        capture_output=True,
    )


# --- Names ------------------------------------------------------------------------------------

_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def legal(name: str) -> bool:
    """Whether Windows takes it as the name of a file."""
    bad = set('<>:"/\\|?*') | set(map(chr, range(32)))
    return not (bad & set(name) or name[-1] in " ." or _RESERVED.fullmatch(name))


def check_names(paths: list[Path]) -> None:
    """Every name is legal, and none differs from another by its case only."""
    assert paths
    assert [path for path in paths if not legal(path.name)] == []
    assert len({str(path).casefold() for path in paths}) == len(paths)


@pytest.mark.parametrize("name", ["CON", "con.txt", "a:b", "a.", "a ", "a?", "Com1.json"])
def test_names_that_windows_refuses_are_known(name):
    assert not legal(name)


def test_the_names_of_the_project_are_names_everywhere():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    check_names([Path(name) for name in listed.stdout.decode().split("\0") if name])


def test_what_is_kept_has_names_everywhere_whatever_the_title(tmp_path):
    library = Library(tmp_path)
    for title in ("CON", "a:b", "Anna", "anna", "trailing. ", "../up", "\x00", "🐉"):
        library.save(Story(Document("Once.").to_json(), title))
    stories, broken = library.stories()
    assert (len(stories), broken) == (8, [])
    check_names(list(tmp_path.rglob("*")))


def test_a_model_and_its_stories_may_lie_in_any_folder(teller, tmp_path, corpus_file):
    home = tmp_path / ODD
    home.mkdir()
    source = home / "stories of ü.txt"
    shutil.copy(corpus_file, source)
    data = prepare(
        str(source), vocab=60, tokenizer={"kind": "words"}, folder=home / "data", processes=1
    )
    assert data.describe()["source"]["asked"] == str(source)
    teller.save(home / "runs" / "one" / "model")
    [found] = find_runs(home)
    assert Storyteller.load(found.folder).tell("Anna", seed=1, length=9).startswith("Anna")
    check_names(list(home.rglob("*")))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has names that are no text")
def test_a_path_that_is_no_text_is_written_down_and_read_back(tmp_path, corpus_file):
    source = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt"))
    shutil.copy(corpus_file, source)
    prepare_corpus(str(source), tmp_path / "data")
    again = prepare_corpus(str(source), tmp_path / "data")
    assert again.index["source"]["asked"] == str(source)


# --- Text -------------------------------------------------------------------------------------


def test_line_ends_of_windows_change_nothing(tmp_path, teller, corpus_file):
    def both(path: Path, read):
        """What is read from a file, and from the same with the line ends of Windows."""
        plain = read(path)
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
        return plain, read(path)

    for number, reader in enumerate((read_metrics, read_curves)):
        path = tmp_path / f"{number}.csv"
        path.write_bytes(b"step,name,value\n1,val/bpb,2.5\n2,val/bpb,2.25\n")
        assert len({str(rows) for rows in both(path, reader)}) == 1
    write_stories(tmp_path / "told.jsonl", [Told("A", "A\n\nB", True, 3, 1)] * 2)
    (tmp_path / "words.txt").write_bytes(b"# mine\nanna\nball, kite\n")
    teller.save(tmp_path / "model")
    Preferences(own_words="a\nb").save(tmp_path / "preferences.json")
    for name, reader in {
        "told.jsonl": read_stories,
        "words.txt": read_list,
        "model/card.json": lambda path: read_run(path.parent),
        "preferences.json": Preferences.load,
    }.items():
        one, other = both(tmp_path / name, reader)
        assert one == other

    stories = tmp_path / "stories.txt"
    shutil.copy(corpus_file, stories)

    def texts(path: Path) -> list[bytes]:
        corpus = prepare_corpus(str(path), tmp_path / str(path.stat().st_size))
        return [file.read_bytes() for file in corpus.files("train")]

    one, other = both(stories, texts)
    assert one == other


def test_questions_are_read_alike_with_the_line_ends_of_windows(monkeypatch, tmp_path):
    import tinystories.evaluation.items as items

    here = Path(items.__file__).parent
    for path in here.glob("*.txt"):
        (tmp_path / path.name).write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
        plain = read_blocks(path.name)
        with monkeypatch.context() as patch:
            patch.setattr(items, "files", lambda _: tmp_path)
            assert read_blocks(path.name) == plain


def test_no_text_is_read_or_written_in_the_letters_of_the_system():
    for path in OURS:
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call):
                continue
            name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
            name = call.func.id if isinstance(call.func, ast.Name) else name
            said = {keyword.arg for keyword in call.keywords}
            modes = [arg.value for arg in call.args if isinstance(arg, ast.Constant)]
            binary = any("b" in mode for mode in modes if isinstance(mode, str))
            if name in ("read_text", "write_text") or (name == "open" and modes and not binary):
                assert "encoding" in said, f"{path}:{call.lineno}"


@pytest.mark.parametrize("letters", ["cp1252", "ascii", "utf-16"])
def test_a_story_is_told_where_the_screen_knows_few_letters(teller, tmp_path, letters):
    teller.save(tmp_path / ODD / "model")
    asked = ["-m", "tinystories", "tell", "むかし 🐉 “Anna”", "--run", ODD, "--engine", "numpy"]
    done = run(*asked, "--seed", 1, cwd=tmp_path, PYTHONIOENCODING=letters)
    assert done.returncode == 0, done.stderr
    assert "Anna" in done.stdout.decode(letters)
    assert b"Traceback" not in done.stderr


def test_a_story_is_told_where_the_system_knows_only_ascii(teller, tmp_path):
    teller.save(tmp_path / "model")
    asked = ["-m", "tinystories", "tell", "Anna", "--run", tmp_path, "--engine", "numpy"]
    poor, rich = (run(*asked, "--seed", 1, cwd=tmp_path, **more) for more in (POOR, {}))
    assert poor.returncode == 0, poor.stderr
    assert poor.stdout == rich.stdout


@pytest.mark.slow
@pytest.mark.parametrize("letters", [POOR, {"PYTHONIOENCODING": "cp1252"}])
def test_a_model_is_trained_where_the_system_knows_few_letters(tmp_path, corpus_file, letters):
    text = corpus_file.read_text(encoding="utf-8").replace("Anna", "Märi")
    (tmp_path / "stories.txt").write_text(text, encoding="utf-8")
    settings = ["data.source=stories.txt", "data.folder=my data", "data.vocab=60"]
    settings += ["model.width=48", "model.depth=1", "data.context=32", "trainer.max_steps=4"]
    settings += ["hydra.run.dir=my run", "trainer.accelerator=cpu"]
    if letters is not POOR:
        settings.append("prompt='Märi 🐉 むかし'")
    done = run(ROOT / "train.py", *settings, cwd=tmp_path, **letters)
    assert done.returncode == 0, done.stderr
    assert b"Logging error" not in done.stderr
    if letters is not POOR:
        assert "Märi 🐉 むかし" in (tmp_path / "my run" / "train.log").read_text(encoding="utf-8")
    check_names(list(tmp_path.rglob("*")))


# --- Processes --------------------------------------------------------------------------------


@pytest.fixture
def stories(corpus_file, tmp_path):
    data = prepare(
        str(corpus_file), vocab=60, tokenizer={"kind": "words"}, folder=tmp_path, processes=1
    )
    return StoryData(data.shards, context=32, batch=4)


@pytest.mark.slow
def test_a_spawned_reader_reads_the_same(stories):
    def read(**settings):
        order = [[0, 1], [3, 2]]
        return [
            {name: part.tolist() for name, part in batch.items()}
            for batch in DataLoader(
                stories.windows, batch_sampler=order, collate_fn=stack_windows, **settings
            )
        ]

    assert read(num_workers=1, multiprocessing_context="spawn") == read()


def test_what_a_spawned_reader_needs_can_be_handed_to_it(stories):
    windows = pickle.loads(ForkingPickler.dumps(stories.windows))
    assert (windows[3][0] == stories.windows[3][0]).all()
    assert (pickle.loads(ForkingPickler.dumps(stories.stories))[0] == stories.stories[0]).all()


def test_no_process_is_forked_by_us():
    for path in OURS:
        text = path.read_text(encoding="utf-8")
        forked = re.search(r"os\.fork|get_context\(\"fork|set_start_method\((?!\"spawn\")", text)
        assert not forked, path
        if "Pool" in text or "Process(" in text:
            assert 'get_context("spawn")' in text, path
