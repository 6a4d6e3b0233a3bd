"""What has changed since the generation was built?

Rows keep their numbers: a changed item keeps its row, so that what was learned of it still holds; a new item
gets a row after the last; a deleted one is only marked dead. What changed is indexed anew in small exact
indexes that borrow the generation's statistics, and every search asks both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.types import Floats, History, Item, Query, Retriever, Vectors
from indexes.columns import ColumnIndex, Facet, order_by, ranges_of
from indexes.conditions import And, Everything, Filter, Not, Or, columns_of
from indexes.ranking import Mask, Ranking, Rows, Scores
from indexes.vector import VectorIndex


class Searchable(Protocol):
    """Any index that is asked with one value: terms or a vector."""

    def search(self, asked: Any, k: int, allowed: Mask | None = None) -> Ranking: ...

    def score(self, asked: Any, rows: Rows) -> Scores: ...


@dataclass(frozen=True, eq=False)
class Changes:
    """The items that changed since a generation of `n` rows, and the rows they stand in.

    `rows` [m] ascending are the rows of `items` [m]; rows from `n` on are new. `dead` [total] marks what was
    deleted; `stale` [n] what the generation must no longer answer from its own indexes.
    """

    n: int
    total: int
    rows: Rows
    items: tuple[Item, ...]
    dead: Mask
    stale: Mask
    position: int

    @classmethod
    def none(cls, n: int, position: int) -> Changes:
        return cls(n, n, np.empty(0, np.int64), (), np.zeros(n, np.bool_), np.zeros(n, np.bool_), position)


@dataclass(frozen=True, eq=False)
class Joined:
    """One index of a generation and a small one of what changed since, asked as one."""

    base: Searchable
    fresh: Searchable | None
    changes: Changes

    def search(self, asked: Any, k: int, allowed: Mask | None = None) -> Ranking:
        if not len(self.changes.rows) and not self.changes.dead.any():
            return self.base.search(asked, k, allowed)
        n = self.changes.n
        alive = ~self.changes.stale if allowed is None else allowed[:n] & ~self.changes.stale
        first = self.base.search(asked, k, alive)
        if self.fresh is None:
            return first
        rows = self.changes.rows
        living = ~self.changes.dead[rows] if allowed is None else allowed[rows] & ~self.changes.dead[rows]
        second = self.fresh.search(asked, k, living)
        return Ranking.of(
            np.concatenate([first.rows, rows[second.rows]]), np.concatenate([first.scores, second.scores]), k
        )

    def score(self, asked: Any, rows: Rows) -> Scores:
        if self.fresh is None:
            return self.base.score(asked, rows)
        at = np.searchsorted(self.changes.rows, rows)
        at = np.minimum(at, len(self.changes.rows) - 1)
        changed = self.changes.rows[at] == rows
        scores = np.full(len(rows), np.nan, np.float32)
        if changed.any():
            scores[changed] = self.fresh.score(asked, at[changed])
        if not changed.all():
            scores[~changed] = self.base.score(asked, rows[~changed])
        return scores


class Worded(Searchable, Protocol):
    """A keyword index, which also knows what each row holds."""

    def held(self, masses: Mapping[str, float]) -> Scores: ...

    def phrase(self, terms: Sequence[str]) -> Mask: ...


@dataclass(frozen=True, eq=False)
class JoinedWords(Joined):
    """The same for words, with what each row holds at all."""

    base: Worded
    fresh: Worded | None

    def __len__(self) -> int:
        return self.changes.total

    def held(self, masses: Mapping[str, float]) -> Scores:
        """The sum [total] of the `masses` of the terms that each row holds; 0 for what is deleted."""
        return self._laid(self.base.held(masses), self.fresh.held(masses) if self.fresh is not None else None)

    def phrase(self, terms: Sequence[str]) -> Mask:
        """Which rows [total] hold `terms` side by side."""
        return self._laid(
            self.base.phrase(terms), self.fresh.phrase(terms) if self.fresh is not None else None
        )

    def _laid(self, base: NDArray[Any], fresh: NDArray[Any] | None) -> NDArray[Any]:
        """What the generation says [n], with what changed since [m] laid over it: [total]."""
        changes = self.changes
        if changes.total == changes.n and fresh is None and not changes.dead.any():
            return base
        whole = np.zeros(changes.total, base.dtype)
        whole[: changes.n] = base
        if fresh is not None:
            whole[changes.rows] = fresh
        whole[changes.dead] = 0
        return whole


@dataclass(frozen=True, eq=False)
class JoinedVectors(Joined):
    """The same for vectors, whose rows can be read back."""

    base: VectorIndex
    fresh: VectorIndex | None

    def vector(self, row: int) -> Vectors:
        """The vector of a row [d]."""
        at = int(np.searchsorted(self.changes.rows, row))
        if self.fresh is not None and at < len(self.changes.rows) and self.changes.rows[at] == row:
            return self.fresh.vector(at)
        return self.base.vector(row)


@dataclass(frozen=True, eq=False)
class JoinedColumns:
    """The columns of a generation with those of what changed laid over them."""

    base: ColumnIndex
    fresh: ColumnIndex | None
    changes: Changes

    def __contains__(self, column: str) -> bool:
        return column in self.base.spans or (self.fresh is not None and column in self.fresh.spans)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.base.names + (self.fresh.names if self.fresh is not None else ())))

    def mask(self, condition: Filter) -> Mask:
        """Which rows [total] the condition keeps; KeyError for a column that no item has."""
        unknown = columns_of(condition) - set(self.names)
        if unknown:
            raise KeyError(min(unknown))
        kept = np.zeros(self.changes.total, np.bool_)
        kept[: self.changes.n] = self.base.mask(among(condition, self.base.spans))
        if self.fresh is not None:
            kept[self.changes.rows] = self.fresh.mask(among(condition, self.fresh.spans))
        return kept

    def facet(self, column: str, rows: Rows, size: int = 20) -> Facet:
        """How `rows` (distinct) are spread over a column; KeyError for a column that no item has."""
        old, new = self._split(rows)
        parts = [
            (index, index.facet(column, places, size=len(rows) + 1), index.values(column, places))
            for index, places in ((self.base, old), (self.fresh, new))
            if index is not None and column in index.spans
        ]
        if not parts:
            raise KeyError(column)
        counts: Counter[str] = Counter()
        for _, facet, _ in parts:
            counts.update(dict(facet.values))
        numbers = np.concatenate([values[np.isfinite(values)] for _, _, values in parts])
        return Facet(
            column,
            tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:size]),
            ranges_of(numbers),
            float(numbers.min()) if len(numbers) else None,
            float(numbers.max()) if len(numbers) else None,
            len(rows) - sum(len(values) - facet.missing for _, facet, values in parts),
        )

    def order(self, column: str, rows: Rows, descending: bool = False) -> Rows:
        """`rows` sorted by a column: numbers before words, missing last, ties by smaller row."""
        return order_by(np.asarray(rows, np.int64), self.keys(column, rows), descending)

    def keys(self, column: str, rows: Rows) -> list[float | str | None]:
        """What each of `rows` [n] is sorted by; KeyError for a column that no item has."""
        if column not in self:
            raise KeyError(column)
        at = self._places(rows)
        found: list[float | str | None] = [None] * len(rows)
        for index, places, inside in ((self.base, rows, at < 0), (self.fresh, at, at >= 0)):
            if index is not None and column in index.spans:
                for place, key in zip(
                    np.flatnonzero(inside), index.keys(column, places[inside]), strict=True
                ):
                    found[place] = key
        return found

    def numbers(self, column: str, rows: Rows) -> Floats:
        """The number [n] each of `rows` has in a column; NaN for none."""
        found = np.full(len(rows), np.nan)
        at = self._places(rows)
        if column in self.base.spans:
            found[at < 0] = self.base.values(column, rows[at < 0])
        if self.fresh is not None and column in self.fresh.spans:
            found[at >= 0] = self.fresh.values(column, at[at >= 0])
        return found

    def _split(self, rows: Rows) -> tuple[Rows, Rows]:
        """The rows that the generation still speaks for, and the places in the changes of the others."""
        at = self._places(rows)
        return np.asarray(rows)[at < 0], at[at >= 0]

    def _places(self, rows: Rows) -> Rows:
        changed = self.changes.rows
        if not len(changed):
            return np.full(len(rows), -1, np.int64)
        at = np.minimum(np.searchsorted(changed, rows), len(changed) - 1)
        return np.where(changed[at] == rows, at, -1)


@dataclass(frozen=True, eq=False)
class Known:
    """A leg that learned from behaviour: it knows only the `n` rows of its generation."""

    leg: Retriever
    n: int

    @property
    def floor(self) -> float:
        return self.leg.floor

    def __call__(self, query: Query, k: int) -> Ranking:
        return self.leg(narrow(query, self.n), k)

    def score(self, query: Query, rows: Rows) -> NDArray[Any]:
        inside = rows < self.n
        if inside.all():
            return self.leg.score(narrow(query, self.n), rows)
        scores = np.full(len(rows), np.nan)
        if inside.any():
            scores[inside] = self.leg.score(narrow(query, self.n), rows[inside])
        return scores


def narrow(query: Query, n: int) -> Query:
    """The query as it reads to one who knows only the first `n` rows."""
    history = query.history
    old = history.rows < n
    fits = query.allowed is None or len(query.allowed) == n
    if old.all() and fits and all(seed < n for seed in query.seeds):
        return query
    return replace(
        query,
        allowed=None if query.allowed is None else query.allowed[:n],
        seeds=tuple(seed for seed in query.seeds if seed < n),
        history=History(history.rows[old], history.weights[old], history.times[old], history.kinds[old]),
    )


def among(condition: Filter, columns: Collection[str]) -> Filter:
    """The condition as it reads where only `columns` exist: nothing has a value in any other."""
    match condition:
        case And(parts):
            return And(tuple(among(part, columns) for part in parts))
        case Or(parts):
            return Or(tuple(among(part, columns) for part in parts))
        case Not(part):
            return Not(among(part, columns))
        case Everything():
            return condition
    return condition if condition.column in columns else Or(())


def fold(changed: Mapping[str, Item | None], row_of: Any, n: int, position: int) -> Changes:
    """`changed` (id -> item, None = deleted) since a generation of `n` rows; `row_of(id)` -> row or -1."""
    living: dict[int, Item] = {}
    gone: list[int] = []
    total = n
    for item_id, item in changed.items():
        row = int(row_of(item_id))
        if item is None:
            if row >= 0:
                gone.append(row)
            continue
        if row < 0:
            row, total = total, total + 1
        living[row] = item
    rows = np.array(sorted(living), np.int64)
    dead = np.zeros(total, np.bool_)
    dead[gone] = True
    stale = dead[:n].copy()
    stale[rows[rows < n]] = True
    return Changes(n, total, rows, tuple(living[row] for row in rows.tolist()), dead, stale, position)
