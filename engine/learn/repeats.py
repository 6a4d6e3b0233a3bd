"""Which items do people come back to, and in which rhythm?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.learn.interactions import KIND
from engine.learn.visits import DAY, visit_numbers
from engine.types import EventType, Interactions
from indexes.repeats import RepeatIndex


@dataclass(frozen=True)
class Repeats:
    """Repeat rate and rhythm of every item, from purchases (from every interaction where nothing was bought).

    rate = (returning users + shrink * the catalogue's rate) / (users + shrink); rhythm = the mean gap
    between two visits of one user to the item, shrunk to the catalogue's in the same way.
    """

    shrink: float = 10.0
    half_life_days: float = 60.0
    rate_power: float = 1.0
    timing: float = 0.3
    spread: float = 1.0

    def fit(self, interactions: Interactions) -> RepeatIndex:
        x, n = interactions, interactions.n_items
        bought = x.where((x.kinds == KIND[EventType.PURCHASE]) & (x.weights > 0))
        x = bought if len(bought) else x.where(x.weights > 0)
        rate, rhythm = np.zeros(n), np.full(n, 30.0)
        if len(x):
            pair = x.users.astype(np.int64) * n + x.items
            _, pairs = np.unique(pair, return_inverse=True)
            order, visit = visit_numbers(pairs.astype(np.int32), x.times, 0.5 * DAY)
            starts = np.ones(len(x), bool)
            starts[1:] = visit[1:] != visit[:-1]
            at = order[starts]  # one event for each visit of a user to an item
            group, time, item = pairs[at], x.times[at], x.items[at]
            again = group[1:] == group[:-1]
            gap = np.diff(time)[again] / DAY
            gaps = np.bincount(item[1:][again], minlength=n)
            spans = np.bincount(item[1:][again], gap, minlength=n)
            per_pair = np.bincount(group)
            first = np.append(True, ~again)
            users = np.bincount(item[first], minlength=n)
            returned = np.bincount(item[first], per_pair[group[first]] > 1, minlength=n)
            all_rate = returned.sum() / max(users.sum(), 1)
            all_rhythm = spans.sum() / gaps.sum() if gaps.sum() else 30.0
            rate = (returned + self.shrink * all_rate) / np.maximum(users + self.shrink, 1e-9)
            rhythm = (spans + self.shrink * all_rhythm) / np.maximum(gaps + self.shrink, 1e-9)
        return RepeatIndex(
            rate.astype(np.float32),
            rhythm.astype(np.float32),
            self.half_life_days,
            self.rate_power,
            self.timing,
            self.spread,
        )
