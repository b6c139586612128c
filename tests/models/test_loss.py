"""The loss in pieces is cross-entropy."""

import pytest
import torch
from torch.nn import functional as F

from tinystories.models.loss import ROWS, head_nats, taught_nats

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


@pytest.mark.parametrize("teachers", [1, 3])
@pytest.mark.parametrize("share", [0.0, 0.7, 1.0])
def test_a_taught_model_learns_the_mixture_of_what_came_and_what_was_expected(teachers, share):
    tokens = ROWS + 40
    x, head, targets = made_up(tokens)
    generator = torch.Generator().manual_seed(1)
    taught = [
        (torch.randn(tokens, 5, generator=generator), torch.randn(50, 5, generator=generator))
        for _ in range(teachers)
    ]
    loss, nats = taught_nats(x, head, targets, taught, share, ignore=IGNORE)
    mine = torch.autograd.grad(3 * loss, (x, head))

    known = targets != IGNORE
    expected = sum((a @ b.T).softmax(1) for a, b in taught)[known] / teachers
    mixture = share * expected + (1 - share) * F.one_hot(targets[known], 50)
    wanted = F.cross_entropy((x @ head.T)[known], mixture, reduction="sum")
    theirs = torch.autograd.grad(3 * wanted, (x, head))
    torch.testing.assert_close(loss, wanted)
    for one, other in zip(mine, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(nats, head_nats(x, head, targets, ignore=IGNORE))
    assert not nats.requires_grad
