"""Files in: where each row went."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from engine.errors import BadFile, BadQuery, RejectedRows
from engine.ingest import (
    ingest_files,
    parse_map,
)
from engine.store import SqliteStore
from engine.types import EventType, Item

NOW = 1_764_000_000.0  # 2025-11-24T16:00:00Z


@pytest.fixture
def store(tmp_path):
    with SqliteStore(tmp_path / "store.sqlite") as opened:
        yield opened


# -- the map ------------------------------------------------------------------------------------------------


def test_the_map():
    assert parse_map(["InvoiceDate=timestamp", "a=b=item_id"]) == {
        "InvoiceDate": "timestamp",
        "a=b": "item_id",
    }
    for bad in (["x"], ["=item_id"], ["x="], ["x=a", "x=b"], ["x=a", "y=a"]):
        with pytest.raises(BadQuery, match="--map"):
            parse_map(bad)


def test_mapped_columns(store, tmp_path):
    file = tmp_path / "log.csv"
    file.write_text("When,event,Customer,StockCode,type\n2024-05-01,view,u,a,junk\n")
    named = {"When": "timestamp", "event": "type", "Customer": "user_id", "StockCode": "item_id"}
    (report,) = ingest_files(store, "events", [file], mapping=named)
    assert (report.accepted, report.rejected) == (1, 0)
    assert store.user_events("u", 1)[0].type is EventType.VIEW
    with pytest.raises(BadFile, match=r"no column 'Where' to map.*'When'"):
        ingest_files(store, "events", [file], mapping={"Where": "timestamp"})
    with pytest.raises(BadFile, match=r"no column item_id.*--map COLUMN=item_id"):
        ingest_files(store, "items", [file])
    with pytest.raises(BadQuery, match="'when' is no column of events"):
        ingest_files(store, "events", [file], mapping={"When": "when"})
    with pytest.raises(BadQuery, match="items, events or series"):
        ingest_files(store, "people", [file])


def test_the_case_of_known_columns_does_not_matter(store, tmp_path):
    file = tmp_path / "items.csv"
    file.write_text("Item_ID; Title ;PRICE\na;A;3\n")
    ingest_files(store, "items", [file])
    assert list(store.items()) == [Item("a", "A", price=3.0)]


# -- strictness, repetition, progress -----------------------------------------------------------------------

LOG = "timestamp,type,user_id,item_id,price\n" + "".join(
    f"2024-05-01T00:00:{i % 60:02d},{'like' if i == 5 else 'view'},u{i % 3},i{i % 4},{'x' if i == 6 else i}\n"
    for i in range(20)
)


def test_strict_makes_rejects_an_error_and_keeps_the_rest(store, tmp_path):
    file, rejects = tmp_path / "log.csv", tmp_path / "rejects.jsonl"
    file.write_text(LOG)
    with pytest.raises(RejectedRows, match="2 rows were rejected"):
        ingest_files(store, "events", [file], strict=True, rejects=rejects)
    assert store.count_events() == 18
    (report,) = ingest_files(store, "events", [file], rejects=rejects)
    assert (report.read, report.accepted, report.rejected) == (20, 18, 2)
    assert (report.duplicates, report.changed, report.unknown_items) == (18, 0, 18)
    assert report.rejects == str(rejects)
    kept = [json.loads(line) for line in rejects.read_text().splitlines()]
    assert len(kept) == 4
    assert {key: kept[0][key] for key in ("file", "line", "row")} == {
        "file": str(file),
        "line": 7,
        "row": {
            "timestamp": "2024-05-01T00:00:05",
            "type": "like",
            "user_id": "u2",
            "item_id": "i1",
            "price": "5",
        },
    }
    assert kept[0]["reason"].endswith("dismiss: 'like'") and kept[1]["reason"] == "price is not a number: 'x'"
    assert sum(report.reasons.values()) == 2 and report.reasons["price is not a number"] == 1


def test_an_unreadable_file_stops_before_the_others_are_stored(store, tmp_path):
    file = tmp_path / "items.csv"
    file.write_text("item_id,title\na,A\n")
    with pytest.raises(BadFile, match="does not exist"):
        ingest_files(store, "items", [file, tmp_path / "none.csv"])
    assert store.count_items() == 0


def test_no_rejects_no_file(store, tmp_path):
    file, rejects = tmp_path / "items.csv", tmp_path / "rejects.jsonl"
    file.write_text("item_id,title\na,A\n")
    (report,) = ingest_files(store, "items", [file], strict=True, rejects=rejects)
    assert report.rejects is None and not rejects.exists()


def test_equal_lines_of_a_file_are_all_kept_across_stretches(store, tmp_path, monkeypatch):
    monkeypatch.setattr("engine.ingest.files.ROWS", 4)
    file = tmp_path / "log.csv"
    line = "2024-05-01,purchase,u,a\n"
    file.write_text("timestamp,type,user_id,item_id\n" + line * 10)
    first, again = (ingest_files(store, "events", [file])[0] for _ in range(2))
    assert (first.changed, again.changed, again.duplicates) == (10, 0, 10)
    file.write_text("timestamp,type,user_id,item_id\n" + line * 11)  # the file has grown
    assert ingest_files(store, "events", [file])[0].changed == 1


def test_event_ids_of_a_file_are_kept(store, tmp_path):
    file = tmp_path / "log.jsonl"
    row = {"timestamp": "2024-05-01", "type": "view", "user_id": "u", "item_id": "a"}
    file.write_text("\n".join(json.dumps({**row, "event_id": e}) for e in ("x", "y", "x", 7)))
    (report,) = ingest_files(store, "events", [file])
    assert (report.accepted, report.changed, report.duplicates) == (4, 3, 1)
    assert {e.event_id for e in store.user_events("u", 9)} == {"x", "y", "7"}


def test_an_event_waits_for_its_item(store, tmp_path):
    log, items = tmp_path / "log.csv", tmp_path / "items.csv"
    log.write_text(LOG)
    items.write_text("item_id,title\ni1,One\ni2,Two\n")
    assert ingest_files(store, "events", [log])[0].unknown_items == 18
    assert "i1" in store.events().items
    ingest_files(store, "items", [items])
    report = ingest_files(store, "events", [log])[0]
    assert report.unknown_items == sum(1 for i in range(20) if i not in (5, 6) and i % 4 in (0, 3))


def test_the_erased_are_counted_and_written_nowhere(store, tmp_path):
    file, rejects = tmp_path / "log.csv", tmp_path / "rejects.jsonl"
    file.write_text("timestamp,type,user_id,item_id\n2024-05-01,view,ann,a\n2024-05-01,view,bob,a\n")
    store.forget_user("ann")
    (report,) = ingest_files(store, "events", [file], rejects=rejects)
    assert (report.accepted, report.changed, report.erased, report.duplicates) == (2, 1, 1, 0)
    assert store.events().users == ("bob",) and not rejects.exists()


def test_progress_grows_to_the_total(store, tmp_path, monkeypatch):
    monkeypatch.setattr("engine.ingest.files.ROWS", 3)
    file = tmp_path / "log.csv"
    file.write_text(LOG)
    told = []
    ingest_files(store, "events", [file], progress=lambda *step: told.append(step))
    size = file.stat().st_size
    assert {(stage, total) for stage, _, total in told} == {("ingest log.csv", size)}
    done = [step[1] for step in told]
    assert done == sorted(done) and done[0] == 0 and done[-1] == size and len(set(done)) > 5


# -- real files ---------------------------------------------------------------------------------------------


@pytest.mark.quality
@pytest.mark.parametrize(
    ("kind", "file", "accepted", "reasons"),
    [
        ("items", "chorus_icecat/items.jsonl", 19_406, {}),
        ("items", "cranfield/items.jsonl", 1_398, {"title is missing": 2}),
        ("items", "ecommerce_titles_zh/items.jsonl", 4_987, {}),
        ("items", "multicpr_ecom_mini_zh/items.jsonl", 2_083, {}),
        ("items", "scifact/items.jsonl", 5_183, {}),
        ("items", "vaswani/items.jsonl", 11_426, {}),
        ("items", "online_retail_ii/items.parquet", 4_712, {}),
        ("items", "ml_100k/items.parquet", 1_682, {}),
        ("items", "bundlerec_electronic/items.parquet", 3_499, {}),
        ("items", "s3_amazon_beauty/items.parquet", 12_100, {"title is missing": 1}),
        ("series", "orangejuice/series.parquet", 106_139, {}),
        ("series", "m5_level9/series.parquet", 135_870, {}),
        ("events", "bundlerec_electronic/events.parquet", 6_165, {}),
        ("events", "ml_100k/events.parquet", 100_000, {}),
        ("events", "s3_amazon_beauty/events_train.parquet", 176_139, {}),
        ("events", "online_retail_ii/events_train.parquet", 918_440, {"type is missing": 1_733}),
    ],
)
def test_real_files_go_in_whole(eval_data, store, kind, file, accepted, reasons):
    (report,) = ingest_files(store, kind, [eval_data / file])
    assert (report.accepted, report.reasons, report.duplicates) == (accepted, reasons, 0)
    assert report.changed == accepted and report.read == accepted + sum(reasons.values())


@pytest.mark.quality
def test_a_real_log_comes_back_as_the_file_says(eval_data, store):
    file = eval_data / "ml_100k" / "events.parquet"
    ingest_files(store, "events", [file])
    table, frame = store.events(), pd.read_parquet(file)
    assert np.array(table.users)[table.user].tolist() == frame["user_id"].tolist()
    assert np.array(table.items)[table.item].tolist() == frame["item_id"].tolist()
    assert table.value.tolist() == frame["value"].tolist()
    assert pd.to_datetime(table.timestamp, unit="s").tolist() == frame["timestamp"].tolist()
    assert {table.event(i).type for i in range(0, len(table), 997)} == {EventType.RATING}
