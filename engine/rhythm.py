"""When does someone buy again?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from engine.types import Floats

DAY = 86400.0


@dataclass(frozen=True)
class Rhythm:
    """What is known of the pauses between orders before anything is known of this user.

    Log-normal: half of the pauses are shorter than `median_days`; `spread` is the standard deviation of
    their logarithm; the prior is worth `weight` observed pauses.
    """

    median_days: float = 30.0
    spread: float = 1.0
    weight: float = 2.0


@dataclass(frozen=True)
class Expected:
    """When the next order is due, Unix seconds, given that it has not come yet: `likely` is the median, and
    four in five fall between `earliest` and `latest`. `pauses` were observed; `overdue`: at this point
    four in five would have ordered already."""

    earliest: float
    likely: float
    latest: float
    pauses: int
    overdue: bool


def expect(times: Sequence[float], now: float, rhythm: Rhythm | None = None) -> Expected | None:
    """The next of `times` (Unix seconds, any order); None without at least one.

    Normal-gamma updating of the log pause's mean and spread (Murphy 2007), then the quantiles of a pause
    that is known to last at least until `now`. Times on one day are one order.
    """
    from scipy.special import stdtr, stdtrit

    rhythm = rhythm or Rhythm()
    days = np.unique(np.floor(np.asarray(times, np.float64) / DAY))
    if not len(days):
        return None
    log = np.log(np.diff(days))
    n, w = len(log), rhythm.weight
    prior = float(np.log(rhythm.median_days))
    mean = (w * prior + float(log.sum())) / (w + n)
    squares = 2 * w * rhythm.spread**2 / 2
    if n:
        own = float(log.mean())
        squares += float(((log - own) ** 2).sum()) + w * n / (w + n) * (own - prior) ** 2
    freedom = w + n
    scale = float(np.sqrt(squares / freedom * (1 + 1 / (w + n))))
    last = float(np.max(times))
    waited = max((now - last) / DAY, 0.25)
    past = float(stdtr(freedom, (np.log(waited) - mean) / scale))
    earliest, likely, latest = (
        last + DAY * float(np.exp(mean + scale * stdtrit(freedom, min(past + q * (1 - past), 1 - 1e-9))))
        for q in (0.1, 0.5, 0.9)
    )
    return Expected(earliest, likely, latest, n, past > 0.8)


def shop_rhythm(users: ArrayLike, times: ArrayLike) -> Rhythm:
    """The usual pause in this shop, from who ordered when: both [n], one entry a purchase, any order.

    Each user counts once (their mean log pause), or those who order daily would speak for all. The default
    Rhythm where fewer than ten users ordered twice.
    """
    user = np.asarray(users, np.int64)
    day = np.floor(np.asarray(times, np.float64) / DAY).astype(np.int64)
    visits = np.unique(np.column_stack([user, day]), axis=0) if len(user) else np.zeros((0, 2), np.int64)
    same = visits[1:, 0] == visits[:-1, 0]
    who = visits[1:, 0][same]
    log: Floats = np.log(np.diff(visits[:, 1])[same].astype(np.float64))
    people, place = np.unique(who, return_inverse=True)
    if len(people) < 10:
        return Rhythm()
    n = np.bincount(place)
    mean = np.bincount(place, log) / n
    inside = float(((log - mean[place]) ** 2).sum() / max((n - 1).sum(), 1))
    between = float(mean.var(ddof=1))
    # Worth as many pauses as make a user's own mean as sure as the shop's is of them.
    weight = float(np.clip(inside / max(between - inside / n.mean(), 1e-3), 0.5, 10.0))
    return Rhythm(float(np.exp(mean.mean())), max(float(np.sqrt(inside)), 0.1), weight)
