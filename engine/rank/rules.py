"""How do the shopkeeper's rules move an answer?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import time
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.filters import allowed, parse_filter
from engine.pipeline import Candidates, Pipeline
from engine.rules import Rule, RuleBook
from engine.snapshot import Snapshot
from engine.types import Evidence, Floats, Query
from indexes.ranking import Mask, Ranking, Rows

GAP = 1e-5  # of a list's largest score: the step that keeps a pinned item apart from its neighbours


@dataclass(frozen=True, eq=False)
class Pinned:
    """Finds what is pinned to a query, so that it is among the candidates whatever the other legs found."""

    book: Callable[[], RuleBook]
    find: Callable[[Sequence[str]], Rows]  # item ids -> rows, -1 for unknown ones
    clock: Callable[[], float] = time  # a rule's dates are the calendar's, not those of the log
    floor: ClassVar[float] = -np.inf

    def __call__(self, query: Query, k: int) -> Ranking:
        rows = [row for _, row in pins(self.book(), self.find, query, self.clock())]
        return Ranking.of(rows, -np.arange(len(rows), dtype=np.float32), k)

    def score(self, query: Query, rows: Rows) -> NDArray[Any]:
        return self(query, len(rows) + 1).scores_of(rows, missing=np.nan)


@dataclass(frozen=True, eq=False)
class Rules:
    """Adds the part "rules" to every score: boosts and burials first, then the pins take their places."""

    book: Callable[[], RuleBook]
    find: Callable[[Sequence[str]], Rows]
    mask: Callable[[Any], Mask]  # a filter -> the rows [n_items] that it keeps
    clock: Callable[[], float] = time

    def __call__(self, query: Query, candidates: Candidates, evidence: Evidence) -> Candidates:
        book, now = self.book(), self.clock()
        lifts = book.speaking(query.text, now, "boost", "bury")
        held = pins(book, self.find, query, now)
        if not len(candidates) or not (lifts or held):
            return candidates
        own = candidates.scores
        moved = own + sum((self._lift(rule, candidates, own) for rule in lifts), np.zeros(len(own)))
        return candidates.plus("rules", hold(candidates.rows, moved, held) - own)

    def _lift(self, rule: Rule, candidates: Candidates, own: Floats) -> Floats:
        meant = (
            np.isin(candidates.rows, self.find(rule.items)) if rule.items else np.zeros(len(own), np.bool_)
        )
        if rule.filter is not None:
            meant |= self.mask(rule.filter)[candidates.rows]
        spread = float(own.max() - own.min()) or 1.0
        # A burial moves by more than any two scores lie apart: below the last, in the old order.
        amount = rule.amount if rule.kind == "boost" else -2.0 * (1.0 + GAP)
        return np.where(meant, amount * spread, 0.0)


def pins(
    book: RuleBook, find: Callable[[Sequence[str]], Rows], query: Query, now: float
) -> list[tuple[int, int]]:
    """(place from 0, row) of what is pinned and allowed, by place; of an item pinned twice the first."""
    places: dict[int, int] = {}
    for rule in book.speaking(query.text, now, "pin"):
        for step, row in enumerate(find(rule.items).tolist()):
            allowed = row >= 0 and (query.allowed is None or bool(query.allowed[row]))
            if allowed and row not in places:
                places[row] = rule.position - 1 + step
    return sorted((place, row) for row, place in places.items())


def hold(rows: Rows, scores: Floats, held: Sequence[tuple[int, int]]) -> Floats:
    """Scores [n] under which each row of `held` [(place, row)] stands in its place; the rest keep order.

    A pinned row's score lies half-way between its neighbours'; where those are equal, what stands above is
    lifted by the least step.
    """
    there = {int(row): at for at, row in enumerate(rows.tolist())}
    kept = [(place, there[row]) for place, row in held if row in there]
    if not kept:
        return scores
    pinned = {at for _, at in kept}
    line = [at for at in np.lexsort((rows, -scores)).tolist() if at not in pinned]
    for place, at in kept:
        line.insert(min(place, len(line)), at)
    step = GAP * max(1.0, float(np.abs(scores).max()))
    held_to = scores.copy()
    below = float(scores.min()) - 2 * step
    for i in range(len(line) - 1, -1, -1):
        at = line[i]
        if at in pinned:
            above = next((float(scores[other]) for other in reversed(line[:i]) if other not in pinned), below)
            held_to[at] = max((below + above) / 2, below + step)
        elif i + 1 < len(line) and held_to[at] <= below:
            # Equal scores without a pin between them stand by row, as everywhere.
            tied = held_to[at] == below and line[i + 1] not in pinned and rows[at] < rows[line[i + 1]]
            held_to[at] = below if tied else below + step
        below = float(held_to[at])
    return held_to


def ruled(pipeline: Pipeline, book: Callable[[], RuleBook], snapshot: Snapshot) -> Pipeline:
    """The pipeline, obeying the rules: what is pinned is found by a leg of its own, the rules rank last."""

    def mask(condition: Any) -> Mask:
        return allowed(snapshot.columns, parse_filter(condition))

    legs = {**pipeline.retrievers, "pinned": Pinned(book, snapshot.rows)}
    ranker = Rules(book, snapshot.rows, mask)
    parts = {**pipeline.parts, "pinned": "rules"}
    return replace(pipeline, retrievers=legs, rankers=(*pipeline.rankers, ranker), parts=parts)
