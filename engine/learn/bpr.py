"""Which factors put what a user touched above what they did not?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.learn.visits import positive, user_items
from engine.types import Interactions
from indexes.descent import descend
from indexes.pairs import PairIndex


@dataclass(frozen=True)
class Bpr:
    """Bayesian personalized ranking (Rendle et al. 2009) by stochastic gradients: `iterations` draws a touched pair.

    What a user did not touch is drawn from the touched items alike ("even"), or as often as they were touched
    ("popular", which forgets what is popular). The fold-in of a new history minimizes the same loss.
    """

    factors: int = 64
    iterations: int = 100
    learning_rate: float = 0.02
    regularization: float = 0.02
    against: Literal["even", "popular"] = "even"
    seed: int = 7

    def fit(self, interactions: Interactions) -> PairIndex:
        R = positive(user_items(interactions))
        R.sort_indices()
        rng = np.random.default_rng(self.seed)
        shape = (R.shape[0] + R.shape[1], self.factors + 1)
        both = rng.normal(0, 0.1, shape).astype(np.float32)
        users, items = both[: R.shape[0]], both[R.shape[0] :]
        users[:, -1], items[:, -1] = 1.0, 0.0
        popularity = np.bincount(R.indices, minlength=R.shape[1])
        users[np.diff(R.indptr) == 0] = 0.0
        items[popularity == 0] = 0.0
        even = self.against == "even"
        draws = np.flatnonzero(popularity).astype(np.int32) if even else R.indices.astype(np.int32)
        descend(
            (R.indptr, R.indices.astype(np.int32)),
            draws,
            users,
            items,
            steps=self.iterations * R.nnz,
            rate=self.learning_rate,
            regularization=self.regularization,
            seed=self.seed,
        )
        return PairIndex.build(
            users, items, np.minimum(popularity, 1) if even else popularity, self.regularization
        )
