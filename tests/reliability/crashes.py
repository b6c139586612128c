"""Kill it at any moment: ``python tests/reliability/crashes.py [JOB ...] --kills 100``.

A job is small work in a process of its own. It is killed (SIGKILL) at a random moment and started
again, up to four times in one folder, then left to end. After each kill everything is read as any
reader would: nothing corrupt may look good, nothing finished may be gone. What is there at the end
must be what an undisturbed job leaves. Needs ``os.fork``: Linux or macOS.
"""

import argparse
import hashlib
import os
import pickle
import random
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
    """Every file that is not a lock, with its hash."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".lock"
    }


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
    """A model that learns for thirty steps, judged five times, resumed after each kill."""

    def prepare(self, shared: Path) -> None:
        (shared / "stories.txt").write_text("\n\n".join(tales(300)), encoding="utf-8")
        Training.train(self.config(shared), shared / "first")  # Makes the data.

    @staticmethod
    def train(config: dict[str, Any], folder: Path) -> None:
        from tinystories import callbacks
        from tinystories.training import train

        # The stories on the way take half of the time, and leave nothing.
        callbacks.StorySample.on_validation_end = lambda *_: None
        train(config, folder)

    @staticmethod
    def config(shared: Path) -> dict[str, Any]:
        from hydra import compose, initialize_config_dir
        from omegaconf import OmegaConf

        settings = [
            f"data.source={shared / 'stories.txt'}",
            f"data.folder={shared / 'data'}",
            "model=rnn model.width=16 model.depth=1 model.dropout=0.1 data.vocab=60",
            "data.context=16 data.batch=4 data.judged=10 data.processes=1 optimizer.growth=0",
            "trainer.max_steps=30 validations=5 trainer.threads=1 trainer.log_every_n_steps=1",
            "trainer.accelerator=cpu",
        ]
        with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
            config = compose("train", " ".join(settings).split())
        return OmegaConf.to_container(config, resolve=True)

    def work(self, shared: Path, folder: Path) -> None:
        begun = any(folder.glob("checkpoints/*.ckpt"))
        if not begun:  # Nothing was finished yet.
            shutil.rmtree(folder, ignore_errors=True)
        self.train(self.config(shared) | {"resume": str(folder) if begun else None}, folder)

    def look(self, shared: Path, folder: Path) -> int:
        from tinystories.checkpoints import read_checkpoint
        from tinystories.metrics_file import read_metrics
        from tinystories.runs import find_runs
        from tinystories.storyteller import Storyteller

        steps = 0
        for path in folder.glob("checkpoints/*.ckpt"):
            steps += read_checkpoint(path)["global_step"]
        if (folder / "metrics.csv").exists():
            known = {*read_metrics(shared / "first" / "metrics.csv")}
            assert {row for row in read_metrics(folder / "metrics.csv") if steady(row)} <= known
        runs = find_runs(folder) if folder.is_dir() else []
        for run in runs:
            Storyteller.load(run.folder, "numpy")
        return steps + len(runs)

    def result(self, folder: Path) -> Any:
        from tinystories.checkpoints import read_checkpoint
        from tinystories.metrics_file import read_metrics

        learned = read_checkpoint(folder / "checkpoints" / "last.ckpt")["state_dict"]
        return (
            {name: weight.numpy().tobytes() for name, weight in learned.items()},
            (folder / "model" / "weights.safetensors").read_bytes(),
            sorted(filter(steady, read_metrics(folder / "metrics.csv"))),
        )


def steady(row: tuple[int, str, float]) -> bool:
    """Whether a figure is the same every time: all but the speed."""
    return "per_s" not in row[1]


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
        whole = {name for name in hashes(folder) if not name.endswith(".tmp")}
        return library.stories(), library.draft(), library.votes("one", "other"), whole


JOBS: dict[str, type[Job]] = {
    "data": Data,
    "training": Training,
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


def run(name: str, kills: int, seed: int = 0) -> str:
    """Kill a job so often; return what was seen, in a sentence.

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
        while done < kills:
            folder, folders, finished = Path(place) / f"killed-{folders}", folders + 1, 0
            for _ in range(min(MOST, kills - done)):
                if not killed(begin(job.work, shared, folder), chance.uniform(0, takes_s)):
                    break
                done += 1
                now = asked(job.look, shared, folder)
                assert now >= finished, f"{name}: {finished} were finished, {now} are left"
                finished = now
            asked(job.work, shared, folder)
            assert asked(job.result, folder) == wanted, (
                f"{name}: not what an undisturbed job leaves"
            )
            shutil.rmtree(folder)
    return (
        f"{name}: {done} kills in {folders} folders, nothing corrupt read, nothing finished lost, "
        f"every result as undisturbed ({time.monotonic() - began:.0f} s)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests/reliability/crashes.py", description=__doc__)
    parser.add_argument("jobs", nargs="*", metavar="JOB", help=", ".join(JOBS))
    parser.add_argument("--kills", type=int, default=100, help="of each job (default: 100)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (default: 0)")
    options = parser.parse_args()
    for name in options.jobs or JOBS:
        sys.stdout.write(run(name, options.kills, options.seed) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
