"""Will someone who had this have it again, and after how long?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from indexes.arrays import open_arrays, save_arrays
from indexes.ranking import Rows

DAY = 86_400.0


@dataclass(frozen=True, eq=False)
class RepeatIndex:
    """Of items: `rate`, the share of users who came back; `interval_days`, after how long; [n_items] each.

    Both are shrunk to the catalogue's own. `half_life_days` is how fast one's own visits are forgotten,
    `timing` in [0, 1] how much the item's rhythm counts, `spread` the width of that rhythm (in log time).
    """

    rate: NDArray[np.float32]
    interval_days: NDArray[np.float32]
    half_life_days: float = 60.0
    rate_power: float = 1.0
    timing: float = 0.3
    spread: float = 1.0

    def __len__(self) -> int:
        return len(self.rate)

    def strength(
        self, rows: Rows, weights: ArrayLike, times: ArrayLike, now: float
    ) -> tuple[Rows, NDArray[np.float64]]:
        """The unique rows [h] of a history (rows, weights, times, each [n], oldest first); their scores [h].

        Sum of decayed visits x rate x (1 - timing + timing * how due it is): due peaks when the time
        since the last visit is the rhythm, the user's own where there are several visits, else the item's.
        """
        row = np.asarray(rows, np.int64)
        weight, time = np.asarray(weights, np.float64), np.asarray(times, np.float64)
        known = (row >= 0) & (row < len(self.rate))
        row, weight, time = row[known], weight[known], time[known]
        unique, at = np.unique(row, return_inverse=True)
        if not len(unique):
            return unique, np.zeros(0)
        age = np.maximum(0.0, now - time) / DAY
        decay = np.exp2(-age / self.half_life_days) if self.half_life_days else np.ones(len(age))
        total = np.bincount(at, weight * decay, minlength=len(unique))
        first, last = np.full(len(unique), np.inf), np.full(len(unique), -np.inf)
        np.minimum.at(first, at, time)
        np.maximum.at(last, at, time)
        visits = np.bincount(at, weight > 0, minlength=len(unique))
        # The user's own mean gap, with the item's rhythm as one pseudo-gap.
        gaps = np.maximum(visits - 1, 0)
        rhythm = ((last - first) / DAY + self.interval_days[unique]) / (gaps + 1.0)
        elapsed = np.maximum(now - last, 0.0) / DAY + 1.0
        due = np.exp(-0.5 * (np.log(elapsed / np.maximum(rhythm, 1.0)) / self.spread) ** 2)
        factor = 1.0 - self.timing + self.timing * due
        return unique, total * self.rate[unique] ** self.rate_power * factor

    def save(self, folder: Path | str) -> None:
        facts = {
            "half_life_days": self.half_life_days,
            "rate_power": self.rate_power,
            "timing": self.timing,
            "spread": self.spread,
        }
        save_arrays(folder, facts, {"rate": self.rate, "interval_days": self.interval_days})

    @classmethod
    def open(cls, folder: Path | str) -> Self:
        facts, arrays = open_arrays(folder)
        return cls(
            arrays["rate"],
            arrays["interval_days"],
            float(facts["half_life_days"]),
            float(facts["rate_power"]),
            float(facts["timing"]),
            float(facts["spread"]),
        )
