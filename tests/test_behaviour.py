"""Does every behaviour retriever keep the laws, and hear what a history says for and against?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.learn import INDEXES, LEARNERS
from engine.learn.interactions import KIND, make_interactions
from engine.learn.visits import DAY
from engine.retrieve import RETRIEVERS, make_retrievers
from engine.retrieve.behaviour import Content
from engine.types import EventType, History, Interactions, Query, Retriever
from indexes.terms import TermIndex
from indexes.vector import VectorIndex

N_ITEMS = 40
NOW = 91 * DAY


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


@pytest.fixture(scope="module")
def indexes() -> dict[str, object]:
    x = shop()
    found: dict[str, object] = {name: learner.fit(x) for name, learner in LEARNERS.items()}
    vectors = np.random.default_rng(0).normal(size=(N_ITEMS, 6)) + np.repeat(np.eye(4, 6) * 6, 10, axis=0)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found["vectors"] = VectorIndex.build(vectors.astype(np.float32))
    found["terms"] = TermIndex.build([[f"kind{row // 10}", f"odd{row % 3}"] for row in range(N_ITEMS)])
    return found


@pytest.fixture(scope="module")
def retrievers(indexes: dict[str, object]) -> dict[str, Retriever]:
    return make_retrievers(indexes)


def history(rows: list[int], weights: list[float] | None = None) -> History:
    purchase = KIND[EventType.PURCHASE]
    return History.of(rows, weights, (80 + np.arange(len(rows))) * DAY, np.full(len(rows), purchase, np.int8))


# The trend's own index is tested beside it; nobody rates in this shop.
NAMES = sorted(set(RETRIEVERS) - {"trending", "rated"})


def test_everything_is_wired(retrievers: dict[str, Retriever]) -> None:
    assert sorted(retrievers) == sorted([*NAMES, "rated"])


def test_who_never_rated_gets_no_predicted_rating(retrievers: dict[str, Retriever]) -> None:
    assert not len(retrievers["rated"](Query(user_row=1, history=history([3])), 5))


@pytest.mark.parametrize("name", NAMES)
def test_laws(name: str, retrievers: dict[str, Retriever]) -> None:
    leg = retrievers[name]
    allowed = np.arange(N_ITEMS) % 2 == 0
    for seen in ([3, 5, 11], [39], [0, 0, 1]):
        query = Query(history=history(seen), now=NOW)
        found = leg(query, 7)
        assert 0 < len(found) <= 7
        np.testing.assert_allclose(leg.score(query, found.rows), found.scores, rtol=1e-5)
        assert (found.scores >= leg.floor).all()
        assert found == leg(Query(history=history(seen), now=NOW), 7)
        assert len(leg(query, 10_000)) <= N_ITEMS
        masked = leg(Query(history=history(seen), now=NOW, allowed=allowed), 50)
        assert allowed[masked.rows].all()
        everything = leg(query, N_ITEMS)
        assert masked == everything.without(np.flatnonzero(~allowed))
        assert not len(leg(Query(history=history(seen), allowed=np.zeros(N_ITEMS, bool)), 5))
        assert not len(leg(query, 0))


@pytest.mark.parametrize("name", [name for name in NAMES if name != "popular"])
def test_cold_is_empty(name: str, retrievers: dict[str, Retriever]) -> None:
    leg = retrievers[name]
    assert not len(leg(Query(now=NOW), 5))
    assert np.isnan(leg.score(Query(now=NOW), np.array([0, 1]))).all()


PERSONAL = [name for name in NAMES if name not in ("popular", "repeat")]


@pytest.mark.parametrize("name", PERSONAL)
def test_a_history_finds_its_own_kind(name: str, retrievers: dict[str, Retriever]) -> None:
    found = retrievers[name](Query(history=history([12, 14, 17]), now=NOW), 8)
    own = ((found.rows >= 10) & (found.rows < 20)).mean()
    assert own >= 0.6, (name, found.rows)


@pytest.mark.parametrize("name", [name for name in PERSONAL if name != "rising"])
def test_a_dismissal_counts_against(name: str, retrievers: dict[str, Retriever]) -> None:
    leg = retrievers[name]
    # Weights between items say nothing of the item itself; of the others, the item is the plainest case.
    between_items = name in ("neighbours", "ease", "markov", "next", "together")
    rows = np.array([30, 37, 38, 39]) if between_items else np.array([33])
    liked = leg.score(Query(history=history([31, 32, 34, 35, 36]), now=NOW), rows).mean()
    mixed = history([31, 32, 34, 35, 36, 33], [1, 1, 1, 1, 1, -1])
    against = leg.score(Query(history=mixed, now=NOW), rows).mean()
    assert against < liked


def test_seeds_stand_in_for_a_history(retrievers: dict[str, Retriever]) -> None:
    found = retrievers["together"](Query(seeds=(12,), history=history([33])), 5)
    assert len(found) and ((found.rows >= 10) & (found.rows < 20)).all()


def test_a_click_moves_the_personal_vector_at_once(retrievers: dict[str, Retriever]) -> None:
    leg = retrievers["personal"]
    before = leg(Query(history=history([12, 14]), now=NOW), 10)
    after = leg(Query(history=history([12, 14, 33, 35]), now=NOW), 10)
    assert not (before.rows >= 30).any() and (after.rows >= 30).any()


def test_a_known_user_without_history_has_learned_factors(retrievers: dict[str, Retriever]) -> None:
    found = retrievers["personal"](Query(user_row=1), 5)
    assert ((found.rows >= 10) & (found.rows < 20)).all()


def test_content_profile_is_the_weighted_sum_of_similarities(indexes: dict[str, object]) -> None:
    index = indexes["vectors"]
    assert isinstance(index, VectorIndex)
    leg = Content(index)
    scores = leg.score(Query(history=history([3, 25])), np.arange(N_ITEMS))
    V = np.asarray(index.vectors)
    expected = 0.9 * V @ V[3] + 1.0 * V @ V[25]
    np.testing.assert_allclose(scores / scores[7], expected / expected[7], rtol=1e-4)


def test_saved_indexes_answer_alike(
    indexes: dict[str, object], retrievers: dict[str, Retriever], tmp_path: Path
) -> None:
    opened = dict(indexes)
    for name, kind in INDEXES.items():
        LEARNERS[name].fit(shop()).save(tmp_path / name)
        opened[name] = kind.open(tmp_path / name)
    again = make_retrievers(opened)
    query = Query(history=history([12, 3]), now=NOW)
    for name in NAMES:
        np.testing.assert_allclose(
            again[name].score(query, np.arange(N_ITEMS)),
            retrievers[name].score(query, np.arange(N_ITEMS)),
            atol=1e-4,
        )


def test_repeat_knows_what_is_due(retrievers: dict[str, Retriever]) -> None:
    found = retrievers["repeat"](Query(history=history([12, 14, 14]), now=NOW), 5)
    assert found.rows[0] == 14
