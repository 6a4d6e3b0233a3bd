"""What is popular, for several speeds of forgetting?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.learn.visits import DAY
from engine.types import Interactions
from indexes.popularity import PopularityIndex


@dataclass(frozen=True)
class Popularity:
    """Decayed counts of users per item: each user counts once a day and item, however many events there were.

    An event counts half for every half-life (days; 0 = never forgotten) of age.
    """

    half_lives: tuple[float, ...] = (2.0, 7.0, 28.0, 90.0, 0.0)

    def fit(self, interactions: Interactions) -> PopularityIndex:
        x = interactions.where(interactions.weights > 0)
        n = x.n_items
        first, last = np.full(n, np.nan), np.full(n, np.nan)
        now = float(interactions.times[-1]) if len(interactions) else 0.0
        counts = np.zeros((len(self.half_lives), n), np.float32)
        if len(x):
            first[x.items[::-1]] = x.times[::-1]
            last[x.items] = x.times
            day = ((x.times - x.times[0]) // DAY).astype(np.int64)
            key = (day * x.n_users + x.users) * n + x.items
            _, keep = np.unique(key[::-1], return_index=True)
            keep = len(key) - 1 - keep
            items, weights = x.items[keep], x.weights[keep].astype(np.float64)
            age = (now - x.times[keep]) / DAY
            for row, half_life in enumerate(self.half_lives):
                decay = np.exp2(-age / half_life) if half_life else 1.0
                counts[row] = np.bincount(items, weights * decay, minlength=n)
        return PopularityIndex(counts, self.half_lives, now, first, last)
