"""Do the learners learn what they say, and keep the laws that every index keeps?"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from scipy import sparse

from engine.learn import INDEXES, LEARNERS
from engine.learn.choose import Chosen, ask_sessions
from engine.learn.ease import Ease
from engine.learn.interactions import KIND, EventWeights, make_interactions
from engine.learn.markov import Markov
from engine.learn.neighbours import Neighbours, weigh_matrix
from engine.learn.next_items import NextItems
from engine.learn.popularity import Popularity
from engine.learn.repeats import Repeats
from engine.learn.sessions import Sessions
from engine.learn.together import Together
from engine.learn.truncate import keep_top, similar_pairs
from engine.learn.visits import DAY, Reading, Visits, user_items, visit_numbers
from engine.types import EventType, History, Interactions

PURCHASE, VIEW, RATING = KIND[EventType.PURCHASE], KIND[EventType.VIEW], KIND[EventType.RATING]


def log(*rows: tuple[int, int, float], n_users: int = 4, n_items: int = 6) -> Interactions:
    """Purchases (user, item, day)."""
    users, items, days = zip(*rows, strict=True) if rows else ((), (), ())
    times = np.asarray(days, float) * DAY
    return make_interactions(users=users, items=items, times=times, n_users=n_users, n_items=n_items)


def shop(seed: int = 1, n_visits: int = 300) -> Interactions:
    """Visits of three items each, all of the visitor's one kind in four; every other visit buys."""
    rng = np.random.default_rng(seed)
    visits = np.repeat(np.arange(n_visits), 3)
    users = rng.integers(0, 60, n_visits)[visits]
    items = (users % 4) * 10 + rng.integers(0, 10, len(visits))
    times = np.sort(rng.uniform(0, 90 * DAY, n_visits))[visits]
    kinds = np.where(visits % 2, KIND[EventType.PURCHASE], KIND[EventType.VIEW])
    return make_interactions(
        users=users,
        items=items,
        times=times,
        kinds=kinds,
        orders=np.where(visits % 2, visits, -1),
        n_users=60,
        n_items=40,
    )


def test_weights_by_hand() -> None:
    kinds = np.array([VIEW, VIEW, PURCHASE, RATING, RATING, KIND[EventType.DISMISS]], np.int8)
    weights = EventWeights()(
        kinds, dwell_s=[0, 30, np.nan, np.nan, np.nan, np.nan], values=[np.nan, np.nan, np.nan, 5, 1, np.nan]
    )
    np.testing.assert_allclose(weights, [0.2 * 0.5, 0.2 * 1.0, 1.0, 1.0, -0.6, -1.0], rtol=1e-6)


def test_interactions_are_oldest_first_and_known() -> None:
    x = make_interactions(users=[1, 0, -1, 0], items=[2, 3, 1, -1], times=[9, 5, 1, 2], n_users=2, n_items=4)
    assert x.users.tolist() == [0, 1] and x.items.tolist() == [3, 2] and x.times.tolist() == [5, 9]


def test_visits_by_hand() -> None:
    users = np.array([0, 0, 1, 0], np.int32)
    order, visit = visit_numbers(users, np.array([0.0, 100.0, 50.0, 9000.0]), gap_s=1000)
    assert order.tolist() == [0, 1, 3, 2] and visit.tolist() == [0, 0, 1, 2]


@pytest.mark.parametrize("combine", ["sum", "log", "max"])
def test_the_matrix_of_users_and_items_is_read_as_one_history_is(
    combine: Literal["sum", "log", "max"],
) -> None:
    rng = np.random.default_rng(4)
    x = make_interactions(
        users=rng.integers(0, 5, 80),
        items=rng.integers(0, 6, 80),
        times=np.arange(80) * DAY,
        kinds=np.where(rng.random(80) < 0.3, KIND[EventType.DISMISS], KIND[EventType.PURCHASE]),
        n_users=5,
        n_items=6,
    )
    R = user_items(x, half_life_days=9.0, combine=combine).toarray()
    reading = Reading(half_life_days=9.0, combine=combine)
    for user in range(5):
        own = x.where(x.users == user)
        rows, weights = reading(History.of(own.items, own.weights, own.times, own.kinds), float(x.times[-1]))
        expected = np.zeros(6)
        expected[rows] = weights
        np.testing.assert_allclose(R[user], expected, atol=1e-6)


