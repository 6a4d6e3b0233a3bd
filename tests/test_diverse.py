"""Is a list made various by the law of its method, and by its own part of the score?"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import Engine
from engine.pipeline import Candidates
from engine.rank.diverse import LONGEST, Diverse, calibrated, dpp, mmr
from engine.types import Evidence, History, Query

NOTHING = Evidence(np.zeros(0, np.int64), (), np.zeros((0, 0)), np.zeros((0, 0)), np.zeros(0))


def test_mmr_by_hand():
    worth = np.array([1.0, 0.9, 0.5])
    alike = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    # After the first: 0.6 * 0.9 - 0.4 * 1 = 0.14 for its twin, 0.6 * 0.5 = 0.3 for the other.
    assert mmr(worth, alike, 0.4) == [0, 2, 1]
    assert mmr(worth, alike, 0.1) == [0, 1, 2]


@given(st.integers(0, 10_000))
def test_dpp_picks_what_makes_the_determinant_greatest(seed: int):
    rng = np.random.default_rng(seed)
    vectors = rng.random((7, 9)) + 0.01
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    worth, alike = rng.random(7), vectors @ vectors.T
    quality = np.exp(0.5 * LONGEST * 0.5 * worth)
    kernel = quality[:, None] * alike * quality
    order = dpp(worth, alike, 0.5)
    assert sorted(order) == list(range(7))
    for k in range(1, 5):  # plain: try every next one
        volumes = {at: np.linalg.det(kernel[np.ix_(s := [*order[: k - 1], at], s)]) for at in order[k - 1 :]}
        assert volumes[order[k - 1]] >= max(volumes.values()) * (1 - 1e-6)


def test_a_twin_comes_last_in_a_dpp():
    alike = np.array([[1.0, 1.0, 0.2], [1.0, 1.0, 0.2], [0.2, 0.2, 1.0]])
    assert dpp(np.array([1.0, 1.0, 0.0]), alike, 0.5) == [0, 2, 1]


def test_a_calibrated_list_holds_the_users_own_mix():
    kinds = ["boot"] * 20 + ["mug"] * 20
    worth = np.linspace(1.0, 0.0, 40)  # every boot is worth more than any mug
    first = [kinds[at] for at in calibrated(worth, kinds, {"boot": 0.7, "mug": 0.3}, 0.9)[:10]]
    assert first.count("boot") == 7 and first.count("mug") == 3
    assert [kinds[at] for at in calibrated(worth, kinds, {"boot": 0.7, "mug": 0.3}, 0.0)[:10]] == [
        "boot"
    ] * 10


def some(scores: list[float]) -> Candidates:
    return Candidates.of(np.arange(len(scores)), ("leg",), np.array(scores)[:, None])


def ranker(method: str, strength: float) -> Diverse:
    return Diverse(method, strength, None, lambda rows: [int(row) % 3 for row in rows.tolist()])


@pytest.mark.parametrize("method", ["mmr", "dpp", "calibrated"])
@given(
    scores=st.lists(st.floats(-5, 5).map(lambda x: round(x, 1)), min_size=3, max_size=70),
    strength=st.floats(0.01, 1),
)
def test_the_part_explains_the_new_order(method: str, scores: list[float], strength: float):
    before = some(scores)
    query = Query(history=History.of([0, 3, 1]))
    after = ranker(method, strength)(query, before, NOTHING)
    assert sorted(after.rows.tolist()) == sorted(before.rows.tolist())
    assert after.names == ("leg", "diversity")
    assert all(a >= b for a, b in pairwise(after.scores.tolist()))
    own = dict(zip(before.rows.tolist(), before.scores.tolist(), strict=True))
    for row, (leg, given_) in zip(after.rows.tolist(), after.parts.tolist(), strict=True):
        assert leg == own[row] and np.isfinite(given_)


@pytest.mark.parametrize("method", ["mmr", "dpp", "calibrated"])
def test_zero_is_truly_off(method: str):
    before = some([3.0, 2.0, 2.0, 1.0])
    query = Query(history=History.of([0, 1]), weights={"diversity": 0.0})
    assert ranker(method, 0.8)(query, before, NOTHING) is before
    assert ranker(method, 0.0)(replace(query, weights={}), before, NOTHING) is before


def test_the_first_ten_are_less_alike(shop: Engine):
    plain = shop.similar("boots-red", k=8)
    mixed = shop.similar("boots-red", k=8, weights={"diversity": 0.9})
    kinds = [len({hit.item["category"] for hit in answer.hits}) for answer in (plain, mixed)]
    assert kinds[1] > kinds[0]
    assert "diversity" not in plain.hits[0].parts
    for hit in mixed.hits:
        assert sum(hit.parts.values()) == hit.score


def test_each_method_is_a_pipeline(shop: Engine):
    for name in ("mmr", "dpp", "calibrated"):
        answer = shop.recommend("u01", k=5, pipeline=name)
        assert len(answer.hits) == 5 and "diversity" in answer.hits[0].parts
