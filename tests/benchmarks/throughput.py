"""How many tokens a CPU second are learned from, on one thread, beside the peers."""

from functools import partial

import torch
from measure import interleaved, matmul_flops, save, show
from peers import build, non_embedding

NAMES = ("transformer", "mingru", "gru", "lstm", "gpt-neo", "llama")
VOCAB, WIDTH, DEPTH = 4096, 192, 6
STEP_TOKENS = 2048


def run(*, quick: bool = False) -> None:
    """Time training steps of every contestant at contexts of 256, 512 and 1,024 tokens."""
    torch.set_num_threads(1)
    rows = []
    for context in (256,) if quick else (256, 512, 1024):
        torch.manual_seed(0)
        steps, flops = {"matmul": matmul_flops()}, {}
        for name in NAMES:
            contestant = build(name, vocab=VOCAB, width=WIDTH, depth=DEPTH)
            if context > (contestant.reach or context):
                continue
            ids = torch.randint(VOCAB, (STEP_TOKENS // context, context + 1))
            steps[name] = partial(contestant.learn, ids[:, :-1], ids[:, 1:])
            # Six operations a weight and token, the head included; attention's own are left out.
            flops[name] = 6 * (non_embedding(contestant) + VOCAB * WIDTH) * STEP_TOKENS
        spent = interleaved(steps, rounds=1 if quick else 3, seconds=0.1 if quick else 2)
        peak = 2 * 1024**3 / spent.pop("matmul")
        rows += [
            {
                "context": context,
                "contestant": name,
                "tokens per CPU s": STEP_TOKENS / cost,
                "x gpt-neo": spent["gpt-neo"] / cost if "gpt-neo" in spent else "",
                "x llama": spent["llama"] / cost,
                "% of matmul peak": 100 * flops[name] / cost / peak,
            }
            for name, cost in spent.items()
        ]
    show(f"Training, width {WIDTH}, depth {DEPTH}, {VOCAB:,} ids, one thread", rows)
    save("throughput", {"rows": rows})
