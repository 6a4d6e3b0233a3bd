"""Do the examples and limits of docs/files-in.md hold?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.ingest import clean, ingest_files
from engine.ingest.rows import EVENT_COLUMNS, ITEM_COLUMNS
from engine.store import SqliteStore
from engine.types import EventType

PAGE = (Path(__file__).parent.parent / "docs" / "files-in.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"```(\w+\.csv)\n(.*?)```", PAGE, re.DOTALL))


@pytest.fixture
def store(tmp_path):
    with SqliteStore(tmp_path / "store.sqlite") as opened:
        for name, content in EXAMPLES.items():
            (tmp_path / name).write_text(content, encoding="utf-8")
            ingest_files(opened, name.removesuffix(".csv"), [tmp_path / name], strict=True)
        yield opened


def test_the_examples_are_taken_whole(store):
    assert set(EXAMPLES) == {"items.csv", "events.csv", "series.csv"}
    boots = {item.item_id: item for item in store.items()}
    assert boots["b1"].attributes == {"size": 41.0, "waterproof": True} and boots["b2"].stock == 0
    events = store.user_events("u1", 10)
    assert [event.type for event in events] == ["search", "view", "purchase", "rating"]
    assert events[2].timestamp - events[0].timestamp == 120  # the zone was read
    assert store.count_events() == 5 and store.events().items == ("b1", "b9")
    series = store.series("b1")
    assert series.regressors["promotion"].tolist() == [0, 1, 1] and len(series) == 3


def test_every_column_type_and_limit_is_told():
    for name in (*ITEM_COLUMNS, *EVENT_COLUMNS, *EventType):
        assert re.search(rf"\b{name}\b", PAGE), f"{name} is not documented"
    for name in ("item_id", "title", "query", "description"):
        assert f"{clean.LIMITS[name]:,}" in PAGE
    assert f"{clean.ORDINARY_LIMIT:,}" in PAGE
