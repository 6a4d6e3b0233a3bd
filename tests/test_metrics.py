"""Are the metrics the field's, and the tests of significance right?"""

from __future__ import annotations

import math
from typing import Any

import ir_measures
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ir_measures import AP, RR, P, R, Success, nDCG
from scipy import stats
from sklearn.metrics import roc_auc_score

from engine.errors import BadQuery
from engine.evaluate.metrics import (
    METRICS,
    Judged,
    auc,
    coverage,
    exposure,
    gini,
    intra_list_diversity,
    measure,
    novelty,
    popularity_bias,
    roc_auc,
)
from engine.evaluate.significance import bootstrap_means, compare, holm, interval, paired_t, sign_flip

FIELD = {
    "precision@5": P @ 5,
    "recall@5": R @ 5,
    "hit_rate@5": Success @ 5,
    "ndcg@5": nDCG @ 5,
    "ndcg@20": nDCG @ 20,
    "ndcg": nDCG,
    "mrr": RR,
    "map": AP,
    "map@5": AP @ 5,
}


def _judged_lists(seed: int, queries: int = 40, items: int = 30) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    judgements, run = {}, {}
    for q in range(queries):
        seen = rng.choice(items, rng.integers(1, items), replace=False)
        judgements[f"q{q}"] = {f"i{i:02}": float(rng.integers(0, 4)) for i in seen}
        length = rng.integers(0, items)
        run[f"q{q}"] = [f"i{i:02}" for i in rng.choice(items, length, replace=False)]
    del run["q3"]  # a query the system did not answer
    return judgements, run


@pytest.mark.parametrize("seed", range(5))
def test_equal_to_ir_measures(seed: int) -> None:
    judgements, run = _judged_lists(seed)
    judged = Judged.of(run, judgements)
    qrels = {q: {i: int(g) for i, g in grades.items()} for q, grades in judgements.items()}
    scored = {q: {i: float(len(items) - n) for n, i in enumerate(items)} for q, items in run.items()}
    for name, theirs in FIELD.items():
        oracle = {m.query_id: m.value for m in ir_measures.iter_calc([theirs], qrels, scored)}
        ours = measure(judged, name)
        expected = [oracle.get(q, 0.0) for q in judged.queries]
        np.testing.assert_allclose(ours, expected, atol=1e-9, rtol=0, err_msg=name)


def test_by_hand() -> None:
    """a and c are relevant (grades 3, 1), e is and was not found; the list is a b c d."""
    judged = Judged.of({"q": list("abcd")}, {"q": {"a": 3.0, "c": 1.0, "e": 2.0, "b": 0.0}})
    expected = {
        "precision@2": 1 / 2,
        "precision@10": 2 / 10,
        "recall@2": 1 / 3,
        "recall@4": 2 / 3,
        "f1@4": 2 * (1 / 2) * (2 / 3) / (1 / 2 + 2 / 3),
        "hit_rate@1": 1.0,
        "mrr": 1.0,
        "map": (1 / 1 + 2 / 3) / 3,
        "ndcg@4": (3 + 1 / math.log2(4)) / (3 + 2 / math.log2(3) + 1 / math.log2(4)),
    }
    for name, value in expected.items():
        assert measure(judged, name)[0] == pytest.approx(value, abs=1e-12), name


def test_a_query_without_an_answer_scores_nothing_and_still_counts() -> None:
    judged = Judged.of({"a": ["x"]}, {"a": {"x": 1.0}, "b": {"x": 1.0}, "none": {"x": 0.0}})
    assert judged.queries == ("a", "b")
    assert all(measure(judged, f"{name}@3")[1] == 0 for name in METRICS)
    assert len(Judged.of({}, {})) == 0 and len(measure(Judged.of({}, {}), "ndcg@10")) == 0


@pytest.mark.parametrize("name", ["ndgc@10", "ndcg@0", "ndcg@x", "ndcg@", ""])
def test_an_unknown_metric_is_named(name: str) -> None:
    with pytest.raises(BadQuery, match="no metric"):
        measure(Judged.of({"a": ["x"]}, {"a": {"x": 1.0}}), name)


@given(st.permutations(range(8)), st.sets(st.integers(0, 7), min_size=1, max_size=7))
def test_moving_a_relevant_item_up_never_hurts(order: list[int], relevant: set[int]) -> None:
    judgements = {"q": dict.fromkeys(relevant, 1.0)}
    before = Judged.of({"q": order}, judgements)
    at = next((n for n in range(1, 8) if order[n] in relevant and order[n - 1] not in relevant), None)
    if at is not None:
        better = [*order[: at - 1], order[at], order[at - 1], *order[at + 1 :]]
        after = Judged.of({"q": better}, judgements)
        for name in [*METRICS, *(f"{m}@3" for m in METRICS)]:
            assert measure(after, name)[0] >= measure(before, name)[0]
        assert auc(after, 8)[0] > auc(before, 8)[0]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=40))
