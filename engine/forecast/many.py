"""What is the forecast of many series, each helped by what the others show?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.forecast.anomaly import find_anomalies
from engine.forecast.backtest import one_step_scale
from engine.forecast.boosted import Boosted
from engine.forecast.calendar import BadSeries, Dates, Frequency
from engine.forecast.choose import COMBINATION, mixture_of
from engine.forecast.conformal import calibrate
from engine.forecast.fast import Fast
from engine.forecast.groups import beside, like_prices, ratios
from engine.forecast.panel import Panel
from engine.forecast.plain import plain_forecasts
from engine.forecast.result import ForecastResult
from engine.forecast.stock import cover_of
from engine.types import Floats, Forecast

Measure = Literal["squares", "percent"]
Progress = Callable[[str], None]
BUSY = (0.25, 0.5, 0.75, 0.95)  # shares of days with a sale that part the clusters
SMALLEST_CLUSTER = 15
FEW = 200  # up to this many series, local methods are tried and the global model may tell series apart
BOOSTED = "boosted"
REFIT = 3  # windows of the back-test that one fit of the global model stands for
ENOUGH = 400  # steps a window below which its few series are taken to err as one
LOCAL: tuple[Literal["theta", "smoothing"], ...] = ("theta", "smoothing")
USUAL: Mapping[Frequency, Boosted] = MappingProxyType(
    {
        "day": Boosted(),
        "week": Boosted(rounds=120, rate=0.08, stride=1, memory=200, smallest_leaf=30),
        "month": Boosted(rounds=120, stride=1, memory=120, smallest_leaf=20),
        "quarter": Boosted(rounds=120, stride=1, memory=60, smallest_leaf=10),
    }
)


@dataclass(frozen=True, eq=False)
class ManyForecasts:
    """Forecasts of a panel: `mean`, and `lower` and `upper` by level, all [n, h] at `dates` [h].

    `clusters` [n] number each series' cluster; `weights` and back-test `errors` (RMSSE; MAPE for "percent")
    are by cluster and method.
    """

    names: tuple[str, ...]
    panel: Panel
    dates: Dates
    mean: Floats
    lower: Mapping[int, Floats]
    upper: Mapping[int, Floats]
    clusters: NDArray[np.int64]
    weights: tuple[Mapping[str, float], ...]
    errors: tuple[Mapping[str, float], ...]
    variances: Floats  # [n] mean squared error of the back-test

    def __len__(self) -> int:
        return len(self.names)

    def result(self, row: int, *, stock: float | None = None) -> ForecastResult:
        """One series as a person reads it."""
        own = Forecast(
            self.mean[row],
            {level: bound[row] for level, bound in self.lower.items()},
            {level: bound[row] for level, bound in self.upper.items()},
        )
        y = self.panel.Y[row]
        known = np.flatnonzero(np.isfinite(y))
        begin = int(known[0]) if len(known) else len(y)
        cluster = int(self.clusters[row])
        parts = sorted(self.weights[cluster].items(), key=lambda each: -each[1])
        return ForecastResult(
            name=self.names[row],
            dates=self.dates,
            mean=own.mean,
            lower=own.lower,
            upper=own.upper,
            method=" + ".join(f"{weight:.2f} {name}" for name, weight in parts),
            errors=self.errors[cluster],
            anomalies=find_anomalies(y[begin:], self.panel.season),
            history=y[begin:],
            history_dates=self.panel.dates[begin:],
            frequency=self.panel.frequency,
            cover=None if stock is None else cover_of(stock, own),
        )


def forecast_many(
    panel: Panel,
    names: Sequence[str],
    *,
    horizon: int = 28,
    gap: int = 0,
    levels: Sequence[int] = (80, 95),
    measure: Measure = "squares",
    windows: int = 6,
    boosted: Boosted | None = None,
    local: bool | None = None,
    progress: Progress | None = None,
) -> ManyForecasts:
    """Back-test simple, local and global forecasters on `panel`, mix them by cluster, calibrate, forecast.

    Series are clustered by how many of their days have a sale. `boosted` sets the global model (None: a
    usual one); `local` says whether Theta and smoothing are fitted one by one (None: for up to 200 series).
    Raises BadSeries when the panel is empty or its regressors do not reach `horizon` steps ahead.
    """
    _check(panel, names, horizon + gap)
    tell: Progress = progress or (lambda _: None)
    shown, usual = made_ready(panel)
    model = replace(boosted or usual, horizon=horizon, gap=gap, loss=measure)
    if len(panel) <= FEW:
        model = replace(model, identity=True)
    alone = len(panel) <= FEW if local is None else local
    clusters = cluster_series(panel.Y)
    origins = _origins(panel, horizon + gap, windows)
    members = [np.flatnonzero(clusters == c) for c in range(int(clusters.max(initial=0)) + 1)]
    actual = np.full((len(origins), len(panel), horizon), np.nan)
    scales = np.ones((len(origins), len(panel)))
    for w, origin in enumerate(origins):
        seen = panel.Y[:, origin + gap : origin + gap + horizon]
        actual[w, :, : seen.shape[1]] = seen
        scales[w] = [one_step_scale(y) for y in panel.Y[:, :origin]]
    tests: list[dict[str, Floats]] = []
    picked: list[tuple[dict[str, float], dict[str, float]]] = []
    # A model stands for REFIT windows: fitted at the oldest of them, so their errors are a little too large,
    # never too small, and many windows cost few fits.
    for begin in range(0, max(len(origins), 1), REFIT):
        part = origins[begin : begin + REFIT]
        fitted = model.fit(shown.until(part[-1])) if part else model
        for k, origin in enumerate(part, begin + 1):
            tell(f"back-test {k} of {len(origins)}")
            # Only the newest windows choose; older ones widen the view of how far the chosen can be off.
            asked = alone and (not picked or any(set(weights) & set(LOCAL) for weights, _ in picked))
            tests.append(methods_at(shown.until(origin), horizon, gap, fitted, asked))
        if not picked:
            picked = [
                choose_weights(
                    [{name: each[rows] for name, each in test.items()} for test in tests],
                    actual[: len(tests), rows],
                    scales[: len(tests), rows],
                    measure,
                )
                for rows in members
            ]
    tell("forecast")
    final = methods_at(shown, horizon, gap, model.fit(shown), alone)
    mean, past = np.zeros((len(panel), horizon)), np.zeros_like(actual)
    for rows, (weights, _) in zip(members, picked, strict=True):
        mean[rows] = mixture_of(weights, {name: final[name][rows] for name in weights})
        for w, test in enumerate(tests):
            past[w, rows] = mixture_of(weights, {name: test[name][rows] for name in weights})
    before = (
        np.stack([_spread(past[w], scales[w]) for w in range(len(tests))]) if tests else np.zeros_like(past)
    )
    spread = _spread(mean, np.array([one_step_scale(y) for y in panel.Y]))
    aims = aim_at(levels, actual, past, before, members)
    lower = {level: np.zeros_like(mean) for level in levels}
    upper = {level: np.zeros_like(mean) for level in levels}
    for rows in members:
        alike = len(tests) if len(rows) * horizon < ENOUGH else 0
        for level in levels:
            aim = (aims[level],)
            drawn = calibrate(actual[:, rows], past[:, rows], before[:, rows], aim, groups=alike).around(
                mean[rows], spread[rows]
            )
            low: Mapping[Any, Floats] = drawn.lower
            high: Mapping[Any, Floats] = drawn.upper
            lower[level][rows], upper[level][rows] = low[aims[level]], high[aims[level]]
    dates = panel.calendar(panel.t + gap, panel.t + gap + horizon)
    weighed, erred = tuple(each for each, _ in picked), tuple(each for _, each in picked)
    apart = np.nanmean((actual - past) ** 2, axis=(0, 2)) if tests else np.full(len(panel), np.nan)
    variances = np.where(np.isfinite(apart), apart, (spread**2).mean(axis=1))
    return ManyForecasts(tuple(names), panel, dates, mean, lower, upper, clusters, weighed, erred, variances)


def aim_at(
    levels: Sequence[int], actual: Floats, past: Floats, spread: Floats, members: Sequence[NDArray[np.int64]]
) -> dict[int, float]:
    """The percent to calibrate at, so that `levels` hold in the next window: what older windows' bands missed
    in newer ones is added (after Gibbs & Candes 2021). All arrays [w, n, h], newest first; bands by cluster.
    """
    aims = {level: float(level) for level in levels}
    for level in levels:
        short = []
        for w in range(len(actual) - 1):
            held = counted = 0.0
            for rows in members:
                older = slice(w + 1, None)
                bands = calibrate(actual[older, rows], past[older, rows], spread[older, rows], (level,))
                drawn = bands.around(past[w, rows], spread[w, rows])
                fine = np.isfinite(actual[w, rows])
                inside = (actual[w, rows] >= drawn.lower[level]) & (actual[w, rows] <= drawn.upper[level])
                held, counted = held + float(inside[fine].sum()), counted + float(fine.sum())
            if counted:
                short.append(level - 100.0 * held / counted)
        if short:
            aims[level] = float(np.clip(level + np.mean(short), level / 2, 100 - (100 - level) / 5))
    return aims


def made_ready(panel: Panel) -> tuple[Panel, Boosted]:
    """The panel as the global model sees it, and that model with what is usual for the panel's step.

    Regressors above 0 become logarithms and are set beside those of the same group; where series are few the
    model may tell them apart.
    """
    usual = USUAL[panel.frequency]
    shown = panel
    if panel.X is not None:
        X = ratios(panel.X)
        usual = replace(usual, alike=X.shape[2] if like_prices(X) else 0, identity=len(panel.groups) > 0)
        shown = replace(panel, X=np.concatenate([X, beside(X, panel.groups)], axis=-1))
    if len(panel) <= FEW:
        numbers = np.arange(len(panel), dtype=np.int32)[:, None]
        groups = np.concatenate([panel.groups, numbers], axis=1) if len(panel.groups) else numbers
        shown = replace(shown, groups=groups)
    return shown, usual


def methods_at(panel: Panel, horizon: int, gap: int, model: Boosted, local: bool) -> dict[str, Floats]:
    """Means [n, horizon] of every method, knowing `panel` only; `model` is fitted."""
    out = plain_forecasts(panel.Y, horizon, panel.season, gap)
    out[BOOSTED] = model.predict(panel)
    if local:
        for name in LOCAL:
            form = Fast(name, season=panel.season)
            told = [form.fit(y).predict(gap + horizon).mean[gap:] for y in panel.Y]
            out[name] = np.stack(told)
    return out


def cluster_series(Y: Floats) -> NDArray[np.int64]:
    """The cluster [n] of each row of `Y` [n, t], by the share of its last year's known days with a sale."""
    recent = Y[:, -364:]
    known = np.isfinite(recent).sum(axis=1)
    busy = np.divide((np.nan_to_num(recent) > 0).sum(axis=1), known, out=np.zeros(len(Y)), where=known > 0)
    cluster = np.searchsorted(np.asarray(BUSY), busy)
    # A cluster too small to learn from joins its next busier one; the last joins the one before.
    for c in range(len(BUSY)):
        if 0 < (cluster == c).sum() < SMALLEST_CLUSTER:
            cluster[cluster == c] = c + 1
    used = np.unique(cluster)
    if len(used) > 1 and (cluster == used[-1]).sum() < SMALLEST_CLUSTER:
        cluster[cluster == used[-1]] = used[-2]
    return np.unique(cluster, return_inverse=True)[1].astype(np.int64)


