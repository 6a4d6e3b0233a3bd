"""What will everything sell, so that the parts add up?"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, eye_array, vstack

from engine.forecast.calendar import Dates
from engine.forecast.demand import Demand
from engine.forecast.many import ManyForecasts, Measure, forecast_many
from engine.forecast.panel import Panel
from engine.forecast.reconcile import reconcile
from engine.forecast.result import ForecastResult
from engine.forecast.thin import forecast_thin, thin_spread
from engine.forecast.together import panels_of
from engine.snapshot import Snapshot
from engine.store import Store
from engine.types import Floats

if TYPE_CHECKING:
    from engine.build import Progress

BUSY_DAYS = 20  # selling days in the last year from which an item is shown to the global model
MOST_BUSY = 4000  # the busiest of these; the others take the fast path for thin series
YEAR = 364
FORMAT = "1"  # of what is kept; another one is computed anew
KEPT = 8  # panels of a kind that are remembered
SHOP = "shop"


@dataclass(frozen=True, eq=False)
class Block:
    """Forecasts of series of one kind: `mean` and bounds by level, all [n, h], at `dates` [h]."""

    kind: str  # shop, category, brand, item or series
    names: tuple[str, ...]
    dates: Dates
    mean: Floats
    lower: Mapping[int, Floats]
    upper: Mapping[int, Floats]
    methods: tuple[str, ...]
    frequency: str = "day"
    notes: tuple[str, ...] = ()
    variances: Floats | None = None

    def documents(self) -> list[dict[str, Any]]:
        """One JSON document a series, without its history."""
        dates = np.datetime_as_string(self.dates, unit="D").tolist()
        bounds = {"lower": self.lower, "upper": self.upper}
        return [
            {
                "series": name,
                "kind": self.kind,
                "frequency": self.frequency,
                "method": self.methods[row],
                "dates": dates,
                "mean": _short(self.mean[row]),
                **{
                    s: {str(level): _short(b[row]) for level, b in each.items()} for s, each in bounds.items()
                },
                "notes": list(self.notes),
            }
            for row, name in enumerate(self.names)
        ]


def outlook(
    snapshot: Snapshot | None,
    store: Store,
    home: Path,
    horizon: int,
    levels: Sequence[int],
    measure: Measure,
    alone: Callable[[str], ForecastResult],
    progress: Progress,
) -> list[Block]:
    """Shop, categories, brands and items from the log, adding up; then every market series.

    `alone` forecasts one market series by name: for those that fit no panel. What did not change since the last
    time is read from the home's `forecasts/` and not fitted again.
    """
    kept = home / "forecasts"
    said = partial(_say, progress)
    blocks: list[Block] = []
    if snapshot is not None and snapshot.generation.demand.n_days:
        blocks = _shop(snapshot, kept, horizon, levels, said)
    for each in panels_of([s for name in store.series_ids() if (s := store.series(name))], horizon):
        if each.panel is None:
            said(f"forecast {each.names[0]}")
            blocks.append(_alone(alone(each.names[0])))
        else:
            told = _many("series", each.names, each.panel, kept, horizon, levels, measure, said)
            blocks.append(replace(told, notes=each.notes))
    return blocks


def write_blocks(blocks: Sequence[Block], path: Path, levels: Sequence[int]) -> int:
    """Write every series as rows of one CSV, kind by kind; returns how many rows."""
    bounds = [f"{side}_{level}" for level in levels for side in ("lower", "upper")]
    rows = 0
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["series_id", "date", "value", *bounds, "kind"])
        for block in blocks:
            dates = np.datetime_as_string(block.dates, unit="D").tolist()
            for row, name in enumerate(block.names):
                columns = [block.mean[row]]
                for level in levels:
                    columns += [block.lower[level][row], block.upper[level][row]]
                table = np.stack(columns, axis=1).tolist()
                writer.writerows(
                    [name, date, *(f"{value:.6g}" for value in values), block.kind]
                    for date, values in zip(dates, table, strict=True)
                )
                rows += len(dates)
    return rows


def _shop(
    snapshot: Snapshot, kept: Path, horizon: int, levels: Sequence[int], said: Callable[[str], None]
) -> list[Block]:
    demand = snapshot.generation.demand
    named, groups = _groups(snapshot)
    sold = np.flatnonzero(np.asarray(demand.counts.sum(axis=1)).ravel() > 0)
    if not len(sold):
        return []
    above = csr_array(groups[:, sold])
    filled = np.flatnonzero(np.asarray(above.sum(axis=1)).ravel() > 0)
    above, named = csr_array(above[filled]), [named[row] for row in filled]
    sums = csr_array(above @ demand.counts[sold])
    begin = int(demand.launches[sold].min())
    panel = Panel(sums.toarray()[:, begin:], demand.dates[begin:])
    tops = _many("above", [name for _, name in named], panel, kept, horizon, levels, "squares", said)
    items = _items(demand, sold, snapshot, _codes(snapshot, sold), kept, horizon, levels, said)
    if tops.variances is None or items.variances is None:
        raise ValueError("forecasts that are to add up need variances")
    told = np.concatenate([tops.mean, items.mean])
    whole = csr_array(vstack([above, eye_array(len(sold))]))
    parts = reconcile(told, whole, np.concatenate([tops.variances, items.variances]))
    items, tops = _moved(items, parts), _moved(tops, np.asarray(above @ parts))
    kinds = np.array([kind for kind, _ in named])
    found = []
    for kind in (SHOP, "category", "brand"):
        rows = np.flatnonzero(kinds == kind)
        if len(rows):
            found.append(replace(_rows(tops, rows), kind=kind))
    return [*found, items]


def _items(
    demand: Demand,
    sold: NDArray[np.int64],
    snapshot: Snapshot,
    codes: NDArray[np.int32],
    kept: Path,
    horizon: int,
    levels: Sequence[int],
    said: Callable[[str], None],
) -> Block:
    """The busy ones by the global model, the thin ones by what is quick; [len(sold), h]."""
    recent = demand.counts[sold][:, max(0, demand.n_days - YEAR) :]
    days = np.diff(recent.indptr)
    busy = np.sort(np.argsort(-days, kind="stable")[: min(MOST_BUSY, int((days >= BUSY_DAYS).sum()))])
    thin = np.setdiff1d(np.arange(len(sold)), busy)
    names = tuple(snapshot.id(int(row)) for row in sold)
    mean, variances = np.zeros((len(sold), horizon)), np.ones(len(sold))
    lower = {level: np.zeros_like(mean) for level in levels}
    upper = {level: np.zeros_like(mean) for level in levels}
    methods = np.full(len(sold), "", object)
    dates = demand.dates[-1] + np.arange(1, horizon + 1)
    if len(busy):
        panel = Panel(demand.dense(sold[busy]), demand.dates, "day", None, codes[busy])
        told = _many("item", [names[row] for row in busy], panel, kept, horizon, levels, "squares", said)
        mean[busy], methods[busy] = told.mean, told.methods
        if told.variances is not None:
            variances[busy] = told.variances
        for level in levels:
            lower[level][busy], upper[level][busy] = told.lower[level], told.upper[level]
    if len(thin):
        rows = sold[thin]
        closed = None if demand.closed is None else csr_array(demand.closed[rows])
        part = replace(
            demand, counts=csr_array(demand.counts[rows]), launches=demand.launches[rows], closed=closed
        )
        quick = forecast_thin(
            part,
            horizon=horizon,
            levels=levels,
            folder=kept / f"thin-{horizon}",
            progress=lambda done, of: said(f"forecast {done:,} of {of:,} thin items"),
        )
        mean[thin] = quick.mean
        spoken = [" + ".join(f"{v:.2f} {k}" for k, v in each.items()) for each in quick.weights]
        methods[thin] = [spoken[cluster] for cluster in quick.clusters]
        change = np.maximum(np.asarray(part.counts.power(2).sum(axis=1)).ravel() / demand.n_days, 1e-6)
        variances[thin] = (thin_spread(mean[thin], change) ** 2).mean(axis=1)
        for level in levels:
            lower[level][thin], upper[level][thin] = quick.lower[level], quick.upper[level]
    return Block("item", names, dates, mean, lower, upper, tuple(methods.tolist()), "day", (), variances)


def _groups(snapshot: Snapshot) -> tuple[list[tuple[str, str]], csr_array]:
    """(kind, name) of what items add up to, and who is in it [m, n]: the shop, categories at each level, brands."""
    places: dict[tuple[str, str], int] = {(SHOP, SHOP): 0}
    rows: list[int] = []
    columns: list[int] = []
    n = len(snapshot.generation)
    for row in range(n):
        item = snapshot.item(row)
        parts = item.category.split(" > ") if item.category else []
        inside = [("category", " > ".join(parts[: level + 1])) for level in range(len(parts))]
        inside += [("brand", item.brand)] if item.brand else []
        for each in [(SHOP, SHOP), *inside]:
            rows.append(places.setdefault(each, len(places)))
            columns.append(row)
    return list(places), csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(places), n))


def _codes(snapshot: Snapshot, sold: NDArray[np.int64]) -> NDArray[np.int32]:
    """Numbers [n, 1] of the items' top categories; [0, 0] where they are all in one."""
    tops = [snapshot.item(int(row)).category.split(" > ")[0] for row in sold]
    codes = np.unique(tops, return_inverse=True)[1].astype(np.int32)[:, None]
    return codes if len(np.unique(codes)) > 1 else np.zeros((0, 0), np.int32)


