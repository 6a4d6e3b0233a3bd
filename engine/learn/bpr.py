"""Which factors put what a user touched above what they did not?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.learn.visits import positive, user_items
from engine.types import Interactions
from indexes.factors import FactorIndex


@dataclass(frozen=True)
class Bpr:
    """Bayesian personalized ranking (Rendle et al. 2009) by stochastic gradients; `implicit` does the fit.

    Its last column is the item's bias, against a constant one on the users' side. A new history is folded in by
    least squares on these factors, as for ALS: the pairs of one history alone would say little.
    """

    factors: int = 64
    iterations: int = 100
    learning_rate: float = 0.05
    regularization: float = 0.01
    alpha: float = 3.0
    fold_regularization: float = 1.0
    seed: int = 7

    def fit(self, interactions: Interactions) -> FactorIndex:
        R = positive(user_items(interactions))
        users = np.zeros((R.shape[0], self.factors + 1), np.float32)
        items = np.zeros((R.shape[1], self.factors + 1), np.float32)
        if R.nnz:
            from implicit.cpu.bpr import BayesianPersonalizedRanking

            model = BayesianPersonalizedRanking(
                factors=self.factors,
                learning_rate=self.learning_rate,
                regularization=self.regularization,
                iterations=self.iterations,
                num_threads=1,  # more threads race each other: another answer each time
                random_state=self.seed,
            )
            model.fit(R, show_progress=False)
            users, items = np.array(model.user_factors), np.array(model.item_factors)
            users[np.diff(R.indptr) == 0] = 0.0
            items[np.diff(R.tocsc().indptr) == 0] = 0.0
        return FactorIndex.build(users, items, self.alpha, self.fold_regularization)
