"""Models of equal size: find the width at which a family has a given number of parameters."""

import math
from typing import Any

import torch
from torch import nn

from tinystories.errors import UserError
from tinystories.models import FAMILIES, LanguageModel

TOLERANCE = 0.02
HIDDEN_STEP = 16


def count_parameters(model: LanguageModel) -> dict[str, int]:
    """Return how many parameters a model has, and how many of them stand for tokens and places.

    A tied embedding is counted once.
    """
    total = sum(p.numel() for p in model.parameters())
    of_tokens = [part for part in model.modules() if isinstance(part, nn.Embedding)]
    embedding = sum(part.weight.numel() for part in of_tokens)
    return {"total": total, "embedding": embedding}


def sized(family: str, *, parameters: int, **arguments: Any) -> dict[str, Any]:
    """Return the arguments that give a model of ``family`` so many parameters, within 2 %.

    The width comes nearest to the budget in steps that suit the heads; the width inside the SwiGLU
    takes up the rest. The models are built without memory for their weights, and counted, so that
    no formula has to follow when a family changes.

    Raises:
        UserError: no width comes near enough, as when the embedding alone is larger.
    """

    def count(width: int, hidden: int | None = None) -> int:
        with torch.device("meta"):
            model = FAMILIES[family](width=width, hidden=hidden, **arguments)
        return count_parameters(model)["total"]

    step = math.lcm(HIDDEN_STEP, 2 * arguments.get("heads", 1))
    width = step
    while count(width + step) <= parameters:
        width += step
    width = min(width, width + step, key=lambda w: abs(count(w) - parameters))
    per_step = count(width, 2 * HIDDEN_STEP) - count(width, HIDDEN_STEP)
    spare = parameters - count(width, HIDDEN_STEP)
    hidden = HIDDEN_STEP * max(1, 1 + round(spare / per_step))
    found = count(width, hidden)
    if abs(found - parameters) > TOLERANCE * parameters:
        raise UserError(
            f"no {family} of depth {arguments.get('depth')} over {arguments['vocab']:,} token ids "
            f"comes within 2 % of model.parameters={parameters:,.0f} (nearest: {found:,}); "
            "ask for more parameters, fewer words or another depth"
        )
    return {**arguments, "width": width, "hidden": hidden}
