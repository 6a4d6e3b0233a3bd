"""What if tomorrow is like today, or like this day last week?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from engine.forecast.seasonality import from_first_value
from engine.forecast.spread import normal_bands, rms, smallest
from engine.types import Floats, Forecast


@dataclass(frozen=True, eq=False)
class SeasonalNaive:
    """The last `season` values over again; season 1 is the naive forecast. The one to beat.

    Its variance grows with every whole season ahead: sigma * sqrt(k), FPP3 table 5.2.
    """

    season: int = 7
    last_: Floats | None = None
    sigma_: float = 0.0
    floor_: float | None = 0.0

    def fit(self, y: Floats, X: Floats | None = None) -> Self:
        seen = from_first_value(np.asarray(y, np.float64))
        last = np.full(self.season, np.nan)
        for phase in range(min(self.season, len(seen))):
            same = seen[len(seen) - 1 - phase :: -self.season]
            same = same[np.isfinite(same)]
            if len(same):
                last[self.season - 1 - phase] = same[0]
        level = float(np.nanmean(last)) if np.isfinite(last).any() else 0.0
        apart = seen[self.season :] - seen[: -self.season] if len(seen) > self.season else np.zeros(0)
        return replace(
            self, last_=np.where(np.isfinite(last), last, level), sigma_=rms(apart), floor_=smallest(seen)
        )

    def predict(self, h: int, X: Floats | None = None, levels: Sequence[int] = ()) -> Forecast:
        if self.last_ is None:
            raise ValueError("fit first")
        mean = np.resize(self.last_, h).astype(np.float64)
        cycles = np.arange(h) // self.season + 1
        return normal_bands(mean, self.sigma_ * np.sqrt(cycles), levels, self.floor_)


def naive() -> SeasonalNaive:
    """Tomorrow is like today."""
    return SeasonalNaive(season=1)
