"""By how much will demand for each item grow?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.forecast.arima import Arima
from engine.forecast.decayed import decayed_means
from engine.forecast.demand import DAY, Demand
from engine.forecast.lift import LiftModel, Standing
from engine.types import Floats
from indexes.trend import TrendIndex

RECENT = 28  # days that a lift compares with
HALF_LIFE = 7.0  # of the popularity that ranks; the trend study chose it
FORECAST_HALF_LIFE = 14.0  # of the level that a thin series is expected to keep
CATEGORY_FITS, ITEM_FITS = 16, 24  # the most ARIMA fits of one build: about ten seconds
MEMORY = 400  # days of history an ARIMA here sees: a year and a month
LEARNED_DAYS, LEARNED_ITEMS, LEARNED_UNITS = 140, 100, 10  # from here on the learned lift is the better one
SOON = 7  # days of the lift that risers are found by
WIDEST = np.log(8.0)  # no lift beyond 8x or below 1/8: a launch is not a law


def fit_trend(
    demand: Demand,
    categories: ArrayLike | None = None,
    *,
    n_categories: int | None = None,
    now: float | None = None,
    horizon: int = 28,
    season: int = 7,
    category_fits: int = CATEGORY_FITS,
    item_fits: int = ITEM_FITS,
    learned: bool | None = None,
) -> TrendIndex:
    """A lift per item from daily `demand` by item row: forecast mean of `horizon` days / mean of the last 28.

    With `learned` (None: where there is enough to learn from) one model of all items says it, for `horizon`
    and for the next 7 days. Otherwise ARIMA forecasts the best sellers, every other item keeps its decayed
    mean, and all are shrunk to their category's lift by how thin they are (empirical Bayes: both variances
    come from the data). Categories are always forecast by ARIMA, the `category_fits` largest of them.
    `categories` [n] numbers each item's category, -1 = none.
    """
    n = len(demand)
    group = np.full(n, -1, np.int32) if categories is None else np.asarray(categories, np.int32)
    m = n_categories if n_categories is not None else int(group.max(initial=-1)) + 1
    when = now if now is not None else (demand.first_day + demand.n_days) * DAY
    if not n or not demand.n_days:
        return _flat(n, group, m, horizon, when)
    last = demand.until(demand.n_days)
    width = min(last.n_days, 8 * RECENT)
    window = _window(last, width)
    popularity = decayed_means(window, HALF_LIFE)
    own, noise = own_log_lift(window, dispersion=overdispersion(window))
    totals = last.totals(90)
    by_category = last.rollup(group, m) if m else None
    category_log, category_se = np.zeros(m), np.ones(m)
    category_popularity = np.zeros(m)
    if by_category is not None:
        recent = _window(by_category, width)
        category_popularity = decayed_means(recent, HALF_LIFE)
        category_log, variance = own_log_lift(recent, dispersion=overdispersion(recent))
        category_se = np.sqrt(variance)
        for row in np.argsort(-by_category.totals(90), kind="stable")[:category_fits]:
            category_log[row], category_se[row] = arima_log_lift(
                by_category.series(int(row)), horizon, season
            )
    if learned is None:
        learned = last.n_days >= LEARNED_DAYS and int((totals >= LEARNED_UNITS).sum()) >= LEARNED_ITEMS
    soon: dict[str, NDArray[np.float32]] = {}
    if learned:
        standing = Standing.of(last)
        log_lift, error = LiftModel(horizon=horizon).fit(standing).log_lift(standing)
        next_week, doubt = LiftModel(horizon=SOON).fit(standing).log_lift(standing)
        soon = {
            "soon": np.exp(next_week).astype(np.float32),
            "soon_uncertainty": doubt.astype(np.float32),
        }
    else:
        for row in np.argsort(-totals, kind="stable")[:item_fits]:
            if totals[row] >= RECENT:
                own[row], spread = arima_log_lift(last.series(int(row)), horizon, season)
                noise[row] = spread**2
        prior = np.where(group >= 0, category_log[np.maximum(group, 0)] if m else 0.0, 0.0)
        prior_noise = np.where(group >= 0, category_se[np.maximum(group, 0)] ** 2 if m else 0.0, 0.0)
        log_lift, error = shrink(own, noise, prior, prior_noise)
    return TrendIndex(
        lift=np.exp(log_lift).astype(np.float32),
        uncertainty=error.astype(np.float32),
        popularity=popularity.astype(np.float32),
        strength=popularity.astype(np.float32),
        categories=group,
        category_lift=np.exp(category_log).astype(np.float32),
        category_uncertainty=category_se.astype(np.float32),
        category_popularity=category_popularity.astype(np.float32),
        horizon=horizon,
        now=float(when),
        **soon,
    )


def own_log_lift(Y: Floats, dispersion: float) -> tuple[Floats, Floats]:
    """(log lift, its variance) of rows `Y` [n, t] by counting alone: decayed mean / mean of the last 28 days.

    Half a unit is added to both, so that nothing is infinite. The variance is that of a log ratio of
    overdispersed Poisson counts: dispersion / units seen, and again for the units to come.
    """
    recent = Y[:, -RECENT:]
    days = np.isfinite(recent).sum(axis=1)
    units = np.nansum(recent, axis=1)
    mean = np.divide(units, days, out=np.zeros(len(Y)), where=days > 0)
    level = decayed_means(Y, FORECAST_HALF_LIFE)
    half = 0.5 / RECENT
    log_lift = np.clip(np.log((level + half) / (mean + half)), -WIDEST, WIDEST)
    return log_lift, 2.0 * dispersion / (units + 0.5)


def overdispersion(Y: Floats) -> float:
    """Var / mean of daily units, the median over rows `Y` [n, t] with at least a sale a week; 1 = Poisson."""
    known = np.isfinite(Y)
    days = known.sum(axis=1)
    fine = days >= RECENT
    total = np.where(known, Y, 0.0).sum(axis=1)
    fine &= total >= days / 7.0
    if not fine.any():
        return 1.0
    mean = total[fine] / days[fine]
    square = np.where(known, (np.nan_to_num(Y)) ** 2, 0.0).sum(axis=1)[fine] / days[fine]
    return float(max(1.0, np.median((square - mean**2) / mean)))


def arima_log_lift(y: Floats, horizon: int, season: int) -> tuple[float, float]:
    """(log lift, its standard error) of one series by ARIMA on log1p of its season-adjusted days."""
    past = y[-MEMORY:]
    recent = past[-RECENT:]
    recent = recent[np.isfinite(recent)]
    base = float(recent.mean()) if len(recent) else 0.0
    if base <= 0.0:
        return 0.0, 1.0
    forecast = Arima(season=season, log=True, exact=1).fit(past).predict(horizon, levels=(80,))
    ahead = max(float(forecast.mean.mean()), 1e-9)
    # Half of an 80 % interval is 1.28 sigma. Days err together as far as the level wanders (sigma grows with
    # the horizon) and apart as far as they are noise, which averages out.
    half = (np.log1p(forecast.upper[80]) - np.log1p(forecast.lower[80])) / 2.5631
    wander = max(float(half[-1] ** 2 - half[0] ** 2), 0.0) / 3.0
    error = float(np.sqrt(wander + half[0] ** 2 / horizon + half[0] ** 2 / max(len(recent), 1)))
    return float(np.clip(np.log(ahead / base), -WIDEST, WIDEST)), max(error, 0.02)


def shrink(own: Floats, noise: Floats, prior: Floats, prior_noise: Floats) -> tuple[Floats, Floats]:
    """(mean, standard error) of log lifts [n] drawn to `prior` [n] by their `noise` variances [n].

    Normal-normal empirical Bayes (Efron & Morris 1975): how far true lifts stand from their category's is
    what the observed spread leaves over after the noise, by moments, over the less noisy half.
    """
    clear = noise <= np.median(noise)
    between = float(np.mean((own - prior)[clear] ** 2 - noise[clear])) if clear.any() else 0.0
    between = max(between, 0.01)
    spread = between + prior_noise
    weight = spread / (spread + noise)
    return prior + weight * (own - prior), np.sqrt(spread * noise / (spread + noise))


def _window(demand: Demand, width: int) -> Floats:
    """The last `width` days [n, width] of every series."""
    start = demand.n_days - width
    out: Floats = demand.counts[:, start:].toarray()
    if demand.closed is not None:
        out[(demand.closed[:, start:].toarray() > 0) & (out == 0)] = np.nan
    out[np.arange(start, demand.n_days)[None, :] < demand.launches[:, None]] = np.nan
    return out


def _flat(n: int, group: NDArray[np.int32], m: int, horizon: int, now: float) -> TrendIndex:
    ones, zeros = np.ones(n, np.float32), np.zeros(n, np.float32)
    more, none = np.ones(m, np.float32), np.zeros(m, np.float32)
    return TrendIndex(
        ones, ones.copy(), zeros, zeros.copy(), group, more, more.copy(), none, horizon, float(now)
    )
