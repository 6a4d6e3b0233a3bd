"""Does the learned fusion explain itself exactly, and learn from the past only?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.learn.interactions import make_interactions
from engine.learn.neighbours import Neighbours as NeighbourLearner
from engine.learn.popularity import Popularity
from engine.learn.visits import DAY
from engine.rank.features import ItemFacts, features, leg_features
from engine.rank.stack import Stack, StackIndex, in_order
from engine.rank.stacking import Examples, Stacking, examples_at, fit_stack, train
from engine.retrieve.behaviour import Neighbours, Popular
from engine.types import Evidence, Floats, History, Interactions, Query
from indexes.linear import LinearIndex
from indexes.trees import TreeIndex

LEARNERS = {"popularity": Popularity(), "neighbours": NeighbourLearner()}


def make(on: object) -> dict[str, object]:
    return {"popular": Popular(on["popularity"]), "neighbours": Neighbours(on["neighbours"])}  # type: ignore[index]


def shop(days: int = 60, seed: int = 3) -> Interactions:
    """Users of four kinds who buy within their kind: neighbours are right, popularity is not."""
    rng = np.random.default_rng(seed)
    n = 60 * days
    users = rng.integers(0, 200, n)
    items = (users % 4) * 15 + rng.integers(0, 15, n)
    return make_interactions(
        users=users, items=items, times=np.sort(rng.uniform(0, days * DAY, n)), n_users=200, n_items=60
    )


@pytest.fixture(scope="module")
def stack() -> StackIndex:
    found = fit_stack(shop(), LEARNERS, make, how=Stacking(horizon_days=7, origins=2, pool=20, rounds=60))
    assert found is not None
    return found


def evidence_of(rng: np.random.Generator, n: int = 30) -> Evidence:
    scores = rng.random((n, 2))
    return Evidence(np.arange(n), ("popular", "neighbours"), scores, np.full((n, 2), np.nan), np.zeros(2))


def some_query() -> Query:
    return Query(history=History.of([1, 2, 2], times=np.array([50.0, 51.0, 55.0]) * DAY), now=60 * DAY)


def test_tabulated_shapley_values_equal_lightgbms() -> None:
    lightgbm = pytest.importorskip("lightgbm")
    rng = np.random.default_rng(1)
    X = rng.normal(size=(3000, 6))
    y = X[:, 0] + X[:, 1] * X[:, 2] + 0.1 * rng.normal(size=3000)
    settings = {"num_leaves": 8, "verbose": -1, "use_missing": False, "seed": 1, "num_threads": 1}
    booster = lightgbm.train(settings, lightgbm.Dataset(X, y), 40)
    expected = booster.predict(X[:50], pred_contrib=True)
    index = TreeIndex.build(booster.dump_model()["tree_info"], range(6))
    np.testing.assert_allclose(index(X[:50]), expected[:, :-1], atol=1e-5)
    assert index.base == pytest.approx(expected[0, -1], abs=1e-6)
    grouped = TreeIndex.build(booster.dump_model()["tree_info"], [0, 1, 1, 0, 0, 1])
    np.testing.assert_allclose(
        grouped(X[:50]),
        np.column_stack([expected[:, [0, 3, 4]].sum(axis=1), expected[:, [1, 2, 5]].sum(axis=1)]),
        atol=1e-5,
    )


def test_shapley_values_of_one_split_by_hand() -> None:
    leaf = {"leaf_value": 1.0, "leaf_count": 3}, {"leaf_value": 5.0, "leaf_count": 1}
    root = {
        "split_feature": 1,
        "threshold": 0.5,
        "internal_count": 4,
        "left_child": leaf[0],
        "right_child": leaf[1],
    }
    index = TreeIndex.build([{"tree_structure": root}], [0, 1])
    assert index.base == 2.0  # (3 * 1 + 1 * 5) / 4
    np.testing.assert_allclose(index(np.array([[9.0, 0.5], [9.0, 0.6]])), [[0, -1], [0, 3]])


def test_too_large_a_tree_is_refused() -> None:
    node: dict[str, object] = {"leaf_value": 0.0, "leaf_count": 1}
    for _ in range(8):
        leaf = {"leaf_value": 1.0, "leaf_count": 1}
        node = {
            "split_feature": 0,
            "threshold": 0.0,
            "internal_count": 2,
            "left_child": node,
            "right_child": leaf,
        }
    with pytest.raises(ValueError, match="8 splits"):
        TreeIndex.build([{"tree_structure": node}], [0])


def test_linear_shares_by_hand() -> None:
    index = LinearIndex(np.array([2.0, -1.0, 3.0]), np.array([1.0, 0.0, 0.0]), np.array([0, 1, 0], np.int32))
    np.testing.assert_allclose(index(np.array([[2.0, 4.0, 1.0]])), [[2.0 + 3.0, -4.0]])


def test_contributions_add_up_to_the_models_score(stack: StackIndex) -> None:
    evidence, query = evidence_of(np.random.default_rng(0)), some_query()
    given = Stack(stack)(query, evidence)
    model = stack.model(features(query, evidence, stack.facts).X).sum(axis=1)
    np.testing.assert_allclose(given.sum(axis=1), model, atol=1e-9)


def test_the_order_of_the_legs_does_not_matter(stack: StackIndex) -> None:
    evidence, query = evidence_of(np.random.default_rng(0)), some_query()
    turned = in_order(evidence, ("neighbours", "popular"))
    given, other = Stack(stack)(query, evidence), Stack(stack)(query, turned)
    np.testing.assert_allclose(given, other[:, ::-1])


def test_an_unknown_leg_gives_nothing_and_a_missing_one_abstains(stack: StackIndex) -> None:
    evidence, query = evidence_of(np.random.default_rng(0)), some_query()
    wider = in_order(evidence, ("popular", "neighbours", "news"))
    np.testing.assert_allclose(Stack(stack)(query, wider)[:, :2], Stack(stack)(query, evidence))
    assert not Stack(stack)(query, wider)[:, 2].any()
    thinner = in_order(evidence, ("popular",))
    assert np.isfinite(Stack(stack)(query, thinner)).all()


def test_a_weight_of_zero_switches_a_part_off(stack: StackIndex) -> None:
    evidence = evidence_of(np.random.default_rng(0))
    query = Query(history=some_query().history, now=60 * DAY, weights={"trend": 0.0})
    assert not Stack(stack, {"popular": "trend"})(query, evidence)[:, 0].any()


@pytest.mark.parametrize("method", ["trees", "logistic"])
def test_it_learns_which_leg_to_believe(method: str) -> None:
    x = shop()
    how = Stacking(method=method, horizon_days=7, origins=2, pool=60, rounds=60)  # type: ignore[arg-type]
    index = fit_stack(x.where(x.times < 50 * DAY), LEARNERS, make, how=how)
    assert index is not None
    test = examples_at(x, 50 * DAY, LEARNERS, make, np.full(60, np.nan, np.float32), how)
    assert test is not None
    scores = index.model(test.X.astype(np.float64)).sum(axis=1)
    popular = test.X[:, test.names.index("popular:score")]
    assert precision(scores, test) > 1.5 * precision(popular.astype(np.float64), test)


def precision(scores: Floats, examples: Examples, k: int = 5) -> float:
    stops = np.cumsum(examples.sizes)
    parts = [np.arange(stop - size, stop) for stop, size in zip(stops, examples.sizes, strict=True)]
    return float(np.mean([examples.labels[p][np.argsort(-scores[p])[:k]].mean() for p in parts]))


def test_nothing_after_the_moment_can_be_seen() -> None:
    """Two logs that differ only after the moment: the same candidates and features, other labels."""
    x = shop()
    moment = 50 * DAY
    items = np.where(x.times >= moment, (x.items + 7) % 60, x.items)
    planted = make_interactions(users=x.users, items=items, times=x.times, n_users=200, n_items=60)
    how = Stacking(horizon_days=7, pool=60, repeat=True)
    prices = np.full(60, np.nan, np.float32)
    honest, leaked = (examples_at(log, moment, LEARNERS, make, prices, how) for log in (x, planted))
    assert honest is not None and leaked is not None
    np.testing.assert_array_equal(honest.X, leaked.X)
    assert not np.array_equal(honest.labels, leaked.labels)


def test_leg_features_by_hand() -> None:
    raw, share, rank = leg_features(np.array([4.0, 2.0, np.nan, 4.0]))
    np.testing.assert_allclose(raw, [4, 2, 0, 4])
    np.testing.assert_allclose(share, [1, 0, 0, 1])
    np.testing.assert_allclose(rank, [-1, -2, -np.log2(5), -1])


def test_cold_users_and_empty_evidence_get_an_answer(stack: StackIndex) -> None:
    empty = Evidence(
        np.zeros(0, np.int64), ("popular", "neighbours"), np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(2)
    )
    assert Stack(stack)(Query(), empty).shape == (0, 2)
    cold = Stack(stack)(Query(now=60 * DAY), evidence_of(np.random.default_rng(0)))
    assert np.isfinite(cold).all()


def test_too_little_to_learn_from_is_none() -> None:
    x = make_interactions(users=[0, 1], items=[0, 1], times=[0.0, 9e6], n_users=2, n_items=2)
    assert fit_stack(x, LEARNERS, make) is None


@pytest.mark.parametrize("method", ["trees", "logistic"])
def test_open_equals_saved(method: str, stack: StackIndex, tmp_path: Path) -> None:
    x = shop()
    how = Stacking(method=method, horizon_days=7, pool=20, rounds=10)  # type: ignore[arg-type]
    part = examples_at(x, 50 * DAY, LEARNERS, make, np.ones(60, np.float32), how)
    assert part is not None
    index = train([part], stack.facts, how)
    index.save(tmp_path / "stack")
    opened = StackIndex.open(tmp_path / "stack")
    evidence, query = evidence_of(np.random.default_rng(4)), some_query()
    np.testing.assert_array_equal(Stack(opened)(query, evidence), Stack(index)(query, evidence))


def test_features_are_never_nan() -> None:
    facts = ItemFacts(Popularity().fit(shop()), np.full(60, np.nan, np.float32))
    evidence = evidence_of(np.random.default_rng(0))
    evidence.scores[:, 1] = np.nan
    for query in (Query(), some_query()):
        assert np.isfinite(features(query, evidence, facts).X).all()
