"""What do a few weighted rows of a sparse matrix add up to?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from indexes.ranking import Mask, Ranking, Rows, Scores


@dataclass(frozen=True, eq=False)
class SparseRows:
    """A matrix [n_rows, n_columns] in compressed rows: the columns of a row ascend and are unique."""

    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    data: NDArray[np.float32]
    n_columns: int

    @classmethod
    def of(cls, matrix: Any) -> Self:
        """Any scipy sparse matrix; explicit zeros are dropped."""
        csr = sparse.csr_matrix(matrix, dtype=np.float32)
        csr.sum_duplicates()
        csr.eliminate_zeros()
        return cls(csr.indptr.astype(np.int64), csr.indices.astype(np.int32), csr.data, int(csr.shape[1]))

    @property
    def n_rows(self) -> int:
        return len(self.indptr) - 1

    def __len__(self) -> int:
        return self.n_rows

    def csr(self) -> sparse.csr_matrix:
        return sparse.csr_matrix((self.data, self.indices, self.indptr), (self.n_rows, self.n_columns))

    def row(self, row: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Columns and values of one row."""
        start, stop = self.indptr[row], self.indptr[row + 1]
        return self.indices[start:stop], self.data[start:stop]

    def add_up(self, rows: ArrayLike, weights: ArrayLike) -> NDArray[np.float64]:
        """sum_j weights[j] * matrix[rows[j]] as a dense [n_columns]; rows outside the matrix add nothing."""
        at, values = self.gather(rows, weights)
        total: NDArray[np.float64] = np.bincount(at, values, minlength=self.n_columns).astype(np.float64)
        return total

    def gather(self, rows: ArrayLike, weights: ArrayLike) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """The entries of `rows`, end to end: columns [e] (with repeats) and weighted values [e]."""
        row = np.asarray(rows, np.int64)
        weight = np.asarray(weights, np.float64)
        known = (row >= 0) & (row < self.n_rows) & (weight != 0)
        row, weight = row[known], weight[known]
        starts = np.asarray(self.indptr[row])
        lengths = np.asarray(self.indptr[row + 1]) - starts
        total = int(lengths.sum())
        if not total:
            return np.zeros(0, np.int32), np.zeros(0)
        ends = np.cumsum(lengths)
        entries = np.arange(total) + np.repeat(starts - (ends - lengths), lengths)
        return self.indices[entries], self.data[entries] * np.repeat(weight, lengths)

    def arrays(self, prefix: str) -> dict[str, NDArray[Any]]:
        return {
            f"{prefix}_indptr": self.indptr,
            f"{prefix}_indices": self.indices,
            f"{prefix}_data": self.data,
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]], prefix: str, n_columns: int) -> Self:
        return cls(
            arrays[f"{prefix}_indptr"], arrays[f"{prefix}_indices"], arrays[f"{prefix}_data"], int(n_columns)
        )


def nothing(n_rows: int, n_columns: int) -> sparse.csr_matrix:
    """A matrix without entries."""
    empty = np.zeros(0, np.float32), np.zeros(0, np.int32), np.zeros(n_rows + 1, np.int32)
    return sparse.csr_matrix(empty, (n_rows, n_columns))


def rank_dense(scores: NDArray[Any], k: int, allowed: Mask | None = None, above: float = 0.0) -> Ranking:
    """The best `k` of dense scores [n]: only those over `above`, and only the allowed."""
    keep = scores > above
    if allowed is not None:
        keep = keep & allowed
    rows: Rows = np.flatnonzero(keep).astype(np.int64)
    kept: Scores = scores[rows].astype(np.float32)
    return Ranking.of(rows, kept, k)
