"""Is the difference between two systems more than luck?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from engine.types import Floats

_BLOCK = 64  # resamples at a time: bounds the memory to 64 x n


@dataclass(frozen=True)
class Paired:
    """System a against system b on the same n queries; `low` and `high` bound the mean difference."""

    n: int
    difference: float
    relative: float  # difference / mean of b; NaN when that is 0
    low: float
    high: float
    p_t: float
    p_sign_flip: float
    wins: int
    ties: int
    losses: int


def bootstrap_means(values: ArrayLike, resamples: int = 1000, seed: int = 0) -> Floats:
    """Means of `values` [n] or [n, m] over resampled rows: [resamples] or [resamples, m] (Efron 1979).

    Columns are resampled together, so that differences between them stay paired.
    """
    table = np.asarray(values, np.float64)
    n = len(table)
    if not n:
        return np.full((resamples, *table.shape[1:]), np.nan)
    rng = np.random.default_rng(seed)
    blocks = []
    for start in range(0, resamples, _BLOCK):
        size = min(_BLOCK, resamples - start)
        drawn = rng.integers(0, n, (size, n)) + n * np.arange(size)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n)
        blocks.append(counts @ table / n)
    return np.concatenate(blocks)


def interval(
    values: ArrayLike, level: float = 0.95, resamples: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean of `values` [n]."""
    low, high = np.quantile(bootstrap_means(values, resamples, seed), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def paired_t(a: ArrayLike, b: ArrayLike) -> float:
    """Two-sided p of Student's paired t-test; 1 when nothing differs, NaN below two pairs."""
    from scipy.special import stdtr

    d = np.asarray(a, np.float64) - np.asarray(b, np.float64)
    n = len(d)
    if n < 2:
        return float("nan")
    if not d.any():
        return 1.0
    error = float(d.std(ddof=1)) / np.sqrt(n)
    if not error:
        return 0.0
    return float(2 * stdtr(n - 1, -abs(float(d.mean()) / error)))


def sign_flip(a: ArrayLike, b: ArrayLike, resamples: int = 10_000, seed: int = 0) -> float:
    """Two-sided p of Fisher's randomization test: how often random signs give as large a sum.

    Smucker, Allan & Carterette, CIKM 2007. The smallest p it can give is 1 / (resamples + 1).
    """
    d = np.asarray(a, np.float64) - np.asarray(b, np.float64)
    d = d[d != 0]
    if not len(d):
        return 1.0
    rng = np.random.default_rng(seed)
    seen = abs(float(d.sum())) - 1e-12 * float(np.abs(d).sum())
    as_large = 0
    for start in range(0, resamples, _BLOCK):
        size = min(_BLOCK, resamples - start)
        bits = np.unpackbits(rng.integers(0, 256, (size, (len(d) + 7) // 8), np.uint8), axis=1)[:, : len(d)]
        as_large += int((np.abs(2.0 * (bits @ d) - d.sum()) >= seen).sum())
    return (as_large + 1) / (resamples + 1)


def compare(a: ArrayLike, b: ArrayLike, level: float = 0.95, resamples: int = 2000, seed: int = 0) -> Paired:
    """System a against system b: per-query values, both [n], of the same queries in the same order."""
    first, second = np.asarray(a, np.float64), np.asarray(b, np.float64)
    d = first - second
    low, high = interval(d, level, resamples, seed)
    mean = float(second.mean()) if len(second) else 0.0
    difference = float(d.mean()) if len(d) else 0.0
    wins, losses = int((d > 1e-12).sum()), int((d < -1e-12).sum())
    return Paired(
        n=len(d),
        difference=difference,
        relative=difference / mean if mean else float("nan"),
        low=low,
        high=high,
        p_t=paired_t(first, second),
        p_sign_flip=sign_flip(first, second, resamples, seed),
        wins=wins,
        ties=len(d) - wins - losses,
        losses=losses,
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values corrected for how many were looked at (Holm 1979), in the order given."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    corrected = [1.0] * len(p_values)
    worst = 0.0
    for place, i in enumerate(order):
        worst = max(worst, min(1.0, (len(p_values) - place) * p_values[i]))
        corrected[i] = worst
    return corrected
