"""What every wired part must do. A part that is added to routes.py or LEARNERS is tested here at once."""

from __future__ import annotations

import numpy as np
import pytest

from engine.fuse import FUSIONS
from engine.learn import INDEXES, LEARNERS
from engine.types import EVENT_TYPES, EventType, Evidence, History, Interactions, Query
from indexes.ranking import Ranking

TASKS = ("search", "similar", "recommend", "trending")
FIXED = {
    "search": {"keyword", "semantic", "hybrid"},
    "similar": {"semantic", "together", "similar"},
    "recommend": {
        "popular", "personal", "neighbours", "session", "sequence", "content", "together", "recommend",
    },
    "trending": {"trending"},
}  # fmt: skip


@pytest.fixture(scope="module")
def view(shop):
    return shop.view()


def legs_of(view):
    found = {}
    for task in TASKS:
        for pipeline in view.routes[task].values():
            for name, leg in {**pipeline.retrievers, **pipeline.scorers}.items():
                found[f"{task}:{name}"] = leg
    return found


def full_query(view, **more):
    """A query with everything there is to go on."""
    n = len(view.snapshot)
    history = History.of([0, 3, 9, 3], [1.0, 1.0, 0.4, 1.0], [1.75e9, 1.7501e9, 1.7502e9, 1.7503e9])
    return Query(text="red hiking boot", seeds=(1,), history=history, user="u01", now=1.756e9, **more), n


def each_leg(view):
    return legs_of(view).items()


def test_the_fixed_names_are_there(view):
    for task, names in FIXED.items():
        assert names <= view.routes[task].keys() | {"trending"}, task


def test_at_most_k_and_k_beyond_the_catalogue(view):
    query, n = full_query(view)
    for name, leg in each_leg(view):
        assert len(leg(query, 2)) <= 2, name
        assert len(leg(query, 999)) <= n, name


def test_the_same_query_gets_the_same_answer(view):
    for name, leg in each_leg(view):
        first, second = (leg(full_query(view)[0], 10) for _ in range(2))
        assert first == second, name


def test_with_nothing_to_go_on_nothing_is_raised(view):
    for leg in legs_of(view).values():
        assert isinstance(leg(Query(), 5), Ranking)
        assert len(leg.score(Query(), np.array([0, 1]))) == 2


def test_the_unknown_is_no_error(view):
    odd = Query(text="zzz qqq \U0001f97e", user="nobody", history=History.of([]), now=1.756e9)
    for leg in legs_of(view).values():
        leg(odd, 5)
        leg.score(odd, np.array([2]))


def test_only_allowed_rows_come_back(view):
    n = len(view.snapshot)
    allowed = np.arange(n) % 3 == 0
    query, _ = full_query(view, allowed=allowed)
    for name, leg in each_leg(view):
        assert allowed[leg(query, 20).rows].all(), name


def test_an_empty_mask_has_an_empty_answer(view):
    query, _ = full_query(view, allowed=np.zeros(len(view.snapshot), bool))
    for name, leg in each_leg(view):
        assert len(leg(query, 20)) == 0, name


def test_score_says_what_the_list_said(view):
    query, _ = full_query(view)
    for name, leg in each_leg(view):
        ranking = leg(query, 10)
        if len(ranking) and not name.endswith(":trending"):  # browsing goes on below its list with zeros
            np.testing.assert_allclose(
                leg.score(query, ranking.rows), ranking.scores, rtol=2e-3, atol=2e-4, err_msg=name
            )


def test_no_score_is_below_the_floor(view):
    query, n = full_query(view)
    for name, leg in each_leg(view):
        scores = np.asarray(leg.score(query, np.arange(n)), float)
        assert (scores[~np.isnan(scores)] >= leg.floor - 1e-6).all(), name


def test_every_pipeline_answers_every_query_and_obeys_the_mask(view):
    allowed = np.arange(len(view.snapshot)) % 2 == 0
    for task in TASKS:
        for name, pipeline in view.routes[task].items():
            for query in (full_query(view)[0], Query(), full_query(view, allowed=allowed)[0]):
                candidates = pipeline(query, 10).candidates
                assert len(set(candidates.rows.tolist())) == len(candidates), name
                assert (np.diff(candidates.scores) <= 1e-9).all(), name
                if query.allowed is not None:
                    assert allowed[candidates.rows].all(), name


def test_every_fusion_gives_contributions_that_are_finite(view):
    rng = np.random.default_rng(1)
    scores = rng.random((30, 3))
    scores[rng.random((30, 3)) < 0.3] = np.nan
    ranks = np.where(rng.random((30, 3)) < 0.5, np.argsort(-scores, axis=0).argsort(axis=0) + 1.0, np.nan)
    evidence = Evidence(np.arange(30), ("a", "b", "c"), scores, ranks, np.array([0.0, -np.inf, -1.0]))
    nothing = Evidence(np.empty(0, np.int64), (), np.empty((0, 0)), np.empty((0, 0)), np.empty(0))
    for name, fuse in FUSIONS.items():
        given = fuse(Query(), evidence)
        assert given.shape == (30, 3) and np.isfinite(given).all(), name
        assert fuse(Query(), nothing).shape == (0, 0), name


def interactions(n_users=12, n_items=9, n=160) -> Interactions:
    rng = np.random.default_rng(2)
    purchase, rating = EVENT_TYPES.index(EventType.PURCHASE), EVENT_TYPES.index(EventType.RATING)
    kinds = np.where(rng.random(n) < 0.8, purchase, rating).astype(np.int8)
    return Interactions(
        rng.integers(0, n_users, n).astype(np.int32), rng.integers(0, n_items, n).astype(np.int32),
        np.ones(n, np.float32), np.sort(1.75e9 + rng.random(n) * 9e6), kinds,
        rng.integers(0, 50, n).astype(np.int32),
        np.where(kinds == rating, rng.integers(1, 6, n), np.nan).astype(np.float32),
        np.ones(n, np.float32), n_users, n_items,
    )  # fmt: skip


@pytest.mark.parametrize("name", LEARNERS)
def test_a_learner_leaves_an_index_that_is_the_same_when_opened(name, tmp_path):
    index = LEARNERS[name].fit(interactions())
    index.save(tmp_path / "one")
    INDEXES[name].open(tmp_path / "one").save(tmp_path / "two")
    one, two = (
        sorted(p.relative_to(tmp_path / f) for p in (tmp_path / f).rglob("*") if p.is_file())
        for f in ("one", "two")
    )
    assert one == two and one
    for file in one:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


@pytest.mark.parametrize("name", LEARNERS)
def test_a_learner_stands_an_empty_log(name):
    x = interactions()
    LEARNERS[name].fit(x.where(np.zeros(len(x), bool)))
