"""Does a fold-in find the minimum of the very loss that the pairwise fit lowers?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from engine.learn.bpr import Bpr
from engine.learn.interactions import make_interactions
from engine.retrieve.behaviour import Paired
from engine.types import Floats, History, Interactions, Query
from indexes.pairs import PairIndex


def tastes(n_users: int = 60, n_items: int = 60, each: int = 10, seed: int = 3) -> Interactions:
    """User u likes items of kind u % 3, one in three."""
    rng = np.random.default_rng(seed)
    users = np.repeat(np.arange(n_users), each)
    items = rng.integers(0, n_items // 3, len(users)) * 3 + users % 3
    return make_interactions(
        users=users, items=items, times=np.arange(len(users)) * 60.0, n_users=n_users, n_items=n_items
    )


def some(n_items: int = 30, d: int = 6, seed: int = 0) -> PairIndex:
    rng = np.random.default_rng(seed)
    items = rng.normal(size=(n_items, d)).astype(np.float32)
    return PairIndex.build(items[:0], items, rng.integers(1, 50, n_items), 0.02)


def plain_loss(u: Floats, index: PairIndex, liked: list[int], share: Floats) -> float:
    """Every pair of a liked item and one that is not, written out."""
    x = index.items[:, :-1].astype(float) @ u + index.items[:, -1]
    total = sum(
        share[j] * np.logaddexp(0.0, -(x[i] - x[j])) for i in liked for j in range(len(index)) if share[j]
    )
    return float(total / len(liked) + index.regularization / 2 * (u @ u))


def shares_of(index: PairIndex, history: list[int]) -> Floats:
    share = np.zeros(len(index))
    share[index.contrast] = index.shares
    share[history] = 0.0
    return share / share.sum()


def test_fold_in_is_the_minimum_over_every_pair() -> None:
    index, liked = some(), [2, 7, 11, 20]
    found = index.fold_in(liked, np.ones(4))
    best = minimize(plain_loss, np.zeros(5), (index, liked, shares_of(index, liked)), "BFGS", tol=1e-10)
    np.testing.assert_allclose(found[:-1], best.x, atol=1e-3)
    assert found[-1] == 1.0  # what the biases meet


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 29), min_size=1, max_size=8, unique=True), st.integers(0, 99))
def test_where_it_starts_changes_nothing(liked: list[int], seed: int) -> None:
    index = some()
    start = np.random.default_rng(seed).normal(0, 2, 6)
    first = index.fold_in(liked, np.ones(len(liked)))
    np.testing.assert_allclose(index.fold_in(liked, np.ones(len(liked)), start), first, atol=2e-3)


def test_a_known_user_folds_in_to_what_the_fit_found() -> None:
    x = tastes()
    index = replace(Bpr(), factors=8, iterations=200).fit(x)
    overlap = []
    for user in range(x.n_users):
        rows = np.unique(x.items[x.users == user]).astype(np.int64)
        folded = index.fold_in(rows, np.ones(len(rows)))
        fitted = index.items @ index.users[user]
        top = np.argsort(-fitted)[:15]
        overlap.append(np.isin(np.argsort(-(index.items @ folded))[:15], top).mean())
    assert np.mean(overlap) > 0.85  # stochastic gradients stop near the minimum, not at it


def test_it_ranks_the_own_kind_first_and_a_dislike_last() -> None:
    index = replace(Bpr(), factors=8, iterations=100).fit(tastes())
    leg = Paired(index)
    found = leg(Query(history=History.of([1, 4, 7])), 15)
    assert (found.rows % 3 == 1).mean() > 0.9
    liked = leg.score(Query(history=History.of([1, 4, 7])), np.array([10]))
    turned = leg.score(Query(history=History.of([1, 4, 7, 10], [1, 1, 1, -1])), np.array([10]))
    assert turned[0] < liked[0]


def test_few_rows_stand_for_many_by_popularity() -> None:
    items = np.ones((1000, 3), np.float32)
    popularity = np.arange(1000)
    index = PairIndex.build(items[:0], items, popularity, 0.01, most=64)
    assert len(index.contrast) <= 64 and index.shares.sum() == pytest.approx(1.0)
    assert index.shares @ popularity[index.contrast] == pytest.approx(
        (popularity**2).sum() / popularity.sum(), rel=0.01
    )


def test_with_nothing_known_there_is_no_vector() -> None:
    index = some()
    assert not index.fold_in([], []).any()
    assert not index.fold_in([99, -1], [1.0, 1.0]).any()
    assert not index.fold_in([3], [-1.0]).any()
    empty = Bpr(factors=4).fit(make_interactions(users=[], items=[], times=[], n_users=2, n_items=3))
    assert not empty.fold_in([0], [1.0]).any()
