"""What do the names and the regressors of many series say of which belong together?"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.types import Floats

FULL = 0.8  # share of a table's cells that names must fill to be read as its rows and columns


def groups_of(names: Sequence[str]) -> NDArray[np.int32]:
    """Group numbers [n, 2] when `names` are the cells of a table of two parts (store_brand), else [0, 0].

    Names such as CA_1_FOODS_1 are cut at every separator; the cut that gives the smallest full table is taken.
    """
    cut = [tuple(re.split(r"[_\-|/. ]+", name)) for name in names]
    sizes = {len(parts) for parts in cut}
    if len(names) < 4 or len(sizes) != 1 or len(set(cut)) != len(cut):
        return np.zeros((0, 0), np.int32)
    best: tuple[int, NDArray[np.int32]] | None = None
    for at in range(1, sizes.pop()):
        first = {part: i for i, part in enumerate(dict.fromkeys(parts[:at] for parts in cut))}
        second = {part: i for i, part in enumerate(dict.fromkeys(parts[at:] for parts in cut))}
        if min(len(first), len(second)) < 2 or len(names) < FULL * len(first) * len(second):
            continue
        codes = np.array([(first[parts[:at]], second[parts[at:]]) for parts in cut], np.int32)
        if best is None or len(first) + len(second) < best[0]:
            best = (len(first) + len(second), codes)
    return np.zeros((0, 0), np.int32) if best is None else best[1]


def beside(X: Floats, groups: NDArray[np.int32]) -> Floats:
    """How each regressor stands to those of the same group and step [n, t, q]: over their mean, over their least.

    A price says little until it is seen beside the prices next to it. Regressors that are the same in a whole
    group say nothing here and are left out, as is the least of a yes-or-no one.
    """
    out: list[Floats] = []
    for codes in groups.T if len(groups) else []:
        order = np.argsort(codes, kind="stable")
        starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
        if len(starts) == len(codes):
            continue
        for p in range(X.shape[2]):
            known = np.isfinite(X[:, :, p])
            total = np.add.reduceat(np.where(known, X[:, :, p], 0.0)[order], starts)
            count = np.add.reduceat(known[order].astype(np.float64), starts)
            mean = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)[codes]
            if np.nanmax(np.abs(X[:, :, p] - mean), initial=0.0) < 1e-9:
                continue
            out.append(X[:, :, p] - mean)
            if len(np.unique(X[:, :, p][known])) > 2:
                least = np.minimum.reduceat(np.where(known, X[:, :, p], np.inf)[order], starts)[codes]
                out.append(X[:, :, p] - np.where(np.isfinite(least), least, np.nan))
    return np.stack(out, axis=-1) if out else np.zeros((*X.shape[:2], 0))


def ratios(X: Floats) -> Floats:
    """Regressors [n, t, p] whose values are all above 0 as logarithms: prices compare by ratio."""
    out = X.copy()
    for p in range(X.shape[2]):
        seen = X[:, :, p][np.isfinite(X[:, :, p])]
        if len(seen) and seen.min() > 0:
            out[:, :, p] = np.log(X[:, :, p])
    return out


def like_prices(X: Floats) -> bool:
    """Whether a regressor has many values and differs between series: then what sold at such values tells much."""
    for p in range(X.shape[2]):
        column = X[:, :, p]
        known = np.isfinite(column).all(axis=0)
        if len(np.unique(column[np.isfinite(column)])) > 10 and np.ptp(column[:, known], axis=0).max(
            initial=0.0
        ):
            return True
    return False
