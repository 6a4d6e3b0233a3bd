"""How are the postings of a few terms walked, and no other row touched?

Document-at-a-time in blocks of rows, with MaxScore pruning (Turtle and Flood 1995): terms come best bound
first; once the k-th score exceeds what the last terms could add together, rows that hold only those are
never visited, and those terms are looked up by binary search for the rows that can still win.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

Kernel = TypeVar("Kernel", bound=Callable[..., Any])
BLOCK = 8192  # rows; the accumulator stays in the second-level cache


def compiled(kernel: Kernel) -> Kernel:
    """Machine code on first use, kept on disk beside this file; free of the interpreter's lock."""
    made: Kernel = njit(cache=True, nogil=True)(kernel)
    return made


@compiled
def _place(indices: NDArray[Any], low: int, high: int, row: int) -> int:  # pragma: no cover - compiled
    """The first place in indices[low:high], ascending, whose row is not below `row`."""
    while low < high:
        middle = (low + high) >> 1
        if indices[middle] < row:
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def _sink(scores: NDArray[Any], rows: NDArray[Any], size: int) -> None:  # pragma: no cover - compiled
    """Restore the heap (worst first; of equal scores the larger row is worse) after its root changed."""
    at = 0
    while True:
        child = 2 * at + 1
        if child >= size:
            return
        other = child + 1
        if other < size and (
            scores[other] < scores[child] or (scores[other] == scores[child] and rows[other] > rows[child])
        ):
            child = other
        if scores[at] < scores[child] or (scores[at] == scores[child] and rows[at] > rows[child]):
            return
        scores[at], scores[child] = scores[child], scores[at]
        rows[at], rows[child] = rows[child], rows[at]
        at = child


@compiled
def _rise(scores: NDArray[Any], rows: NDArray[Any], at: int) -> None:  # pragma: no cover - compiled
    """Restore the heap after its last place was filled."""
    while at > 0:
        parent = (at - 1) >> 1
        if scores[parent] < scores[at] or (scores[parent] == scores[at] and rows[parent] > rows[at]):
            return
        scores[at], scores[parent] = scores[parent], scores[at]
        rows[at], rows[parent] = rows[parent], rows[at]
        at = parent


@compiled
def best_rows(
    indptr: NDArray[Any],
    indices: NDArray[Any],
    data: NDArray[Any],
    terms: NDArray[Any],
    weights: NDArray[Any],
    bounds: NDArray[Any],
    k: int,
    allowed: NDArray[Any],
) -> tuple[NDArray[Any], NDArray[Any]]:  # pragma: no cover - compiled
    """The `k` best rows and their scores, unordered: score = sum of weights[i] * data of term i.

    `terms`, `weights`, `bounds` [m]: bounds[i] is the most that term i can give, in descending order.
    `allowed` [n] or [0]; empty means every row. Rows without any of the terms are never returned.
    """
    m = len(terms)
    rest = np.zeros(m + 1, np.float64)
    total = 0
    for i in range(m - 1, -1, -1):
        rest[i] = rest[i + 1] + bounds[i]
        total += indptr[terms[i] + 1] - indptr[terms[i]]
    k = min(k, total)
    heap_scores = np.empty(k, np.float64)
    heap_rows = np.empty(k, np.int64)
    if k == 0:
        return heap_rows, heap_scores
    size = 0
    place = np.empty(m, np.int64)
    for i in range(m):
        place[i] = indptr[terms[i]]
    sums = np.zeros(BLOCK, np.float64)
    seen = np.zeros(BLOCK, np.bool_)
    touched = np.empty(BLOCK, np.int64)
    essential = m
    masked = len(allowed) > 0
    while True:
        first = np.int64(1) << 62
        for i in range(essential):
            if place[i] < indptr[terms[i] + 1]:
                first = min(first, np.int64(indices[place[i]]))
        if first == np.int64(1) << 62:
            break
        start = first - first % BLOCK
        end = start + BLOCK
        n_touched = 0
        for i in range(essential):
            at, stop, weight = place[i], indptr[terms[i] + 1], weights[i]
            while at < stop and indices[at] < end:
                row = indices[at] - start
                if not seen[row]:
                    seen[row] = True
                    touched[n_touched] = row
                    n_touched += 1
                sums[row] += weight * np.float64(data[at])
                at += 1
            place[i] = at
        for t in range(n_touched):
            row = touched[t]
            score = sums[row]
            sums[row] = 0.0
            seen[row] = False
            row += start
            if masked and not allowed[row]:
                continue
            i = essential
            while i < m:
                if size == k and score + rest[i] < heap_scores[0]:
                    break
                stop = indptr[terms[i] + 1]
                at = _place(indices, place[i], stop, row)
                if at < stop and indices[at] == row:
                    score += weights[i] * np.float64(data[at])
                i += 1
            if i < m:
                continue
            if size < k:
                heap_scores[size] = score
                heap_rows[size] = row
                _rise(heap_scores, heap_rows, size)
                size += 1
            elif score > heap_scores[0] or (score == heap_scores[0] and row < heap_rows[0]):
                heap_scores[0] = score
                heap_rows[0] = row
                _sink(heap_scores, heap_rows, size)
        if size == k:
            while essential > 0 and rest[essential - 1] < heap_scores[0]:
                essential -= 1
    return heap_rows[:size], heap_scores[:size]


@compiled
def scores_of(
    indptr: NDArray[Any],
    indices: NDArray[Any],
    data: NDArray[Any],
    terms: NDArray[Any],
    weights: NDArray[Any],
    rows: NDArray[Any],
) -> NDArray[Any]:  # pragma: no cover - compiled
    """The contribution [n, m] of each of `terms` [m] to each of `rows` [n]; 0 where the row lacks it."""
    parts = np.zeros((len(rows), len(terms)), np.float64)
    for i in range(len(terms)):
        start, stop = indptr[terms[i]], indptr[terms[i] + 1]
        for r in range(len(rows)):
            at = _place(indices, start, stop, rows[r])
            if at < stop and indices[at] == rows[r]:
                parts[r, i] = weights[i] * np.float64(data[at])
    return parts


@compiled
def holds_sequence(
    starts: NDArray[Any], tokens: NDArray[Any], rows: NDArray[Any], wanted: NDArray[Any]
) -> NDArray[Any]:  # pragma: no cover - compiled
    """Which of `rows` [n] hold the terms `wanted` [m] side by side, in that order, in one field."""
    found = np.zeros(len(rows), np.bool_)
    m = len(wanted)
    for r in range(len(rows)):
        stop = starts[rows[r] + 1] - m + 1
        for at in range(starts[rows[r]], stop):
            i = 0
            while i < m and tokens[at + i] == wanted[i]:
                i += 1
            if i == m:
                found[r] = True
                break
    return found


@compiled
def masses_of(
    indptr: NDArray[Any], indices: NDArray[Any], terms: NDArray[Any], masses: NDArray[Any], n: int
) -> NDArray[Any]:  # pragma: no cover - compiled
    """The sum [n] of the `masses` [m] of those of `terms` [m] that each row holds."""
    held = np.zeros(n, np.float32)
    for i in range(len(terms)):
        mass = np.float32(masses[i])
        for at in range(indptr[terms[i]], indptr[terms[i] + 1]):
            held[indices[at]] += mass
    return held
