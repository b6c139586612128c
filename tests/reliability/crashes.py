"""Kill it at any moment: ``python tests/reliability/crashes.py [JOB ...] --kills 100``.

A job is small work in a process of its own. It is killed (SIGKILL) at a random moment and started
again, up to four times in one folder, then left to end. After each kill everything is read as any
reader would: nothing corrupt may look good, nothing finished may be gone. What is there at the end
must be what an undisturbed job leaves. Needs ``os.fork``: Linux or macOS.
"""

import argparse
import csv
import hashlib
import math
import os
import pickle
import random
import runpy
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ |= {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}  # Forks know no threads.

ROOT = Path(__file__).parent.parent.parent
MOST = 4  # kills in a row

sys.path.insert(0, str(ROOT))  # For train.py, which is in no package.


class Job:
    """Work that goes on where it was interrupted.

    ``prepare(shared)`` makes what all its runs share, once. ``work(shared, folder)`` does it.
    ``look(shared, folder)`` reads all there is, raises an AssertionError where something corrupt
    looks good, and returns how much is finished. ``result(folder)`` is what it all led to.
    """

    def prepare(self, shared: Path) -> None: ...
    def work(self, shared: Path, folder: Path) -> None: ...
    def look(self, shared: Path, folder: Path) -> int: ...
    def result(self, folder: Path) -> Any: ...


