"""Which items does a query mean at all, and how many are they?

The result set of a query, on every page the same: what it means by its words (W) and by its meaning (M).
    W  items that hold at least SHARE of the query's idf mass that the best item of the shop holds
    M  of the candidates (the nearest by words and by meaning), those with
       likeness + LEAN * coverage >= the noise of the shop
A query means nothing here when no item holds SENSE of its mass and none of its candidates is in M: then the
set is empty. The noise is how near the shop comes to words that it has nothing to do with (engine/noise.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.pipeline import Candidates
from engine.text import BESIDE, query_terms
from engine.types import Evidence, Query
from indexes.ranking import Mask, Ranking, Rows, Scores

SHARE = 0.5
SENSE = 0.4
LEAN = 0.4  # how much likeness a wholly covered query may lack
SLACK = 1e-5  # of a sum of shares in single precision
KEPT = 4  # queries whose words are remembered: the next page asks again
ALWAYS = ("pinned", "identity")  # legs whose finds are always meant


class Words(Protocol):
    """The keyword index of a snapshot."""

    def __len__(self) -> int: ...

    def held(self, masses: Mapping[str, float]) -> Scores: ...

    def score(self, terms: Mapping[str, float], rows: Rows) -> Scores: ...


class Counted(Protocol):
    """Whatever knows how telling a word is."""

    def idf(self, terms: list[str]) -> NDArray[np.float64]: ...


@dataclass(frozen=True, eq=False)
class Matching:
    """The result sets of one snapshot. `noise`: a text -> the likeness that means nothing in its language."""

    words: Words
    counted: Counted
    noise: Callable[[str], float]

    def meant(self, query: Query, evidence: Evidence) -> Mask:
        """Which of the candidates [n] are in the result set."""
        share = self.shares(query.text)
        covered, near = share[evidence.rows], self._near(query, evidence)
        always = np.zeros(len(evidence.rows), np.bool_)
        for leg in ALWAYS:
            if leg in evidence.legs:
                always |= ~np.isnan(evidence.ranks[:, evidence.legs.index(leg)])
        best = _best(share)
        if best < SENSE - SLACK and not near.any():
            return always
        return always | near | (covered >= SHARE * best - SLACK) & (covered > 0)

    def beyond(self, query: Query, evidence: Evidence) -> Rows:
        """The rest of the result set, ascending: what no leg's pool held."""
        share = self.shares(query.text)
        best = _best(share)
        sense = best >= SENSE - SLACK or self._near(query, evidence).any()
        if not sense or not len(evidence.rows):
            return np.empty(0, np.int64)
        rest = (share >= SHARE * best - SLACK) & (share > 0)
        if query.allowed is not None:
            rest &= query.allowed
        rest[evidence.rows] = False
        return np.flatnonzero(rest)

    def _near(self, query: Query, evidence: Evidence) -> Mask:
        """Which of the candidates [n] are meant by their meaning."""
        likeness = np.nan_to_num(evidence.leg("semantic"), nan=-1.0)
        near: Mask = likeness + LEAN * self.shares(query.text)[evidence.rows] >= self.noise(query.text)
        return near

    def ranked(self, query: Query, rows: Rows) -> Ranking:
        """`rows` by their words: how the rest of the set is ordered."""
        return Ranking.of(rows, self.words.score(query_terms(query.text), rows))

    def shares(self, text: str) -> Scores:
        """The share [items] of the query's idf mass that each item holds, in the wording that suits it best."""
        return self._remembered(text)

    @cached_property
    def _remembered(self) -> Callable[[str], Scores]:
        return lru_cache(maxsize=KEPT)(self._shares)

    def _shares(self, text: str) -> Scores:
        best = np.zeros(len(self.words), np.float32)
        for wording in text.split(BESIDE):
            terms = query_terms(wording)
            names = list(terms)
            mass = np.fromiter(terms.values(), np.float64, len(names)) * self.counted.idf(names)
            if len(names) and mass.sum() > 0:
                held = self.words.held(dict(zip(names, (mass / mass.sum()).tolist(), strict=True)))
                best = np.maximum(best, held)
        best.flags.writeable = False
        return best


@dataclass(frozen=True, eq=False)
class Cutoff:
    """Leaves of the candidates what the query means; a query by vector alone means every candidate."""

    matching: Matching

    def __call__(self, query: Query, candidates: Candidates, evidence: Evidence) -> Candidates:
        if not query.text or query.vector is not None:
            return candidates
        meant = self.matching.meant(query, evidence)
        return candidates.where(meant[np.searchsorted(evidence.rows, candidates.rows)])


def _best(share: Scores) -> float:
    return float(share.max()) if len(share) else 0.0
