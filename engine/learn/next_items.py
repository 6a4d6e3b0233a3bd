"""Which linear map takes the last visits to the next one?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from engine.learn.ease import invert
from engine.learn.markov import Markov, transitions
from engine.learn.truncate import keep_top
from engine.learn.visits import Reading, Visits, positive, user_items
from engine.types import Interactions
from indexes.neighbours import NeighbourIndex
from indexes.sparse import nothing


@dataclass(frozen=True)
class NextItems:
    """Next-item ridge: W = (G + reg I)^-1 C, G = (1 - a) X^T X + a U^T U and C = (1 - a) X^T Y + a U^T U.

    X are the last visits decayed, Y the next visit: the linear transition model of Choi et al. 2021 (SLIT),
    over visits. U are the users' items whatever their order, and a (`alike`) their share: together SLIST, of
    the same paper. A Markov chain counts; the ridge also knows which antecedents say the same thing. Above
    `max_items` touched items it is the Markov chain of the same window.
    """

    regularization: float = 100.0
    window: int = 10
    visit_decay: float = 0.8
    alike: float = 0.3
    half_life_days: float = 0.0
    keep: int = 400
    max_items: int = 13_000
    gap_s: float = 6 * 3600.0

    @property
    def reading(self) -> Reading:
        return Reading(visit_decay=self.visit_decay, window=self.window, gap_s=self.gap_s)

    def fit(self, interactions: Interactions) -> NeighbourIndex:
        n = interactions.n_items
        visits = Visits.of(interactions, self.gap_s)
        if not len(visits):
            return NeighbourIndex.build(nothing(n, n))
        before, after = transitions(visits, self.visit_decay, self.window, self.half_life_days)
        users = positive(user_items(interactions))
        users.data[:] = 1.0
        touched = np.flatnonzero(np.bincount(users.indices, minlength=n))
        if len(touched) > self.max_items:
            return Markov(
                window=self.window,
                visit_decay=self.visit_decay,
                half_life_days=self.half_life_days,
                keep=self.keep,
                gap_s=self.gap_s,
            ).fit(interactions)
        W = self._ridge(before[:, touched], after[:, touched], users[:, touched])
        np.fill_diagonal(W, 0.0)
        small = keep_top(W, self.keep).csr().tocoo()
        whole = sparse.csr_matrix((small.data, (touched[small.row], touched[small.col])), (n, n))
        return NeighbourIndex.build(whole)

    def _ridge(self, X: sparse.csr_matrix, Y: sparse.csr_matrix, U: sparse.csr_matrix) -> NDArray[np.float32]:
        alike = self.alike * (U.T @ U)
        G = ((1.0 - self.alike) * (X.T @ X) + alike).toarray().astype(np.float32)
        G[np.diag_indices_from(G)] += np.float32(self.regularization)
        P = invert(G)
        C = sparse.csr_matrix((1.0 - self.alike) * (X.T @ Y) + alike, dtype=np.float32)
        return np.ascontiguousarray((C.T @ P).T)  # P is symmetric: P C = (C^T P)^T, with C sparse
