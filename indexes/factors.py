"""Where do users and items meet in factor space, and where does a new history land?"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from indexes.arrays import open_arrays, save_arrays
from indexes.ranking import Mask, Ranking, Rows, Scores

Factors = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class FactorIndex:
    """User factors [n_users, d] and item factors [n_items, d] of X ~ U V^T.

    `alpha` and `regularization` are those of the fit (Hu, Koren, Volinsky 2008: confidence c = 1 + alpha
    |r|, preference 1 where r > 0, else 0), so that `fold_in` solves the very problem that the fit solved.
    An all-zero item row was never seen: it is never retrieved. `learned` [n_items] are the items whose factors
    come of behaviour: the fit's problem is over these alone, and others may be placed among them.
    """

    users: Factors
    items: Factors
    alpha: float = 1.0
    regularization: float = 0.01
    learned: Mask = field(default_factory=lambda: np.zeros(0, np.bool_))
    gram: NDArray[np.float64] = field(init=False)
    seen: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "seen", np.asarray(self.items).any(axis=1))
        if len(self.learned) != len(self.items):
            object.__setattr__(self, "learned", self.seen)
        items = np.asarray(self.items[self.learned], np.float64)
        object.__setattr__(self, "gram", items.T @ items)

    @classmethod
    def build(cls, users: Factors, items: Factors, alpha: float = 1.0, regularization: float = 0.01) -> Self:
        return cls(users, items, alpha, regularization)

    def __len__(self) -> int:
        return len(self.items)

    @property
    def dim(self) -> int:
        return int(self.items.shape[1])

    def fold_in(self, rows: ArrayLike, weights: ArrayLike) -> Factors:
        """The vector [d] of a user with history `rows` [h] (unique) and `weights` [h].

        Solves (V^T V + V^T (C - I) V + reg I) x = V^T C p; a negative weight is confidence in dislike.
        Equal to a full re-fit of that user with the item factors held.
        """
        row = np.asarray(rows, np.int64)
        weight = np.asarray(weights, np.float64)
        known = (row >= 0) & (row < len(self.items)) & (weight != 0)
        row, weight = row[known], weight[known]
        if not len(row):
            return np.zeros(self.dim, np.float32)
        Y = np.asarray(self.items[row], np.float64)
        extra = self.alpha * np.abs(weight)
        A = self.gram + (Y.T * extra) @ Y
        A[np.diag_indices_from(A)] += self.regularization
        b = (weight > 0) * (1.0 + extra) @ Y
        return np.linalg.solve(A, b).astype(np.float32)

    def search(self, vector: ArrayLike, k: int, allowed: Mask | None = None) -> Ranking:
        """The best `k` items by dot product with `vector` [d]; a zero vector finds nothing."""
        query = np.asarray(vector, np.float32)
        if not query.any():
            return Ranking.empty()
        keep = self.seen if allowed is None else self.seen & allowed
        rows = np.flatnonzero(keep)
        scores = self.items @ query
        return Ranking.of(rows, scores[rows], k)

    def score(self, vector: ArrayLike, rows: Rows) -> Scores:
        """The dot product [n] of `vector` [d] with the items `rows` [n]."""
        return (self.items @ np.asarray(vector, np.float32))[rows]

    def users_near(self, vector: ArrayLike, k: int) -> Ranking:
        """The `k` users nearest to `vector` [d] by cosine."""
        query = np.asarray(vector, np.float32)
        norms = np.linalg.norm(self.users, axis=1) * np.linalg.norm(query)
        rows = np.flatnonzero(norms > 0)
        return Ranking.of(rows, (self.users[rows] @ query) / norms[rows], k)

    def items_near(self, row: int, k: int) -> Ranking:
        """The `k` items nearest to one item by cosine, without itself."""
        query = np.asarray(self.items[row], np.float32)
        norms = np.linalg.norm(self.items, axis=1) * np.linalg.norm(query)
        rows = np.flatnonzero(norms > 0)
        return Ranking.of(rows, (self.items[rows] @ query) / norms[rows], k + 1).without([row]).top(k)

    def save(self, folder: Path | str) -> None:
        facts = {"alpha": self.alpha, "regularization": self.regularization}
        arrays: dict[str, NDArray[Any]] = {"users": self.users, "items": self.items, "learned": self.learned}
        save_arrays(folder, facts, arrays)

    @classmethod
    def open(cls, folder: Path | str) -> Self:
        facts, arrays = open_arrays(folder)
        alpha, regularization = float(facts["alpha"]), float(facts["regularization"])
        return cls(arrays["users"], arrays["items"], alpha, regularization, np.array(arrays["learned"]))
