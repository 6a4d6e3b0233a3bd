"""What will sell, and will the stock last?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import BadFile, BadQuery, NoGeneration, UnknownSeries
from engine.forecast import ForecastResult, forecast_series, plot_forecast, write_forecasts
from engine.forecast.many import Measure
from engine.outlook import outlook, write_blocks
from engine.snapshot import Snapshot
from engine.store import Store
from engine.types import Floats

if TYPE_CHECKING:
    from engine.build import Progress

LEVELS = (80, 95)


def forecast(
    snapshot: Snapshot | None,
    store: Store,
    asked: Mapping[str, str | None],
    horizon: int,
    *,
    quick: bool = False,
) -> ForecastResult:
    """The forecast of one item, category, brand or market series; exactly one of them is named.

    Market series need no generation: `snapshot` None = nothing is published yet.
    """
    named = {kind: name for kind, name in asked.items() if name}
    if len(named) != 1:
        raise BadQuery("Name exactly one of --item, --category, --brand and --series.")
    kind, name = next(iter(named.items()))
    if kind == "series":
        return _market(store, name, horizon, quick)
    if snapshot is None:
        raise NoGeneration("Nothing is published yet: run `ronghe rebuild` with this home first.")
    demand = snapshot.generation.demand
    rows, stock = members(snapshot, kind, name)
    if len(rows) == 1:
        y = demand.series(int(rows[0]))
    else:
        group = np.full(len(demand), -1)
        group[rows] = 0
        y = demand.rollup(group, 1).series(0)
    if not len(y):
        raise UnknownSeries(
            f"Nothing of {kind} {name!r} has been sold yet: there is nothing to forecast from."
        )
    return forecast_series(
        y,
        demand.dates,
        horizon=horizon,
        levels=LEVELS,
        name=name,
        stock=stock,
        quick=quick,
        now=snapshot.now(),
    )


def forecasts(
    snapshot: Snapshot | None,
    store: Store,
    home: Path,
    asked: Mapping[str, str | None],
    everything: bool,
    horizon: int,
    out: Path | None,
    plot: Path | None,
    measure: Measure,
    progress: Progress,
) -> list[dict[str, Any]]:
    """One forecast or all, written where asked; raises BadFile when it cannot be written."""
    if everything and (any(asked.values()) or plot is not None):
        raise BadQuery("--all goes with neither a name nor --plot; it goes with --out.")
    try:
        if everything:
            alone = partial(_market, store, horizon=horizon, quick=False)
            blocks = outlook(snapshot, store, home, horizon, LEVELS, measure, alone, progress)
            if not blocks:
                raise UnknownSeries("Nothing has been sold yet and there is no market series to forecast.")
            if out is not None:
                write_blocks(blocks, out, LEVELS)
            return [document for block in blocks for document in block.documents()]
        found = forecast(snapshot, store, asked, horizon)
        if out is not None:
            write_forecasts([found], out)
        if plot is not None:
            plot_forecast(found, plot)
        return [found.to_dict()]
    except OSError as error:
        raise BadFile(
            f"The forecast cannot be written to {error.filename or out or plot}: {error.strerror}."
        ) from error


def members(snapshot: Snapshot, kind: str, name: str) -> tuple[NDArray[np.int64], float | None]:
    """The rows of the generation that make up a series, and their stock together (None = not known)."""
    n = len(snapshot.generation)
    if kind == "item":
        row = snapshot.row(name)
        rows = np.array([row]) if row < n else np.empty(0, np.int64)
    else:
        if kind not in snapshot.columns:
            raise UnknownSeries(f"No item has a {kind}.")
        keep = snapshot.mask({kind: name})
        rows = np.empty(0, np.int64) if keep is None else np.flatnonzero(keep[:n])
    if not len(rows):
        raise UnknownSeries(
            f"There is no {kind} {name!r} with a history. `ronghe search --facet {kind}` lists them."
        )
    stock = (
        snapshot.columns.numbers("stock", rows) if "stock" in snapshot.columns else np.full(len(rows), np.nan)
    )
    return rows, float(np.nansum(stock)) if np.isfinite(stock).any() else None


def _market(store: Store, name: str, horizon: int, quick: bool) -> ForecastResult:
    series = store.series(name)
    if series is None:
        known = ", ".join(store.series_ids()[:8]) or "none"
        raise UnknownSeries(
            f"There is no market series {name!r}; there are: {known}. Add some: `ronghe ingest series`."
        )
    known_days = np.flatnonzero(np.isfinite(series.values))
    end = int(known_days[-1]) + 1 if len(known_days) else 0
    past, ahead, note = _regressors(series.regressors, end, horizon)
    result = forecast_series(
        series.values[:end],
        series.dates[:end],
        past,
        ahead,
        horizon=horizon,
        levels=LEVELS,
        name=name,
        quick=quick,
    )
    return replace(result, notes=(*result.notes, *note))


def _regressors(
    columns: Mapping[str, Floats], end: int, horizon: int
) -> tuple[Floats | None, Floats | None, Sequence[str]]:
    """Past and future regressors; those whose future is not in the store cannot help and are left out."""
    usable = [
        name for name, values in columns.items() if np.isfinite(values[end : end + horizon]).sum() == horizon
    ]
    left = sorted(set(columns) - set(usable))
    note = [f"{', '.join(left)} left out: not known for the {horizon} days to come."] if left else []
    if not usable:
        return None, None, note
    table = np.column_stack([columns[name] for name in usable])
    return table[:end], table[end : end + horizon], note
