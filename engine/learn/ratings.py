"""Which biases and factors explain the stars that were given?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.types import Interactions
from indexes.ratings import RatingIndex

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Ratings:
    """Matrix factorization of explicit ratings by regularized squared error, with biases.

    Minimizes sum (r - mean - b_u - b_i - u.v)^2 + reg (|u|^2 + |v|^2 + b_u^2 + b_i^2) by alternating least
    squares (Koren, Bell, Volinsky 2009). With `samples` > 0 the same model is sampled instead of minimized
    (Bayesian PMF, Salakhutdinov and Mnih 2008, with a precision for each column): the mean over samples
    over-fits less. Ratings are the interactions that carry a value; the latest of a pair counts.
    """

    factors: int = 12
    iterations: int = 30
    regularization: float = 6.0
    samples: int = 60
    burn_in: int = 20
    noise: float = 1.4  # precision of a rating in a sampled model: 1 / variance
    seed: int = 7

    def fit(self, interactions: Interactions) -> RatingIndex:
        rated = interactions.where(np.isfinite(interactions.values))
        pair = rated.users.astype(np.int64) * rated.n_items + rated.items
        _, last = np.unique(pair[::-1], return_index=True)
        keep = len(pair) - 1 - last
        users, items = rated.users[keep].astype(np.int64), rated.items[keep].astype(np.int64)
        values = rated.values[keep].astype(np.float64)
        mean = float(values.mean()) if len(values) else 0.0
        low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 0.0)
        rng = np.random.default_rng(self.seed)
        d = self.factors
        # Column d of each side is its bias: it meets a constant one on the other side.
        U = rng.normal(0, 0.1, (interactions.n_users, d + 1))
        V = rng.normal(0, 0.1, (interactions.n_items, d + 1))
        U[:, d] = V[:, d] = 0.0
        by_user, by_item = Side.of(users, items, len(U)), Side.of(items, users, len(V))
        residual = values - mean
        kept: list[tuple[Floats, Floats]] = []
        if not len(values):
            kept = [(U * 0, V * 0)]
        elif not self.samples:
            for _ in range(self.iterations):
                U = by_user.solve(V, residual, np.full(d + 1, self.regularization), 1.0, None)
                V = by_item.solve(U, residual, np.full(d + 1, self.regularization), 1.0, None)
            kept = [(U, V)]
        else:
            for sweep in range(self.burn_in + self.samples):
                U = by_user.solve(V, residual, precision(U, rng), self.noise, rng)
                V = by_item.solve(U, residual, precision(V, rng), self.noise, rng)
                if sweep >= self.burn_in:
                    kept.append((U, V))
        users_, items_ = np.stack([u for u, _ in kept]), np.stack([v for _, v in kept])
        return RatingIndex(
            users_[:, :, d].astype(np.float32),
            items_[:, :, d].astype(np.float32),
            users_[:, :, :d].astype(np.float32),
            items_[:, :, :d].astype(np.float32),
            np.bincount(users, minlength=interactions.n_users) > 0,
            mean,
            low,
            high,
            self.noise if self.samples else 1.0,
            self.regularization,
        )


def precision(X: Floats, rng: np.random.Generator) -> Floats:
    """A draw of each column's precision [d] given X [n, d]: Gamma(1/2 + n/2, 1/2 + sum x^2 / 2)."""
    return np.asarray(rng.gamma(0.5 + len(X) / 2, 1.0 / (0.5 + (X**2).sum(axis=0) / 2)))


@dataclass(frozen=True, eq=False)
class Side:
    """The ratings in order of one side: where each row's ratings start, and who is on the other side."""

    order: NDArray[np.int64]
    starts: NDArray[np.int64]
    rows: NDArray[np.int64]
    others: NDArray[np.int64]
    n: int

    @classmethod
    def of(cls, rows: NDArray[np.int64], others: NDArray[np.int64], n: int) -> Side:
        order = np.argsort(rows, kind="stable")
        present, starts = np.unique(rows[order], return_index=True)
        return cls(order, starts, present, others[order], n)

    def solve(
        self,
        fixed: Floats,
        residual: Floats,
        strength: Floats,
        noise: float,
        rng: np.random.Generator | None,
    ) -> Floats:
        """Every row's factors and bias [n, d + 1], the other side held: the mean, or a draw with `rng`."""
        d = fixed.shape[1] - 1
        A = fixed[self.others].copy()
        target = residual[self.order] - A[:, d]
        A[:, d] = 1.0
        gram = np.empty((len(self.rows), d + 1, d + 1))
        for column in range(d + 1):
            gram[:, column] = np.add.reduceat(A * A[:, column, None], self.starts, axis=0)
        gram *= noise
        at = np.arange(d + 1)
        gram[:, at, at] += strength
        b = noise * np.add.reduceat(A * target[:, None], self.starts, axis=0)
        solved = np.zeros((self.n, d + 1))
        solved[self.rows] = np.linalg.solve(gram, b[:, :, None])[:, :, 0]
        if rng is not None:
            root = np.linalg.cholesky(gram)
            normal = rng.normal(size=(len(self.rows), d + 1, 1))
            solved[self.rows] += np.linalg.solve(np.swapaxes(root, 1, 2), normal)[:, :, 0]
            absent = np.ones(self.n, bool)
            absent[self.rows] = False
            solved[absent] = rng.normal(size=(int(absent.sum()), d + 1)) / np.sqrt(strength)
        return solved
