"""Which items sell with an item, by which evidence, and how far beyond chance?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from indexes.arrays import open_arrays, save_arrays
from indexes.ranking import Mask, Ranking, Rows

PARTS = ("together", "sequence", "likeness", "kinds", "popular")
Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Links:
    """Pairs of one item with others, each [n].

    `parts` [n, 5] as in PARTS, weighted: a row's sum is its score; `count` baskets hold both; `lift` over
    chance and its one-sided 95 % lower bound `low`; `likeness` of their texts, a cosine; `by_kind`: no
    basket holds both, so that the lift is that of their kinds.
    """

    rows: Rows
    parts: Values
    count: Values
    lift: Values
    low: Values
    likeness: Values
    by_kind: Mask

    @property
    def score(self) -> Values:
        total: Values = self.parts.sum(axis=1)
        return total


@dataclass(frozen=True, eq=False)
class PartnerIndex:
    """The partners of every item, in compressed rows: item i has those from `starts[i]` to `starts[i + 1]`.

    `partners` [e] ascend within an item; `evidence` [e, 5]: together and sequence as counts, likeness as a
    cosine, kinds as a log lift, popular as a log count; `weights` [5] make scores of them. `baskets`
    [n_items]: how many hold each item. `kinds` [n_items], -1 for none; `kind_pairs` [kinds, kinds]: ordered
    pairs in baskets. `pair_rate`: expected baskets with both i and j = pair_rate * baskets[i] * baskets[j],
    were baskets filled by popularity alone, each to its own size.
    """

    starts: NDArray[np.int64]
    partners: NDArray[np.int32]
    evidence: NDArray[np.float32]
    weights: NDArray[np.float32]
    baskets: NDArray[np.float32]
    kinds: NDArray[np.int32]
    kind_pairs: NDArray[np.float32]
    pair_rate: float
    prior: float = 0.2
    kind_totals: Values = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind_totals", self.kind_pairs.sum(1, dtype=np.float64))

    def __len__(self) -> int:
        return len(self.starts) - 1

    def links(self, row: int) -> Links:
        """Everything known of one item's pairs, by ascending row; empty for an unknown row."""
        if not 0 <= row < len(self):
            return self._links(row, slice(0, 0))
        return self._links(row, slice(int(self.starts[row]), int(self.starts[row + 1])))

    def between(self, row: int, rows: Rows) -> Links:
        """The pairs of one item with given `rows` [n], also where nothing was seen of a pair."""
        start, stop = int(self.starts[row]), int(self.starts[row + 1])
        own = np.asarray(self.partners[start:stop])
        at = np.minimum(np.searchsorted(own, rows), max(len(own) - 1, 0))
        known = own[at] == rows if len(own) else np.zeros(len(rows), bool)
        evidence = np.zeros((len(rows), len(PARTS)))
        evidence[known] = self.evidence[start + at[known]]
        unknown = ~known
        evidence[unknown, 3] = self.kind_lifts(row, rows[unknown])
        evidence[unknown, 4] = np.log1p(self.baskets[rows[unknown]])
        return self._weigh(row, np.asarray(rows, np.int64), evidence)

    def search(self, row: int, k: int, allowed: Mask | None = None) -> Ranking:
        """The best `k` partners of one item."""
        found = self.links(row)
        keep = slice(None) if allowed is None else allowed[found.rows]
        return Ranking.of(found.rows[keep], found.score[keep], k)

    def kind_lifts(self, row: int, rows: Rows) -> Values:
        """How much more often than chance kinds share a basket: a smoothed logarithm; 0 without a kind."""
        seen, expected = self._kind_counts(row, rows)
        return np.where(expected > 0, np.log((seen + 1) / (expected + 1)), 0.0)

    def _links(self, row: int, span: slice) -> Links:
        return self._weigh(
            row, np.asarray(self.partners[span], np.int64), np.asarray(self.evidence[span], np.float64)
        )

    def _weigh(self, row: int, rows: Rows, evidence: Values) -> Links:
        parts = features(evidence) * self.weights
        count = evidence[:, 0]
        lift, low, by_kind = self._lift(row, rows, count)
        return Links(rows, parts, count, lift, low, evidence[:, 2], by_kind)

    def _lift(self, row: int, rows: Rows, count: Values) -> tuple[Values, Values, Mask]:
        """Gamma-Poisson lift (DuMouchel 1999): Gamma(count + prior * kinds' lift, expected + prior); where no
        basket holds both, that of the kinds' own counts."""
        from scipy.special import gammaincinv

        if not len(rows):
            return np.zeros(0), np.zeros(0), np.zeros(0, bool)
        expected = self.pair_rate * float(self.baskets[row]) * self.baskets[rows].astype(np.float64)
        seen, usual = self._kind_counts(row, rows)
        kinds = np.where(usual > 0, (seen + 1) / (usual + 1), 1.0)
        by_kind = count <= 0
        shape = np.where(by_kind, np.maximum(seen, 1e-3), count + self.prior * kinds)
        rate = np.where(by_kind, np.maximum(usual, 1e-3), expected + self.prior)
        unknown = by_kind & (usual <= 0)
        lift = np.where(unknown, 1.0, shape / rate)
        low = np.where(unknown, 0.0, gammaincinv(shape, 0.05) / rate)
        return lift, low, by_kind

    def _kind_counts(self, row: int, rows: Rows) -> tuple[Values, Values]:
        """Baskets' pairs of the two kinds, seen and expected by chance; 0, 0 without a kind."""
        kind, kinds = int(self.kinds[row]), self.kinds[rows]
        if kind < 0 or not self.kind_pairs.size:
            return np.zeros(len(rows)), np.zeros(len(rows))
        totals = self.kind_totals
        pairs = max(float(totals.sum()), 1.0)
        known = kinds >= 0
        seen = np.where(known, self.kind_pairs[kind, np.maximum(kinds, 0)], 0.0)
        expected = np.where(known, totals[kind] * totals[np.maximum(kinds, 0)] / pairs, 0.0)
        return seen.astype(np.float64), expected

    def save(self, folder: Path | str) -> None:
        save_arrays(folder, {"pair_rate": self.pair_rate, "prior": self.prior}, self._arrays())

    @classmethod
    def open(cls, folder: Path | str) -> Self:
        facts, arrays = open_arrays(folder)
        return cls(**arrays, pair_rate=facts["pair_rate"], prior=facts["prior"])

    def _arrays(self) -> Mapping[str, NDArray[np.generic]]:
        names = ("starts", "partners", "evidence", "weights", "baskets", "kinds", "kind_pairs")
        return {name: getattr(self, name) for name in names}


def features(evidence: Values) -> Values:
    """What the weights multiply: counts grow by their logarithm, the rest as it is. [n, 5] to [n, 5]"""
    table = np.array(evidence, np.float64)
    table[:, :2] = np.log1p(5 * table[:, :2])
    return table
