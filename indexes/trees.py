"""What does a forest of small trees say of a row, and on whose account?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import factorial
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from indexes.arrays import open_arrays, save_arrays

Floats = NDArray[np.float64]
MOST_SPLITS = 7  # a tree of 8 leaves: 128 ways to answer its questions


@dataclass(frozen=True, eq=False)
class TreeIndex:
    """Trees of at most 8 leaves, with the Shapley values of every way to answer a tree's questions.

    A row answers the up to 7 splits of a tree (value <= threshold), which gives a 7-bit pattern; `shares`
    [n_trees, 128, n_accounts] holds, for each pattern, the exact path-dependent TreeSHAP values (Lundberg
    et al. 2020), added up by account: the group that a feature belongs to. So scores with explanations of
    500 rows cost a few comparisons a tree; the idea of tabulating is that of Fast TreeSHAP v2 (Yang 2021).
    `columns` [n_trees, 7] are features (-1 = no split), `cuts` [n_trees, 7] thresholds. The expected value
    over the training rows is `base`; shares leave it out, because a constant orders nothing.
    """

    columns: NDArray[np.int32]
    cuts: Floats
    shares: NDArray[np.float32]
    base: float

    @classmethod
    def build(cls, trees: Sequence[Mapping[str, Any]], accounts: Sequence[int]) -> Self:
        """From LightGBM's `dump_model()["tree_info"]`; `accounts` [n_features]: each feature's group."""
        n = max(accounts, default=0) + 1
        columns = np.full((len(trees), MOST_SPLITS), -1, np.int32)
        cuts = np.zeros((len(trees), MOST_SPLITS))
        shares = np.zeros((len(trees), 1 << MOST_SPLITS, n), np.float32)
        base = 0.0
        for at, tree in enumerate(trees):
            base += _tabulate(tree["tree_structure"], accounts, columns[at], cuts[at], shares[at])
        return cls(columns, cuts, shares, base)

    def __call__(self, X: Floats) -> Floats:
        """The share of each account in each row's score: X [n, n_features] -> [n, n_accounts]."""
        return np.asarray(_walk()(np.ascontiguousarray(X, np.float64), self.columns, self.cuts, self.shares))

    def save(self, folder: Path | str) -> None:
        arrays: dict[str, NDArray[Any]] = {"columns": self.columns, "cuts": self.cuts, "shares": self.shares}
        save_arrays(folder, {"base": self.base}, arrays)

    @classmethod
    def open(cls, folder: Path | str) -> Self:
        facts, arrays = open_arrays(folder)
        # Small, and read in every request: in memory.
        loaded = {name: np.array(array) for name, array in arrays.items()}
        return cls(loaded["columns"], loaded["cuts"], loaded["shares"], float(facts["base"]))


def _tabulate(
    root: Mapping[str, Any],
    accounts: Sequence[int],
    columns: NDArray[np.int32],
    cuts: Floats,
    shares: NDArray[np.float32],
) -> float:
    """Fill one tree's rows; return its expected value."""
    splits: list[Mapping[str, Any]] = []

    def number(node: Mapping[str, Any]) -> None:
        if "split_feature" in node:
            splits.append(node)
            number(node["left_child"])
            number(node["right_child"])

    number(root)
    if len(splits) > MOST_SPLITS:
        raise ValueError(f"a tree has {len(splits)} splits; at most {MOST_SPLITS} are tabulated")
    place = {id(node): at for at, node in enumerate(splits)}
    for at, node in enumerate(splits):
        columns[at], cuts[at] = node["split_feature"], node["threshold"]
    features = sorted({int(node["split_feature"]) for node in splits})
    subsets = np.arange(1 << len(features))
    patterns = np.arange(1 << MOST_SPLITS)

    def value(node: Mapping[str, Any]) -> Floats:
        """E[tree | the features of a subset answer as in a pattern]: [n_subsets, n_patterns]."""
        if "split_feature" not in node:
            return np.full((1, 1), float(node["leaf_value"]))
        left, right = value(node["left_child"]), value(node["right_child"])
        share = _cover(node["left_child"]) / (_cover(node["left_child"]) + _cover(node["right_child"]))
        known = (subsets >> features.index(int(node["split_feature"])) & 1).astype(bool)[:, None]
        goes_left = (patterns >> place[id(node)] & 1).astype(bool)[None, :]
        return np.where(known, np.where(goes_left, left, right), share * left + (1.0 - share) * right)

    values = np.broadcast_to(value(root), (len(subsets), len(patterns)))
    f = len(features)
    size = np.array([bin(subset).count("1") for subset in subsets.tolist()])
    for bit, feature in enumerate(features):
        without = subsets[(subsets >> bit & 1) == 0]
        weight = np.array(
            [factorial(s) * factorial(f - s - 1) / factorial(f) for s in size[without].tolist()]
        )
        gain = values[without | (1 << bit)] - values[without]
        shares[:, accounts[feature]] += (weight @ gain).astype(np.float32)
    return float(values[0, 0])


def _cover(node: Mapping[str, Any]) -> float:
    return float(node.get("internal_count", node.get("leaf_count", 0)) or 0)


@lru_cache(maxsize=1)
def _walk() -> Any:
    """The compiled loop; numba is loaded by the first call, not by the import."""
    from numba import njit

    @njit(cache=True)  # type: ignore[untyped-decorator]  # numba publishes no types
    def walk(X: Any, columns: Any, cuts: Any, shares: Any) -> Any:
        n, accounts = X.shape[0], shares.shape[2]
        total = np.zeros((n, accounts))
        for tree in range(columns.shape[0]):
            for row in range(n):
                pattern = 0
                for split in range(columns.shape[1]):
                    column = columns[tree, split]
                    if column < 0:
                        break
                    if X[row, column] <= cuts[tree, split]:
                        pattern |= 1 << split
                for account in range(accounts):
                    total[row, account] += shares[tree, pattern, account]
        return total

    return walk
