"""Where do items that nobody has met yet stand among the learned factors?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import linalg as sparse_linalg

from engine.learn.als import Als
from engine.learn.visits import Reading
from engine.types import Interactions
from indexes.factors import FactorIndex, Factors
from indexes.terms import TermIndex

STRENGTHS = tuple(float(strength) for strength in np.logspace(-2, 3, 11))
LEAST = 50  # items that behaviour knows; with fewer there is nothing to learn the map from


@dataclass(frozen=True, eq=False)
class Cold:
    """Factors whose unseen items are placed by what is written of them (Gantner et al. 2010).

    A ridge regression from `features` [n_items, f] to the factors of the items that behaviour knows, each counted
    by how often it was met; of `strengths` the one that best foretells the factors of an item left out. Its
    draw to the mean is what keeps a guess smaller than knowledge.
    """

    learner: Als
    features: Factors
    strengths: Sequence[float] = STRENGTHS
    doubt: float = 5.0  # an item met n times counts n / (n + doubt)

    @property
    def reading(self) -> Reading:
        return self.learner.reading

    def fit(self, interactions: Interactions) -> FactorIndex:
        index = self.learner.fit(interactions)
        told = self.features.any(axis=1)
        known = index.learned & told
        unseen = np.flatnonzero(~index.learned & told)
        if known.sum() < LEAST or not len(unseen):
            return index
        met = np.bincount(interactions.items, minlength=interactions.n_items)
        items = np.array(index.items)
        items[unseen] = self.place(index.items, known, met, unseen)
        return replace(index, items=items)

    def place(
        self, items: Factors, known: NDArray[np.bool_], met: NDArray[np.int64], unseen: NDArray[np.int64]
    ) -> Factors:
        """The factors [u, d] of `unseen` [u], from those `known` [n_items] and how often each was `met`."""
        X, Y = self.features[known].astype(np.float64), items[known].astype(np.float64)
        weight = met[known] / (met[known] + self.doubt)
        middle, mean = np.average(X, axis=0, weights=weight), np.average(Y, axis=0, weights=weight)
        root = np.sqrt(weight)[:, None]
        X, Y = (X - middle) * root, (Y - mean) * root
        size, turn = np.linalg.eigh(X.T @ X)
        Z = X @ turn
        pulled = Z.T @ Y
        best, least = np.zeros_like(pulled), np.inf
        for strength in self.strengths:
            inverse = 1.0 / (np.maximum(size, 0.0) + strength)
            # What the regression without an item would say of it (Allen 1974), from its leverage.
            leverage = np.minimum(Z**2 @ inverse, 0.999)
            error = float((((Y - Z @ (inverse[:, None] * pulled)) / (1.0 - leverage)[:, None]) ** 2).sum())
            if error < least:
                best, least = inverse[:, None] * pulled, error
        guess = (self.features[unseen].astype(np.float64) - middle) @ turn @ best + mean
        return np.asarray(guess, np.float32)


def describe(terms: TermIndex, vectors: Factors | None = None, size: int = 192) -> Factors:
    """What is written of every item, as features [n_items, f]: the leading `size` directions of its terms, and
    `vectors` [n_items, d] where an encoder made some; all zero where nothing is said."""
    T = terms.items.csr().astype(np.float64)
    found = [] if vectors is None else [np.asarray(vectors, np.float32)]
    rank = min(size, min(T.shape) - 1)
    if rank > 0 and T.nnz:
        found.append(_leading(T, rank))
    return np.concatenate(found, axis=1) if found else np.zeros((T.shape[0], 1), np.float32)


def _leading(T: sparse.csr_matrix, rank: int) -> Factors:
    start = np.ones(min(T.shape)) / np.sqrt(min(T.shape))  # a fixed start: the same answer each time
    left, strength, _ = sparse_linalg.svds(T, k=rank, v0=start)
    return np.asarray(left * strength, np.float32)
