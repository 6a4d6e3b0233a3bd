"""What does a forecast tell the one who plans by it?"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from engine.forecast.anomaly import Anomaly
from engine.forecast.calendar import Dates, Frequency
from engine.forecast.stock import Cover
from engine.types import Floats


@dataclass(frozen=True, eq=False)
class ForecastResult:
    """One series, past and to come: `mean` [h] at `dates` [h], bounds by level in percent.

    `errors` are back-test RMSSE of everything tried, seasonal naive included (below 1 = better than the
    one-step naive); `history` [t] at `history_dates` [t], NaN = unknown; `notes` say what was mended.
    """

    name: str
    dates: Dates
    mean: Floats
    lower: Mapping[int, Floats]
    upper: Mapping[int, Floats]
    method: str
    errors: Mapping[str, float] = field(default_factory=dict)
    anomalies: tuple[Anomaly, ...] = ()
    history: Floats = field(default_factory=lambda: np.zeros(0))
    history_dates: Dates = field(default_factory=lambda: np.zeros(0, "datetime64[D]"))
    frequency: Frequency = "day"
    notes: tuple[str, ...] = ()
    cover: Cover | None = None

    @property
    def horizon(self) -> int:
        return len(self.mean)

    def rows(self) -> Iterator[dict[str, Any]]:
        """One row a step: series_id, date, value, and lower_80, upper_80, ... : what the CSV holds."""
        for i, date in enumerate(np.datetime_as_string(self.dates, unit="D").tolist()):
            row: dict[str, Any] = {"series_id": self.name, "date": date, "value": float(self.mean[i])}
            for level in sorted(self.lower):
                row[f"lower_{level}"] = float(self.lower[level][i])
                row[f"upper_{level}"] = float(self.upper[level][i])
            yield row

    def to_dict(self) -> dict[str, Any]:
        """JSON as it stands: no NaN (null instead), dates in ISO 8601."""
        past = np.datetime_as_string(self.history_dates, unit="D").tolist()
        return {
            "series": self.name,
            "frequency": self.frequency,
            "method": self.method,
            "dates": np.datetime_as_string(self.dates, unit="D").tolist(),
            "mean": _plain(self.mean),
            "lower": {str(level): _plain(bound) for level, bound in sorted(self.lower.items())},
            "upper": {str(level): _plain(bound) for level, bound in sorted(self.upper.items())},
            "errors": {name: float(f"{error:.4g}") for name, error in self.errors.items()},
            "anomalies": [
                {
                    "date": past[each.at],
                    "kind": each.kind,
                    "value": float(f"{each.value:.5g}"),
                    "expected": float(f"{each.expected:.5g}"),
                    "size": each.size,
                }
                for each in self.anomalies
            ],
            "history": {"dates": past, "values": _plain(self.history)},
            "notes": list(self.notes),
            "cover": None if self.cover is None else self.cover.to_dict(),
        }


def write_forecasts(results: list[ForecastResult], path: str | Path) -> int:
    """Write all `results` as one CSV, a row a series and step; returns the number of rows."""
    rows = [row for result in results for row in result.rows()]
    names: list[str] = []
    for row in rows:
        names += [name for name in row if name not in names]
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        for row in rows:
            writer.writerow({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()})
    return len(rows)


def _plain(values: Floats) -> list[float | None]:
    return [float(f"{v:.6g}") if np.isfinite(v) else None for v in values.tolist()]
