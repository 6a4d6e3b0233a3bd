"""What is known of many series at once, at any moment of their past?"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from engine.forecast.calendar import SEASONS, Dates, Frequency, steps_after
from engine.types import Floats

HALF_LIVES = (4.0, 7.0, 14.0, 28.0, 56.0, 112.0)  # of the levels a learned forecaster sees, in days
BASE = 3  # the place in HALF_LIVES of the level that the others are compared with
YEARS: dict[Frequency, int] = {"day": 364, "week": 52, "month": 12, "quarter": 4}
STEP_DAYS: dict[Frequency, float] = {"day": 1.0, "week": 7.0, "month": 30.4, "quarter": 91.3}


@dataclass(frozen=True, eq=False)
class Panel:
    """`Y` [n, t] on common steps `dates` [t], NaN = unknown; regressors `X` [n, t + ahead, p], which may
    reach into the future; `groups` [n, g] number what each series belongs to (store, brand, category)."""

    Y: Floats
    dates: Dates
    frequency: Frequency = "day"
    X: Floats | None = None
    groups: NDArray[np.int32] = field(default_factory=lambda: np.zeros((0, 0), np.int32))

    def __len__(self) -> int:
        return len(self.Y)

    @property
    def t(self) -> int:
        return int(self.Y.shape[1])

    @property
    def season(self) -> int:
        season = SEASONS[self.frequency]
        # A long season takes three of them: at two, the years that teach it leave no origin to learn from.
        return season if self.t >= (2 * season + 2 if season <= 14 else 3 * season) else 1

    def until(self, t: int) -> Panel:
        """What was known before step `t`; regressors keep their future, as a plan would."""
        return replace(self, Y=self.Y[:, :t], dates=self.dates[:t])

    def rows(self, chosen: NDArray[np.int64]) -> Panel:
        return replace(
            self,
            Y=self.Y[chosen],
            X=None if self.X is None else self.X[chosen],
            groups=self.groups[chosen] if len(self.groups) else self.groups,
        )

    def regressors(self, begin: int, end: int) -> Floats | None:
        """[n, end - begin, p]; NaN past what was given."""
        if self.X is None:
            return None
        n, t, p = self.X.shape
        out = np.full((n, end - begin, p), np.nan)
        lo, hi = max(begin, 0), min(end, t)
        if lo < hi:
            out[:, lo - begin : hi - begin] = self.X[:, lo:hi]
        return out

    def calendar(self, begin: int, end: int) -> Dates:
        """The dates of steps `begin` to `end`, past and coming."""
        if end <= self.t:
            return self.dates[begin:end]
        ahead = steps_after(self.dates, end - self.t, self.frequency)
        return np.concatenate([self.dates[min(begin, self.t) :], ahead])[max(begin - self.t, 0) :]


def scan_levels(Y: Floats, half_lives: tuple[float, ...]) -> NDArray[np.float32]:
    """Decayed mean [k, n, t + 1] of `Y` [n, t] for each half-life; column j knows the steps before j."""
    n, t = Y.shape
    keep = 0.5 ** (1.0 / np.asarray(half_lives))[:, None]
    total, mass = np.zeros((len(half_lives), n)), np.zeros((len(half_lives), n))
    out = np.zeros((len(half_lives), n, t + 1), np.float32)
    for j in range(t):
        known = np.isfinite(Y[:, j])
        total = keep * total + np.where(known, Y[:, j], 0.0)
        mass = keep * mass + known
        out[:, :, j + 1] = total / np.maximum(mass, 1e-9)
    return out


def sales_gaps(Y: Floats) -> NDArray[np.float32]:
    """Steps since the last sale [n, t + 1] as seen before each step; all of them where nothing was sold yet."""
    n, t = Y.shape
    sold = np.nan_to_num(Y) > 0
    last = np.where(sold, np.arange(t)[None, :], -1)
    last = np.maximum.accumulate(last, axis=1) if t else last
    out = np.zeros((n, t + 1), np.float32)
    now = np.arange(1, t + 1)[None, :]
    out[:, 1:] = np.where(last >= 0, now - 1 - last, now)
    return out
