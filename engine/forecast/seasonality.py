"""What repeats in a series, and how strongly?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from engine.types import Floats

SHUT = 0.05  # a phase with less than this share of the mean is one in which the shop is shut
CYCLES = 26  # a season is learned from this many latest cycles: half a year of weeks
SEASONAL_FROM = (
    0.3  # strength above which a season is taken out (Hyndman & Athanasopoulos, FPP3 4.3, scale 0..1)
)


def trend_line(y: Floats, season: int) -> Floats:
    """Centred moving average [t] over one `season`, NaN-aware; the ends use what is there."""
    known = np.isfinite(y)
    kernel = np.ones(season if season % 2 else season + 1)
    if season % 2 == 0:
        kernel[0] = kernel[-1] = 0.5
    total = np.convolve(np.where(known, y, 0.0), kernel, mode="same")[: len(y)]
    count = np.convolve(known.astype(np.float64), kernel, mode="same")[: len(y)]
    line: Floats = np.divide(total, count, out=np.full(len(y), np.nan), where=count > 0)
    return line


def seasonal_pattern(y: Floats, season: int, cycles: int = CYCLES) -> Floats:
    """Additive season [season], sum 0; place 0 is the phase of y[0]. From the last `cycles` cycles."""
    recent = max(0, len(y) - cycles * season)
    if len(y) - recent < 2 * season:
        return np.zeros(season)
    # The moving average at the very ends leans on the season itself, so half a season is left out there.
    half = season // 2
    apart = y - trend_line(y, season)
    pattern = np.zeros(season)
    inner = np.arange(max(recent, half), len(y) - half)
    for phase in range(season):
        seen = apart[inner[inner % season == phase]]
        seen = seen[np.isfinite(seen)]
        pattern[phase] = seen.mean() if len(seen) else 0.0
    pattern -= pattern.mean()
    return pattern


def seasonal_strength(y: Floats, season: int) -> float:
    """F_s = max(0, 1 - Var(remainder) / Var(season + remainder)): FPP3, section 4.3. 0 when too short."""
    if season < 2 or len(y) < 3 * season:
        return 0.0
    recent = y[-CYCLES * season :]
    apart = recent - trend_line(recent, season)
    rest = apart - np.resize(seasonal_pattern(recent, season), len(recent))
    fine = np.isfinite(apart)
    if fine.sum() < 2 * season:
        return 0.0
    whole = float(np.var(apart[fine]))
    return max(0.0, 1.0 - float(np.var(rest[fine])) / whole) if whole > 0 else 0.0


def filled(y: Floats, season: int = 1) -> Floats:
    """`y` [t] without NaN: each gap takes the mean of its neighbours one season away, then of the series."""
    out = y.copy()
    gaps = np.flatnonzero(~np.isfinite(out))
    if not len(gaps):
        return out
    fine = np.isfinite(y)
    level = float(y[fine].mean()) if fine.any() else 0.0
    for at in gaps:
        near = [y[i] for step in (1, 2) for i in (at - step * season, at + step * season) if 0 <= i < len(y)]
        near = [v for v in near if np.isfinite(v)]
        out[at] = float(np.mean(near)) if near else level
    return out


def from_first_value(y: Floats) -> Floats:
    """`y` from its first day on sale: the leading NaNs cut off."""
    known = np.flatnonzero(np.isfinite(y))
    return y[known[0] :] if len(known) else y[:0]


def season_shares(Y: Floats, season: int, prior: float = 8.0, cycles: int = 52) -> Floats:
    """How each phase stands to the mean [n, season], the first column that of the step to come; mean 1.

    From the last `cycles` cycles of `Y` [n, t], shrunk to the shape of all rows together by `prior` units
    a phase: a thin series borrows the shop's week. A phase never seen has share 1.
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
    total = expected.sum(axis=0)
    whole = np.divide(units.sum(axis=0), total, out=np.ones(season), where=total > 0)
    mass = expected + prior
    share = np.divide(units + prior * whole, mass, out=np.ones_like(units), where=mass > 0)
    mean = share.mean(axis=1, keepdims=True)
    shape: Floats = np.divide(share, mean, out=np.ones_like(share), where=mean > 0)
    return shape


def over_past(ahead: Floats, t: int) -> Floats:
    """A shape [.., season] that starts at the step to come, laid over the `t` steps before it [.., t]."""
    season = ahead.shape[-1]
    return ahead[..., (np.arange(t) - t) % season]


@dataclass(frozen=True, eq=False)
class Season:
    """A season that can be taken out of a series and put back on its forecast.

    Times a share for units sold (busy days vary more), plus a pattern for a series that goes below 0, and
    nothing where it is not strong enough to pay. `shape` [season] starts at the step to come.
    """

    shape: Floats
    times: bool

    @classmethod
    def of(cls, y: Floats, season: int) -> Self:
        if season < 2 or seasonal_strength(y, season) < SEASONAL_FROM:
            return cls(np.ones(1), True)
        seen = y[np.isfinite(y)]
        if seen.min() >= 0.0:
            return cls(season_shares(y[None, :], season)[0], True)
        return cls(np.roll(seasonal_pattern(y, season), -(len(y) % season)), False)

    def take_out(self, y: Floats) -> Floats:
        """`y` [t] without the season; the phases in which the shop is shut become NaN."""
        over = over_past(self.shape, len(y))
        if not self.times:
            return y - over
        flat: Floats = np.divide(y, over, out=np.full(len(y), np.nan), where=over > SHUT)
        return flat

    def put_back(self, flat: Floats) -> Floats:
        """The season on `flat` [h], which starts at the step to come."""
        ahead = np.resize(self.shape, len(flat))
        return flat * ahead if self.times else flat + ahead

    def widen(self, sigma: Floats) -> Floats:
        """A standard deviation [h] of the season-free series, as one of the whole."""
        return sigma * np.resize(self.shape, len(sigma)) if self.times else sigma
