"""Which items hold the words of a query, and how strongly?"""

from __future__ import annotations

import json
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from indexes import postings
from indexes.ranking import Mask, Ranking, Rows, Scores
from indexes.vocabulary import Vocabulary, open_array

Terms = Mapping[str, float] | Sequence[str]

ARRAYS = ("indptr", "indices", "data", "tops", "frequencies", "starts", "tokens")
NO_MASK: Mask = np.zeros(0, np.bool_)
BREAK = -1  # stands between two fields in `tokens`, so that no phrase crosses it


@dataclass(frozen=True, eq=False)
class LexicalIndex:
    """BM25F postings with the scores already in them (eager), by term; a folder of arrays, memory-mapped.

    The rows and scores of term t are indices[indptr[t]:indptr[t + 1]], ascending, and the same slice of
    `data`; tops[t] is its best score and frequencies[t] the documents that hold it. `tokens` holds every
    document's terms in order, document r from starts[r] to starts[r + 1].

    Robertson and Zaragoza, "The Probabilistic Relevance Framework" (2009), 3.6, and Lucene's idf:
        tf(t, d) = sum over fields f of weight_f * tf_f / (1 - b_f + b_f * length_f / mean_length_f)
        score    = ln(1 + (N - df + .5) / (df + .5)) * tf / (k1 + tf)
    """

    vocabulary: Vocabulary
    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    data: NDArray[np.float32]
    tops: NDArray[np.float32]
    frequencies: NDArray[np.int32]
    starts: NDArray[np.int64]
    tokens: NDArray[np.int32]
    rows: int
    documents: int  # the N of the idf; differs from `rows` when the statistics are another index's
    mean_lengths: Mapping[str, float]

    @classmethod
    def build(
        cls,
        documents: Iterable[Mapping[str, Sequence[str]]],
        weights: Mapping[str, float],
        b: Mapping[str, float] | float = 0.75,
        k1: float = 1.2,
        statistics: LexicalIndex | None = None,
    ) -> Self:
        """Index `documents`, each field -> its terms; only fields with a positive weight are read.

        `statistics`: take document frequencies and mean lengths from there, so that the scores of a small
        live index are comparable with those of the large one.
        """
        fields = tuple(name for name, weight in weights.items() if weight > 0)
        ids: defaultdict[str, int] = defaultdict(count().__next__)
        tokens, lengths, n = _read(documents, fields, ids)
        vocabulary, numbers = Vocabulary.of(list(ids))
        flat = np.frombuffer(tokens, np.int32) if len(tokens) else np.zeros(0, np.int32)
        flat = np.append(numbers, BREAK)[flat].astype(np.int32)  # the last place is BREAK's own
        spans = np.frombuffer(lengths, np.int32).reshape(n, len(fields)).astype(np.int64)
        starts = np.zeros(n + 1, np.int64)
        np.cumsum((spans + 1).sum(axis=1), out=starts[1:])

        mean_lengths = {name: float(spans[:, f].mean()) if n else 0.0 for f, name in enumerate(fields)}
        if statistics is not None:
            mean_lengths = {name: statistics.mean_lengths.get(name, mean_lengths[name]) for name in fields}
        tf = sparse.csr_array((n, len(vocabulary)), dtype=np.float32)
        for f, name in enumerate(fields):
            slope = b if isinstance(b, (int, float)) else b.get(name, 0.75)
            norm = 1.0 - slope + slope * spans[:, f] / (mean_lengths[name] or 1.0)
            per_row = np.divide(weights[name], norm, where=norm > 0, out=np.zeros(n))
            tf = tf + _counts(flat, starts, spans, f, len(vocabulary)).multiply(per_row[:, None]).tocsr()
        by_term = tf.tocsc()
        by_term.sort_indices()
        indptr = by_term.indptr.astype(np.int64)
        frequencies = np.diff(indptr).astype(np.int32)
        total, known = n, frequencies.astype(np.int64)
        if statistics is not None:
            total, known = statistics.documents, statistics.frequency(list(vocabulary))
        idf = np.log1p((max(total, 1) - np.minimum(known, total) + 0.5) / (known + 0.5))
        data: NDArray[Any] = by_term.data.astype(np.float64)
        data = (np.repeat(idf, frequencies) * data / (k1 + data)).astype(np.float32)
        tops = np.maximum.reduceat(data, indptr[:-1]) if len(data) else np.zeros(0, np.float32)
        indices = by_term.indices.astype(np.int32)
        for part in (indptr, indices, data, tops, frequencies, starts, flat):
            part.flags.writeable = False  # as when opened: one array type, one compiled kernel
        return cls(vocabulary, indptr, indices, data, tops, frequencies, starts, flat, n, total, mean_lengths)

    def __len__(self) -> int:
        return self.rows

    def search(self, terms: Terms, k: int, allowed: Mask | None = None) -> Ranking:
        """The best `k` rows that hold any of `terms` (term -> weight, or a sequence)."""
        numbers, weights = self._known(terms)
        if not len(numbers) or k <= 0:
            return Ranking.empty()
        mask = NO_MASK if allowed is None else np.ascontiguousarray(allowed, np.bool_)
        bounds = weights * self.tops[numbers]
        rows, scores = postings.best_rows(
            self.indptr, self.indices, self.data, numbers, weights, bounds, k, mask
        )
        return Ranking.of(rows, scores)

    def score(self, terms: Terms, rows: Rows) -> Scores:
        """The exact score [n] of each of `rows` [n], whatever search would have kept; 0 without any term."""
        numbers, weights = self._known(terms)
        scores: Scores = self._parts(numbers, weights, rows).sum(axis=1).astype(np.float32)
        return scores

    def coverage(self, terms: Terms, rows: Rows) -> NDArray[np.float64]:
        """The share [n] of the query's idf mass that the row's terms cover; an unknown term counts."""
        weights = dict(terms) if isinstance(terms, Mapping) else Counter(terms)
        names = list(weights)
        known = self.frequency(names)
        mass = np.array([weights[name] for name in names]) * self._idf(known)
        if not len(names) or mass.sum() <= 0:
            return np.zeros(len(rows))
        numbers = self.vocabulary.find(names)
        inside = numbers >= 0
        parts = self._parts(numbers[inside], np.ones(int(inside.sum())), rows)
        covered: NDArray[np.float64] = (parts > 0) @ mass[inside] / mass.sum()
        return covered

    def held(self, masses: Mapping[str, float]) -> Scores:
        """The sum [len(index)] of the `masses` of the terms that each row holds."""
        numbers = self.vocabulary.find(list(masses))
        mass = np.fromiter(masses.values(), np.float64, len(masses))
        inside = numbers >= 0
        held: Scores = postings.masses_of(self.indptr, self.indices, numbers[inside], mass[inside], self.rows)
        return held

    def idf(self, terms: Sequence[str]) -> NDArray[np.float64]:
        """How telling each of `terms` [n] is: Lucene's idf, highest for a stranger."""
        return self._idf(self.frequency(terms))

    def frequency(self, terms: Sequence[str]) -> NDArray[np.int64]:
        """How many documents [n] hold each of `terms`; 0 for a stranger."""
        numbers = self.vocabulary.find(terms)
        if not len(self.vocabulary):
            return np.zeros(len(numbers), np.int64)
        return np.where(numbers >= 0, self.frequencies[numbers], 0).astype(np.int64)

    def rows_of(self, term: str) -> Rows:
        """Every row that holds `term`, ascending."""
        number = int(self.vocabulary.find([term])[0])
        if number < 0:
            return np.zeros(0, np.int64)
        return self.indices[self.indptr[number] : self.indptr[number + 1]].astype(np.int64)

    def matching(self, terms: Sequence[str], at_least: int = 1) -> Mask:
        """Which rows [len(index)] hold at least so many of the distinct `terms`."""
        held = np.zeros(self.rows, np.int32)
        for term in set(terms):
            held[self.rows_of(term)] += 1
        return held >= at_least

    def phrase(self, terms: Sequence[str]) -> Mask:
        """Which rows [len(index)] hold `terms` side by side, in this order, within one field."""
        mask = np.zeros(self.rows, np.bool_)
        numbers = self.vocabulary.find(list(terms))
        if len(numbers) and (numbers >= 0).all():
            rows = np.flatnonzero(self.matching(terms, len(set(terms))))
            mask[rows] = postings.holds_sequence(self.starts, self.tokens, rows, numbers)
        return mask

    def terms_of(self, row: int) -> NDArray[np.int32]:
        """The numbers of the terms of one document, in order, fields together."""
        held: NDArray[np.int32] = self.tokens[self.starts[row] : self.starts[row + 1]]
        return held[np.flatnonzero(held != BREAK)]

    def save(self, folder: str | Path) -> None:
        folder = Path(folder)
        self.vocabulary.save(folder / "vocabulary")
        for name in ARRAYS:
            np.save(folder / f"{name}.npy", getattr(self, name))
        facts = {"rows": self.rows, "documents": self.documents, "mean_lengths": dict(self.mean_lengths)}
        (folder / "lexical.json").write_text(json.dumps(facts), encoding="utf-8")

    @classmethod
    def open(cls, folder: str | Path) -> Self:
        folder = Path(folder)
        facts: dict[str, Any] = json.loads((folder / "lexical.json").read_text(encoding="utf-8"))
        arrays: dict[str, Any] = {name: open_array(folder / f"{name}.npy") for name in ARRAYS}
        return cls(Vocabulary.open(folder / "vocabulary"), **arrays, **facts)

    def _idf(self, frequency: NDArray[np.int64]) -> NDArray[np.float64]:
        known = np.minimum(frequency, self.documents)
        return np.asarray(np.log1p((max(self.documents, 1) - known + 0.5) / (known + 0.5)))

    def _known(self, terms: Terms) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Numbers and weights of the terms held here, best bound first: both paths add in this order."""
        weights = dict(terms) if isinstance(terms, Mapping) else Counter(terms)
        numbers = self.vocabulary.find(list(weights))
        weight = np.fromiter(weights.values(), np.float64, len(weights))
        keep = (numbers >= 0) & (weight > 0)
        numbers, weight = numbers[keep], weight[keep]
        order = np.lexsort((numbers, -weight * self.tops[numbers]))
        return numbers[order], weight[order]

    def _parts(
        self, numbers: NDArray[np.int64], weights: NDArray[np.float64], rows: Rows
    ) -> NDArray[np.float64]:
        """What each of `numbers` [m] gives to each of `rows` [n]: [n, m]."""
        wanted = np.ascontiguousarray(rows, np.int64)
        parts: NDArray[np.float64] = postings.scores_of(
            self.indptr, self.indices, self.data, numbers, weights, wanted
        )
        return parts


def _read(
    documents: Iterable[Mapping[str, Sequence[str]]], fields: Sequence[str], ids: defaultdict[str, int]
) -> tuple[array[int], array[int], int]:
    """Every document's term ids in order, BREAK after each field; lengths, document by field; how many."""
    tokens, lengths, n = array("i"), array("i"), 0
    for document in documents:
        n += 1
        for name in fields:
            terms = document.get(name, ())
            tokens.extend([ids[term] for term in terms])
            tokens.append(BREAK)
            lengths.append(len(terms))
    return tokens, lengths, n


def _counts(
    flat: NDArray[np.int32], starts: NDArray[np.int64], spans: NDArray[np.int64], f: int, n_terms: int
) -> sparse.csr_array:
    """How often each document holds each term in field `f`: [n, n_terms]."""
    n = len(spans)
    skip = starts[:-1] + (spans[:, :f] + 1).sum(axis=1)
    length = spans[:, f]
    indptr = np.zeros(n + 1, np.int64)
    np.cumsum(length, out=indptr[1:])
    at = np.arange(indptr[-1]) + np.repeat(skip - indptr[:-1], length)
    counts = sparse.csr_array((np.ones(len(at), np.float32), flat[at], indptr), shape=(n, n_terms))
    counts.sum_duplicates()
    return counts
