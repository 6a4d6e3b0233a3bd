"""By how much will each item's demand grow, as items in the same position grew before?"""

from __future__ import annotations

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
class Standing:
    """Where every item stood before every day: what a lift is told by, scanned once for all origins.

    `levels` [6, n, t + 1] decayed means of units; `squares` and `gaps` [n, t + 1]; `total` [n, t + 1] units
    sold before each day.
    """

    demand: Demand
    levels: NDArray[np.float32]
    squares: NDArray[np.float32]
    gaps: NDArray[np.float32]
    total: Floats

    @classmethod
    def of(cls, demand: Demand) -> Self:
        Y = np.nan_to_num(demand.dense())
        squares = scan_levels(Y**2, (56.0,))[0]
        total = np.cumsum(np.pad(Y, ((0, 0), (1, 0))), axis=1)
        return cls(demand, scan_levels(Y, HALF_LIVES), squares, sales_gaps(Y), total)

    @property
    def n_days(self) -> int:
        return self.demand.n_days

    def recent(self, o: int) -> Floats:
        """Units a day [n] over the last 28 days before day `o`."""
        return (self.total[:, o] - self.total[:, max(0, o - RECENT)]) / RECENT

    def features(self, o: int) -> NDArray[np.float32]:
        """[n, f] as known before day `o`."""
        recent = self.recent(o)
        base = np.log(self.levels[BASE, :, o] + 0.05)
        columns: list[Floats] = [
            np.log(self.levels[k, :, o] + 0.05) - base for k in range(len(self.levels)) if k != BASE
        ]
        columns += [base, np.log(recent + 0.05) - base]
        columns += [np.sqrt(self.squares[:, o]) / (self.levels[4, :, o] + 0.05), np.log1p(self.gaps[:, o])]
        columns += [np.log1p(np.maximum(o - self.demand.launches.astype(np.float64), 0.0))]
        columns += _year_before(self.total, o)
        day = np.datetime64(self.demand.first_day + o, "D")
        columns += [np.full(len(recent), float((day - day.astype("datetime64[Y]")).astype(int)))]
        return np.stack(columns, axis=1).astype(np.float32)

    def lifts(self, o: int, horizon: int, prior: float) -> Floats:
        """What came after day `o` [n]: (units + prior) / (as many recent units + prior); NaN = sold nothing lately."""
        ahead = self.total[:, o + horizon] - self.total[:, o]
        lift: Floats = (ahead + prior) / (self.recent(o) * horizon + prior)
        lift[self.total[:, o] - self.total[:, max(0, o - 112)] <= 0] = np.nan
        return lift


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

    def fit(self, standing: Standing, *, upto: int | None = None) -> Self:
        """Learn from what was seen before day `upto`; without enough of it `log_lift` answers 0."""
        t = standing.n_days if upto is None else upto
        first = max(2 * RECENT, t - self.horizon - self.memory)
        origins = list(range(t - self.horizon, first, -self.stride))
        if len(origins) < 6 or not len(standing.demand):
            return replace(self, model_=None)
        rng = np.random.default_rng(0)
        most = max(1, MOST_ROWS // len(origins))
        parts: list[tuple[NDArray[np.float32], Floats, Floats]] = []
        for o in origins:
            lift = standing.lifts(o, self.horizon, self.prior)
            rows = np.flatnonzero(np.isfinite(lift))
            if len(rows) > most:
                rows = rng.choice(rows, most, replace=False)
            parts.append((standing.features(o)[rows], standing.recent(o)[rows] * self.horizon, lift[rows]))
        if not sum(len(p[2]) for p in parts):
            return replace(self, model_=None)
        # The newest fifth is held back to see how far off the model is; then it learns from all.
        held = max(1, len(parts) // 5)
        told = self._train(parts[held:])
        table = np.concatenate([p[0] for p in parts[:held]])
        came = np.concatenate([p[2] for p in parts[:held]])
        apart = np.log(came) - np.log(_at_least(told.predict(table, num_threads=1)))
        errors, edges = _error_bands(np.concatenate([p[1] for p in parts[:held]]), apart)
        return replace(self, model_=self._train(parts), errors_=errors, edges_=edges)

    def log_lift(self, standing: Standing, *, at: int | None = None) -> tuple[Floats, Floats]:
        """(log lift, its standard error), both [n], as known before day `at`; (0, 1) where nothing sold lately."""
        t = standing.n_days if at is None else at
        n = len(standing.demand)
        if self.model_ is None or self.errors_ is None or self.edges_ is None or not n:
            return np.zeros(n), np.ones(n)
        lift = np.log(_at_least(self.model_.predict(standing.features(t), num_threads=1)))
        active = standing.recent(t) > 0
        error = self.errors_[np.searchsorted(self.edges_, standing.recent(t) * self.horizon)]
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
