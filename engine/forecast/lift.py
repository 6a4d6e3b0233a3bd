"""By how much will each item's demand grow, as items in the same position grew before?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from engine.forecast.demand import Demand
from engine.forecast.panel import sales_gaps, scan_levels
from engine.types import Floats

HALF_LIVES = (3.5, 7.0, 14.0, 28.0, 56.0, 112.0)
RECENT, YEAR = 28, 364
BASE = 3
LIMIT = 12.0  # a lift is learned as at most this
MOST_ROWS = 130_000
BANDS = 8  # by expected units, in which the error of a lift is measured


@dataclass(frozen=True, eq=False)
class LiftModel:
    """Gradient-boosted trees (LightGBM) over all items: units of the next `horizon` days / those of as many recent.

    Both sides get `prior` units added, so that a single sale of a sleeping item is no boom. Learned from the
    items' own past, one row an item and origin: levels at six half-lives, volatility, the days since the last
    sale and since launch, and what the same weeks did a year ago.
    """

    horizon: int = 7
    prior: float = 5.0
    rounds: int = 120
    stride: int = 7
    memory: int = 420
    model_: Any = None
    errors_: Floats | None = None  # standard error of log lift by band
    edges_: Floats | None = None

    def fit(self, demand: Demand, *, upto: int | None = None) -> Self:
        """Learn from `demand` before day `upto`; without enough of it `log_lift` answers 0."""
        t = demand.n_days if upto is None else upto
        origins = list(range(t - self.horizon, max(2 * RECENT, t - self.horizon - self.memory), -self.stride))
        if len(origins) < 6 or not len(demand):
            return replace(self, model_=None)
        rng = np.random.default_rng(0)
        most = max(1, MOST_ROWS // len(origins))
        parts: list[tuple[NDArray[np.float32], Floats, Floats]] = []
        for features, size, lift in self._past(demand, origins):
            rows = np.flatnonzero(np.isfinite(lift))
            if len(rows) > most:
                rows = rng.choice(rows, most, replace=False)
            parts.append((features[rows], size[rows], lift[rows]))
        # The newest fifth is held back to see how far off the model is; then it learns from all.
        held = max(1, len(parts) // 5)
        told = self._train(parts[held:])
        errors, edges = _error_bands(
            np.concatenate([p[1] for p in parts[:held]]),
            np.concatenate([np.log(p[2]) - np.log(_at_least(told.predict(p[0]))) for p in parts[:held]]),
        )
        return replace(self, model_=self._train(parts), errors_=errors, edges_=edges)

    def log_lift(self, demand: Demand, *, at: int | None = None) -> tuple[Floats, Floats]:
        """(log lift, its standard error), both [n], as known before day `at`; (0, 1) where nothing sold lately."""
        t = demand.n_days if at is None else at
        n = len(demand)
        if self.model_ is None or self.errors_ is None or self.edges_ is None or not n:
            return np.zeros(n), np.ones(n)
        features, size, _ = next(self._past(demand, [t]))
        lift = np.log(_at_least(self.model_.predict(features, num_threads=1)))
        active = size > 0
        error = self.errors_[np.searchsorted(self.edges_, size)]
        return np.where(active, lift, 0.0), np.where(active, error, 1.0)

    def _train(self, parts: list[tuple[NDArray[np.float32], Floats, Floats]]) -> Any:
        import lightgbm

        table = np.concatenate([p[0] for p in parts])
        lift = np.minimum(np.concatenate([p[2] for p in parts]), LIMIT)
        parameters = {
            "objective": "regression",
            "learning_rate": 0.05,
            "num_leaves": 15,
            "min_data_in_leaf": min(100, max(5, len(lift) // 50)),
            "feature_fraction": 0.6,
            "bagging_fraction": 0.7,
            "bagging_freq": 1,
            "lambda_l2": 5.0,
            "max_bin": 127,
            "num_threads": 1,
            "deterministic": True,
            "force_row_wise": True,
            "seed": 1,
            "verbose": -1,
        }
        return lightgbm.train(parameters, lightgbm.Dataset(table, lift), num_boost_round=self.rounds)

    def _past(
        self, demand: Demand, origins: list[int]
    ) -> Iterator[tuple[NDArray[np.float32], Floats, Floats]]:
        """At each origin: features [n, f], recent units [n] per horizon, lift [n] (NaN: unknown or inactive)."""
        t = max(origins)
        Y = np.nan_to_num(demand.until(min(demand.n_days, t + self.horizon)).dense()).astype(np.float32)
        levels = scan_levels(Y, HALF_LIVES)
        squares = scan_levels(Y.astype(np.float64) ** 2, (56.0,))[0]
        gaps = sales_gaps(Y)
        total = np.cumsum(np.pad(Y.astype(np.float64), ((0, 0), (1, 0))), axis=1)
        for o in origins:
            recent = (total[:, o] - total[:, max(0, o - RECENT)]) / RECENT
            size = recent * self.horizon
            base = np.log(levels[BASE, :, o] + 0.05)
            columns: list[Floats] = [
                np.log(levels[k, :, o] + 0.05) - base for k in range(len(levels)) if k != BASE
            ]
            columns += [base, np.log(recent + 0.05) - base]
            columns += [np.sqrt(squares[:, o]) / (levels[4, :, o] + 0.05), np.log1p(gaps[:, o])]
            columns += [np.log1p(np.maximum(o - demand.launches.astype(np.float64), 0.0))]
            columns += _year_before(total, o)
            day = demand.dates[0] + o
            columns += [np.full(len(Y), float((day - day.astype("datetime64[Y]")).astype(int)))]
            end = o + self.horizon
            lift = np.full(len(Y), np.nan)
            if end < total.shape[1]:
                lift = (total[:, end] - total[:, o] + self.prior) / (size + self.prior)
                lift[total[:, o] - total[:, max(0, o - 112)] <= 0] = np.nan
            yield np.stack(columns, axis=1).astype(np.float32), size, lift


def _year_before(total: Floats, o: int) -> list[Floats]:
    """Log ratios of units a year ago: the next week, the weeks around it and the next month over the month before."""
    a, n = o - YEAR, len(total)
    if a < RECENT:
        return [np.full(n, np.nan)] * 4
    then = (total[:, a] - total[:, a - RECENT]) / RECENT + 0.3
    out = []
    for low, high in ((0, 7), (-7, 14), (0, 28)):
        out.append(np.log(((total[:, a + high] - total[:, a + low]) / (high - low) + 0.3) / then))
    now = total[:, o] - total[:, o - RECENT]
    return [*out, np.log((now + 2.0) / (total[:, a] - total[:, a - RECENT] + 2.0))]


def _error_bands(size: Floats, apart: Floats) -> tuple[Floats, Floats]:
    """(standard error by band of size, the bands' inner edges)."""
    edges = np.unique(np.quantile(size, np.linspace(0, 1, BANDS + 1)[1:-1]))
    band = np.searchsorted(edges, size)
    whole = float(np.sqrt(np.mean(apart**2)))
    errors = [
        float(np.sqrt(np.mean(apart[band == b] ** 2))) if (band == b).sum() >= 20 else whole
        for b in range(len(edges) + 1)
    ]
    return np.maximum(errors, 0.02), edges


def _at_least(lift: Any) -> Floats:
    return np.maximum(np.asarray(lift, np.float64), 0.02)
