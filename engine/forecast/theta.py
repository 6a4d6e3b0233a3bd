"""What does the Theta method expect: exponential smoothing with half of the long trend?"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from engine.forecast.decayed import DecayedMean
from engine.forecast.seasonality import Season, filled, from_first_value
from engine.forecast.spread import normal_bands, rms, smallest
from engine.types import Floats, Forecast


@dataclass(frozen=True, eq=False)
class Theta:
    """Assimakopoulos & Nikolopoulos (2000) as SES with drift (Hyndman & Billah 2003): the plain form."""

    season: int = 7
    memory: int = 730
    mean_: Floats | None = None  # [steps] the first forecasts, from which the line is drawn on
    slope_: float = 0.0
    season_: Season | None = None
    alpha_: float = 0.0
    sigma_: float = 0.0
    fallback_: DecayedMean | None = None
    floor_: float | None = 0.0

    def fit(self, y: Floats, X: Floats | None = None) -> Self:
        past = from_first_value(np.asarray(y, np.float64))[-self.memory :]
        bare = replace(
            self, fallback_=DecayedMean(season=self.season).fit(past), floor_=smallest(past), mean_=None
        )
        season = Season.of(past, self.season)
        flat = filled(season.take_out(past))
        if len(flat) < 8 or np.ptp(flat) == 0:
            return bare
        from statsmodels.tsa.forecasting.theta import ThetaModel

        with warnings.catch_warnings():
            # An optimizer that stops early still leaves a smoothing weight; the back-test judges it.
            warnings.simplefilter("ignore")
            try:
                fitted = ThetaModel(flat, period=1, deseasonalize=False, use_test=False).fit(disp=False)
                ahead = np.asarray(fitted.forecast(2), np.float64)
            except (ValueError, np.linalg.LinAlgError):
                return bare
        return replace(
            bare,
            mean_=ahead,
            slope_=float(ahead[1] - ahead[0]),
            season_=season,
            alpha_=float(fitted.params["alpha"]),
            sigma_=rms(np.diff(flat)) / np.sqrt(2.0),
        )

    def predict(self, h: int, X: Floats | None = None, levels: Sequence[int] = ()) -> Forecast:
        if self.fallback_ is None:
            raise ValueError("fit first")
        if self.mean_ is None or self.season_ is None:
            return self.fallback_.predict(h, None, levels)
        line = self.mean_[0] + self.slope_ * np.arange(h)
        sigma = self.season_.widen(self.sigma_ * np.sqrt(1.0 + self.alpha_**2 * np.arange(h)))
        return normal_bands(self.season_.put_back(line), sigma, levels, self.floor_)
