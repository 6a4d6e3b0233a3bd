"""What is known of a candidate when a learned re-ranker looks at it?"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from engine.learn.visits import DAY
from engine.types import Evidence, Floats, History, Query
from indexes.arrays import open_arrays, save_arrays
from indexes.popularity import PopularityIndex

CONTEXT = "context"  # the account of features that belong to no leg
SEVERAL = 3  # features a leg has


@dataclass(frozen=True, eq=False)
class ItemFacts:
    """What was known of the items at one moment: popularity, prices [n_items] (NaN = none). Nothing later."""

    popularity: PopularityIndex
    prices: NDArray[np.float32]

    def save(self, folder: Path | str) -> None:
        self.popularity.save(Path(folder) / "popularity")
        save_arrays(Path(folder) / "prices", {}, {"prices": self.prices})

    @classmethod
    def open(cls, folder: Path | str) -> Self:
        _, arrays = open_arrays(Path(folder) / "prices")
        return cls(PopularityIndex.open(Path(folder) / "popularity"), arrays["prices"])


@dataclass(frozen=True, eq=False)
class Features:
    """X [n, f] of n candidates; `names` [f]; `owners` [f]: the leg each feature speaks for, or "context"."""

    X: Floats
    names: tuple[str, ...]
    owners: tuple[str, ...]


def features(query: Query, evidence: Evidence, facts: ItemFacts) -> Features:
    """The same code at training and in serving. No value is NaN: absence is a value of its own.

    Of each leg: the score, its place between the lowest and the highest of this request, and -log2(1 + rank)
    among the candidates. Of the item: popularity at several half-lives, age, freshness, price. Of the pair:
    how often and how lately it was met, fit of price. Of the user: activity. Of the legs: how many agree.
    """
    names: list[str] = []
    owners: list[str] = []
    columns: list[NDArray[Any]] = []

    def add(name: str, owner: str, values: NDArray[Any]) -> None:
        names.append(name)
        owners.append(owner)
        columns.append(values)

    n = len(evidence.rows)
    places = np.zeros((n, len(evidence.legs)))
    for at, leg in enumerate(evidence.legs):
        raw, share, rank = leg_features(evidence.scores[:, at])
        add(f"{leg}:score", leg, raw)
        add(f"{leg}:share", leg, share)
        add(f"{leg}:rank", leg, rank)
        places[:, at] = share
    add("legs:agree", CONTEXT, np.isfinite(evidence.ranks).sum(axis=1))
    add("legs:mean", CONTEXT, places.mean(axis=1) if places.size else np.zeros(n))
    popular = "popular" if "popular" in evidence.legs else CONTEXT
    for name, values in item_features(evidence.rows, facts, query.now).items():
        add(name, popular, values)
    repeat = "repeat" if "repeat" in evidence.legs else CONTEXT
    for name, values in pair_features(evidence.rows, query.history, facts, query.now).items():
        add(name, repeat if name.startswith("own:") else CONTEXT, values)
    X = np.column_stack(columns) if columns else np.zeros((n, 0))
    return Features(np.nan_to_num(X.astype(np.float64), nan=-1.0), tuple(names), tuple(owners))


def leg_features(scores: Floats) -> tuple[Floats, Floats, Floats]:
    """Score, share of the span, -log2(1 + rank) of candidates [n]; a leg that abstains is 0, 0, lowest."""
    n = len(scores)
    known = np.isfinite(scores)
    if not known.any():
        return np.zeros(n), np.zeros(n), np.full(n, -np.log2(2.0 + n))
    low, high = float(scores[known].min()), float(scores[known].max())
    raw = np.where(known, scores, min(low, 0.0))
    share = np.where(known, (raw - low) / (high - low) if high > low else 1.0, 0.0)
    better = len(raw) - np.searchsorted(np.sort(raw), raw, side="right")
    return raw, share, -np.log2(2.0 + better)


def item_features(rows: NDArray[np.int64], facts: ItemFacts, now: float) -> dict[str, NDArray[Any]]:
    popularity = facts.popularity
    now = now or popularity.now
    found: dict[str, NDArray[Any]] = {}
    counts = {half_life: popularity.counts[at][rows] for at, half_life in enumerate(popularity.half_lives)}
    # What a steady seller would show at each half-life: the ratio says rising or fading.
    for half_life, count in counts.items():
        found[f"item:sold-{half_life:g}d"] = np.log1p(count)
    spans = sorted(h for h in popularity.half_lives if h)
    for short, long in pairwise(spans):
        found[f"item:rise-{short:g}/{long:g}d"] = np.log(
            (counts[short] / short + 0.02) / (counts[long] / long + 0.02)
        )
    found["item:age"] = np.log1p(np.maximum(0.0, now - popularity.first[rows]) / DAY)
    found["item:rest"] = np.log1p(np.maximum(0.0, now - popularity.last[rows]) / DAY)
    found["item:price"] = np.log(np.maximum(facts.prices[rows], 0.01))
    return found


def pair_features(
    rows: NDArray[np.int64], history: History, facts: ItemFacts, now: float
) -> dict[str, NDArray[Any]]:
    n = len(rows)
    found: dict[str, NDArray[Any]] = {}
    now = now or (float(history.times.max()) if len(history) else 0.0)
    last: Floats = np.full(n, -np.inf)
    first: Floats = np.full(n, np.inf)
    times: Floats = np.zeros(n)
    if len(history):
        order = np.argsort(rows)
        at = np.searchsorted(rows, history.rows, sorter=order)
        hit = order[np.minimum(at, n - 1)] if n else np.zeros(0, np.int64)
        same = rows[hit] == history.rows if n else np.zeros(0, bool)
        np.maximum.at(last, hit[same], history.times[same])
        np.minimum.at(first, hit[same], history.times[same])
        times = np.bincount(hit[same], history.weights[same] > 0, minlength=n).astype(np.float64)
    had = np.isfinite(last)
    elapsed = np.log1p(np.maximum(now - np.where(had, last, now), 0.0) / DAY)
    again = had & (times > 1)
    gap = np.log1p(np.where(again, last - np.where(had, first, 0.0), 0.0) / DAY / np.maximum(times - 1, 1))
    found["own:times"] = np.log1p(times)
    found["own:rest"] = np.where(had, elapsed, 9.0)
    found["own:gap"] = np.where(again, gap, 9.0)
    found["own:due"] = np.where(again, elapsed - gap, -9.0)
    paid = facts.prices[history.rows[history.rows < len(facts.prices)]]
    paid = np.log(np.maximum(paid[np.isfinite(paid)], 0.01))
    usual = float(paid.mean()) if len(paid) else np.nan
    found["price:fit"] = np.abs(np.log(np.maximum(facts.prices[rows], 0.01)) - usual)
    found["price:usual"] = np.full(n, usual)
    found["user:items"] = np.full(n, np.log1p(len(np.unique(history.rows))))
    found["user:days"] = np.full(n, np.log1p(len(np.unique(history.times // DAY))))
    rest = (now - float(history.times.max())) / DAY if len(history) else -1.0
    found["user:rest"] = np.full(n, np.log1p(max(rest, 0.0)))
    return found
