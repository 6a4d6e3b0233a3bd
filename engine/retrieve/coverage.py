"""How much of what was asked does an item speak of at all?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.text import query_terms
from engine.types import Query
from indexes.ranking import Ranking, Rows, Scores


class Scored(Protocol):
    """Any keyword index, or one with the live overlay's."""

    def score(self, terms: Mapping[str, float], rows: Rows) -> Scores: ...


class Counted(Protocol):
    """Whatever knows how telling a word is."""

    def idf(self, terms: Sequence[str]) -> NDArray[np.float64]: ...


@dataclass(frozen=True)
class Coverage:
    """The share of the query's idf mass whose word the item holds, 0 to 1; it scores and retrieves nothing.

    BM25 lets one rare word outweigh three missing ones and a vector forgives any; a shopper who types four
    words wants all four.
    """

    index: Scored
    counted: Counted
    floor: ClassVar[float] = 0.0

    def __call__(self, query: Query, k: int) -> Ranking:
        return Ranking.empty()

    def score(self, query: Query, rows: Rows) -> NDArray[np.float64]:
        """[n]; NaN without a word to look for."""
        terms = query_terms(query.text)
        names = list(terms)
        mass = np.fromiter(terms.values(), np.float64, len(names)) * self.counted.idf(names)
        if not names or mass.sum() <= 0:
            return np.full(len(rows), np.nan)
        covered = np.zeros(len(rows))
        for name, weight in zip(names, mass.tolist(), strict=True):
            covered += weight * (self.index.score({name: 1.0}, rows) > 0)
        share: NDArray[np.float64] = covered / mass.sum()
        return share
