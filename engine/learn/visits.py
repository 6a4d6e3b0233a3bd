"""Which events belong to one visit, and how much does each visit still count?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from engine.types import Floats, History, Interactions
from indexes.ranking import Rows
from indexes.sparse import nothing

DAY = 86_400.0
Combine = Literal["sum", "max", "log"]


def visit_numbers(
    users: NDArray[np.int32], times: NDArray[np.float64], gap_s: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Order [n] by (user, time) and, in that order, a running visit number [n].

    A visit ends when the user has been away for more than `gap_s` seconds.
    """
    order = np.lexsort((times, users))
    user, time = users[order], times[order]
    starts = np.ones(len(order), bool)
    starts[1:] = (user[1:] != user[:-1]) | (np.diff(time) > gap_s)
    return order, np.cumsum(starts) - 1


@dataclass(frozen=True)
class Reading:
    """How a history is read: the same code in training and in serving.

    The last visit counts 1, the one before `visit_decay`, then `visit_decay`^2 ...; on top an event counts
    half for every `half_life_days` of age (0 = age does not matter). Only the last `window` visits are read
    (0 = all). An item met several times counts the sum, the max or log(1 + sum) of its positive weights,
    less the same of what counts against it.
    """

    visit_decay: float = 1.0
    window: int = 0
    half_life_days: float = 0.0
    combine: Combine = "max"
    gap_s: float = 6 * 3600.0

    def __call__(self, history: History, now: float = 0.0) -> tuple[Rows, NDArray[np.float64]]:
        """The unique rows [h], ascending, and their weights [h]; rows that come to 0 are left out."""
        if not len(history):
            return np.zeros(0, np.int64), np.zeros(0)
        weights = np.asarray(history.weights, np.float64)
        if self.half_life_days:
            age = np.maximum(0.0, (now or float(history.times.max())) - history.times) / DAY
            weights = weights * np.exp2(-age / self.half_life_days)
        if self.visit_decay < 1 or self.window:
            order, visit = visit_numbers(np.zeros(len(history), np.int32), history.times, self.gap_s)
            lag = np.empty(len(history), np.int64)
            lag[order] = visit[-1] - visit
            weights = weights * self.visit_decay**lag
            if self.window:
                weights = np.where(lag < self.window, weights, 0.0)
        rows, at = np.unique(history.rows, return_inverse=True)
        total = combine_weights(at, weights, len(rows), self.combine)
        keep = (total != 0) & (rows >= 0)
        return rows[keep], total[keep]


def combine_weights(
    groups: NDArray[np.int64], weights: NDArray[np.float64], n_groups: int, combine: Combine
) -> NDArray[np.float64]:
    """The weights of each group as one: what speaks for it, less what speaks against."""
    positive, negative = np.maximum(weights, 0.0), np.maximum(-weights, 0.0)
    plus: Floats = np.zeros(n_groups)
    minus: Floats = np.zeros(n_groups)
    if combine == "max":
        np.maximum.at(plus, groups, positive)
        np.maximum.at(minus, groups, negative)
        return plus - minus
    plus = np.bincount(groups, positive, minlength=n_groups).astype(np.float64)
    minus = np.bincount(groups, negative, minlength=n_groups).astype(np.float64)
    return np.log1p(plus) - np.log1p(minus) if combine == "log" else plus - minus


def user_items(
    x: Interactions, *, half_life_days: float = 0.0, combine: Combine = "max", now: float = 0.0
) -> sparse.csr_matrix:
    """Interactions as a matrix [n_users, n_items]; negative where what counts against wins."""
    if not len(x):
        return nothing(x.n_users, x.n_items)
    weights = x.weights.astype(np.float64)
    if half_life_days:
        age = np.maximum(0.0, (now or float(x.times[-1])) - x.times) / DAY
        weights = weights * np.exp2(-age / half_life_days)
    if combine != "max":
        return _added_up(x, weights, combine)
    pair = x.users.astype(np.int64) * x.n_items + x.items
    pairs, at = np.unique(pair, return_inverse=True)
    total = combine_weights(at, weights, len(pairs), combine).astype(np.float32)
    keep = total != 0
    pairs, total = pairs[keep], total[keep]
    return sparse.csr_matrix((total, (pairs // x.n_items, pairs % x.n_items)), (x.n_users, x.n_items))


def _added_up(x: Interactions, weights: Floats, combine: Combine) -> sparse.csr_matrix:
    """As `combine_weights` does it, by counting instead of sorting."""

    def side(part: Floats) -> sparse.csr_matrix:
        total = sparse.csr_matrix((part, (x.users, x.items)), (x.n_users, x.n_items))
        total.sum_duplicates()
        if combine == "log":
            total.data = np.log1p(total.data)
        return total

    total = side(np.maximum(weights, 0.0))
    if (weights < 0).any():
        total = sparse.csr_matrix(total - side(np.maximum(-weights, 0.0)))
    total.eliminate_zeros()
    return sparse.csr_matrix(total.astype(np.float32))


def positive(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    """Only the entries above 0."""
    kept = matrix.copy()
    kept.data = np.maximum(kept.data, 0.0)
    kept.eliminate_zeros()
    return kept


@dataclass(frozen=True, eq=False)
class Visits:
    """Every visit of every user: items [n_visits, n_items] (binary), users and end times [n_visits].

    Visits stand in order of (user, time); `step(lag)` is the matrix [n_visits, n_visits] that takes each
    visit to the same user's visit `lag` earlier.
    """

    items: sparse.csr_matrix
    users: NDArray[np.int32]
    times: NDArray[np.float64]

    @classmethod
    def of(cls, x: Interactions, gap_s: float = 6 * 3600.0) -> Visits:
        """Only what speaks for an item is part of a visit."""
        x = x.where(x.weights > 0)
        if not len(x):
            empty = nothing(0, x.n_items)
            return cls(empty, np.zeros(0, np.int32), np.zeros(0))
        order, visit = visit_numbers(x.users, x.times, gap_s)
        n = int(visit[-1]) + 1
        matrix = sparse.csr_matrix((np.ones(len(x), np.float32), (visit, x.items[order])), (n, x.n_items))
        matrix.sum_duplicates()
        matrix.data[:] = 1.0
        last = np.append(np.flatnonzero(np.diff(visit)), len(visit) - 1)
        return cls(matrix, x.users[order][last], x.times[order][last])

    def __len__(self) -> int:
        return len(self.users)

    def step(self, lag: int) -> sparse.csr_matrix:
        n = len(self)
        if lag >= n:
            return nothing(n, n)
        at = np.flatnonzero(self.users[lag:] == self.users[: n - lag]) + lag
        return sparse.csr_matrix((np.ones(len(at), np.float32), (at, at - lag)), (n, n))

    def before(self, visit_decay: float, window: int) -> sparse.csr_matrix:
        """What each visit's user had done just before, as `Reading` (max) reads it: [n_visits, n_items]."""
        total = nothing(*self.items.shape)
        for lag in range(1, window + 1):
            step = self.step(lag)
            if not step.nnz:
                break
            total = total.maximum((step @ self.items) * np.float32(visit_decay ** (lag - 1)))
        return sparse.csr_matrix(total)
