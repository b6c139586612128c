"""Muon for the matrices inside a model, AdamW for everything else, as one optimizer."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.adamw import adamw


class MuonAdamW(Optimizer):
    """Step every group by its own rule, named in ``group["rule"]``: ``"muon"`` or ``"adamw"``.

    One optimizer instead of two keeps Lightning's step count, clipping and checkpoints simple.
    Muon (Jordan 2024, kellerjordan.github.io/posts/muon) moves each matrix by the nearest
    orthogonal matrix to its Nesterov momentum. ``torch.optim.Muon`` does the same in bfloat16,
    which most CPUs compute many times slower than float32, and one matrix after another; here all
    matrices of one shape go together, in the precision that suits the device.

    Args:
        groups: parameters, ``rule``, ``lr`` and, if any, ``weight_decay``.
        momentum: of Muon.
        betas: of AdamW.
        eps: of AdamW.
        half: whether Muon computes in bfloat16.
    """

    def __init__(
        self,
        groups: Iterable[dict[str, Any]],
        *,
        momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.95),
        eps: float = 1e-8,
        half: bool = False,
    ) -> None:
        self.half = half
        defaults = {"lr": 0.0, "weight_decay": 0.0, "momentum": momentum}
        super().__init__(groups, {**defaults, "betas": betas, "eps": eps})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Change the weights once; ``closure``, if given, computes the loss and the gradients."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            weights = [w for w in group["params"] if w.grad is not None]
            if weights:
                (self._muon if group["rule"] == "muon" else self._adamw)(group, weights)
        return loss

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from the state that :meth:`state_dict` returned for the same weights and settings.

        Raises:
            ValueError: it is of others.
        """
        for group, saved in zip(self.param_groups, state_dict["param_groups"], strict=True):
            for name in sorted(group.keys() - {"params", "lr"}):
                if saved.get(name) != group[name]:
                    raise ValueError(f"{name} was {saved.get(name)!r} and is {group[name]!r}")
            for weight, number in zip(group["params"], saved["params"], strict=True):
                _check_state(state_dict["state"].get(number, {}), group["rule"], weight)
        super().load_state_dict(state_dict)

    def _muon(self, group: dict[str, Any], weights: list[Tensor]) -> None:
        shapes: dict[torch.Size, list[Tensor]] = {}
        for weight in weights:
            shapes.setdefault(weight.shape, []).append(weight)
        for (rows, columns), same in shapes.items():
            momenta = []
            for weight in same:
                state = self.state[weight]
                if not state:
                    state["momentum"] = torch.zeros_like(weight)
                momenta.append(state["momentum"])
            gradients = [w.grad for w in same if w.grad is not None]
            torch._foreach_lerp_(momenta, gradients, 1 - group["momentum"])
            ahead = torch._foreach_lerp(gradients, momenta, group["momentum"])
            # Tall matrices get larger steps, so that every output moves equally fast.
            lr = group["lr"] * max(1.0, rows / columns) ** 0.5
            torch._foreach_mul_(same, 1 - group["lr"] * group["weight_decay"])
            torch._foreach_add_(
                same, orthogonal(torch.stack(ahead), half=self.half).unbind(), alpha=-lr
            )

    def _adamw(self, group: dict[str, Any], weights: list[Tensor]) -> None:
        for weight in weights:
            state = self.state[weight]
            if not state:
                state["step"] = torch.zeros((), dtype=torch.float32, device=weight.device)
                state["mean"] = torch.zeros_like(weight)
                state["square"] = torch.zeros_like(weight)
        states = [self.state[w] for w in weights]
        beta1, beta2 = group["betas"]
        adamw(
            weights,
            [w.grad for w in weights if w.grad is not None],
            [s["mean"] for s in states],
            [s["square"] for s in states],
            [],
            [s["step"] for s in states],
            fused=True,
            amsgrad=False,
            beta1=beta1,
            beta2=beta2,
            lr=group["lr"],
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            maximize=False,
        )


