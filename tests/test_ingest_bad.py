"""Bad files in: one clear sentence, or the line among the rejects and the rest taken."""

from __future__ import annotations

import gzip
import json
import math
import zipfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.errors import BadFile, BadHome
from engine.ingest import ingest_files
from engine.store import SqliteStore
from engine.types import Item

ITEMS = "item_id,title,price\na,A,1\nb,B,2\n"


@pytest.fixture
def store(tmp_path):
    with SqliteStore(tmp_path / "store.sqlite") as opened:
        yield opened


@pytest.fixture
def take(store, tmp_path):
    """Write a file, ingest it; the report, and the rejects as (line, reason)."""

    def taken(name, content, kind="items", **options):
        file, rejects = tmp_path / name, tmp_path / f"{name}.rejects"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        (report,) = ingest_files(store, kind, [file], rejects=rejects, **options)
        kept = [json.loads(line) for line in rejects.read_text().splitlines()] if report.rejects else []
        assert len(kept) == report.rejected == sum(report.reasons.values())
        assert report.read == report.accepted + report.rejected
        return report, kept

    return taken


def faults(kept):
    return [(entry["line"], entry["reason"]) for entry in kept]


# -- files that cannot be read at all -----------------------------------------------------------------------


def zipped(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("items.csv", ITEMS)


@pytest.mark.parametrize(
    ("name", "content", "fact"),
    [
        ("none.csv", None, "does not exist"),
        ("empty.csv", b"", "is empty"),
        ("blank.csv", b"\n  \n", "is empty"),
        ("empty.jsonl", b"", "is empty"),
        ("empty.parquet", b"", "is empty"),
        ("items.csv", gzip.compress(ITEMS.encode()), "compressed with gzip"),
        ("items.jsonl", gzip.compress(b"{}"), "compressed with gzip"),
        ("items.csv", zipped, "zip archive or a spreadsheet"),
        ("items.csv", ITEMS.replace("B", "café").encode("latin-1"), "is not UTF-8 (line 3"),
        ("items.csv", ITEMS.replace("B", "登山鞋").encode("gb18030"), "is not UTF-8 (line 3"),
        ("items.jsonl", '{"item_id": "a", "title": "café"}'.encode("latin-1"), "is not UTF-8 (line 1"),
        ("items.csv", ITEMS.encode("utf-16"), "UTF-16"),
        ("items.csv", ITEMS.encode("utf-16-le"), "UTF-16"),
        ("items.csv", b"PAR1....", "is a Parquet file"),
        ("items.csv", b"name,label\na,A\n", "has no column item_id"),
        ("items.csv", b"item_id,title,title\na,A,B\n", "two columns named 'title'"),
        ("items.csv", b",,\na,A,1\n", "no header line"),
        ("items.csv", b'item_id,"title\na,A\n', "no sound header"),
        ("items.jsonl", b'[{"item_id": "a", "title": "A"}]', "one JSON array"),
        ("items.jsonl", b'{"id": "a", "name": "A"}', "has no column item_id"),
        ("items.parquet", b"item_id,title\na,A\n", "not a sound Parquet file"),
        ("items.parquet", b"PAR1" + b"x" * 100 + b"PAR1", "not a sound Parquet file"),
        ("items.xlsx", b"whatever", "of no kind that is read"),
        ("items", b"whatever", "of no kind that is read"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_sentence(store, tmp_path, name, content, fact):
    file = tmp_path / name
    if callable(content):
        content(file)
    elif content is not None:
        file.write_bytes(content)
    with pytest.raises(BadFile) as error:
        ingest_files(store, "items", [file])
    said = str(error.value)
    assert fact in said and str(file) in said and said.endswith(".") and "\n" not in said and len(said) < 400
    assert error.value.exit_code == 2 and store.count_items() == 0


def test_a_folder_is_no_file(store, tmp_path):
    with pytest.raises(BadFile, match="is a folder"):
        ingest_files(store, "items", [tmp_path])


def test_rejects_that_cannot_be_written_are_said(store, tmp_path):
    file = tmp_path / "items.csv"
    file.write_text("item_id,title\na,\n")
    with pytest.raises(BadHome, match="cannot be written"):
        ingest_files(store, "items", [file], rejects=tmp_path / "no" / "rejects.jsonl")


# -- CSV ----------------------------------------------------------------------------------------------------


def test_a_ragged_row_goes_and_the_others_stay(take, store):
    _report, kept = take("items.csv", "item_id,title,price\na,A,1\nb,B\nc,C,3,4\nd,D,4\n")
    assert faults(kept) == [(3, "2 cells instead of 3"), (4, "4 cells instead of 3")]
    assert kept[0]["row"] == {"cells": ["b", "B"]}
    assert [item.item_id for item in store.items()] == ["a", "d"]


def test_lines_are_counted_through_quoted_line_breaks(take, store):
    text = 'item_id,title,description\na,A,"one\ntwo\nthree"\nb,,x\n\nc,C,"say ""hi"", then go"\nd,,\n'
    _report, kept = take("items.csv", text.replace("\n", "\r\n"))
    assert faults(kept) == [(5, "title is missing"), (8, "title is missing")]
    assert [item.description.split() for item in store.items()] == [
        ["one", "two", "three"],
        ["say", '"hi",', "then", "go"],
    ]


def test_a_quote_that_never_closes_loses_one_line_only(take, store, monkeypatch):
    rows = [f"i{i},Item {i}" for i in range(40)]
    rows[3] = 'i3,"Item 3'
    rows[20] = 'i20,"Item" 20'
    report, kept = take("items.csv", "item_id,title\n" + "\n".join(rows) + "\n")
    assert [(entry["line"], entry["row"]) for entry in kept] == [(5, rows[3]), (22, rows[20])]
    assert report.accepted == 38 and "quote" in kept[0]["reason"]

    monkeypatch.setattr(
        "engine.ingest.delimited.FIELD_LIMIT", 100
    )  # the file goes on for longer than a cell may
    report, kept = take("more.csv", "item_id,title\n" + "\n".join(rows) + "\n")
    assert [entry["line"] for entry in kept] == [5, 22]


def test_stray_bytes_are_a_bad_row_in_a_file_that_is_utf8(take, store):
    lines = [f"i{i},登山鞋 {i}".encode() for i in range(9)]
    lines[4] = b"i4,caf\xe9"
    report, kept = take("items.csv", b"item_id,title\n" + b"\n".join(lines))
    assert len(kept) == 1 and kept[0]["line"] == 6 and kept[0]["reason"].startswith("title is not UTF-8")
    assert store.item("i5") == Item("i5", "登山鞋 5")
    rows = [json.dumps({"item_id": f"i{i}", "title": "鞋"}, ensure_ascii=False).encode() for i in range(5)]
    report, kept = take("items.jsonl", b"\n".join([*rows, b'{"item_id": "x", "title": "caf\xe9"}']))
    assert faults(kept) == [(6, "not UTF-8")] and report.accepted == 5


@pytest.mark.parametrize("sign", [";", "\t", "|"])
def test_other_delimiters_and_a_byte_order_mark(take, store, sign):
    take("items.csv", b"\xef\xbb\xbf" + ITEMS.replace(",", sign).encode())
    assert list(store.items()) == [Item("a", "A", price=1.0), Item("b", "B", price=2.0)]


def test_a_csv_learns_its_types_from_the_whole_column(take, store):
    text = "item_id,title,inches,code,sale,mixed,none,odd\n"
    text += "007,A,15.6,007,true,1,,1e400\n2,B,13,12,False,x,,2\n3,C,,,,,,3\n"
    _report, _kept = take("items.csv", text)
    assert [dict(item.attributes) for item in store.items()] == [
        {"inches": 15.6, "code": "007", "sale": True, "mixed": "1", "odd": "1e400"},
        {"inches": 13.0, "code": "12", "sale": False, "mixed": "x", "odd": "2"},
        {"odd": "3"},
    ]
    assert store.item("007") is not None


def test_a_header_alone_is_no_row(take):
    report, kept = take("items.csv", "item_id,title\n")
    assert (report.read, report.accepted, kept) == (0, 0, [])


# -- rows of the list -------------------------------------------------------------------------------


def test_bad_prices_long_titles_and_an_id_twice(take, store):
    prices = ["abc", "NaN", "-1", "1e400", "", "0"]
    text = "item_id,title,price\n" + "".join(f"i{n},T,{price}\n" for n, price in enumerate(prices))
    text += f"big,{'x' * 2**20},1\ni5,T again,7\n"
    report, kept = take("items.csv", text)
    assert faults(kept) == [
        (2, "price is not a number: 'abc'"),
        (3, "price is not a number: 'NaN'"),
        (4, "price is negative: '-1'"),
        (5, "price is too large: '1e400'"),
        (8, f"title is longer than 4,096 characters: '{'x' * 79}... (1,048,578 characters)"),
    ]
    assert len(kept[-1]["row"]["title"]) == 2**20  # nothing is lost
    assert (report.accepted, report.duplicates, report.changed) == (3, 1, 3)
    assert list(store.items()) == [Item("i4", "T"), Item("i5", "T again", price=7.0)]


def test_json_that_is_no_row(take, store):
    deep = "[" * 100_000
    lines = [
        '{"item_id": "a", "title": "A", "price": NaN}',
        '{"item_id": "b", "title": "B", "price": 1e400}',
        '{"item_id": "c", "title": "C"',
        '["d", "D"]',
        "",
        deep,
        '{"item_id": "e", "title": "E\\u0000\\ud83d", "price": null, "tags": ["x", "y"]}',
        '{"title": "F"}',
    ]
    _report, kept = take("items.jsonl", "\n".join(lines))
    assert faults(kept) == [
        (3, "not JSON"),
        (4, "not a JSON object"),
        (6, "not JSON"),
        (1, "price is not a number: nan"),
        (2, "price is too large: inf"),
        (8, "item_id is missing"),
    ]
    assert kept[1]["row"] == ["d", "D"] and kept[2]["row"] == deep
    assert list(store.items()) == [Item("e", "E\ufffd", attributes={"tags": ["x", "y"]})]


def test_an_endless_line_is_one_bad_row(take, store, monkeypatch):
    monkeypatch.setattr("engine.ingest.readers.LINE_LIMIT", 64)
    long = json.dumps({"item_id": "long", "title": "x" * 500})
    report, kept = take(
        "items.jsonl", f'{{"item_id": "a", "title": "A"}}\n{long}\n{{"item_id": "b", "title": "B"}}'
    )
    assert faults(kept) == [(2, "longer than 64 bytes")] and report.accepted == 2
    report, kept = take("end.jsonl", f'{{"item_id": "a", "title": "A"}}\n{long}')
    assert faults(kept) == [(2, "longer than 64 bytes")] and report.accepted == 1


def test_columns_may_come_late_in_json(take, store):
    lines = ['{"item_id": "a", "title": "A"}'] * 5_001 + [
        '{"item_id": "b", "title": "B", "size": 3, "Price": 2}'
    ]
    report, _ = take("items.jsonl", "\n".join(lines))
    assert store.item("b") == Item("b", "B", price=2.0, attributes={"size": 3.0})
    assert report.duplicates == 5_000


def test_vectors_of_a_file_have_one_length(take, store):
    rows = [{"item_id": str(i), "title": "T", "vector": [1.0] * n} for i, n in enumerate([3, 3, 2])]
    _report, kept = take("items.jsonl", "\n".join(map(json.dumps, rows)))
    assert faults(kept) == [(3, "vector has 2 numbers, the file's first has 3")]


def test_clocks_that_cannot_be_right(take, store):
    times = [
        "1970-01-01",
        "2999-01-01",
        "2024-05-01T00:00:00",
        "2024-05-01T08:00:00+08:00",
        "0",
        "1714521600000",
    ]
    text = "timestamp,type,user_id,item_id\n" + "".join(f"{t},view,u,{n}\n" for n, t in enumerate(times))
    _report, kept = take("log.csv", text, kind="events")
    assert [(line, reason.split(":")[0]) for line, reason in faults(kept)] == [
        (2, "timestamp is before 1990"),
        (3, "timestamp is more than a day in the future"),
        (6, "timestamp is before 1990"),
        (7, "timestamp is out of range (Unix time counts seconds, not milliseconds)"),
    ]
    assert {event.timestamp for event in store.events()} == {1714521600.0}


# -- Parquet ------------------------------------------------------------------------------------------------


def parquet(path, **columns):
    pq.write_table(pa.table(columns), path)
    return path.read_bytes()


def test_types_of_parquet(take, store, tmp_path):
    content = parquet(
        tmp_path / "x.parquet",
        item_id=pa.array([1, 2, 3]),
        title=pa.array(["A", "B", None]).dictionary_encode(),
        price=pa.array([1.5, math.nan, None]),
        vector=pa.array([[1.0, 2.0], None, None], pa.list_(pa.float32())),
        since=pa.array([1_700_000_000_123_456_789] * 3, pa.timestamp("ns")),
        new=pa.array([True, False, None]),
        tags=pa.array([["x"], [], None]),
        size=pa.array([3, 4, 5], pa.int8()),
        cost=pa.array(["1.50", "2.00", "3"]).cast(pa.decimal128(9, 2)),
    )
    _report, kept = take("items.parquet", content)
    assert faults(kept) == [(3, "title is missing")] and kept[0]["row"]["item_id"] == 3
    since = "2023-11-14T22:13:20.123456"
    assert list(store.items()) == [
        Item(
            "1",
            "A",
            price=1.5,
            vector=(1.0, 2.0),
            attributes={"since": since, "new": True, "tags": ["x"], "size": 3.0, "cost": 1.5},
        ),
        Item("2", "B", attributes={"since": since, "new": False, "size": 4.0, "cost": 2.0}),
    ]


def test_a_parquet_of_the_wrong_types_says_so(take, store, tmp_path):
    good = {"type": ["view"] * 3, "user_id": ["u", "v", "w"], "item_id": ["a", "b", "c"]}
    for name, values, reason in [
        ("timestamp", [True, False, True], "timestamp is neither ISO 8601 nor Unix seconds"),
        ("timestamp", [[1], [2], []], "timestamp is neither ISO 8601 nor Unix seconds"),
        ("user_id", [{"id": 1}] * 3, "user_id is not text"),
        ("price", ["x", "y", "z"], "price is not a number"),
        ("user_id", [b"\xff", b"\xfe", b"\xfd"], "user_id is not UTF-8"),
    ]:
        columns = {"timestamp": [1.7e9] * 3, **good, name: values}
        content = parquet(tmp_path / "x.parquet", **{n: pa.array(v) for n, v in columns.items()})
        report, kept = take("log.parquet", content, kind="events")
        assert report.reasons == {reason: 3} and [entry["line"] for entry in kept] == [1, 2, 3]
        (tmp_path / "log.parquet.rejects").unlink()
    assert store.count_events() == 0


def test_what_a_data_frame_has_not_is_missing(take, store, tmp_path):
    frame = pd.DataFrame(
        {
            "timestamp": pd.to_datetime(["2024-05-01", "2024-05-02", None]),
            "type": ["view", "search", "view"],
            "user_id": ["u", None, "u"],
            "session_id": [math.nan, 7, math.nan],
            "item_id": ["a", None, "a"],
            "query": [None, "tea", None],
            "price": [math.nan, math.nan, 1.0],
            "position": [1.0, math.nan, 2.0],
        }
    )
    frame.to_parquet(tmp_path / "x.parquet")
    _report, kept = take("log.parquet", (tmp_path / "x.parquet").read_bytes(), kind="events")
    assert faults(kept) == [(3, "timestamp is missing")]
    table = store.events()
    assert (table.users, table.sessions, table.items, table.queries) == (("u",), ("7",), ("a",), ("tea",))
    assert table.position.tolist() == [1, -1]


def test_a_parquet_cut_short_is_one_sentence(store, tmp_path):
    whole = parquet(tmp_path / "x.parquet", item_id=[str(i) for i in range(1000)], title=["T"] * 1000)
    (tmp_path / "cut.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadFile, match="not a sound Parquet file"):
        ingest_files(store, "items", [tmp_path / "cut.parquet"])
    torn = bytearray(whole)
    torn[40:400] = bytes(360)
    (tmp_path / "torn.parquet").write_bytes(bytes(torn))
    with pytest.raises(BadFile, match="damaged after row 0"):
        ingest_files(store, "items", [tmp_path / "torn.parquet"])


# -- series -------------------------------------------------------------------------------------------------


def test_a_series_with_words_and_days_to_come(take, store):
    text = "series_id,date,value,price,part,promo\n"
    text += "s,2024-05-01,3,1.5,train,0\ns,2024-05-02,,1.2,test,1\ns,soon,1,1,x,0\ns,2024-05-03,abc,1,x,0\n"
    text += "s,2024-05-04,4,dear,x,0\ns,2024-05-01,5,1.5,train,0\n"
    report, kept = take("series.csv", text, kind="series")
    assert [line for line, _ in faults(kept)] == [4, 5, 6]
    assert report.ignored == ("part",) and (report.duplicates, report.changed) == (1, 3)
    series = store.series("s")
    assert series.dates.astype(str).tolist() == ["2024-05-01", "2024-05-02"]
    assert series.values[0] == 5 and math.isnan(series.values[1])
    assert {name: values.tolist() for name, values in series.regressors.items()} == {
        "price": [1.5, 1.2],
        "promo": [0.0, 1.0],
    }


def test_a_forgotten_user_leaves_the_rejects_too(tmp_path: Path) -> None:
    from engine.ingest.report import forget_rejects

    path = tmp_path / "rejects.jsonl"
    rows = [{"client": "u1", "type": "nap"}, {"client": "u10", "type": "nap"}, "u1,view,,x", "u10,view"]
    path.write_text("".join(json.dumps({"row": row}) + "\n" for row in rows))
    assert forget_rejects(path, "u1") == 2
    kept = [json.loads(line)["row"] for line in path.read_text().splitlines()]
    assert kept == [rows[1], rows[3]]
    assert forget_rejects(path, "u1") == 0
    assert [each.name for each in tmp_path.iterdir()] == ["rejects.jsonl"]
