"""What is shown to one who asks for nothing in particular?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.types import Query, Retriever
from indexes.ranking import Ranking, Rows


@dataclass(frozen=True)
class Browse:
    """Every allowed row: those that `lead` ranks first, in its order, then the others by row."""

    lead: Retriever
    n: int
    floor: ClassVar[float] = 0.0

    def __call__(self, query: Query, k: int) -> Ranking:
        first = self.lead(query, k)
        if len(first) >= k:
            return first
        rows = np.arange(self.n) if query.allowed is None else np.flatnonzero(query.allowed)
        rest = np.setdiff1d(rows, first.rows)[: k - len(first)]
        return first.then(Ranking.of(rest, np.zeros(len(rest))))

    def score(self, query: Query, rows: Rows) -> NDArray[np.float64]:
        return np.nan_to_num(np.asarray(self.lead.score(query, rows), np.float64))