def hashes(folder: Path) -> dict[str, str]:
    """Every file but locks and what a kill may leave half written, with its hash."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
        if path.suffix != ".lock" and not (path.suffix == ".tmp" and path.name.startswith("."))
    }


def difference(found: Any, wanted: Any, where: str = "it") -> str:
    """Say where two results part first."""
    pairs: dict[Any, tuple[Any, Any]] = {}
    if isinstance(found, dict) and isinstance(wanted, dict):
        names = [*wanted, *(name for name in found if name not in wanted)]
        pairs = {name: (found.get(name), wanted.get(name)) for name in names}
    elif isinstance(found, list | tuple) and len(found) == len(wanted):
        pairs = dict(enumerate(zip(found, wanted, strict=True)))
    for name, (one, other) in pairs.items():
        if one != other:
            return difference(one, other, f"{where}[{name!r}]")
    return f"{where} is {found!r:.200}, not {wanted!r:.200}"


def tales(count: int) -> list[str]:
    """Different short stories in few words."""
    rng = random.Random(0)
    who, what = ["Anna", "Ben", "Mia", "Tom", "Zoe"], ["ball", "kite", "drum", "boat", "hat"]
    where, how = ["park", "garden", "forest", "kitchen"], ["red", "small", "old", "shiny"]
    return [
        " ".join(
            f"{rng.choice(who)} took {rng.randint(2, 99)} {rng.choice(how)} {rng.choice(what)}s "
            f"to the {rng.choice(where)}."
            for _ in range(6)
        )
        for _ in range(count)
    ]


class Data(Job):
    """A corpus, its vocabulary and its shards, in many small files."""

    def prepare(self, shared: Path) -> None:
        (shared / "stories.txt").write_text("\n\n".join(tales(1200)), encoding="utf-8")

    def work(self, shared: Path, folder: Path) -> None:
        from tinystories.data import corpus, pipeline

        corpus.FILE_BYTES = 8_000
        pipeline.prepare(
            str(shared / "stories.txt"),
            vocab=60,
            tokenizer={"kind": "words"},
            folder=folder,
            processes=1,
        )

    def look(self, shared: Path, folder: Path) -> int:
        from tinystories.data.corpus import Corpus
        from tinystories.data.shards import Shards
        from tinystories.data.vocabulary import Vocabulary
        from tinystories.errors import UserError

        finished = 0
        for kind, read in {"corpus": Corpus.open, "vocabulary": Vocabulary.load}.items():
            for made in folder.glob(f"{kind}-????????????"):
                read(made)  # Renamed as a whole, so it is never anything but whole.
                finished += 1
        for made in folder.glob("shards-*"):
            finished += sum(note.with_suffix(".bin").is_file() for note in made.glob("*-*.json"))
            try:
                Shards.open(made)
            except UserError:
                assert not (made / "index.json").exists()
        return finished

    def result(self, folder: Path) -> Any:
        return hashes(folder)


class Training(Job):
    """``train.py`` learns for thirty steps, judged five times; ``resume=`` after each kill."""

    STEPS, VALIDATIONS = 30, 5

    def prepare(self, shared: Path) -> None:
        from tinystories import callbacks, sweeps, training  # noqa: F401

        # The stories on the way take half of the time, and leave nothing.
        callbacks.StorySample.on_validation_end = lambda *_: None
        (shared / "stories.txt").write_text("\n\n".join(tales(300)), encoding="utf-8")
        asked(self.work, shared, shared / "first")  # Makes the data.

    @classmethod
    def settings(cls, shared: Path) -> list[str]:
        model = "model=rnn model.width=16 model.depth=1 model.dropout=0.1 data.vocab=60"
        data = "data.context=16 data.batch=4 data.judged=10 data.processes=1 optimizer.growth=0"
        steps = f"trainer.max_steps={cls.STEPS} validations={cls.VALIDATIONS}"
        here = "trainer.threads=1 trainer.log_every_n_steps=1 trainer.accelerator=cpu"
        where = [f"data.source={shared / 'stories.txt'}", f"data.folder={shared / 'data'}"]
        return [*where, *f"{model} {data} {steps} {here}".split()]

    @classmethod
    def config(cls, shared: Path) -> dict[str, Any]:
        from hydra import compose, initialize_config_dir
        from omegaconf import OmegaConf

        with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
            return OmegaConf.to_container(compose("train", cls.settings(shared)), resolve=True)

    def work(self, shared: Path, folder: Path) -> None:
        if any(folder.glob("checkpoints/*.ckpt")):
            type_in([f"resume={folder}"])
        else:  # Nothing was finished yet.
            shutil.rmtree(folder, ignore_errors=True)
            type_in([*self.settings(shared), f"hydra.run.dir={folder}"])

    def look(self, shared: Path, folder: Path) -> int:
        import train

        finished = learned(folder, {*curves(shared / "first")})
        if any(folder.glob("checkpoints/*.ckpt")):
            train.continued([f"resume={folder}"])  # What it began with is there, and whole.
        return finished

    def result(self, folder: Path) -> Any:
        return outcome(folder)


def type_in(arguments: list[str]) -> None:
    """Do what ``python train.py ARGUMENTS`` does."""
    sys.argv = ["train.py", *arguments]
    runpy.run_path(str(ROOT / "train.py"), run_name="__main__")


def learned(folder: Path, known: set[tuple[int, str, float]]) -> int:
    """Read all there is of a run, whose curves are ``known``; return how much is finished."""
    from tinystories.checkpoints import read_checkpoint
    from tinystories.runs import find_runs
    from tinystories.storyteller import Storyteller

    steps = 0
    for path in folder.glob("checkpoints/*.ckpt"):
        steps += read_checkpoint(path)["global_step"]
    if (folder / "metrics.csv").exists():
        assert {*curves(folder)} <= known
    runs = find_runs(folder) if folder.is_dir() else []
    for run in runs:
        Storyteller.load(run.folder, "numpy")
    return steps + len(runs)


def outcome(folder: Path) -> Any:
    """Return what a run has come to: its weights and its curves."""
    from tinystories.checkpoints import read_checkpoint

    weights = read_checkpoint(folder / "checkpoints" / "last.ckpt")["state_dict"]
    return (
        {name: weight.numpy().tobytes() for name, weight in weights.items()},
        (folder / "model" / "weights.safetensors").read_bytes(),
        sorted(curves(folder)),
    )


def curves(folder: Path) -> list[tuple[int, str, float]]:
    """Return a run's figures that are the same every time: all but the speed."""
    from tinystories.metrics_file import read_metrics

    return [row for row in read_metrics(folder / "metrics.csv") if "per_s" not in row[1]]


