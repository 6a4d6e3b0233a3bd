"""Are these ten items, or one item ten times?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.pipeline import Candidates
from engine.text import analyse
from engine.types import Evidence, Query

LOOKED_AT = 60  # candidates, best first: what a page or two can show
ALIKE = 0.8  # of the words of two titles are shared (Jaccard): one thing in two colours, sizes or listings
MOST = 2  # of one thing, before the others have had their turn


@dataclass(frozen=True)
class Varied:
    """Of items that are called almost the same the first MOST keep their place; the others go behind.

    Nothing leaves: they follow the other candidates looked at, in their old order. What they lose is the part
    "variety" of their score.
    """

    title: Callable[[int], str]

    def __call__(self, query: Query, candidates: Candidates, evidence: Evidence) -> Candidates:
        head = candidates.rows[:LOOKED_AT].tolist()
        kept: list[frozenset[str]] = []
        later: list[int] = []
        for place, row in enumerate(head):
            words = frozenset(analyse(self.title(row)))
            if sum(alike(words, other) for other in kept) >= MOST:
                later.append(place)
            else:
                kept.append(words)
        if not later:
            return candidates
        scores = candidates.scores
        last = float(np.delete(scores[: len(head)], later).min())
        below = float(scores[len(head)]) if len(scores) > len(head) else last - 1.0
        # Between the last that was kept and the first that was not looked at.
        lost = np.zeros(len(scores))
        targets = last - (last - below) * (np.arange(len(later)) + 1.0) / (len(later) + 1.0)
        lost[later] = np.minimum(targets - scores[later], 0.0)
        return candidates.plus("variety", lost)


def alike(words: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two titles name one thing: sets of terms that share ALIKE of what they hold together."""
    return bool(words) and len(words & other) >= ALIKE * len(words | other)
