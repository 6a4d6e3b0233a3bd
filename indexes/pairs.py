"""Where does a new history land among factors that learned to order pairs?"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from indexes.arrays import open_arrays, save_arrays
from indexes.factors import Factors
from indexes.ranking import Rows

STEPS = 25  # of Newton's method, at most
ENOUGH = 1e-4  # a gradient this short is as good as none


@dataclass(frozen=True, eq=False)
class PairIndex:
    """User factors [n_users, d] and item factors [n_items, d] of Bayesian personalized ranking (Rendle et al. 2009).

    The last column is the item's bias, against a constant one on the users' side. `contrast` [m] are rows that
    stand for what a user did not touch, `shares` [m] how often each is met when the fit draws one; the fit's
    `regularization` goes with each pair. An all-zero item row was never seen: it is never retrieved.
    """

    users: Factors
    items: Factors
    contrast: Rows
    shares: NDArray[np.float64]
    regularization: float = 0.01
    seen: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "seen", np.asarray(self.items).any(axis=1))

    @classmethod
    def build(
        cls, users: Factors, items: Factors, popularity: ArrayLike, regularization: float, most: int = 128
    ) -> Self:
        """`popularity` [n_items]: how often the fit met each item. Up to `most` items stand for them all.

        With more items than that, they are drawn at even steps of the popularity summed up, the most popular
        first: each stands for the same share of it.
        """
        count = np.asarray(popularity, np.float64)
        order = np.argsort(-count, kind="stable")
        order = order[: int((count > 0).sum())]
        if len(order) <= most:
            rows, shares = np.sort(order), count[np.sort(order)]
        else:
            steps = (np.arange(most) + 0.5) / most * count.sum()
            met = order[np.searchsorted(np.cumsum(count[order]), steps)]
            rows, times = np.unique(met, return_counts=True)
            shares = times.astype(np.float64)
        return cls(users, items, rows.astype(np.int64), shares / max(shares.sum(), 1e-12), regularization)

    def __len__(self) -> int:
        return len(self.items)

    @property
    def dim(self) -> int:
        return int(self.items.shape[1])

    def fold_in(self, rows: ArrayLike, weights: ArrayLike, start: ArrayLike | None = None) -> Factors:
        """The vector [d] of a user with history `rows` [h] (unique) and `weights` [h], the items held.

        The one minimum of the fit's own loss of this user: the mean of -ln s(x_i - x_j) over touched i and
        contrasting j, and regularization / 2 |u|^2. As in the fit, an item was touched or was not; a
        weight below 0 puts the item among the contrasts, with the share of its size. `start` [d], the
        vector known so far, makes the way shorter and changes nothing else.
        """
        row, weight = np.asarray(rows, np.int64), np.asarray(weights, np.float64)
        known = (row >= 0) & (row < len(self.items))
        row, weight = row[known], weight[known]
        known = self.seen[row] & (weight != 0)
        row, weight = row[known], weight[known]
        liked, against = row[weight > 0], row[weight < 0]
        found = np.zeros(self.dim, np.float32)
        if not len(liked) or not len(self.contrast):
            return found
        keep = ~np.isin(self.contrast, row)
        left = self.shares[keep]
        doubt = -weight[weight < 0] / len(row)
        left = left / left.sum() * max(1.0 - doubt.sum(), 0.0) if left.sum() > 0 else left
        other, share = np.append(self.contrast[keep], against), np.append(left, doubt)
        if not share.sum() > 0:
            return found
        loss = _Loss(
            np.asarray(self.items[liked], np.float64),
            np.asarray(self.items[other], np.float64),
            share / share.sum(),
            self.regularization,
        )
        begin = np.zeros(self.dim - 1) if start is None else np.asarray(start, np.float64)[:-1]
        found[:-1] = loss.minimum(begin)
        found[-1] = 1.0
        return found

    def save(self, folder: Path | str) -> None:
        arrays: dict[str, NDArray[Any]] = {"users": self.users, "items": self.items}
        arrays |= {"contrast": self.contrast, "shares": self.shares}
        save_arrays(folder, {"regularization": self.regularization}, arrays)

    @classmethod
    def open(cls, folder: Path | str) -> Self:
        facts, arrays = open_arrays(folder)
        return cls(
            arrays["users"],
            arrays["items"],
            arrays["contrast"],
            arrays["shares"],
            float(facts["regularization"]),
        )


@dataclass(frozen=True, eq=False)
class _Loss:
    """The loss of one user: liked [h, d] against others [m, d], which are met by `shares` [m]; biases last."""

    liked: NDArray[np.float64]
    others: NDArray[np.float64]
    shares: NDArray[np.float64]
    regularization: float

    def minimum(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """By Newton's method with halved steps: the loss is strictly convex."""
        value, doubt = self.at(u)
        for _ in range(STEPS):
            slope, curve = self.slopes(u, doubt)
            if np.linalg.norm(slope) < ENOUGH:
                break
            step = np.linalg.solve(curve, slope)
            size = 1.0
            gain = float(slope @ step)
            while size > 1e-6:
                further, doubt_there = self.at(u - size * step)
                if further <= value - 0.25 * size * gain:
                    break
                size *= 0.5
            else:
                break
            u, value, doubt = u - size * step, further, doubt_there
        return u

    def at(self, u: NDArray[np.float64]) -> tuple[float, NDArray[Any]]:
        """The loss, and s(x_j - x_i) [h, m]: how surprising each pair is."""
        P, C = self.liked, self.others
        margin = (P[:, :-1] @ u + P[:, -1])[:, None] - (C[:, :-1] @ u + C[:, -1])[None, :]
        small = np.exp(-np.abs(margin))
        doubt = np.where(margin > 0, small, 1.0) / (1.0 + small)
        each = np.log1p(small) - np.minimum(margin, 0.0)
        value = float((each @ self.shares).mean()) + self.regularization / 2 * float(u @ u)
        return value, doubt

    def slopes(
        self, u: NDArray[np.float64], doubt: NDArray[Any]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The gradient [d] and the Hessian [d, d]."""
        P, C = self.liked[:, :-1], self.others[:, :-1]
        weight = self.shares[None, :] / len(P)
        pull = doubt * weight
        slope = self.regularization * u - pull.sum(axis=1) @ P + pull.sum(axis=0) @ C
        bend = pull * (1.0 - doubt)
        cross = P.T @ (bend @ C)
        curve = (P.T * bend.sum(axis=1)) @ P + (C.T * bend.sum(axis=0)) @ C - cross - cross.T
        curve[np.diag_indices_from(curve)] += self.regularization
        return slope, curve
