"""Is what judges never learned from, however the log is split?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine import Engine
from engine.errors import BadQuery
from engine.evaluate.held import learned_parts
from engine.store import EventTable
from engine.types import Event, EventType


def table() -> EventTable:
    buy, view = EventType.PURCHASE, EventType.VIEW
    return EventTable.of(
        [
            Event(1.0, buy, "a", item_id="x"),
            Event(2.0, buy, "b", item_id="x"),
            Event(3.0, buy, "a", item_id="y"),
            Event(4.0, view, "a", item_id="z"),
            Event(4.2, buy, "a", item_id="x"),
            Event(4.5, view, session_id="s", item_id="z"),
            Event(5.0, view, "b", item_id="z"),
        ]
    )


def test_leave_one_out_by_hand() -> None:
    (known,) = learned_parts(table(), "last", 0.0)
    # The last item that was new to a, and all of a's after it, are held back; b bought one only and keeps everything.
    assert known.tolist() == [True, True, False, False, False, True, True]


def test_a_cut_in_time_by_hand() -> None:
    (known,) = learned_parts(table(), "time", 3.0)
    assert known.tolist() == [True, True, False, False, False, False, False]


def test_every_purchase_is_held_back_once_and_repeats_together() -> None:
    rng = np.random.default_rng(0)
    log = EventTable.of(
        [Event(float(t), EventType.PURCHASE, f"u{t % 7}", item_id=f"i{rng.integers(9)}") for t in range(200)]
    )
    parts = np.stack(learned_parts(log, "folds", 0.0, folds=4))
    assert ((~parts).sum(axis=0) == 1).all()
    pair = log.user.astype(int) * 100 + log.item
    for part in parts:
        assert not np.isin(pair[part], pair[~part]).any()


def test_an_unknown_split_is_said() -> None:
    with pytest.raises(BadQuery, match="time, last, folds"):
        learned_parts(table(), "weeks", 0.0)


@pytest.mark.parametrize("split", ["last", "folds"])
def test_a_shop_is_judged_by_what_was_held_back(own_home: Path, split: str) -> None:
    lean = """
[learn]
stack = false
skip = ["sequence", "gru", "ratings", "repeats", "crowd"]
[encoder]
model = "none"
[trend]
category_fits = 1
item_fits = 1
"""
    (own_home / "ronghe.toml").write_text(lean, "utf-8")
    document = Engine.open(own_home).evaluate(split=split, requests=60)
    (task,) = document["tasks"]
    assert task["task"] == "recommend"
    values = {row["pipeline"]: row["values"]["ndcg@10"] for row in task["rows"]}
    assert values["session"] > 0 and values["recommend"] > 0
