import torch

from tinystories.models.recurrence import _TimeLoop, linear_recurrence, scan


def random_inputs(length: int) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(length)
    keep = torch.rand(length, 2, 3, dtype=torch.double, generator=generator)
    new = torch.randn(length, 2, 3, dtype=torch.double, generator=generator)
    start = torch.randn(2, 3, dtype=torch.double, generator=generator)
    return tuple(x.requires_grad_() for x in (keep, new, start))


def test_three_steps_by_hand():
    keep = torch.tensor([0.5, 0.0, 1.0]).view(3, 1, 1)
    new = torch.tensor([1.0, 2.0, 3.0]).view(3, 1, 1)
    hidden = linear_recurrence(keep, new, torch.tensor([[4.0]]))
    assert hidden.flatten().tolist() == [3.0, 2.0, 5.0]


def test_the_scan_equals_the_loop():
    for length in (1, 2, 3, 7, 64, 65):
        inputs = random_inputs(length)
        torch.testing.assert_close(scan(*inputs), _TimeLoop.apply(*inputs))


def test_the_loops_gradient_is_right():
    for length in (1, 2, 6):
        assert torch.autograd.gradcheck(_TimeLoop.apply, random_inputs(length))
