"""The loops that make tokens, and the rules by which each is chosen."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tinystories.engine import Engine
from tinystories.errors import UserError

Choose = Callable[[npt.NDArray[np.float32], int], int]
"""``choose(logits (V,), last)`` picks the next token, given the one before it."""


@dataclass(frozen=True)
class Sampling:
    """How a token is drawn from the model's probabilities; as it is, by these alone.

    Args:
        temperature: below 1 keeps to likely words, above 1 dares more; 0 takes the likeliest.
        top_k: draw from the ``k`` likeliest tokens only; 0 is all.
        top_p: draw from the likeliest tokens that together have this probability (Holtzman 2020).
        min_p: leave out tokens less likely than this share of the likeliest one (Nguyen 2024).
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0

    def __post_init__(self) -> None:
        if not (
            isinstance(self.temperature, int | float | np.floating)
            and 0 <= self.temperature < float("inf")
        ):
            raise UserError(f"temperature must be a number from 0 up, got {self.temperature!r}")
        if not (isinstance(self.top_k, int | np.integer) and self.top_k >= 0):
            raise UserError(f"top-k must be 0 (all) or a number of tokens, got {self.top_k!r}")
        for name, share in (("top-p", self.top_p), ("min-p", self.min_p)):
            if not (isinstance(share, int | float | np.floating) and 0 <= share <= 1):
                raise UserError(f"{name} must be between 0 and 1, got {share!r}")

    def choose(self, logits: npt.NDArray[np.float32], generator: np.random.Generator) -> int:
        """Return a token id drawn from ``logits (V,)``; forbidden tokens are at minus infinity.

        Raises:
            UserError: the logits are no numbers, as those of a model that learned to its ruin.
        """
        highest = logits.max()
        if not np.isfinite(highest):
            raise UserError(
                f"wanted a number as the likeliest word's logit, the model gave {highest}: it is "
                "damaged; choose another model or train again"
            )
        if self.temperature == 0:
            return int(logits.argmax())
        # The shift, and bounds that change no choice, keep the product from overflowing.
        weights = logits - highest
        weights *= np.float32(1 / min(max(self.temperature, 1e-30), 1e30))
        np.exp(weights, out=weights)
        if self.top_k or self.top_p < 1 or self.min_p > 0:
            weights = self._likely(weights)
        reached = weights.cumsum(dtype=np.float64)
        drawn = generator.random() * reached[-1]
        # Rounding must not carry the draw to the very end, where no token is.
        return int(reached.searchsorted(min(drawn, np.nextafter(reached[-1], 0)), side="right"))

    def _likely(self, weights: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the weights, of which the likeliest is 1, with 0 for all that are left out."""
        total = weights.sum()
        # Only tokens above a floor are sorted. All tokens of less than (1 - top_p) / V together
        # have less than 1 - top_p, so those above have at least top_p.
        floor = max(self.min_p, (1 - self.top_p) * total / len(weights))
        if 0 < self.top_k < len(weights):
            floor = max(floor, np.partition(weights, -self.top_k)[-self.top_k])
        tokens = np.flatnonzero(weights >= floor)
        tokens = tokens[np.argsort(-weights[tokens], kind="stable")]
        if self.top_k:
            tokens = tokens[: self.top_k]
        if self.top_p < 1:
            before = weights[tokens].cumsum() - weights[tokens]
            tokens = tokens[: max(1, int((before < self.top_p * total).sum()))]
        kept = np.zeros_like(weights)
        kept[tokens] = weights[tokens]
        return kept


USUAL = Sampling(min_p=0.05)
"""How stories are told unless asked otherwise: what is unlikely beside the likeliest token is left
out, and the rest drawn as the model expects it. Sharpening all of it instead (temperature 0.8) kept
the unlikely tokens that spoil a story, and repeated more (``docs/experiments.md``)."""


def generate(
    engine: Engine, prompt: Sequence[int], choose: Choose, *, length: int
) -> Iterator[int]:
    """Continue ``prompt`` by up to ``length`` token ids, one at a time.

    The caller stops reading when the story has ended. Nothing is computed before it is asked for.
    """
    memory = engine.remember(1)
    logits = engine.read(memory, 0, prompt)
    last = prompt[-1]
    for made in range(length):
        last = choose(logits, last)
        yield last
        if made + 1 < length:
            logits = engine.step(memory, [0], [last])[0]


@dataclass
class _Growing:
    """A story among others, on its way."""

    number: int
    choose: Choose
    last: int
    tokens: list[int] = field(default_factory=list)

    def is_done(self, length: int, end: int) -> bool:
        return self.last == end or len(self.tokens) == length

    def grow(self, logits: npt.NDArray[np.float32]) -> None:
        self.last = self.choose(logits, self.last)
        self.tokens.append(self.last)


def generate_many(
    engine: Engine,
    beginnings: Iterable[tuple[Sequence[int], Choose]],
    *,
    length: int,
    end: int,
    rows: int,
) -> Iterator[tuple[int, list[int]]]:
    """Continue every ``(prompt, choose)``; yield its number and its tokens as each is done.

    Up to ``rows`` stories grow side by side, and the next takes the row of one that is done: it
    has drawn ``end``, or has ``length`` tokens.
    """
    memory = engine.remember(rows)
    waiting = enumerate(beginnings)
    growing: dict[int, _Growing] = {}
    while True:
        for row in range(rows):
            while row not in growing or growing[row].is_done(length, end):
                if story := growing.pop(row, None):
                    yield story.number, story.tokens
                if not (one := next(waiting, None)):
                    break
                number, (prompt, choose) = one
                growing[row] = _Growing(number, choose, prompt[-1])
                growing[row].grow(engine.read(memory, row, prompt))
        if not growing:
            return
        logits = engine.step(memory, list(growing), [s.last for s in growing.values()])
        for story, own in zip(growing.values(), logits, strict=True):
            story.grow(own)
