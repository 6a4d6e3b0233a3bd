"""What sells with what: from baskets, sequences, kinds and words?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from engine.learn.interactions import KIND
from engine.types import EventType, Interactions
from indexes.partners import PARTS, PartnerIndex, Values, features
from indexes.ranking import Rows
from indexes.sparse import nothing

DAY = 86400.0
WEIGHTS: Mapping[str, float] = {
    "together": 1.0,
    "sequence": 0.1,
    "likeness": 1.0,
    "kinds": 0.05,
    "popular": -0.2,
}
# Where the held-out baskets look for better weights; "together" stays 1, for only ratios matter.
_GRID: Mapping[str, tuple[float, ...]] = {
    "likeness": (0.0, 0.5, 1.0, 2.0, 3.0),
    "sequence": (0.0, 0.1, 0.3, 1.0),
    "kinds": (0.0, 0.05, 0.1, 0.2, 0.4),
    "popular": (-0.6, -0.4, -0.2, -0.1, 0.0, 0.1, 0.2),
}


@dataclass(frozen=True, eq=False)
class Counts:
    """What baskets and sequences say: `baskets`, `sequences` [n_items, n_items], how many hold both."""

    baskets: sparse.csr_matrix
    sequences: sparse.csr_matrix
    alone: NDArray[np.float32]
    pair_rate: float
    kind_pairs: NDArray[np.float32]


@dataclass(frozen=True)
class Partners:
    """The partners of every item: those it shares baskets or sequences with, and those named alike.

    Each item keeps up to `near` partners by each kind of evidence. The weights of the parts are found on
    a fifth of the baskets, held out (the counts that they are tried with have not seen those), by the mean
    reciprocal rank and recall@10 of completing a basket from one of its items; with fewer than `enough`
    baskets, or `tune` off, they are `weights`. A purchase within `window_days` after another of the
    same user, in another order, is a sequence. Baskets of more than `largest` items are a wholesaler's
    shopping list, and left out.
    """

    near: int = 60
    largest: int = 60
    window_days: float = 30.0
    tune: bool = True
    enough: int = 100
    tries: int = 1000
    likeness_limit: int = 30_000
    seed: int = 0
    weights: Mapping[str, float] = field(default_factory=lambda: WEIGHTS)

    def fit(
        self,
        interactions: Interactions,
        likeness: sparse.csr_matrix | None = None,
        kinds: ArrayLike | None = None,
    ) -> PartnerIndex:
        """`likeness` [n_items, terms], unit rows (see `word_rows`); `kinds` [n_items], -1 for none."""
        return self.fit_sets(
            baskets_of(interactions), sequences_of(interactions, self.window_days), likeness, kinds
        )

    def fit_sets(
        self,
        baskets: sparse.csr_matrix,
        sequences: sparse.csr_matrix | None = None,
        likeness: sparse.csr_matrix | None = None,
        kinds: ArrayLike | None = None,
    ) -> PartnerIndex:
        """From sets: `baskets` [n_baskets, n_items] and `sequences` [n_sequences, n_items], 0 or 1."""
        n = baskets.shape[1]
        kind = np.full(n, -1, np.int32) if kinds is None else np.asarray(kinds, np.int32)
        words = nothing(n, 1) if likeness is None else likeness
        chains = nothing(0, n) if sequences is None else sequences
        size = np.diff(baskets.indptr)
        use = baskets[np.flatnonzero((size >= 2) & (size <= self.largest))]
        weights = np.array([float(self.weights.get(part, 0.0)) for part in PARTS], np.float32)
        if self.tune and use.shape[0] >= self.enough:
            weights = self._tuned(use, chains, words, kind, weights)
        index = _blank(_count(use, chains, kind), kind, weights)
        return self._fill(index, _count(use, chains, kind), words, np.arange(n))

    def _tuned(
        self,
        baskets: sparse.csr_matrix,
        chains: sparse.csr_matrix,
        words: sparse.csr_matrix,
        kinds: NDArray[np.int32],
        weights: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        rng = np.random.default_rng(self.seed)
        order = rng.permutation(baskets.shape[0])
        held = order[: max(1, len(order) // 5)][: self.tries]
        learned = np.setdiff1d(order, order[: max(1, len(order) // 5)])
        # A sequence that holds all of a held-out basket may be that basket: it must not be learned from.
        if chains.shape[0]:
            held_in = sparse.csr_matrix(chains @ baskets[held].T)
            most = np.zeros(chains.shape[0])
            np.maximum.at(most, np.repeat(np.arange(len(most)), np.diff(held_in.indptr)), held_in.data)
            chains = chains[np.flatnonzero(most < 2)]
        counts = _count(baskets[learned], chains, kinds)
        sets = [baskets.indices[baskets.indptr[b] : baskets.indptr[b + 1]] for b in held]
        seeds = np.array([int(rng.choice(items)) for items in sets])
        index = self._fill(_blank(counts, kinds, weights), counts, words, np.unique(seeds))
        trial_run = _Held.of_baskets(index, seeds, sets)
        best, top = weights.copy(), trial_run.completion(weights)
        for _ in range(2):
            for part, tries in _GRID.items():
                for value in tries:
                    trial = best.copy()
                    trial[PARTS.index(part)] = value
                    found = trial_run.completion(trial)
                    if found > top + 1e-9:
                        best, top = trial, found
        return best

    def _fill(
        self, index: PartnerIndex, counts: Counts, words: sparse.csr_matrix, rows: Rows
    ) -> PartnerIndex:
        """The partners of `rows`; other items stay without."""
        n = len(index.baskets)
        lengths = np.zeros(n, np.int64)
        partners: list[Rows] = []
        evidence: list[Values] = []
        compare = words.nnz and n <= self.likeness_limit
        for block in np.array_split(rows, max(1, len(rows) // 256)):
            alike = (words[block] @ words.T).toarray() if compare else None
            for at, row in enumerate(block.tolist()):
                near = None if alike is None else alike[at]
                found = self._candidates(counts, row, near)
                cosine = (
                    np.asarray((words[found] @ words[row].T).todense()).ravel()
                    if near is None
                    else near[found]
                )
                table = np.column_stack(
                    [
                        _values(counts.baskets, row, found),
                        _values(counts.sequences, row, found),
                        cosine,
                        index.kind_lifts(row, found),
                        np.log1p(counts.alone[found]),
                    ]
                )
                lengths[row] = len(found)
                partners.append(found)
                evidence.append(table)
        order = np.argsort(rows)
        return PartnerIndex(
            np.concatenate([[0], np.cumsum(lengths)]),
            np.concatenate([partners[at] for at in order]).astype(np.int32)
            if partners
            else np.zeros(0, np.int32),
            np.concatenate([evidence[at] for at in order]).astype(np.float32)
            if evidence
            else np.zeros((0, len(PARTS)), np.float32),
            index.weights,
            index.baskets,
            index.kinds,
            index.kind_pairs,
            index.pair_rate,
        )

    def _candidates(self, counts: Counts, row: int, alike: NDArray[np.float32] | None) -> Rows:
        """Ascending rows: the nearest by baskets, by sequences and by words, without the item itself."""
        found = [_nearest(counts.baskets, row, self.near), _nearest(counts.sequences, row, self.near)]
        if alike is not None:
            best = np.argpartition(-alike, min(self.near, len(alike) - 1))[: self.near]
            found.append(best[alike[best] > 0.05])
        rows: Rows = np.unique(np.concatenate(found)).astype(np.int64)
        return np.setdiff1d(rows, [row])


def baskets_of(interactions: Interactions) -> sparse.csr_matrix:
    """[n_orders, n_items], 1 where an order holds an item; purchases without an order are a basket a day."""
    x = interactions.where(interactions.kinds == KIND[EventType.PURCHASE])
    day = (x.times // DAY).astype(np.int64)
    single = (1 << 62) | (x.users.astype(np.int64) << 24) | day
    _, basket = np.unique(np.where(x.orders >= 0, x.orders.astype(np.int64), single), return_inverse=True)
    return _incidence(basket, x.items, int(basket.max(initial=-1)) + 1, x.n_items)


def sequences_of(interactions: Interactions, window_days: float) -> sparse.csr_matrix:
    """[n, n_items]: what a user bought on one day and on the days of the window that follow it."""
    x = interactions.where(interactions.kinds == KIND[EventType.PURCHASE])
    day = (x.times // DAY).astype(np.int64)
    visits, visit = np.unique(x.users.astype(np.int64) << 24 | day, return_inverse=True)
    if len(visits) < 2:
        return nothing(0, x.n_items)
    who, when = visits >> 24, visits & ((1 << 24) - 1)
    # Only the next visit: a chain of all later ones would count a regular's whole life as one set.
    close = (who[1:] == who[:-1]) & (np.diff(when) <= window_days)
    held = _incidence(visit, x.items, len(visits), x.n_items)
    first = np.flatnonzero(close)
    size = np.asarray(held.sum(1)).ravel()
    first = first[(size[first] <= 20) & (size[first + 1] <= 20)]
    both = sparse.csr_matrix(held[first] + held[first + 1])
    both.data[:] = 1
    return both


def word_rows(documents: Sequence[Sequence[str]]) -> sparse.csr_matrix:
    """TF-IDF rows [n, vocabulary] of unit length (log tf, log idf; Salton & Buckley 1988); 0 for no words."""
    places: dict[str, int] = {}
    rows, columns = [], []
    for row, terms in enumerate(documents):
        for term in terms:
            rows.append(row)
            columns.append(places.setdefault(term, len(places)))
    n = len(documents)
    table = sparse.csr_matrix(
        (np.ones(len(rows), np.float32), (rows, columns)), (n, max(len(places), 1)), dtype=np.float32
    )
    table.sum_duplicates()
    held = np.bincount(table.indices, minlength=table.shape[1])
    table.data = (1 + np.log(table.data)) * np.log(max(n, 1) / np.maximum(held, 1))[table.indices]
    length = np.sqrt(np.asarray(table.multiply(table).sum(1)).ravel())
    unit = sparse.diags(1 / np.where(length > 0, length, 1.0)) @ table
    return sparse.csr_matrix(unit, dtype=np.float32)


def _incidence(rows: ArrayLike, columns: ArrayLike, n_rows: int, n_columns: int) -> sparse.csr_matrix:
    row, column = np.asarray(rows, np.int64), np.asarray(columns, np.int64)
    table: sparse.csr_matrix = sparse.csr_matrix(
        (np.ones(len(row), np.float32), (row, column)), (n_rows, n_columns)
    )
    table.sum_duplicates()
    table.data[:] = 1
    return table


def _count(baskets: sparse.csr_matrix, chains: sparse.csr_matrix, kinds: NDArray[np.int32]) -> Counts:
    pairs, after = (_pairs(table) for table in (baskets, chains))
    size = np.asarray(baskets.sum(1)).ravel()
    total = float(size.sum())
    k = int(kinds.max(initial=-1)) + 1
    known = np.flatnonzero(kinds >= 0)
    groups = _incidence(known, kinds[known], len(kinds), max(k, 1))
    kind_pairs = (groups.T @ pairs @ groups).toarray() if k else np.zeros((0, 0))
    return Counts(
        pairs,
        after,
        np.asarray(baskets.sum(0)).ravel().astype(np.float32),
        float((size * (size - 1)).sum()) / total**2 if total else 0.0,
        kind_pairs.astype(np.float32),
    )


def _pairs(table: sparse.csr_matrix) -> sparse.csr_matrix:
    pairs = sparse.csr_matrix(table.T @ table)
    pairs.setdiag(0)
    pairs.eliminate_zeros()
    pairs.sort_indices()
    return pairs


def _blank(counts: Counts, kinds: NDArray[np.int32], weights: NDArray[np.float32]) -> PartnerIndex:
    n = len(kinds)
    return PartnerIndex(
        np.zeros(n + 1, np.int64),
        np.zeros(0, np.int32),
        np.zeros((0, len(PARTS)), np.float32),
        weights,
        counts.alone,
        kinds,
        counts.kind_pairs,
        counts.pair_rate,
    )


def _nearest(table: sparse.csr_matrix, row: int, k: int) -> Rows:
    start, stop = table.indptr[row], table.indptr[row + 1]
    columns, values = table.indices[start:stop], table.data[start:stop]
    if len(columns) > k:
        columns = columns[np.argpartition(-values, k)[:k]]
    return columns.astype(np.int64)


def _values(table: sparse.csr_matrix, row: int, columns: Rows) -> Values:
    start, stop = table.indptr[row], table.indptr[row + 1]
    own, values = table.indices[start:stop], table.data[start:stop]
    if not len(own):
        return np.zeros(len(columns))
    at = np.minimum(np.searchsorted(own, columns), len(own) - 1)
    return np.where(own[at] == columns, values[at], 0.0).astype(np.float64)


@dataclass(frozen=True, eq=False)
class _Held:
    """Held-out baskets, each asked by one of its items. `table` [e, 5]: the features of all partners of all
    seeds; `hits` [h]: the entries that were in the basket; `rivals` [r]: every entry beside a hit, `of` [r]
    which hit; `asks` [h]: whose hit; `wanted` [n]: how many items are looked for."""

    table: Values
    hits: Rows
    rivals: Rows
    of: Rows
    asks: Rows
    wanted: Rows

    @classmethod
    def of_baskets(cls, index: PartnerIndex, seeds: Rows, sets: Sequence[NDArray[np.int32]]) -> _Held:
        tables: list[Values] = []
        hits: list[int] = []
        asks: list[int] = []
        rivals: list[Rows] = []
        start = 0
        for ask, (seed, items) in enumerate(zip(seeds.tolist(), sets, strict=True)):
            span = slice(int(index.starts[seed]), int(index.starts[seed + 1]))
            tables.append(features(index.evidence[span].astype(np.float64)))
            size = span.stop - span.start
            for at in np.flatnonzero(np.isin(index.partners[span], items)).tolist():
                hits.append(start + at)
                asks.append(ask)
                rivals.append(np.arange(start, start + size))
            start += size
        return cls(
            np.concatenate(tables) if tables else np.zeros((0, len(PARTS))),
            np.array(hits, np.int64),
            np.concatenate(rivals) if rivals else np.zeros(0, np.int64),
            np.repeat(np.arange(len(hits)), [len(r) for r in rivals]),
            np.array(asks, np.int64),
            np.array([len(items) - 1 for items in sets], np.int64),
        )

    def completion(self, weights: NDArray[np.float32]) -> float:
        """Mean of the reciprocal rank and recall@10 of what else was in the basket; ties count half."""
        score = self.table @ weights
        own, other = score[self.hits][self.of], score[self.rivals]
        above = (other > own) + 0.5 * (other == own)
        rank = np.bincount(self.of, above, minlength=len(self.hits)) + 0.5  # a hit ties with itself
        first = np.full(len(self.wanted), np.inf)
        np.minimum.at(first, self.asks, rank)
        recall = np.bincount(self.asks, rank <= 10, minlength=len(self.wanted)) / self.wanted
        return float(((1 / first).mean() + recall.mean()) / 2) if len(first) else 0.0
