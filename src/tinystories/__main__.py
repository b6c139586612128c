"""The ``tinystories`` command: tell stories, judge models, look at data, open the studio."""

import argparse
import io
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tinystories import __version__
from tinystories.errors import UserError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code: 0 done, 2 bad input, 130 interrupted."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):  # A terminal may know fewer letters than we do.
        sys.stdout.reconfigure(errors="replace")
    try:
        code: int = options.run(options)
    except UserError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("\nstopped\n")
        return 130
    except BrokenPipeError:  # The reader, `head` say, has what it wanted.
        sys.stderr.close()
        return 0
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tinystories", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    tell = commands.add_parser("tell", help="tell a story, word by word")
    tell.add_argument("prompt", nargs="?", default="", help="how it begins; nothing: from scratch")
    tell.add_argument(
        "--run",
        dest="which",
        default="best",
        help="a run folder, best, best:transformer, best:rnn (default: best)",
    )
    _add_sampling(tell)
    tell.add_argument("--seed", type=int, help="the same seed tells the same story")
    tell.add_argument("--length", type=int, default=500, help="tokens at most (default: 500)")
    tell.add_argument("--count", type=int, default=1, help="how many stories (default: 1)")
    tell.add_argument(
        "--engine",
        default="auto",
        help="compiled (needs numba), int8 (compiled, a little less exact), numpy or torch; "
        "auto: the fastest exact one that is there (default)",
    )
    words = tell.add_mutually_exclusive_group()
    words.add_argument(
        "--strict",
        action="store_true",
        default=True,
        help="only words of the vocabulary (the default)",
    )
    words.add_argument(
        "--any-words",
        dest="strict",
        action="store_false",
        help="let the model spell other words too",
    )
    tell.set_defaults(run=_tell)

    runs = commands.add_parser("runs", help="list trained models, best first")
    runs.add_argument("folder", nargs="?", type=Path, default=Path("outputs"))
    runs.set_defaults(run=_runs)

    data = commands.add_parser("data", help="report what a corpus is like")
    data.add_argument(
        "source", help="hub, hub-v2, embedded, grammar, or the path of a file or folder"
    )
    data.add_argument("--limit", type=int, default=50_000, help="stories at most (default: 50000)")
    data.add_argument("--page", type=Path, help="write it as an HTML page with pictures, too")
    data.set_defaults(run=_data)

    _add_judging(commands)

    export = commands.add_parser("export", help="write a model for other programs")
    export.add_argument("which", help="as for tell --run")
    export.add_argument("folder", type=Path, help="a new folder")
    export.add_argument(
        "--to", required=True, choices=("huggingface", "onnx", "gguf"), help="its format"
    )
    export.set_defaults(run=_export)

    importing = commands.add_parser("import", help="make a run of a Hugging Face folder")
    importing.add_argument("source", type=Path, help="a folder as export writes it")
    importing.add_argument("folder", type=Path, help="a new folder")
    importing.set_defaults(run=_import)

    gui = commands.add_parser("gui", help="open the desktop studio")
    gui.set_defaults(run=_gui)
    return parser


def _add_sampling(command: argparse.ArgumentParser) -> None:
    """Add what says how tokens are drawn; without it, as ``generation.USUAL`` does."""
    for name, kind, usual, about in (
        ("temperature", float, 1.0, "less keeps to likely words, 0: always the likeliest"),
        ("top-k", int, 0, "only the K likeliest tokens; 0: all"),
        ("top-p", float, 1.0, "only the likeliest share P"),
        ("min-p", float, 0.05, "only tokens P times as likely as the likeliest"),
    ):
        about = f"{about} (default: {usual})"
        command.add_argument(f"--{name}", type=kind, default=usual, help=about)