def choose_weights(
    tests: Sequence[Mapping[str, Floats]], actual: Floats, scales: Floats, measure: Measure
) -> tuple[dict[str, float], dict[str, float]]:
    """(weights by method, back-test errors) of one cluster: `actual` [w, n, h], `scales` [w, n].

    For squares the weights are those that would have been best over all windows, none below 0, drawn to
    equal ones. Their own error is honest: at each window they come from the others. The best method alone
    is taken when it does better; seasonal naive is among them, so it is never beaten by it.
    """
    if not tests:
        return {"decayed mean": 1.0}, {}
    names = list(tests[0])
    told = np.stack([[test[name] for name in names] for test in tests], axis=1)  # [m, w, n, h]
    errors = {name: _error(told[m], actual, scales, measure) for m, name in enumerate(names)}
    best = min(errors, key=lambda name: errors[name])
    if measure == "percent":
        return {best: 1.0}, errors
    mixed = np.zeros_like(actual)
    for w in range(len(tests)):
        others = [v for v in range(len(tests)) if v != w] or [w]
        weight = stacked_weights(told[:, others], actual[others], scales[others])
        mixed[w] = np.tensordot(weight, told[:, w], axes=1)
    errors[COMBINATION] = _error(mixed, actual, scales, measure)
    if errors[best] < errors[COMBINATION]:
        return {best: 1.0}, errors
    weight = stacked_weights(told, actual, scales)
    return {name: float(v) for name, v in zip(names, weight, strict=True) if v > 0.005}, errors


