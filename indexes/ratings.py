"""Which rating would a user give an item?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from indexes.arrays import open_arrays, save_arrays
from indexes.ranking import Rows

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RatingIndex:
    """r_ui = mean + b_u + b_i + u . v, averaged over samples.

    Biases [s, n_users], [s, n_items] and factors [s, n_users, d], [s, n_items, d] of `s` solutions: one for a
    point estimate, several where the posterior was sampled. `rated` [n_users]: who ever rated. `low`, `high`:
    the scale. `noise`: precision of a rating; `strength` that of a user's own terms before any rating.
    """

    user_bias: NDArray[np.float32]
    item_bias: NDArray[np.float32]
    users: NDArray[np.float32]
    items: NDArray[np.float32]
    rated: NDArray[np.bool_]
    mean: float
    low: float
    high: float
    noise: float = 1.0
    strength: float = 5.0

    def __len__(self) -> int:
        return int(self.item_bias.shape[1])

    def knows(self, user: int) -> bool:
        """Whether the user ever rated."""
        return bool(self.rated[user])

    def predict(self, users: ArrayLike, items: ArrayLike, clip: bool = True) -> Floats:
        """The expected rating [n] of each pair of rows, inside the scale if `clip`."""
        user, item = np.asarray(users, np.int64), np.asarray(items, np.int64)
        total = np.full(len(user), self.mean)
        for s in range(len(self.users)):
            dots = np.einsum("nd,nd->n", self.users[s][user], self.items[s][item], dtype=np.float64)
            total += (self.user_bias[s][user] + self.item_bias[s][item] + dots) / len(self.users)
        return np.asarray(np.clip(total, self.low, self.high)) if clip else total

    def dense(self, rows: Rows, values: ArrayLike) -> Floats:
        """The expected rating [n_items] of a user who gave `values` [h] to `rows` [h]: a ridge fold-in."""
        rating = np.asarray(values, np.float64)
        total = np.full(len(self), self.mean)
        for s in range(len(self.users)):
            V = np.asarray(self.items[s], np.float64)
            A = np.column_stack([V[rows], np.ones(len(rows))])
            residual = rating - self.mean - self.item_bias[s][rows]
            gram = self.noise * A.T @ A
            gram[np.diag_indices_from(gram)] += self.strength
            own = np.linalg.solve(gram, self.noise * A.T @ residual)
            total += (V @ own[:-1] + own[-1] + self.item_bias[s]) / len(self.users)
        return np.asarray(np.clip(total, self.low, self.high))

    def save(self, folder: Path | str) -> None:
        facts = {
            "mean": self.mean,
            "low": self.low,
            "high": self.high,
            "noise": self.noise,
            "strength": self.strength,
        }
        arrays = {
            "user_bias": self.user_bias,
            "item_bias": self.item_bias,
            "users": self.users,
            "items": self.items,
            "rated": self.rated,
        }
        save_arrays(folder, facts, arrays)

    @classmethod
    def open(cls, folder: Path | str) -> Self:
        facts, arrays = open_arrays(folder)
        return cls(
            arrays["user_bias"],
            arrays["item_bias"],
            arrays["users"],
            arrays["items"],
            arrays["rated"],
            float(facts["mean"]),
            float(facts["low"]),
            float(facts["high"]),
            float(facts["noise"]),
            float(facts["strength"]),
        )
