"""How well would each forecaster have done, at moments that are past?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.types import Floats, Forecaster

TINY = 1e-12


@dataclass(frozen=True, eq=False)
class Backtest:
    """What each of `names` [m] said at each of `origins` [w], and what came.

    `predicted` [m, w, h], `actual` [w, h] (NaN = not on sale then), `scales` [w]: the mean squared
    one-step change before each origin, by which errors of different series and times compare (M5's RMSSE).
    """

    names: tuple[str, ...]
    origins: tuple[int, ...]
    predicted: Floats
    actual: Floats
    scales: Floats

    @property
    def squares(self) -> Floats:
        """Scaled mean squared error [m, w]; NaN for a window without a known day."""
        apart = (self.predicted - self.actual[None]) ** 2
        known = np.isfinite(apart)
        days = known.sum(axis=2)
        total = np.where(known, apart, 0.0).sum(axis=2)
        mean: Floats = np.divide(total, days, out=np.full(total.shape, np.nan), where=days > 0)
        return mean / self.scales[None]

    def errors(self) -> dict[str, float]:
        """RMSSE of each over all windows; empty when there is no window."""
        squares = self.squares
        fine = np.isfinite(squares).all(axis=0)
        if not fine.any():
            return {}
        return {name: float(np.sqrt(row[fine].mean())) for name, row in zip(self.names, squares, strict=True)}


def rolling_origins(t: int, horizon: int, shortest: int, most: int = 4) -> tuple[int, ...]:
    """At most `most` origins, newest first, one `horizon` apart, each with `shortest` steps before it."""
    return tuple(
        origin for origin in (t - horizon * k for k in range(1, most + 1)) if origin >= max(shortest, 2)
    )


def one_step_scale(y: Floats) -> float:
    """Mean squared one-step change of `y` after its first value above 0: the denominator of RMSSE."""
    sold = np.flatnonzero(np.nan_to_num(y) != 0)
    change = np.diff(y[sold[0] :]) if len(sold) else np.zeros(0)
    change = change[np.isfinite(change)]
    return max(float(np.mean(change**2)), TINY) if len(change) else 1.0


def back_test(
    forecasters: Mapping[str, Forecaster],
    y: Floats,
    X: Floats | None,
    horizon: int,
    origins: Sequence[int],
) -> Backtest:
    """Fit every forecaster on `y` before each origin, and let it predict the `horizon` steps after it."""
    predicted = np.zeros((len(forecasters), len(origins), horizon))
    actual = np.zeros((len(origins), horizon))
    scales = np.ones(len(origins))
    for w, origin in enumerate(origins):
        past, future = y[:origin], y[origin : origin + horizon]
        before = None if X is None else X[:origin]
        after = None if X is None else X[origin : origin + horizon]
        actual[w], scales[w] = future, one_step_scale(past)
        for m, forecaster in enumerate(forecasters.values()):
            predicted[m, w] = forecaster.fit(past, before).predict(horizon, after).mean
    return Backtest(tuple(forecasters), tuple(origins), predicted, actual, scales)
