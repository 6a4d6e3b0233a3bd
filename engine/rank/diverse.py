"""How is a list made to hold more than ten of the same thing?

Each way picks one candidate after the other, weighing what a candidate is worth against what is there already.
The scores stay the same set of numbers, in a new order; what a candidate won or lost is its part "diversity".
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from engine.pipeline import Candidates
from engine.rank.blend import unit
from engine.types import Evidence, Floats, Query
from indexes.ranking import Rows

PART = "diversity"
DEPTH = 50  # the best candidates are put in a new order; what stands below them stays
GAP = 1e-7  # of the largest score: keeps the new order where two scores are equal
SMOOTHING = 0.01  # of a list's mix with the user's own (Steck 2018, alpha)
LONGEST = 10.0  # of log-quality to log-determinant at equal shares: how peaked a DPP's quality is

Vectors = Callable[[Rows], NDArray[np.float32]]  # rows [n] -> unit vectors [n, d]; zeros: nothing known
Kinds = Callable[[Rows], Sequence[Hashable]]  # rows [n] -> the kind of each, None: unknown


def mmr(worth: Floats, alike: Floats, strength: float) -> list[int]:
    """Maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998).

    Next comes the greatest (1 - strength) worth - strength (largest likeness to what was picked). `worth` [n]
    in [0, 1], `alike` [n, n] in [0, 1]; ties go to the first.
    """
    left = np.ones(len(worth), np.bool_)
    nearest = np.zeros(len(worth))
    order: list[int] = []
    for _ in range(len(worth)):
        gain = np.where(left, (1.0 - strength) * worth - strength * nearest, -np.inf)
        best = int(gain.argmax())
        order.append(best)
        left[best] = False
        nearest = np.maximum(nearest, alike[best])
    return order


def dpp(worth: Floats, alike: Floats, strength: float) -> list[int]:
    """The most likely list of a determinantal point process, greedily (Chen, Zhang and Zhou, NeurIPS 2018).

    The kernel is q_i S_ij q_j with log q = LONGEST (1 - strength) worth / 2; each step is one row of an
    incremental Cholesky factor. What is spanned by the picks already comes last, by worth.
    """
    n = len(worth)
    quality = np.exp(0.5 * LONGEST * (1.0 - strength) * worth)
    kernel = quality[:, None] * alike * quality[None, :]
    left = np.diag(kernel).copy()
    least = 1e-9 * float(left.max(initial=0.0))
    factor = np.zeros((n, n))
    order: list[int] = []
    for step in range(n):
        best = int(left.argmax())
        if left[best] <= least:
            break
        order.append(best)
        row = (kernel[best] - factor[:step].T @ factor[:step, best]) / np.sqrt(left[best])
        factor[step] = row
        left = left - row**2
        left[order] = -np.inf
    return order + [at for at in np.argsort(-worth, kind="stable").tolist() if at not in set(order)]


def calibrated(
    worth: Floats, kinds: Sequence[Hashable], wanted: Mapping[Hashable, float], strength: float
) -> list[int]:
    """A list whose mix of kinds follows the user's own (Steck, RecSys 2018).

    Next comes what makes (1 - strength) (mean worth) - strength KL(wanted || mix of the list) greatest.
    """
    names = list(wanted)
    place = {kind: at for at, kind in enumerate(names)}
    share = np.array([wanted[name] for name in names], np.float64)
    of = np.array([place.get(kind, -1) for kind in kinds], np.int64)
    counts, total = np.zeros(len(names)), 0.0
    left = np.ones(len(worth), np.bool_)
    order: list[int] = []
    for step in range(1, len(worth) + 1):
        # The divergence depends only on the kind that comes next: -1 is a kind the user never met.
        divergence = np.array([_divergence(share, counts, step, kind) for kind in range(-1, len(names))])
        gain = (1.0 - strength) * (total + worth) / step - strength * divergence[of + 1]
        best = int(np.where(left, gain, -np.inf).argmax())
        order.append(best)
        left[best] = False
        total += float(worth[best])
        if of[best] >= 0:
            counts[of[best]] += 1
    return order


def _divergence(share: Floats, counts: Floats, length: int, kind: int) -> float:
    mix = counts.copy()
    if kind >= 0:
        mix[kind] += 1
    blended = (1.0 - SMOOTHING) * mix / length + SMOOTHING * share
    return float((share * np.log(share / blended)).sum())


@dataclass(frozen=True, eq=False)
class Diverse:
    """A Ranker: `method` over the best DEPTH candidates, as strongly as "diversity" in the query says.

    The strength is 0 (truly off: the candidates are as they were) to 1 (worth hardly counts); `strength` is that
    of a query which says nothing. Without vectors, items of one kind are alike. "calibrated" needs a history.
    """

    method: str
    strength: float
    vectors: Vectors | None
    kinds: Kinds

    def __call__(self, query: Query, candidates: Candidates, evidence: Evidence) -> Candidates:
        strength = min(max(query.weights.get(PART, self.strength), 0.0), 1.0)
        n = min(DEPTH, len(candidates))
        if strength == 0.0 or n < 3:
            return candidates
        own = candidates.scores
        rows, worth = candidates.rows[:n], unit(own[:n])
        if self.method == "calibrated":
            wanted = self._mix(query)
            if not wanted:
                return candidates
            order = calibrated(worth, self.kinds(rows), wanted, strength)
        else:
            order = METHODS[self.method](worth, self._alike(rows), strength)
        moved = own.copy()
        step = GAP * max(1.0, float(np.abs(own).max()))
        limit = np.inf
        for place, at in enumerate(order):
            # The place's old score, or as much less as tells it apart from the one above.
            moved[at] = min(float(own[place]), limit - step)
            limit = float(moved[at])
        if n < len(own):
            moved[n:] = np.minimum(own[n:], limit - step * np.arange(1, len(own) - n + 1))
        return candidates.plus(PART, moved - own)

    def _alike(self, rows: Rows) -> Floats:
        """Likeness [n, n] in [0, 1], 1 on the diagonal."""
        if self.vectors is not None:
            vectors = np.asarray(self.vectors(rows), np.float64)
            alike: Floats = np.clip(vectors @ vectors.T, 0.0, 1.0)
        else:
            kinds = self.kinds(rows)
            alike = np.array([[float(a is not None and a == b) for b in kinds] for a in kinds])
        np.fill_diagonal(alike, 1.0)
        return alike

    def _mix(self, query: Query) -> dict[Hashable, float]:
        history = query.history
        liked = history.weights > 0
        found: dict[Hashable, float] = {}
        for kind, weight in zip(
            self.kinds(history.rows[liked]), history.weights[liked].tolist(), strict=True
        ):
            if kind is not None:
                found[kind] = found.get(kind, 0.0) + weight
        total = sum(found.values())
        return {kind: weight / total for kind, weight in found.items()}


METHODS: Mapping[str, Callable[[Floats, Floats, float], list[int]]] = MappingProxyType(
    {"mmr": mmr, "dpp": dpp}
)
DIVERSITIES = ("mmr", "dpp", "calibrated")
EVALUATED = 0.3  # the strength of the pipelines that are named after a method
