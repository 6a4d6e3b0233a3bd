"""Is exposure counted rightly, and is what is told of people private?"""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import BadHome, BadQuery, Denied
from engine.trust.fairness import balanced, exposure_by_group, fairness_of, popularity_bands
from engine.trust.privacy import (
    Budget,
    contributions,
    gaussian_delta,
    gaussian_scale,
    load_key,
    private_counts,
    private_sums,
    pseudonym,
    rename,
    threshold,
    two_sided_geometric,
)
from indexes.ranking import Ranking

KEY = bytes(range(32))


def test_exposure_by_hand() -> None:
    groups = np.array([0, 1, 1, -1])
    table = exposure_by_group([np.array([0, 1, 3, 2]), np.array([], np.int64)], groups, 2, k=4)
    first, second, fourth = 1.0, 1 / math.log2(3), 1 / math.log2(5)
    total = first + second + fourth
    assert table[0] == pytest.approx([first / total, (second + fourth) / total])
    assert table[1].tolist() == [0, 0]


def test_a_seller_that_is_shown_beyond_its_merit_is_named() -> None:
    rng = np.random.default_rng(0)
    values = ["Big"] * 10 + ["Small"] * 10
    chance = np.repeat([0.08, 0.02], 10)
    lists = [rng.choice(20, 10, replace=False, p=chance) for _ in range(300)]
    found = fairness_of("seller", lists, values, np.ones(20))
    big, small = found.shares
    assert (big.group, big.verdict, small.verdict) == ("Big", "over", "under")
    assert big.of_merit == 0.5 and big.ratio > 1.2 and big.low < big.of_exposure < big.high
    assert found.distance == pytest.approx(big.of_exposure - 0.5)
    assert "most over-exposed: Big" in found.sentence and "most under-exposed: Small" in found.sentence
    json.dumps(found.to_dict(), allow_nan=False)


def test_exposure_in_proportion_is_fair() -> None:
    rng = np.random.default_rng(1)
    values = ["A"] * 10 + ["B"] * 10 + [""]
    lists = [rng.permutation(20)[:10] for _ in range(400)]
    found = fairness_of("brand", lists, values, np.append(np.ones(20), 99))
    assert {s.verdict for s in found.shares} == {"fair"} and found.distance < 0.05
    assert fairness_of("brand", [], values, np.ones(21)).distance == 0


def test_bands_hold_a_third_each() -> None:
    assert popularity_bands(np.array([30, 20, 10, 15, 15, 0])) == [
        "head",
        "middle",
        "tail",
        "middle",
        "tail",
        "new",
    ]


@settings(max_examples=80)
@given(st.lists(st.integers(0, 2), min_size=1, max_size=30), st.floats(0, 0.5), st.floats(0, 0.4))
def test_every_prefix_keeps_its_promise_and_nothing_is_lost(groups: list[int], a: float, b: float) -> None:
    n = len(groups)
    ranking = Ranking.of(np.arange(n), -np.arange(n))
    least = {0: a, 1: b}
    rows = balanced(ranking, groups, least, n)
    assert sorted(rows.tolist()) == list(range(n))
    for group in (0, 1, 2):
        own = [row for row in rows.tolist() if groups[row] == group]
        assert own == sorted(own)  # within a group the order stays
    for length in range(1, n + 1):
        for group, share in least.items():
            have = sum(groups[row] == group for row in rows[:length].tolist())
            left = groups.count(group) - have
            # With two constraints both may fall due at one place: one of them may wait a single step.
            assert have >= math.floor(share * length + 1e-9) - 1 or not left


def test_one_constraint_is_kept_exactly() -> None:
    groups = [1] * 10 + [0] * 10
    rows = balanced(Ranking.of(np.arange(20), -np.arange(20)), groups, {0: 0.3}, 10)
    assert [groups[r] for r in rows.tolist()] == [1, 1, 1, 0, 1, 1, 0, 1, 1, 0]


def test_pseudonyms_are_stable_and_need_the_key() -> None:
    assert pseudonym("anna", KEY) == pseudonym("anna", KEY) != pseudonym("anne", KEY)
    assert pseudonym("anna", KEY) != pseudonym("anna", KEY[::-1])
    assert pseudonym("anna", KEY) != pseudonym("anna", KEY, "report")
    assert len(pseudonym("", KEY)) == 32 and rename(["a", ""], KEY) == [pseudonym("a", KEY), ""]
    with pytest.raises(BadQuery, match="32 bytes"):
        pseudonym("anna", b"short")


