"""The laws of a Ranking, whatever goes in."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from indexes.ranking import Ranking

rows = st.integers(-1, 30)
scores = st.one_of(st.floats(-1e6, 1e6, width=32), st.just(float("nan")), st.just(float("inf")))
pairs = st.lists(st.tuples(rows, scores), max_size=60)


def ranking_of(given_pairs: list[tuple[int, float]], k: int | None = None) -> Ranking:
    return Ranking.of([row for row, _ in given_pairs], [score for _, score in given_pairs], k)


rankings = pairs.map(ranking_of)


@given(pairs, st.integers(0, 50))
def test_rows_are_unique_scores_never_increase_and_nothing_bad_gets_in(p, k):
    r = ranking_of(p, k)
    assert len(r) <= k
    assert len(set(r.rows.tolist())) == len(r)
    assert (r.rows >= 0).all() and np.isfinite(r.scores).all()
    assert (np.diff(r.scores) <= 0).all()


@given(pairs)
def test_ties_keep_the_smaller_row_first(p):
    r = ranking_of(p)
    level = np.diff(r.scores) == 0
    assert (np.diff(r.rows)[level] > 0).all()


@given(pairs, st.integers(1, 50))
def test_the_best_k_are_the_head_of_the_whole(p, k):
    assert ranking_of(p, k) == ranking_of(p).top(k)


@given(st.lists(st.tuples(rows, st.integers(0, 3)), min_size=40, max_size=200), st.integers(1, 8))
def test_many_ties_are_cut_at_the_right_place(p, k):
    assert ranking_of(p, k) == ranking_of(p).top(k)


@given(rankings, rankings)
def test_a_continuation_keeps_the_head_and_adds_only_what_is_new(a, b):
    c = a.then(b)
    assert c.rows[: len(a)].tolist() == a.rows.tolist()
    assert set(c.rows.tolist()) == set(a.rows.tolist()) | set(b.rows.tolist())


@given(rankings, st.lists(st.integers(0, 30)))
def test_without_takes_those_rows_and_no_others(r, gone):
    left = r.without(gone)
    assert left.rows.tolist() == [row for row in r.rows.tolist() if row not in gone]


@given(rankings)
def test_what_is_looked_up_is_what_is_there(r):
    asked = np.arange(40)
    found = dict(r)
    assert r.scores_of(asked, missing=-7.0).tolist() == [found.get(row, -7.0) for row in range(40)]
    places = {row: place for place, row in enumerate(r.rows.tolist(), 1)}
    ranks = r.ranks_of(asked)
    assert [places.get(row) for row in range(40)] == [None if np.isnan(x) else int(x) for x in ranks]


@given(rankings)
def test_a_ranking_cannot_be_changed(r):
    assert not r.rows.flags.writeable and not r.scores.flags.writeable


@given(pairs, st.lists(st.integers(0, 30)), st.integers(0, 40))
def test_a_part_of_a_ranking_is_what_ranking_that_part_anew_gives(p, gone, k):
    r = ranking_of(p)
    for part in (r.top(k), r.without(gone), r.without([])):
        assert part == Ranking.of(part.rows, part.scores)
        assert not part.rows.flags.writeable and not part.scores.flags.writeable


@given(pairs, st.integers(1, 50))
def test_a_ranking_is_what_sorting_by_hand_gives(p, k):
    best: dict[int, float] = {}
    for row, score in p:
        if row >= 0 and np.isfinite(score):
            best[row] = max(best.get(row, -np.inf), score)
    by_hand = sorted(best.items(), key=lambda pair: (-pair[1], pair[0]))[:k]
    assert list(ranking_of(p, k)) == by_hand
