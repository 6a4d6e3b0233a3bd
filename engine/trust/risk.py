"""Which visitors are not people shopping: bots and click farms?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.types import EVENT_TYPES, EventType, Floats
from indexes.ranking import Mask, Rows

ATTENTION = (EventType.VIEW, EventType.CLICK)
INTEREST = (EventType.CART, EventType.PURCHASE, EventType.RATING)
_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
_QUIET_HOURS = 5  # people sleep: the emptiest such stretch of their day shows it
_VISIT_GAP = 1800.0  # a longer pause starts a new visit
_GLANCE = 0.5  # seconds: nobody has read a page in less

# How far one detector alone can push a score. Two must agree to pass the threshold; a rate that no hand
# reaches may pass it alone.
WEIGHTS: Mapping[str, float] = {
    "volume": 0.5,
    "rate": 0.72,
    "dwell": 0.5,
    "concentration": 0.5,
    "conversion": 0.3,
    "hours": 0.5,
    "clockwork": 0.6,
}
_SENTENCES: Mapping[str, str] = {
    "volume": "{0:,.0f} views and clicks; half of the visitors have {1:,.0f} or fewer.",
    "rate": "Up to {0:,.0f} views and clicks in one minute; half of the visitors never pass {1:,.0f}.",
    "dwell": "{0:.0%} of its views last no time; usual is {1:.0%}.",
    "concentration": "{0:.0%} of what it looks at is one item; usual is {1:.0%}.",
    "conversion": "{0:.1%} of its views lead to a cart, a purchase or a rating; usual is {1:.1%}.",
    "hours": "Its quietest five hours of the day hold {0:.0%} of its activity; usual is {1:.0%}.",
    "clockwork": "Its pauses vary by {0:.2f} of their mean, like a timer's; usual is {1:.2f}.",
}


@dataclass(frozen=True)
class Caution:
    """How ready to suspect. A score is 1 - prod(1 - weight x evidence) over the detectors (noisy-or)."""

    threshold: float = 0.7
    least_events: int = 30  # views and clicks; below this nothing is said of a visitor
    least_visitors: int = 20  # below this there is no "usual" to differ from
    weights: Mapping[str, float] = field(default_factory=lambda: WEIGHTS)


@dataclass(frozen=True, eq=False)
class Risk:
    """What the detectors found. Rows are visitors; columns are `detectors`.

    `scores` [n_visitors] in [0, 1]; `evidence` [n_visitors, m] in [0, 1], 0 also where a detector has
    nothing to go on; `measures` [n_visitors, m], what was measured, NaN where nothing was; `usual` [m].
    """

    detectors: tuple[str, ...]
    scores: Floats
    evidence: Floats
    measures: Floats
    usual: Floats
    threshold: float

    @property
    def suspects(self) -> Rows:
        """Visitors at or above the threshold, most suspicious first."""
        found = np.flatnonzero(self.scores >= self.threshold)
        return found[np.argsort(-self.scores[found], kind="stable")]

    def trusted(self, visitors: ArrayLike) -> Mask:
        """Which events to learn from, given each event's visitor [n]; -1 (nobody known) is trusted."""
        visitor = np.asarray(visitors, np.int64)
        safe = np.append(self.scores < self.threshold, True)
        kept: Mask = safe[visitor]
        return kept

    def reasons(self, visitor: int) -> tuple[str, ...]:
        """A sentence for every detector that speaks against one visitor, the strongest first."""
        order = np.argsort(-self.evidence[visitor], kind="stable")
        return tuple(
            _SENTENCES[self.detectors[m]].format(self.measures[visitor, m], self.usual[m])
            for m in order
            if self.evidence[visitor, m] > 0.1
        )


@dataclass(frozen=True, eq=False)
class _Looks:
    """Views and clicks sorted by visitor, then time; `counts` [n_visitors]; `judged`: those with enough."""

    visitors: NDArray[np.int64]
    items: NDArray[np.int64]
    times: Floats
    views: Mask
    dwell: Floats
    counts: NDArray[np.int64]
    interest: NDArray[np.int64]
    judged: Mask

    def per_visitor(self, values: ArrayLike) -> Floats:
        """Sum of `values` [n] by visitor."""
        total = np.bincount(self.visitors, np.asarray(values, np.float64), minlength=len(self.counts))
        return total.astype(np.float64)


