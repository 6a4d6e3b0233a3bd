"""Will the stock last?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.types import Floats, Forecast


@dataclass(frozen=True)
class Cover:
    """`days` until the expected demand has used up `stock`, inf beyond the horizon's reach.

    `chance` is the probability that it is used up within the horizon; `expected` the units wanted in it;
    `order` the units that would bring the chance down to 5 %.
    """

    stock: float
    days: float
    chance: float
    expected: float
    order: float

    def to_dict(self) -> dict[str, Any]:
        return {
            "stock": self.stock,
            "days": None if np.isinf(self.days) else round(self.days, 1),
            "chance": round(self.chance, 4),
            "expected": round(self.expected, 2),
            "order": round(self.order, 1),
        }


def days_of_cover(stock: float, mean: Floats) -> float:
    """Steps until expected demand `mean` [h] reaches `stock`; past the horizon at its average rate."""
    if stock <= 0:
        return 0.0
    used = np.cumsum(np.maximum(mean, 0.0))
    if len(used) and used[-1] >= stock:
        at = int(np.searchsorted(used, stock))
        before = used[at - 1] if at else 0.0
        return float(at + (stock - before) / max(used[at] - before, 1e-12))
    rate = float(np.mean(np.maximum(mean, 0.0))) if len(mean) else 0.0
    return len(mean) + (stock - float(used[-1])) / rate if rate > 0 else float("inf")


def cover_of(stock: float, forecast: Forecast, together: float = 0.35) -> Cover:
    """What `forecast` says of `stock` on hand. Units wanted over the horizon are taken as gamma-distributed.

    Its mean is the sum of the steps' means; its variance lies between steps that err apart and steps that
    err as one, `together` being their correlation (0..1). Each step's sigma is read off its 80 % band.
    """
    mean = np.maximum(forecast.mean, 0.0)
    total = float(mean.sum())
    level = min(forecast.upper, default=0)
    if level:
        from scipy.stats import gamma, norm

        half = (forecast.upper[level] - forecast.lower[level]) / 2.0
        sigma = half / float(norm.ppf(0.5 + level / 200.0))
        variance = (1.0 - together) * float(np.sum(sigma**2)) + together * float(np.sum(sigma)) ** 2
        if total > 0 and variance > 0:
            law = gamma(total**2 / variance, scale=variance / total)
            chance, enough = float(law.sf(max(stock, 0.0))), float(law.ppf(0.95))
            return Cover(stock, days_of_cover(stock, mean), chance, total, max(0.0, enough - max(stock, 0.0)))
    chance = 1.0 if total > max(stock, 0.0) or (stock <= 0 < total) else 0.0
    return Cover(stock, days_of_cover(stock, mean), chance, total, max(0.0, total - max(stock, 0.0)))
