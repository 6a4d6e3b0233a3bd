"""Which interval would have held what came, as often as it says?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.types import Floats, Forecast


@dataclass(frozen=True)
class Bands:
    """Calibrated bounds in units of a spread, by level in percent."""

    low: Mapping[Any, float]  # a level may be an aim between two whole percents
    high: Mapping[Any, float]

    def around(self, mean: Floats, spread: Floats, floor: float | None = 0.0) -> Forecast:
        """`mean` [..] with bounds mean + low * spread .. mean + high * spread, at least `floor`."""
        least = -np.inf if floor is None else floor
        middle = np.maximum(mean, least)
        return Forecast(
            middle,
            {
                level: np.minimum(np.maximum(mean + by * spread, least), middle)
                for level, by in self.low.items()
            },
            {level: np.maximum(mean + by * spread, middle) for level, by in self.high.items()},
        )


def calibrate(
    actual: Floats,
    mean: Floats,
    spread: Floats,
    levels: Sequence[float],
    *,
    floor: float | None = 0.0,
    groups: int = 0,
) -> Bands:
    """Bands from past errors, of any shape: quantiles of (actual - mean) / spread, NaN left out.

    Split conformal prediction (Vovk et al. 2005; Lei et al. 2018), signed, both tails of one size. Where the
    floor cuts the lower tail off (nobody buys less than nothing) the tails are made larger until the bands
    hold `level` percent of the past and no more. Errors of one window lean on each other, so a small
    number of windows (`groups`) widens the bands by 1 + 1 / groups.
    """
    fine = np.isfinite(actual) & np.isfinite(mean)
    y, f, s = actual[fine], mean[fine], np.maximum(spread[fine], 1e-12)
    score = np.sort((y - f) / s)
    least = -np.inf if floor is None else floor
    widen = 1.0 + 1.0 / groups if groups else 1.0
    n = len(score)
    low: dict[float, float] = {}
    high: dict[float, float] = {}

    def bounds(tail: float) -> tuple[float, float]:
        q = min(1.0, (1.0 - tail) * (1.0 + 1.0 / n))
        return float(np.quantile(score, 1.0 - q)), float(np.quantile(score, q))

    def held(tail: float) -> float:
        lo, hi = bounds(tail)
        inside = (y >= np.minimum(np.maximum(f + lo * s, least), f)) & (y <= np.maximum(f + hi * s, f))
        return float(inside.mean())

    for level in levels:
        if not n:
            low[level] = high[level] = 0.0
            continue
        share = level / 100.0
        tail = (1.0 - share) / 2.0
        if floor is not None and held(tail) > share:
            near, far = tail, 1.0 - share
            for _ in range(20):
                middle = (near + far) / 2.0
                near, far = (middle, far) if held(middle) > share else (near, middle)
            tail = near
        lo, hi = bounds(tail)
        low[level], high[level] = lo * (widen if lo < 0 else 1.0), hi * (widen if hi > 0 else 1.0)
    return Bands(low, high)


def spread_of(mean: Floats, level: Floats | float, power: float = 0.5) -> Floats:
    """How far a forecast errs in proportion: (mean + level / 10) ** `power`; busy days err more.

    `level` is the series' usual size, which keeps a day of forecast 0 from being certain.
    """
    size = np.maximum(mean, 0.0) + 0.1 * np.maximum(level, 1e-9)
    out: Floats = size**power
    return out
