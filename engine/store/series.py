"""What was sold day by day, and what else may have moved it?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from engine.store.database import Database
from engine.types import Floats

BATCH = 20_000


@dataclass(frozen=True)
class Point:
    """One day of one series; `value` None = not known (regressors of a day to come, or not on sale)."""

    series_id: str
    day: int  # days since 1970-01-01
    value: float | None
    regressors: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Series:
    """One market series by date: `dates` [t] datetime64[D], `values` [t], each regressor [t]; NaN = none.

    Days that no row names are absent: a weekly series has one entry a week.
    """

    series_id: str
    dates: NDArray[np.datetime64]
    values: Floats
    regressors: Mapping[str, Floats]

    def __len__(self) -> int:
        return len(self.dates)


class MarketSeries:
    """Daily facts from files: sales, stock, a competitor's price, a promotion calendar."""

    _database: Database

    def upsert_series(self, points: Sequence[Point]) -> int:
        """Write points by series and day, the last of equals wins. Returns how many were new or changed."""
        changed = 0
        stream = iter(points)
        while batch := list(islice(stream, BATCH)):
            names = list(dict.fromkeys(point.series_id for point in batch))
            with self._database.writing() as connection:
                asked = json.dumps(names)
                connection.execute(
                    "INSERT OR IGNORE INTO series (name) SELECT value FROM json_each(?)", (asked,)
                )
                codes = dict(
                    connection.execute(
                        "SELECT name, code FROM json_each(?) CROSS JOIN series ON name = value", (asked,)
                    ).fetchall()
                )
                rows = (
                    (codes[p.series_id], p.day, p.value, json.dumps(dict(sorted(p.regressors.items()))))
                    for p in batch
                )
                changed += connection.executemany(
                    "INSERT INTO points VALUES (?, ?, ?, ?) ON CONFLICT (series, day) "
                    "DO UPDATE SET value = excluded.value, regressors = excluded.regressors "
                    "WHERE value IS NOT excluded.value OR regressors <> excluded.regressors",
                    rows,
                ).rowcount
        return changed

    def series_ids(self) -> list[str]:
        with self._database.reading() as connection:
            return [row[0] for row in connection.execute("SELECT name FROM series ORDER BY code").fetchall()]

    def series(self, series_id: str) -> Series | None:
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT day, value, regressors FROM points "
                "WHERE series = (SELECT code FROM series WHERE name = ?) ORDER BY day",
                (series_id,),
            ).fetchall()
        if not rows:
            return None
        told = [json.loads(row[2]) for row in rows]
        names = sorted({name for one in told for name in one})
        return Series(
            series_id=series_id,
            dates=np.array([row[0] for row in rows], "datetime64[D]"),
            values=np.array([row[1] for row in rows], np.float64),
            regressors={name: np.array([one.get(name) for one in told], np.float64) for name in names},
        )
