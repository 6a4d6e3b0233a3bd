"""What is in demand now, and more so every day?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.types import Query
from indexes.ranking import Ranking, Rows
from indexes.trend import TrendIndex


@dataclass(frozen=True, eq=False)
class Trending:
    """The strongest trends among the allowed rows, the same for everyone: for the cold visitor too."""

    index: TrendIndex

    @property
    def floor(self) -> float:
        return 0.0

    def __call__(self, query: Query, k: int) -> Ranking:
        return (query.trend or self.index).search(k, query.allowed)

    def score(self, query: Query, rows: Rows) -> NDArray[np.float32]:
        """The trend score [n] of each of `rows`: 0 for what nobody buys."""
        return (query.trend or self.index).score(rows)


@dataclass(frozen=True, eq=False)
class Rising:
    """Items whose demand is expected to grow, however small: by the lower bound of their lift."""

    index: TrendIndex

    @property
    def floor(self) -> float:
        return 0.0

    def __call__(self, query: Query, k: int) -> Ranking:
        return (query.trend or self.index).rising(k, query.allowed)

    def score(self, query: Query, rows: Rows) -> NDArray[np.float32]:
        """The lift of next week [n] that is left when one standard error of luck is taken off."""
        return (query.trend or self.index).sure_lift()[rows]
