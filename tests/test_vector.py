"""Does the vector index find what a plain scan finds?"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import indexes.vector as module
from indexes.codes import Grid
from indexes.ranking import Ranking
from indexes.vector import VectorIndex

FACTORIES = ["auto", "Flat", "HNSW16", "HNSW16_SQ8", "IVF8,Flat", "IVF8,PQ16x4fs", "SQ8"]


def unit(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    vectors = rng.standard_normal((n, d)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def plain(vectors: np.ndarray, query: np.ndarray, k: int, allowed: np.ndarray | None = None) -> Ranking:
    rows = np.flatnonzero(vectors.any(axis=1) if allowed is None else allowed & vectors.any(axis=1))
    return Ranking.of(rows, vectors[rows] @ query, k)


def recall(found: Ranking, truth: Ranking) -> float:
    return len(set(found.rows) & set(truth.rows)) / max(len(truth), 1)


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    rng = np.random.default_rng(3)
    centres = unit(rng, 40, 32)
    made = centres[rng.integers(0, 40, 2000)] + 0.15 * rng.standard_normal((2000, 32)).astype(np.float32)
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    made[::97] = 0
    return made


def test_by_hand() -> None:
    index = VectorIndex.build(np.array([[1, 0], [0, 1], [0.6, 0.8], [0, 0]], np.float32))
    found = index.search(np.array([0.8, 0.6], np.float32), 3)
    assert found.rows.tolist() == [2, 0, 1]
    np.testing.assert_allclose(found.scores, [0.96, 0.8, 0.6], rtol=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_small_indexes_are_exact(data: st.DataObject) -> None:
    """Whatever the vectors, repeated ones, zero ones and long ones included, no row is missed."""
    n = data.draw(st.integers(1, 60))
    d = data.draw(st.integers(1, 9))
    k = data.draw(st.integers(1, 70))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    vectors = rng.integers(-3, 4, (n, d)).astype(np.float32) * np.float32(data.draw(st.floats(1e-3, 1e3)))
    query = rng.standard_normal(d).astype(np.float32)
    allowed = rng.random(n) < 0.5 if data.draw(st.booleans()) else None
    index = VectorIndex.build(vectors)
    found, truth = index.search(query, k, allowed), plain(vectors, query, k, allowed)
    assert len(found) == len(truth)
    np.testing.assert_allclose(
        found.scores, truth.scores, rtol=1e-4, atol=1e-5 * float(np.abs(vectors).max())
    )
    assert allowed is None or allowed[found.rows].all()


@pytest.mark.parametrize("factory", FACTORIES)
def test_finds_what_a_plain_scan_finds(vectors: np.ndarray, factory: str, tmp_path: Path) -> None:
    VectorIndex.build(vectors, factory).save(tmp_path)
    index = VectorIndex.open(tmp_path)
    rng = np.random.default_rng(4)
    queries = vectors[1:60] + 0.02 * rng.standard_normal((59, 32)).astype(np.float32)
    floor = 0.75 if "PQ" in factory else 0.9
    for share in (1.0, 0.5, 0.1, 0.01):
        allowed = None if share == 1 else rng.random(len(vectors)) < share
        marks = [
            recall(index.search(q, 10, allowed), plain(vectors, q, 10, allowed)) for q in queries if q.any()
        ]
        assert np.mean(marks) >= (0.99 if share < 1 else floor), (factory, share)


@pytest.mark.parametrize("factory", FACTORIES)
def test_save_and_open_answer_alike(vectors: np.ndarray, factory: str, tmp_path: Path) -> None:
    built = VectorIndex.build(vectors, factory)
    built.save(tmp_path / "a")
    opened = VectorIndex.open(tmp_path / "a")
    opened.save(tmp_path / "b")
    again = VectorIndex.open(tmp_path / "b")
    for row in (1, 5, 800):
        answers = [index.search(vectors[row], 12) for index in (built, opened, again)]
        assert answers[0] == answers[1] == answers[2]
        assert answers[0].rows[0] == row
    assert len(opened) == len(vectors)
    np.testing.assert_array_equal(opened.vectors[7], vectors[7])


@pytest.mark.parametrize("factory", FACTORIES)
def test_search_scores_are_the_scores_of_score(vectors: np.ndarray, factory: str) -> None:
    index = VectorIndex.build(vectors, factory)
    found = index.search(vectors[11], 20)
    np.testing.assert_allclose(index.score(vectors[11], found.rows), found.scores, rtol=1e-6)
    np.testing.assert_allclose(found.scores, vectors[found.rows] @ vectors[11], rtol=1e-5)


@pytest.mark.parametrize("factory", FACTORIES)
def test_an_item_of_which_nothing_is_known_is_never_retrieved(vectors: np.ndarray, factory: str) -> None:
    index = VectorIndex.build(vectors, factory)
    unknown = ~vectors.any(axis=1)
    assert not unknown[index.search(-vectors[1], len(vectors)).rows].any()
    assert len(index.search(vectors[1], 5, unknown)) == 0
    assert np.isnan(index.score(vectors[1], np.flatnonzero(unknown))).all()


@pytest.mark.parametrize("factory", ["auto", "HNSW16_SQ8"])
def test_nothing_to_go_on(vectors: np.ndarray, factory: str) -> None:
    index = VectorIndex.build(vectors, factory)
    assert index.search(np.zeros(32, np.float32), 5) == Ranking.empty()
    assert index.search(np.full(32, np.nan, np.float32), 5) == Ranking.empty()
    assert index.search(vectors[1], 0) == Ranking.empty()
    assert index.search(vectors[1], 5, np.zeros(len(vectors), bool)) == Ranking.empty()
    assert len(index.search(vectors[1], 10**9)) <= len(vectors)
    with pytest.raises(ValueError, match="shape"):
        index.search(np.ones(31, np.float32), 5)


@pytest.mark.parametrize("shape", [(0, 8), (4, 0), (0, 0), (3, 8)])
def test_an_empty_index_answers(shape: tuple[int, int], tmp_path: Path) -> None:
    VectorIndex.build(np.zeros(shape, np.float32)).save(tmp_path)
    index = VectorIndex.open(tmp_path)
    assert len(index) == shape[0]
    assert index.search(np.ones(shape[1], np.float32), 3) == Ranking.empty()


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="finite"):
        VectorIndex.build(np.array([[1, np.nan]], np.float32))
    with pytest.raises(ValueError, match="no index 'NoSuch'"):
        VectorIndex.build(np.eye(4, dtype=np.float32), "NoSuch")
    index = VectorIndex.build(np.eye(4, dtype=np.float32))
    for row in (-1, 4):
        with pytest.raises(IndexError, match="from 0 to 3"):
            index.score(np.ones(4, np.float32), np.array([row]))
    with pytest.raises(ValueError, match="mask"):
        index.search(np.ones(4, np.float32), 1, np.ones(5, bool))
    with pytest.raises(ValueError, match="matrix"):
        VectorIndex.build(np.ones(4, np.float32))


def test_auto_chooses_by_size_and_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "EXACT_BELOW", 500)
    rng = np.random.default_rng(5)
    vectors = unit(rng, 12_000, 16)
    assert VectorIndex.build(vectors[:500]).plan.factory == ""
    graph = VectorIndex.build(vectors[:2000])
    assert graph.plan.factory == "HNSW32_SQ8"
    graph.save(tmp_path / "graph")
    assert not (tmp_path / "graph" / "rows.npy").exists(), "the graph's codes are the rows"
    bounded = VectorIndex.build(vectors, memory_bytes=1_000_000)
    assert bounded.plan.factory.startswith("IVF")
    bounded.save(tmp_path)
    assert (tmp_path / "graph.faiss").stat().st_size < 1_000_000
    found = VectorIndex.open(tmp_path).search(vectors[3], 5)
    assert found.rows[0] == 3


def test_rows_kept_as_codes_are_read_like_an_array(
    vectors: np.ndarray, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Large indexes: search, score, rows and saving work from one-byte codes alone, zero rows included."""
    monkeypatch.setattr(module, "EXACT_BELOW", 500)
    VectorIndex.build(vectors, "auto").save(tmp_path)
    index = VectorIndex.open(tmp_path)
    assert len(index) == len(index.vectors) == len(vectors)
    np.testing.assert_allclose(index.vectors[5], vectors[5], atol=0.005)
    np.testing.assert_allclose(np.asarray(index.vectors), vectors, atol=0.005)
    np.testing.assert_array_equal(index.vectors[[0, 97]], 0)
    np.testing.assert_allclose(index.vectors[3:9], vectors[3:9], atol=0.005)
    for allowed in (None, np.arange(len(vectors)) % 3 == 0, np.arange(len(vectors)) < 40):
        found, truth = index.search(vectors[5], 10, allowed), plain(vectors, vectors[5], 10, allowed)
        assert recall(found, truth) >= 0.8
        np.testing.assert_allclose(index.score(vectors[5], found.rows), found.scores, atol=1e-6)
        np.testing.assert_allclose(found.scores, vectors[found.rows] @ vectors[5], atol=0.01)
    assert np.isnan(index.score(vectors[5], np.array([0, 5]))).tolist() == [True, False]


def test_the_eight_bit_grid_errs_within_its_slack(vectors: np.ndarray) -> None:
    grid = Grid.fit(vectors)
    codes = grid.encode(vectors)
    slack = grid.slack(vectors, codes)
    assert 0 < slack < 0.05
    query = vectors[1]
    error = np.abs(grid.scores(codes, query) - vectors @ query)
    assert error.max() <= slack * np.linalg.norm(query) + 1e-6
    rows = np.array([5, 1, 5])
    np.testing.assert_allclose(grid.scores(codes, query, rows), grid.decode(codes)[rows] @ query, atol=1e-5)


def test_the_files_say_how_they_were_built(vectors: np.ndarray, tmp_path: Path) -> None:
    VectorIndex.build(vectors, "HNSW16_SQ8").save(tmp_path)
    plan = json.loads((tmp_path / "vector.json").read_text("utf-8"))
    assert (plan["factory"], plan["dim"], plan["version"]) == ("HNSW16_SQ8", 32, 1)
