"""How does a query become one list: retrieve, fuse, rank?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Protocol

import numpy as np

from engine.types import Evidence, Floats, Fusion, Query, Retriever
from indexes.ranking import Mask, Ranking, Rows


@dataclass(frozen=True, eq=False)
class Candidates:
    """Rows with the parts of their scores, best first.

    `rows` [n]; `names` of the parts [p]; `parts` [n, p]: a row's score is the sum of its parts, always.
    """

    rows: Rows
    names: tuple[str, ...]
    parts: Floats

    @classmethod
    def of(cls, rows: Rows, names: tuple[str, ...], parts: Floats) -> Candidates:
        """Order by score, ties by the smaller row."""
        order = np.lexsort((rows, -parts.sum(axis=1)))
        return cls(rows[order], names, parts[order])

    @property
    def scores(self) -> Floats:
        total: Floats = self.parts.sum(axis=1)
        return total

    def __len__(self) -> int:
        return len(self.rows)

    def where(self, keep: Mask) -> Candidates:
        return Candidates(self.rows[keep], self.names, self.parts[keep])

    def at(self, order: Rows) -> Candidates:
        """These candidates, in another order: for a sort that is not by score."""
        return Candidates(self.rows[order], self.names, self.parts[order])

    def plus(self, name: str, values: Floats) -> Candidates:
        """Add one part [n] to every score and order anew."""
        return Candidates.of(self.rows, (*self.names, name), np.column_stack([self.parts, values]))

    def then(self, name: str, other: Ranking) -> Candidates:
        """These candidates, continued by those that `other` adds: how a fallback fills a short list."""
        rest = other.without(self.rows)
        if not len(rest):
            return self
        top = float(self.scores[-1]) if len(self) else 1.0
        # Strictly below the last candidate, and shrinking, whatever the scale of either list.
        filled = top - (1.0 if len(self) else 0.0) - np.arange(len(rest)) / (len(rest) + 1)
        parts = np.zeros((len(self) + len(rest), len(self.names) + 1))
        parts[: len(self), :-1] = self.parts
        parts[len(self) :, -1] = filled
        return Candidates(np.concatenate([self.rows, rest.rows]), (*self.names, name), parts)


class Ranker(Protocol):
    """Reorders candidates: rows may leave, never arrive. `evidence` is what every leg said."""

    def __call__(self, query: Query, candidates: Candidates, evidence: Evidence) -> Candidates: ...


@dataclass(frozen=True, eq=False)
class Result:
    """The candidates, what every leg said of them, and how long each stage took (ms)."""

    candidates: Candidates
    evidence: Evidence
    took_ms: Mapping[str, float]


@dataclass(frozen=True)
class Pipeline:
    """Legs that retrieve, legs that only score what others retrieved, one fusion, rankers, a fallback.

    Every candidate is scored exactly in every leg before it is fused: taking a missing score for 0 is what
    makes fusions fall below their better leg. A leg whose weight is 0 in the query is not asked at all.
    """

    retrievers: Mapping[str, Retriever]
    fuse: Fusion
    scorers: Mapping[str, Retriever] = field(default_factory=dict)
    rankers: Sequence[Ranker] = ()
    fallback: Retriever | None = None
    pool: int = 200
    parts: Mapping[str, str] = field(default_factory=dict)  # leg -> relevance | personalization | trend

    def __call__(self, query: Query, k: int) -> Result:
        took: dict[str, float] = {}
        started = perf_counter()
        seeds = np.asarray(query.seeds, np.int64)
        pool = max(self.pool, k) + len(seeds)
        lists: dict[str, Ranking] = {}
        for name, retrieve in self._asked(self.retrievers, query).items():
            lists[name] = retrieve(query, pool).without(seeds)
            took[name] = _lap(started, took)
        rows = np.unique(np.concatenate([r.rows for r in lists.values()])) if lists else np.empty(0, np.int64)
        evidence = self._evidence(query, rows, lists)
        took["score"] = _lap(started, took)
        candidates = Candidates.of(rows, evidence.legs, self.fuse(query, evidence))
        took["fuse"] = _lap(started, took)
        for rank in self.rankers:
            candidates = rank(query, candidates, evidence)
        took["rank"] = _lap(started, took)
        if len(candidates) < k and self.fallback is not None:
            candidates = candidates.then("fallback", self.fallback(query, pool).without(seeds).top(k))
            took["fallback"] = _lap(started, took)
        return Result(candidates, evidence, took)

    def only(self, leg: str) -> Pipeline:
        """One leg alone, unfused and unranked: what `--pipeline LEG` measures."""
        retrievers = {**self.retrievers, **self.scorers}
        return replace(
            self, retrievers={leg: retrievers[leg]}, scorers={}, fuse=alone, rankers=(), fallback=None
        )

    def _asked(self, legs: Mapping[str, Retriever], query: Query) -> dict[str, Retriever]:
        return {
            name: leg for name, leg in legs.items() if query.weights.get(self.parts.get(name, name), 1.0) != 0
        }

    def _evidence(self, query: Query, rows: Rows, lists: Mapping[str, Ranking]) -> Evidence:
        legs = {**{n: self.retrievers[n] for n in lists}, **self._asked(self.scorers, query)}
        scores = np.full((len(rows), len(legs)), np.nan)
        ranks = np.full((len(rows), len(legs)), np.nan)
        if len(rows):
            for column, (name, leg) in enumerate(legs.items()):
                scores[:, column] = leg.score(query, rows)
                if name in lists:
                    # `rows` is the ascending union of the lists: every row of a list has its place there.
                    places = np.searchsorted(rows, lists[name].rows)
                    ranks[places, column] = np.arange(1, len(places) + 1)
        return Evidence(rows, tuple(legs), scores, ranks, np.array([leg.floor for leg in legs.values()]))


def alone(query: Query, evidence: Evidence) -> Floats:
    """The fusion of one leg: its own scores; rows it cannot score go last."""
    scores = evidence.scores
    lowest = np.nanmin(scores) - 1.0 if np.isfinite(scores).any() else 0.0
    return np.where(np.isnan(scores), lowest, scores)


def _lap(started: float, took: Mapping[str, float]) -> float:
    return (perf_counter() - started) * 1000 - sum(took.values())
