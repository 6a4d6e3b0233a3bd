"""How are vectors kept in one byte a dimension, and every row scored from the bytes?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import DTypeLike, NDArray

from indexes.ranking import Rows, Scores

Bytes = NDArray[np.uint8]
Vectors = NDArray[np.float32]
CHUNK = 65_536  # rows turned at a time, so that a big build needs no second copy of its vectors


@dataclass(frozen=True, eq=False)
class Grid:
    """A uniform 8-bit quantizer a dimension: value = low + step * (code + 1/2), codes 0..255.

    The format of faiss's SQ8, so that a graph's own codes can be scored here too. `low`, `step`: [d].
    """

    low: Vectors
    step: Vectors

    @classmethod
    def fit(cls, vectors: NDArray[Any]) -> Grid:
        """The grid that spans `vectors` [n, d] in every dimension."""
        d = vectors.shape[1]
        low, high = np.full(d, np.inf, np.float32), np.full(d, -np.inf, np.float32)
        for start in range(0, len(vectors), CHUNK):
            part = np.asarray(vectors[start : start + CHUNK], np.float32)
            low, high = np.minimum(low, part.min(0)), np.maximum(high, part.max(0))
        if not len(vectors):
            low, high = np.zeros(d, np.float32), np.zeros(d, np.float32)
        return cls(low, ((high - low) / 255).astype(np.float32))

    def encode(self, vectors: NDArray[Any]) -> Bytes:
        """Codes [n, d] of `vectors` [n, d]."""
        codes = np.empty(vectors.shape, np.uint8)
        step = np.where(self.step > 0, self.step, 1)
        for start in range(0, len(vectors), CHUNK):
            part = np.asarray(vectors[start : start + CHUNK], np.float32)
            codes[start : start + CHUNK] = np.clip((part - self.low) / step, 0, 255)
        return codes

    def decode(self, codes: Bytes) -> Vectors:
        """The vectors [n, d] that `codes` [n, d] stand for."""
        return (self.low + self.step * (codes.astype(np.float32) + 0.5)).astype(np.float32)

    def slack(self, vectors: NDArray[Any], codes: Bytes) -> float:
        """The largest distance between a row of `vectors` and its decoded code.

        By Cauchy-Schwarz no inner product read from the codes is off by more than this times the length
        of the query.
        """
        worst = 0.0
        for start in range(0, len(vectors), CHUNK):
            part = np.asarray(vectors[start : start + CHUNK], np.float32)
            lost = np.linalg.norm(part - self.decode(codes[start : start + CHUNK]), axis=1)
            worst = max(worst, float(lost.max(initial=0.0)))
        return worst

    def scores(self, codes: Bytes, vector: Vectors, rows: Rows | None = None) -> Scores:
        """Inner products of `vector` [d] with the decoded `codes` [n, d], or with those at `rows` [m]."""
        weights = (vector * self.step).astype(np.float32)
        start = np.float32(vector @ self.low + 0.5 * weights.sum())
        if rows is None:
            return dots(codes, weights, start)
        return dots_at(codes, weights, start, np.ascontiguousarray(rows, np.int64))


class Decoded:
    """Vectors [n, d] that are kept only as codes: rows are decoded as they are read.

    `places` [n] says which code stands for a row, -1 for a row of zeros; None: each row its own.
    """

    def __init__(self, codes: Bytes, grid: Grid, places: Rows | None = None):
        self.codes, self.grid, self.places = codes, grid, places
        self.shape = (len(codes) if places is None else len(places), codes.shape[1])

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> Vectors:
        """The vectors [d] or [m, d] at an integer, a slice, a mask or an array of rows."""
        if self.places is None:
            return self.grid.decode(self.codes[rows])
        places = self.places[rows]
        decoded = self.grid.decode(self.codes[np.maximum(places, 0)])
        return np.where(np.expand_dims(places, -1) < 0, np.float32(0), decoded)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[:], dtype)


def _dots(codes: Bytes, weights: Vectors, start: np.float32) -> Scores:
    n, d = codes.shape
    out = np.empty(n, np.float32)
    for i in range(n):
        total = np.float32(0)
        for j in range(d):
            total += np.float32(codes[i, j]) * weights[j]
        out[i] = total + start
    return out


def _dots_at(codes: Bytes, weights: Vectors, start: np.float32, rows: Rows) -> Scores:
    # Four rows at a time: their lines are fetched side by side, and waiting for memory is most of the work.
    n, d = len(rows), codes.shape[1]
    out = np.empty(n, np.float32)
    fours = n - n % 4
    for i in range(0, fours, 4):
        a, b, c, e = codes[rows[i]], codes[rows[i + 1]], codes[rows[i + 2]], codes[rows[i + 3]]
        first, second, third, fourth = start, start, start, start
        for j in range(d):
            weight = weights[j]
            first += np.float32(a[j]) * weight
            second += np.float32(b[j]) * weight
            third += np.float32(c[j]) * weight
            fourth += np.float32(e[j]) * weight
        out[i], out[i + 1], out[i + 2], out[i + 3] = first, second, third, fourth
    for i in range(fours, n):
        total = start
        for j in range(d):
            total += np.float32(codes[rows[i], j]) * weights[j]
        out[i] = total
    return out


# Vectorized over dimensions only when sums may be reordered: fastmath. Callers share one interpreter: nogil.
_compiled = njit(fastmath=True, nogil=True, cache=True)
dots: Callable[[Bytes, Vectors, np.float32], Scores] = _compiled(_dots)
dots_at: Callable[[NDArray[Any], Vectors, np.float32, Rows], Scores] = _compiled(_dots_at)
