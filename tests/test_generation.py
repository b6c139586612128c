import pytest
import torch

from tinystories.errors import UserError
from tinystories.generation import Sampling, generate
from tinystories.models import LanguageModel, State


class Counting(LanguageModel):
    """Expects the token after each to be one more; a word once read is in its state."""

    vocab = 10

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.reads: list[int] = []

    def forward(self, tokens, state=None):
        self.reads.append(tokens.shape[1])
        logits = torch.nn.functional.one_hot((tokens + 1) % self.vocab, self.vocab).float()
        return logits, State((), (state.position if state else 0) + tokens.shape[1])


def draw(sampling: Sampling, logits: list[float], times: int = 4000) -> list[float]:
    generator = torch.Generator().manual_seed(0)
    drawn = [sampling.choose(torch.tensor(logits), generator) for _ in range(times)]
    return [drawn.count(token) / times for token in range(len(logits))]


LOGITS = torch.tensor([0.5, 0.3, 0.15, 0.05]).log().tolist()


def test_generating_follows_the_model():
    greedy = generate(Counting(), [3], lambda logits, last: int(logits.argmax()), length=4)
    assert list(greedy) == [4, 5, 6, 7]


def test_choose_is_given_the_token_before():
    seen = []
    list(generate(Counting(), [3, 8], lambda _, last: seen.append(last) or 1, length=3))
    assert seen == [8, 1, 1]


def test_nothing_is_computed_before_it_is_asked_for():
    model = Counting()
    stream = generate(model, [1, 2], lambda logits, last: 0, length=10)
    assert model.reads == []
    next(stream)
    assert model.reads == [2]
    next(stream)
    assert model.reads == [2, 1]


def test_a_long_prompt_is_read_in_pieces():
    model = Counting()
    next(generate(model, [1] * 600, lambda logits, last: 0, length=1))
    assert model.reads == [256, 256, 88]


def test_temperature_one_draws_by_the_models_probabilities():
    assert draw(Sampling(1.0), LOGITS) == pytest.approx([0.5, 0.3, 0.15, 0.05], abs=0.03)


def test_temperature_half_squares_the_odds():
    squares = [0.25, 0.09, 0.0225, 0.0025]
    expected = [s / sum(squares) for s in squares]
    assert draw(Sampling(0.5), LOGITS) == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize(
    ("sampling", "kept"),
    [
        (Sampling(0), {0}),
        (Sampling(1e-9), {0}),
        (Sampling(1.0, top_k=1), {0}),
        (Sampling(1.0, top_k=2), {0, 1}),
        (Sampling(1.0, top_k=99), {0, 1, 2, 3}),
        (Sampling(1.0, top_p=0.0), {0}),
        (Sampling(1.0, top_p=0.49), {0}),
        (Sampling(1.0, top_p=0.79), {0, 1}),
        (Sampling(1.0, min_p=1.0), {0}),
        (Sampling(1.0, min_p=0.2), {0, 1, 2}),
        (Sampling(1e9), {0, 1, 2, 3}),
    ],
)
def test_unlikely_tokens_are_left_out(sampling, kept):
    shares = draw(sampling, LOGITS, times=500)
    assert {token for token, share in enumerate(shares) if share} == kept


def test_a_forbidden_token_is_never_drawn():
    for temperature in (0, 1e-9, 1.0, 1e9):
        shares = draw(Sampling(temperature), [5.0, -torch.inf, 0.0], times=500)
        assert shares[1] == 0


@pytest.mark.parametrize(
    "setting",
    [
        {"temperature": -1},
        {"temperature": float("nan")},
        {"temperature": float("inf")},
        {"top_k": -1},
        {"top_p": 1.1},
        {"top_p": float("nan")},
        {"min_p": -0.1},
    ],
)
def test_a_setting_out_of_range_is_refused(setting):
    with pytest.raises(UserError, match=f"got {next(iter(setting.values()))}"):
        Sampling(**setting)
