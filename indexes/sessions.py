"""Which earlier sessions look like this one, and what was in them?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from indexes.arrays import open_arrays, save_arrays
from indexes.ranking import Mask, Ranking, Rows, Scores
from indexes.sparse import SparseRows, rank_dense

DAY = 86_400.0


@dataclass(frozen=True, eq=False)
class SessionIndex:
    """Sessions (visits, baskets, or whole users) by items, and the same by items.

    `sessions` [n_sessions, n_items]: what a session is worth to an item once the session is a neighbour.
    `postings` [n_items, n_sessions]: what an item of the query adds to a session's nearness; learned with
    idf and the session's length inside. `times` [n_sessions] Unix s: when each ended. A neighbour counts
    half for every `half_life_days` of age (0 = age does not matter); `near` neighbours are used; `sharpness`
    is the power that a neighbour's nearness is raised to.
    """

    sessions: SparseRows
    postings: SparseRows
    times: NDArray[np.float64]
    near: int = 500
    half_life_days: float = 0.0
    sharpness: float = 1.0

    def __len__(self) -> int:
        return self.sessions.n_columns

    def neighbours(
        self, rows: ArrayLike, weights: ArrayLike, now: float = 0.0
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The nearest sessions and their nearness > 0, sessions ascending."""
        added = self.postings.add_up(rows, weights)
        found = np.flatnonzero(added > 0)
        nearness = added[found]
        if self.half_life_days and len(found):
            # Only of those that share an item: a power of two for every session there is costs more than the rest.
            age = np.maximum(0.0, (now or float(self.times.max())) - self.times[found]) / DAY
            nearness = nearness * np.exp2(-age / self.half_life_days)
            found, nearness = found[nearness > 0], nearness[nearness > 0]
        if len(found) > self.near:
            # By (nearness, session): a tie with the last place must not hang on the sort.
            cut = np.partition(nearness, -self.near)[-self.near]
            tied = np.flatnonzero(nearness == cut)
            above = np.flatnonzero(nearness > cut)
            order = np.sort(np.concatenate([above, tied[: self.near - len(above)]]))
            found, nearness = found[order], nearness[order]
        return found, nearness**self.sharpness

    def dense(self, rows: ArrayLike, weights: ArrayLike, now: float = 0.0) -> NDArray[np.float64]:
        """The score [n_items] of every item, as a share of the neighbours' total nearness."""
        found, nearness = self.neighbours(rows, weights, now)
        total = float(nearness.sum())
        return self.sessions.add_up(found, nearness / total if total else nearness)

    def search(
        self, rows: ArrayLike, weights: ArrayLike, k: int, allowed: Mask | None = None, now: float = 0.0
    ) -> Ranking:
        return rank_dense(self.dense(rows, weights, now), k, allowed)

    def score(self, rows: ArrayLike, weights: ArrayLike, targets: Rows, now: float = 0.0) -> Scores:
        return self.dense(rows, weights, now)[targets].astype(np.float32)

    def save(self, folder: Path | str) -> None:
        facts = {
            "n_items": self.sessions.n_columns,
            "near": self.near,
            "half_life_days": self.half_life_days,
            "sharpness": self.sharpness,
        }
        save_arrays(
            folder,
            facts,
            {**self.sessions.arrays("sessions"), **self.postings.arrays("postings"), "times": self.times},
        )

    @classmethod
    def open(cls, folder: Path | str) -> Self:
        facts, arrays = open_arrays(folder)
        return cls(
            SparseRows.from_arrays(arrays, "sessions", facts["n_items"]),
            SparseRows.from_arrays(arrays, "postings", len(arrays["times"])),
            arrays["times"],
            int(facts["near"]),
            float(facts["half_life_days"]),
            float(facts["sharpness"]),
        )
