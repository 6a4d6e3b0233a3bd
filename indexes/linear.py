"""What does a linear model say of a row, and on whose account?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from indexes.arrays import open_arrays, save_arrays

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LinearIndex:
    """Weights [n_features] on features less their means [n_features]; `accounts` [n_features] groups them.

    w (x - mean) is the Shapley value of a feature in a linear model of independent features.
    """

    weights: Floats
    means: Floats
    accounts: NDArray[np.int32]

    def __call__(self, X: Floats) -> Floats:
        """The share of each account in each row's score: X [n, n_features] -> [n, n_accounts]."""
        terms = (X - self.means) * self.weights
        groups = np.zeros((len(self.weights), int(self.accounts.max(initial=-1)) + 1))
        groups[np.arange(len(self.weights)), self.accounts] = 1.0
        total: Floats = terms @ groups
        return total

    def save(self, folder: Path | str) -> None:
        save_arrays(folder, {}, {"weights": self.weights, "means": self.means, "accounts": self.accounts})

    @classmethod
    def open(cls, folder: Path | str) -> Self:
        _, arrays = open_arrays(folder)
        loaded = {name: np.array(array) for name, array in arrays.items()}
        return cls(loaded["weights"], loaded["means"], loaded["accounts"])