def test_roc_auc_equals_scikit_learn(pairs: list[tuple[bool, int]]) -> None:
    labels, scores = zip(*pairs, strict=True)
    if len(set(labels)) == 1:
        assert math.isnan(roc_auc(labels, scores))
    else:
        assert roc_auc(labels, scores) == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)


@settings(max_examples=50)
@given(st.permutations(range(9)), st.integers(0, 9), st.sets(st.integers(0, 8), min_size=1, max_size=8))
def test_the_catalogue_auc_ties_what_was_not_found(order: list[int], found: int, good: set[int]) -> None:
    judged = Judged.of({"q": order[:found]}, {"q": dict.fromkeys(good, 1.0)})
    scores = np.zeros(9)
    scores[order[:found]] = np.arange(found, 0, -1)
    expected = roc_auc_score([i in good for i in range(9)], scores)
    assert auc(judged, 9)[0] == pytest.approx(expected, abs=1e-12)


def test_beyond_accuracy_by_hand() -> None:
    lists = [np.array([0, 1, 3]), np.array([0, 2])]
    counts = exposure(lists, 4, k=2)
    assert counts.tolist() == [2, 1, 1, 0]
    assert coverage(counts) == 3 / 4
    assert gini(counts) == pytest.approx(3 / 8)  # mean absolute difference 12 / 16, over twice the mean of 1
    assert gini([5, 5, 5]) == pytest.approx(0.0, abs=1e-12)
    assert gini([0, 0, 7]) == pytest.approx(2 / 3)
    users = np.array([8, 4, 2, 0])
    assert novelty(lists, users, n_users=8, k=2) == pytest.approx((0 + 1 + 0 + 2) / 4)
    assert popularity_bias(lists, users, k=2) == pytest.approx((8 + 4 + 8 + 2) / 4 / 3.5)
    vectors = np.array([[1.0, 0.0], [0.0, 2.0], [3.0, 3.0], [0.0, 0.0]])
    expected = np.mean([1 - 0.0, 1 - math.sqrt(0.5)])
    assert intra_list_diversity(lists, vectors, k=2) == pytest.approx(expected)
    assert intra_list_diversity([np.array([1])], vectors, k=2) == 0.0
    assert coverage(exposure([], 4, 2)) == 0.0 and novelty([], users, 8, 2) == 0.0


def test_paired_t_equals_scipy() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.random(50), rng.random(50)
    assert paired_t(a, b) == pytest.approx(stats.ttest_rel(a, b).pvalue, abs=1e-12)
    assert paired_t(a, a) == 1.0


def test_sign_flip_agrees_with_all_flips_counted_out() -> None:
    d = np.array([0.3, -0.1, 0.25, 0.4, 0.05, -0.02, 0.2])
    signs = np.array(np.meshgrid(*[[1, -1]] * len(d))).reshape(len(d), -1)
    exact = float((np.abs(d @ signs) >= abs(d.sum()) - 1e-12).mean())
    assert sign_flip(d, np.zeros(len(d)), resamples=20_000) == pytest.approx(exact, abs=0.01)
    assert sign_flip(d, d) == 1.0


def test_the_bootstrap_knows_the_spread_of_a_mean() -> None:
    values = np.random.default_rng(2).normal(3.0, 1.0, 400)
    means = bootstrap_means(values, resamples=4000, seed=5)
    assert means.std() == pytest.approx(values.std() / math.sqrt(400), rel=0.05)
    low, high = interval(values, resamples=2000)
    assert low < values.mean() < high
    np.testing.assert_array_equal(means, bootstrap_means(values, resamples=4000, seed=5))


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    inside = 0
    for trial in range(200):
        low, high = interval(rng.exponential(1.0, 60), level=0.9, resamples=300, seed=trial)
        inside += low <= 1.0 <= high
    assert 0.82 <= inside / 200 <= 0.96


def test_compare_says_who_wins() -> None:
    b = np.linspace(0.2, 0.8, 30)
    a = b + 0.1
    a[:3] = b[:3]
    a[3] = b[3] - 0.05
    result = compare(a, b, seed=1)
    assert (result.wins, result.ties, result.losses, result.n) == (26, 3, 1, 30)
    assert result.difference == pytest.approx((26 * 0.1 - 0.05) / 30)
    assert result.relative == pytest.approx(result.difference / 0.5)
    assert 0 < result.low < result.difference < result.high
    assert result.p_t < 1e-6 and result.p_sign_flip < 0.01


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
