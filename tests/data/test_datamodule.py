from itertools import islice

import numpy as np
import torch

from tinystories.data.datamodule import WindowOrder, by_length, pad_stories, stack_windows
from tinystories.data.shards import IGNORE


def read(order: WindowOrder, batches: int) -> list[list[int]]:
    return list(islice(order, batches))


def test_every_pass_visits_each_window_once_in_a_new_order():
    windows = [w for batch in read(WindowOrder(12, batch=4), 6) for w in batch]
    assert sorted(windows[:12]) == sorted(windows[12:]) == list(range(12))
    assert windows[:12] != windows[12:]


def test_batches_are_full_where_one_pass_follows_another():
    windows = [w for batch in read(WindowOrder(10, batch=4), 5) for w in batch]
    assert sorted(windows[:10]) == sorted(windows[10:]) == list(range(10))


def test_a_batch_may_be_larger_than_the_corpus():
    [batch] = read(WindowOrder(3, batch=7), 1)
    assert sorted(batch[:3]) == sorted(batch[3:6]) == [0, 1, 2]


def test_an_order_that_begins_later_goes_on_as_the_whole_one():
    whole = read(WindowOrder(10, batch=3, seed=5), 9)
    assert read(WindowOrder(10, batch=3, seed=5, first=4), 5) == whole[4:]


def test_the_seed_decides_the_order():
    assert read(WindowOrder(50, batch=5, seed=1), 3) == read(WindowOrder(50, batch=5, seed=1), 3)
    assert read(WindowOrder(50, batch=5, seed=1), 3) != read(WindowOrder(50, batch=5, seed=2), 3)


def test_processes_share_each_batch_without_overlap():
    whole = read(WindowOrder(10, batch=4), 5)
    ranks = [read(WindowOrder(10, batch=4, parts=2, rank=r, world=2), 5) for r in (0, 1)]
    assert [a + b for a, b in zip(*ranks, strict=True)] == whole


def test_accumulated_parts_make_up_the_batch():
    whole = read(WindowOrder(10, batch=4), 3)
    parts = read(WindowOrder(10, batch=4, parts=2), 6)
    assert [parts[i] + parts[i + 1] for i in (0, 2, 4)] == whole


def test_stories_of_similar_length_are_judged_together():
    batches = [b.tolist() for b in by_length([9, 2, 3, 20, 3], tokens=10)]
    assert batches == [[1, 2, 4], [0], [3]]


def test_windows_are_stacked_as_they_are():
    batch = stack_windows(
        [(np.array([1, 2]), np.array([2, 3])), (np.array([4, 5]), np.array([5, IGNORE]))]
    )
    assert batch["tokens"].tolist() == [[1, 2], [4, 5]]
    assert batch["targets"].tolist() == [[2, 3], [5, -100]]
    assert batch["tokens"].dtype == torch.int64


def test_a_padded_story_has_every_token_but_the_first_as_a_target():
    batch = pad_stories([np.array([0, 7, 8, 0]), np.array([0, 9, 0])])
    assert batch["tokens"].tolist() == [[0, 7, 8], [0, 9, 0]]
    assert batch["targets"].tolist() == [[7, 8, 0], [9, 0, -100]]
