"""A PyTorch model as an engine: while it learns, and for models that have no faster one."""

from collections.abc import Sequence

import torch

from tinystories.engine import PIECE
from tinystories.engine.weights import Floats
from tinystories.models import LanguageModel, State


class TorchEngine:
    """Tells with the model as it is now, on the device where it is."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model

    def remember(self, rows: int) -> list[State | None]:
        """Return an empty memory for so many stories."""
        return [None] * rows

    def read(self, memory: list[State | None], row: int, tokens: Sequence[int]) -> Floats:
        """Begin a story: forget the row, read ``tokens``, return logits (V,) after the last."""
        memory[row] = None
        for start in range(0, len(tokens), PIECE):
            logits = self._next(memory, row, tokens[start : start + PIECE])
        return logits.numpy()

    def step(
        self, memory: list[State | None], rows: Sequence[int], tokens: Sequence[int]
    ) -> Floats:
        """Read one more token in each of ``rows``; return logits (B, V).

        One row after the other: stories of different lengths do not fit into one tensor.
        """
        each = [self._next(memory, row, [token]) for row, token in zip(rows, tokens, strict=True)]
        return torch.stack(each).numpy()

    @torch.inference_mode()
    def _next(self, memory: list[State | None], row: int, tokens: Sequence[int]) -> torch.Tensor:
        device = next(self._model.parameters()).device
        logits, memory[row] = self._model(torch.tensor([list(tokens)], device=device), memory[row])
        last: torch.Tensor = logits[0, -1].float().cpu()
        return last
