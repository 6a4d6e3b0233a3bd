"""Fixed weights serve until the log has earned a learned fusion, by more than luck."""

from __future__ import annotations

import numpy as np
import pytest

from engine.learn.popularity import Popularity
from engine.rank.choice import blended, choose_fusion, ndcg
from engine.rank.features import ItemFacts
from engine.rank.stacking import Examples, Stacking
from engine.types import Interactions

NAMES = ("a:score", "a:share", "b:score", "b:share")
OWNERS = ("a", "a", "b", "b")


def examples(rng, told: float, requests: int = 60, n: int = 20) -> Examples:
    """Requests of `n` candidates, 2 wanted; leg a is noise, leg b points at the wanted ones by `told`."""
    labels = np.tile(np.r_[1, 1, np.zeros(n - 2)], requests).astype(np.int8)
    a, b = rng.random(requests * n), rng.random(requests * n) * (1 - told) + told * labels
    X = np.column_stack([a, a, b, b]).astype(np.float32)
    return Examples(X, labels, np.full(requests, n), NAMES, OWNERS, ("a", "b"))


@pytest.fixture
def facts() -> ItemFacts:
    none = np.zeros(0, np.int32)
    empty = Interactions(none, none, *(np.zeros(0, np.float32),), np.zeros(0), none.astype(np.int8), none,
                         np.zeros(0, np.float32), np.zeros(0, np.float32), 0, 0)  # fmt: skip
    return ItemFacts(Popularity().fit(empty), np.zeros(0, np.float32))


def test_ndcg_by_hand():
    one = Examples(
        np.zeros((3, 4), np.float32), np.array([0, 1, 1], np.int8), np.array([3]), NAMES, OWNERS, ("a", "b")
    )
    # wanted rows come 2nd and 3rd: (1/log2(3) + 1/log2(4)) / (1 + 1/log2(3))
    expected = (1 / np.log2(3) + 0.5) / (1 + 1 / np.log2(3))
    assert ndcg(np.array([3.0, 2.0, 1.0]), one) == pytest.approx([expected])


def test_blend_adds_weighted_shares():
    X = np.array([[9, 0.5, 7, 1.0], [9, 1.0, 7, 0.0]], np.float32)
    two = Examples(X, np.array([0, 1], np.int8), np.array([2]), NAMES, OWNERS, ("a", "b"))
    assert blended(two, {"a": 2.0, "b": 1.0}).tolist() == [2.0, 2.0]


def test_the_learned_fusion_wins_where_the_fixed_weights_trust_noise(facts):
    rng = np.random.default_rng(3)
    parts = [examples(rng, told=0.5) for _ in range(3)]
    choice = choose_fusion(parts, facts, Stacking(rounds=30, leaf_rows=5), {"a": 1.0})
    assert choice.chosen == "stack" and choice.best_leg == "b"
    assert choice.ndcg["stack"] > choice.ndcg["blend"]
    assert "learned fusion" in choice.sentence()


def test_fixed_weights_stay_where_nothing_can_be_learned(facts):
    rng = np.random.default_rng(4)
    parts = [examples(rng, told=0.0) for _ in range(3)]
    assert choose_fusion(parts, facts, Stacking(rounds=30, leaf_rows=5), {"a": 1.0}).chosen == "blend"


def test_one_moment_proves_nothing(facts):
    assert choose_fusion([examples(np.random.default_rng(5), 0.5)], facts, Stacking(), {"a": 1.0}) is None