class Sweep(Training):
    """``train.py -m`` trains three runs of ten steps; ``resume=`` after each kill."""

    STEPS, VALIDATIONS = 10, 2
    WIDTHS = (8, 12, 16)

    def work(self, shared: Path, folder: Path) -> None:
        import train
        from tinystories.errors import UserError

        record = folder / "multirun.yaml"
        try:
            train.began_with(record)
            type_in([f"resume={folder}"])
        except UserError:  # Not there yet; or cut short, and then this is what we are told to do.
            record.unlink(missing_ok=True)
            widths = ",".join(map(str, self.WIDTHS))
            settings = [*self.settings(shared), f"model.width={widths}"]
            type_in(["-m", *settings, f"hydra.sweep.dir={folder}"])

    def look(self, shared: Path, folder: Path) -> int:
        from tinystories.sweeps import RESULTS, results, state_of

        finished = 0
        for number in range(len(self.WIDTHS)):
            run = folder / str(number)
            finished += learned(run, {*curves(shared / "first" / str(number))})
            if state_of(run) == "finished":
                assert outcome(run) == outcome(shared / "first" / str(number))
        if folder.is_dir():
            assert {row["state"] for row in results(folder)} <= {"finished", "interrupted"}
        if (folder / RESULTS).exists():  # Written when all have ended.
            assert table(folder) == table(shared / "first")
        return finished

    def result(self, folder: Path) -> Any:
        return [outcome(folder / str(number)) for number in range(len(self.WIDTHS))], table(folder)


def table(folder: Path) -> list[dict[str, str]]:
    """Return the table of a sweep, without the times."""
    with (folder / "results.csv").open(encoding="utf-8", newline="") as file:
        return [row | {"seconds": ""} for row in csv.DictReader(file)]


class Evaluation(Job):
    """A scorecard: short stories told one by one, anchors, scores; without the questions."""

    def prepare(self, shared: Path) -> None:
        from tinystories.data.pipeline import prepare
        from tinystories.models import RNN
        from tinystories.storyteller import Storyteller

        (shared / "stories.txt").write_text("\n\n".join(tales(300)), encoding="utf-8")
        where = shared / "prepared"
        kind = {"kind": "words"}
        data = prepare(
            str(shared / "stories.txt"), vocab=60, tokenizer=kind, folder=where, processes=1
        )
        arguments = {"width": 16, "depth": 1}
        card = {
            "model": {"family": "rnn", "arguments": arguments},
            "parameters": {"total": 1},
            "vocab": {"words": 60, "tokens": len(data.vocabulary)},
            "data": {"source": {"kind": "local", "asked": "nowhere"}},
            "training": {"tokens": 0},
        }
        model = RNN(len(data.vocabulary), **arguments)
        Storyteller(model, data.vocabulary, card).save(shared / "model")

    def work(self, shared: Path, folder: Path) -> None:
        from tinystories.evaluation import asking, evaluate
        from tinystories.runs import read_run

        sys.modules["numba"] = None  # type: ignore[assignment]  # Compiling takes longest.
        asking.ask = lambda *_, **__: asking.Asked((), {})
        evaluate.LENGTH = 30
        wish = evaluate.Wish(
            count=50,
            quick=True,
            on=shared / "stories.txt",
            out=folder,
            kept=folder / "anchors",
            data=shared / "nothing",
        )
        evaluate.evaluate(read_run(shared / "model"), wish)

    def look(self, shared: Path, folder: Path) -> int:
        from tinystories.evaluation.scorecard import read_scorecard
        from tinystories.records import read_stories

        finished = sum(len(read_stories(path)) for path in folder.rglob("*.jsonl"))
        for path in folder.rglob("scores.json"):
            finished += len(read_scorecard(path.parent).scores)
        return finished + len([*folder.glob("anchors/*.json")])

    def result(self, folder: Path) -> Any:
        from tinystories.evaluation.scorecard import read_scorecard

        card = read_scorecard(folder)
        scores = {name: repr(score) for name, score in card.scores.items()}  # NaN is not NaN.
        told = {name: h for name, h in hashes(folder).items() if name != "scores.json"}
        return scores, repr(card.anchors), told


