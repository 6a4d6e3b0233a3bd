"""How are ARIMA, exponential smoothing and Theta fitted fast, when there are many series?"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

import numpy as np

from engine.forecast.decayed import DecayedMean
from engine.forecast.seasonality import Season, filled, from_first_value
from engine.forecast.spread import smallest
from engine.types import Floats, Forecast

Form = Literal["arima", "smoothing", "theta"]
SHORTEST = 12


@dataclass(frozen=True, eq=False)
class Fast:
    """statsforecast's compiled AutoARIMA, ETS and Theta: the fast forms, held to the plain ones by tests.

    The season is taken out first, where its strength is worth it, and put back after. `order` fixes the
    ARIMA's. A series it cannot fit gets the decayed mean.
    """

    form: Form = "theta"
    season: int = 7
    memory: int = 730
    order: tuple[int, int, int] | None = None
    model_: Any = None
    season_: Season | None = None
    fallback_: DecayedMean | None = None
    floor_: float | None = 0.0

    def fit(self, y: Floats, X: Floats | None = None) -> Self:
        past = from_first_value(np.asarray(y, np.float64))[-self.memory :]
        bare = replace(
            self, fallback_=DecayedMean(season=self.season).fit(past), floor_=smallest(past), model_=None
        )
        season = Season.of(past, self.season)
        flat = filled(season.take_out(past))
        if len(flat) < SHORTEST or np.ptp(flat) == 0:
            return bare
        with warnings.catch_warnings():
            # It warns of every early stop of its optimizer, dozens a series; the back-test judges the result.
            warnings.simplefilter("ignore")
            try:
                model = _model(self.form, self.order).fit(np.ascontiguousarray(flat))
            except (ValueError, ZeroDivisionError, np.linalg.LinAlgError, RuntimeError, IndexError):
                return bare
        return replace(bare, model_=model, season_=season)

    def predict(self, h: int, X: Floats | None = None, levels: Sequence[int] = ()) -> Forecast:
        if self.fallback_ is None:
            raise ValueError("fit first")
        if self.model_ is None or self.season_ is None:
            return self.fallback_.predict(h, None, levels)
        told: Mapping[str, Any] = self.model_.predict(h=h, level=list(levels) or None)
        mean = np.asarray(told["mean"], np.float64)
        if not np.isfinite(mean).all():
            return self.fallback_.predict(h, None, levels)
        least = -np.inf if self.floor_ is None else self.floor_

        def whole(flat: Floats, season: Season) -> Floats:
            return np.maximum(season.put_back(np.asarray(flat, np.float64)), least)

        return Forecast(
            whole(mean, self.season_),
            {level: whole(told[f"lo-{level}"], self.season_) for level in levels},
            {level: whole(told[f"hi-{level}"], self.season_) for level in levels},
        )


def _model(form: Form, order: tuple[int, int, int] | None) -> Any:
    from statsforecast import models

    if form == "theta":
        return models.Theta(season_length=1)
    if form == "smoothing":
        return models.AutoETS(season_length=1, model="AZN", damped=True)
    if order is not None:
        return models.ARIMA(order=order, season_length=1, include_mean=order[1] == 0)
    return models.AutoARIMA(season_length=1, max_p=3, max_q=2, approximation=True, allowdrift=False)
