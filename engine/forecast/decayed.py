"""What is the recent mean, when older days count less and weekdays differ?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from engine.forecast.spread import normal_bands, smallest
from engine.types import Floats, Forecast


def decayed_means(Y: Floats, half_life: float) -> Floats:
    """Weighted mean [n] of each row of `Y` [n, t]; weight halves every `half_life` days; NaN is skipped."""
    weight = 0.5 ** (np.arange(Y.shape[1])[::-1] / half_life)
    known = np.isfinite(Y)
    total = np.where(known, Y, 0.0) @ weight
    mass = known @ weight
    return np.divide(total, mass, out=np.zeros(len(Y)), where=mass > 0)


def weekday_shares(Y: Floats, season: int, prior: float = 8.0, cycles: int = 52) -> Floats:
    """How each phase stands to the mean [n, season], the last column that of the last day; mean 1.

    From the last `cycles` cycles, shrunk to the shape of all rows together by `prior` units a phase: a
    thin series borrows the shop's week.
    """
    recent = Y[:, -min(Y.shape[1], cycles * season) :]
    pad = -recent.shape[1] % season
    if pad:
        recent = np.concatenate([np.full((len(Y), pad), np.nan), recent], axis=1)
    cube = recent.reshape(len(Y), -1, season)
    known = np.isfinite(cube)
    units = np.where(known, cube, 0.0).sum(axis=1)
    days = known.sum(axis=1)
    rate = np.divide(units.sum(axis=1), days.sum(axis=1), out=np.zeros(len(Y)), where=days.sum(axis=1) > 0)
    expected = rate[:, None] * days
    whole = np.divide(
        units.sum(axis=0), expected.sum(axis=0), out=np.ones(season), where=expected.sum(axis=0) > 0
    )
    mass = expected + prior
    share = np.divide(units + prior * whole, mass, out=np.ones_like(units), where=mass > 0)
    mean = share.mean(axis=1, keepdims=True)
    shape: Floats = np.divide(share, mean, out=np.ones_like(share), where=mean > 0)
    return shape


@dataclass(frozen=True, eq=False)
class DecayedMean:
    """A level that forgets, with `half_life` in steps, times the shape of the week when `season` > 1."""

    half_life: float = 14.0
    season: int = 1
    level_: float = 0.0
    shape_: Floats | None = None
    sigma_: float = 0.0
    floor_: float | None = 0.0

    def fit(self, y: Floats, X: Floats | None = None) -> Self:
        Y = np.asarray(y, np.float64)[None, :]
        floor = smallest(Y)
        seasonal = self.season > 1 and Y.shape[1] >= 2 * self.season and floor is not None
        shape = weekday_shares(Y, self.season)[0] if seasonal else np.ones(max(1, self.season))
        flat = Y / np.maximum(np.resize(shape[::-1], Y.shape[1])[::-1], 1e-9)
        level = float(decayed_means(flat, self.half_life)[0])
        fitted = np.resize(shape[::-1], Y.shape[1])[::-1] * level
        recent = (Y[0] - fitted)[-90:]
        seen = recent[np.isfinite(recent)]
        sigma = float(np.sqrt(np.mean(seen**2))) if len(seen) else 0.0
        return replace(self, level_=level, shape_=shape, sigma_=sigma, floor_=floor)

    def predict(self, h: int, X: Floats | None = None, levels: Sequence[int] = ()) -> Forecast:
        if self.shape_ is None:
            raise ValueError("fit first")
        return normal_bands(self.level_ * np.resize(self.shape_, h), self.sigma_, levels, self.floor_)
