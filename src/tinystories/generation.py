"""The one loop that makes tokens, and the rules by which each is chosen."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tinystories.errors import UserError
from tinystories.models import LanguageModel

Choose = Callable[[npt.NDArray[np.float32], int], int]
"""``choose(logits (V,), last)`` picks the next token, given the one before it."""

PIECE = 256
"""Tokens of a prompt that are read at a time, so that a long one needs little memory."""


@dataclass(frozen=True)
class Sampling:
    """How a token is drawn from the model's probabilities.

    Args:
        temperature: below 1 keeps to likely words, above 1 dares more; 0 takes the likeliest.
        top_k: draw from the ``k`` likeliest tokens only; 0 is all.
        top_p: draw from the likeliest tokens that together have this probability (Holtzman 2020).
        min_p: leave out tokens less likely than this share of the likeliest one (Nguyen 2024).
    """

    temperature: float = 0.8
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.temperature < float("inf"):
            raise UserError(f"temperature must be a number from 0 up, got {self.temperature}")
        if self.top_k < 0:
            raise UserError(f"top-k must be 0 (all) or a number of tokens, got {self.top_k}")
        if not 0 <= self.top_p <= 1:
            raise UserError(f"top-p must be between 0 and 1, got {self.top_p}")
        if not 0 <= self.min_p <= 1:
            raise UserError(f"min-p must be between 0 and 1, got {self.min_p}")

    def choose(self, logits: Tensor, generator: torch.Generator) -> int:
        """Return a token id drawn from ``logits (V,)``; forbidden tokens are at minus infinity."""
        if self.temperature == 0:
            return int(logits.argmax())
        # Float64 and a shift keep the smallest and the largest temperatures finite.
        probabilities = ((logits.double() - logits.max()) / self.temperature).softmax(0)
        if not self.top_k and self.top_p == 1 and self.min_p == 0:
            return int(torch.multinomial(probabilities, 1, generator=generator))
        probabilities, tokens = probabilities.sort(descending=True, stable=True)
        keep = probabilities >= self.min_p * probabilities[0]
        keep &= probabilities.cumsum(0) - probabilities < self.top_p
        if self.top_k:
            keep[self.top_k :] = False
        keep[0] = True
        drawn = torch.multinomial(probabilities * keep, 1, generator=generator)
        return int(tokens[drawn])


@torch.inference_mode()
def generate(
    model: LanguageModel,
    prompt: Sequence[int],
    choose: Callable[[Tensor, int], int],
    *,
    length: int,
) -> Iterator[int]:
    """Continue ``prompt`` by up to ``length`` token ids, one at a time.

    ``choose(logits (V,), last)`` picks each next token, given the one before it; the caller stops
    reading when the story has ended. Nothing is computed before it is asked for.
    """
    device = next(model.parameters()).device
    tokens = torch.tensor([list(prompt)], device=device)
    state = None
    for piece in torch.split(tokens, PIECE, dim=1):
        logits, state = model(piece, state)
    last = int(prompt[-1])
    for made in range(length):
        last = choose(logits[0, -1].cpu(), last)
        yield last
        if made + 1 < length:
            logits, state = model(torch.tensor([[last]], device=device), state)