def test_the_key_is_made_once_and_only_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "pseudonyms.key"
    key = load_key(path)
    assert load_key(path) == key and len(key) == 32
    assert path.stat().st_mode & 0o077 == 0
    assert [p.name for p in tmp_path.iterdir()] == ["pseudonyms.key"]
    path.write_bytes(b"cut")
    with pytest.raises(BadHome, match="cut short"):
        load_key(path)
    with pytest.raises(BadHome, match="cannot be used"):
        load_key(tmp_path / "no" / "key")


def test_the_noise_has_the_law_that_privacy_needs() -> None:
    """P(x + 1) / P(x) must be exp(-epsilon) on each side: that is epsilon-privacy for a count."""
    epsilon = 0.7
    noise = two_sided_geometric(400_000, epsilon, seed=3)
    alpha = math.exp(-epsilon)
    for x in range(-3, 4):
        expected = (1 - alpha) / (1 + alpha) * alpha ** abs(x)
        assert (noise == x).mean() == pytest.approx(expected, rel=0.05)


def test_nobody_counts_for_more_than_the_bound() -> None:
    rng = np.random.default_rng(0)
    users, values = rng.integers(-1, 20, 500), rng.integers(-1, 30, 500)
    kept = contributions(users, values, most=4, seed=1)
    assert (users[kept] >= 0).all() and (values[kept] >= 0).all()
    pairs = list(zip(users[kept].tolist(), values[kept].tolist(), strict=True))
    assert len(set(pairs)) == len(pairs)
    assert np.bincount(users[kept]).max() == 4


def test_counts_are_near_the_truth_and_never_negative() -> None:
    users = np.arange(3000)
    values = np.where(users < 2000, 0, 1)
    told = private_counts(users, values, 3, epsilon=1.0, most=1, seed=5)
    assert abs(told[0] - 2000) < 20 and abs(told[1] - 1000) < 20 and 0 <= told[2] < 20
    assert told.tolist() != private_counts(users, values, 3, epsilon=1.0, most=1, seed=6).tolist()


def test_what_one_user_searched_stays_hidden() -> None:
    epsilon, delta, most = 1.0, 1e-3, 3
    least = threshold(epsilon, delta, most)
    alpha = math.exp(-epsilon / most)
    each = alpha ** (least - 1) / (1 + alpha)  # one noisy 1 reaches the threshold
    assert 1 - (1 - each) ** most <= delta
    before = alpha ** (least - 2) / (1 + alpha)
    assert 1 - (1 - before) ** most > delta  # the least that will do
    noise = two_sided_geometric(300_000, epsilon / most, seed=1)
    assert (1 + noise >= least).mean() == pytest.approx(each, rel=0.35)
    shown = private_counts([0, 0, 0], [0, 1, 2], 500, epsilon, most=most, delta=1e-6, seed=2)
    assert not shown.any()


@pytest.mark.parametrize(("epsilon", "delta"), [(0.1, 1e-5), (1.0, 1e-6), (4.0, 1e-9)])
def test_gaussian_noise_is_just_enough(epsilon: float, delta: float) -> None:
    scale = gaussian_scale(epsilon, delta)
    assert gaussian_delta(scale, epsilon) <= delta * (1 + 1e-6)
    assert gaussian_delta(scale * 0.99, epsilon) > delta
    assert gaussian_scale(epsilon, delta, 3.0) == pytest.approx(3 * scale)


def test_sums_cut_the_loudest() -> None:
    table = np.ones((1000, 2))
    table[0] = 1e9
    told = private_sums(table, 2.0, 1e-6, bound=math.sqrt(2), seed=0)
    assert told == pytest.approx([1000, 1000], abs=20)


def test_a_budget_is_not_overdrawn() -> None:
    budget = Budget(1.0).spend(0.6).spend(0.4)
    assert budget.spent == pytest.approx(1.0)
    with pytest.raises(Denied, match="0 left of 1"):
        budget.spend(0.1)
    with pytest.raises(BadQuery):
        budget.spend(0)
    with pytest.raises(BadQuery):
        private_counts([0], [0], 1, epsilon=0)
