"""How is each index of behaviour asked, given a Query?"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from engine.learn.visits import Reading
from engine.types import Query
from indexes.factors import FactorIndex
from indexes.neighbours import NeighbourIndex
from indexes.pairs import PairIndex
from indexes.popularity import PopularityIndex
from indexes.ranking import Ranking, Rows
from indexes.ratings import RatingIndex
from indexes.repeats import RepeatIndex
from indexes.sequence import SequenceIndex
from indexes.sessions import SessionIndex
from indexes.terms import TermIndex
from indexes.vector import VectorIndex

EVERYTHING = Reading()
LATELY = Reading(visit_decay=0.8)
SLOWLY = Reading(visit_decay=0.9)
OFTEN = Reading(half_life_days=60.0, combine="sum")
Dense = NDArray[Any]  # [n_items]; -inf = cannot be retrieved


@dataclass(frozen=True, eq=False)
class Memory:
    """The last answers by query: a pipeline asks a leg for candidates, then for exact scores of the union."""

    answers: WeakKeyDictionary[Query, Dense | None] = field(default_factory=WeakKeyDictionary)


@dataclass(frozen=True, eq=False)
class WholeCatalogue(ABC):
    """A retriever that scores every item at once: candidates are those above `least`, scores are exact."""

    memory: Memory = field(default_factory=Memory, kw_only=True, repr=False)

    @property
    def floor(self) -> float:
        return 0.0

    @property
    def least(self) -> float:
        """What a candidate's score must be above: at 0, nothing speaks for it."""
        return self.floor

    @abstractmethod
    def dense(self, query: Query) -> Dense | None:
        """The score [n_items] of every item; None with nothing to go on."""

    def remembered(self, query: Query) -> Dense | None:
        if query not in self.memory.answers:
            self.memory.answers[query] = self.dense(query)
        return self.memory.answers[query]

    def __call__(self, query: Query, k: int) -> Ranking:
        dense = self.remembered(query)
        if dense is None or k <= 0:
            return Ranking.empty()
        keep = dense > self.least
        if query.allowed is not None:
            keep = keep & query.allowed
        rows = np.flatnonzero(keep)
        return Ranking.of(rows, dense[rows], k)

    def score(self, query: Query, rows: Rows) -> NDArray[Any]:
        dense = self.remembered(query)
        if dense is None:
            return np.full(len(rows), np.nan, np.float32)
        scores = dense[rows].astype(np.float32)
        return np.where(np.isneginf(scores), np.float32(np.nan), scores)


def read(query: Query, reading: Reading) -> tuple[Rows, NDArray[np.float64]]:
    """What to start from: the seeds where there are any, else the history."""
    if query.seeds:
        return np.unique(np.asarray(query.seeds, np.int64)), np.ones(len(set(query.seeds)))
    return reading(query.history, query.now)


@dataclass(frozen=True, eq=False)
class Popular(WholeCatalogue):
    """What sells now: the same for everybody."""

    index: PopularityIndex
    half_life: float = 7.0

    def dense(self, query: Query) -> Dense | None:
        return self.index.at(self.half_life)


@dataclass(frozen=True, eq=False)
class Personal(WholeCatalogue):
    """Matrix factorization: items near the user's vector, folded in from the history at once."""

    index: FactorIndex | PairIndex
    reading: Reading = EVERYTHING

    @property
    def floor(self) -> float:
        return float("-inf")

    def vector(self, query: Query) -> NDArray[np.float32]:
        rows, weights = read(query, self.reading)
        if len(rows):
            return self.fold_in(query, rows, weights)
        if query.user_row is not None and 0 <= query.user_row < len(self.index.users):
            return np.asarray(self.index.users[query.user_row])
        return np.zeros(self.index.dim, np.float32)

    def dense(self, query: Query) -> Dense | None:
        vector = self.vector(query)
        if not vector.any():
            return None
        scores = self.index.items @ vector
        return np.where(self.index.seen, scores, np.float32(-np.inf))

    def fold_in(self, query: Query, rows: Rows, weights: NDArray[np.float64]) -> NDArray[np.float32]:
        return self.index.fold_in(rows, weights)


@dataclass(frozen=True, eq=False)
class Paired(Personal):
    """Factors that learned to order pairs; what was learned of the user is where the fold-in starts."""

    index: PairIndex

    def fold_in(self, query: Query, rows: Rows, weights: NDArray[np.float64]) -> NDArray[np.float32]:
        user = query.user_row
        known = user is not None and not query.seeds and 0 <= user < len(self.index.users)
        return self.index.fold_in(rows, weights, self.index.users[user] if known else None)


@dataclass(frozen=True, eq=False)
class Neighbours(WholeCatalogue):
    """Through weights between items: neighbours, EASE, Markov, next-item ridge, bought together."""

    index: NeighbourIndex
    reading: Reading = EVERYTHING

    @property
    def floor(self) -> float:
        return float("-inf")  # weights between items, and a dismissal in the history, can count against

    @property
    def least(self) -> float:
        return 0.0

    def dense(self, query: Query) -> Dense | None:
        rows, weights = read(query, self.reading)
        return self.index.dense(rows, weights) if len(rows) else None


