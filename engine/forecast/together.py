"""Which market series can be forecast as one panel, and what is known of the days to come?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from engine.forecast.calendar import BadSeries, Dates, Steps, on_steps, steps_after
from engine.forecast.groups import groups_of
from engine.forecast.panel import Panel
from engine.store.series import Series
from engine.types import Floats

LEAST = 4  # series that make a panel worth a model of all
KNOWN = 0.5  # share of the cells to come that a regressor must be known for


@dataclass(frozen=True, eq=False)
class Together:
    """`names` [n] and their panel, or `panel` None for those that go alone; `notes` say what was left out."""

    names: tuple[str, ...]
    panel: Panel | None
    notes: tuple[str, ...] = ()


def panels_of(all_series: Sequence[Series], horizon: int) -> Iterator[Together]:
    """Series that share their step and their last day as panels, the others one by one."""
    alike: dict[tuple[str, np.datetime64], list[tuple[Series, Steps]]] = {}
    alone: list[str] = []
    for each in all_series:
        known = np.flatnonzero(np.isfinite(each.values))
        end = int(known[-1]) + 1 if len(known) else 0
        try:
            steps = on_steps(each.values[:end], each.dates[:end])
        except BadSeries:
            alone.append(each.series_id)
            continue
        alike.setdefault((steps.frequency, steps.dates[-1]), []).append((each, steps))
    for members in alike.values():
        longest = max((steps for _, steps in members), key=lambda steps: len(steps.y)).dates
        fits = [pair for pair in members if np.isin(pair[1].dates, longest).all()]
        alone += [each.series_id for each, steps in members if not np.isin(steps.dates, longest).all()]
        if len(fits) < LEAST:
            alone += [each.series_id for each, _ in fits]
            continue
        yield _panel(fits, longest, horizon)
    for name in alone:
        yield Together((name,), None)


def _panel(members: Sequence[tuple[Series, Steps]], dates: Dates, horizon: int) -> Together:
    frequency = members[0][1].frequency
    Y = np.full((len(members), len(dates)), np.nan)
    for row, (_, steps) in enumerate(members):
        Y[row, np.searchsorted(dates, steps.dates)] = steps.y
    names = tuple(each.series_id for each, _ in members)
    whole = np.concatenate([dates, steps_after(dates, horizon, frequency)])
    columns: list[Floats] = []
    left: list[str] = []
    for name in sorted({name for each, _ in members for name in each.regressors}):
        column = np.full((len(members), len(whole)), np.nan)
        for row, (each, _) in enumerate(members):
            if name not in each.regressors:
                continue
            at = np.minimum(np.searchsorted(whole, each.dates), len(whole) - 1)
            same = whole[at] == each.dates
            column[row, at[same]] = each.regressors[name][same]
        if np.isfinite(column[:, len(dates) :]).mean() < KNOWN:
            left.append(name)
        elif not is_clock(column):
            columns.append(column)
    X = np.stack(columns, axis=-1) if columns else None
    note = (f"{', '.join(left)} left out: not known for the {horizon} steps to come.",) if left else ()
    return Together(names, Panel(Y, dates, frequency, X, groups_of(names)), note)


def is_clock(column: Floats) -> bool:
    """Whether a regressor [n, t] only counts time: the same for all, and larger (or smaller) every step."""
    low = np.nanmin(np.where(np.isfinite(column), column, np.inf), axis=0)
    high = np.nanmax(np.where(np.isfinite(column), column, -np.inf), axis=0)
    seen = np.isfinite(low)
    step = np.diff(low[seen])
    return bool(
        np.array_equal(low[seen], high[seen]) and len(step) and ((step > 0).all() or (step < 0).all())
    )