def stacked_weights(told: Floats, actual: Floats, scales: Floats, ridge: float = 0.02) -> Floats:
    """Weights [m] >= 0, sum 1, with the least scaled squared error of sum_m w_m told[m] (Breiman 1996).

    `told` [m, w, n, h]. `ridge` draws them to equal weights, as a share of the errors' own size.
    """
    from scipy.optimize import nnls

    m = len(told)
    root = 1.0 / np.sqrt(np.maximum(scales, 1e-12))[None, :, :, None]
    apart = ((told - actual[None]) * root).reshape(m, -1)
    apart = apart[:, np.isfinite(apart).all(axis=0)]
    if not apart.shape[1]:
        return np.full(m, 1.0 / m)
    gram = apart @ apart.T / apart.shape[1]
    gram += ridge * np.trace(gram) / m * (np.eye(m))
    # min w'Gw with sum w = 1 and w >= 0, as least squares: the sum is one heavy row.
    factor = np.linalg.cholesky(gram).T
    heavy = 1e3 * float(np.sqrt(np.trace(gram)))
    weight, _ = nnls(np.vstack([factor, np.full(m, heavy)]), np.append(np.zeros(m), heavy))
    weight = np.where(weight > 0.02 * weight.sum(), weight, 0.0)
    out: Floats = weight / weight.sum()
    return out


