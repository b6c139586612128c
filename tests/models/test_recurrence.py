import pytest
import torch

from tinystories.models.recurrence import _TimeLoop, gated_memory, scan
from tinystories.models.rnn import CELLS


def random_inputs(length: int) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(length)
    update, candidate = torch.randn(2, length, 2, 3, dtype=torch.double, generator=generator)
    start = torch.randn(2, 3, dtype=torch.double, generator=generator)
    return tuple(x.requires_grad_() for x in (update, candidate, start))


def test_three_steps_by_hand():
    update = torch.tensor([0.0, 100.0, -100.0]).view(3, 1, 1)  # Half, all, nothing is new.
    candidate = torch.tensor([1.0, 2.0, 3.0]).view(3, 1, 1)
    hidden = gated_memory(update, candidate, torch.tensor([[4.0]]))
    assert hidden.flatten().tolist() == [2.5, 2.0, 2.0]


def test_the_scan_equals_the_loop():
    for length in (1, 2, 3, 7, 64, 65):
        update, candidate, start = random_inputs(length)
        scanned = scan(torch.sigmoid(-update), torch.sigmoid(update) * candidate, start)
        torch.testing.assert_close(scanned, _TimeLoop.apply(update, candidate, start))


def test_the_loops_gradient_is_right():
    for length in (1, 2, 6):
        assert torch.autograd.gradcheck(_TimeLoop.apply, random_inputs(length))


@pytest.mark.parametrize("cell", ["mingru", "gru"])
def test_a_new_cell_keeps_most_of_its_memory_from_token_to_token(cell):
    torch.manual_seed(0)
    model = CELLS[cell](16)
    for name, weight in model.named_parameters():
        if "weight" in name or "bias_hh" in name:  # Only the gates' own biases speak.
            weight.data.zero_()
    nothing = torch.zeros(1, 1, 16)
    before = torch.randn(2, 1, 1, 16)
    kept = []
    for memory in before:
        kept.append(model(nothing, (memory[0],))[1][0])
    share = (kept[0] - kept[1]) / (before[0] - before[1])[0]
    assert torch.allclose(share, torch.sigmoid(torch.tensor(2.0)), atol=1e-5)
