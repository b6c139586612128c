"""Facts, reasoning, context: which ending does the model find right?

The three kinds of question that the TinyStories paper asks (Eldan & Li 2023, arXiv:2305.07759,
section 4.4), with items of our own in ``items/``: a short beginning, one ending that is right and
two that are as well formed but wrong.
"""

from typing import Literal

from tinystories.evaluation.answers import Item
from tinystories.evaluation.items import read_blocks


def choices(kind: Literal["facts", "reasoning", "context"]) -> list[Item]:
    """Return the items of a kind, in the order of its file."""
    return [
        Item(f"{kind} {number}", kind, beginning, tuple(endings))
        for number, (beginning, *endings) in enumerate(read_blocks(f"{kind}.txt"))
    ]
