"""A memory moved toward new content, in two ways with one answer: ``h += z * (candidate - h)``."""

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx


def gated_memory(update: Tensor, candidate: Tensor, start: Tensor) -> Tensor:
    """Return every ``h[t] = h[t-1] + sigmoid(update[t]) * (candidate[t] - h[t-1])``.

    ``update``, ``candidate`` and the answer are ``(T, B, D)``, ``start``, the memory before, is
    ``(B, D)``. On a CPU one pass through time is fastest; an accelerator needs few large steps
    instead, and gets the scan.
    """
    if update.device.type == "cpu":
        return _TimeLoop.apply(update, candidate, start)  # type: ignore[no-any-return, no-untyped-call]
    return scan(torch.sigmoid(-update), torch.sigmoid(update) * candidate, start)


def scan(keep: Tensor, new: Tensor, start: Tensor) -> Tensor:
    """Return every ``h[t] = keep[t] * h[t-1] + new[t]``, in ``log2(T)`` steps over whole tensors.

    Hillis & Steele 1986, Data Parallel Algorithms.
    """
    new = torch.cat((new[:1] + keep[:1] * start, new[1:]))
    reach = 1
    while reach < len(new):
        new = torch.cat((new[:reach], new[reach:] + keep[reach:] * new[:-reach]))
        keep = torch.cat((keep[:reach], keep[reach:] * keep[:-reach]))
        reach *= 2
    return new


class _TimeLoop(torch.autograd.Function):
    """The memory one step after another, with its gradient written out.

    Autograd would keep a node for every step; by hand both directions are one fused operation a
    step into memory that is there already.
    """

    @staticmethod
    def forward(ctx: FunctionCtx, update: Tensor, candidate: Tensor, start: Tensor) -> Tensor:
        z = torch.sigmoid(update)
        hidden = torch.empty_like(candidate)
        before = start
        for zt, ct, ht in zip(z.unbind(), candidate.unbind(), hidden.unbind(), strict=True):
            before = torch.lerp(before, ct, zt, out=ht)
        ctx.save_for_backward(z, candidate, hidden, start)
        return hidden

    @staticmethod
    def backward(ctx: FunctionCtx, *grads: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        z, candidate, hidden, start = ctx.saved_tensors  # type: ignore[attr-defined]
        keep = 1 - z
        # d_hidden[t] becomes the gradient of h[t] through all later times.
        d_hidden = grads[0].clone(memory_format=torch.contiguous_format)
        times = d_hidden.unbind()
        for now, after, kept in zip(times[-2::-1], times[:0:-1], keep.unbind()[:0:-1], strict=True):
            now.addcmul_(kept, after)
        d_candidate = d_hidden * z
        before = torch.cat((start[None], hidden[:-1]))
        d_update = (candidate - before).mul_(d_candidate).mul_(keep)
        return d_update, d_candidate, keep[0] * d_hidden[0]