def find_suspects(
    visitors: ArrayLike,
    items: ArrayLike,
    kinds: ArrayLike,
    times: ArrayLike,
    dwell_s: ArrayLike,
    n_visitors: int,
    caution: Caution | None = None,
) -> Risk:
    """Score every visitor of an event log; all arrays are [n], one entry an event.

    `visitors`, `items`: rows, -1 for none (let an anonymous session be a visitor of its own); `kinds`:
    places in EVENT_TYPES; `times`: Unix seconds; `dwell_s`: seconds, NaN where not recorded. A detector
    that the log cannot feed (no dwell recorded, times only by the day) says nothing of anyone. Each compares
    with what is usual in this shop, so that a shop of insomniacs suspects nobody for it.
    """
    caution = caution or Caution()
    looks = _looks_of(visitors, items, kinds, times, dwell_s, n_visitors, caution.least_events)
    names = tuple(WEIGHTS)
    shape = (n_visitors, len(names))
    evidence, measures, usual = np.zeros(shape), np.full(shape, np.nan), np.full(len(names), np.nan)
    if int((looks.counts > 0).sum()) >= caution.least_visitors and looks.judged.any():
        for m, name in enumerate(names):
            found, measured, usual[m] = _DETECTORS[name](looks)
            known = looks.judged & np.isfinite(measured)
            measures[:, m] = measured
            evidence[known, m] = np.clip(found[known], 0.0, 1.0)
    weights = np.array([caution.weights.get(name, 0.0) for name in names])
    scores = 1 - np.prod(1 - weights * evidence, axis=1)
    return Risk(names, scores, evidence, measures, usual, caution.threshold)


def _looks_of(
    visitors: ArrayLike,
    items: ArrayLike,
    kinds: ArrayLike,
    times: ArrayLike,
    dwell_s: ArrayLike,
    n_visitors: int,
    least: int,
) -> _Looks:
    visitor, kind = np.asarray(visitors, np.int64), np.asarray(kinds)
    looking = (visitor >= 0) & np.isin(kind, [EVENT_TYPES.index(t) for t in ATTENTION])
    wanting = (visitor >= 0) & np.isin(kind, [EVENT_TYPES.index(t) for t in INTEREST])
    at = np.flatnonzero(looking)
    time = np.asarray(times, np.float64)
    at = at[np.lexsort((time[at], visitor[at]))]
    counts = np.bincount(visitor[at], minlength=n_visitors)
    return _Looks(
        visitors=visitor[at],
        items=np.asarray(items, np.int64)[at],
        times=time[at],
        views=kind[at] == EVENT_TYPES.index(EventType.VIEW),
        dwell=np.asarray(dwell_s, np.float64)[at],
        counts=counts,
        interest=np.bincount(visitor[wanting], minlength=n_visitors),
        judged=counts >= least,
    )


Found = tuple[Floats, Floats, float]  # evidence [n_visitors], measure [n_visitors], what is usual


def _volume(looks: _Looks) -> Found:
    """Robust z of the log count (Iglewicz & Hoaglin 1993): activity is heavy-tailed, its logarithm is not."""
    log = np.log1p(looks.counts)
    active = log[looks.counts > 0]
    middle = float(np.median(active))
    spread = max(1.4826 * float(np.median(np.abs(active - middle))), 0.5)
    return ((log - middle) / spread - 3) / 3, looks.counts.astype(np.float64), float(np.expm1(middle))


def _rate(looks: _Looks) -> Found:
    """The most looks in any minute. A quick reader makes twenty; sixty is no hand."""
    if _grain(looks.times) >= _MINUTE:
        return _silent(looks)
    span = float(np.ptp(looks.times)) + 2 * _MINUTE
    place = looks.visitors * span + (looks.times - looks.times.min())
    inside = np.searchsorted(place, place + _MINUTE, side="left") - np.arange(len(place))
    peak = np.zeros(len(looks.counts))
    np.maximum.at(peak, looks.visitors, inside)
    return (peak - 25) / 35, peak, _usual(peak, looks.counts > 0)


def _dwell(looks: _Looks) -> Found:
    """The share of views that last no time, where the shop records how long its visitors stay."""
    recorded = looks.views & np.isfinite(looks.dwell)
    if recorded.sum() < 0.5 * looks.views.sum():
        return _silent(looks)
    views = looks.per_visitor(looks.views)
    empty = looks.per_visitor(looks.views & ~(looks.dwell > _GLANCE))
    share = np.divide(empty, views, out=np.full(len(views), np.nan), where=views >= 10)
    usual = _usual(share, views >= 10)
    if not usual < 0.5:
        return _silent(looks)
    return (share - 0.6) / 0.35, share, usual


