"""How do factors learn to order pairs, one draw at a time?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from indexes.factors import Factors


def descend(
    touched: tuple[NDArray[np.int32], NDArray[np.int32]],
    draws: NDArray[np.int32],
    users: Factors,
    items: Factors,
    *,
    steps: int,
    rate: float,
    regularization: float,
    seed: int,
) -> None:
    """`steps` stochastic gradient steps of Bayesian personalized ranking (Rendle et al. 2009), in place.

    `touched` is a CSR structure (indptr [n_users + 1], indices ascending in each row). A step draws a touched
    pair and one of `draws` [m], which the user did not touch, or the step is skipped. The last column of
    `items` [n_items, d] is its bias; that of `users` [n_users, d] is one and stays.
    """
    indptr, indices = touched
    owner = np.repeat(np.arange(len(users), dtype=np.int32), np.diff(indptr))
    if len(owner) and len(draws):
        _descend(
            indptr.astype(np.int64),
            indices,
            owner,
            draws,
            users,
            items,
            steps,
            np.float32(rate),
            np.float32(regularization),
            np.uint64(seed * 2 + 1),
        )


@njit(cache=True, fastmath=True)  # type: ignore[untyped-decorator]  # numba publishes no types
def _descend(
    indptr: Any,
    indices: Any,
    owner: Any,
    draws: Any,
    users: Any,
    items: Any,
    steps: Any,
    rate: Any,
    regularization: Any,
    state: Any,
) -> None:
    d = users.shape[1] - 1
    n, m = np.uint64(len(owner)), np.uint64(len(draws))
    for _ in range(steps):
        # xorshift64* (Vigna 2016): the same draws on every machine.
        state ^= state >> np.uint64(12)
        state ^= state << np.uint64(25)
        state ^= state >> np.uint64(27)
        drawn = state * np.uint64(2685821657736338717)
        at = np.int64((drawn >> np.uint64(32)) * n >> np.uint64(32))
        other = draws[np.int64((drawn & np.uint64(0xFFFFFFFF)) * m >> np.uint64(32))]
        user, item = owner[at], indices[at]
        low, high = indptr[user], indptr[user + 1]
        while low < high:
            middle = (low + high) >> 1
            if indices[middle] < other:
                low = middle + 1
            else:
                high = middle
        if low < indptr[user + 1] and indices[low] == other:
            continue
        u, i, j = users[user], items[item], items[other]
        margin = i[d] - j[d]
        for c in range(d):
            margin += u[c] * (i[c] - j[c])
        pull = np.float32(1.0) / (np.float32(1.0) + np.exp(margin))
        for c in range(d):
            before, gap = u[c], i[c] - j[c]
            u[c] += rate * (pull * gap - regularization * before)
            i[c] += rate * (pull * before - regularization * i[c])
            j[c] += rate * (-pull * before - regularization * j[c])
        i[d] += rate * (pull - regularization * i[d])
        j[d] += rate * (-pull - regularization * j[d])