def _many(
    kind: str,
    names: Sequence[str],
    panel: Panel,
    kept: Path,
    horizon: int,
    levels: Sequence[int],
    measure: Measure,
    said: Callable[[str], None],
) -> Block:
    """A panel's forecasts, read from `kept` when an earlier run saw the very same panel."""
    key = _digest(panel, names, horizon, levels, measure)
    path = kept / f"{kind}-{horizon}-{key[:16]}.npz"
    if path.exists():
        said(f"forecast of {len(names):,} series is kept")
        with np.load(path, allow_pickle=False) as stored:
            return _block(kind, names, stored, levels, panel.frequency)
    found = forecast_many(
        panel,
        names,
        horizon=horizon,
        levels=levels,
        measure=measure,
        progress=lambda step: said(f"forecast of {len(names):,} series: {step}"),
    )
    kept.mkdir(parents=True, exist_ok=True)
    arrays = _arrays(found, levels)
    draft = path.with_suffix(".draft.npz")
    np.savez(draft, **arrays)
    draft.replace(path)
    newest = sorted(kept.glob(f"{kind}-*.npz"), key=lambda each: each.stat().st_mtime, reverse=True)
    for old in newest[KEPT:]:
        old.unlink(missing_ok=True)
    return _block(kind, names, arrays, levels, panel.frequency)


