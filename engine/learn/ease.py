"""Which linear mix of a history best rebuilds it, item by item?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from engine.learn.truncate import keep_top, similar_pairs
from engine.learn.visits import Reading, positive, user_items
from engine.types import Interactions
from indexes.neighbours import NeighbourIndex
from indexes.sparse import SparseRows, nothing

LATELY = Reading(visit_decay=0.9, half_life_days=60.0)


@dataclass(frozen=True)
class Ease:
    """EASE^R (Steck 2019): B = I - P / diag(P), P = (X^T X + reg I)^-1; the closed-form linear autoencoder.

    Up to `max_items` touched items: the dense inverse. Above: each item's ridge regression on its own
    `near` nearest items (as in fsSLIM, Ning and Karypis 2011), which needs no inverse of the whole. The
    `keep` strongest weights of a row stay.
    """

    regularization: float = 200.0
    half_life_days: float = 60.0
    keep: int = 400
    max_items: int = 10_000
    near: int = 100
    reading: Reading = LATELY

    def fit(self, interactions: Interactions) -> NeighbourIndex:
        X = positive(user_items(interactions, half_life_days=self.half_life_days))
        touched = np.flatnonzero(np.diff(X.tocsc().indptr))
        if not len(touched):
            return NeighbourIndex.build(nothing(X.shape[1], X.shape[1]))
        if len(touched) > self.max_items:
            return NeighbourIndex.build(self._by_neighbours(X))
        B = self._dense(X[:, touched])
        small = keep_top(B, self.keep).csr().tocoo()
        n = X.shape[1]
        whole = sparse.csr_matrix((small.data, (touched[small.row], touched[small.col])), (n, n))
        return NeighbourIndex.build(whole)

    def _dense(self, X: sparse.csr_matrix) -> NDArray[np.float32]:
        G = (X.T @ X).toarray().astype(np.float32)
        G[np.diag_indices_from(G)] += np.float32(self.regularization)
        P = invert(G)
        B = -P / np.diag(P)[None, :]
        np.fill_diagonal(B, 0.0)
        return B

    def _by_neighbours(self, X: sparse.csr_matrix) -> SparseRows:
        G = (X.T @ X).tocsr()
        norms = np.sqrt(np.maximum(G.diagonal(), 1e-12))
        A = X @ sparse.diags(1.0 / norms)
        candidates = similar_pairs(A.T, A, self.near)
        columns, rows, data = [], [], []
        for item in range(X.shape[1]):
            near, _ = candidates.row(item)
            if not len(near):
                continue
            block = G[near]
            inside = block[:, near].toarray().astype(np.float64)
            inside[np.diag_indices_from(inside)] += self.regularization
            target = block[:, [item]].toarray()[:, 0]
            weights = linalg.solve(inside, target, assume_a="pos")
            rows.append(near)
            columns.append(np.full(len(near), item))
            data.append(weights)
        n = X.shape[1]
        if not data:
            return SparseRows.of(nothing(n, n))
        cells = (np.concatenate(rows), np.concatenate(columns))
        return keep_top(sparse.csr_matrix((np.concatenate(data), cells), (n, n)), self.keep)


def invert(A: NDArray[np.float32]) -> NDArray[np.float32]:
    """The inverse of a symmetric positive definite matrix, in place where possible (A is overwritten)."""
    factor, info = linalg.lapack.spotrf(A, lower=True, overwrite_a=True)
    if info:
        raise np.linalg.LinAlgError("matrix is not positive definite: raise the regularization")
    inverse, info = linalg.lapack.spotri(factor, lower=True, overwrite_c=True)
    if info:
        raise np.linalg.LinAlgError("matrix cannot be inverted: raise the regularization")
    lower: NDArray[np.float32] = np.tril(inverse)
    return np.asarray(lower + np.tril(lower, -1).T)