def test_reading_by_hand() -> None:
    history = History.of([4, 2, 4, 3], weights=[1, 1, 1, -1], times=np.array([0, 1, 1, 2]) * DAY)
    rows, weights = Reading(visit_decay=0.5)(history)
    assert rows.tolist() == [2, 3, 4]
    np.testing.assert_allclose(weights, [0.5, -1.0, 0.5])
    rows, weights = Reading(half_life_days=1.0, combine="sum")(history, now=2 * DAY)
    np.testing.assert_allclose(weights, [0.5, -1.0, 0.25 + 0.5])
    rows, weights = Reading(window=1)(history)
    assert rows.tolist() == [3]


def test_what_stood_before_a_visit_is_read_as_in_serving() -> None:
    x = log((0, 1, 0), (0, 2, 1), (0, 1, 2), (0, 5, 3), (1, 3, 0), (1, 4, 5))
    before = Visits.of(x).before(0.5, 2).toarray()
    for visit, (rows, days) in {3: ([1, 2, 1], [0, 1, 2]), 2: ([1, 2], [0, 1])}.items():
        history = History.of(rows, times=np.asarray(days) * DAY)
        at, weights = Reading(visit_decay=0.5, window=2)(history)
        expected = np.zeros(6)
        expected[at] = weights
        np.testing.assert_allclose(before[visit], expected)


def test_neighbours_are_cosines() -> None:
    x = shop()
    R = user_items(x).toarray().astype(float)
    norm = R / np.linalg.norm(R, axis=0)
    expected = norm.T @ norm
    np.fill_diagonal(expected, 0)
    index = Neighbours(weighting="cosine", keep=0, half_life_days=0.0, shrink=0.0).fit(x)
    np.testing.assert_allclose(index.weights.csr().toarray(), expected, atol=1e-6)


def test_bm25_weights_equal_implicits() -> None:
    from implicit.nearest_neighbours import bm25_weight

    R = user_items(shop())
    ours = weigh_matrix(R, "bm25", 100.0, 0.8).toarray()
    np.testing.assert_allclose(ours, bm25_weight(R.T, K1=100, B=0.8).T.toarray(), rtol=1e-5)


def test_ease_equals_the_closed_form_and_zeroes_its_diagonal() -> None:
    x = shop()
    X = user_items(x).toarray().astype(float)
    P = np.linalg.inv(X.T @ X + 5.0 * np.eye(X.shape[1]))
    B = np.eye(X.shape[1]) - P / np.diag(P)
    index = Ease(regularization=5.0, keep=0, half_life_days=0.0).fit(x)
    np.testing.assert_allclose(index.weights.csr().toarray(), B, atol=2e-4)


def test_sparse_ease_with_every_neighbour_is_a_ridge_per_item() -> None:
    x = shop()
    X = user_items(x).toarray().astype(float)
    G = X.T @ X
    item = 7
    near = np.flatnonzero(G[item])
    near = near[near != item]
    expected = np.linalg.solve(G[np.ix_(near, near)] + 5.0 * np.eye(len(near)), G[near, item])
    index = Ease(regularization=5.0, keep=0, half_life_days=0.0, max_items=1, near=40).fit(x)
    np.testing.assert_allclose(index.weights.csr().toarray()[near, item], expected, rtol=1e-3, atol=1e-5)


