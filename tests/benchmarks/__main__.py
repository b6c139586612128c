"""How fast this house is, beside its peers: ``python tests/benchmarks PART ... [--quick]``.

Each part prints a table and writes its figures to ``outputs/benchmarks``. The peers come with
``pip install -e ".[peers]"``.
"""

import argparse
import os
from pathlib import Path

for name in ("OMP", "OPENBLAS", "RAYON"):  # Before numpy and tokenizers are imported.
    os.environ[f"{name}_NUM_THREADS"] = "1"

PARTS = ("learning", "paper", "throughput", "feeding", "telling", "growth", "waiting")
ON_A_GPU = ("gpu",)
"""What needs one, unless it is `--quick`."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests/benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS + ON_A_GPU))
    parser.add_argument("--stories", default="embedded", help="as data.source of train.py")
    parser.add_argument("--quick", action="store_true", help="does it run: figures mean nothing")
    parser.add_argument("--budgets", type=int, nargs="+", default=[240, 900], help="CPU seconds")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--size", choices=("1.7M", "3M"), default="1.7M")
    parser.add_argument("--names", nargs="+", help="contestants; default: all")
    parser.add_argument("--passes", type=int, default=4, help="over the stories, of `paper`")
    parser.add_argument("--threads", type=int, default=1, help="of `paper`, which is not timed")
    parser.add_argument("--parameters", type=float, help="of `paper`; default: as many as ours")
    parser.add_argument("--step-tokens", type=int, default=2048, help="of `paper`")
    parser.add_argument("--device", default="cpu", help="of `paper`: cpu or cuda")
    parser.add_argument("--half", action="store_true", help="of `paper`: learn in bfloat16")
    parser.add_argument("--tune", action="store_true", help="try the peers' learning rates")
    parser.add_argument(
        "--scale", action="store_true", help="throughput by size and by processes instead"
    )
    parser.add_argument(
        "--run-c", type=Path, help="the source of llama2.c's run.c, to be timed too"
    )
    options = parser.parse_args()
    options.parts = options.parts or (PARTS + ON_A_GPU if options.quick else PARTS)
    if unknown := sorted(set(options.parts) - {*PARTS, *ON_A_GPU}):
        parser.error(f"there is no part {unknown[0]!r}; choose from {', '.join(PARTS + ON_A_GPU)}")

    if "learning" in options.parts:
        import learning

        if options.tune:
            learning.tune(options.stories, budget=options.budgets[0])
        else:
            learning.run(
                options.stories,
                budgets=[5] if options.quick else options.budgets,
                seeds=[1] if options.quick else options.seeds,
                names=options.names or learning.NAMES,
                size=options.size,
                judged=50 if options.quick else None,
            )
    if "paper" in options.parts:
        import paper

        paper.run(
            options.stories,
            passes=1 if options.quick else options.passes,
            threads=options.threads,
            parameters=options.parameters,
            step_tokens=options.step_tokens,
            device=options.device,
            half=options.half,
            quick=options.quick,
        )
    if "throughput" in options.parts:
        import throughput

        if options.quick or not options.scale:
            throughput.run(quick=options.quick)
        if options.scale or options.quick:
            throughput.scale(options.stories, quick=options.quick)
    if "feeding" in options.parts:
        import feeding

        feeding.run(options.stories, quick=options.quick)
    if "gpu" in options.parts:
        import gpu

        gpu.run(quick=options.quick)
    if "telling" in options.parts:
        import telling

        telling.run(options.stories, quick=options.quick, run_c=options.run_c)
    if "growth" in options.parts:
        import growth

        growth.run(quick=options.quick)
    if "waiting" in options.parts:
        import waiting

        waiting.run(options.stories, quick=options.quick)


if __name__ == "__main__":
    main()
