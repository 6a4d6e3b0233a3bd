"""How many units were wanted, by series and day?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array, csr_array

from engine.types import EVENT_TYPES, EventType, Floats, Interactions
from indexes.arrays import open_arrays, save_arrays
from indexes.ranking import Mask

DAY = 86_400.0
TYPICAL_FROM = 5  # buyer-days an item needs before its own median says what is typical of it


@dataclass(frozen=True, eq=False)
class Demand:
    """Units by series and day, calendar-complete: a day without a sale on sale is 0, a day off sale is NaN.

    `counts` [n, days] sparse; column 0 is `first_day` (days since 1970-01-01, UTC). `launches` [n] is
    the first column on sale, `days` for never. `closed` [n, days] marks the days out of stock.
    """

    counts: csr_array
    first_day: int
    launches: NDArray[np.int32]
    closed: csr_array | None = None
    names: tuple[str, ...] = field(default=())

    @classmethod
    def of(
        cls,
        items: ArrayLike,
        times: ArrayLike,
        quantities: ArrayLike | None = None,
        *,
        n_items: int,
        buyers: ArrayLike | None = None,
        kept: Mask | None = None,
        now: float | None = None,
        launches: Floats | None = None,
        out_of_stock: tuple[ArrayLike, ArrayLike] | None = None,
        cap: float | None = 30.0,
        names: Sequence[str] = (),
    ) -> Demand:
        """Count purchases: rows `items`, Unix seconds `times`, units `quantities` and `buyers`, all [n].

        `kept` [n] leaves out what it marks False (bots, returns). With `now` only whole days before it
        count, for today is not over. `launches` [n_items] are Unix seconds, NaN = from the first sale.
        `out_of_stock` is (rows, Unix seconds) of item-days without stock. One buyer's units of one item on
        one day count for at most `cap` typical buyer-days of that item (winsorizing), so that nobody makes
        a trend alone; None counts every unit.
        """
        row = np.asarray(items, np.int64)
        day = np.floor(np.asarray(times, np.float64) / DAY).astype(np.int64)
        units = np.ones(len(row)) if quantities is None else np.nan_to_num(np.asarray(quantities, np.float64))
        buyer = np.arange(len(row)) if buyers is None else np.asarray(buyers, np.int64)
        keep = (row >= 0) & (row < n_items) & (units > 0)
        if kept is not None:
            keep &= np.asarray(kept, np.bool_)
        if now is not None:
            keep &= day < int(now // DAY)
        row, day, units, buyer = row[keep], day[keep], units[keep], buyer[keep]
        if cap is not None and len(row):
            row, day, units = _winsorized(row, day, units, buyer, n_items, cap)
        end = int(now // DAY) if now is not None else (int(day.max()) + 1 if len(day) else 0)
        first = int(day.min()) if len(day) else end
        n_days = end - first
        counts = _sparse(row, day - first, units, (n_items, n_days))
        starts = np.full(n_items, n_days, np.int64)
        np.minimum.at(starts, row, day - first)
        if launches is not None:
            known = np.isfinite(launches)
            begun = np.floor(np.where(known, launches, 0.0) / DAY).astype(np.int64) - first
            # An item that sold before its announced launch was on sale all the same.
            starts = np.where(known, np.minimum(starts, np.clip(begun, 0, n_days)), starts)
        closed = None
        if out_of_stock is not None:
            shut = np.asarray(out_of_stock[0], np.int64)
            when = np.floor(np.asarray(out_of_stock[1], np.float64) / DAY).astype(np.int64) - first
            inside = (when >= 0) & (when < n_days) & (shut >= 0) & (shut < n_items)
            closed = _sparse(shut[inside], when[inside], np.ones(int(inside.sum())), (n_items, n_days))
        return cls(counts, first, starts.astype(np.int32), closed, tuple(names))

    @classmethod
    def from_interactions(
        cls,
        interactions: Interactions,
        *,
        kept: Mask | None = None,
        now: float | None = None,
        cap: float | None = 30.0,
    ) -> Demand:
        """The purchases among `interactions`, by item row. `kept` [n] leaves out bots."""
        bought = interactions.kinds == EVENT_TYPES.index(EventType.PURCHASE)
        if kept is not None:
            bought = bought & kept
        units = np.nan_to_num(interactions.quantities, nan=1.0)
        return cls.of(
            interactions.items,
            interactions.times,
            np.where(units > 0, units, 1.0),
            n_items=interactions.n_items,
            buyers=interactions.users,
            kept=bought,
            now=now,
            cap=cap,
        )

    def save(self, folder: Path) -> None:
        """Write the counts as arrays; `closed` and `names` are for the build alone and are not kept."""
        parts = {name: getattr(self.counts, name) for name in ("indptr", "indices", "data")}
        facts = {"first_day": self.first_day, "shape": list(self.counts.shape)}
        save_arrays(folder, facts, {**parts, "launches": self.launches})

    @classmethod
    def open(cls, folder: Path) -> Self:
        facts, arrays = open_arrays(folder)
        parts = (arrays["data"], arrays["indices"], arrays["indptr"])
        counts = csr_array(parts, shape=tuple(facts["shape"]))
        return cls(counts, int(facts["first_day"]), arrays["launches"])

    def __len__(self) -> int:
        return int(self.counts.shape[0])

    @property
    def n_days(self) -> int:
        return int(self.counts.shape[1])

    @property
    def dates(self) -> NDArray[np.datetime64]:
        """The calendar [days], datetime64[D]."""
        return (np.arange(self.n_days) + self.first_day).astype("datetime64[D]")

    def series(self, row: int) -> Floats:
        """One series [days]: NaN before its launch and on days out of stock."""
        one: Floats = self.dense(np.array([row]))[0]
        return one

    def dense(self, rows: ArrayLike | None = None) -> Floats:
        """Many series [n, days]; NaN as in `series`. The caller minds the memory: 8 bytes a day."""
        chosen = np.arange(len(self)) if rows is None else np.asarray(rows, np.int64)
        out: Floats = self.counts[chosen].toarray()
        if self.closed is not None:
            # A sale on a day counted as out of stock shows that it was not.
            out[(self.closed[chosen].toarray() > 0) & (out == 0)] = np.nan
        out[np.arange(self.n_days)[None, :] < self.launches[chosen][:, None]] = np.nan
        return out

    def rollup(self, groups: ArrayLike, n_groups: int, names: Sequence[str] = ()) -> Demand:
        """Demand by group (category, brand, shop): `groups` [n] numbers each series' group, -1 = none."""
        group = np.asarray(groups, np.int64)
        member = group >= 0
        spread = csr_array(
            (np.ones(int(member.sum())), (group[member], np.flatnonzero(member))), shape=(n_groups, len(self))
        )
        launches = np.full(n_groups, self.n_days, np.int32)
        np.minimum.at(launches, group[member], self.launches[member])
        return Demand(csr_array(spread @ self.counts), self.first_day, launches, None, tuple(names))

    def until(self, day: int) -> Demand:
        """What was known before column `day`: the past of a back-test's origin."""
        day = max(0, min(day, self.n_days))
        closed = None if self.closed is None else csr_array(self.closed[:, :day])
        return replace(
            self,
            counts=csr_array(self.counts[:, :day]),
            launches=np.minimum(self.launches, day).astype(np.int32),
            closed=closed,
        )

    def totals(self, last: int | None = None) -> Floats:
        """Units [n] over the last `last` days (all of them by default)."""
        start = 0 if last is None else max(0, self.n_days - last)
        return np.asarray(self.counts[:, start:].sum(axis=1), np.float64).ravel()


