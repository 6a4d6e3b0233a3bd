"""Who gets seen: does exposure go where merit is, by seller, brand and popularity?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.evaluate.significance import bootstrap_means
from engine.types import Floats
from indexes.ranking import Ranking, Rows

BANDS = ("head", "middle", "tail", "new")


@dataclass(frozen=True)
class Share:
    """One group's share of the catalogue, of merit (what is bought) and of exposure, with a 95 % interval of
    the last. `ratio` = exposure / merit: 1 is exposure in proportion; NaN for a group without merit."""

    group: str
    items: int
    of_items: float
    of_merit: float
    of_exposure: float
    low: float
    high: float
    ratio: float

    @property
    def verdict(self) -> str:
        """ "over", "under" or "fair": fair while the interval holds the share of merit."""
        if self.low > self.of_merit:
            return "over"
        return "under" if self.high < self.of_merit else "fair"


@dataclass(frozen=True)
class Fairness:
    """Exposure by the groups of one column, most exposed first.

    `distance`: the share of exposure that would have to move for it to follow merit (total variation, 0 to 1).
    """

    column: str
    shares: tuple[Share, ...]
    distance: float

    @property
    def sentence(self) -> str:
        over = [s.group for s in self.shares if s.verdict == "over"]
        under = [s.group for s in self.shares if s.verdict == "under"]
        told = f"{self.distance:.0%} of the exposure by {self.column} does not follow what is bought"
        for what, groups in (("most over-exposed", over), ("most under-exposed", under[::-1])):
            told += f"; {what}: {', '.join(groups[:3])}" if groups else ""
        return told + "."

    def to_dict(self, most: int = 20) -> dict[str, Any]:
        """As JSON; of the groups, the `most` that are shown most."""
        return {
            "column": self.column,
            "distance": round(self.distance, 4),
            "sentence": self.sentence,
            "groups": [
                {
                    "group": s.group,
                    "items": s.items,
                    "share_of_items": round(s.of_items, 4),
                    "share_of_merit": round(s.of_merit, 4),
                    "share_of_exposure": round(s.of_exposure, 4),
                    "interval": [round(s.low, 4), round(s.high, 4)],
                    "ratio": round(s.ratio, 3) if np.isfinite(s.ratio) else None,
                    "verdict": s.verdict,
                }
                for s in self.shares[:most]
            ],
        }


def exposure_by_group(lists: Sequence[Rows], groups: NDArray[np.int64], n_groups: int, k: int) -> Floats:
    """[n_lists, n_groups]: how much of each list's attention a group gets; a row of a list sums to 1.

    Attention falls with the rank as 1 / log2(rank + 1) (Singh & Joachims, KDD 2018). -1 in `groups`
    [n_items] is no group; an empty list is all 0.
    """
    table = np.zeros((len(lists), n_groups))
    for at, rows in enumerate(lists):
        group = groups[np.asarray(rows, np.int64)[:k]]
        attention = 1 / np.log2(np.arange(len(group)) + 2)
        known = group >= 0
        np.add.at(table[at], group[known], attention[known])
    total = table.sum(1, keepdims=True)
    shares: Floats = np.divide(table, total, out=np.zeros_like(table), where=total > 0)
    return shares


def fairness_of(
    column: str,
    lists: Sequence[Rows],
    values: Sequence[str],
    merit: ArrayLike,
    *,
    k: int = 10,
    resamples: int = 500,
    seed: int = 0,
) -> Fairness:
    """Exposure of the groups that `values` [n_items] name ("" = none), against `merit` [n_items] (purchases)."""
    names = sorted({value for value in values if value})
    place = {name: at for at, name in enumerate(names)}
    groups = np.array([place.get(value, -1) for value in values], np.int64)
    known = groups >= 0
    worth = np.asarray(merit, np.float64)
    n = len(names)
    items = np.bincount(groups[known], minlength=n)
    deserved = np.bincount(groups[known], worth[known], minlength=n)
    deserved = deserved / deserved.sum() if deserved.sum() else np.full(n, 1 / max(n, 1))
    per_list = exposure_by_group(lists, groups, n, k)
    per_list = per_list[per_list.sum(1) > 0]
    given = per_list.mean(0) if len(per_list) else np.zeros(n)
    bounds = np.zeros((2, n))
    if len(per_list):
        bounds = np.quantile(bootstrap_means(per_list, resamples, seed), [0.025, 0.975], axis=0)
    shares = [
        Share(
            name,
            int(items[at]),
            float(items[at] / max(items.sum(), 1)),
            float(deserved[at]),
            float(given[at]),
            float(bounds[0, at]),
            float(bounds[1, at]),
            float(given[at] / deserved[at]) if deserved[at] else float("nan"),
        )
        for at, name in enumerate(names)
    ]
    shares.sort(key=lambda s: (-s.of_exposure, s.group))
    distance = float(np.abs(given - deserved).sum() / 2) if len(per_list) else 0.0
    return Fairness(column, tuple(shares), distance)


def popularity_bands(users_of_item: NDArray[np.int64]) -> list[str]:
    """Band of every item: head, middle and tail each hold a third of what users have; new items nobody has."""
    order = np.argsort(-users_of_item, kind="stable")
    share = np.empty(len(order))
    share[order] = (np.cumsum(users_of_item[order]) - users_of_item[order]) / max(int(users_of_item.sum()), 1)
    band = np.where(users_of_item > 0, np.minimum((share * 3).astype(np.int64), 2), 3)
    return [BANDS[at] for at in band.tolist()]


def balanced(ranking: Ranking, groups: ArrayLike, least: Mapping[int, float], k: int) -> Rows:
    """The first `k` rows re-ordered so that every prefix of n holds floor(share * n) of each group in `least`.

    DetGreedy (Geyik, Ambler & Kenthapadi, KDD 2019): where a group falls short, its best candidate comes
    next; else the best of all. `groups` [len(ranking)] names each candidate's group. A group that has no
    candidates left is let go.
    """
    group = np.asarray(groups, np.int64)
    waiting = {int(g): list(np.flatnonzero(group == g)) for g in np.unique(group)}
    taken = dict.fromkeys(waiting, 0)
    chosen: list[int] = []
    for length in range(1, min(k, len(ranking)) + 1):
        short = [
            g for g, share in least.items() if waiting.get(g) and taken[g] < np.floor(share * length + 1e-9)
        ]
        # Of several that fall short, the one whose best candidate stands highest.
        among = short or [g for g, left in waiting.items() if left]
        pick = min(among, key=lambda g: int(waiting[g][0]))
        chosen.append(int(waiting[pick].pop(0)))
        taken[pick] += 1
    return ranking.rows[np.array(chosen, np.int64)]
