"""What is a ranked list?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Rows = NDArray[np.int64]
Scores = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Ranking:
    """Rows of the catalogue with scores, best first; immutable.

    Rows are unique and never negative; scores are finite and never increase; equal scores keep the
    smaller row first. The laws hold for every Ranking, because `of` is the only way in.
    """

    rows: Rows
    scores: Scores

    @classmethod
    def of(cls, rows: ArrayLike, scores: ArrayLike, k: int | None = None) -> Ranking:
        """Rank `rows` by `scores`, both [n], and keep the best `k`; a repeated row keeps its best score."""
        row = np.asarray(rows, np.int64)
        score = np.asarray(scores, np.float32)
        keep = (row >= 0) & np.isfinite(score)
        if not keep.all():
            row, score = row[keep], score[keep]
        if k is not None and 0 < k < len(row) // 4:
            # Keep every tie with the k-th score, and room for repeats, before the full sort.
            cut = np.partition(score, -k)[-k]
            near = score >= cut
            if len(np.unique(row[near])) >= k:
                row, score = row[near], score[near]
        order = np.lexsort((row, -score))
        row, score = row[order], score[order]
        ascending = np.sort(row)
        if (ascending[1:] == ascending[:-1]).any():
            _, first = np.unique(row, return_index=True)
            first.sort()
            row, score = row[first], score[first]
        return cls._lawful(row[:k].copy(), score[:k].copy())

    @classmethod
    def _lawful(cls, rows: Rows, scores: Scores) -> Ranking:
        """Of arrays that keep the laws already: parts of a ranking, in its order."""
        rows.flags.writeable = scores.flags.writeable = False
        return cls(rows, scores)

    @classmethod
    def empty(cls) -> Ranking:
        return cls.of([], [])

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[tuple[int, float]]:
        return zip(self.rows.tolist(), self.scores.tolist(), strict=True)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Ranking)
            and np.array_equal(self.rows, other.rows)
            and np.array_equal(self.scores, other.scores)
        )

    def top(self, k: int) -> Ranking:
        return Ranking._lawful(self.rows[:k], self.scores[:k])

    def without(self, rows: ArrayLike) -> Ranking:
        gone = np.asarray(rows, np.int64)
        if not len(gone) or not len(self):
            return self
        keep = ~np.isin(self.rows, gone)
        return Ranking._lawful(self.rows[keep], self.scores[keep])

    def ranks_of(self, rows: Rows) -> NDArray[np.float64]:
        """The rank (from 1) each of `rows` [n] has here; NaN where it is absent."""
        return self._at(rows, np.arange(1, len(self) + 1, dtype=np.float64))

    def scores_of(self, rows: Rows, missing: float = 0.0) -> Scores:
        """The score each of `rows` [n] has here; `missing` where it is absent."""
        found = self._at(rows, self.scores.astype(np.float64))
        return np.where(np.isnan(found), missing, found).astype(np.float32)

    def then(self, other: Ranking) -> Ranking:
        """This ranking, continued by what `other` adds: how fallbacks are filled in."""
        rest = other.without(self.rows)
        if not len(self) or not len(rest):
            return self if len(self) else rest
        shift = float(self.scores[-1]) - float(rest.scores[0]) - 1.0
        return Ranking.of(
            np.concatenate([self.rows, rest.rows]),
            np.concatenate([self.scores, rest.scores + np.float32(shift)]),
        )

    def _at(self, rows: Rows, values: NDArray[np.float64]) -> NDArray[np.float64]:
        rows = np.asarray(rows, np.int64)
        if not len(self):
            return np.full(len(rows), np.nan)
        order: NDArray[Any] = np.argsort(self.rows)
        at = order[np.minimum(np.searchsorted(self.rows, rows, sorter=order), len(self) - 1)]
        return np.where(self.rows[at] == rows, values[at], np.nan)
