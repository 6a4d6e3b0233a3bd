"""Which steps does a series take through time, and which come next?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.errors import BadQuery
from engine.types import Floats

Frequency = Literal["day", "week", "month", "quarter"]
Dates = NDArray[np.datetime64]
SEASONS: dict[Frequency, int] = {"day": 7, "week": 52, "month": 12, "quarter": 4}
MONTHS: dict[Frequency, int] = {"month": 1, "quarter": 3}
CLOSED_AFTER = 8  # cycles in which a phase was never seen before it counts as closed


class BadSeries(BadQuery):
    """A series that no forecast can be made of, and what to do about it."""


@dataclass(frozen=True, eq=False)
class Steps:
    """A series on its regular steps: `y` [t], NaN = unknown; `dates` [t]; regressors `X` [t, p]."""

    y: Floats
    dates: Dates
    frequency: Frequency
    X: Floats | None = None
    notes: tuple[str, ...] = ()

    @property
    def season(self) -> int:
        """The season's length in steps; 1 when fewer than two of them have been seen."""
        season = SEASONS[self.frequency]
        return season if len(self.y) >= 2 * season + 2 else 1

    def ahead(self, h: int) -> Dates:
        """The dates [h] of the steps to come."""
        return steps_after(self.dates, h, self.frequency)


def detect_frequency(dates: ArrayLike) -> Frequency:
    """Day, week, month or quarter, by the commonest distance between neighbours of unique sorted `dates`."""
    days = np.unique(np.asarray(dates, "datetime64[D]").astype(np.int64))
    if len(days) < 2:
        return "day"
    gaps, counts = np.unique(np.diff(days), return_counts=True)
    gap = int(gaps[np.argmax(counts)])
    if gap == 1:
        return "day"
    if np.mean(np.diff(days) % 7 == 0) > 0.9:
        return "week"
    if 28 <= gap <= 31:
        return "month"
    if 89 <= gap <= 93:
        return "quarter"
    if gap < 7:
        return "day"
    raise BadSeries(
        f"the dates are mostly {gap} days apart; give one value a day, week, month or quarter, or its name"
    )


def steps_after(dates: Dates, h: int, frequency: Frequency) -> Dates:
    last = dates[-1].astype("datetime64[D]")
    if frequency in MONTHS:
        month = last.astype("datetime64[M]")
        ends = _at_month_end(dates)
        ahead = month + np.arange(1, h + 1) * MONTHS[frequency]
        return _in_month(ahead, 31 if ends else int((last - month.astype("datetime64[D]")).astype(int)) + 1)
    ahead_days: Dates = last + np.arange(1, h + 1) * (7 if frequency == "week" else 1)
    return ahead_days