def test_markov_counts_by_hand() -> None:
    x = log((0, 0, 0), (0, 1, 1), (1, 0, 0), (1, 1, 1), (2, 0, 0), (2, 2, 1))
    W = Markov(window=1, shrink=1.0, keep=0).fit(x).weights.csr().toarray()
    np.testing.assert_allclose(W[0, [1, 2]], [2 / 4, 1 / 4])
    assert W[1].sum() == 0


@pytest.mark.parametrize("alike", [0.0, 0.4])
def test_next_item_ridge_by_the_formula(alike: float) -> None:
    x = shop()
    learner = NextItems(regularization=2.0, window=3, visit_decay=0.5, keep=0, alike=alike)
    visits = Visits.of(x)
    X, Y = visits.before(0.5, 3).toarray().astype(float), visits.items.toarray().astype(float)
    has_past = X.any(axis=1)
    X, Y = X[has_past], Y[has_past]
    U = (user_items(x).toarray() > 0).astype(float)
    G, C = (1 - alike) * X.T @ X + alike * U.T @ U, (1 - alike) * X.T @ Y + alike * U.T @ U
    W = np.linalg.solve(G + 2.0 * np.eye(len(G)), C)
    np.fill_diagonal(W, 0)
    np.testing.assert_allclose(learner.fit(x).weights.csr().toarray(), W, atol=2e-4)


def test_together_by_hand_and_with_direction() -> None:
    # Four baskets: {0,1} {0,1} {0,2} {0}: a case (1) is always bought with a phone (0), not the reverse.
    x = make_interactions(
        users=[0, 0, 1, 1, 2, 2, 3],
        items=[0, 1, 0, 1, 0, 2, 0],
        times=np.zeros(7),
        orders=[0, 0, 1, 1, 2, 2, 3],
        n_users=4,
        n_items=3,
    )
    learner = Together(shrink=1.0, lift=0.0, half_life_days=0.0, size_power=0.0, least=2)
    W = learner.fit(x).weights.csr().toarray()
    np.testing.assert_allclose(W, [[0, 2 / 4, 0], [2 / 3, 0, 0], [0, 0, 0]])
    assert W[1, 0] > W[0, 1]
    lifted = Together(shrink=1.0, lift=1.0, half_life_days=0.0, size_power=0.0).fit(x).weights.csr().toarray()
    # Shares are of baskets with a pair: item 1 stands in 2 of 3, item 0 in 3 of 3.
    np.testing.assert_allclose(lifted[[0, 1], [1, 0]], [2 / 4 / (2 / 3), 2 / 3 / 1.0], rtol=1e-6)


def test_popularity_halves_and_counts_a_user_once_a_day() -> None:
    index = Popularity(half_lives=(7.0, 0.0)).fit(log((0, 1, 0), (0, 1, 0.2), (1, 1, 7), (1, 2, 7)))
    np.testing.assert_allclose(index.at(7.0)[[1, 2]], [1.5, 1.0], rtol=1e-2)
    np.testing.assert_allclose(index.at(0.0)[[1, 2]], [2.0, 1.0])
    assert index.search(2).rows.tolist() == [1, 2]


def test_repeat_rates_and_rhythm_by_hand() -> None:
    x = log((0, 1, 0), (0, 1, 10), (1, 1, 0), (2, 2, 0))
    index = Repeats(shrink=0.0).fit(x)
    np.testing.assert_allclose(index.rate[[1, 2]], [0.5, 0.0])
    assert index.interval_days[1] == pytest.approx(10.0)
    shrunk = Repeats(shrink=1.0).fit(x)
    np.testing.assert_allclose(shrunk.rate[[1, 2]], [(1 + 1 / 3) / 3, (0 + 1 / 3) / 2], rtol=1e-6)


