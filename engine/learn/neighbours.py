"""Which items do the same people touch?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import sparse

from engine.learn.truncate import similar_pairs
from engine.learn.visits import Reading, positive, user_items
from engine.types import Interactions
from indexes.neighbours import NeighbourIndex

LATELY = Reading(half_life_days=60.0)
Weighting = Literal["cosine", "tfidf", "bm25"]


@dataclass(frozen=True)
class Neighbours:
    """Item-item neighbours (Sarwar et al. 2001; Deshpande, Karypis 2004).

    `weighting` of the user-item matrix before the product: cosine; tfidf, where a user of many items tells
    less of each (idf over users) and columns are of unit length; bm25 (k1, b over the length of an item's
    column, as implicit does it). `shrink` damps pairs with little support: s * n / (n + shrink), n = users
    in common.
    """

    weighting: Weighting = "bm25"
    keep: int = 300
    half_life_days: float = 120.0
    shrink: float = 10.0
    k1: float = 100.0
    b: float = 0.8
    max_history: int = 1000
    reading: Reading = LATELY

    def fit(self, interactions: Interactions) -> NeighbourIndex:
        R = positive(user_items(interactions, half_life_days=self.half_life_days))
        R = _cap_rows(R, self.max_history)
        A = weigh_matrix(R, self.weighting, self.k1, self.b)
        pairs = similar_pairs(A.T, A, self.keep)
        if self.shrink:
            ones = R.copy()
            ones.data[:] = 1.0
            common = (ones.T @ ones).tocsr()
            near = pairs.csr()
            support = near.copy()
            support.data[:] = 1.0
            n = support.multiply(common).tocsr()
            n.sort_indices()
            damp = n.copy()
            damp.data = n.data / (n.data + self.shrink)
            return NeighbourIndex.build(near.multiply(damp))
        return NeighbourIndex.build(pairs)


def weigh_matrix(R: sparse.csr_matrix, weighting: Weighting, k1: float, b: float) -> sparse.csr_matrix:
    """R [n_users, n_items] weighted so that A^T A holds the similarities of items."""
    n_users, n_items = R.shape
    coo = R.tocoo()
    data = coo.data.astype(np.float64)
    per_user = np.bincount(coo.row, minlength=n_users)
    if weighting == "bm25":
        idf = np.log(n_items) - np.log1p(per_user)
        length = np.bincount(coo.col, data, minlength=n_items)
        norm = (1.0 - b) + b * length / max(length[length > 0].mean() if len(data) else 1.0, 1e-12)
        data = data * (k1 + 1.0) / (k1 * norm[coo.col] + data) * np.maximum(idf, 0.0)[coo.row]
    else:
        if weighting == "tfidf":
            data = data * np.log((1.0 + n_items) / (1.0 + per_user))[coo.row]
        norms = np.sqrt(np.bincount(coo.col, data**2, minlength=n_items))
        data = data / np.maximum(norms, 1e-12)[coo.col]
    return sparse.csr_matrix((data.astype(np.float32), (coo.row, coo.col)), R.shape)


def _cap_rows(R: sparse.csr_matrix, most: int) -> sparse.csr_matrix:
    """Keep each user's `most` strongest items: the product's cost is the square of a row's length."""
    if not most or np.diff(R.indptr).max(initial=0) <= most:
        return R
    rows = np.repeat(np.arange(R.shape[0]), np.diff(R.indptr))
    order = np.lexsort((-R.data, rows))
    place = np.arange(len(rows)) - R.indptr[rows[order]]
    kept = order[place < most]
    return sparse.csr_matrix((R.data[kept], (rows[kept], R.indices[kept])), R.shape)
