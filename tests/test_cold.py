"""Do items that nobody has met yet land where what is written of them says?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.learn.als import Als
from engine.learn.cold import Cold, describe
from engine.learn.interactions import make_interactions
from engine.types import Interactions
from indexes.factors import FactorIndex
from indexes.terms import TermIndex

ALS = Als(factors=8, half_life_days=0.0, combine="max")
N, UNSEEN = 120, np.arange(0, 120, 10)  # every tenth item was never met


def tastes() -> Interactions:
    """User u likes items of kind u % 3, one in three; some items nobody ever met."""
    rng = np.random.default_rng(3)
    users = np.repeat(np.arange(90), 12)
    items = rng.integers(0, N // 3, len(users)) * 3 + users % 3
    met = ~np.isin(items, UNSEEN)
    return make_interactions(
        users=users[met], items=items[met], times=np.arange(met.sum()) * 60.0, n_users=90, n_items=N
    )


def words() -> TermIndex:
    rng = np.random.default_rng(0)
    return TermIndex.build(
        [[f"kind{row % 3}", *(f"word{w}" for w in rng.integers(0, 9, 3))] for row in range(N)]
    )


def test_the_map_is_the_weighted_ridge_and_its_strength_the_best_when_one_is_left_out() -> None:
    rng = np.random.default_rng(1)
    F, V = rng.normal(size=(60, 4)).astype(np.float32), rng.normal(size=(60, 3)).astype(np.float32)
    known, met = np.arange(60) < 55, rng.integers(1, 9, 60)
    unseen = np.arange(55, 60)
    strengths = (0.1, 10.0)

    def ridge(rows: np.ndarray, strength: float, ask: np.ndarray) -> np.ndarray:
        # The mean is that of all known items, as the leverage formula takes it.
        w = met[known] / (met[known] + 5.0)
        m, mean = np.average(F[known], axis=0, weights=w), np.average(V[known], axis=0, weights=w)
        w = met[rows] / (met[rows] + 5.0)
        X, Y = F[rows] - m, V[rows] - mean
        B = np.linalg.solve(X.T @ (w[:, None] * X) + strength * np.eye(4), X.T @ (w[:, None] * Y))
        return np.asarray((F[ask] - m) @ B + mean)

    errors = []
    for strength in strengths:
        left_out = [
            met[i]
            / (met[i] + 5.0)
            * ((V[i] - ridge(np.setdiff1d(np.arange(55), [i]), strength, np.array([i]))) ** 2).sum()
            for i in range(55)
        ]
        errors.append(sum(left_out))
    best = strengths[int(np.argmin(errors))]
    found = Cold(ALS, F, strengths).place(V, known, met, unseen)
    np.testing.assert_allclose(found, ridge(np.arange(55), best, unseen), atol=1e-5)


def test_an_unseen_item_is_recommended_to_those_who_like_its_kind() -> None:
    index = Cold(ALS, describe(words())).fit(tastes())
    assert index.seen[UNSEEN].all() and not index.learned[UNSEEN].any()
    right = []
    for user in range(30):
        among = np.zeros(N, bool)
        among[UNSEEN] = True
        found = index.search(index.users[user], 3, among)
        right.append((found.rows % 3 == user % 3).mean())
    assert np.mean(right) > 0.9  # by chance a third


def test_placed_items_change_nothing_of_what_was_learned() -> None:
    x = tastes()
    plain, filled = ALS.fit(x), Cold(ALS, describe(words())).fit(x)
    np.testing.assert_array_equal(filled.items[plain.seen], plain.items[plain.seen])
    rows = np.array([1, 4, 7])
    np.testing.assert_allclose(filled.fold_in(rows, np.ones(3)), plain.fold_in(rows, np.ones(3)), atol=1e-6)


def test_a_fold_in_hears_an_item_that_was_placed() -> None:
    index = Cold(ALS, describe(words())).fit(tastes())
    vector = index.fold_in([UNSEEN[1]], [1.0])
    assert (index.search(vector, 10).rows % 3 == UNSEEN[1] % 3).mean() > 0.8


def test_saved_and_opened_it_still_knows_what_was_learned(tmp_path: Path) -> None:
    index = Cold(ALS, describe(words())).fit(tastes())
    index.save(tmp_path)
    opened = FactorIndex.open(tmp_path)
    np.testing.assert_array_equal(opened.learned, index.learned)
    np.testing.assert_allclose(opened.gram, index.gram)


@pytest.mark.parametrize("features", [np.zeros((N, 1), np.float32), describe(TermIndex.build([[]] * N))])
def test_with_nothing_written_nothing_is_placed(features: np.ndarray) -> None:
    index = Cold(replace(ALS, iterations=2), features).fit(tastes())
    assert not index.seen[UNSEEN].any()
