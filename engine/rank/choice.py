"""Has the log earned a learned fusion, or are fixed weights still safer?

At the latest of the past moments every way of fusing is measured on requests that none of the models saw; the
simpler way wins unless the other is better by more than one standard error (Breiman et al. 1984).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.rank.features import ItemFacts
from engine.rank.stacking import Examples, Stacking, train
from engine.types import Floats

FIXED = "blend"
LEARNED = "stack"


@dataclass(frozen=True)
class Choice:
    """What was chosen, and NDCG@10 of everything tried at the latest past moment, beside its evidence."""

    chosen: str
    ndcg: Mapping[str, float]
    best_leg: str
    requests: int
    wanted: int
    values: Mapping[str, Floats] = field(repr=False)  # NDCG@10 of each request [r]

    def to_dict(self) -> dict[str, Any]:
        """As the manifest keeps it: all but the values of single requests."""
        return {name: value for name, value in vars(self).items() if name != "values"}

    def sentence(self) -> str:
        other = FIXED if self.chosen == LEARNED else LEARNED
        named = {LEARNED: "the learned fusion", FIXED: "fixed weights"}
        return (
            f"Recommendations use {named[self.chosen]}: NDCG@10 {self.ndcg[self.chosen]:.4f} against "
            f"{self.ndcg[other]:.4f} for {named[other]} and {self.ndcg[self.best_leg]:.4f} for the best single "
            f"model ({self.best_leg}), over {self.requests:,} held-out requests."
        )


def choose_fusion(
    examples: Sequence[Examples], facts: ItemFacts, how: Stacking, weights: Mapping[str, float]
) -> Choice | None:
    """Train on all moments but the latest, measure on the latest; None with fewer than two moments.

    `examples` latest first. `weights` are the fixed ones: leg -> weight of its share of the span.
    """
    if len(examples) < 2:
        return None
    latest, earlier = examples[0], examples[1:]
    model = train(earlier, facts, how).model
    found = {LEARNED: model(latest.X.astype(np.float64)).sum(axis=1), FIXED: blended(latest, weights)}
    found |= {leg: latest.X[:, latest.names.index(f"{leg}:score")] for leg in latest.legs}
    values = {name: ndcg(scores, latest) for name, scores in found.items()}
    means = {name: float(value.mean()) for name, value in values.items()}
    gain = values[LEARNED] - values[FIXED]
    error = float(gain.std(ddof=1) / np.sqrt(len(gain))) if len(gain) > 1 else np.inf
    return Choice(
        chosen=LEARNED if gain.mean() > error else FIXED,
        ndcg=means,
        best_leg=max(latest.legs, key=lambda leg: means[leg]),
        requests=len(latest.sizes),
        wanted=int(latest.labels.sum()),
        values=values,
    )


def blended(examples: Examples, weights: Mapping[str, float]) -> Floats:
    """The fixed blend [n] of the candidates, from each leg's share of its span."""
    total: Floats = np.zeros(len(examples.labels))
    for leg in examples.legs:
        total += weights.get(leg, 0.0) * examples.X[:, examples.names.index(f"{leg}:share")]
    return total


def ndcg(scores: Floats, examples: Examples, k: int = 10) -> Floats:
    """NDCG@k of each request [r], ideal among its own candidates; requests that want none of them are 0."""
    ends = np.cumsum(examples.sizes)
    gains = 1.0 / np.log2(np.arange(2, k + 2))
    values = np.zeros(len(ends))
    for at, (start, end) in enumerate(zip(ends - examples.sizes, ends, strict=True)):
        wanted = examples.labels[start:end]
        ideal = gains[: int(wanted.sum())].sum()
        if ideal:
            first = np.argsort(-scores[start:end], kind="stable")[:k]
            values[at] = gains[: len(first)][wanted[first] > 0].sum() / ideal
    return values