def _error(told: Floats, actual: Floats, scales: Floats, measure: Measure) -> float:
    if measure == "percent":
        fine = np.isfinite(actual) & (actual != 0)
        return float(np.mean(np.abs(told - actual)[fine] / np.abs(actual[fine]))) if fine.any() else 0.0
    square = (told - actual) ** 2
    fine = np.isfinite(square)
    days = fine.sum(axis=2)
    mean = np.divide(
        np.where(fine, square, 0.0).sum(axis=2), days, out=np.full(days.shape, np.nan), where=days > 0
    )
    return float(np.nanmean(np.sqrt(mean / scales))) if (days > 0).any() else 0.0


def _spread(mean: Floats, scale: Floats) -> Floats:
    """What errors are proportional to [n, h]: the one-step scale, and more on days of more demand."""
    level = np.maximum(mean.mean(axis=1, keepdims=True), 1e-9)
    root = np.sqrt(np.maximum(scale, 1e-12))[:, None]
    out: Floats = root * np.sqrt((np.maximum(mean, 0.0) + 0.1 * level) / (1.1 * level))
    return out


def _origins(panel: Panel, horizon: int, windows: int) -> list[int]:
    """Newest first, one horizon apart, each with two seasons and two horizons known before it."""
    shortest = max(2 * panel.season + 2, 2 * horizon, 10)
    return [o for o in (panel.t - horizon * k for k in range(1, windows + 1)) if o >= shortest]


def _check(panel: Panel, names: Sequence[str], reach: int) -> None:
    if not len(panel) or not panel.t:
        raise BadSeries("there is no series to forecast; ingest demand first")
    if len(names) != len(panel):
        raise BadSeries(f"{len(names)} names came with {len(panel)} series; give one for each")
    if panel.X is not None and panel.X.shape[1] < panel.t + reach:
        raise BadSeries(
            f"the regressors end {panel.X.shape[1] - panel.t} steps ahead and {reach} are wanted; "
            "shorten the horizon or add them"
        )
