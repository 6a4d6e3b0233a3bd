"""What does exponential smoothing expect, with its form chosen by AICc?"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from engine.forecast.decayed import DecayedMean
from engine.forecast.seasonality import Season, filled, from_first_value
from engine.forecast.spread import normal_bands, smallest
from engine.types import Floats, Forecast


@dataclass(frozen=True, eq=False)
class Smoothing:
    """Exponential smoothing (statsmodels ETS, additive errors), the plain form.

    The season is taken out first; then no trend or a damped one, by the smaller AICc (Hyndman et al.
    2002). A series too short for either gets the decayed mean.
    """

    season: int = 7
    memory: int = 730
    form_: str = ""
    result_: Any = None
    season_: Season | None = None
    fallback_: DecayedMean | None = None
    floor_: float | None = 0.0

    def fit(self, y: Floats, X: Floats | None = None) -> Self:
        past = from_first_value(np.asarray(y, np.float64))[-self.memory :]
        bare = replace(
            self, fallback_=DecayedMean(season=self.season).fit(past), floor_=smallest(past), result_=None
        )
        season = Season.of(past, self.season)
        flat = filled(season.take_out(past))
        if len(flat) < 12 or np.ptp(flat) == 0:
            return replace(bare, form_="decayed mean")
        best: tuple[float, str, Any] | None = None
        for trend in (False, True):
            fitted = _fit_form(flat, trend)
            if fitted is not None and np.isfinite(fitted.aicc) and (best is None or fitted.aicc < best[0]):
                best = (float(fitted.aicc), "AAdN" if trend else "ANN", fitted)
        if best is None:
            return replace(bare, form_="decayed mean")
        return replace(bare, form_=best[1], result_=best[2], season_=season)

    def predict(self, h: int, X: Floats | None = None, levels: Sequence[int] = ()) -> Forecast:
        if self.fallback_ is None:
            raise ValueError("fit first")
        if self.result_ is None or self.season_ is None:
            return self.fallback_.predict(h, None, levels)
        level = np.asarray(self.result_.forecast(h), np.float64)
        alpha = float(self.result_.smoothing_level)
        # The variance of ETS(A,N,N), FPP3 table 8.8: a lower bound for the other form; calibrated later.
        sigma = float(np.sqrt(self.result_.mse)) * np.sqrt(1.0 + alpha**2 * np.arange(h))
        return normal_bands(self.season_.put_back(level), self.season_.widen(sigma), levels, self.floor_)


def _fit_form(y: Floats, trend: bool) -> Any:
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    with warnings.catch_warnings():
        # An early stop of the optimizer shows in the AICc that the forms are compared by.
        warnings.simplefilter("ignore")
        try:
            model = ETSModel(y, error="add", trend="add" if trend else None, damped_trend=trend)
            return model.fit(disp=False, maxiter=200)
        except (ValueError, np.linalg.LinAlgError):
            return None
