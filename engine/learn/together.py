"""What is bought in the same basket, more often than chance would have it?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from engine.learn.interactions import KIND
from engine.learn.truncate import keep_top
from engine.learn.visits import DAY, Reading, visit_numbers
from engine.types import EventType, Interactions
from indexes.neighbours import NeighbourIndex
from indexes.sparse import nothing

LATELY = Reading(half_life_days=90.0)


@dataclass(frozen=True)
class Together:
    """Co-purchase in baskets, with direction: weights[i, j] = n_ij / (n_i + shrink) / p_j^lift.

    n_ij counts the baskets with both; n_i / N is the share with i, so lift = 1 gives the lift of j after i,
    lift = 0 its confidence. The shrinkage by counts and the direction (an accessory follows the main item:
    P(j | i) and P(i | j) differ) are in the denominator. A basket counts half for every `half_life_days` of
    age; a pair in a basket of m items counts 1 / (m - 1)^`size_power`. Pairs seen in less than `least`
    baskets are left out.
    """

    shrink: float = 20.0
    lift: float = 0.5
    half_life_days: float = 45.0
    size_power: float = 1.0
    least: int = 2
    keep: int = 500
    largest: int = 200
    reading: Reading = LATELY

    def fit(self, interactions: Interactions) -> NeighbourIndex:
        n = interactions.n_items
        B, times = baskets(interactions)
        size = np.diff(B.indptr)
        use = np.flatnonzero((size >= 2) & (size <= self.largest))
        B, times, size = B[use], times[use], size[use]
        if not B.shape[0]:
            return NeighbourIndex.build(nothing(n, n))
        weight = np.ones(len(times))
        if self.half_life_days:
            weight = np.exp2(-(times.max() - times) / DAY / self.half_life_days)
        pair_weight = weight / (size - 1.0) ** self.size_power
        pairs = sparse.csr_matrix(B.T @ (sparse.diags(pair_weight) @ B))
        seen = sparse.csr_matrix(B.T @ B)
        alone = np.asarray(B.T @ pair_weight).ravel()
        share = np.maximum(np.asarray(B.T @ weight).ravel() / weight.sum(), 1e-12)
        keep = pairs.multiply(seen >= self.least)
        scaled = sparse.diags(1.0 / (alone + self.shrink)) @ keep @ sparse.diags(share**-self.lift)
        scaled = sparse.csr_matrix(scaled)
        scaled.setdiag(0.0)
        return NeighbourIndex.build(keep_top(scaled, self.keep))


def baskets(x: Interactions) -> tuple[sparse.csr_matrix, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """Baskets [n_baskets, n_items] (binary) and their times [n_baskets].

    An order is a basket; purchases without one are a basket when they fall into one visit. Where nothing was
    bought at all, visits stand in for baskets.
    """
    bought = x.where((x.kinds == KIND[EventType.PURCHASE]) & (x.weights > 0))
    x = bought if len(bought) else x.where(x.weights > 0)
    if not len(x):
        return nothing(0, x.n_items), np.zeros(0)
    order, visit = visit_numbers(x.users, x.times, 6 * 3600.0)
    key = np.empty(len(x), np.int64)
    key[order] = visit + (int(x.orders.max(initial=-1)) + 1)
    key = np.where(x.orders >= 0, x.orders, key)
    _, basket = np.unique(key, return_inverse=True)
    n = int(basket.max()) + 1
    matrix = sparse.csr_matrix((np.ones(len(x), np.float32), (basket, x.items)), (n, x.n_items))
    matrix.sum_duplicates()
    matrix.data[:] = 1.0
    times = np.zeros(n)
    np.maximum.at(times, basket, x.times)
    return matrix, times