def _add_judging(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands that judge models, and those that rest on judging."""
    evaluate = commands.add_parser("evaluate", help="judge a model's stories, words and speed")
    evaluate.add_argument("which", nargs="?", default="best", help="as for tell --run")
    evaluate.add_argument("--count", type=int, default=200, help="stories to tell (default: 200)")
    evaluate.add_argument("--quick", action="store_true", help="a fifth of it, under a minute")
    evaluate.add_argument("--on", type=Path, help="a file or folder of held-out stories")
    evaluate.add_argument("--out", type=Path, help="where results go (default: the run's folder)")
    evaluate.add_argument("--seed", type=int, default=0, help="of the first story (default: 0)")
    _add_sampling(evaluate)
    evaluate.add_argument("--words", type=Path, help="a list of words to judge by, too")
    evaluate.add_argument("--judge-url", help="an OpenAI-compatible endpoint, up to /v1")
    evaluate.add_argument("--judge-model", help="the judge's name there")
    evaluate.add_argument("--judge-calls", type=int, default=1000, help="at most (default: 1000)")
    evaluate.add_argument(
        "--separation", action="store_true", help="judge the metrics instead: outputs/separation.md"
    )
    evaluate.set_defaults(run=_judging("run_evaluate"))

    compare = commands.add_parser("compare", help="say which differences between runs are real")
    compare.add_argument(
        "runs", nargs="+", metavar="run", help="as for tell --run, two or more; or folders of many"
    )
    compare.add_argument("--page", type=Path, help="where pictures of many runs go")
    compare.add_argument("--json", type=Path, help="write the differences to this file, too")
    compare.set_defaults(run=_judging("run_compare"))

    collect = commands.add_parser("collect", help="make a corpus of a model's good stories")
    collect.add_argument("which", help="as for tell --run")
    collect.add_argument("file", type=Path, help="the parquet file to write")
    collect.add_argument("--count", type=int, default=20_000, help="stories (default: 20000)")
    collect.add_argument("--temperature", type=float, default=1.0, help="default: 1.0")
    collect.add_argument("--min-p", type=float, default=0.0, help="default: 0, nothing is left out")
    collect.add_argument("--seed", type=int, default=0, help="of the first story (default: 0)")
    collect.add_argument("--processes", type=int, help="that tell side by side; default: the cores")
    collect.set_defaults(run=_judging("run_collect"))

    pack = commands.add_parser("pack", help="make a small, judged copy of a run, to give away")
    pack.add_argument("which", help="as for tell --run")
    pack.add_argument("folder", type=Path, help="where it goes")
    pack.set_defaults(run=_judging("run_pack"))

    soak = commands.add_parser("soak", help="tell without a pause; does it keep its promises?")
    soak.add_argument("which", nargs="?", default="best", help="as for tell --run")
    soak.add_argument("--minutes", type=float, default=10, help="how long (default: 10)")
    soak.add_argument("--streams", type=int, default=8, help="stories at once (default: 8)")
    soak.add_argument("--seed", type=int, default=0, help="of the settings (default: 0)")
    soak.set_defaults(run=_judging("run_soak"))


def _judging(name: str) -> Callable[[argparse.Namespace], int]:
    """Return a command that is imported when it is called."""

    def run(options: argparse.Namespace) -> int:
        from tinystories.evaluation import commands

        code: int = getattr(commands, name)(options)
        return code

    return run


def _tell(options: argparse.Namespace) -> int:
    from tinystories.runs import find_run

    if options.count < 1:
        raise UserError(f"--count must be at least 1, got {options.count}")
    run = find_run(options.which)

    # Not before it is clear that there is something to tell.
    import secrets

    from tinystories.generation import Sampling
    from tinystories.storyteller import Storyteller

    sampling = Sampling(options.temperature, options.top_k, options.top_p, options.min_p)
    teller = Storyteller.load(run.folder, options.engine)
    seed = secrets.randbelow(10**6) if options.seed is None else options.seed
    for number in range(options.count):
        sys.stderr.write(f"[{run.name}, {run.folder}, seed {seed + number}]\n")
        words = teller.stream(
            options.prompt,
            sampling=sampling,
            length=options.length,
            strict=options.strict,
            seed=seed + number,
        )
        first = next(words, "")  # Before the prompt is shown, since it may be refused.
        sys.stdout.write(options.prompt + first)
        for piece in words:
            sys.stdout.flush()
            sys.stdout.write(piece)
        sys.stdout.write("\n\n" if number + 1 < options.count else "\n")
    return 0


def _runs(options: argparse.Namespace) -> int:
    from tinystories.runs import find_runs

    if not options.folder.is_dir():
        raise UserError(f"wanted a folder with runs, found none at {options.folder}")
    runs = find_runs(options.folder)
    if not runs:
        raise UserError(
            f"no trained model under {options.folder}; train one: "
            "python train.py model=transformer data.vocab=4500"
        )
    row = "{:>7}  {:<18} {:>7} {:>7} {:>9} {:<20.20} {}\n"
    sys.stdout.write(
        row.format("val bpb", "model", "params", "words", "tokens", "stories", "folder")
    )
    for run in runs:
        sys.stdout.write(
            row.format(
                f"{run.val_bpb:.4f}",
                run.name,
                f"{run.number('parameters.total') / 1e6:.2f}M",
                run.number("vocab.words"),
                f"{run.number('training.tokens') / 1e6:.2f}M",
                run.stories,
                run.folder,
            )
        )
    return 0


def _data(options: argparse.Namespace) -> int:
    if options.limit < 1:
        raise UserError(f"--limit must be at least 1, got {options.limit}")

    from rich.console import Console
    from rich.progress import track

    from tinystories.data_report import report_of, stories_of, table, write_page

    name, stories = stories_of(options.source, options.limit)
    progress = Console(stderr=True)
    report = report_of(name, track(stories, "reading", console=progress, transient=True))
    if options.page:
        write_page(report, options.page)
    Console().print(table(report))
    return 0


def _export(options: argparse.Namespace) -> int:
    from tinystories.runs import find_run

    run = find_run(options.which)
    from tinystories.export import export

    export(run, options.to, options.folder)
    sys.stdout.write(f"{options.folder}: {run.name} for {options.to}\n")
    return 0


def _import(options: argparse.Namespace) -> int:
    from tinystories.export.huggingface import read

    read(options.source, options.folder)
    sys.stdout.write(f"{options.folder}: tinystories tell --run {options.folder}\n")
    return 0


def _gui(options: argparse.Namespace) -> int:
    from gui.__main__ import main as open_window

    return open_window()


if __name__ == "__main__":
    sys.exit(main())
