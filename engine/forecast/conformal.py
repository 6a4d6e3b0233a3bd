"""Which interval would have held what came, as often as it says?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.types import Floats, Forecast


@dataclass(frozen=True)
class Bands:
    """Calibrated bounds in units of a spread: `low` <= 0 <= `high` by level in percent."""

    low: Mapping[int, float]
    high: Mapping[int, float]

    def around(self, mean: Floats, spread: Floats, floor: float | None = 0.0) -> Forecast:
        """`mean` [..] with bounds mean + low * spread .. mean + high * spread, at least `floor`."""
        least = -np.inf if floor is None else floor
        return Forecast(
            np.maximum(mean, least),
            {level: np.maximum(mean + by * spread, least) for level, by in self.low.items()},
            {level: np.maximum(mean + by * spread, least) for level, by in self.high.items()},
        )


def calibrate(actual: Floats, mean: Floats, spread: Floats, levels: Sequence[int], groups: int = 0) -> Bands:
    """Bands from past errors: quantiles of (actual - mean) / spread over all that is finite, any shape.

    Split conformal prediction (Vovk et al. 2005; Lei et al. 2018), signed, with the (n + 1) / n correction.
    Errors of one window lean on each other, so n is the number of `groups` of them when that is given and
    small: the bands are widened by its (1 + 1 / groups).
    """
    score = (actual - mean) / np.maximum(spread, 1e-12)
    score = np.sort(score[np.isfinite(score)])
    low: dict[int, float] = {}
    high: dict[int, float] = {}
    widen = 1.0 + 1.0 / groups if groups else 1.0
    for level in levels:
        tail = (1.0 - level / 100.0) / 2.0
        if not len(score):
            low[level] = high[level] = 0.0
            continue
        q = min(1.0, (1.0 - tail) * (1.0 + 1.0 / len(score)))
        low[level] = min(0.0, float(np.quantile(score, 1.0 - q))) * widen
        high[level] = max(0.0, float(np.quantile(score, q))) * widen
    return Bands(low, high)


def spread_of(mean: Floats, level: Floats | float, power: float = 0.5) -> Floats:
    """How far a forecast errs in proportion: (mean + level / 10) ** `power`; busy days err more.

    `level` is the series' usual size, which keeps a day of forecast 0 from being certain.
    """
    size = np.maximum(mean, 0.0) + 0.1 * np.maximum(level, 1e-9)
    out: Floats = size**power
    return out
