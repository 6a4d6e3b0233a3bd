"""How is the keyword index asked?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from engine.text import BESIDE, query_terms
from engine.types import Query
from indexes.ranking import Mask, Ranking, Rows, Scores


class Words(Protocol):
    """Any keyword index: the fast one, the plain one, or both with the live overlay's."""

    def search(self, terms: Mapping[str, float], k: int, allowed: Mask | None = None) -> Ranking: ...

    def score(self, terms: Mapping[str, float], rows: Rows) -> Scores: ...


@dataclass(frozen=True)
class Keyword:
    """BM25 over the words of the query."""

    index: Words
    floor: ClassVar[float] = 0.0

    def __call__(self, query: Query, k: int) -> Ranking:
        terms = query_terms(query.text)
        return self.index.search(terms, k, query.allowed) if terms else Ranking.empty()

    def score(self, query: Query, rows: Rows) -> Scores:
        terms = query_terms(query.text)
        return self.index.score(terms, rows) if terms else np.full(len(rows), np.nan, np.float32)


@dataclass(frozen=True)
class Alike:
    """BM25 over the words in the titles of the seeds: items that are called alike."""

    index: Words
    title: Callable[[int], str]
    floor: ClassVar[float] = 0.0

    def __call__(self, query: Query, k: int) -> Ranking:
        terms = self._terms(query)
        return self.index.search(terms, k, query.allowed) if terms else Ranking.empty()

    def score(self, query: Query, rows: Rows) -> Scores:
        terms = self._terms(query)
        return self.index.score(terms, rows) if terms else np.full(len(rows), np.nan, np.float32)

    def _terms(self, query: Query) -> dict[str, float]:
        return query_terms(" ".join(self.title(row) for row in query.seeds))


@dataclass(frozen=True)
class Identity:
    """The item whose id was typed, whole."""

    find: Callable[[str], int]  # item id -> row, -1 for none
    floor: ClassVar[float] = -np.inf

    def __call__(self, query: Query, k: int) -> Ranking:
        row = self.find(query.text.split(BESIDE)[0].strip()) if query.text else -1
        if row < 0 or (query.allowed is not None and not query.allowed[row]):
            return Ranking.empty()
        return Ranking.of([row], [1.0], k)

    def score(self, query: Query, rows: Rows) -> Scores:
        """It has no say in the fusion: IdentityFirst gives its own part."""
        return np.full(len(rows), np.nan, np.float32)
