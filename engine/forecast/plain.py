"""What do the simple forecasters expect of many series, all in one pass over the days?"""

from __future__ import annotations

import numpy as np

from engine.forecast.croston import croston_rates, tsb_rates
from engine.forecast.decayed import decayed_means
from engine.forecast.seasonality import SHUT, over_past, season_shares
from engine.types import Floats

HALF_LIVES = {"decayed mean": 14.0, "slowly decayed mean": 42.0, "long mean": 112.0}
SEASONAL_NAIVE = "seasonal naive"
CHUNK = 4096


def plain_forecasts(
    Y: Floats, horizon: int, season: int, gap: int = 0, *, slow: bool = True
) -> dict[str, Floats]:
    """Means [n, horizon] by name, `gap` steps after the end of `Y` [n, t]: naive, decayed means, TSB and SBA.

    The same numbers as one series at a time, but for the season's prior, which is what all rows show.
    """
    n, t = Y.shape
    names = [SEASONAL_NAIVE, *HALF_LIVES, *(["tsb", "sba"] if slow else [])]
    out = {name: np.zeros((n, horizon)) for name in names}
    if not n or not t:
        return out
    share = season_shares(Y, season) if season > 1 and t >= 2 * season else np.ones((n, 1))
    open_share = np.where(share > SHUT, share, 0.0)
    ahead = open_share[:, (np.arange(horizon) + gap) % share.shape[1]]
    for begin in range(0, n, CHUNK):
        rows = slice(begin, min(n, begin + CHUNK))
        part = Y[rows]
        out[SEASONAL_NAIVE][rows] = seasonal_naive(part, horizon, season, gap)
        over = over_past(open_share[rows], t)
        flat = np.divide(part, over, out=np.full(part.shape, np.nan), where=over > 0)
        for name, life in HALF_LIVES.items():
            out[name][rows] = decayed_means(flat[:, -int(10 * life) :], life)[:, None] * ahead[rows]
        if slow:
            recent = flat[:, -400:]
            out["tsb"][rows] = tsb_rates(recent)[:, -1:] * ahead[rows]
            out["sba"][rows] = croston_rates(recent, sba=True)[:, -1:] * ahead[rows]
    return out


def seasonal_naive(Y: Floats, horizon: int, season: int, gap: int = 0) -> Floats:
    """The last known value [n, horizon] of each phase; 0 where a series never had one."""
    n, t = Y.shape
    last = np.zeros((n, season))
    done = np.zeros((n, season), np.bool_)
    for back in range(1, min(t, 4 * season) + 1):
        phase = (season - back) % season
        value = Y[:, t - back]
        use = np.isfinite(value) & ~done[:, phase]
        last[use, phase] = value[use]
        done[:, phase] |= use
    told: Floats = last[:, (np.arange(horizon) + gap) % season]
    return told
