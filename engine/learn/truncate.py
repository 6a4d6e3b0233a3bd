"""Which weights of a large matrix are worth keeping?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from indexes.sparse import SparseRows

DENSE_CELLS = 1 << 23  # cells of one dense block: 32 MB of float32


def keep_top(matrix: Any, keep: int) -> SparseRows:
    """Each row's `keep` largest entries by size, of a dense or sparse matrix; 0 = all but zeros."""
    if isinstance(matrix, np.ndarray):
        return _stack([_top_dense(block, keep) for block in _blocks(matrix)], matrix.shape)
    csr = sparse.csr_matrix(matrix)
    return _stack([_top_sparse(csr, keep)], csr.shape)


def similar_pairs(left: Any, right: Any, keep: int) -> SparseRows:
    """Each row's `keep` largest entries of left @ right (sparse), without the diagonal, in bounded memory."""
    left, right = sparse.csr_matrix(left), sparse.csr_matrix(right)
    n, m = left.shape[0], right.shape[1]
    parts = []
    step = max(1, DENSE_CELLS // max(1, m))
    dense = m <= 20_000
    step = step if dense else max(step, 512)
    for start in range(0, n, step):
        block = left[start : start + step] @ right
        if dense:
            cells = block.toarray()
            at = np.arange(len(cells))
            inside = at + start < m
            cells[at[inside], at[inside] + start] = 0.0
            parts.append(_top_dense(cells, keep))
        else:
            coo = block.tocoo()
            off = coo.row + start != coo.col
            block = sparse.csr_matrix((coo.data[off], (coo.row[off], coo.col[off])), block.shape)
            parts.append(_top_sparse(block, keep))
    return _stack(parts, (n, m))


Part = tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]  # lengths, columns, values


def _blocks(matrix: NDArray[Any]) -> list[NDArray[Any]]:
    step = max(1, DENSE_CELLS // max(1, matrix.shape[1]))
    return [matrix[start : start + step] for start in range(0, len(matrix), step)]


def _top_dense(cells: NDArray[Any], keep: int) -> Part:
    if keep and keep < cells.shape[1]:
        columns = np.argpartition(-np.abs(cells), keep - 1, axis=1)[:, :keep]
        columns.sort(axis=1)
    else:
        columns = np.broadcast_to(np.arange(cells.shape[1]), cells.shape)
    values = np.take_along_axis(cells, columns, axis=1)
    there = values != 0
    return there.sum(axis=1), columns[there].astype(np.int32), values[there].astype(np.float32)


def _top_sparse(csr: sparse.csr_matrix, keep: int) -> Part:
    csr = csr if csr.has_sorted_indices else csr.sorted_indices()
    lengths = np.diff(csr.indptr)
    kept = csr.data != 0
    # Row by row: a partition of each costs far less than one sort of them all.
    for row in np.flatnonzero(lengths > keep).tolist() if keep else ():
        part = slice(csr.indptr[row], csr.indptr[row + 1])
        small = np.argpartition(-np.abs(csr.data[part]), keep - 1)[keep:]
        kept[part.start + small] = False
    row_of = np.repeat(np.arange(csr.shape[0]), lengths)[kept]
    count = np.bincount(row_of, minlength=csr.shape[0])
    return count, csr.indices[kept].astype(np.int32), csr.data[kept].astype(np.float32)


def _stack(parts: list[Part], shape: tuple[int, ...]) -> SparseRows:
    lengths = np.concatenate([p[0] for p in parts]) if parts else np.zeros(shape[0], np.int64)
    indptr = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=indptr[1:])
    columns = np.concatenate([p[1] for p in parts]) if parts else np.zeros(0, np.int32)
    values = np.concatenate([p[2] for p in parts]) if parts else np.zeros(0, np.float32)
    return SparseRows(indptr, columns, values, int(shape[1]))
