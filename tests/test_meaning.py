"""Meaning costs most of a search: a request encodes its words once."""

from __future__ import annotations

import numpy as np

from engine.retrieve.meaning import Semantic
from engine.types import Query
from indexes.vector import VectorIndex

VECTORS = np.eye(4, dtype=np.float32)


def test_a_request_encodes_its_words_once_and_another_request_anew():
    asked: list[str] = []

    def encode(text: str) -> tuple[str, np.ndarray]:
        asked.append(text)
        return "own", VECTORS[len(text) % 4]

    leg = Semantic({"own": VectorIndex.build(VECTORS)}, encode)
    one, other = Query(text="a"), Query(text="bb")
    for query in (one, other, one):
        found = leg(query, 4)
        assert found.rows[0] == len(query.text) % 4
        assert leg.score(query, found.rows).tolist() == found.scores.tolist()
    assert asked == ["a", "bb"]


def test_an_answered_request_leaves_nothing_behind():
    leg = Semantic({"own": VectorIndex.build(VECTORS)}, lambda text: ("own", VECTORS[0]))
    for _ in range(100):
        leg(Query(text="a"), 4)
    assert len(leg.encoded) <= 1
