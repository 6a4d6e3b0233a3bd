"""Are kinds of users told apart and called by what is typical of them?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.learn.interactions import KIND, make_interactions
from engine.learn.segments import FEATURES, SegmentIndex, Segments, behaviour_features
from engine.types import EventType, Interactions

DAY = 86400.0
PURCHASE, VIEW = KIND[EventType.PURCHASE], KIND[EventType.VIEW]


def three_kinds(n: int = 60) -> tuple[Interactions, np.ndarray]:
    """Regulars buy weekly to the end; browsers look and never buy; the lost bought once, long ago."""
    rng = np.random.default_rng(0)
    users, times, kinds = [], [], []
    for user in range(3 * n):
        if user < n:
            when = np.arange(40.0) * 7 + rng.integers(0, 7)
            kind = np.where(np.arange(40) % 2, VIEW, PURCHASE)
        elif user < 2 * n:
            when, kind = 250 + rng.random(60) * 30, np.full(60, VIEW)
        else:
            when, kind = rng.random(2) * 20, np.array([VIEW, PURCHASE])
        users += [user] * len(when)
        times += list(when * DAY)
        kinds += list(kind)
    log = make_interactions(
        users=users,
        items=rng.integers(0, 50, len(users)),
        times=times,
        n_users=3 * n + 1,
        n_items=50,
        kinds=kinds,
    )
    return log, np.repeat([0, 1, 2], n)


def test_planted_kinds_come_back_whole_with_their_names() -> None:
    log, truth = three_kinds()
    index = Segments().fit(log, prices=np.full(50, 10.0))
    assert len(index) == 3 and index.silhouette > 0.5
    found = index.labels[:-1]
    assert len(set(zip(found.tolist(), truth.tolist(), strict=True))) == 3
    regular, browser, lost = (index.name(user) for user in (0, 60, 120))
    assert "frequent buyers" in regular and "look but do not buy" in browser and "long not seen" in lost
    assert "常客" in index.name(0, "zh")
    assert index.share.sum() == pytest.approx(1)


def test_features_by_hand() -> None:
    log = make_interactions(
        users=[0, 0, 0, 2],
        items=[0, 1, 1, 0],
        times=[0, DAY, DAY + 60, 11 * DAY],
        n_users=3,
        n_items=2,
        kinds=[VIEW, PURCHASE, PURCHASE, VIEW],
        quantities=[np.nan, 2, 1, np.nan],
    )
    table = behaviour_features(log, prices=np.array([5.0, 7.0]))
    assert dict(zip(FEATURES, table[0].tolist(), strict=True)) == pytest.approx(
        {
            "recency_days": 10 - 60 / DAY,
            "orders": 1,
            "spent": 21,
            "looks": 1,
            "active_days": 2,
            "conversion": 2,
        }
    )
    assert not table[1].any()


def test_who_was_never_there_has_no_segment() -> None:
    log, _ = three_kinds()
    index = Segments().fit(log)
    assert index.name(180) == index.name(None) == index.name(10_000) == ""


def test_tastes_tell_apart_who_behaves_alike() -> None:
    rng = np.random.default_rng(1)
    n = 80
    log = make_interactions(
        users=np.repeat(np.arange(n), 5),
        items=rng.integers(0, 9, 5 * n),
        times=rng.random(5 * n) * 30 * DAY,
        n_users=n,
        n_items=9,
        kinds=np.full(5 * n, PURCHASE),
    )
    taste = np.repeat(np.eye(3), [27, 27, 26], axis=0) + rng.normal(0, 0.05, (n, 3))
    index = Segments(taste_weight=20).fit(log, factors=taste.astype(np.float32))
    truth = np.repeat([0, 1, 2], [27, 27, 26])
    assert len(set(zip(index.labels.tolist(), truth.tolist(), strict=True))) == 3
    assert len(set(index.names)) == len(index)


def test_few_users_are_one_segment() -> None:
    log, _ = three_kinds(2)
    index = Segments().fit(log)
    assert index.names == ("everyone",) and index.name(0, "zh") == "全部用户"
    nobody = log.where(np.zeros(len(log), bool))
    assert (Segments().fit(nobody).labels == -1).all()


def test_saved_is_opened_as_it_was_and_fitting_repeats(tmp_path: Path) -> None:
    log, _ = three_kinds()
    index, again = Segments().fit(log), Segments().fit(log)
    np.testing.assert_array_equal(index.labels, again.labels)
    index.save(tmp_path / "segments")
    opened = SegmentIndex.open(tmp_path / "segments")
    assert opened.to_dict() == index.to_dict() and opened.silhouette == index.silhouette
    np.testing.assert_array_equal(opened.labels, index.labels)
