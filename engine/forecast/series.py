"""What is the forecast of one series, by whatever back-tests best on it?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from engine.forecast.anomaly import find_anomalies
from engine.forecast.arima import Arima
from engine.forecast.backtest import Backtest, back_test, rolling_origins
from engine.forecast.calendar import BadSeries, Frequency, Steps, future_regressors, on_steps
from engine.forecast.choose import BASELINE, Choice, choose, mixture_of
from engine.forecast.conformal import Bands, calibrate, spread_of
from engine.forecast.croston import Intermittent
from engine.forecast.decayed import DecayedMean
from engine.forecast.fast import Fast
from engine.forecast.naive import SeasonalNaive
from engine.forecast.result import ForecastResult
from engine.forecast.seasonality import from_first_value
from engine.forecast.spread import smallest
from engine.forecast.stock import cover_of
from engine.types import Floats, Forecast, Forecaster

SLOW = (
    4.0 / 3.0
)  # mean steps between sales from which a series is intermittent (Syntetos & Boylan 2005: 1.32)
LONGEST = 3650
WINDOWS = 4
DECAYED = "decayed mean"


@dataclass(frozen=True, eq=False)
class Fitted:
    """A series forecast but not yet shown: means of each method, the choice among them, and the bands."""

    steps: Steps
    choice: Choice
    test: Backtest
    forecast: Forecast


def forecast_series(
    y: ArrayLike,
    dates: ArrayLike | None = None,
    X: ArrayLike | None = None,
    X_future: ArrayLike | None = None,
    horizon: int = 28,
    levels: Sequence[int] = (80, 95),
    frequency: Frequency | None = None,
    *,
    name: str = "",
    now: float | None = None,
    stock: float | None = None,
    quick: bool = False,
) -> ForecastResult:
    """Forecast `horizon` steps after the last of `dates` [t] (days up to yesterday when None) from `y` [t].

    Regressors `X` [t, p] need their values `X_future` [horizon, p]. `levels` are percents. `stock` on hand
    adds days of cover and the chance to run out. `quick` leaves out what takes more than milliseconds
    (ARIMA). Raises BadSeries, one sentence with its remedy, when nothing can be forecast.
    """
    if not 1 <= horizon <= LONGEST:
        raise BadSeries(f"a horizon of {horizon} steps is out of reach; ask for 1 to {LONGEST}")
    if any(not 0 < level < 100 for level in levels):
        raise BadSeries(f"levels are percents between 0 and 100, such as 80 and 95; {list(levels)} came")
    if dates is None:
        count = len(np.asarray(y))
        today = np.datetime64("today", "D") if now is None else np.datetime64(int(now // 86_400), "D")
        dates = today - count + np.arange(count)
    steps = on_steps(y, dates, X, frequency=frequency, now=now)
    ahead = future_regressors(steps.X, X_future, horizon)
    fitted = fit_steps(steps, ahead, horizon, levels, quick=quick)
    return show(fitted, name, stock)


def fit_steps(
    steps: Steps, ahead: Floats | None, horizon: int, levels: Sequence[int], *, quick: bool = False
) -> Fitted:
    """Back-test, choose, forecast and calibrate one series on regular steps."""
    y = steps.y
    X = steps.X
    begin = len(y) - len(from_first_value(y))
    y, X = y[begin:], None if X is None else X[begin:]
    steps = replace(steps, y=y, X=X, dates=steps.dates[begin:])
    forecasters = candidates(y, steps.season, with_regressors=X is not None, quick=quick)
    origins = rolling_origins(len(y), horizon, max(2 * steps.season, min(2 * horizon, 40), 8), WINDOWS)
    test = back_test(forecasters, y, X, horizon, origins)
    fallback = DECAYED if DECAYED in forecasters else next(iter(forecasters))
    choice = choose(test, fallback=fallback)
    fitted = {name: forecasters[name].fit(y, X) for name in choice.weights}
    own = {name: each.predict(horizon, ahead, levels) for name, each in fitted.items()}
    mean = mixture_of(choice.weights, {name: each.mean for name, each in own.items()})
    floor = smallest(y)
    bands, spread, note = _calibrated(choice, test, mean, y, levels, floor)
    if bands is not None:
        forecast = bands.around(mean, spread, floor)
    else:
        first = own[max(choice.weights, key=lambda each: choice.weights[each])]
        forecast = Forecast(mean, first.lower, first.upper)
    notes = (*steps.notes, *([note] if note else []), *_told(fitted.values()))
    return Fitted(replace(steps, notes=notes), choice, test, forecast)


def candidates(
    y: Floats, season: int, *, with_regressors: bool = False, quick: bool = False
) -> dict[str, Forecaster]:
    """The forecasters worth trying on `y`, by name; slow sellers get those made for many zeros."""
    found: dict[str, Forecaster] = {
        BASELINE: SeasonalNaive(season),
        DECAYED: DecayedMean(14.0, season=season),
        "slowly decayed mean": DecayedMean(42.0, season=season),
    }
    seen = y[np.isfinite(y)]
    if len(seen) < 12:
        return found
    sold = int((seen != 0).sum())
    if seen.min() >= 0 and sold and len(seen) / sold > SLOW:
        found |= {"tsb": Intermittent("tsb"), "sba": Intermittent("sba"), "adida": Intermittent("adida")}
        if not with_regressors:
            return found
    elif not quick:
        found["smoothing"] = Fast("smoothing", season=season)
        found["theta"] = Fast("theta", season=season)
    if not quick:
        found["arima"] = Arima(season=season, exact=1)
    return found


def show(fitted: Fitted, name: str, stock: float | None = None) -> ForecastResult:
    """The result a person reads: dates, bands, anomalies, what was tried; with `stock`, how long it lasts."""
    steps, forecast = fitted.steps, fitted.forecast
    return ForecastResult(
        name=name,
        dates=steps.ahead(len(forecast.mean)),
        mean=forecast.mean,
        lower=forecast.lower,
        upper=forecast.upper,
        method=fitted.choice.method,
        errors=fitted.choice.errors,
        anomalies=find_anomalies(steps.y, steps.season),
        history=steps.y,
        history_dates=steps.dates,
        frequency=steps.frequency,
        notes=steps.notes,
        cover=None if stock is None else cover_of(stock, forecast),
    )


def _calibrated(
    choice: Choice, test: Backtest, mean: Floats, y: Floats, levels: Sequence[int], floor: float | None
) -> tuple[Bands | None, Floats, str]:
    """(bands, the spread they count in, a note), from the mixture's own back-test errors if there are any."""
    level = float(np.nanmean(np.abs(y[-90:]))) if np.isfinite(y[-90:]).any() else 0.0
    spread = spread_of(mean, level) if floor is not None else np.ones(len(mean))
    if not test.origins or not choice.errors:
        return None, spread, "too short for a back-test: the bounds are the method's own and not calibrated"
    means = dict(zip(test.names, test.predicted, strict=True))
    past = mixture_of(choice.weights, means)
    past_spread = spread_of(past, level) if floor is not None else np.ones_like(past)
    return (
        calibrate(test.actual, past, past_spread, levels, floor=floor, groups=len(test.origins)),
        spread,
        "",
    )


def _told(fitted: Iterable[Forecaster]) -> list[str]:
    return [each.note_ for each in fitted if isinstance(each, Arima) and each.note_]
