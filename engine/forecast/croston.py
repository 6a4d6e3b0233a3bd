"""How fast does a slow seller sell, when most of its days are zero?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np

from engine.forecast.spread import normal_bands, rms
from engine.types import Floats, Forecast

Variant = Literal["croston", "sba", "tsb", "adida"]


def croston_rates(Y: Floats, alpha: float = 0.1, sba: bool = False) -> Floats:
    """Croston's units per day [n, t+1] of rows `Y` [n, t]: column j is what was expected of day j.

    Sizes z and gaps p between sales are smoothed apart, only on days with a sale; the rate is z / p
    (Croston 1972), times 1 - alpha/2 against its bias (Syntetos & Boylan 2005) with `sba`. NaN days
    pass without counting as a gap. The first sale starts both z and p.
    """
    n, t = Y.shape
    size, gap = np.zeros(n), np.ones(n)
    wait, started = np.ones(n), np.zeros(n, np.bool_)
    rates = np.zeros((n, t + 1))
    scale = 1.0 - alpha / 2.0 if sba else 1.0
    for day in range(t):
        y = Y[:, day]
        sale, known = y > 0, np.isfinite(y)
        first, later = sale & ~started, sale & started
        size[first], gap[first] = y[first], wait[first]
        size[later] += alpha * (y[later] - size[later])
        gap[later] += alpha * (wait[later] - gap[later])
        started |= sale
        wait = np.where(sale, 1.0, wait + known)
        rates[:, day + 1] = np.where(started, scale * size / gap, 0.0)
    return rates


def tsb_rates(Y: Floats, alpha: float = 0.1, beta: float = 0.05) -> Floats:
    """Units per day [n, t+1] by Teunter, Syntetos & Babai (2011): the chance of a sale is smoothed daily.

    Unlike Croston's it falls while nothing sells, so that a dead item fades.
    """
    n, t = Y.shape
    known = np.isfinite(Y)
    sales = known & (np.nan_to_num(Y) > 0)
    days, sold = known.sum(axis=1), sales.sum(axis=1)
    chance = np.divide(sold, days, out=np.zeros(n), where=days > 0)
    size = np.divide(np.where(sales, Y, 0.0).sum(axis=1), sold, out=np.zeros(n), where=sold > 0)
    rates = np.zeros((n, t + 1))
    rates[:, 0] = chance * size
    for day in range(t):
        y, on, sale = Y[:, day], known[:, day], sales[:, day]
        chance = np.where(on, chance + beta * (sale - chance), chance)
        size = np.where(sale, size + alpha * (np.where(sale, y, 0.0) - size), size)
        rates[:, day + 1] = chance * size
    return rates


def adida_rates(Y: Floats, alpha: float = 0.2, block: int | None = None) -> Floats:
    """Units per day [n]: sums over blocks of days, smoothed, spread evenly (Nikolopoulos et al. 2011).

    The block is the mean gap between sales unless given; the newest block is whole, the oldest is cut.
    """
    out = np.zeros(len(Y))
    for i, y in enumerate(Y):
        seen = y[np.isfinite(y)]
        sales = np.flatnonzero(seen > 0)
        if not len(sales):
            continue
        width = block or max(1, round(len(seen) / len(sales)))
        width = min(width, len(seen))
        sums = seen[len(seen) % width :].reshape(-1, width).sum(axis=1)
        level = sums[0]
        for value in sums[1:]:
            level += alpha * (value - level)
        out[i] = level / width
    return out


@dataclass(frozen=True, eq=False)
class Intermittent:
    """One slow seller by `variant`: a flat rate of units per step. Bounds are normal; calibrate them."""

    variant: Variant = "tsb"
    alpha: float = 0.1
    beta: float = 0.05
    rate_: float | None = None
    sigma_: float = 0.0

    def fit(self, y: Floats, X: Floats | None = None) -> Self:
        Y = np.asarray(y, np.float64)[None, :]
        Y = np.where(Y < 0, 0.0, Y)
        if self.variant == "adida":
            rate = float(adida_rates(Y)[0])
            errors = Y[0] - rate
        else:
            rates = (
                tsb_rates(Y, self.alpha, self.beta)
                if self.variant == "tsb"
                else croston_rates(Y, self.alpha, sba=self.variant == "sba")
            )
            rate, errors = float(rates[0, -1]), Y[0] - rates[0, :-1]
        return replace(self, rate_=rate, sigma_=rms(errors))

    def predict(self, h: int, X: Floats | None = None, levels: Sequence[int] = ()) -> Forecast:
        if self.rate_ is None:
            raise ValueError("fit first")
        return normal_bands(np.full(h, self.rate_), self.sigma_, levels, 0.0)
