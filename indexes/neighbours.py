"""Which items does a history point at, through weights between items?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from indexes.arrays import open_arrays, save_arrays
from indexes.ranking import Mask, Ranking, Rows, Scores
from indexes.sparse import SparseRows, rank_dense


@dataclass(frozen=True, eq=False)
class NeighbourIndex:
    """Weights [n_items, n_items] from an item that was touched to the items it speaks for.

    One structure serves item-item neighbours, EASE, Markov chains and co-purchase: they differ in
    how the weights are learned. `power` in [0, 1] divides an answer by (sum of |history weights|)^power,
    so that 1 gives a mean and 0 a sum.
    """

    weights: SparseRows
    power: float = 0.0

    @classmethod
    def build(cls, weights: Any, power: float = 0.0) -> Self:
        """From any scipy sparse matrix [n_items, n_items] or SparseRows."""
        return cls(weights if isinstance(weights, SparseRows) else SparseRows.of(weights), power)

    def __len__(self) -> int:
        return self.weights.n_rows

    def dense(self, rows: ArrayLike, weights: ArrayLike) -> NDArray[np.float64]:
        """The score [n_items] of every item for a history of `rows` [h] with `weights` [h]."""
        total = self.weights.add_up(rows, weights)
        mass = float(np.abs(np.asarray(weights, np.float64)).sum())
        return total / mass**self.power if self.power and mass else total

    def search(self, rows: ArrayLike, weights: ArrayLike, k: int, allowed: Mask | None = None) -> Ranking:
        """The best `k` items with a score above 0: weight at or below 0 is no evidence for an item."""
        return rank_dense(self.dense(rows, weights), k, allowed)

    def score(self, rows: ArrayLike, weights: ArrayLike, targets: Rows) -> Scores:
        """The exact score [n] of `targets` [n]."""
        return self.dense(rows, weights)[targets].astype(np.float32)

    def neighbours(self, row: int, k: int) -> Ranking:
        """The strongest `k` neighbours of one item."""
        columns, values = self.weights.row(row)
        return Ranking.of(columns[values > 0], values[values > 0], k)

    def save(self, folder: Path | str) -> None:
        facts = {"n_items": self.weights.n_columns, "power": self.power}
        save_arrays(folder, facts, self.weights.arrays("weights"))

    @classmethod
    def open(cls, folder: Path | str) -> Self:
        facts, arrays = open_arrays(folder)
        return cls(SparseRows.from_arrays(arrays, "weights", facts["n_items"]), float(facts["power"]))
