"""The loss in pieces is cross-entropy."""

import pytest
import torch
from torch.nn import functional as F

from tinystories.models.loss import ROWS, head_nats

IGNORE = -100


def made_up(tokens: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(tokens)
    x = torch.randn(tokens, 12, generator=generator, requires_grad=True)
    head = torch.randn(50, 12, generator=generator, requires_grad=True)
    targets = torch.randint(0, 50, (tokens,), generator=generator)
    targets[::7] = IGNORE
    return x, head, targets


@pytest.mark.parametrize("tokens", [1, ROWS - 1, ROWS, 2 * ROWS + 3])
def test_value_and_gradients_are_those_of_cross_entropy(tokens):
    x, head, targets = made_up(tokens)
    found = head_nats(x, head, targets, ignore=IGNORE)
    mine = torch.autograd.grad(3 * found, (x, head))
    wanted = F.cross_entropy(x @ head.T, targets, ignore_index=IGNORE, reduction="sum")
    theirs = torch.autograd.grad(3 * wanted, (x, head))
    torch.testing.assert_close(found, wanted)
    for one, other in zip(mine, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_in_half_precision_the_sum_stays_exact():
    x, head, targets = made_up(2 * ROWS)
    with torch.autocast("cpu", torch.bfloat16):
        found = head_nats(x, head, targets, ignore=IGNORE)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, head_nats(x, head, targets, ignore=IGNORE), rtol=2e-3, atol=0)
