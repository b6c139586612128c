"""Dark themes in told stories: how many have one, and which words show it."""

from collections.abc import Sequence

from tinystories.data.themes import dark_themes, is_dark
from tinystories.evaluation.metric import Metric
from tinystories.records import Told


def examples(told: Sequence[Told], most: int = 3) -> dict[str, list[str]]:
    """Return up to ``most`` excerpts of each theme that stories have, the word in brackets.

    A story gives one example of a theme at most.
    """
    found: dict[str, list[str]] = {}
    for story in told:
        for theme, hit in {hit.theme: hit for hit in dark_themes(story.text)[::-1]}.items():
            shown = found.setdefault(theme, [])
            if len(shown) < most:
                shown.append(hit.excerpt(story.text))
    return dict(sorted(found.items()))


METRICS = (
    Metric(
        "dark_themes",
        "Dark themes",
        "% of stories",
        "lower",
        "Stories with death, killing, blood, violence, weapons, war, drugs, crime, insults or sex, "
        "found by their words. About one find in ten is innocent: read the examples.",
        lambda told: [100.0 * is_dark(story.text) for story in told],
    ),
)