def _sparse(
    rows: NDArray[np.int64], columns: NDArray[np.int64], values: Floats, shape: tuple[int, int]
) -> csr_array:
    return csr_array(coo_array((values, (rows, columns)), shape=shape))


def _winsorized(
    row: NDArray[np.int64],
    day: NDArray[np.int64],
    units: Floats,
    buyer: NDArray[np.int64],
    n_items: int,
    cap: float,
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Units summed by item, day and buyer, each at most `cap` times the item's median of them."""
    order = np.lexsort((buyer, day, row))
    row, day, buyer, units = row[order], day[order], buyer[order], units[order]
    new = np.ones(len(row), np.bool_)
    new[1:] = (row[1:] != row[:-1]) | (day[1:] != day[:-1]) | (buyer[1:] != buyer[:-1])
    starts = np.flatnonzero(new)
    row, day, units = row[starts], day[starts], np.add.reduceat(units, starts)
    by_size = np.lexsort((units, row))
    begin = np.searchsorted(row, np.arange(n_items))
    size = np.bincount(row, minlength=n_items)
    typical = np.full(n_items, float(np.median(units)))
    known = size >= TYPICAL_FROM
    typical[known] = units[by_size][(begin + (size - 1) // 2)[known]]
    return row, day, np.minimum(units, cap * np.maximum(typical, 1.0)[row])
