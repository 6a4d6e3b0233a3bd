"""Are the stars that factors predict those of regularized squared error?"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.learn.interactions import KIND, make_interactions
from engine.learn.ratings import Ratings, Side
from engine.retrieve.behaviour import Rated
from engine.types import EventType, Interactions, Query
from indexes.ratings import RatingIndex


def stars(
    seed: int = 0, n_users: int = 60, n_items: int = 40, density: float = 0.5
) -> tuple[Interactions, Interactions]:
    """Ratings from biases and one true taste, split into a part to learn and a part to test."""
    rng = np.random.default_rng(seed)
    u, v = rng.normal(size=n_users), rng.normal(size=n_items)
    truth = (
        3 + 0.4 * rng.normal(size=(n_users, 1)) + 0.4 * rng.normal(size=(1, n_items)) + 0.8 * np.outer(u, v)
    )
    users, items = np.nonzero(rng.random(truth.shape) < density)
    values = np.clip(truth[users, items] + 0.1 * rng.normal(size=len(users)), 1, 5)
    x = make_interactions(
        users=users,
        items=items,
        times=np.arange(len(users), dtype=float),
        kinds=np.full(len(users), KIND[EventType.RATING]),
        values=values,
        n_users=n_users,
        n_items=n_items,
    )
    test = rng.random(len(x)) < 0.25
    return x.where(~test), x.where(test)


def rmse(index: RatingIndex, x: Interactions) -> float:
    return float(np.sqrt(np.mean((index.predict(x.users, x.items) - x.values) ** 2)))


def test_one_half_step_solves_the_normal_equations() -> None:
    rng = np.random.default_rng(1)
    V = rng.normal(size=(5, 3))
    users, items = np.array([0, 0, 0, 2]), np.array([1, 3, 4, 0])
    residual = rng.normal(size=4)
    solved = Side.of(users, items, 3).solve(V, residual, np.full(3, 0.7), 1.0, None)
    A = V[[1, 3, 4]].copy()
    target = residual[:3] - A[:, 2]
    A[:, 2] = 1.0
    np.testing.assert_allclose(solved[0], np.linalg.solve(A.T @ A + 0.7 * np.eye(3), A.T @ target))
    assert not solved[1].any()


def test_factors_beat_biases_and_samples_beat_the_point() -> None:
    train, test = stars()
    biases = Ratings(factors=0, samples=0, regularization=1.0).fit(train)
    point = Ratings(factors=4, samples=0, regularization=1.0).fit(train)
    sampled = Ratings(factors=4, samples=30).fit(train)
    assert rmse(point, test) < 0.8 * rmse(biases, test)
    assert rmse(sampled, test) < 0.8 * rmse(biases, test)


def test_predictions_stay_on_the_scale() -> None:
    train, test = stars()
    predicted = Ratings(factors=4, samples=5, burn_in=2).fit(train).predict(test.users, test.items)
    assert predicted.min() >= train.values.min() and predicted.max() <= train.values.max()


def test_a_fold_in_knows_the_taste() -> None:
    train, test = stars()
    index = Ratings(factors=4, samples=20).fit(train)
    errors, plain = [], []
    for user in range(20):
        own, later = train.where(train.users == user), test.where(test.users == user)
        dense = index.dense(own.items.astype(np.int64), own.values)
        errors.append(np.mean((dense[later.items] - later.values) ** 2))
        plain.append(np.mean((own.values.mean() - later.values) ** 2))
    assert np.mean(errors) < 0.6 * np.mean(plain)


def test_the_leg_ranks_by_the_predicted_rating() -> None:
    train, _ = stars()
    index = Ratings(factors=4, samples=0).fit(train)
    found = Rated(index)(Query(user_row=3), 5)
    predicted = index.predict(np.full(40, 3), np.arange(40), clip=False)
    assert found.rows.tolist() == np.argsort(-predicted)[:5].tolist()


def test_open_equals_saved_and_an_empty_log_fits(tmp_path: Path) -> None:
    train, test = stars()
    index = Ratings(factors=3, samples=5, burn_in=1).fit(train)
    index.save(tmp_path / "ratings")
    opened = RatingIndex.open(tmp_path / "ratings")
    np.testing.assert_array_equal(
        opened.predict(test.users, test.items), index.predict(test.users, test.items)
    )
    nothing = make_interactions(users=[], items=[], times=[], n_users=2, n_items=3)
    assert len(Ratings().fit(nothing)) == 3
