"""The linear recurrence ``h[t] = keep[t] * h[t-1] + new[t]``, in two ways with one answer."""

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx


def linear_recurrence(keep: Tensor, new: Tensor, start: Tensor) -> Tensor:
    """Return every ``h (T, B, D)`` for ``keep`` and ``new (T, B, D)`` and ``start (B, D)``.

    On a CPU one pass through time is fastest; an accelerator needs few large steps instead, and
    gets the scan.
    """
    if keep.device.type == "cpu":
        return _TimeLoop.apply(keep, new, start)  # type: ignore[no-any-return, no-untyped-call]
    return scan(keep, new, start)


def scan(keep: Tensor, new: Tensor, start: Tensor) -> Tensor:
    """The recurrence in ``log2(T)`` steps over whole tensors (Hillis & Steele 1986)."""
    new = torch.cat((new[:1] + keep[:1] * start, new[1:]))
    reach = 1
    while reach < len(new):
        new = torch.cat((new[:reach], new[reach:] + keep[reach:] * new[:-reach]))
        keep = torch.cat((keep[:reach], keep[reach:] * keep[:-reach]))
        reach *= 2
    return new


class _TimeLoop(torch.autograd.Function):
    """The recurrence one step after another, with its gradient written out.

    Autograd would keep a node for every step; by hand both directions are one fused multiply-add
    a step into memory that is there already.
    """

    @staticmethod
    def forward(ctx: FunctionCtx, keep: Tensor, new: Tensor, start: Tensor) -> Tensor:
        hidden = torch.empty_like(new)
        before = start
        for k, n, h in zip(keep.unbind(), new.unbind(), hidden.unbind(), strict=True):
            before = torch.addcmul(n, k, before, out=h)
        ctx.save_for_backward(keep, hidden, start)
        return hidden

    @staticmethod
    def backward(ctx: FunctionCtx, *grads: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        keep, hidden, start = ctx.saved_tensors  # type: ignore[attr-defined]
        # d_new[t] is the gradient of h[t] through all later times.
        d_new = grads[0].clone(memory_format=torch.contiguous_format)
        times = d_new.unbind()
        for t in range(len(times) - 2, -1, -1):
            times[t].addcmul_(keep[t + 1], times[t + 1])
        before = torch.cat((start[None], hidden[:-1]))
        return d_new * before, d_new, keep[0] * d_new[0]
