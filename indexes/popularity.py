"""What sells, as of the day it was counted?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from indexes.arrays import open_arrays, save_arrays
from indexes.ranking import Mask, Ranking, Rows, Scores
from indexes.sparse import rank_dense


@dataclass(frozen=True, eq=False)
class PopularityIndex:
    """Counts [h, n_items], a row for each of `half_lives` (days; 0 = never forgotten), as of `now` (Unix s).

    `first` and `last` [n_items] are the Unix seconds of an item's first and last interaction; NaN = none.
    """

    counts: NDArray[np.float32]
    half_lives: tuple[float, ...]
    now: float
    first: NDArray[np.float64]
    last: NDArray[np.float64]

    def __len__(self) -> int:
        return int(self.counts.shape[1])

    def at(self, half_life: float) -> NDArray[np.float32]:
        """The counts [n_items] of the kept half-life nearest to the wanted one (days, on a log scale)."""
        kept = np.array([np.inf if h == 0 else h for h in self.half_lives])
        wanted = np.inf if half_life == 0 else half_life
        finite = np.minimum(kept, 1e6)
        row = int(np.argmin(np.abs(np.log(finite) - np.log(min(wanted, 1e6)))))
        return np.asarray(self.counts[row])

    def search(self, k: int, allowed: Mask | None = None, half_life: float = 7.0) -> Ranking:
        return rank_dense(self.at(half_life), k, allowed)

    def score(self, rows: Rows, half_life: float = 7.0) -> Scores:
        return self.at(half_life)[rows]

    def save(self, folder: Path | str) -> None:
        facts = {"half_lives": list(self.half_lives), "now": self.now}
        save_arrays(folder, facts, {"counts": self.counts, "first": self.first, "last": self.last})

    @classmethod
    def open(cls, folder: Path | str) -> Self:
        facts, arrays = open_arrays(folder)
        return cls(
            arrays["counts"], tuple(facts["half_lives"]), float(facts["now"]), arrays["first"], arrays["last"]
        )
