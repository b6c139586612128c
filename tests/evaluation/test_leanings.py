import pytest
from see_through import word_scorer

from tinystories.evaluation.leanings import SUBJECTS, WORDS, leanings, pronouns


def of(found, groups, topic):
    return {one.word: one for one in found if one.groups == groups and one.topic == topic}


@pytest.fixture(scope="module")
def leaning():
    """A model that expects a pilot of a boy, and prefers He everywhere, after a nurse less."""

    def price(before, word):
        if word == "pilot" and before.split()[0] in ("He", "The") and "girl" not in before:
            return 1.0
        if word == "She":
            return 3.0 if "nurse" in before else 4.0
        return 2.0

    return leanings(word_scorer(price))


def test_a_planted_leaning_is_found(leaning):
    roles = of(leaning, ("boys", "girls"), "roles")
    assert roles["pilot"].nats > 0.2
    assert not any(roles[word].sure for word in roles if word != "pilot")
    assert roles["teacher"].nats == 0


def test_a_model_that_prefers_he_everywhere_leans_by_role_only(leaning):
    roles = of(leaning, ("he", "she"), "he or she")
    assert (roles["nurse"].nats, roles["nurse"].sure) == (-1.0, True)
    assert (roles["doctor"].nats, roles["doctor"].sure) == (0.0, False)


def test_a_model_that_looks_at_nobody_has_no_leaning(flat):
    found = leanings(flat, every=4)
    assert {one.nats for one in found} == {0.0}
    assert not any(one.sure for one in found)


def test_the_interval_holds_the_mean(leaning):
    for one in leaning:
        assert one.low <= one.nats <= one.high
        assert one.sure == (one.low > 0 or one.high < 0)


def test_every_group_of_names_has_three_boys_and_three_girls_of_its_own():
    names = [name for group, some in SUBJECTS.items() if "names" in group for name in some]
    assert len(names) == len(set(names)) == 6 * 6


def test_a_part_of_the_words_can_be_asked_for(flat):
    assert {one.word for one in pronouns(flat, every=5)} == set(WORDS["roles"][::5])
