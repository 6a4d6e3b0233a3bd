"""Does a split keep what is tested from what is learned?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import BadQuery
from engine.evaluate.splits import judgements_of, k_folds, leave_one_out, split_by_time, time_of_share
from engine.types import EVENT_TYPES, EventType, Interactions


def log_of(facts: list[tuple[int, int, float]], n_users: int = 6, n_items: int = 5) -> Interactions:
    """Facts (user, item, time), oldest first."""
    facts = sorted(facts, key=lambda fact: fact[2])
    n = len(facts)
    return Interactions(
        users=np.array([f[0] for f in facts], np.int32),
        items=np.array([f[1] for f in facts], np.int32),
        weights=np.ones(n, np.float32),
        times=np.array([f[2] for f in facts], np.float64),
        kinds=np.full(n, EVENT_TYPES.index(EventType.PURCHASE), np.int8),
        orders=np.arange(n, dtype=np.int32),
        values=np.full(n, np.nan, np.float32),
        quantities=np.ones(n, np.float32),
        n_users=n_users,
        n_items=n_items,
    )


logs = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4), st.integers(0, 20).map(float)), max_size=40)


def marks(interactions: Interactions) -> list[int]:
    """Which facts these are: each has an order number of its own."""
    return sorted(interactions.orders.tolist())


@given(logs.map(log_of), st.integers(0, 21))
def test_a_time_split_never_trains_on_the_future(log: Interactions, cut: int) -> None:
    split = split_by_time(log, float(cut))
    assert sorted(marks(split.train) + marks(split.test)) == marks(log)
    assert (split.train.times < cut).all() and (split.test.times >= cut).all()


def test_a_time_split_can_end() -> None:
    log = log_of([(0, 0, 1.0), (0, 1, 2.0), (0, 2, 3.0)])
    assert split_by_time(log, 2.0, until=3.0).test.items.tolist() == [1]
    assert time_of_share(log, 2 / 3) == 3.0
    with pytest.raises(BadQuery):
        time_of_share(log, 1.0)
    with pytest.raises(BadQuery, match="no interactions"):
        time_of_share(log.where(np.zeros(3, bool)), 0.5)


@given(logs.map(log_of))
def test_leave_one_out_takes_the_last_fact_of_each_user(log: Interactions) -> None:
    split = leave_one_out(log)
    assert sorted(marks(split.train) + marks(split.test)) == marks(log)
    for user in range(log.n_users):
        own = log.where(log.users == user)
        kept = split.test.where(split.test.users == user)
        assert len(kept) == (1 if len(own) >= 2 else 0)
        if len(kept):
            assert kept.orders[0] == own.orders[-1]  # the log is oldest first


@settings(max_examples=60)
@given(logs.map(log_of), st.integers(2, 5), st.integers(0, 9))
def test_folds_test_every_fact_once_and_never_one_that_was_learned(
    log: Interactions, k: int, seed: int
) -> None:
    folds = list(k_folds(log, k, seed))
    assert len(folds) == k
    assert sorted(mark for fold in folds for mark in marks(fold.test)) == marks(log)
    for fold in folds:
        assert sorted(marks(fold.train) + marks(fold.test)) == marks(log)
        learned = set(zip(fold.train.users.tolist(), fold.train.items.tolist(), strict=True))
        tested = set(zip(fold.test.users.tolist(), fold.test.items.tolist(), strict=True))
        assert not learned & tested


def test_folds_spread_each_user_evenly_and_repeat_by_seed() -> None:
    log = log_of([(u, i, float(u * 10 + i)) for u in range(6) for i in range(5)])
    folds = list(k_folds(log, 5, seed=3))
    for fold in folds:
        assert np.bincount(fold.test.users, minlength=6).tolist() == [1] * 6
    again = list(k_folds(log, 5, seed=3))
    assert [marks(f.test) for f in folds] == [marks(f.test) for f in again]
    assert [marks(f.test) for f in folds] != [marks(f.test) for f in k_folds(log, 5, seed=4)]
    with pytest.raises(BadQuery):
        next(k_folds(log, 1))


def test_judgements_leave_out_what_was_known_and_what_counts_against() -> None:
    log = log_of([(0, 0, 1.0), (0, 1, 2.0), (0, 0, 3.0), (1, 2, 4.0), (1, 3, 5.0)])
    split = split_by_time(log, 2.5)
    assert judgements_of(split.test) == {0: {0: 1.0}, 1: {2: 1.0, 3: 1.0}}
    assert judgements_of(split.test, split.train) == {1: {2: 1.0, 3: 1.0}}
    assert judgements_of(log, kinds=[EventType.RATING]) == {}
    log.weights[3] = -1.0
    assert judgements_of(log)[1] == {3: 1.0}
