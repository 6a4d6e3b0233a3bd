"""What repeats in a series, and how strongly?"""

from __future__ import annotations

import numpy as np

from engine.types import Floats

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
