"""Where the log finds a leg better than the fusion, that leg serves; by more than luck, and by hand."""

from __future__ import annotations

import numpy as np
import pytest

from engine import Engine
from engine.guard import LEAST, judge, logged
from engine.settings import Settings
from engine.store import EventTable
from engine.types import Event, EventType, Item

COLOURS = ("red", "blue", "green", "black", "white", "yellow")
THINGS = ("kettle", "lamp", "boot", "mug", "chair", "tent")


def event(when: float, kind: EventType, **more: str) -> Event:
    return Event(when, kind, session_id="s", **more)


def test_a_search_is_judged_by_what_followed_it_in_half_an_hour():
    table = EventTable.of(
        [
            event(0, EventType.SEARCH, query="lamp"),
            event(10, EventType.CLICK, item_id="a"),
            event(20, EventType.PURCHASE, item_id="a"),
            event(30, EventType.VIEW, item_id="b"),
            event(40, EventType.CLICK, item_id="b", query="desk"),
            event(50, EventType.CLICK, item_id="unknown"),
            event(5000, EventType.CLICK, item_id="b"),
            Event(60, EventType.CLICK, session_id="other", item_id="b"),
        ]
    )
    of = {"a": 0, "b": 1, "unknown": -1}
    rows = np.array([of[table.items[code]] if code >= 0 else -1 for code in table.item.tolist()])
    assert logged(table, rows) == {"lamp": {0: 3.0}, "desk": {1: 1.0}}


@pytest.mark.parametrize(
    ("leads", "chosen"),
    # .5 and 0 by turns: mean .25, error .25 / sqrt(39) = .04; .3 and -.3: mean 0
    [([0.5, 0.0], "keyword"), ([0.3, -0.3], "hybrid"), ([-0.2, -0.1], "hybrid")],
)
def test_a_leg_must_win_by_more_than_a_standard_error(leads, chosen):
    fused = np.full(40, 0.5)
    values = {"hybrid": fused, "keyword": fused + np.tile(leads, 20), "semantic": fused - 0.4}
    guard = judge(values)
    assert guard.chosen == chosen and guard.queries == 40
    assert guard.ndcg["hybrid"] == 0.5


@pytest.fixture
def misled(tmp_path):
    """A shop whose brought vectors say the opposite of its titles, so that meaning alone is wrong."""
    (tmp_path / "ronghe.toml").write_text('[encoder]\nmodel = "static"\n[learn]\nstack = false\n')
    names = [f"{colour} {thing}" for thing in THINGS for colour in COLOURS]
    engine = Engine.open(tmp_path)
    engine.store.upsert_items([Item(name.replace(" ", "-"), name) for name in names])
    return engine, names


def wrong_meaning(monkeypatch):
    from engine.encode.static import Static

    right = Static.__call__

    def turned(self, texts):
        """Items (asked in one batch) as they are, a query alone as the opposite of what it says."""
        vectors = right(self, texts)
        return vectors if len(texts) > 1 else -vectors

    monkeypatch.setattr(Static, "__call__", turned)


def log(engine, names):
    for n, name in enumerate(names[: LEAST + 2]):
        engine.store.append_events(
            [
                Event(1e9 + n * 9000, EventType.SEARCH, session_id=f"s{n}", query=name),
                Event(
                    1e9 + n * 9000 + 5, EventType.CLICK, session_id=f"s{n}", item_id=name.replace(" ", "-")
                ),
            ]
        )


def test_a_leg_made_bad_is_found_out_and_the_better_leg_serves(misled, monkeypatch):
    engine, names = misled
    log(engine, names)
    wrong_meaning(monkeypatch)
    # With the shipped weights words save even this; a fusion that trusts meaning alone cannot be saved.
    monkeypatch.setattr("engine.routes.hybrid", lambda snapshot: _meaning())
    report = engine.rebuild()
    manifest = engine.view().snapshot.generation.manifest["fusion"]["search"]
    assert manifest["chosen"] == "keyword" and manifest["queries"] == LEAST + 2
    assert manifest["ndcg"]["keyword"] > manifest["ndcg"]["hybrid"]
    assert any("keyword alone" in note for note in report["notes"])
    assert [row["search"] for row in engine.generations()] == ["keyword"]
    for name in names[:8]:
        assert engine.search(name, k=1).hits[0].item_id == name.replace(" ", "-")


def test_a_fusion_that_is_set_is_not_overruled(misled, monkeypatch):
    engine, names = misled
    log(engine, names)
    wrong_meaning(monkeypatch)
    monkeypatch.setattr("engine.routes.hybrid", lambda snapshot: _meaning())
    engine.rebuild()
    pinned = Engine.open(
        engine.home, Settings.load(engine.home, {"RONGHE_SEARCH_FUSION": "hybrid", "RONGHE_LEARN_STACK": "0"})
    )
    wrong = [pinned.search(name, k=1).hits[0].item_id != name.replace(" ", "-") for name in names[:8]]
    assert all(wrong)


def test_without_enough_searches_the_shipped_fusion_serves(misled):
    engine, _ = misled
    engine.rebuild()
    assert "search" not in engine.view().snapshot.generation.manifest["fusion"]
    assert engine.generations()[0]["search"] == "hybrid"


def test_an_encoder_that_does_not_know_the_language_cannot_pull_below_words(misled, monkeypatch):
    """The encoder answers Chinese at random, the fusion trusts it alone; then it is said to know English only."""
    from engine.encode import route
    from engine.encode.static import Static

    engine, _ = misled
    titles = [f"{colour}{thing}" for thing in ("台灯", "茶壶", "帐篷", "靴子") for colour in "红蓝绿黑白"]
    engine.store.upsert_items([Item(title, title) for title in titles])
    right = Static.__call__
    rng = np.random.default_rng(5)

    def guessing(self, texts):
        vectors = right(self, texts)
        for n, text in enumerate(texts):
            if not text.isascii():
                noise = rng.standard_normal(self.dim).astype(np.float32)
                vectors[n] = noise / np.linalg.norm(noise)
        return vectors

    monkeypatch.setattr(Static, "__call__", guessing)
    monkeypatch.setattr("engine.routes.HYBRID", _meaning())
    engine.rebuild()

    def first(text: str, pipeline: str) -> set[str]:
        return {hit.item_id for hit in engine.search(text, k=5, pipeline=pipeline).hits}

    assert any(
        first(thing, "hybrid") != first(thing, "keyword") for thing in ("台灯", "茶壶", "帐篷", "靴子")
    )
    monkeypatch.setitem(route.KNOWN, "static", frozenset({"en"}))
    for thing in ("台灯", "茶壶", "帐篷", "靴子"):
        assert first(thing, "hybrid") == first(thing, "keyword") == {t for t in titles if t.endswith(thing)}
    # The catalogue is English for the most part, so an English query still asks both legs.
    assert engine.view().snapshot.understands("red lamp") and not engine.view().snapshot.understands("台灯")


def _meaning():
    from engine.fuse import TheoreticalMinMax

    return TheoreticalMinMax({"semantic": 1.0, "keyword": 0.0, "coverage": 0.0, "static": 0.0})
