"""Arithmetic written out: what the engine's formulas give on numbers that fit on paper."""

from __future__ import annotations

import numpy as np
import pytest

from engine.answer import grain
from engine.fuse import ReciprocalRanks, TheoreticalMinMax
from engine.pipeline import Candidates, Pipeline
from engine.rank.blend import Blend, unit
from engine.types import Evidence, Query
from indexes.ranking import Ranking


class Leg:
    """A retriever that always says the same."""

    def __init__(self, scores: dict[int, float], floor: float = 0.0, known: dict[int, float] | None = None):
        self.scores, self.floor, self.known = scores, floor, known or scores
        self.asked = 0

    def __call__(self, query, k):
        self.asked += 1
        return Ranking.of(list(self.scores), list(self.scores.values()), k)

    def score(self, query, rows):
        return np.array([self.known.get(int(row), np.nan) for row in rows])


def test_every_candidate_is_scored_in_every_leg_though_only_one_retrieved_it():
    words = Leg({1: 4.0}, known={1: 4.0, 2: 2.0})
    meaning = Leg({2: 0.5}, floor=-1.0, known={1: 0.0, 2: 0.5})
    result = Pipeline({"keyword": words, "semantic": meaning}, TheoreticalMinMax())(Query(), 5)
    # keyword: 4 -> 4/4 = 1, 2 -> 2/4 = .5; semantic from -1 to .5: 0 -> 1/1.5, .5 -> 1; equal weights: half of each.
    assert dict(zip(result.candidates.rows.tolist(), result.candidates.scores, strict=True)) == pytest.approx(
        {1: (1 + 1 / 1.5) / 2, 2: (0.5 + 1) / 2}
    )
    assert result.evidence.scores.tolist() == [[4.0, 0.0], [2.0, 0.5]]
    assert result.candidates.rows.tolist() == [1, 2]


def test_reciprocal_ranks():
    legs = {
        "a": Leg({1: 9, 2: 8}, known={1: 9, 2: 8, 3: 0}),
        "b": Leg({2: 0.9, 3: 0.1}, known={1: 0, 2: 0.9, 3: 0.1}),
    }
    result = Pipeline(legs, ReciprocalRanks())(Query(), 5)
    scores = dict(zip(result.candidates.rows.tolist(), result.candidates.scores, strict=True))
    assert scores == pytest.approx({1: 1 / 61 / 2, 2: (1 / 62 + 1 / 61) / 2, 3: 1 / 62 / 2})


def test_a_weight_of_zero_is_not_asked_at_all():
    words, taste = Leg({1: 1.0}), Leg({2: 1.0})
    pipeline = Pipeline(
        {"keyword": words, "personal": taste}, TheoreticalMinMax(), parts={"personal": "personalization"}
    )
    result = pipeline(Query(weights={"personalization": 0}), 5)
    assert taste.asked == 0 and result.candidates.rows.tolist() == [1]


def test_blend_adds_scaled_taste_and_trend_to_relevance():
    evidence = Evidence(
        np.array([1, 2, 3]),
        ("keyword", "personal", "trending"),
        np.array([[2.0, 10.0, 1.0], [4.0, 30.0, np.nan], [0.0, 20.0, 3.0]]),
        np.full((3, 3), np.nan),
        np.array([0.0, -np.inf, 0.0]),
    )
    blend = Blend(
        TheoreticalMinMax(),
        {"keyword": "relevance", "personal": "personalization", "trending": "trend"},
        {"personal": 0.2, "trending": 0.1},
    )
    given = blend(Query(weights={"personalization": 2.0}), evidence)
    # relevance: 2/4, 4/4, 0/4; taste: (x - 10)/20 * .2 * 2; trend: (x - 1)/2 * .1, nothing where nothing is known.
    assert given == pytest.approx(np.array([[0.5, 0.0, 0.0], [1.0, 0.4, 0.0], [0.0, 0.2, 0.1]]))


def test_unit_scale():
    assert unit(np.array([1.0, np.nan, 3.0, 2.0])).tolist() == [0.0, 0.0, 1.0, 0.5]
    assert unit(np.array([5.0, 5.0])).tolist() == [0.0, 0.0]


def test_seeds_are_left_out_and_the_fallback_fills_up_below():
    pipeline = Pipeline(
        {"near": Leg({1: 0.9, 2: 0.8})}, TheoreticalMinMax(), fallback=Leg({2: 7.0, 3: 6.0, 1: 5.0})
    )
    candidates = pipeline(Query(seeds=(1,)), 3).candidates
    assert candidates.rows.tolist() == [2, 3]
    assert candidates.scores[0] > candidates.scores[1]
    assert candidates.names == ("near", "fallback")


def test_a_part_more_changes_the_order_and_the_sum():
    candidates = Candidates.of(np.array([1, 2]), ("a",), np.array([[1.0], [0.9]]))
    ruled = candidates.plus("rules", np.array([0.0, 0.5]))
    assert ruled.rows.tolist() == [2, 1] and ruled.scores == pytest.approx([1.4, 1.0])


def test_grained_parts_add_up_in_any_order():
    parts = [grain(x) for x in (0.1, 0.2, 0.3, 1 / 3, 2 / 7)]
    assert sum(parts) == sum(reversed(parts)) == sum(sorted(parts))
    assert abs(grain(0.1) - 0.1) < 2**-24
