"""What is the recent mean, when older days count less and weekdays differ?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from engine.forecast.seasonality import Season, over_past, season_shares
from engine.forecast.spread import normal_bands, rms, smallest
from engine.types import Floats, Forecast


def decayed_means(Y: Floats, half_life: float) -> Floats:
    """Weighted mean [n] of each row of `Y` [n, t]; weight halves every `half_life` days; NaN is skipped."""
    weight = 0.5 ** (np.arange(Y.shape[1])[::-1] / half_life)
    known = np.isfinite(Y)
    total = np.where(known, Y, 0.0) @ weight
    mass = known @ weight
    return np.divide(total, mass, out=np.zeros(len(Y)), where=mass > 0)


@dataclass(frozen=True, eq=False)
class DecayedMean:
    """A level that forgets, with `half_life` in steps, times the shape of the week when `season` > 1."""

    half_life: float = 14.0
    season: int = 1
    level_: float = 0.0
    season_: Season | None = None
    sigma_: float = 0.0
    floor_: float | None = 0.0

    def fit(self, y: Floats, X: Floats | None = None) -> Self:
        past = np.asarray(y, np.float64)
        floor = smallest(past)
        enough = self.season > 1 and len(past) >= 2 * self.season and floor is not None
        season = Season(season_shares(past[None, :], self.season)[0] if enough else np.ones(1), True)
        level = float(decayed_means(season.take_out(past)[None, :], self.half_life)[0])
        recent = (past - level * over_past(season.shape, len(past)))[-90:]
        return replace(self, level_=level, season_=season, sigma_=rms(recent), floor_=floor)

    def predict(self, h: int, X: Floats | None = None, levels: Sequence[int] = ()) -> Forecast:
        if self.season_ is None:
            raise ValueError("fit first")
        return normal_bands(self.season_.put_back(np.full(h, self.level_)), self.sigma_, levels, self.floor_)
