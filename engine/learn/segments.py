"""Which kinds of users are there, and what is typical of each?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.learn.interactions import KIND
from engine.types import EventType, Floats, Interactions
from indexes.arrays import open_arrays, save_arrays

DAY = 86400.0
FEATURES = ("recency_days", "orders", "spent", "looks", "active_days", "conversion")

# What a segment far above or below the mean of a feature is called, and how telling that is.
_WORDS: Mapping[tuple[str, bool], tuple[str, str, float]] = {
    ("orders", True): ("frequent buyers", "常客", 1.2),
    ("orders", False): ("seldom buyers", "很少下单", 0.8),
    ("recency_days", True): ("long not seen", "久未到访", 1.3),
    ("recency_days", False): ("here lately", "近期活跃", 0.8),
    ("spent", True): ("big spenders", "高消费", 1.1),
    ("spent", False): ("small spenders", "低消费", 0.8),
    ("looks", True): ("keen browsers", "爱浏览", 0.8),
    ("looks", False): ("few looks", "浏览少", 0.5),
    ("conversion", True): ("decided: buy what they look at", "目标明确", 0.7),
    ("conversion", False): ("look but do not buy", "只看不买", 0.9),
}


@dataclass(frozen=True, eq=False)
class SegmentIndex:
    """Segments of users. `labels` [n_users]: a segment, -1 for a user without events; `names` and
    `names_zh` [k]; `typical` [k, features]: medians in plain units; `share` [k] of all labelled users."""

    labels: NDArray[np.int16]
    typical: NDArray[np.float32]
    share: NDArray[np.float32]
    names: tuple[str, ...]
    names_zh: tuple[str, ...]
    silhouette: float

    def __len__(self) -> int:
        return len(self.names)

    def name(self, user: int | None, language: str = "en") -> str:
        """What the segment of a user's row is called; "" for a user that was not there."""
        if user is None or not 0 <= user < len(self.labels) or self.labels[user] < 0:
            return ""
        return (self.names_zh if language == "zh" else self.names)[int(self.labels[user])]

    def to_dict(self) -> list[dict[str, object]]:
        """One entry a segment: names, share of users, what is typical."""
        return [
            {
                "name": name,
                "name_zh": name_zh,
                "share": round(float(self.share[at]), 4),
                "typical": {f: round(float(v), 2) for f, v in zip(FEATURES, self.typical[at], strict=True)},
            }
            for at, (name, name_zh) in enumerate(zip(self.names, self.names_zh, strict=True))
        ]

    def save(self, folder: Path) -> None:
        told = {"names": self.names, "names_zh": self.names_zh, "silhouette": self.silhouette}
        save_arrays(folder, told, {"labels": self.labels, "typical": self.typical, "share": self.share})

    @classmethod
    def open(cls, folder: Path) -> Self:
        told, arrays = open_arrays(folder)
        return cls(
            arrays["labels"],
            arrays["typical"],
            arrays["share"],
            tuple(told["names"]),
            tuple(told["names_zh"]),
            told["silhouette"],
        )


