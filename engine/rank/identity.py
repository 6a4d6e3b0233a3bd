"""Is one of the candidates named by its very id?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.pipeline import Candidates
from engine.types import Evidence, Query

LEG, PART = "identity", "named"  # who finds it; what it is given for it


@dataclass(frozen=True)
class IdentityFirst:
    """Lifts the item whose id was typed above every other; its lift is a part of its own."""

    def __call__(self, query: Query, candidates: Candidates, evidence: Evidence) -> Candidates:
        if LEG not in evidence.legs or not len(candidates):
            return candidates
        named = evidence.rows[~np.isnan(evidence.ranks[:, evidence.legs.index(LEG)])]
        if not len(named):
            return candidates
        scores = candidates.scores
        lift = 1.0 + float(scores.max() - scores.min())
        return candidates.plus(PART, np.where(np.isin(candidates.rows, named), lift, 0.0))
