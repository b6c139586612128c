"""The laws that every language model keeps; see ``LanguageModel``."""

import copy
import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tinystories.models import RNN, LanguageModel, Transformer
from tinystories.optimizer import muon_adamw

VOCAB, CONTEXT = 61, 8


def transformer(**other) -> Transformer:
    return Transformer(VOCAB, width=48, depth=2, heads=2, context=CONTEXT, **other)


MODELS = {
    "transformer": transformer,
    "learned": lambda: transformer(positions="learned", tied=False),
    "none": lambda: transformer(positions="none"),
    "mingru": lambda: RNN(VOCAB, width=48, depth=2, cell="mingru"),
    "gru": lambda: RNN(VOCAB, width=48, depth=2, cell="gru"),
    "lstm": lambda: RNN(VOCAB, width=48, depth=2, cell="lstm"),
}


@pytest.fixture(params=MODELS)
def fresh(request: pytest.FixtureRequest) -> LanguageModel:
    torch.manual_seed(0)
    return MODELS[request.param]()


@pytest.fixture
def model(fresh: LanguageModel) -> LanguageModel:
    """A model none of whose weights is zero, so that every part of it matters."""
    for weight in fresh.parameters():
        if weight.ndim == 2:
            nn.init.normal_(weight, std=0.3)
    return fresh.eval()


@pytest.fixture
def tokens() -> torch.Tensor:
    """Three stories of five times the transformer's context."""
    return torch.randint(VOCAB, (3, 5 * CONTEXT), generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    "pieces", [[1] * 40, [39, 1], [1, 39], [8, 8, 24], [7, 9, 1, 1, 22], [3, 2, 30, 5]]
)
@torch.no_grad()
def test_reading_in_pieces_equals_reading_at_once(model, tokens, pieces):
    whole, _ = model(tokens)
    state, parts = None, []
    for piece in tokens.split(pieces, dim=1):
        logits, state = model(piece, state)
        parts.append(logits)
    torch.testing.assert_close(torch.cat(parts, dim=1), whole, atol=5e-5, rtol=1e-4)
    assert state.position == tokens.shape[1]


@torch.no_grad()
def test_no_token_sees_a_later_one(model, tokens):
    before, _ = model(tokens)
    changed = tokens.clone()
    changed[:, 20] = (changed[:, 20] + 1) % VOCAB
    after, _ = model(changed)
    assert torch.equal(before[:, :20], after[:, :20])
    assert not torch.equal(before[:, 20], after[:, 20])


@torch.no_grad()
def test_reading_leaves_the_state_as_it_was(model, tokens):
    _, state = model(tokens[:, :11])
    kept = copy.deepcopy(state)
    first, _ = model(tokens[:, 11:], state)
    again, _ = model(tokens[:, 11:], state)
    assert torch.equal(first, again)
    for layer, kept_layer in zip(state.layers, kept.layers, strict=True):
        for tensor, kept_tensor in zip(layer, kept_layer, strict=True):
            assert torch.equal(tensor, kept_tensor)


@torch.no_grad()
def test_stories_side_by_side_do_not_mix(model, tokens):
    together, _ = model(tokens)
    alone, _ = model(tokens[1:2])
    torch.testing.assert_close(together[1:2], alone, atol=5e-5, rtol=1e-4)


@torch.no_grad()
def test_the_state_stops_growing(model, tokens):
    def size(length: int) -> int:
        _, state = model(tokens[:, :length])
        return sum(tensor.numel() for layer in state.layers for tensor in layer)

    assert size(2 * CONTEXT) == size(5 * CONTEXT)


@torch.no_grad()
def test_an_rnn_sees_further_than_a_transformers_context(tokens):
    """The window is what bounds the transformer; the RNN has none."""
    for name, reaches in {"transformer": False, "mingru": True, "gru": True, "lstm": True}.items():
        model = MODELS[name]()
        for weight in model.parameters():
            if weight.ndim == 2:
                nn.init.normal_(weight, std=0.3)
        changed = tokens.clone()
        changed[:, 0] = (changed[:, 0] + 1) % VOCAB
        beyond = 2 * CONTEXT  # Two blocks see two windows back.
        same = torch.equal(model(tokens)[0][:, beyond:], model(changed)[0][:, beyond:])
        assert same is not reaches, name


def test_the_first_loss_is_that_of_guessing(fresh):
    tokens = torch.randint(VOCAB, (8, 32))
    logits, _ = fresh(tokens)
    loss = F.cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten())
    assert loss.item() == pytest.approx(math.log(VOCAB), abs=0.05)


def test_one_batch_is_learned_by_heart(fresh):
    tokens = torch.randint(VOCAB, (2, 24), generator=torch.Generator().manual_seed(2))
    optimizer = muon_adamw(fresh, muon_lr=0.02, adamw_lr=0.01)
    for _ in range(120):
        logits, _ = fresh(tokens[:, :-1])
        loss = F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1


def test_every_weight_learns(model, tokens):
    logits, _ = model(tokens)
    logits.square().mean().backward()
    for name, weight in model.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.abs().sum() > 0, name


@torch.no_grad()
def test_without_positions_the_order_of_what_is_seen_does_not_matter(tokens):
    """Of one block: a second one sees how much each token of the first had before it."""
    for positions, matters in {"rotary": True, "learned": True, "none": False}.items():
        model = Transformer(VOCAB, width=48, depth=1, heads=2, context=64, positions=positions)
        for weight in model.parameters():
            if weight.ndim == 2:
                nn.init.normal_(weight, std=0.3)
        swapped = tokens[:, [1, 0, *range(2, 40)]]
        same = torch.allclose(model(tokens)[0][:, 2:], model(swapped)[0][:, 2:], atol=1e-4)
        assert same is not matters, positions