def _check_state(state: dict[str, Any], rule: str, weight: Tensor) -> None:
    """Raise a ValueError where what an optimizer knows of a weight does not fit it."""
    fits = {"momentum": weight.shape}
    if rule == "adamw":
        fits = {"step": torch.Size(), "mean": weight.shape, "square": weight.shape}
    found = {n: v.shape if torch.is_tensor(v) else type(v) for n, v in state.items()}
    if state and found != fits:  # Without a gradient there was nothing to know.
        raise ValueError(f"the optimizer knew {found} of a weight, wanted {fits}")


STEPS = (
    (8.1400, -23.0368, 16.3967),
    (3.8518, -2.7640, 0.5084),
    (3.1586, -2.2837, 0.4577),
    (2.1981, -1.5352, 0.3822),
)
"""Factors ``a, b, c`` of the polynomials ``a s + b s^3 + c s^5`` that :func:`orthogonal` applies.

Each is the one nearest to 1 wherever the one before leaves singular values of 0.005 to 1, and 2 %
above, since bfloat16 rounds (Amsel et al. 2025, The Polar Express, arXiv:2505.16932). Four steps
learned as well as five with the factors of Jordan 2024: see docs/experiments.md.
"""


def orthogonal(matrices: Tensor, *, half: bool = False) -> Tensor:
    """Return the nearly orthogonal matrices nearest to ``matrices (N, R, C)``.

    Four steps of Newton-Schulz bring every singular value of at least 0.005 of a matrix's norm to
    between 0.9 and 1.1, and enlarge smaller ones 218 times; in bfloat16 if ``half``: a step needs
    no more.
    """
    x = matrices.bfloat16() if half else matrices
    tall = x.shape[-2] > x.shape[-1]
    if tall:
        x = x.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    # Squares take fewer operations where they are small, and more precision than bfloat16 has.
    x = _by_squares(x) if x.shape[-1] >= 2 * x.shape[-2] and not half else _by_steps(x)
    return (x.mT if tall else x).to(matrices.dtype)


def _by_steps(x: Tensor) -> Tensor:
    for factors in STEPS:
        x = _polynomial(x @ x.mT, *factors) @ x
    return x


def _by_squares(x: Tensor) -> Tensor:
    """Do the same with the polynomials of all steps multiplied before they meet ``x``."""
    gram = x @ x.mT
    whole = polynomial = _polynomial(gram, *STEPS[0])
    for factors in STEPS[1:]:
        gram = polynomial @ gram @ polynomial
        polynomial = _polynomial(gram, *factors)
        whole = polynomial @ whole
    return whole @ x


def _polynomial(gram: Tensor, a: float, b: float, c: float) -> Tensor:
    found = torch.baddbmm(gram, gram, gram, beta=b, alpha=c)
    found.diagonal(dim1=-2, dim2=-1).add_(a)
    return found


def muon_adamw(
    model: nn.Module,
    *,
    muon_lr: float | None,
    adamw_lr: float,
    weight_decay: float = 0.0,
    half: bool = False,
) -> MuonAdamW:
    """Return an optimizer for ``model``: Muon for its blocks' matrices, AdamW for the rest.

    Embeddings, norms and biases are no linear maps from vector to vector, so Muon's
    geometry does not fit them. Nor do the matrices that lead from one memory to the next go to
    Muon: with AdamW a small GRU was 0.011 bits per byte better after 2 M tokens (one seed), and an
    LSTM no worse. Without a ``muon_lr`` AdamW steps all matrices. Only the first group decays.
    """
    matrices: list[Tensor] = []
    others: list[Tensor] = []
    for module in model.modules():
        linear = isinstance(module, nn.Linear | nn.RNNBase)
        for name, weight in module.named_parameters(recurse=False):
            memory = muon_lr is not None and name.startswith("weight_hh")
            (matrices if linear and weight.ndim == 2 and not memory else others).append(weight)
    rule, lr = ("adamw", adamw_lr) if muon_lr is None else ("muon", muon_lr)
    return MuonAdamW(
        [
            {
                "name": "matrices",
                "params": matrices,
                "rule": rule,
                "lr": lr,
                "weight_decay": weight_decay,
            },
            {"name": "others", "params": others, "rule": "adamw", "lr": adamw_lr},
        ],
        half=half,
    )