def _arrays(found: ManyForecasts, levels: Sequence[int]) -> dict[str, Any]:
    spoken = [
        " + ".join(f"{weight:.2f} {name}" for name, weight in sorted(each.items(), key=lambda w: -w[1]))
        for each in found.weights
    ]
    bounds = {f"lower_{level}": found.lower[level] for level in levels}
    bounds |= {f"upper_{level}": found.upper[level] for level in levels}
    methods = np.array([spoken[cluster] for cluster in found.clusters], np.str_)
    return {
        "dates": found.dates.astype("datetime64[D]").astype(np.int64),
        "mean": found.mean,
        "methods": methods,
        "variances": found.variances,
        **bounds,
    }


def _block(
    kind: str, names: Sequence[str], stored: Mapping[str, Any], levels: Sequence[int], frequency: str
) -> Block:
    return Block(
        kind,
        tuple(names),
        stored["dates"].astype("datetime64[D]"),
        stored["mean"],
        {level: stored[f"lower_{level}"] for level in levels},
        {level: stored[f"upper_{level}"] for level in levels},
        tuple(stored["methods"].tolist()),
        frequency,
        (),
        stored["variances"],
    )


def _digest(panel: Panel, names: Sequence[str], horizon: int, levels: Sequence[int], measure: str) -> str:
    told = hashlib.sha256(
        repr((FORMAT, list(names), horizon, list(levels), measure, panel.frequency)).encode()
    )
    for each in (panel.Y, panel.dates.astype("datetime64[D]").astype(np.int64), panel.X, panel.groups):
        told.update(b"-" if each is None else np.ascontiguousarray(each).tobytes())
    return told.hexdigest()


def _moved(block: Block, mean: Floats) -> Block:
    """The block with other means: its bands move with them, never below 0."""
    by = mean - block.mean
    return replace(
        block,
        mean=mean,
        lower={level: np.minimum(np.maximum(each + by, 0.0), mean) for level, each in block.lower.items()},
        upper={level: np.maximum(each + by, mean) for level, each in block.upper.items()},
    )


def _rows(block: Block, rows: NDArray[np.int64]) -> Block:
    return replace(
        block,
        names=tuple(block.names[row] for row in rows),
        methods=tuple(block.methods[row] for row in rows),
        mean=block.mean[rows],
        lower={level: each[rows] for level, each in block.lower.items()},
        upper={level: each[rows] for level, each in block.upper.items()},
        variances=None,
    )


def _alone(result: ForecastResult) -> Block:
    return Block(
        "series",
        (result.name,),
        result.dates,
        result.mean[None, :],
        {level: each[None, :] for level, each in result.lower.items()},
        {level: each[None, :] for level, each in result.upper.items()},
        (result.method,),
        result.frequency,
        result.notes,
    )


def _say(progress: Progress, what: str) -> None:
    progress(what, 0, None)


def _short(values: Floats) -> list[float]:
    return [float(f"{value:.6g}") for value in values.tolist()]