@dataclass(frozen=True, eq=False)
class Session(WholeCatalogue):
    """Through earlier sessions that look like this one."""

    index: SessionIndex
    reading: Reading = LATELY

    def dense(self, query: Query) -> Dense | None:
        rows, weights = read(query, self.reading)
        if not len(rows):
            return None
        return self.index.dense(rows, weights, query.now)


@dataclass(frozen=True, eq=False)
class Rated(WholeCatalogue):
    """The rating that a user would give, from those they gave: for users who were rated with, else nothing."""

    index: RatingIndex

    @property
    def floor(self) -> float:
        return float("-inf")

    def dense(self, query: Query) -> Dense | None:
        user = query.user_row
        if user is None or not 0 <= user < self.index.users.shape[1] or not self.index.knows(user):
            return None
        n = len(self.index)
        return self.index.predict(np.full(n, user), np.arange(n), clip=False)


@dataclass(frozen=True, eq=False)
class Sequence(WholeCatalogue):
    """What a network trained on the order of events expects next. What counts against is not part of the sequence."""

    index: SequenceIndex

    @property
    def floor(self) -> float:
        return float("-inf")

    def dense(self, query: Query) -> Dense | None:
        history = query.history
        rows = np.asarray(query.seeds, np.int64) if query.seeds else history.rows[history.weights > 0]
        vector = self.index.encode(rows)
        if not vector.any():
            return None
        against = history.rows[history.weights < 0]
        against = against[against < len(self.index)]
        if len(against) and not query.seeds:
            # A dislike turns the vector away from the item, by as much as it pointed to it.
            for row in np.unique(against):
                item = self.index.items[row]
                length = float(item @ item)
                if length:
                    vector = vector - item * max(float(vector @ item) / length, 0.0)
        scores = self.index.items @ vector
        return np.where(self.index.seen, scores, np.float32(-np.inf))


@dataclass(frozen=True, eq=False)
class Content:
    """r_ui = sum_j w_uj s_ij on item vectors: what reads like the history. No vector, never found."""

    index: VectorIndex
    reading: Reading = SLOWLY
    floor: ClassVar[float] = -1.0

    def profile(self, query: Query) -> NDArray[np.float32]:
        """The unit vector [d] whose dot product with s_i orders items as r_ui does; zeros = nothing known."""
        rows, weights = read(query, self.reading)
        known = rows < len(self.index.vectors)
        total = weights[known] @ np.asarray(self.index.vectors[rows[known]], np.float64)
        norm = float(np.linalg.norm(total))
        return np.asarray(total / norm if norm else total, np.float32)

    def __call__(self, query: Query, k: int) -> Ranking:
        return self.index.search(self.profile(query), k, query.allowed)

    def score(self, query: Query, rows: Rows) -> NDArray[Any]:
        profile = self.profile(query)
        if not profile.any():
            return np.full(len(rows), np.nan, np.float32)
        return self.index.score(profile, rows)


@dataclass(frozen=True, eq=False)
class ContentTerms(WholeCatalogue):
    """The same profile on TF-IDF terms: sharper where words are exact."""

    index: TermIndex
    reading: Reading = SLOWLY

    def dense(self, query: Query) -> Dense | None:
        rows, weights = read(query, self.reading)
        return self.index.dense(rows, weights) if len(rows) else None


@dataclass(frozen=True, eq=False)
class Repeat(WholeCatalogue):
    """Buy again: one's own items by how often, lately and due they are; with `crowd`, those of users alike.

    score = (1 - crowd_share) own / max(own) + crowd_share * crowd / max(crowd), as TIFU-kNN mixes them (Hu
    et al. 2020).
    """

    index: RepeatIndex
    crowd: SessionIndex | None = None
    crowd_share: float = 0.2
    reading: Reading = OFTEN

    def dense(self, query: Query) -> Dense | None:
        history = query.history
        if not len(history):
            return None
        now = query.now or float(history.times.max())
        rows, own = self.index.strength(history.rows, history.weights, history.times, now)
        scores = np.zeros(len(self.index))
        top = float(own.max(initial=0.0))
        scores[rows] = own / top * (1.0 - self.crowd_share) if top > 0 else 0.0
        if self.crowd is not None and self.crowd_share:
            read_rows, weights = self.reading(history, now)
            crowd = self.crowd.dense(read_rows, weights, now)
            best = float(crowd.max(initial=0.0))
            if best > 0:
                scores += crowd / best * self.crowd_share
        return scores


@dataclass(frozen=True, eq=False)
class Rising(WholeCatalogue):
    """A personal leg times what has been selling lately: (score)^1 x (count + 1)^`power`."""

    leg: WholeCatalogue
    popularity: PopularityIndex
    half_life: float = 7.0
    power: float = 0.5

    def dense(self, query: Query) -> Dense | None:
        scores = self.leg.remembered(query)
        if scores is None:
            return None
        rising: Dense = np.maximum(scores, 0.0) * (self.popularity.at(self.half_life) + 1.0) ** self.power
        return rising