def _concentration(looks: _Looks) -> Found:
    """The share of looks that go to one item."""
    share = np.full(len(looks.counts), np.nan)
    pair = looks.visitors * (int(looks.items.max()) + 2) + looks.items + 1
    pairs, times_seen = np.unique(pair, return_counts=True)
    top = np.zeros(len(looks.counts))
    np.maximum.at(top, pairs // (int(looks.items.max()) + 2), times_seen)
    np.divide(top, looks.counts, out=share, where=looks.counts > 0)
    return (share - 0.5) / 0.4, share, _usual(share, looks.judged)


def _conversion(looks: _Looks) -> Found:
    """Too few carts, purchases and ratings for so many looks: a Poisson tail at a third of the usual rate."""
    from scipy.special import pdtr

    ordinary = looks.counts <= np.quantile(looks.counts[looks.counts > 0], 0.99)
    usual = float(looks.interest[ordinary].sum() / max(looks.counts[ordinary].sum(), 1))
    if not usual:
        return _silent(looks)
    chance = pdtr(looks.interest, looks.counts * usual / 3)
    rate = np.divide(
        looks.interest, looks.counts, out=np.full(len(looks.counts), np.nan), where=looks.counts > 0
    )
    return (-np.log10(np.maximum(chance, 1e-12)) - 2) / 4, rate, usual


def _hours(looks: _Looks) -> Found:
    """No night: activity in the quietest five hours of the visitor's own day."""
    if _grain(looks.times) >= _HOUR:
        return _silent(looks)
    n = len(looks.counts)
    hour = (looks.times % _DAY // _HOUR).astype(np.int64)
    by_hour = np.bincount(looks.visitors * 24 + hour, minlength=24 * n).reshape(n, 24)
    wrapped = np.concatenate([by_hour, by_hour[:, : _QUIET_HOURS - 1]], axis=1).cumsum(1)
    stretch = wrapped[:, _QUIET_HOURS - 1 :].copy()
    stretch[:, 1:] -= wrapped[:, :-_QUIET_HOURS]
    days = np.zeros(n, np.int64)
    day_of = np.unique(looks.visitors * 100_000 + (looks.times // _DAY).astype(np.int64))
    np.add.at(days, day_of // 100_000, 1)
    share = np.full(n, np.nan)
    np.divide(stretch.min(1), looks.counts, out=share, where=(looks.counts >= 100) & (days >= 2))
    usual = _usual(np.divide(stretch.min(1), np.maximum(looks.counts, 1)), looks.judged)
    even = _QUIET_HOURS / 24
    if usual > even / 2:
        return _silent(looks)
    return (share - usual) / (0.8 * even - usual) * 1.5 - 0.5, share, usual


def _clockwork(looks: _Looks) -> Found:
    """Pauses within a visit as even as a timer's: their coefficient of variation."""
    if _grain(looks.times) >= _MINUTE:
        return _silent(looks)
    gap = np.diff(looks.times, append=np.inf)
    same = np.append(looks.visitors[1:] == looks.visitors[:-1], False) & (gap < _VISIT_GAP)
    gap = np.where(same, gap, 0.0)
    n = looks.per_visitor(same)
    mean = np.divide(looks.per_visitor(gap), n, out=np.zeros(len(n)), where=n > 0)
    square = np.divide(looks.per_visitor(gap**2), n, out=np.zeros(len(n)), where=n > 0)
    vary = np.divide(
        np.sqrt(np.maximum(square - mean**2, 0)),
        mean,
        out=np.full(len(n), np.nan),
        where=(n >= 50) & (mean > 0),
    )
    usual = _usual(vary, n >= 50)
    bound = 0.6 * min(usual, 1.0) if np.isfinite(usual) else 0.6
    return (bound - vary) / (0.6 * bound), vary, usual


_DETECTORS = {
    "volume": _volume,
    "rate": _rate,
    "dwell": _dwell,
    "concentration": _concentration,
    "conversion": _conversion,
    "hours": _hours,
    "clockwork": _clockwork,
}


def _silent(looks: _Looks) -> Found:
    n = len(looks.counts)
    return np.zeros(n), np.full(n, np.nan), float("nan")


def _usual(measure: Floats, of: Mask) -> float:
    known = measure[of & np.isfinite(measure)]
    return float(np.median(known)) if len(known) else float("nan")


def _grain(times: Floats) -> float:
    """How coarse the clock is, in seconds: a log by the day tells nothing of minutes."""
    for grain in (_DAY, _HOUR, _MINUTE):
        if (times % grain == 0).mean() > 0.9:
            return grain
    return 1.0
