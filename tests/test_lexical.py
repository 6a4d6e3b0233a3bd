"""Does the compiled keyword index say what the textbook says?"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexes import postings
from indexes.lexical import LexicalIndex
from indexes.plain_lexical import PlainLexicalIndex
from indexes.ranking import Ranking
from indexes.vocabulary import Vocabulary

WORDS = "abcdefgh"
texts = st.lists(st.lists(st.sampled_from(WORDS), max_size=8), max_size=25)
queries = st.lists(st.sampled_from(WORDS + "z"), max_size=6)


def index_of(lines: list[list[str]], **options: object) -> LexicalIndex:
    return LexicalIndex.build([{"title": line} for line in lines], {"title": 1.0}, **options)  # type: ignore[arg-type]


def shop(rng: np.random.Generator, n: int) -> list[dict[str, list[str]]]:
    words = [f"w{i}" for i in range(300)]
    chance = 1 / np.arange(1, 301)
    chance /= chance.sum()
    return [
        {
            "title": rng.choice(words, rng.integers(0, 9), p=chance).tolist(),
            "description": rng.choice(words, rng.integers(0, 40), p=chance).tolist(),
        }
        for _ in range(n)
    ]


@given(lines=texts, query=queries, k=st.integers(0, 30))
@settings(deadline=None)
def test_the_fast_index_agrees_with_the_plain_one(lines: list[list[str]], query: list[str], k: int) -> None:
    fast = index_of(lines)
    plain = PlainLexicalIndex.build([{"title": line} for line in lines], {"title": 1.0})
    a, b = fast.search(query, k), plain.search(query, k)
    # rank_bm25 multiplies by k1 + 1, a constant that Lucene leaves out.
    assert len(a) == len(b)
    np.testing.assert_allclose(a.scores * 2.2, b.scores, rtol=1e-5)


@given(
    lines=texts, query=queries, k=st.integers(1, 9), keep=st.lists(st.booleans(), min_size=25, max_size=25)
)
@settings(deadline=None)
def test_search_keeps_the_best_of_what_score_says(
    lines: list[list[str]], query: list[str], k: int, keep: list[bool]
) -> None:
    index = index_of(lines)
    allowed = np.array(keep[: len(lines)], np.bool_)
    everything = index.score(query, np.arange(len(lines)))
    rows = np.flatnonzero((everything > 0) & allowed)
    assert index.search(query, k, allowed) == Ranking.of(rows, everything[rows], k)


def test_pruning_changes_nothing_over_many_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    documents = shop(rng, 3 * postings.BLOCK)
    index = LexicalIndex.build(documents, {"title": 3.0, "description": 1.0}, {"title": 0.3}, 1.2)
    for size in (1, 2, 5, 20):
        for k in (1, 10, 500):
            query = {f"w{i}": float(rng.integers(1, 4)) for i in rng.integers(0, 300, size)}
            scores = index.score(query, np.arange(len(index)))
            rows = np.flatnonzero(scores > 0)
            assert index.search(query, k) == Ranking.of(rows, scores[rows], k)


def test_bm25f_by_hand() -> None:
    documents = [{"title": ["red", "shoe"], "description": ["red", "red", "sole"]}, {"title": ["hat"]}]
    index = LexicalIndex.build(
        documents, {"title": 2.0, "description": 1.0}, {"title": 0.5, "description": 1.0}, 1.2
    )
    # Mean lengths: title 1.5, description 1.5. Row 0, "red":
    tf = 2 * 1 / (0.5 + 0.5 * 2 / 1.5) + 1 * 2 / (3 / 1.5)
    idf = math.log(1 + (2 - 1 + 0.5) / (1 + 0.5))
    assert index.search(["red"], 5).scores.tolist() == pytest.approx([idf * tf / (1.2 + tf)])
    assert index.search({"red": 2.0}, 5).scores.tolist() == pytest.approx([2 * idf * tf / (1.2 + tf)])


def test_a_word_in_every_item_still_finds() -> None:
    index = index_of([["shoe", "red"], ["shoe"], ["shoe", "blue", "old"]])
    assert index.search(["shoe"], 5).rows.tolist() == [1, 0, 2]


def test_nothing_to_go_on() -> None:
    index = index_of([["shoe"], []])
    assert not len(index.search([], 5))
    assert not len(index.search(["unknown"], 5))
    assert not len(index.search(["shoe"], 5, np.zeros(2, np.bool_)))
    assert index.score(["unknown"], np.array([1, 0])).tolist() == [0.0, 0.0]
    empty = index_of([])
    assert not len(empty)
    assert not len(empty.search(["shoe"], 5))


def test_a_small_index_scores_by_the_large_ones_statistics() -> None:
    documents = shop(np.random.default_rng(2), 400)
    weights, b = {"title": 3.0, "description": 1.0}, {"title": 0.3, "description": 0.75}
    large = LexicalIndex.build(documents, weights, b, 1.2)
    small = LexicalIndex.build(documents[50:60], weights, b, 1.2, statistics=large)
    query = ["w0", "w3", "w40", "w7"]
    np.testing.assert_allclose(
        small.score(query, np.arange(10)), large.score(query, np.arange(50, 60)), rtol=1e-6
    )


def test_save_and_open_give_the_same(tmp_path: Path) -> None:
    index = LexicalIndex.build(shop(np.random.default_rng(3), 300), {"title": 2.0, "description": 1.0})
    index.save(tmp_path / "words")
    opened = LexicalIndex.open(tmp_path / "words")
    query = {"w1": 1.0, "w9": 2.0, "w100": 0.5}
    assert opened.search(query, 50) == index.search(query, 50)
    assert len(opened) == 300
    assert not opened.data.flags.writeable
    empty = index_of([])
    empty.save(tmp_path / "empty")
    assert not len(LexicalIndex.open(tmp_path / "empty").search(["w1"], 3))


def test_the_plain_index_is_saved_too(tmp_path: Path) -> None:
    documents = shop(np.random.default_rng(4), 50)
    index = PlainLexicalIndex.build(documents, {"title": 2.0, "description": 0.4}, {"title": 0.3})
    index.save(tmp_path)
    assert PlainLexicalIndex.open(tmp_path).search(["w0", "w1"], 9) == index.search(["w0", "w1"], 9)
    assert index.b == pytest.approx((2 * 0.3 + 0.75) / 3)
    allowed = np.arange(50) < 3
    assert set(index.search(["w0"], 9, allowed).rows.tolist()) <= {0, 1, 2}


def test_phrases_and_words_of_rows() -> None:
    index = LexicalIndex.build(
        [
            {"title": ["new", "york", "mug"], "description": ["tea"]},
            {"title": ["york", "new"], "description": ["york", "tea"]},
            {"title": ["mug", "new"], "description": ["york"]},
        ],
        {"title": 1.0, "description": 1.0},
    )
    assert index.phrase(["new", "york"]).tolist() == [True, False, False]  # no phrase crosses two fields
    assert index.phrase(["new", "paris"]).tolist() == [False] * 3
    assert index.rows_of("tea").tolist() == [0, 1]
    assert index.matching(["mug", "tea"], 2).tolist() == [True, False, False]
    assert sorted(index.vocabulary.text(int(t)) for t in index.terms_of(2)) == ["mug", "new", "york"]


def test_coverage_is_the_share_of_idf_mass() -> None:
    index = index_of([["red", "shoe"], ["shoe"], ["hat"]])
    red, shoe, unknown = index.idf(["red", "shoe", "unknown"])
    assert index.coverage(["red", "shoe"], np.array([0, 1, 2])).tolist() == pytest.approx(
        [1.0, shoe / (red + shoe), 0.0]
    )
    assert unknown > red > shoe
    assert index.coverage(["shoe", "unknown"], np.array([1])).tolist() == pytest.approx(
        [shoe / (shoe + unknown)]
    )


@given(words=st.lists(st.text(max_size=8), unique=True, max_size=30), stranger=st.text(max_size=8))
def test_a_vocabulary_finds_its_own_and_no_other(words: list[str], stranger: str) -> None:
    words = [word for word in words if word.isprintable()]
    vocabulary, numbers = Vocabulary.of(words)
    assert vocabulary.find(words).tolist() == numbers.tolist()
    assert [vocabulary.text(int(number)) for number in numbers] == words
    assert sorted(vocabulary) == sorted(words)
    if stranger.isprintable() and stranger not in words:
        assert vocabulary.find([stranger]).tolist() == [-1]


def test_equal_hashes_are_told_apart_by_their_bytes() -> None:
    vocabulary, _ = Vocabulary.of(["one", "two"])
    forged = Vocabulary(np.full(2, vocabulary.hashes[0]), vocabulary.offsets, vocabulary.blob)
    first = vocabulary.text(0)
    assert forged.find([first]).tolist() == [0]
