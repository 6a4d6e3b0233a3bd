"""Which items speak of the same things as these, term by term?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from indexes.arrays import open_arrays, save_arrays
from indexes.ranking import Mask, Ranking, Rows, Scores
from indexes.sparse import SparseRows, rank_dense


@dataclass(frozen=True, eq=False)
class TermIndex:
    """Unit TF-IDF vectors of items: `items` [n_items, n_terms] and its transpose `terms`.

    tf is 1 + log(count), idf log((1 + n) / (1 + df)) + 1, rows of unit length (Salton, Buckley 1988).
    """

    items: SparseRows
    terms: SparseRows

    @classmethod
    def build(cls, documents: Iterable[Sequence[str]]) -> Self:
        """From the terms of every item, row by row. Terms of one item only cannot link items: left out."""
        vocabulary: dict[str, int] = {}
        rows, columns = [], []
        n = 0
        for row, terms in enumerate(documents):
            n = row + 1
            for term in terms:
                rows.append(row)
                columns.append(vocabulary.setdefault(term, len(vocabulary)))
        shape = (n, max(1, len(vocabulary)))
        counts = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape)
        counts.sum_duplicates()
        df = np.bincount(counts.indices, minlength=shape[1])
        counts.data = (1.0 + np.log(counts.data)) * (np.log((1 + n) / (1 + df)) + 1.0)[counts.indices]
        counts = sparse.csr_matrix(counts[:, np.flatnonzero(df >= 2)])
        norms = np.sqrt(np.asarray(counts.multiply(counts).sum(axis=1)).ravel())
        unit = sparse.csr_matrix(sparse.diags(1.0 / np.maximum(norms, 1e-12)) @ counts)
        return cls(SparseRows.of(unit), SparseRows.of(unit.T))

    def __len__(self) -> int:
        return self.items.n_rows

    def dense(self, rows: ArrayLike, weights: ArrayLike) -> NDArray[np.float64]:
        """r_i = sum_j w_j s_ij [n_items] for a history of `rows` [h] with `weights` [h]."""
        profile = self.items.add_up(rows, weights)
        terms = np.flatnonzero(profile)
        return self.terms.add_up(terms, profile[terms])

    def search(self, rows: ArrayLike, weights: ArrayLike, k: int, allowed: Mask | None = None) -> Ranking:
        return rank_dense(self.dense(rows, weights), k, allowed)

    def score(self, rows: ArrayLike, weights: ArrayLike, targets: Rows) -> Scores:
        return self.dense(rows, weights)[targets].astype(np.float32)

    def save(self, folder: Path | str) -> None:
        facts = {"n_terms": self.items.n_columns, "n_items": self.items.n_rows}
        save_arrays(folder, facts, {**self.items.arrays("items"), **self.terms.arrays("terms")})

    @classmethod
    def open(cls, folder: Path | str) -> Self:
        facts, arrays = open_arrays(folder)
        return cls(
            SparseRows.from_arrays(arrays, "items", facts["n_terms"]),
            SparseRows.from_arrays(arrays, "terms", facts["n_items"]),
        )
