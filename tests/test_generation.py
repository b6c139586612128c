import numpy as np
import pytest

from tinystories.errors import UserError
from tinystories.generation import Sampling, generate, generate_many


class Counting:
    """An engine of ten tokens that expects the token after each to be one more."""

    def __init__(self) -> None:
        self.reads: list[int] = []
        self.sides: list[int] = []

    def remember(self, rows):
        return None

    def read(self, memory, row, tokens):
        self.reads.append(len(tokens))
        return np.eye(10, dtype=np.float32)[(tokens[-1] + 1) % 10]

    def step(self, memory, rows, tokens):
        self.sides.append(len(rows))
        return np.eye(10, dtype=np.float32)[(np.array(tokens) + 1) % 10]


def draw(sampling: Sampling, logits: list[float], times: int = 4000) -> list[float]:
    generator = np.random.default_rng(0)
    drawn = [sampling.choose(np.array(logits, np.float32), generator) for _ in range(times)]
    return [drawn.count(token) / times for token in range(len(logits))]


LOGITS = np.log([0.5, 0.3, 0.15, 0.05]).tolist()


def likeliest(logits, last):
    return int(logits.argmax())


def test_generating_follows_the_model():
    assert list(generate(Counting(), [3], likeliest, length=4)) == [4, 5, 6, 7]


def test_choose_is_given_the_token_before():
    seen = []
    list(generate(Counting(), [3, 8], lambda _, last: seen.append(last) or 1, length=3))
    assert seen == [8, 1, 1]


def test_nothing_is_computed_before_it_is_asked_for():
    engine = Counting()
    stream = generate(engine, [1, 2], lambda logits, last: 0, length=10)
    assert engine.reads == []
    next(stream)
    assert (engine.reads, engine.sides) == ([2], [])
    next(stream)
    assert (engine.reads, engine.sides) == ([2], [1])


def test_stories_side_by_side_are_those_told_alone_and_a_row_that_is_free_is_taken():
    engine = Counting()
    beginnings = [([start], likeliest) for start in (8, 2, 9, 5, 0)]
    told = dict(generate_many(engine, beginnings, length=6, end=0, rows=2))
    assert told == {
        0: [9, 0],
        1: [3, 4, 5, 6, 7, 8],
        2: [0],
        3: [6, 7, 8, 9, 0],
        4: [1, 2, 3, 4, 5, 6],
    }
    assert engine.sides == [2, 2, 2, 2, 2, 1, 1, 1, 1, 1]


def test_a_filter_that_leaves_nothing_out_changes_nothing():
    logits = np.random.default_rng(1).normal(size=500).astype(np.float32)
    for filtered in (Sampling(1.0, top_k=500), Sampling(1.0, min_p=1e-9)):
        for seed in range(50):
            drawn = [
                s.choose(logits, np.random.default_rng(seed)) for s in (Sampling(1.0), filtered)
            ]
            assert drawn[0] == drawn[1]


def test_top_p_keeps_the_fewest_tokens_that_have_that_probability():
    logits = np.random.default_rng(2).normal(0, 3, 400)
    shares = np.exp(logits) / np.exp(logits).sum()
    order = np.argsort(-shares)
    for top_p in (0.3, 0.9, 0.999):
        kept = order[: 1 + int((shares[order].cumsum() < top_p).sum())]
        weights = Sampling(1.0, top_p=top_p)._likely(shares / shares.max())
        assert set(np.flatnonzero(weights)) == set(kept)


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
        shares = draw(Sampling(temperature), [5.0, -np.inf, 0.0], times=500)
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
