"""How are the vectors of meaning asked?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol
from weakref import WeakKeyDictionary

import numpy as np

from engine.types import Query, Vectors
from indexes.ranking import Mask, Ranking, Rows, Scores


class Meanings(Protocol):
    """Any vector index: one generation's, or that with the live overlay's."""

    def search(self, vector: Vectors, k: int, allowed: Mask | None = None) -> Ranking: ...

    def score(self, vector: Vectors, rows: Rows) -> Scores: ...

    def vector(self, row: int) -> Vectors: ...


@dataclass(frozen=True)
class Semantic:
    """Rows near the query in the space of an encoder that knows the query's language."""

    spaces: Mapping[str, Meanings]
    encode: Callable[[str], tuple[str, Vectors]]  # text -> (space, unit vector or zeros)
    # What a query's text was encoded to: a pipeline asks for candidates, then for their exact scores.
    encoded: WeakKeyDictionary[Query, tuple[str, Vectors]] = field(
        default_factory=WeakKeyDictionary, compare=False, repr=False
    )
    floor: ClassVar[float] = -1.0

    def __call__(self, query: Query, k: int) -> Ranking:
        space, vector = self._place(query)
        return space.search(vector, k, query.allowed) if space is not None else Ranking.empty()

    def score(self, query: Query, rows: Rows) -> Scores:
        space, vector = self._place(query)
        return space.score(vector, rows) if space is not None else np.full(len(rows), np.nan, np.float32)

    def _place(self, query: Query) -> tuple[Meanings | None, Vectors]:
        if query.vector is not None:
            name, vector = "own", query.vector
        elif query.text and self.spaces:
            known = self.encoded.get(query)
            if known is None:
                known = self.encoded[query] = self.encode(query.text)
            name, vector = known
        else:
            return None, np.empty(0, np.float32)
        # A vector of zeros means that the encoder knows nothing in the text.
        return (self.spaces.get(name) if vector.any() else None), vector


@dataclass(frozen=True)
class Near:
    """Rows near the middle of the seeds."""

    spaces: Mapping[str, Meanings]
    space_of: Callable[[int], str]  # row -> the space that knows its language best
    floor: ClassVar[float] = -1.0

    def __call__(self, query: Query, k: int) -> Ranking:
        space, vector = self._place(query)
        return space.search(vector, k, query.allowed) if space is not None else Ranking.empty()

    def score(self, query: Query, rows: Rows) -> Scores:
        space, vector = self._place(query)
        return space.score(vector, rows) if space is not None else np.full(len(rows), np.nan, np.float32)

    def _place(self, query: Query) -> tuple[Meanings | None, Vectors]:
        if not query.seeds or not self.spaces:
            return None, np.empty(0, np.float32)
        space = self.spaces[self.space_of(query.seeds[0])]
        middle: Vectors = np.sum([space.vector(row) for row in query.seeds], axis=0, dtype=np.float32)
        length = np.float32(np.linalg.norm(middle))
        return (space, middle / length) if length > 0 else (None, middle)


@dataclass(frozen=True)
class Pictured:
    """Rows whose pictures look like the picture of the request."""

    pictures: Meanings | None
    floor: ClassVar[float] = 0.0  # the vectors have no negative component

    def __call__(self, query: Query, k: int) -> Ranking:
        if self.pictures is None or query.vector is None:
            return Ranking.empty()
        return self.pictures.search(query.vector, k, query.allowed)

    def score(self, query: Query, rows: Rows) -> Scores:
        if self.pictures is None or query.vector is None:
            return np.full(len(rows), np.nan, np.float32)
        return self.pictures.score(query.vector, rows)
