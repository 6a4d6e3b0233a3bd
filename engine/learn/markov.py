"""After these items, which come next?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from engine.learn.truncate import keep_top
from engine.learn.visits import DAY, Reading, Visits
from engine.types import Interactions
from indexes.neighbours import NeighbourIndex
from indexes.sparse import nothing


@dataclass(frozen=True)
class Markov:
    """A windowed Markov chain: weights[i, j] = P(j in the next visit | i in the last ones), shrunk.

    window = 1 is the first order. A visit `lag` back counts visit_decay^(lag - 1). `shrink` pseudo-counts
    damp rare antecedents; popularity^`popularity_power` of the consequent divides the weight (0 = none).
    Transitions count half for every `half_life_days` of age (0 = age does not matter).
    """

    window: int = 8
    visit_decay: float = 0.6
    shrink: float = 2.0
    popularity_power: float = 0.0
    half_life_days: float = 0.0
    keep: int = 300
    gap_s: float = 6 * 3600.0

    @property
    def reading(self) -> Reading:
        return Reading(visit_decay=self.visit_decay, window=self.window, gap_s=self.gap_s)

    def fit(self, interactions: Interactions) -> NeighbourIndex:
        visits = Visits.of(interactions, self.gap_s)
        n = interactions.n_items
        if not len(visits):
            return NeighbourIndex.build(nothing(n, n))
        before, after = transitions(visits, self.visit_decay, self.window, self.half_life_days)
        counts = sparse.csr_matrix(before.T @ after)
        support = np.asarray(before.sum(axis=0)).ravel() + self.shrink
        popularity = np.maximum(np.asarray(after.sum(axis=0)).ravel(), 1e-9)
        scaled = sparse.diags(1.0 / np.maximum(support, 1e-9)) @ counts
        if self.popularity_power:
            scaled = scaled @ sparse.diags(popularity**-self.popularity_power)
        scaled = sparse.csr_matrix(scaled)
        scaled.setdiag(0.0)
        return NeighbourIndex.build(keep_top(scaled, self.keep))


def transitions(
    visits: Visits, visit_decay: float, window: int, half_life_days: float
) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """What stood before each visit and what came in it, [n_visits, n_items] each, visits with a past only."""
    before = visits.before(visit_decay, window)
    there = np.flatnonzero(np.diff(before.indptr))
    before, after = before[there], visits.items[there]
    if half_life_days and len(there):
        age = (visits.times.max() - visits.times[there]) / DAY
        root = sparse.diags(np.sqrt(np.exp2(-age / half_life_days)).astype(np.float32))
        before, after = sparse.csr_matrix(root @ before), sparse.csr_matrix(root @ after)
    return before, after
