"""The contestants: our two models with our recipe, and what others train on TinyStories.

- **gpt-neo**: Hugging Face's GPT-Neo, the model of the TinyStories paper (Eldan & Li 2023,
  arXiv:2305.07759): AdamW with betas 0.9 and 0.95, weight decay 0.1, a constant learning rate after
  a warm-up, context 512. Here with 6 heads where the paper has 16, which is twice as fast at this
  width, and with a tuned learning rate.
- **llama**: Hugging Face's Llama with the recipe of llama2.c: AdamW with the same betas and decay,
  a warm-up, then a cosine down to 0, tied embeddings, context 256, a tuned learning rate.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tinystories.data.shards import IGNORE
from tinystories.learner import warmup_stable_decay, window_parts
from tinystories.models import FAMILIES
from tinystories.models.loss import head_nats
from tinystories.optimizer import muon_adamw

WARMUP = 20
CLIP = 1.0


@dataclass
class Contestant:
    """A model that can be trained.

    Args:
        model: what is trained.
        logits: ``(B, T, V)`` after ``tokens (B, T)``.
        nats: summed cross-entropy of ``targets (B, T)`` after ``tokens (B, T)``.
        optimizer: with the highest learning rate of each group as ``peak_lr``.
        share: learning rate as a share of the highest, given how much of the budget is spent.
        context: tokens of a training window.
        growth: share of the budget, at the beginning, in which windows are cut into shorter ones.
        reach: tokens the model has learned to read at once; None is any number.
    """

    model: nn.Module
    logits: Callable[[Tensor], Tensor]
    nats: Callable[[Tensor, Tensor], Tensor]
    optimizer: torch.optim.Optimizer
    share: Callable[[float], float]
    context: int
    reach: int | None = None
    growth: float = 0.0
    steps: int = 0

    def learn(self, tokens: Tensor, targets: Tensor, spent: float = 0.5) -> None:
        """Take one step; ``spent`` is the share of the budget that is gone."""
        factor = min(1.0, (self.steps + 1) / WARMUP) * self.share(spent)
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak_lr"] * factor
        parts = window_parts(int(1000 * spent), 1000, growth=self.growth)
        tokens, targets = (ids.reshape(-1, ids.shape[1] // parts) for ids in (tokens, targets))
        self.backward(tokens, targets)
        nn.utils.clip_grad_norm_(self.model.parameters(), CLIP)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.steps += 1

    def backward(self, tokens: Tensor, targets: Tensor) -> None:
        """Add the gradients of the mean loss to those of the weights."""
        (self.nats(tokens, targets) / targets.numel()).backward()


def build(
    name: str,
    *,
    vocab: int,
    width: int,
    depth: int,
    hidden: int | None = None,
    heads: int = 6,
    lr: float | None = None,
) -> Contestant:
    """Return the contestant ``name``; ``lr`` is another highest learning rate than the tuned one.

    Only ours take a width inside the SwiGLU, ``hidden``.

    Names: ``transformer``, ``mingru``, ``lstm``, ``gru``, ``gpt-neo``, ``llama``.
    """
    if name in ("gpt-neo", "llama"):
        return _peer(name, vocab, width, depth, heads, lr)
    if name == "transformer":
        own: dict[str, Any] = {"heads": heads, "context": 1024}
    else:
        own = {"cell": name}
    family = name if name == "transformer" else "rnn"
    model = FAMILIES[family](vocab, width=width, depth=depth, hidden=hidden, **own)
    optimizer = muon_adamw(model, muon_lr=lr or TUNED[name], adamw_lr=0.004)

    def nats(tokens: Tensor, targets: Tensor) -> Tensor:
        x, _ = model.read(tokens)
        return head_nats(x.flatten(0, 1), model.embed.weight, targets.flatten(), ignore=IGNORE)

    def share(spent: float) -> float:
        # In thousandths of the budget: the warm-up is counted in steps, by `learn`.
        return warmup_stable_decay(int(1000 * spent), 1000, warmup=0, decay=0.5)

    return Contestant(
        model,
        lambda tokens: model(tokens)[0],
        nats,
        _with_peaks(optimizer),
        share,
        context=256,
        growth=0.5 if name == "transformer" else 0.0,
    )


def _peer(
    name: str, vocab: int, width: int, depth: int, heads: int, lr: float | None
) -> Contestant:
    from transformers import GPTNeoConfig, GPTNeoForCausalLM, LlamaConfig, LlamaForCausalLM

    model: Any
    if name == "gpt-neo":
        model = GPTNeoForCausalLM(
            GPTNeoConfig(
                vocab_size=vocab,
                hidden_size=width,
                num_layers=depth,
                attention_types=[[["global", "local"], depth // 2]],
                num_heads=heads,
                max_position_embeddings=512,
                bos_token_id=0,
                eos_token_id=0,
                use_cache=False,
            )
        )
    else:
        model = LlamaForCausalLM(
            LlamaConfig(
                vocab_size=vocab,
                hidden_size=width,
                intermediate_size=round(width * 8 / 3 / 16) * 16,
                num_hidden_layers=depth,
                num_attention_heads=heads,
                max_position_embeddings=2048,
                tie_word_embeddings=True,
                use_cache=False,
            )
        )
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=lr or TUNED[name], betas=(0.9, 0.95), weight_decay=0.1, fused=True
    )

    def logits(tokens: Tensor) -> Tensor:
        found: Tensor = model(tokens).logits
        return found

    def nats(tokens: Tensor, targets: Tensor) -> Tensor:
        found = logits(tokens).flatten(0, 1)
        return F.cross_entropy(found, targets.flatten(), ignore_index=IGNORE, reduction="sum")

    _with_peaks(optimizer)
    if name == "gpt-neo":
        return Contestant(model, logits, nats, optimizer, lambda _: 1.0, context=512, reach=512)
    return Contestant(model, logits, nats, optimizer, _cosine, context=256)


TUNED = dict.fromkeys(("transformer", "mingru", "lstm", "gru"), 0.02)
TUNED |= {"gpt-neo": 1e-3, "llama": 2e-3}
"""The highest learning rate of each contestant: of ours that of Muon, of the peers by `--tune`."""


def _cosine(spent: float) -> float:
    return 0.5 + 0.5 * math.cos(math.pi * min(1.0, spent))


def _with_peaks(optimizer: torch.optim.Optimizer) -> torch.optim.Optimizer:
    for group in optimizer.param_groups:
        group["peak_lr"] = group["lr"]
    return optimizer


def non_embedding(contestant: Contestant) -> int:
    """Return the parameters that do not stand for a token or a position."""

    def kept() -> Iterator[int]:
        for module in contestant.model.modules():
            if not isinstance(module, nn.Embedding):
                yield sum(p.numel() for p in module.parameters(recurse=False))

    # A tied head is the embedding's own parameter once more.
    embeddings = {id(m.weight) for m in contestant.model.modules() if isinstance(m, nn.Embedding)}
    heads = sum(
        p.numel()
        for m in contestant.model.modules()
        if isinstance(m, nn.Linear)
        for p in m.parameters(recurse=False)
        if id(p) in embeddings
    )
    return sum(kept()) - heads
