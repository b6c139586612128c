"""Runs as training leaves them, made in no time, for tests of what reads many of them."""

import json
from pathlib import Path


def make(
    folder: Path,
    bpb: float,
    *,
    family="rnn",
    depth=2,
    words=60,
    parameters=1000,
    tokens=8000,
    **more,
) -> Path:
    """A run as training leaves it, without its weights: nothing here reads them."""
    arguments = {"width": 16, "depth": depth}
    arguments |= {"context": 32} if family == "transformer" else {"cell": "mingru"}
    card = {
        "format": 1,
        "model": {"family": family, "arguments": arguments},
        "parameters": {"total": parameters, "embedding": 10},
        "vocab": {"words": words, "tokens": words + 40},
        "data": {
            "source": {"kind": "local"},
            "fingerprint": more.get("data", "f" * 64),
            "validation": {"stories": 9, "bytes": more.get("judged", 900)},
        },
        "training": {
            "tokens": tokens,
            "seconds": more.get("seconds", 60.0),
            "finished": more.get("finished", True),
            "seed": more.get("seed", 1),
            "optimizer": {"muon_lr": more.get("lr", 0.02)},
            "batch_tokens": 100,
            "budget": more.get("budget"),
            "command": more.get("command"),
        },
        "val_bpb": bpb,
        "files": {"weights.safetensors": "0" * 64},
    }
    (folder / "model").mkdir(parents=True)
    (folder / "model" / "card.json").write_text(json.dumps(card), encoding="utf-8")
    lines = ["step,metric,value"]
    for step in range(1, 5):
        lines.append(f"{step},train/tokens_per_s,{1000 * step}")
        lines.append(f"{step},train/tokens,{2000 * step}")
        lines.append(f"{step},val/bpb,{bpb + 1 / step}")
    (folder / "metrics.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder
