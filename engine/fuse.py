"""How do many rankings become one?

Every fusion answers with contributions [n, m], of each leg to each candidate; a row's sum is its score. A
leg that has nothing to say of a row (a score of NaN) neither helps nor hurts it: the others' weights are
scaled up for that row. A leg that has nothing to say at all is as good as absent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from engine.types import Evidence, Floats, Fusion, Query, Retriever

Weights = Mapping[str, float]  # a leg without a weight has weight 1


def spread(values: Floats, voices: NDArray[np.bool_], legs: tuple[str, ...], weights: Weights) -> Floats:
    """Contributions [n, m] of `values`; the weights of the legs with a voice add up to 1 in each row."""
    weight = np.array([max(weights.get(leg, 1.0), 0.0) for leg in legs], np.float64)
    shares = voices * weight
    total = shares.sum(axis=1, keepdims=True)
    shares = np.divide(shares, total, where=total > 0, out=np.zeros_like(shares))
    contributions: Floats = np.where(voices, values, 0.0) * shares
    return contributions


def leg_ranks(evidence: Evidence) -> Floats:
    """Ranks [n, m] in each leg's own list, from 1; ties share their mean rank; NaN = not retrieved."""
    ranks = np.full(evidence.scores.shape, np.nan)
    for leg in range(len(evidence.legs)):
        own = np.flatnonzero(~np.isnan(evidence.ranks[:, leg]) & ~np.isnan(evidence.scores[:, leg]))
        place, score = evidence.ranks[own, leg], evidence.scores[own, leg]
        _, group = np.unique(score, return_inverse=True)
        mean = np.bincount(group, place) / np.maximum(np.bincount(group), 1) if len(own) else place
        ranks[own, leg] = mean[group] if len(own) else place
    return ranks


def min_max(scores: Floats, floors: Floats, ceilings: Floats | None = None) -> Floats:
    """Scores [n, m] between 0, the floor (the lowest seen where a leg has none), and 1, the best seen.

    `ceilings` [m], where finite, are 1 instead of the best seen.
    """
    if not len(scores):
        return np.full(scores.shape, np.nan)
    bounded = np.isfinite(floors)
    low = np.where(bounded, floors, np.fmin.reduce(scores, axis=0))
    high = np.fmax.reduce(scores, axis=0)
    if ceilings is not None:
        high = np.where(np.isfinite(ceilings), ceilings, high)
    span = high - low
    apart = span > 0
    scaled = np.clip((scores - low) / np.where(apart, span, 1.0), 0.0, 1.0)
    # All alike: nothing to tell apart; at the theoretical floor they are worth nothing.
    alike = np.where(np.isnan(scores), np.nan, np.where(bounded, 0.0, 1.0))
    return np.where(apart, scaled, alike)


@dataclass(frozen=True)
class ReciprocalRanks:
    """Sum of weight / (k + rank). Cormack, Clarke and Buettcher, SIGIR 2009; ties share their mean rank."""

    weights: Weights = field(default_factory=dict)
    k: float = 60.0

    def __call__(self, query: Query, evidence: Evidence) -> Floats:
        points = np.nan_to_num(1.0 / (self.k + leg_ranks(evidence)))
        return spread(points, ~np.isnan(evidence.scores), evidence.legs, self.weights)


@dataclass(frozen=True)
class TheoreticalMinMax:
    """Convex sum of scores scaled between each leg's theoretical minimum and its best score.

    Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", TOIS 2023. `floors` stands
    in for a leg's own minimum: a cosine can be -1, but no text is that far from another: 0 is a better zero.
    `ceilings` stands in for the best score of a leg whose scale means something as it is: half of the words is half.
    """

    weights: Weights = field(default_factory=dict)
    floors: Mapping[str, float] = field(default_factory=dict)
    ceilings: Mapping[str, float] = field(default_factory=dict)

    def __call__(self, query: Query, evidence: Evidence) -> Floats:
        floors = [
            self.floors.get(leg, floor) for leg, floor in zip(evidence.legs, evidence.floors, strict=True)
        ]
        ceilings = [self.ceilings.get(leg, np.inf) for leg in evidence.legs]
        scaled = min_max(evidence.scores, np.array(floors, np.float64), np.array(ceilings, np.float64))
        return spread(scaled, ~np.isnan(scaled), evidence.legs, self.weights)


@dataclass(frozen=True)
class ZScores:
    """Weighted sum of standard scores. Renda and Straccia, SAC 2003. A leg that scores all alike adds 0."""

    weights: Weights = field(default_factory=dict)

    def __call__(self, query: Query, evidence: Evidence) -> Floats:
        mean, deviation = _moments(evidence.scores)
        scaled = np.divide(
            evidence.scores - mean, deviation, where=deviation > 0, out=np.zeros_like(evidence.scores)
        )
        return spread(scaled, ~np.isnan(evidence.scores), evidence.legs, self.weights)


@dataclass(frozen=True)
class DistributionBased:
    """Scores scaled between mean - 3 and mean + 3 standard deviations, clipped (Mazzeschi 2023; Qdrant)."""

    weights: Weights = field(default_factory=dict)

    def __call__(self, query: Query, evidence: Evidence) -> Floats:
        mean, deviation = _moments(evidence.scores)
        half = np.full_like(evidence.scores, 0.5)
        scaled = np.divide(
            evidence.scores - mean + 3 * deviation, 6 * deviation, where=deviation > 0, out=half
        )
        return spread(np.clip(scaled, 0, 1), ~np.isnan(evidence.scores), evidence.legs, self.weights)


@dataclass(frozen=True)
class UnitLength:
    """Scores of each leg divided by their Euclidean length (l2 in OpenSearch's normalization processor)."""

    weights: Weights = field(default_factory=dict)

    def __call__(self, query: Query, evidence: Evidence) -> Floats:
        known = np.nan_to_num(evidence.scores)
        length = np.sqrt((known**2).sum(axis=0))
        scaled = np.divide(known, length, where=length > 0, out=np.zeros_like(known))
        return spread(scaled, ~np.isnan(evidence.scores), evidence.legs, self.weights)


@dataclass(frozen=True)
class Borda:
    """Of n candidates the first gets n points, the next n - 1; those not retrieved share what is left.

    Aslam and Montague, "Models for Metasearch", SIGIR 2001. Points are divided by n.
    """

    weights: Weights = field(default_factory=dict)

    def __call__(self, query: Query, evidence: Evidence) -> Floats:
        n = len(evidence.rows)
        points = np.zeros(evidence.scores.shape)
        for leg in range(len(evidence.legs)):
            voiced = np.flatnonzero(~np.isnan(evidence.scores[:, leg]))
            listed = ~np.isnan(evidence.ranks[voiced, leg])
            # Places among the candidates: a row that other legs' lists pushed out leaves no gap.
            places = np.argsort(np.argsort(evidence.ranks[voiced, leg][listed])) + 1.0
            scores = evidence.scores[voiced, leg][listed]
            _, group = np.unique(scores, return_inverse=True)
            shared = np.bincount(group, places)[group] / np.bincount(group)[group] if len(group) else places
            points[voiced[listed], leg] = n - shared + 1
            points[voiced[~listed], leg] = (n - len(shared) + 1) / 2
        return spread(points / max(n, 1), ~np.isnan(evidence.scores), evidence.legs, self.weights)


@dataclass(frozen=True)
class Combined:
    """Sum of the min-max scaled scores of the legs that retrieved a row, times how many did, to a power.

    Fox and Shaw, TREC-2 1994: power 0 is CombSUM, 1 CombMNZ, -1 CombANZ.
    """

    power: float = 0.0
    weights: Weights = field(default_factory=dict)

    def __call__(self, query: Query, evidence: Evidence) -> Floats:
        listed = ~np.isnan(evidence.ranks)
        scaled = min_max(np.where(listed, evidence.scores, np.nan), np.full(len(evidence.legs), -np.inf))
        voices = ~np.isnan(evidence.scores)
        voting = voices.any(axis=0).sum()
        # As a share of the legs that could have voted for this row, so that an abstention costs nothing.
        votes = (listed & voices).sum(axis=1) * voting / np.maximum(voices.sum(axis=1), 1)
        factor = np.where(votes > 0, np.maximum(votes, 1e-9) ** self.power, 0.0)
        return spread(np.nan_to_num(scaled), voices, evidence.legs, self.weights) * factor[:, None]


@dataclass(frozen=True)
class Condorcet:
    """How many candidates a row beats in a weighted majority of the legs, an even vote counting half.

    Copeland's rule on the pairwise majorities of Montague and Aslam, "Condorcet Fusion", CIKM 2002. Each
    beaten candidate's point is divided among the legs that voted so. Divided by n - 1. Legs vote by score.
    """

    weights: Weights = field(default_factory=dict)

    def __call__(self, query: Query, evidence: Evidence) -> Floats:
        scores = evidence.scores
        weight = np.array([max(self.weights.get(leg, 1.0), 0.0) for leg in evidence.legs])
        above = (scores[:, None, :] > scores[None, :, :]) * weight  # [n, n, m]; NaN beats nobody
        voting = ~np.isnan(scores)
        level = ((scores[:, None, :] == scores[None, :, :]) & voting[:, None, :]) * (weight / 2)
        ballots = above + level
        mine = ballots.sum(axis=2)
        wins = np.where(mine > mine.T, 1.0, np.where((mine == mine.T) & (mine > 0), 0.5, 0.0))
        np.fill_diagonal(wins, 0.0)
        share = np.divide(ballots, mine[:, :, None], where=mine[:, :, None] > 0, out=np.zeros_like(ballots))
        points: Floats = (wins[:, :, None] * share).sum(axis=1) / max(len(scores) - 1, 1)
        return points


@dataclass(frozen=True)
class Feedback:
    """A first fusion, then every candidate's likeness to the best few of it: pseudo-relevance feedback.

    Rocchio, "Relevance Feedback in Information Retrieval", 1971, the best hits taken as relevant: they say
    what the query meant better than its two words do. `near` scores rows against `Query.seeds`. The likeness,
    0 to 1, is added with `weight` to the contribution of `leg`; nothing is added where `near` knows nothing.
    """

    fuse: Fusion
    near: Retriever
    top: int = 3
    weight: float = 0.3
    leg: str = "semantic"

    def __call__(self, query: Query, evidence: Evidence) -> Floats:
        contributions = self.fuse(query, evidence)
        if self.leg not in evidence.legs or len(evidence.rows) <= self.top:
            return contributions
        score = contributions.sum(axis=1)
        best = np.lexsort((evidence.rows, -score))[: self.top]
        likeness = self.near.score(Query(seeds=tuple(evidence.rows[best].tolist())), evidence.rows)
        added = np.clip(np.nan_to_num(np.asarray(likeness, np.float64)), 0.0, 1.0) * self.weight
        contributions = contributions.copy()
        contributions[:, evidence.legs.index(self.leg)] += added
        return contributions


@dataclass(frozen=True)
class Either:
    """One fusion where `holds` says so of the query, another where not."""

    holds: Callable[[Query], bool]
    fuse: Fusion
    otherwise: Fusion

    def __call__(self, query: Query, evidence: Evidence) -> Floats:
        return (self.fuse if self.holds(query) else self.otherwise)(query, evidence)


# What search serves. Picked by hand with the scores of the open sets in view; benchmarks/results/search_choice.md
# has what leaving each set out of the choice gives.
HYBRID: Fusion = TheoreticalMinMax(
    {"keyword": 0.3, "semantic": 0.5, "coverage": 0.4, "static": 0.2},
    floors={"semantic": 0.0, "static": 0.0},
    ceilings={"coverage": 1.0},
)
FEEDBACK = 0.28  # weight of the likeness to the best hits, beside weights that add up to 1

FUSIONS: Mapping[str, Fusion] = MappingProxyType(
    {
        "rrf": ReciprocalRanks(),
        "tmm": TheoreticalMinMax(),
        "zscore": ZScores(),
        "dbsf": DistributionBased(),
        "l2": UnitLength(),
        "borda": Borda(),
        "combsum": Combined(0),
        "combmnz": Combined(1),
        "combanz": Combined(-1),
        "condorcet": Condorcet(),
    }
)


def _moments(scores: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation [m] of each leg over the rows it knows; 0 and 0 where it knows none."""
    known = ~np.isnan(scores)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.nansum(scores, axis=0) / count
    deviation = np.sqrt(np.nansum((scores - mean) ** 2, axis=0) / count)
    # Rounding alone must not look like a difference.
    return mean, np.where(deviation > 1e-9 * np.maximum(np.abs(mean), 1e-9), deviation, 0.0)