def test_session_neighbours_by_hand() -> None:
    x = log((0, 0, 0), (0, 1, 0), (1, 0, 0), (1, 2, 0), (2, 3, 0), (2, 4, 0))
    index = Sessions(half_life_days=0.0, idf_power=0.0, length_power=0.5, item_power=0.0, sharpness=1.0).fit(
        x
    )
    scores = index.dense([0], [1.0])
    np.testing.assert_allclose(scores, [1.0, 0.5, 0.5, 0, 0, 0])
    older = Sessions(half_life_days=1.0, idf_power=0.0, length_power=0.5, item_power=0.0, sharpness=1.0)
    later = log((0, 0, 0), (0, 1, 0), (1, 0, 1), (1, 2, 1))
    np.testing.assert_allclose(older.fit(later).dense([0], [1.0], now=1 * DAY)[[1, 2]], [1 / 3, 2 / 3])


def test_keep_top_agrees_for_dense_and_sparse() -> None:
    rng = np.random.default_rng(5)
    M = rng.normal(size=(20, 30)) * (rng.random((20, 30)) < 0.5)
    dense, thin = keep_top(M, 4).csr().toarray(), keep_top(sparse.csr_matrix(M), 4).csr().toarray()
    np.testing.assert_allclose(dense, thin)
    assert ((dense != 0).sum(axis=1) == np.minimum((M != 0).sum(axis=1), 4)).all()


def test_similar_pairs_in_blocks_equal_one_product(monkeypatch: pytest.MonkeyPatch) -> None:
    A = sparse.random(50, 40, 0.2, random_state=2, format="csr")
    whole = (A.T @ A).toarray()
    np.fill_diagonal(whole, 0)
    monkeypatch.setattr("engine.learn.truncate.DENSE_CELLS", 120)
    np.testing.assert_allclose(similar_pairs(A.T, A, 0).csr().toarray(), whole, atol=1e-6)


def test_the_half_life_is_chosen_by_what_would_have_done_best() -> None:
    """Where each month brings a new half of the catalogue, only the last visits tell; where nothing moves, all do."""
    rng = np.random.default_rng(0)
    n = 600
    days = np.sort(rng.uniform(0, 120, n))
    season = (days // 30).astype(int) * 12
    drifting = np.repeat(season, 3) + rng.integers(0, 12, 3 * n)
    users = np.repeat(rng.integers(0, 80, n), 3)
    x = make_interactions(users=users, items=drifting, times=np.repeat(days * DAY, 3), n_users=80, n_items=60)
    fast, slow = Sessions(unit="visit", half_life_days=2.0), Sessions(unit="visit", half_life_days=0.0)
    assert Chosen((slow, fast), ask_sessions, Reading(), share=0.1).choose(x) == fast
    still = (users % 4) * 12 + rng.integers(0, 12, 3 * n)
    y = make_interactions(users=users, items=still, times=np.repeat(days * DAY, 3), n_users=80, n_items=60)
    hasty = Sessions(unit="visit", half_life_days=0.2, near=3)
    assert Chosen((hasty, slow), ask_sessions, Reading()).choose(y) == slow
    few = make_interactions(users=[0, 1], items=[1, 2], times=[0.0, DAY], n_users=2, n_items=3)
    assert Chosen((fast, slow), ask_sessions, Reading()).choose(few) == fast


@pytest.mark.parametrize("name", sorted(LEARNERS))
def test_every_learner_fits_saves_opens_and_survives_an_empty_log(name: str, tmp_path: Path) -> None:
    x = shop()
    index = LEARNERS[name].fit(x)
    again = LEARNERS[name].fit(x)
    index.save(tmp_path / name)
    again.save(tmp_path / "again")
    opened = INDEXES[name].open(tmp_path / name)
    assert type(opened) is type(index)
    for file in sorted((tmp_path / name).glob("*.npy")):
        np.testing.assert_allclose(np.load(file), np.load(tmp_path / "again" / file.name), atol=1e-4)
    nothing = make_interactions(users=[], items=[], times=[], n_users=3, n_items=5)
    LEARNERS[name].fit(nothing).save(tmp_path / "empty")
