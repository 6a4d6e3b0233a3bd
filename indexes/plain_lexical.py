"""What would the plain, textbook BM25 say?"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from indexes.lexical import NO_MASK, Terms
from indexes.ranking import Mask, Ranking, Rows, Scores


@dataclass(frozen=True, eq=False)
class PlainLexicalIndex:
    """rank_bm25 over the fields of a document written one after another: LexicalIndex's slow oracle.

    A field of weight w is repeated round(w) times. Okapi's idf, which is 0 or less for a word in more
    than half of the catalogue, is replaced by Lucene's. Kept in memory: there is nothing to save.
    """

    model: Any  # rank_bm25.BM25Okapi; None for an empty catalogue

    @classmethod
    def build(
        cls,
        documents: Iterable[Mapping[str, Sequence[str]]],
        weights: Mapping[str, float],
        b: float = 0.75,
        k1: float = 1.2,
    ) -> Self:
        from rank_bm25 import BM25Okapi

        texts = [
            [term for name, weight in weights.items() for term in [*document.get(name, ())] * round(weight)]
            for document in documents
        ]
        if not any(texts):
            return cls(None)
        model = BM25Okapi(texts, k1=k1, b=b)
        n = len(texts)
        frequencies = Counter(term for text in texts for term in set(text))
        model.idf = {term: math.log1p((n - df + 0.5) / (df + 0.5)) for term, df in frequencies.items()}
        return cls(model)

    def __len__(self) -> int:
        return 0 if self.model is None else int(self.model.corpus_size)

    def search(self, terms: Terms, k: int, allowed: Mask | None = None) -> Ranking:
        """The best `k` rows that hold any of `terms`, as LexicalIndex.search."""
        scores = self.score(terms, np.arange(len(self)))
        mask = NO_MASK if allowed is None else allowed
        found = np.flatnonzero((scores > 0) & mask) if len(mask) else np.flatnonzero(scores > 0)
        return Ranking.of(found, scores[found], k)

    def score(self, terms: Terms, rows: Rows) -> Scores:
        """The exact score [n] of each of `rows` [n]."""
        total = np.zeros(len(rows))
        if self.model is None:
            return total.astype(np.float32)
        weights = dict(terms) if isinstance(terms, Mapping) else Counter(terms)
        for term, weight in weights.items():
            total += weight * np.asarray(self.model.get_scores([term]))[rows]
        return total.astype(np.float32)
