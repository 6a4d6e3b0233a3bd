"""Do the nearest sessions come out as their definition says, ties and ages included?"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from indexes.sessions import DAY, SessionIndex
from indexes.sparse import SparseRows


@pytest.mark.parametrize("near", [1, 5, 17, 200])
@pytest.mark.parametrize("half_life_days", [0.0, 3.0])
def test_neighbours_are_the_nearest_by_nearness_then_by_place(near: int, half_life_days: float) -> None:
    random = np.random.default_rng(7)
    # Few different values, and ends on few days: many sessions tie with the last that is kept.
    dense = random.integers(0, 3, (60, 12)) * (random.random((60, 12)) < 0.4)
    times = random.integers(0, 4, 60) * DAY
    index = SessionIndex(
        SparseRows.of(sparse.csr_matrix(dense.astype(np.float32))),
        SparseRows.of(sparse.csr_matrix(dense.T.astype(np.float32))),
        times,
        near,
        half_life_days,
    )
    now = 5 * DAY
    for asked in ([0], [3, 7], [1, 2, 5, 11]):
        weights = np.linspace(0.5, 1.0, len(asked))
        expected = weights @ dense.T[asked]
        if half_life_days:
            expected = expected * 0.5 ** ((now - times) / DAY / half_life_days)
        order = sorted(np.flatnonzero(expected > 0).tolist(), key=lambda at: (-round(expected[at], 9), at))
        found, nearness = index.neighbours(asked, weights, now)
        assert found.tolist() == sorted(order[:near])
        assert nearness == pytest.approx(expected[found])


def test_nothing_in_common_finds_no_session() -> None:
    matrix = sparse.csr_matrix(np.eye(3, dtype=np.float32))
    index = SessionIndex(SparseRows.of(matrix), SparseRows.of(matrix), np.zeros(3), 2, 1.0)
    found, nearness = index.neighbours([], [])
    assert not len(found) and not len(nearness)