class Stories(Job):
    """The studio's library: fifty stories saved, each with the draft on the page and a vote."""

    COUNT = 50

    def work(self, shared: Path, folder: Path) -> None:
        from gui.library import Library

        library = Library(folder)
        for number in range(self.COUNT):
            if number >= len(library.stories()[0]):
                library.save(self.story(number))
            if not (draft := library.draft()) or int(draft.title) < number:
                library.save_draft(self.story(number))
            while sum(library.votes("one", "other")) <= number:
                library.vote("one", "other")

    @staticmethod
    def story(number: int) -> Any:
        from gui.document import Document
        from gui.library import Story

        document = Document("A long story. " * 50 + str(number)).to_json()
        made = f"2026-01-01T00:00:{number:02}+00:00"
        return Story(document, str(number), made=made, name=f"{number:03}")

    def look(self, shared: Path, folder: Path) -> int:
        from gui.library import Library

        library = Library(folder)
        kept, broken = library.stories()
        assert not broken, broken
        assert kept == [self.story(number) for number in reversed(range(len(kept)))]
        draft = library.draft()
        assert (draft is None) == (not (folder / "draft.json").exists())
        assert draft is None or draft == self.story(int(draft.title))
        return len(kept) + sum(library.votes("one", "other")) + int(draft.title if draft else 0)

    def result(self, folder: Path) -> Any:
        from gui.library import Library

        library = Library(folder)
        files = {*hashes(folder)}
        return library.stories(), library.draft(), library.votes("one", "other"), files


JOBS: dict[str, type[Job]] = {
    "data": Data,
    "training": Training,
    "sweep": Sweep,
    "evaluation": Evaluation,
    "stories": Stories,
}


def begin(work: Callable[..., Any], *arguments: Any, answer: int | None = None) -> int:
    """Do ``work`` in a fork of this process; return its id. Its answer goes into a pipe."""
    if pid := os.fork():
        return pid
    code = 1
    try:
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        if answer is None:
            os.dup2(quiet, 2)
        value = work(*arguments)
        if answer is not None:
            with os.fdopen(answer, "wb") as pipe:
                pickle.dump(value, pipe)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def asked(work: Callable[..., Any], *arguments: Any) -> Any:
    """Return what ``work`` returns in a fork: this process stays without threads of its own."""
    read_end, write_end = os.pipe()
    pid = begin(work, *arguments, answer=write_end)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        content = pipe.read()
    assert os.waitpid(pid, 0)[1] == 0, "see the trace above"
    return pickle.loads(content)


def killed(pid: int, after_s: float) -> bool:
    """Kill a process after a while; return whether it was still at work."""
    time.sleep(after_s)
    os.kill(pid, signal.SIGKILL)  # Not waited for yet, so the id is still its own.
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])


def run(name: str, kills: int, seed: int = 0, minutes: float = math.inf) -> str:
    """Kill a job so often, or as often as the time allows; return what was seen, in a sentence.

    Raises:
        AssertionError: something corrupt looked good, or something finished was lost.
    """
    job, chance, began = JOBS[name](), random.Random(seed), time.monotonic()
    done = folders = 0
    with tempfile.TemporaryDirectory(prefix=f"{name}-") as place:
        shared = Path(place) / "shared"
        shared.mkdir()
        job.prepare(shared)  # Here, so that forks find everything imported.
        start = time.monotonic()
        asked(job.work, shared, Path(place) / "undisturbed")
        takes_s = time.monotonic() - start
        wanted = asked(job.result, Path(place) / "undisturbed")
        while done < kills and time.monotonic() - began < 60 * minutes:
            folder, folders, finished = Path(place) / f"killed-{folders}", folders + 1, 0
            for number in range(min(MOST, kills - done)):
                moment = chance.uniform(0, takes_s)
                if not killed(begin(job.work, shared, folder), moment):
                    if number == 0:  # The machine has become faster.
                        takes_s = moment
                    break
                done += 1
                now = asked(job.look, shared, folder)
                assert now >= finished, f"{name}: {finished} were finished, {now} are left"
                finished = now
            asked(job.work, shared, folder)
            found = asked(job.result, folder)
            assert found == wanted, f"{name}: {difference(found, wanted)}"
            shutil.rmtree(folder)
    return (
        f"{name}: {done} kills in {folders} folders, nothing corrupt read, nothing finished lost, "
        f"every result as undisturbed ({time.monotonic() - began:.0f} s)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests/reliability/crashes.py", description=__doc__)
    parser.add_argument("jobs", nargs="*", metavar="JOB", help=", ".join(JOBS))
    parser.add_argument("--kills", type=int, default=100, help="of each job (default: 100)")
    parser.add_argument("--minutes", type=float, default=math.inf, help="for each job, at most")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (default: 0)")
    options = parser.parse_args()
    for name in options.jobs or JOBS:
        sys.stdout.write(run(name, options.kills, options.seed, options.minutes) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
