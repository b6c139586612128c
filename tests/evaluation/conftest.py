import pytest
from see_through import word_scorer


@pytest.fixture(scope="session")
def flat():
    """A model to which every word costs the same."""
    return word_scorer(lambda before, word: 2.0)
