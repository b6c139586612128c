"""Read what nobody wrote: ``python tests/reliability/fuzz.py --minutes 10``.

Hypothesis puts any value in the place of any part of a good file, its seal taken off, or any bytes
in the place of the whole. Readers must answer with a value or with one line.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import hostile
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tinystories.errors import UserError

PLAIN = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        [10**12, -(10**12), 2**63, 10**400, 1e300, "../../x", "\0", "NaN", "9" * 5000]
    )
)
VALUES = st.recursive(
    PLAIN,
    lambda some: (
        st.lists(some, max_size=4) | st.dictionaries(st.text(max_size=9), some, max_size=4)
    ),
    max_leaves=8,
)
GONE = object()


def places(content: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where every part of a JSON value is, as the keys that lead there."""
    if isinstance(content, dict):
        inner = content.items()
    elif isinstance(content, list):
        inner = enumerate(content[:20])
    else:
        return [here]
    return [here, *(place for key, part in inner for place in places(part, (*here, key)))]


def put(content: Any, place: tuple[Any, ...], value: Any) -> Any:
    """Return JSON with another value at a place, or without what was there."""
    if not place:
        return value
    key, *rest = place
    changed = content.copy()
    if value is GONE and not rest:
        del changed[key]
    else:
        changed[key] = put(content[key], tuple(rest), value)
    return changed


def readers(folder: Path) -> dict[str, hostile.Reader]:
    """The readers of JSON, and of weights and checkpoints."""
    from tinystories.storyteller import Storyteller

    made = hostile.readers(folder)
    words = made["word list"].path
    header, *rest = words.read_text(encoding="utf-8").split("\n")
    plain = header.rpartition(", ")[
        0
    ]  # As older versions wrote it: the tokenizer's hash is left out.
    words.write_text("\n".join((plain, *rest)), encoding="utf-8")

    def tell() -> Any:
        return Storyteller.load(folder / "model", "numpy").tell("Anna", seed=1, length=2)

    return {**made, "card": hostile.Reader(made["card"].path, tell)}


def fuzz(reader: hostile.Reader, examples: int, number: int) -> Counter[str]:
    """Try so many examples; return how often the reader refused, and how often it read."""
    good = reader.path.read_bytes()
    try:
        content = json.loads(good)
    except ValueError:
        content = None
    if isinstance(content, dict):
        content.pop("sha256", None)
    spots = places(content)
    answers: Counter[str] = Counter()

    @seed(number)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def attack(data: st.DataObject) -> None:
        if content is not None and data.draw(st.integers(0, 9)):
            value = data.draw(st.just(GONE) | VALUES)
            place = data.draw(st.sampled_from(spots[1:] if value is GONE else spots))
            damaged = json.dumps(put(content, place, value)).encode()
        else:
            start = data.draw(st.integers(0, len(good)))
            damaged = good[:start] + data.draw(st.binary(max_size=64)) + good[start:][:64]
        reader.path.write_bytes(damaged)
        try:
            reader.read()
            answers["read"] += 1
        except UserError:
            answers["refused"] += 1

    try:
        attack()
    finally:
        reader.path.write_bytes(good)
    return answers


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests/reliability/fuzz.py", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="default: 10")
    parser.add_argument("--examples", type=int, default=200, help="of a reader in a round")
    options = parser.parse_args()
    deadline, totals = time.monotonic() + 60 * options.minutes, dict[str, Counter[str]]()
    first = random.randrange(10**6)
    with tempfile.TemporaryDirectory() as place:
        made, number = readers(Path(place)), first
        while time.monotonic() < deadline:
            for name, reader in made.items():
                answers = fuzz(reader, options.examples, number)
                totals[name] = totals.get(name, Counter()) + answers
            number += 1
    for name, answers in totals.items():
        said = ", ".join(f"{count:,} {answer}" for answer, count in answers.most_common())
        sys.stdout.write(f"{name}: {said}\n")
    sys.stdout.write(f"seeds {first} to {number - 1}\n")


if __name__ == "__main__":
    main()
