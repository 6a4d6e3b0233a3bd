"""Which earlier visits, or whole users, can stand for this one?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import sparse

from engine.learn.together import baskets
from engine.learn.visits import Combine, Reading, Visits, positive, user_items
from engine.types import Interactions
from indexes.sessions import SessionIndex
from indexes.sparse import SparseRows

EVERYTHING = Reading()
Unit = Literal["auto", "visit", "basket", "user"]


@dataclass(frozen=True)
class Sessions:
    """Session kNN (V-SKNN, Ludewig and Jannach 2018) over visits, baskets or whole users.

    An item adds idf^`idf_power` to the nearness of each session that has it; a session of m items is
    divided by m^`length_power` (0.5 = cosine). With unit "user" a session is a user's decayed history,
    which is the neighbour part of TIFU-kNN (Hu et al. 2020). "auto" takes visits where they hold two items or
    more on average, else users, whose age then does not matter: a visit of one item has no company.
    """

    unit: Unit = "auto"
    near: int = 300
    half_life_days: float = 15.0
    sharpness: float = 1.5
    idf_power: float = 2.0
    length_power: float = 0.7
    item_power: float = 0.2
    user_half_life_days: float = 0.0
    combine: Combine = "max"
    reading: Reading = EVERYTHING

    def fit(self, interactions: Interactions) -> SessionIndex:
        visits = Visits.of(interactions)
        alone = visits.items.nnz < 2 * len(visits)
        unit = self.unit if self.unit != "auto" else "user" if alone else "visit"
        half_life = 0.0 if self.unit == "auto" and alone else self.half_life_days
        if unit == "user":
            S = positive(
                user_items(interactions, half_life_days=self.user_half_life_days, combine=self.combine)
            )
            times = np.zeros(S.shape[0])
            np.maximum.at(times, interactions.users, interactions.times)
        elif unit == "visit":
            S, times = visits.items, visits.times
        else:
            S, times = baskets(interactions)
        full = np.flatnonzero(np.diff(S.indptr))
        S, times = sparse.csr_matrix(S[full]), times[full]
        frequency = np.bincount(S.indices, minlength=S.shape[1])
        idf = np.log1p(len(times) / np.maximum(frequency, 1.0)) ** self.idf_power
        norms = np.sqrt(np.asarray(S.multiply(S).sum(axis=1)).ravel())
        length = np.maximum(norms, 1e-9) ** (2 * self.length_power)
        postings = sparse.csr_matrix((sparse.diags(1.0 / length) @ S @ sparse.diags(idf)).T)
        worth = S @ sparse.diags(np.maximum(frequency, 1.0) ** -self.item_power)
        return SessionIndex(
            SparseRows.of(worth),
            SparseRows.of(postings),
            times,
            self.near,
            half_life,
            self.sharpness,
        )
