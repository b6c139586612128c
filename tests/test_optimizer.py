import pytest
import torch
from torch import Tensor, nn

from tinystories import optimizer
from tinystories.models import RNN, Transformer
from tinystories.optimizer import MuonAdamW, muon_adamw, orthogonal


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize(("rows", "columns"), [(16, 16), (48, 16), (16, 48), (20, 16)])
def test_orthogonal_brings_every_singular_value_near_one(rows, columns, half):
    torch.manual_seed(0)
    left, _, right = torch.linalg.svd(torch.randn(3, rows, columns), full_matrices=False)
    values = torch.logspace(-2, 0, 16)  # The least is 0.006 of their norm.
    near = torch.linalg.svdvals(orthogonal((7 * left * values) @ right, half=half))
    assert (near - 1).abs().max() < (0.12 if half else 0.1)


def test_orthogonal_keeps_the_directions_of_a_matrix():
    for rows, columns in ((20, 12), (30, 12)):
        matrix = torch.randn(rows, columns, generator=torch.Generator().manual_seed(0))
        left, _, right = torch.linalg.svd(matrix, full_matrices=False)
        inside = left.T @ orthogonal(matrix[None])[0] @ right.T
        assert (inside - inside.diag().diag()).abs().max() < 1e-4
        assert inside.diag().min() > 0.9


def test_muon_steps_as_the_optimizer_of_torch_does(monkeypatch):
    monkeypatch.setattr(optimizer, "STEPS", ((3.4445, -4.7750, 2.0315),) * 5)  # As theirs.
    torch.manual_seed(0)
    ours, theirs = nn.Linear(24, 48, bias=False), nn.Linear(24, 48, bias=False)
    theirs.load_state_dict(ours.state_dict())
    weights = [{"params": [ours.weight], "rule": "muon", "lr": 0.02, "weight_decay": 0.1}]
    optimizers = [
        MuonAdamW(weights),
        torch.optim.Muon([theirs.weight], lr=0.02, weight_decay=0.1, momentum=0.95),
    ]
    for _ in range(3):
        gradient = torch.randn(48, 24)
        for linear, stepper in zip((ours, theirs), optimizers, strict=True):
            linear.weight.grad = gradient.clone()
            stepper.step()
    # Theirs computes in bfloat16.
    torch.testing.assert_close(ours.weight, theirs.weight, atol=2e-3, rtol=0)


def test_adamw_steps_as_the_optimizer_of_torch_does():
    torch.manual_seed(0)
    ours, theirs = nn.Embedding(7, 5), nn.Embedding(7, 5)
    theirs.load_state_dict(ours.state_dict())
    weights = [{"params": [ours.weight], "rule": "adamw", "lr": 0.01, "weight_decay": 0.1}]
    optimizers = [
        MuonAdamW(weights),
        torch.optim.AdamW([theirs.weight], lr=0.01, betas=(0.9, 0.95), weight_decay=0.1),
    ]
    for _ in range(3):
        gradient = torch.randn(7, 5)
        for layer, stepper in zip((ours, theirs), optimizers, strict=True):
            layer.weight.grad = gradient.clone()
            stepper.step()
    torch.testing.assert_close(ours.weight, theirs.weight)


def memories(model: nn.Module) -> list[Tensor]:
    """The matrices from one memory to the next."""
    return [weight for name, weight in model.named_parameters() if "weight_hh" in name]


def test_matrices_inside_blocks_go_to_muon_and_all_else_to_adamw():
    for model in (Transformer(50, width=24, depth=2, heads=2), RNN(50, width=24, cell="lstm")):
        names = {id(weight): name for name, weight in model.named_parameters()}
        muon, adamw = muon_adamw(model, muon_lr=0.1, adamw_lr=0.01).param_groups
        assert all("blocks" in names[id(w)] and w.ndim == 2 for w in muon["params"])
        assert {names[id(w)].rpartition(".")[2] for w in muon["params"]} >= {"weight"}
        in_adamw = {names[id(w)] for w in adamw["params"]}
        assert "embed.weight" in in_adamw
        assert not any(
            name.endswith(("up.weight", "out.weight", "weight_ih_l0")) for name in in_adamw
        )
        assert all(id(w) not in map(id, muon["params"]) for w in memories(model))
        assert len(muon["params"]) + len(adamw["params"]) == len(names)


def test_without_a_rate_for_muon_all_go_to_adamw():
    model = Transformer(50, width=24, depth=1, heads=2)
    groups = muon_adamw(model, muon_lr=None, adamw_lr=0.01, weight_decay=0.1).param_groups
    assert {(group["rule"], group["lr"]) for group in groups} == {("adamw", 0.01)}
    assert [group["weight_decay"] for group in groups] == [0.1, 0.0]
    assert sum(len(group["params"]) for group in groups) == len(list(model.parameters()))


def test_without_a_rate_for_muon_a_memory_s_matrices_decay_as_others_do():
    model = RNN(50, width=24, cell="lstm")
    matrices, _ = muon_adamw(model, muon_lr=None, adamw_lr=0.01, weight_decay=0.1).param_groups
    assert {id(w) for w in memories(model)} <= {id(w) for w in matrices["params"]}


def test_a_restored_optimizer_takes_the_same_step():
    def taken(steps: int, saved: dict | None = None, start: dict | None = None):
        torch.manual_seed(0)
        model = Transformer(50, width=24, depth=1, heads=2)
        if start:
            model.load_state_dict(start)
        optimizer = muon_adamw(model, muon_lr=0.02, adamw_lr=0.01)
        if saved:
            optimizer.load_state_dict(saved)
        for _ in range(steps):
            model(torch.arange(50)[None])[0].square().mean().backward()
            optimizer.step()
            optimizer.zero_grad()
        return {n: w.clone() for n, w in model.state_dict().items()}, optimizer.state_dict()

    whole, _ = taken(4)
    half, state = taken(2)
    resumed, _ = taken(2, state, half)
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


@pytest.mark.parametrize("group", [0, 1])
def test_a_state_of_other_weights_or_settings_is_refused(group):
    """It came out of a forged checkpoint once, and ended in a trace at the first step."""
    model = Transformer(50, width=24, depth=1, heads=2)
    optimizer = muon_adamw(model, muon_lr=0.02, adamw_lr=0.01)
    model(torch.arange(50)[None])[0].square().mean().backward()
    optimizer.step()
    saved = optimizer.state_dict()
    number = saved["param_groups"][group]["params"][0]
    name = "square" if group else "momentum"
    good = saved["state"][number][name]
    huge = torch.zeros(1, dtype=torch.half).expand(10**12)
    for bad in (good[:-1], good[None], huge, 3.5, None, "text", [good]):
        saved["state"][number][name] = bad
        with pytest.raises(ValueError, match="the optimizer knew"):
            optimizer.load_state_dict(saved)
    saved["state"][number] = {"step": good}
    with pytest.raises(ValueError, match="the optimizer knew"):
        optimizer.load_state_dict(saved)
    del saved["state"][number]
    for setting in ("rule", "betas", "eps", "momentum", "weight_decay"):
        changed = [{**settings} for settings in saved["param_groups"]]
        changed[group][setting] = "x"
        with pytest.raises(ValueError, match=f"{setting} was 'x'"):
            optimizer.load_state_dict({**saved, "param_groups": changed})
    optimizer.load_state_dict(saved)
