"""Does every fusion keep the laws, and does the arithmetic come out as on paper?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.fuse import (
    FUSIONS,
    Combined,
    Condorcet,
    Either,
    Feedback,
    ReciprocalRanks,
    TheoreticalMinMax,
    UnitLength,
    ZScores,
    leg_ranks,
    min_max,
)
from engine.retrieve.coverage import Coverage
from engine.types import Evidence, Fusion, Query
from indexes.lexical import LexicalIndex
from indexes.plain_lexical import PlainLexicalIndex
from indexes.ranking import Ranking, Rows

NAMES = sorted(FUSIONS)
NAN = np.nan


def table(scores: object, ranks: object = None, floors: object = None) -> Evidence:
    """Evidence of `scores` [n, m]; every row retrieved by every leg with a score, unless ranks are given."""
    score = np.array(scores, np.float64)
    n, m = score.shape
    if ranks is None:
        rank = np.full((n, m), NAN)
        for leg in range(m):
            known = np.flatnonzero(~np.isnan(score[:, leg]))
            order = known[np.lexsort((known, -score[known, leg]))]
            rank[order, leg] = np.arange(1, len(order) + 1)
    else:
        rank = np.array(ranks, np.float64)
    floor = np.full(m, -np.inf) if floors is None else np.array(floors, np.float64)
    return Evidence(np.arange(n), tuple("abcdef"[:m]), score, rank, floor)


def fused(fusion: Fusion, evidence: Evidence) -> list[float]:
    return [round(float(x), 6) for x in fusion(Query(), evidence).sum(axis=1)]


grids = st.integers(1, 12).flatmap(
    lambda n: st.integers(1, 4).flatmap(
        lambda m: st.lists(
            st.lists(
                st.one_of(st.just(NAN), st.integers(-40, 40).map(lambda x: x / 4)), min_size=m, max_size=m
            ),
            min_size=n,
            max_size=n,
        )
    )
)


@pytest.mark.parametrize("name", NAMES)
@given(grid=grids)
def test_contributions_are_finite_and_one_for_each_leg(name: str, grid: list[list[float]]) -> None:
    evidence = table(grid)
    parts = FUSIONS[name](Query(), evidence)
    assert parts.shape == evidence.scores.shape
    assert np.isfinite(parts).all()


@pytest.mark.parametrize("name", NAMES)
@given(grid=grids)
def test_a_leg_with_nothing_to_say_changes_nothing(name: str, grid: list[list[float]]) -> None:
    without = table(grid)
    silent = table([[*row, NAN] for row in grid])
    a, b = FUSIONS[name](Query(), without).sum(axis=1), FUSIONS[name](Query(), silent).sum(axis=1)
    np.testing.assert_allclose(a, b, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
@given(grid=grids, seed=st.integers(0, 99))
def test_the_order_of_the_candidates_does_not_matter(name: str, grid: list[list[float]], seed: int) -> None:
    evidence = table(grid)
    turn = np.random.default_rng(seed).permutation(len(grid))
    turned = Evidence(
        evidence.rows[turn], evidence.legs, evidence.scores[turn], evidence.ranks[turn], evidence.floors
    )
    parts = FUSIONS[name](Query(), evidence)
    np.testing.assert_allclose(FUSIONS[name](Query(), turned), parts[turn], atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
@given(column=st.lists(st.integers(-20, 20), min_size=1, max_size=15))
def test_one_leg_alone_keeps_its_order(name: str, column: list[int]) -> None:
    evidence = table([[float(value)] for value in column])
    score = FUSIONS[name](Query(), evidence).sum(axis=1)
    for i, a in enumerate(column):
        for j, b in enumerate(column):
            if a > b:
                assert score[i] >= score[j] - 1e-12
            if a == b:
                assert score[i] == pytest.approx(score[j])


@pytest.mark.parametrize("name", NAMES)
@given(grid=grids)
def test_a_row_that_is_better_everywhere_is_not_below(name: str, grid: list[list[float]]) -> None:
    full = [[0.0 if np.isnan(value) else value for value in row] for row in grid]
    score = FUSIONS[name](Query(), table(full)).sum(axis=1)
    for i, a in enumerate(full):
        for j, b in enumerate(full):
            if all(x >= y for x, y in zip(a, b, strict=True)):
                assert score[i] >= score[j] - 1e-9


@pytest.mark.parametrize("name", NAMES)
def test_a_silent_word_on_one_row_neither_helps_nor_hurts(name: str) -> None:
    # Leg b does not know row 1. Rows 1 and 2 are alike in leg a, and b finds row 2 exactly average.
    scores = table([[3.0, 3.0], [2.0, NAN], [2.0, 2.0], [1.0, 1.0]])
    score = FUSIONS[name](Query(), scores).sum(axis=1)
    assert score[0] > score[1] > score[3]


def test_no_candidates_are_no_contributions() -> None:
    empty = Evidence(np.zeros(0, np.int64), ("a",), np.zeros((0, 1)), np.zeros((0, 1)), np.zeros(1))
    for name in NAMES:
        assert FUSIONS[name](Query(), empty).shape == (0, 1), name


def test_reciprocal_ranks_by_hand() -> None:
    evidence = table([[9.0, 1.0], [8.0, 2.0], [7.0, 3.0]], [[1, NAN], [2, 2], [NAN, 1]])
    # (1/61)/2, (1/62 + 1/62)/2, (1/61)/2: weights are shares, so each of two legs counts one half
    assert fused(ReciprocalRanks(), evidence) == [0.008197, 0.016129, 0.008197]
    # weights 3 : 1 -> .75/61, .75/62 + .25/62, .25/61
    assert fused(ReciprocalRanks({"a": 3.0}), evidence) == [0.012295, 0.016129, 0.004098]


def test_equal_scores_share_their_mean_rank() -> None:
    evidence = table([[5.0], [7.0], [5.0], [1.0]])
    assert leg_ranks(evidence).ravel().tolist() == [2.5, 1.0, 2.5, 4.0]


def test_theoretical_min_max_by_hand() -> None:
    # a: floor 0, best 8 -> 1, .5, .25; b: floor -1, best .5 -> 1.2/1.5, 1.5/1.5, 1/1.5
    evidence = table([[8.0, 0.2], [4.0, 0.5], [2.0, 0.0]], floors=[0.0, -1.0])
    assert fused(TheoreticalMinMax({"a": 0.4, "b": 0.6}), evidence) == [0.88, 0.8, 0.5]


def test_a_keyword_leg_that_finds_nothing_is_worth_nothing() -> None:
    evidence = table([[0.0, 0.2], [0.0, 0.8]], [[NAN, 2], [NAN, 1]], floors=[0.0, -1.0])
    assert TheoreticalMinMax()(Query(), evidence)[:, 0].tolist() == [0.0, 0.0]


def test_z_scores_by_hand() -> None:
    # a: mean 2, deviation sqrt(2/3); b is constant and says nothing
    evidence = table([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]])
    assert fused(ZScores(), evidence) == [-0.612372, 0.0, 0.612372]


def test_unit_length_by_hand() -> None:
    assert fused(UnitLength(), table([[3.0, 0.0], [4.0, 1.0]])) == [0.3, 0.9]


def test_borda_by_hand() -> None:
    # Of 4 candidates leg b retrieved two: 4 and 3 points; the others share 2 and 1: 1.5 each.
    evidence = table([[4.0, 0.0], [3.0, 0.1], [2.0, 8.0], [1.0, 9.0]], [[1, NAN], [2, NAN], [3, 2], [4, 1]])
    assert fused(FUSIONS["borda"], evidence) == [(4 + 1.5) / 8, (3 + 1.5) / 8, (2 + 3) / 8, (1 + 4) / 8]


def test_comb_mnz_and_anz_by_hand() -> None:
    # a: 1, .5, 0; b retrieved rows 0 and 1 only: 0, 1. Halved, as each leg counts one half.
    evidence = table([[3.0, 4.0], [2.0, 6.0], [1.0, 0.0]], [[1, 2], [2, 1], [3, NAN]])
    assert fused(Combined(0), evidence) == [0.5, 0.75, 0.0]
    assert fused(Combined(1), evidence) == [1.0, 1.5, 0.0]
    assert fused(Combined(-1), evidence) == [0.25, 0.375, 0.0]


def test_condorcet_counts_the_rows_beaten_by_a_majority() -> None:
    # a, b: 0 > 1 > 2; c: 2 > 1 > 0. The majority follows a and b.
    evidence = table([[3.0, 3.0, 1.0], [2.0, 2.0, 2.0], [1.0, 1.0, 3.0]])
    assert fused(Condorcet(), evidence) == [1.0, 0.5, 0.0]
    # a alone outweighs b and c together
    assert fused(Condorcet({"a": 5.0}), table([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]])) == [0.0, 1.0]


class Line:
    """Scores a row by its nearness to the first seed on a line: rows 0, 1, 2 ... lie one apart."""

    floor = 0.0

    def __call__(self, query: Query, k: int) -> Ranking:
        return Ranking.empty()

    def score(self, query: Query, rows: Rows) -> NDArray[np.float64]:
        return 1.0 / (1.0 + np.abs(np.asarray(rows) - query.seeds[0]))


def test_feedback_by_hand() -> None:
    evidence = table([[0.1], [0.2], [0.9], [0.15]], floors=[0.0])
    first = TheoreticalMinMax()
    # The best row is 2; likeness to it is 1/3, 1/2, 1, 1/2, weighed .3.
    expected = [
        round(s / 0.9 + 0.3 * near, 6)
        for s, near in zip([0.1, 0.2, 0.9, 0.15], [1 / 3, 0.5, 1, 0.5], strict=True)
    ]
    assert fused(Feedback(first, Line(), top=1, weight=0.3, leg="a"), evidence) == expected
    assert fused(Feedback(first, Line(), top=1, leg="not asked"), evidence) == fused(first, evidence)
    assert fused(Feedback(first, Line(), top=4, leg="a"), evidence) == fused(first, evidence)


def test_floors_of_the_fusion_stand_in_for_the_legs_own() -> None:
    evidence = table([[-0.2], [0.4], [0.8]], floors=[-1.0])
    assert fused(TheoreticalMinMax(floors={"a": 0.0}), evidence) == [0.0, 0.5, 1.0]


def test_coverage_counts_the_words_that_are_there() -> None:
    index = LexicalIndex.build([{"t": ["red", "shoe"]}, {"t": ["shoe"]}, {"t": ["hat"]}], {"t": 1.0})
    leg = Coverage(index, index)
    red, shoe = index.idf(["red", "shoe"])
    rows = np.array([0, 1, 2])
    assert leg.score(Query(text="the red shoes"), rows).tolist() == pytest.approx(
        [1.0, shoe / (red + shoe), 0.0]
    )
    assert np.isnan(leg.score(Query(text="?!"), rows)).all()
    assert not len(leg(Query(text="shoe"), 5))
    plain = PlainLexicalIndex.build([{"t": ["red", "shoe"]}, {"t": ["shoe"]}, {"t": ["hat"]}], {"t": 1.0})
    assert Coverage(plain, plain).score(Query(text="red shoe"), rows).tolist() == pytest.approx(
        leg.score(Query(text="red shoe"), rows).tolist()
    )


@given(st.integers(0, 12), st.integers(0, 4), st.integers(0, 2**32 - 1))
def test_min_max_is_what_each_leg_alone_gives(n, m, seed):
    rng = np.random.default_rng(seed)
    scores = rng.integers(-2, 3, (n, m)).astype(float)
    scores[rng.random((n, m)) < 0.3] = np.nan
    floors = np.where(rng.random(m) < 0.5, rng.integers(-3, 2, m).astype(float), -np.inf)
    scaled = min_max(scores, floors)
    for leg in range(m):
        known = [score for score in scores[:, leg].tolist() if not np.isnan(score)]
        low = floors[leg] if np.isfinite(floors[leg]) else min(known, default=0.0)
        span = max(known, default=0.0) - low
        for score, found in zip(scores[:, leg].tolist(), scaled[:, leg].tolist(), strict=True):
            if np.isnan(score):
                assert np.isnan(found)
            elif span > 0:
                assert found == min(max((score - low) / span, 0.0), 1.0)
            else:
                assert found == (0.0 if np.isfinite(floors[leg]) else 1.0)


def test_a_ceiling_keeps_what_a_scale_means_by_itself() -> None:
    evidence = table([[2.0, 0.5], [1.0, 0.25]], floors=[0.0, 0.0])
    # Leg a by its best: 1 and 1/2. Leg b by its best: 1 and 1/2; as it is: .5 and .25. Both weigh a half.
    assert fused(TheoreticalMinMax(), evidence) == [1.0, 0.5]
    assert fused(TheoreticalMinMax(ceilings={"b": 1.0}), evidence) == [0.75, 0.375]
    # Above the ceiling nothing is gained.
    assert fused(TheoreticalMinMax(ceilings={"a": 1.0}), evidence) == [1.0, 0.75]


def test_either_asks_the_query_which_fusion_answers() -> None:
    evidence = table([[1.0, 3.0], [2.0, 0.0]], floors=[0.0, 0.0])
    fusion = Either(
        lambda query: query.text == "a",
        TheoreticalMinMax({"b": 0.0}),
        TheoreticalMinMax({"a": 0.0}),
    )
    assert fusion(Query(text="a"), evidence).sum(axis=1).tolist() == [0.5, 1.0]
    assert fusion(Query(text="b"), evidence).sum(axis=1).tolist() == [1.0, 0.0]