@dataclass(frozen=True)
class Segments:
    """K-means on what users do (recency, orders, money, looking) and on their tastes.

    k between `fewest` and `most` by the mean silhouette (Rousseeuw 1987) of at most `sample` users;
    tastes are the `tastes` leading principal components of the user factors, scaled to weigh
    `taste_weight` of one behaviour feature in all. A user needs `least` events to be segmented. The
    silhouette alone would mostly say 2, buyers and the rest, which every shop knows: so `fewest` is 3.
    """

    fewest: int = 3
    most: int = 8
    least: int = 1
    tastes: int = 4
    taste_weight: float = 0.5
    sample: int = 2000
    seed: int = 0

    def fit(
        self,
        interactions: Interactions,
        factors: NDArray[np.float32] | None = None,
        prices: Floats | None = None,
        now: float | None = None,
    ) -> SegmentIndex:
        """`factors` [n_users, d], `prices` [n_items] (NaN = not known; without them money counts units)."""
        from sklearn.cluster import KMeans
        from sklearn.metrics import silhouette_score

        plain = behaviour_features(interactions, prices, now)
        counts = np.bincount(interactions.users, minlength=interactions.n_users)
        rows = np.flatnonzero(counts >= self.least)
        if len(rows) < 5 * self.fewest:
            return self._one(interactions.n_users, rows, plain)
        scaled = _standard(np.log1p(plain[rows]))
        told = scaled.std(0) > 0
        if not told.any():
            return self._one(interactions.n_users, rows, plain)
        table = scaled[:, told]
        if factors is not None and self.tastes:
            table = np.column_stack([table, self._tastes(np.asarray(factors[rows], np.float64))])
        rng = np.random.default_rng(self.seed)
        seen = rng.permutation(len(rows))[: self.sample]
        best: tuple[float, NDArray[np.int32]] | None = None
        for k in range(self.fewest, min(self.most, len(rows) // 5) + 1):
            model = KMeans(k, n_init=4, random_state=self.seed).fit(table[seen])
            if len(np.unique(model.labels_)) < 2:
                continue
            quality = float(silhouette_score(table[seen], model.labels_))
            if best is None or quality > best[0]:
                best = quality, model.predict(table).astype(np.int32)
        if best is None:
            return self._one(interactions.n_users, rows, plain)
        return _named(interactions.n_users, rows, plain, scaled, best[1], best[0])

    def _tastes(self, factors: Floats) -> Floats:
        centred = factors - factors.mean(0)
        _, _, axes = np.linalg.svd(centred, full_matrices=False)
        leading = centred @ axes[: self.tastes].T
        # Scaled as one: scaled each by itself, the last component, mere noise, would be as loud as the first.
        spread = float(np.sqrt(leading.var(0).sum()))
        weighted: Floats = leading * self.taste_weight / spread if spread else leading
        return weighted

    def _one(self, n_users: int, rows: NDArray[np.int64], plain: Floats) -> SegmentIndex:
        """Too few or too alike to be told apart: one segment."""
        labels = np.full(n_users, -1, np.int16)
        labels[rows] = 0
        typical = np.median(plain[rows], axis=0) if len(rows) else np.zeros(len(FEATURES))
        return SegmentIndex(
            labels,
            typical[None].astype(np.float32),
            np.ones(1, np.float32),
            ("everyone",),
            ("全部用户",),
            0.0,
        )


def behaviour_features(
    interactions: Interactions, prices: Floats | None = None, now: float | None = None
) -> Floats:
    """[n_users, FEATURES]: days since the last event, orders (days with a purchase), money spent, views and
    clicks, days active, purchases per look. A user without events has zeros."""
    x = interactions
    n = x.n_users
    last = np.full(n, -np.inf)
    np.maximum.at(last, x.users, x.times)
    now = float(x.times.max()) if now is None and len(x) else now or 0.0
    bought = x.kinds == KIND[EventType.PURCHASE]
    looked = np.isin(x.kinds, [KIND[EventType.VIEW], KIND[EventType.CLICK]])
    worth = np.ones(len(x)) if prices is None else np.nan_to_num(np.asarray(prices, np.float64)[x.items])
    worth = worth * np.nan_to_num(np.abs(x.quantities).astype(np.float64), nan=1.0)
    looks = np.bincount(x.users[looked], minlength=n).astype(np.float64)
    purchases = np.bincount(x.users[bought], minlength=n).astype(np.float64)
    return np.column_stack(
        [
            np.where(np.isfinite(last), np.maximum(now - last, 0) / DAY, 0.0),
            _days(x.users[bought], x.times[bought], n),
            np.bincount(x.users[bought], worth[bought], minlength=n),
            looks,
            _days(x.users, x.times, n),
            # A log without views says nothing of who looks before buying.
            purchases / np.maximum(looks, 1.0) if looked.any() else np.zeros(n),
        ]
    )


def _days(users: NDArray[np.int32], times: Floats, n: int) -> Floats:
    day = (times // DAY).astype(np.int64)
    pairs = np.unique(users.astype(np.int64) << 32 | day)
    return np.bincount(pairs >> 32, minlength=n).astype(np.float64)


def _standard(table: Floats) -> Floats:
    """Columns of mean 0 and deviation 1, cut at 4: one tycoon should not be a segment."""
    spread = table.std(0)
    standard: Floats = np.clip((table - table.mean(0)) / np.where(spread > 0, spread, 1.0), -4, 4)
    return standard


def _named(
    n_users: int,
    rows: NDArray[np.int64],
    plain: Floats,
    scaled: Floats,
    found: NDArray[np.int32],
    silhouette: float,
) -> SegmentIndex:
    """Largest segment first, each called by the two things that set it apart most."""
    sizes = np.bincount(found)
    order = np.argsort(-sizes, kind="stable")
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    label = place[found]
    labels = np.full(n_users, -1, np.int16)
    labels[rows] = label
    centres = np.array([scaled[label == s].mean(0) for s in range(len(order))])
    typical = np.array([np.median(plain[rows[label == s]], axis=0) for s in range(len(order))])
    said = _distinct([_words(centre) for centre in centres])
    return SegmentIndex(
        labels,
        typical.astype(np.float32),
        (sizes[order] / sizes.sum()).astype(np.float32),
        tuple(", ".join(en for en, _ in words) for words in said),
        tuple("、".join(zh for _, zh in words) for words in said),
        silhouette,
    )


def _words(centre: Floats) -> list[tuple[str, str]]:
    """Every way to call a centre (in deviations from the mean user), the most telling first."""
    told = []
    for at, feature in enumerate(FEATURES):
        words = _WORDS.get((feature, bool(centre[at] > 0)))
        if words is not None:
            told.append((abs(float(centre[at])) * words[2], words[0], words[1]))
    told.sort(key=lambda word: -word[0])
    return [(en, zh) for _, en, zh in told]


def _distinct(ranked: Sequence[list[tuple[str, str]]]) -> list[list[tuple[str, str]]]:
    """The first two words of each, and more only where two segments would else be called the same."""
    for length in range(2, len(FEATURES) + 1):
        said = [words[:length] for words in ranked]
        if len({tuple(words) for words in said}) == len(said):
            return said
    return [[*words[:2], (f"group {at + 1}", f"第{at + 1}组")] for at, words in enumerate(ranked)]
