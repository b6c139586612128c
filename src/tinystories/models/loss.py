"""The loss of a large vocabulary, without ever holding all of its logits."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx
from torch.nn import functional as F

ROWS = 256
"""Tokens whose logits are held at a time: few enough for the cache of a processor."""
ROWS_THERE = 8192
"""The same on an accelerator, which wants few large steps."""
ALIGNED = 8
"""Ids in a head's product, a multiple of it: odd numbers cost a tenth more time."""
NEVER = -1e4
"""The logit of an id that only fills up."""

Pointers = tuple[Tensor, Tensor]
"""What a model makes of tokens, ``(N, D)``, and its head, ``(V, D)``: the factors of its logits."""


def head_nats(x: Tensor, head: Tensor, targets: Tensor, *, ignore: int) -> Tensor:
    """Return the summed cross-entropy, in nats, of ``targets (N,)`` under logits ``x @ head.T``.

    The same as ``cross_entropy(x @ head.T, targets, reduction="sum")`` for ``x (N, D)`` and
    ``head (V, D)``, computed ``ROWS`` tokens at a time together with its gradient, so that logits
    stay in the cache: 2,048 tokens over 5,753 ids at width 192 take two thirds of the time on one
    thread, and none of the 140 MB. ``torch.nn.functional.linear_cross_entropy`` of torch 2.13 is
    as fast in float32, but sums in bfloat16 under autocast (17,664 nats where 17,806 were right).
    """
    nats: Tensor = _HeadNats.apply(  # type: ignore[no-untyped-call]
        x.float(), head, targets, ignore, torch.is_autocast_enabled(x.device.type), (), 0.0
    )[0]
    return nats


def taught_nats(
    x: Tensor,
    head: Tensor,
    targets: Tensor,
    teachers: Sequence[Pointers],
    share: float,
    *,
    ignore: int,
) -> tuple[Tensor, Tensor]:
    """Return the loss of a model that learns from others, too, and its cross-entropy; in nats.

    The loss is the cross-entropy of a mixture: ``share`` of it is the mean of the probabilities
    that the ``teachers`` give the next token, the rest is the token that came (Hinton et al. 2015,
    arXiv:1503.02531, at temperature 1). Both are summed over ``targets``, as in :func:`head_nats`;
    the second has no gradient.
    """
    half = torch.is_autocast_enabled(x.device.type)
    return _HeadNats.apply(x.float(), head, targets, ignore, half, tuple(teachers), share)  # type: ignore[no-any-return, no-untyped-call]


class _HeadNats(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: FunctionCtx,
        x: Tensor,
        head: Tensor,
        targets: Tensor,
        ignore: int,
        half: bool,
        teachers: tuple[Pointers, ...],
        share: float,
    ) -> tuple[Tensor, Tensor]:
        learning = any(ctx.needs_input_grad)  # type: ignore[attr-defined]
        dtype, ids = torch.bfloat16 if half else x.dtype, len(head)
        weight = _aligned(head).to(dtype)
        teachers = tuple((told, _aligned(theirs).to(dtype)) for told, theirs in teachers)
        d_x, d_head = torch.empty_like(x), torch.zeros_like(weight, dtype=head.dtype)
        rows = ROWS if x.device.type == "cpu" else ROWS_THERE
        nats, loss = x.new_zeros(()), x.new_zeros(())
        for first in range(0, len(x), rows):
            at = slice(first, first + rows)
            some, known = x[at].to(dtype), (targets[at] != ignore)[:, None]
            token = targets[at, None].where(known, 0)
            logs = F.log_softmax(_logits(some, weight, ids), dim=1, dtype=x.dtype)
            nats -= (logs.gather(1, token) * known).sum()
            if teachers:
                wanted = _mean_probabilities(teachers, at, ids).mul_(share)
                wanted.scatter_add_(1, token, wanted.new_full(token.shape, 1 - share))
                loss -= ((wanted * logs).sum(1, keepdim=True) * known).sum()
            if learning:
                # What was expected, less what came; nothing where no target is known.
                if teachers:
                    surprise = logs.exp_().sub_(wanted)
                else:
                    surprise = logs.exp_().scatter_add_(1, token, logs.new_full(token.shape, -1.0))
                surprise = surprise.to(dtype)
                d_x[at] = (surprise @ weight) * known
                d_head += surprise.T @ (some * known)
        ctx.save_for_backward(d_x, d_head[:ids])
        if not teachers:
            loss = nats.clone()
        ctx.mark_non_differentiable(nats)
        return loss, nats

    @staticmethod
    def backward(ctx: FunctionCtx, *grads: Tensor) -> tuple[Tensor | None, ...]:
        d_x, d_head = ctx.saved_tensors  # type: ignore[attr-defined]
        return d_x * grads[0], d_head * grads[0], None, None, None, None, None


def _aligned(head: Tensor) -> Tensor:
    return F.pad(head, (0, 0, 0, -len(head) % ALIGNED))


def _logits(x: Tensor, weight: Tensor, ids: int) -> Tensor:
    """Return ``x @ weight.T``, ``(rows, V)``, in which those after the first ``ids`` never come."""
    logits = x @ weight.T
    logits[:, ids:] = NEVER
    return logits


def _mean_probabilities(teachers: tuple[Pointers, ...], at: slice, ids: int) -> Tensor:
    """Return what teachers expect on average after the tokens ``at``, ``(rows, V)``."""
    found = [
        torch.softmax(_logits(x[at].to(head.dtype), head, ids), dim=1, dtype=torch.float32)
        for x, head in teachers
    ]
    return torch.stack(found).mean(0) if len(found) > 1 else found[0]
