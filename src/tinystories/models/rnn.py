"""The RNN: each token changes a memory of constant size.

The blocks are those of the transformer with a recurrent cell in the place of attention: an LSTM, a
GRU or a minGRU. So a comparison of the two families compares how they remember, and nothing else.

A causal convolution over the last four tokens before each cell, as Mamba and Griffin have it, was
tried and left out: after 0.8 M tokens it changed bits per byte by +0.002 (minGRU, two seeds) and
-0.003 (GRU, one seed), no more than another seed does, and took 4 % more time.
"""

from collections.abc import Callable
from typing import Literal

from torch import Tensor, nn
from torch.nn import functional as F

from tinystories.errors import UserError
from tinystories.models.language_model import LanguageModel, State
from tinystories.models.layers import SwiGLU, initialise
from tinystories.models.recurrence import gated_memory

LASTING = 2.0
"""Bias of a GRU's gate that keeps its memory: at first 88 % of it stays from token to token.

Keeping half of it, as without one, was 0.01 bits per byte worse after 0.8 M tokens of minGRU, and
after 2 M tokens of a small GRU. For a small LSTM's forget gate it was 0.007 worse: there it is not.
"""


class RNN(LanguageModel):
    """A stack of recurrent blocks; telling costs the same at the first word and the thousandth.

    Args:
        vocab: number of token ids.
        width: length of the vector that stands for a token, and of each block's memory.
        depth: number of blocks.
        cell: ``mingru`` (trains in parallel), ``gru`` or ``lstm``.
        hidden: width inside the SwiGLU; None is 8/3 of ``width``, in steps of 16.
        dropout: share of each branch's output that is silenced in training.
        tied: whether one matrix stands for the tokens that are read and those that are expected.
    """

    def __init__(
        self,
        vocab: int,
        *,
        width: int = 192,
        depth: int = 4,
        cell: Literal["mingru", "gru", "lstm"] = "mingru",
        hidden: int | None = None,
        dropout: float = 0.0,
        tied: bool = True,
    ) -> None:
        super().__init__()
        if cell not in CELLS:
            raise UserError(f"model.cell must be one of {', '.join(CELLS)}, got {cell!r}")
        self.vocab = vocab
        self.embed = nn.Embedding(vocab, width)
        self.expect = None if tied else nn.Embedding(vocab, width)
        hidden = hidden or round(width * 8 / 3 / 16) * 16
        self.blocks = nn.ModuleList(
            RNNBlock(width, CELLS[cell], hidden, dropout) for _ in range(depth)
        )
        self.norm = nn.RMSNorm(width, eps=1e-6)
        initialise(self, self.blocks)

    def read(self, tokens: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        x = self.embed(tokens)
        memories = []
        for i, block in enumerate(self.blocks):
            x, memory = block(x, state.layers[i] if state else None)
            memories.append(memory)
        position = state.position if state else 0
        return self.norm(x), State(tuple(memories), position + tokens.shape[1])


class RNNBlock(nn.Module):
    """A recurrent cell, then thought, each added to what was there."""

    def __init__(
        self, width: int, cell: Callable[[int], nn.Module], hidden: int, dropout: float
    ) -> None:
        super().__init__()
        self.mix_norm = nn.RMSNorm(width, eps=1e-6)
        self.mix = cell(width)
        self.think_norm = nn.RMSNorm(width, eps=1e-6)
        self.think = SwiGLU(width, hidden)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, x: Tensor, memory: tuple[Tensor, ...] | None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        mixed, memory = self.mix(self.mix_norm(x), memory)
        x = x + self.dropout(mixed)
        return x + self.dropout(self.think(self.think_norm(x))), memory


class MinGRU(nn.Module):
    """A GRU whose gates see only the input, so that training need not wait for the last step.

    Feng et al. 2024, arXiv:2410.01201, section 3.1: ``z = sigmoid(W_z x)``,
    ``h[t] = (1 - z) * h[t-1] + z * W_h x``; then, as in Mamba and Griffin, a gate on the way out.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.update = nn.Linear(width, width)
        nn.init.constant_(self.update.bias, -LASTING)
        self.candidate = nn.Linear(width, width, bias=False)
        self.gate = nn.Linear(width, width, bias=False)
        self.out = nn.Linear(width, width, bias=False)

    def forward(
        self, x: Tensor, memory: tuple[Tensor, ...] | None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        x = x.transpose(0, 1).contiguous()  # Time first: each step of the loop is one stretch.
        # A memory sums up many small changes, for which bfloat16 is too coarse.
        update, candidate = self.update(x).float(), self.candidate(x).float()
        start = memory[0] if memory else x.new_zeros(x.shape[1:])
        hidden = gated_memory(update, candidate, start)
        y = self.out(hidden * F.silu(self.gate(x)))
        return y.transpose(0, 1), (hidden[-1],)


class GRU(nn.Module):
    """The GRU of Cho et al. 2014 (arXiv:1406.1078), as PyTorch has it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.cell = nn.GRU(width, width, batch_first=True)
        update = slice(width, 2 * width)  # PyTorch has the reset gate before it, and n behind.
        nn.init.constant_(self.cell.get_parameter("bias_ih_l0")[update], LASTING)
        self.out = nn.Linear(width, width, bias=False)

    def forward(
        self, x: Tensor, memory: tuple[Tensor, ...] | None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        y, hidden = self.cell(x, memory[0][None].contiguous() if memory else None)
        return self.out(y), (hidden[0],)


class LSTM(nn.Module):
    """The LSTM of Hochreiter & Schmidhuber 1997 with forget gates, as PyTorch has it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.cell = nn.LSTM(width, width, batch_first=True)
        self.out = nn.Linear(width, width, bias=False)

    def forward(
        self, x: Tensor, memory: tuple[Tensor, ...] | None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        start = tuple(m[None].contiguous() for m in memory) if memory else None
        y, hidden = self.cell(x, start)
        return self.out(y), tuple(h[0] for h in hidden)


CELLS: dict[str, Callable[[int], nn.Module]] = {"mingru": MinGRU, "gru": GRU, "lstm": LSTM}
