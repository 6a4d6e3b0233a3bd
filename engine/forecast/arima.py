"""What does ARIMA expect, with its order chosen by tests of stationarity and an information criterion?"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from statistics import NormalDist
from typing import Any, Self

import numpy as np

from engine.forecast.decayed import DecayedMean
from engine.forecast.seasonality import Season, filled
from engine.forecast.spread import smallest
from engine.types import Floats, Forecast

Order = tuple[int, int, int]
SHORTEST = 20  # steps on sale below which an ARIMA is not tried


@dataclass(frozen=True, eq=False)
class Arima:
    """ARIMA by maximum likelihood (statsmodels), SARIMAX with regressors; the plain truth for the fast form.

    A season, where its strength is worth it, is taken out before and put back after: plain ARIMA on
    seasonal demand loses to the seasonal naive. `order` None = chosen by `choose_order`. `log` fits log1p,
    for which growth is relative; its forecast is the mean, not the median. Shorter than 20 steps or
    without a solution, the decayed mean answers, and `note_` says so.
    """

    order: Order | None = None
    season: int = 1
    log: bool = False
    memory: int = 730  # steps of history that are used
    exact: int = 3  # how many of the best approximate orders are fitted exactly
    order_: Order = (0, 0, 0)
    note_: str = ""
    result_: Any = None
    season_: Season | None = None
    center_: Floats | None = None
    fallback_: DecayedMean | None = None
    floor_: float | None = 0.0

    def fit(self, y: Floats, X: Floats | None = None) -> Self:
        """`y` [t], NaN allowed; `X` [t, p] without NaN. Raises nothing for a series it cannot fit."""
        past = np.asarray(y, np.float64)[-self.memory :]
        floor = smallest(past)
        fallback = DecayedMean(season=self.season).fit(past)
        bare = replace(self, fallback_=fallback, floor_=floor, order_=(0, 0, 0), result_=None)
        fine = past[np.isfinite(past)]
        if len(fine) < SHORTEST or np.ptp(fine) == 0:
            return replace(bare, note_="too short or constant for ARIMA: decayed mean")
        season = Season.of(past, self.season)
        flat = season.take_out(past)
        if self.log and floor is not None:
            flat = np.log1p(flat)
        exog, center = None, None
        if X is not None and X.shape[1]:
            exog = np.asarray(X, np.float64)[-self.memory :]
            center = exog.mean(axis=0)
            exog = exog - center
        result, order, note = _best_fit(flat, exog, self.order, self.exact)
        if result is None:
            return replace(bare, note_=f"no ARIMA could be fitted ({note}): decayed mean")
        return replace(bare, result_=result, order_=order, note_=note, season_=season, center_=center)

    def predict(self, h: int, X: Floats | None = None, levels: Sequence[int] = ()) -> Forecast:
        """`X` [h, p]: the regressors of the coming steps, wanted when they were fitted."""
        if self.fallback_ is None:
            raise ValueError("fit first")
        if self.result_ is None or self.season_ is None:
            return self.fallback_.predict(h, None, levels)
        exog = None if self.center_ is None or X is None else np.asarray(X, np.float64) - self.center_
        ahead = self.result_.get_forecast(h, exog=exog)
        middle = np.asarray(ahead.predicted_mean, np.float64)
        sigma = np.sqrt(np.maximum(np.asarray(ahead.var_pred_mean, np.float64), 0.0))
        logged = self.log and self.floor_ is not None
        least = -np.inf if self.floor_ is None else self.floor_

        def whole(flat: Floats, season: Season) -> Floats:
            grown = np.expm1(np.minimum(flat, 50.0)) if logged else flat
            return np.maximum(season.put_back(grown), least)

        # E[log-normal] from the one-step variance: the h-step one also holds the level's wandering, which
        # would make every forecast grow with the horizon.
        mean = middle + 0.5 * min(float(sigma[0]) ** 2, 0.5) if logged else middle
        bounds = {level: NormalDist().inv_cdf(0.5 + level / 200.0) * sigma for level in levels}
        return Forecast(
            whole(mean, self.season_),
            {level: whole(middle - wide, self.season_) for level, wide in bounds.items()},
            {level: whole(middle + wide, self.season_) for level, wide in bounds.items()},
        )


def choose_difference(y: Floats) -> int:
    """d of ARIMA(p, d, q): until ADF rejects a unit root and KPSS does not reject stationarity, at 5 %."""
    from statsmodels.tsa.stattools import adfuller, kpss

    x = y
    for d in range(2):
        if len(x) < 12 or np.ptp(x) == 0:
            return d
        with warnings.catch_warnings():
            # KPSS warns when its p-value lies outside its table; the side it lies on is all that is asked.
            warnings.simplefilter("ignore")
            try:
                unit_root = float(adfuller(x, maxlag=min(14, len(x) // 4), autolag="AIC")[1]) > 0.05
                moving = float(kpss(x, regression="c", nlags="auto")[1]) < 0.05
            except (ValueError, np.linalg.LinAlgError):
                return d
        if not unit_root and not moving:
            return d
        x = np.diff(x)
        if not moving:
            return d + 1
    return 1


def approximate_aicc(x: Floats, p_max: int, q_max: int) -> list[tuple[float, int, int]]:
    """(AICc, p, q) by the two regressions of Hannan & Rissanen (1982), best first: no iteration at all.

    A long autoregression gives the innovations; y on its own lags and theirs gives each model's variance.
    """
    n = len(x)
    x = x - x.mean()
    long = min(max(8, int(10 * np.log10(n))), n // 4)
    start = long + max(p_max, q_max)
    if n - start < p_max + q_max + 8:
        return [(0.0, 1, 1), (0.0, 0, 1), (0.0, 1, 0)]
    lags = np.column_stack([x[long - i - 1 : n - i - 1] for i in range(long)])
    noise = np.concatenate([np.zeros(long), x[long:] - lags @ np.linalg.lstsq(lags, x[long:], rcond=None)[0]])
    out = []
    for p, q in product(range(p_max + 1), range(q_max + 1)):
        columns = [x[start - i : n - i] for i in range(1, p + 1)] + [
            noise[start - i : n - i] for i in range(1, q + 1)
        ]
        rest = x[start:]
        if columns:
            Z = np.column_stack(columns)
            rest = rest - Z @ np.linalg.lstsq(Z, rest, rcond=None)[0]
        m, k = len(rest), p + q + 1
        out.append((m * np.log(max(float(np.mean(rest**2)), 1e-12)) + 2 * k * m / (m - k - 1), p, q))
    return sorted(out)


def choose_order(y: Floats, exact: int = 3) -> list[Order]:
    """The `exact` likeliest orders, best first, of `y` [t] without NaN: d by tests, p and q by AICc."""
    d = choose_difference(y)
    x = np.diff(y, n=d) if d else y
    if np.ptp(x) == 0:
        return [(0, d, 0)]
    return [(p, d, q) for _, p, q in approximate_aicc(x, 3, 2)[:exact]]


def _best_fit(flat: Floats, exog: Floats | None, order: Order | None, exact: int) -> tuple[Any, Order, str]:
    """(statsmodels result, its order, what statsmodels warned of); None when no order could be fitted."""
    whole = filled(flat)
    if order is None:
        rest = whole
        if exog is not None:
            # The order is that of the errors of the regression, not of what the regressors explain.
            Z = np.column_stack([np.ones(len(whole)), exog])
            rest = whole - Z @ np.linalg.lstsq(Z, whole, rcond=None)[0]
        orders = choose_order(rest, exact)
    else:
        orders = [order]
    best: tuple[float, Any, Order] | None = None
    notes: list[str] = []
    for each in orders:
        fitted, note = _fit_exactly(flat, exog, each)
        if note and note not in notes:
            notes.append(note)
        if fitted is not None and np.isfinite(fitted.aicc) and (best is None or fitted.aicc < best[0]):
            best = (float(fitted.aicc), fitted, each)
    if best is None:
        return None, (0, 0, 0), "; ".join(notes) or "the likelihood has no finite value"
    return best[1], best[2], "; ".join(notes)


def _fit_exactly(y: Floats, exog: Floats | None, order: Order) -> tuple[Any, str]:
    from statsmodels.tsa.arima.model import ARIMA

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            model = ARIMA(y, exog=exog, order=order, trend="c" if order[1] == 0 else "n")
            fitted = model.fit(method_kwargs={"maxiter": 50})
        except (ValueError, np.linalg.LinAlgError, IndexError) as error:
            return None, f"ARIMA{order}: {error}"
    told = {str(w.message).split("\n")[0] for w in caught if "onverge" in str(w.message)}
    return fitted, f"ARIMA{order}: the likelihood search stopped early" if told else ""
