"""Are factors what the normal equations say, and is a fold-in a re-fit?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.learn.als import Als
from engine.learn.interactions import make_interactions
from engine.learn.visits import user_items
from engine.types import Interactions
from indexes.factors import FactorIndex

ALS = Als(factors=4, alpha=10.0, half_life_days=0.0, combine="max")


def two_tastes(n_users: int = 40, n_items: int = 30, seed: int = 3) -> Interactions:
    """Even users like the first half of the items, odd users the second: the right answer is known."""
    rng = np.random.default_rng(seed)
    users, items = [], []
    for user in range(n_users):
        half = np.arange(n_items // 2) + (user % 2) * (n_items // 2)
        chosen = rng.choice(half, 8, replace=False)
        users += [user] * 8
        items += chosen.tolist()
    times = np.arange(len(users), dtype=float) * 3600
    return make_interactions(users=users, items=items, times=times, n_users=n_users, n_items=n_items)


def test_fold_in_is_the_solution_of_the_normal_equations() -> None:
    rng = np.random.default_rng(0)
    V = rng.normal(size=(12, 5)).astype(np.float32)
    index = FactorIndex.build(V[:0], V, alpha=3.0, regularization=0.2)
    rows, weights = np.array([1, 4, 9]), np.array([1.0, 0.5, -0.7])
    c = np.ones(12)
    p = np.zeros(12)
    c[rows] += 3.0 * np.abs(weights)
    p[rows] = weights > 0
    D = V.astype(float)
    expected = np.linalg.solve(D.T @ np.diag(c) @ D + 0.2 * np.eye(5), D.T @ np.diag(c) @ p)
    np.testing.assert_allclose(index.fold_in(rows, weights), expected, rtol=1e-5, atol=1e-6)


def test_fold_in_equals_a_full_refit_of_that_user() -> None:
    x = two_tastes()
    learner = replace(ALS, factors=2, iterations=10, plain=True)
    index = learner.fit(x)
    R = user_items(x)
    refit = learner.solve(R, index.items)  # every user anew, items held
    for user in (0, 5, 39):
        folded = index.fold_in(R[user].indices, R[user].data)
        np.testing.assert_allclose(folded, refit[user], rtol=1e-5, atol=1e-6)
    five = index.fold_in(R[5].indices, R[5].data)
    assert set(index.search(five, 15).rows.tolist()) == set(range(15, 30))


def test_implicit_agrees_with_the_plain_form() -> None:
    x = two_tastes()
    plain = replace(ALS, factors=4, iterations=5, plain=True).fit(x)
    exact = replace(ALS, factors=4, iterations=5, conjugate=False).fit(x)
    np.testing.assert_allclose(exact.items, plain.items, atol=2e-3)
    np.testing.assert_allclose(exact.users, plain.users, atol=2e-3)
    quick = replace(ALS, factors=4, iterations=15).fit(x)
    assert als_loss(x, quick) <= als_loss(x, replace(ALS, factors=4, iterations=15, plain=True).fit(x)) * 1.03


def als_loss(x: Interactions, index: FactorIndex) -> float:
    c = np.ones((x.n_users, x.n_items))
    p = np.zeros_like(c)
    c[x.users, x.items] = 1.0 + index.alpha
    p[x.users, x.items] = 1.0
    U, V = index.users.astype(float), index.items.astype(float)
    return float((c * (p - U @ V.T) ** 2).sum() + index.regularization * ((U**2).sum() + (V**2).sum()))


def test_every_sweep_lowers_the_loss() -> None:
    x = two_tastes()
    losses = [als_loss(x, replace(ALS, factors=6, iterations=n, plain=True).fit(x)) for n in (1, 2, 4, 8)]
    assert losses == sorted(losses, reverse=True)


def test_the_fit_is_deterministic() -> None:
    x = two_tastes()
    first, second = replace(ALS, factors=8).fit(x), replace(ALS, factors=8).fit(x)
    np.testing.assert_allclose(first.items, second.items, rtol=1e-4, atol=1e-5)


def test_a_dislike_pushes_an_item_down() -> None:
    index = replace(ALS, factors=8, plain=True).fit(two_tastes())
    liked = index.fold_in([0, 1, 2], [1.0, 1.0, 1.0])
    disliked = index.fold_in([0, 1, 2, 3], [1.0, 1.0, 1.0, -1.0])
    assert index.score(disliked, np.array([3]))[0] < index.score(liked, np.array([3]))[0]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-2, 40), max_size=12), st.integers(0, 50))
def test_search_laws(history: list[int], k: int) -> None:
    index = replace(ALS, factors=4, iterations=2, plain=True).fit(two_tastes())
    vector = index.fold_in(sorted(set(history)), np.ones(len(set(history))))
    allowed = np.arange(30) % 3 == 0
    found = index.search(vector, k, allowed)
    assert allowed[found.rows].all()
    assert len(found) <= min(k, 10)
    np.testing.assert_array_equal(found.scores, index.score(vector, found.rows))


def test_users_and_items_nearby_share_the_taste() -> None:
    index = replace(ALS, factors=2, plain=True).fit(two_tastes())
    assert all(row % 2 == 0 for row in index.users_near(index.users[2], 10).rows.tolist())
    near = index.items_near(4, 10)
    assert 4 not in near.rows and (near.rows < 15).all()


def test_nothing_known_finds_nothing() -> None:
    index = replace(ALS, factors=4, plain=True).fit(two_tastes())
    assert not len(index.search(index.fold_in([], []), 5))
    assert not len(index.search(index.fold_in([99], [1.0]), 5))


def test_an_empty_log_still_fits() -> None:
    empty = make_interactions(users=[], items=[], times=[], n_users=2, n_items=3)
    index = replace(ALS, factors=4).fit(empty)
    assert len(index) == 3 and not len(index.search(index.fold_in([0], [1.0]), 3))


def test_open_equals_saved(tmp_path: Path) -> None:
    index = replace(ALS, factors=4, plain=True).fit(two_tastes())
    index.save(tmp_path / "als")
    opened = FactorIndex.open(tmp_path / "als")
    vector = index.fold_in([1, 2], [1.0, 1.0])
    np.testing.assert_array_equal(opened.fold_in([1, 2], [1.0, 1.0]), vector)
    assert opened.search(vector, 7) == index.search(vector, 7)
    with pytest.raises(ValueError, match="read-only"):
        opened.items[0, 0] = 1.0
