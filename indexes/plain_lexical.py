"""What would the plain, textbook BM25 say?"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from indexes.lexical import Terms
from indexes.ranking import Mask, Ranking, Rows, Scores


@dataclass(frozen=True, eq=False)
class PlainLexicalIndex:
    """rank_bm25 over the fields of a document written one after another: LexicalIndex's slow oracle.

    A field of weight w is repeated round(w) times, at least once; of the fields' b the weighted mean is
    taken. Okapi's idf, which is 0 or less for a word in more than half of the catalogue, is replaced by
    Lucene's. Opening reads and counts every text again.
    """

    texts: Sequence[Sequence[str]]
    b: float
    k1: float
    model: Any  # rank_bm25.BM25Okapi; None for an empty catalogue

    @classmethod
    def build(
        cls,
        documents: Iterable[Mapping[str, Sequence[str]]],
        weights: Mapping[str, float],
        b: Mapping[str, float] | float = 0.75,
        k1: float = 1.2,
    ) -> Self:
        """Index `documents`, each field -> its terms; only fields with a positive weight are read."""
        times = {name: max(1, round(weight)) for name, weight in weights.items() if weight > 0}
        texts = [
            [term for name, repeat in times.items() for term in [*document.get(name, ())] * repeat]
            for document in documents
        ]
        if not isinstance(b, (int, float)):
            b = sum(b.get(name, 0.75) * repeat for name, repeat in times.items()) / sum(times.values())
        return cls._of(texts, float(b), k1)

    def __len__(self) -> int:
        return len(self.texts)

    def search(self, terms: Terms, k: int, allowed: Mask | None = None) -> Ranking:
        """The best `k` rows that hold any of `terms`, as LexicalIndex.search."""
        scores = self.score(terms, np.arange(len(self)))
        found = scores > 0 if allowed is None else (scores > 0) & allowed
        rows = np.flatnonzero(found)
        return Ranking.of(rows, scores[rows], k)

    def score(self, terms: Terms, rows: Rows) -> Scores:
        """The exact score [n] of each of `rows` [n]."""
        total = np.zeros(len(rows))
        if self.model is not None:
            weights = dict(terms) if isinstance(terms, Mapping) else Counter(terms)
            for term, weight in weights.items():
                total += weight * np.asarray(self.model.get_scores([term]))[rows]
        return total.astype(np.float32)

    def idf(self, terms: Sequence[str]) -> NDArray[np.float64]:
        """How telling each of `terms` [n] is: Lucene's idf, highest for a stranger."""
        stranger = math.log1p(2 * len(self) + 1)
        known = {} if self.model is None else self.model.idf
        return np.array([known.get(term, stranger) for term in terms], np.float64)

    def held(self, masses: Mapping[str, float]) -> Scores:
        """The sum [len(index)] of the `masses` of the terms that each row holds."""
        return np.array([sum(masses.get(term, 0.0) for term in set(text)) for text in self.texts], np.float32)

    def phrase(self, terms: Sequence[str]) -> Mask:
        """Which rows [len(index)] hold `terms` side by side; here the end of a field is no break."""
        wanted, m = list(terms), len(terms)
        return np.array(
            [
                any(list(text[at : at + m]) == wanted for at in range(len(text) - m + 1))
                for text in self.texts
            ],
            np.bool_,
        )

    def save(self, folder: str | Path) -> None:
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        facts = {"texts": [list(text) for text in self.texts], "b": self.b, "k1": self.k1}
        (folder / "plain.json").write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def open(cls, folder: str | Path) -> Self:
        facts = json.loads((Path(folder) / "plain.json").read_text(encoding="utf-8"))
        return cls._of(facts["texts"], facts["b"], facts["k1"])

    @classmethod
    def _of(cls, texts: Sequence[Sequence[str]], b: float, k1: float) -> Self:
        if not any(texts):
            return cls(texts, b, k1, None)
        from rank_bm25 import BM25Okapi

        model = BM25Okapi(texts, k1=k1, b=b)
        n = len(texts)
        frequencies = Counter(term for text in texts for term in set(text))
        model.idf = {term: math.log1p((n - df + 0.5) / (df + 0.5)) for term, df in frequencies.items()}
        return cls(texts, b, k1, model)
