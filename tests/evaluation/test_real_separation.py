"""What each metric is worth on real stories, where ``STORIES`` names a folder that has them."""

import os
from pathlib import Path

import pytest

from tinystories.data.corpus import prepare_corpus
from tinystories.evaluation import coherence, consistency, diversity, grammar, novelty, words
from tinystories.evaluation.separation import CORRUPTIONS, copy_from, separation, set_separation

REAL = Path(os.environ.get("STORIES", "nowhere"))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not REAL.is_dir(), reason="STORIES names no folder with real stories"),
]

# The least AUC of each metric for the corruption it is there for.
EXPECTED = {
    "order": ("sentences shuffled", 0.98),
    "same_subject": ("another's ending", 0.85),
    "outside_1500": ("words made rare", 0.7),
    "outside_4500": ("words made rare", 0.7),
    "word_rarity": ("words made rare", 0.7),
    "easy_words": ("words made rare", 0.55),
    "grade": ("sentences joined", 0.95),
    "nearest_cosine": ("end copied", 0.98),
    "nearest_rouge2": ("end copied", 0.98),
    "longest_copied": ("end copied", 0.98),
    "unseen_1grams": ("words made rare", 0.55),
    **{f"unseen_{n}grams": ("words shuffled", 0.95) for n in range(2, 9)},
    "kept_names": ("names swapped", 0.8),
    "pronoun_agreement": ("pronouns swapped", 0.85),
    "repeated_4grams": ("going in circles", 0.95),
    "unfinished_sentences": ("cut short", 0.9),
    "unbalanced_quotes": ("sentences shuffled", 0.6),
    "ended": ("cut short", 1.0),
    "grammar_lints": ("words shuffled", 0.9),
}


@pytest.mark.timeout(1200)  # the grammar checker reads 3,600 stories
def test_every_metric_separates_real_stories_from_what_it_is_there_for(tmp_path):
    corpus = prepare_corpus(str(REAL), tmp_path)
    training, held_out = (list(corpus.stories(split)) for split in ("train", "validation"))
    counts = words.WordCounts.of(training)
    metrics = (
        *coherence.metrics(counts, training),
        *words.metrics(counts),
        *novelty.metrics(novelty.index_of(corpus, tmp_path)),
        *consistency.METRICS,
        *grammar.metrics(),
    )
    table = separation(
        metrics, held_out[:300], {**CORRUPTIONS, "end copied": copy_from(training[:1000])}
    )
    assert table.keys() == EXPECTED.keys()
    for name, (corruption, least) in EXPECTED.items():
        assert table[name][corruption] >= least, (name, table[name])

    sets = set_separation(diversity.METRICS, held_out[:300])
    assert all(max(row.values()) > 0.9 for row in sets.values()), sets