def on_steps(
    y: ArrayLike,
    dates: ArrayLike,
    X: ArrayLike | None = None,
    *,
    frequency: Frequency | None = None,
    now: float | None = None,
) -> Steps:
    """Put values `y` [t] at `dates` [t], in any order, on regular steps; say in `notes` what was mended.

    Values of one date are added; steps without a value are NaN; with `now` (Unix seconds) later dates are
    left out. Raises BadSeries with a remedy when nothing can be made of it.
    """
    try:
        value = np.asarray(y, np.float64)
        day = np.asarray(dates, "datetime64[D]").astype(np.int64)
    except (ValueError, TypeError) as error:
        raise BadSeries(
            f"a value or a date cannot be read: {error}; give numbers and ISO 8601 dates"
        ) from error
    table = None if X is None else np.asarray(X, np.float64).reshape(len(value), -1)
    if len(value) != len(day):
        raise BadSeries(f"{len(value)} values came with {len(day)} dates; give one date for each value")
    notes: list[str] = []
    fine = day > np.iinfo(np.int64).min
    value = np.where(np.isinf(value), np.nan, value)
    if not fine.all():
        notes.append(f"{int((~fine).sum())} rows without a date were left out")
    if now is not None:
        later = fine & (day > int(now // 86_400))
        if later.any():
            notes.append(f"{int(later.sum())} dates lie in the future and were left out")
        fine &= ~later
    value, day = value[fine], day[fine]
    table = None if table is None else table[fine]
    if not np.isfinite(value).any():
        raise BadSeries("the series has no value at all; ingest its demand first")
    kind = frequency or detect_frequency(day.astype("datetime64[D]"))
    at, grid = _places(day, kind)
    n = len(grid)
    known = np.isfinite(value)
    count = np.bincount(at[known], minlength=n)
    total = np.bincount(at[known], weights=value[known], minlength=n)
    whole: Floats = np.where(count > 0, total, np.nan)
    if (count > 1).any():
        notes.append(f"{int((count > 1).sum())} {kind}s came more than once; their values were added")
    missing = int((count == 0).sum())
    if missing:
        notes.append(f"{missing} of {n} {kind}s have no value and are taken as unknown")
    whole, shut = _closed_phases(whole, kind)
    if shut:
        notes.append("weekdays without any value are taken as closed: 0")
    if np.nanmin(whole) < 0:
        notes.append("some values are below 0 (more returns than sales?), so forecasts may be too")
    regressors = None
    if table is not None:
        regressors = np.full((n, table.shape[1]), np.nan)
        regressors[at] = table
        if not np.isfinite(regressors).all():
            notes.append("unknown regressors of past steps were carried on from the step before")
            regressors = _carried(regressors)
    if now is not None:
        age = int(now // 86_400) - int(day.max())
        if age > 60:
            notes.append(
                f"the series ends {age} days ago: the forecast starts there, and nothing says it still sells"
            )
    return Steps(whole, grid, kind, regressors, tuple(notes))


def future_regressors(past: Floats | None, ahead: ArrayLike | None, h: int) -> Floats | None:
    """`ahead` [h, p] checked against `past` [t, p]; BadSeries when a step's regressors are missing."""
    if past is None:
        return None
    if ahead is None:
        raise BadSeries(f"the series has {past.shape[1]} regressors; give them for the {h} coming steps too")
    table = np.asarray(ahead, np.float64)
    table = table.reshape(len(table), -1)
    if len(table) < h or table.shape[1] != past.shape[1]:
        raise BadSeries(
            f"regressors of {len(table)} coming steps x {table.shape[1]} came; "
            f"the horizon is {h} and there are {past.shape[1]}: shorten the horizon or add them"
        )
    if not np.isfinite(table[:h]).all():
        raise BadSeries(
            "a regressor of a coming step is not a number; give a value for each step of the horizon"
        )
    return table[:h]


def _places(day: NDArray[np.int64], kind: Frequency) -> tuple[NDArray[np.int64], Dates]:
    """(the step of each day, the dates of all steps)."""
    if kind in MONTHS:
        width = MONTHS[kind]
        dates = np.sort(day).astype("datetime64[D]")
        month = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        first = int(month.min())
        at = (month - first) // width
        months = (first + np.arange(int(at.max()) + 1) * width).astype("datetime64[M]")
        in_month = int((dates[0] - dates[0].astype("datetime64[M]").astype("datetime64[D]")).astype(int)) + 1
        return at, _in_month(months, 31 if _at_month_end(dates) else in_month)
    width = 7 if kind == "week" else 1
    first = int(day.min())
    at = (day - first) // width
    return at, (first + np.arange(int(at.max()) + 1) * width).astype("datetime64[D]")


def _at_month_end(dates: Dates) -> bool:
    next_day = dates.astype("datetime64[D]") + 1
    return bool(np.all(next_day.astype("datetime64[M]") != dates.astype("datetime64[M]")))


def _in_month(months: Dates, day: int) -> Dates:
    """The `day` of each of `months`, or its last."""
    begin = months.astype("datetime64[D]")
    length = ((months + 1).astype("datetime64[D]") - begin).astype(np.int64)
    inside: Dates = begin + (np.minimum(day, length) - 1)
    return inside


def _closed_phases(y: Floats, kind: Frequency) -> tuple[Floats, bool]:
    if kind != "day" or len(y) < CLOSED_AFTER * 7:
        return y, False
    out, shut = y.copy(), False
    for phase in range(7):
        if not np.isfinite(y[phase::7]).any():
            out[phase::7] = 0.0
            shut = True
    return out, shut


def _carried(X: Floats) -> Floats:
    out = X.copy()
    for column in out.T:
        known = np.flatnonzero(np.isfinite(column))
        if not len(known):
            column[:] = 0.0
            continue
        at = np.maximum.accumulate(np.where(np.isfinite(column), np.arange(len(column)), known[0]))
        column[:] = column[at]
    return out
