"""How are the forecasts of items, categories and the shop made to add up?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array, diags_array, eye_array, vstack

from engine.types import Floats


def summing(categories: ArrayLike, n_categories: int) -> csr_array:
    """S [1 + m + n, n] of the hierarchy shop > category > item: every level as sums of its items.

    `categories` [n] numbers each item's category; -1 = in none, and then only in the shop.
    """
    group = np.asarray(categories, np.int64)
    n = len(group)
    inside = group >= 0
    middle = csr_array(
        (np.ones(int(inside.sum())), (group[inside], np.flatnonzero(inside))), shape=(n_categories, n)
    )
    return csr_array(vstack([csr_array(np.ones((1, n))), middle, eye_array(n)]))


def reconcile(told: Floats, sums: csr_array, variances: Floats, *, floor: float | None = 0.0) -> Floats:
    """Item forecasts [n, h] whose sums fit all of `told` [1 + m + n, h] best; multiply by `sums` for every level.

    MinT with a diagonal covariance (Wickramasuriya, Athanasopoulos & Hyndman 2019): least squares of what
    each level says, weighted by 1 / `variances` [1 + m + n] of their back-test errors. A negative item is
    cut to `floor`; what that adds is taken off the others, so that the shop's total stays.
    """
    n = sums.shape[1]
    above_items = sums.shape[0] - n
    weight = 1.0 / np.maximum(variances, 1e-12)
    wanted = np.asarray(sums.T @ (weight[:, None] * told))
    # S'WS is the items' diagonal plus one rank for each sum above them (Woodbury): no n x n matrix.
    top = csr_array(sums[:above_items])
    own = 1.0 / weight[above_items:]
    inner = np.diag(1.0 / weight[:above_items]) + (top @ diags_array(own) @ top.T).toarray()
    first = own[:, None] * wanted
    items: Floats = first - own[:, None] * np.asarray(top.T @ np.linalg.solve(inner, np.asarray(top @ first)))
    if floor is None:
        return items
    total = np.maximum(items.sum(axis=0), 0.0)
    cut = np.maximum(items, floor)
    whole = cut.sum(axis=0)
    scale = np.divide(total, whole, out=np.ones_like(whole), where=whole > 0)
    out: Floats = cut * scale[None, :]
    return out


def bottom_up(items: Floats, groups: NDArray[np.int64], n_groups: int) -> Floats:
    """Sums [m, h] of item forecasts [n, h] by group; -1 = none."""
    out = np.zeros((n_groups, items.shape[1]))
    inside = groups >= 0
    np.add.at(out, groups[inside], items[inside])
    return out
