"""The transformer: every token looks back at the last ``context`` tokens.

The parts are those of Qwen3 (Yang et al. 2025, arXiv:2505.09388): pre-norm RMSNorm, rotary
positions, normalised queries and keys, SwiGLU, no biases, one matrix for embedding and head. Other
positions and two matrices are there to be compared with.
"""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tinystories.errors import UserError
from tinystories.models.language_model import LanguageModel, State
from tinystories.models.layers import SwiGLU, initialise

POSITIONS = ("rotary", "learned", "none")


class Transformer(LanguageModel):
    """A decoder with sliding-window attention, so that a story may be longer than its memory.

    Args:
        vocab: number of token ids.
        width: length of the vector that stands for a token; a multiple of ``2 * heads``.
        depth: number of blocks.
        heads: attention heads in each block.
        hidden: width inside the SwiGLU; None is 8/3 of ``width``, in steps of 16.
        context: a token sees itself and the ``context - 1`` tokens before it.
        dropout: share of each branch's output that is silenced in training.
        tied: whether one matrix stands for the tokens that are read and those that are expected.
        positions: ``rotary``; ``learned``, a vector for each place of the context, of which the
            last stands for all later ones, too; or ``none``.
    """

    def __init__(
        self,
        vocab: int,
        *,
        width: int = 192,
        depth: int = 4,
        heads: int = 6,
        hidden: int | None = None,
        context: int = 512,
        dropout: float = 0.0,
        tied: bool = True,
        positions: Literal["rotary", "learned", "none"] = "rotary",
    ) -> None:
        super().__init__()
        if positions not in POSITIONS:
            raise UserError(
                f"model.positions must be one of {', '.join(POSITIONS)}, got {positions!r}"
            )
        if width % (2 * heads):
            raise UserError(
                f"model.width must be a multiple of 2 * model.heads = {2 * heads}, got {width}; "
                f"try model.width={-(-width // (2 * heads)) * 2 * heads}"
            )
        if context < 2:
            raise UserError(f"model.context must be at least 2 tokens, got {context}")
        self.vocab = vocab
        self.context = context
        self.rotation = Rotation(width // heads)
        if positions != "rotary":
            self.rotation.frequency.zero_()  # So nothing turns.
        self.embed = nn.Embedding(vocab, width)
        self.expect = None if tied else nn.Embedding(vocab, width)
        self.place = nn.Embedding(context, width) if positions == "learned" else None
        hidden = hidden or round(width * 8 / 3 / 16) * 16
        self.blocks = nn.ModuleList(
            TransformerBlock(width, heads, hidden, context, dropout) for _ in range(depth)
        )
        self.norm = nn.RMSNorm(width, eps=1e-6)
        initialise(self, self.blocks)

    def read(self, tokens: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        position = state.position if state else 0
        turn = self.rotation(position, tokens.shape[1])
        x = self.embed(tokens)
        if self.place is not None:
            places = torch.arange(position, position + tokens.shape[1], device=tokens.device)
            x = x + self.place(places.clamp(max=self.context - 1))
        memories = []
        for i, block in enumerate(self.blocks):
            x, memory = block(x, turn, state.layers[i] if state else None)
            memories.append(memory)
        return self.norm(x), State(tuple(memories), position + tokens.shape[1])


class TransformerBlock(nn.Module):
    """Attention, then thought, each added to what was there."""

    def __init__(self, width: int, heads: int, hidden: int, context: int, dropout: float) -> None:
        super().__init__()
        self.mix_norm = nn.RMSNorm(width, eps=1e-6)
        self.mix = Attention(width, heads, context)
        self.think_norm = nn.RMSNorm(width, eps=1e-6)
        self.think = SwiGLU(width, hidden)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, x: Tensor, turn: tuple[Tensor, Tensor], memory: tuple[Tensor, ...] | None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        mixed, memory = self.mix(self.mix_norm(x), turn, memory)
        x = x + self.dropout(mixed)
        return x + self.dropout(self.think(self.think_norm(x))), memory


class Attention(nn.Module):
    """Causal attention within a sliding window, over normalised queries and keys."""

    def __init__(self, width: int, heads: int, context: int) -> None:
        super().__init__()
        self.heads = heads
        self.context = context
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width, bias=False)
        self.query_norm = nn.RMSNorm(width // heads, eps=1e-6)
        self.key_norm = nn.RMSNorm(width // heads, eps=1e-6)
        self.out = nn.Linear(width, width, bias=False)

    def forward(
        self, x: Tensor, turn: tuple[Tensor, Tensor], memory: tuple[Tensor, ...] | None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        by_head = (*x.shape[:2], self.heads, -1)
        # Each (B, H, T, D/H).
        q = rotate(self.query_norm(self.query(x).float().view(by_head)).transpose(1, 2), *turn)
        k = rotate(self.key_norm(self.key(x).float().view(by_head)).transpose(1, 2), *turn)
        v = self.value(x).view(by_head).transpose(1, 2)
        if memory:
            k = torch.cat((memory[0], k), dim=2)
            v = torch.cat((memory[1], v), dim=2)
        y = self._attend(q, k, v)
        keep = -(self.context - 1)
        return self.out(y.transpose(1, 2).flatten(2)), (k[:, :, keep:], v[:, :, keep:])

    def _attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        new, seen = q.shape[2], k.shape[2]
        if q.device.type == "cpu" and torch.is_autocast_enabled("cpu"):
            # There attention in bfloat16 learns at half the speed, and autocast would choose it.
            with torch.autocast("cpu", enabled=False):
                return self._attend(q.float(), k.float(), v.float())
        q, k = q.to(v.dtype), k.to(v.dtype)
        if new == seen <= self.context:
            return F.scaled_dot_product_attention(q, k, v, is_causal=True)
        if new == 1:  # The memory is never longer than the window.
            return F.scaled_dot_product_attention(q, k, v)
        age = torch.arange(seen - new, seen, device=q.device)[:, None] - torch.arange(
            seen, device=q.device
        )
        window = (age >= 0) & (age < self.context)
        return F.scaled_dot_product_attention(q, k, v, attn_mask=window)


class Rotation(nn.Module):
    """Rotary positions: turn pairs of numbers by an angle that grows with the position.

    Su et al. 2021, arXiv:2104.09864, eq. 34, with the pairs ``(i, i + size/2)``.
    """

    frequency: Tensor

    def __init__(self, size: int, base: float = 10_000.0) -> None:
        super().__init__()
        frequency = base ** -(torch.arange(0, size, 2, dtype=torch.float32) / size)
        self.register_buffer("frequency", frequency, persistent=False)

    def forward(self, start: int, length: int) -> tuple[Tensor, Tensor]:
        """Return cosines and sines ``(T, D/H)`` of the positions from ``start``."""
        positions = torch.arange(start, start + length, device=self.frequency.device)
        angles = torch.outer(positions.float(), self.frequency).repeat(1, 2)
        return angles.cos(), angles.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn ``x (B, H, T, D/H)`` by the angles of :class:`Rotation`."""
    left, right = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-right, left), dim=-1) * sin
