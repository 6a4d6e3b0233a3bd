"""Which factors explain who touched what, weighted by confidence?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from engine.learn.visits import Combine, Reading, user_items
from engine.types import Interactions
from indexes.factors import FactorIndex, Factors


@dataclass(frozen=True)
class Als:
    """Confidence-weighted alternating least squares (Hu, Koren, Volinsky 2008): X ~ U V^T.

    Minimizes sum c (p - u.v)^2 + reg (|u|^2 + |v|^2) over all pairs, c = 1 + alpha |r|, p = 1 where r > 0.
    By `implicit`, with three steps of conjugate gradients a sweep or, not `conjugate`, exactly; `plain`
    solves the same normal equations in numpy, user by user.
    """

    factors: int = 64
    iterations: int = 15
    regularization: float = 0.05
    alpha: float = 3.0
    half_life_days: float = 90.0
    combine: Combine = "log"
    seed: int = 7
    conjugate: bool = True
    plain: bool = False

    @property
    def reading(self) -> Reading:
        """How a history must be read for a fold-in to equal the fit."""
        return Reading(half_life_days=self.half_life_days, combine=self.combine)

    def fit(self, interactions: Interactions) -> FactorIndex:
        R = user_items(interactions, half_life_days=self.half_life_days, combine=self.combine)
        rng = np.random.default_rng(self.seed)
        users = rng.normal(0, 0.1, (R.shape[0], self.factors)).astype(np.float32)
        items = rng.normal(0, 0.1, (R.shape[1], self.factors)).astype(np.float32)
        if R.nnz:
            solve = self._sweep if self.plain else self._implicit
            users, items = solve(R, users, items)
        users[np.diff(R.indptr) == 0] = 0.0
        items[np.bincount(R.indices, minlength=R.shape[1]) == 0] = 0.0
        return FactorIndex.build(users, items, self.alpha, self.regularization)

    def _implicit(self, R: sparse.csr_matrix, users: Factors, items: Factors) -> tuple[Factors, Factors]:
        from implicit.cpu.als import AlternatingLeastSquares
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it publishes no types

        confidence = R.astype(np.float32)
        confidence.data = np.sign(R.data) * (1.0 + self.alpha * np.abs(R.data))
        with threadpool_limits(1, "blas"):  # implicit has threads of its own
            model = AlternatingLeastSquares(
                factors=self.factors,
                regularization=self.regularization,
                alpha=1.0,
                iterations=self.iterations,
                use_cg=self.conjugate,
                random_state=self.seed,
            )
            model.user_factors, model.item_factors = users, items
            model.fit(confidence, show_progress=False)
        return model.user_factors, model.item_factors

    def _sweep(self, R: sparse.csr_matrix, users: Factors, items: Factors) -> tuple[Factors, Factors]:
        columns = R.T.tocsr()
        for _ in range(self.iterations):
            users = self.solve(R, items)
            items = self.solve(columns, users)
        return users, items

    def solve(self, R: sparse.csr_matrix, fixed: Factors) -> Factors:
        """The factors of every row of R [n, m], the other side [m, d] held: the plain normal equations."""
        index = FactorIndex.build(fixed[:0], fixed, self.alpha, self.regularization)
        solved = np.zeros((R.shape[0], self.factors), np.float32)
        for row in range(R.shape[0]):
            part = slice(R.indptr[row], R.indptr[row + 1])
            solved[row] = index.fold_in(R.indices[part], R.data[part])
        return solved
