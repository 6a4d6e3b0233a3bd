"""How much do relevance, personalization and trend each give to a score?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.types import Evidence, Floats, Fusion, Query


@dataclass(frozen=True)
class Blend:
    """A fusion in two steps: the legs of relevance by `relevance`, then the other parts added with their weights.

    A leg of personalization or trend is scaled to [0, 1] among the candidates and weighted; where it has
    nothing to go on it gives 0. The weights of one request multiply the defaults: {"trend": 0} switches a
    part off. `parts` names the part of each leg; `weights` the default weight of each leg outside relevance.
    """

    relevance: Fusion
    parts: Mapping[str, str]
    weights: Mapping[str, float]

    def __call__(self, query: Query, evidence: Evidence) -> Floats:
        given = np.zeros((len(evidence.rows), len(evidence.legs)))
        if not len(evidence.rows):
            return given
        relevant = [
            i for i, leg in enumerate(evidence.legs) if self.parts.get(leg, "relevance") == "relevance"
        ]
        if relevant:
            chosen = Evidence(
                evidence.rows,
                tuple(evidence.legs[i] for i in relevant),
                evidence.scores[:, relevant],
                evidence.ranks[:, relevant],
                evidence.floors[relevant],
            )
            given[:, relevant] = query.weights.get("relevance", 1.0) * self.relevance(query, chosen)
        for column, leg in enumerate(evidence.legs):
            part = self.parts.get(leg, "relevance")
            if part != "relevance":
                weight = self.weights.get(leg, 0.0) * query.weights.get(part, 1.0)
                given[:, column] = weight * unit(evidence.scores[:, column])
        return given


def unit(scores: Floats) -> Floats:
    """Scores [n] scaled to [0, 1] by their least and greatest; NaN becomes 0, a constant becomes 0."""
    known = np.isfinite(scores)
    if not known.any():
        return np.zeros(len(scores))
    low, high = float(scores[known].min()), float(scores[known].max())
    if high <= low:
        return np.zeros(len(scores))
    return np.where(known, (np.where(known, scores, low) - low) / (high - low), 0.0)
