"""Cells and rows: what they mean, or the reason why they mean nothing."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.ingest import (
    RowError,
    clean,
    validate_event,
    validate_item,
    validate_point,
)
from engine.ingest.behaviour import check_events
from engine.ingest.columns import Column
from engine.ingest.rows import EVENT_COLUMNS
from engine.store import Point
from engine.store.identity import Occurrences
from engine.types import Event, EventType, Item

NOW = 1_764_000_000.0  # 2025-11-24T16:00:00Z


# -- cells --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2011-12-01T08:26:00Z", 1322727960.0),
        ("2011-12-01 08:26:00", 1322727960.0),  # no zone means UTC
        ("2011-12-01T16:26:00+08:00", 1322727960.0),
        ("2011-12-01T08:26:00.250", 1322727960.25),
        ("2011-12-01", 1322697600.0),
        ("20111201", 1322697600.0),
        (" 1322727960 ", 1322727960.0),
        ("1322727960.5", 1322727960.5),
        (1322727960, 1322727960.0),
        (Decimal("1322727960.5"), 1322727960.5),
        (datetime(2011, 12, 1, 8, 26), 1322727960.0),
        (datetime(2011, 12, 1, 8, 26, tzinfo=UTC), 1322727960.0),
        (date(2011, 12, 1), 1322697600.0),
        ("", None),
        (None, None),
        ("NULL", None),
    ],
)
def test_moments(value, seconds):
    assert clean.moment(value, "timestamp") == seconds


@pytest.mark.parametrize(
    "value",
    ["yesterday", "12/01/2011", "2011-13-01", "nan", math.nan, math.inf, True, [1], b"1", "1322727960000"],
)
def test_what_is_no_moment(value):
    with pytest.raises(RowError, match="timestamp"):
        clean.moment(value, "timestamp")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (0, "before 1990"),
        ("1970-01-01", "before 1990"),
        ("2999-01-01", "more than a day in the future"),
        (NOW + 86_401, "more than a day in the future"),
        (None, "timestamp is missing"),
    ],
)
def test_a_clock_that_cannot_be_right(value, reason):
    with pytest.raises(RowError, match=reason):
        clean.logged(value, NOW)
    assert clean.logged(NOW + 86_399, NOW) == NOW + 86_399


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        (" 12.50 ", 12.5),
        ("1e3", 1000.0),
        (3, 3.0),
        (Decimal("2.5"), 2.5),
        ("", None),
        ("\\N", None),
        (None, None),
    ],
)
def test_numbers(value, meant):
    assert clean.number(value, "price") == meant


@pytest.mark.parametrize(
    "value", ["abc", "NaN", "nan", "1e400", "inf", "1,5", "1_000", "$3", math.nan, 10**400, True, []]
)
def test_what_is_no_number(value):
    with pytest.raises(RowError, match="price"):
        clean.number(value, "price")


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("  a  b ", "a b"),
        ("e\u0301", "\u00e9"),  # NFC
        ("a\0b\x07\u200b\ufeff", "ab"),
        ("line\nbreak\ttab", "line break tab"),
        ("\ud83d cut", "\ufffd cut"),
        ("防水登山鞋 👟", "防水登山鞋 👟"),
        (7, "7"),
        (7.0, "7"),
        (7.5, "7.5"),
        (math.nan, ""),
        (None, ""),
        ("nan", "nan"),
        ("NULL", "NULL"),
        (b"caf\xc3\xa9", "café"),
    ],
)
def test_texts(value, meant):
    assert clean.text(value, "title") == meant


@pytest.mark.parametrize("value", [True, ["a"], {"a": 1}, b"caf\xe9", "caf\udce9", "x" * 4097])
def test_what_is_no_text(value):
    with pytest.raises(RowError, match="title"):
        clean.text(value, "title")


def test_a_reason_shows_the_value_in_short():
    with pytest.raises(RowError) as error:
        validate_item({"item_id": "a", "title": "x" * 2**20})
    assert error.value.reason == "title is longer than 4,096 characters"
    assert len(str(error.value)) < 200 and "1,048,578 characters" in str(error.value)


# -- rows ---------------------------------------------------------------------------------------------------


def test_an_item_with_everything():
    row = {
        "item_id": 42,
        "title": " Boot ",
        "description": "one\n\ntwo",
        "category": ["Shoes", "Boots"],
        "price": "9.50",
        "stock": -1,
        "available_from": "2030-01-01",
        "vector": [1, 0.5],
        "size": 41,
        "sale": True,
        "tags": ["a", 2, None],
        "colour": "red",
        "empty": "",
        "none": None,
        "nan": math.nan,
        "attributes": {"heel": 3.5},
    }
    assert validate_item(row) == Item(
        item_id="42",
        title="Boot",
        description="one\n\ntwo",
        category="Shoes > Boots",
        price=9.5,
        stock=-1.0,
        available_from=1893456000.0,
        vector=(1.0, 0.5),
        attributes={"size": 41.0, "sale": True, "tags": ["a", "2"], "colour": "red", "heel": 3.5},
    )
    assert validate_item({"item_id": "a", "title": "A", "category": "A>B > > C "}).category == "A > B > C"
    assert validate_item({"item_id": "a", "title": "A", "vector": "[1, 2]"}).vector == (1.0, 2.0)
    assert validate_item({"item_id": "a", "title": "A", "vector": "1 2,3"}).vector == (1.0, 2.0, 3.0)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"item_id": ""}, "item_id is missing"),
        ({"title": None}, "title is missing"),
        ({"title": "\0"}, "title is missing"),
        ({"price": "abc"}, "price is not a number"),
        ({"price": math.nan}, "price is not a number"),
        ({"price": "NaN"}, "price is not a number"),
        ({"price": -1}, "price is negative"),
        ({"price": "1e400"}, "price is too large"),
        ({"price": math.inf}, "price is too large"),
        ({"stock": "many"}, "stock is not a number"),
        ({"available_from": "soon"}, "available_from is neither ISO 8601 nor Unix seconds"),
        ({"vector": [1, "x"]}, "vector is not a number"),
        ({"vector": [1, None]}, "vector is not a list of numbers"),
        ({"vector": "red"}, "vector is not a number"),
        ({"vector": 3}, "vector is not a list of numbers"),
        ({"vector": [0.0, 0.0]}, "vector is all zeros"),
        ({"vector": []}, "vector has 0 numbers; 1 to 8,192 are possible"),
        (
            {"size": {"eu": 41}},
            "size holds an object; an attribute is text, a number, true/false or a list of text",
        ),
        ({"size": math.inf}, "size is too large"),
        ({"attributes": {"price": 1}}, "price stands inside attributes"),
        ({f"a{i}": 1 for i in range(2001)}, "more than 2,000 attributes"),
    ],
)
def test_what_is_no_item(change, reason):
    with pytest.raises(RowError) as error:
        validate_item({"item_id": "a", "title": "A", **change})
    assert error.value.reason == reason


def test_an_event_with_everything():
    row = {
        "timestamp": "2025-11-01T00:00:00Z",
        "type": " Purchase ",
        "user_id": 7,
        "session_id": "s",
        "item_id": 42.0,
        "query": "hiking\nboots",
        "quantity": "2",
        "price": 9.5,
        "value": "",
        "dwell_s": 0,
        "order_id": "o1",
        "position": "3",
        "event_id": "e1",
        "country": "UK",
    }
    assert validate_event(row, NOW) == Event(
        1761955200.0, EventType.PURCHASE, "7", "s", "42", "hiking boots", 2.0, 9.5, None, 0.0, "o1", 3, "e1"
    )


VIEW = {"timestamp": NOW - 5, "type": "view", "user_id": "u", "item_id": "a"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"timestamp": "soon"}, "timestamp is neither ISO 8601 nor Unix seconds"),
        ({"type": None}, "type is missing"),
        (
            {"type": "like"},
            "type is none of search, impression, view, click, cart, purchase, return, rating, dismiss",
        ),
        ({"user_id": ""}, "neither user_id nor session_id"),
        ({"item_id": None}, "item_id is missing"),
        ({"type": "search"}, "a search without a query"),
        ({"type": "rating"}, "a rating without a value"),
        ({"type": "purchase", "quantity": -1}, "quantity is negative (what comes back has the type return)"),
        ({"price": -0.01}, "price is negative"),
        ({"dwell_s": -1}, "dwell_s is negative"),
        ({"position": 1.5}, "position is not a whole number from 0"),
        ({"position": -1}, "position is not a whole number from 0"),
    ],
)
def test_what_is_no_event(change, reason):
    with pytest.raises(RowError) as error:
        validate_event({**VIEW, **change}, NOW)
    assert error.value.reason == reason


def test_a_return_counts_up_whichever_way_it_is_written():
    row = {**VIEW, "type": "return"}
    assert [validate_event({**row, "quantity": q}, NOW).quantity for q in (3, -3, None)] == [3.0, 3.0, None]


def test_a_point_of_a_series():
    row = {
        "series_id": "s",
        "date": "2025-11-01T23:59:00",
        "value": 3,
        "price": "2.5",
        "promo": True,
        "deal": "",
    }
    assert validate_point(row) == Point("s", 20393, 3.0, {"price": 2.5, "promo": 1.0})
    assert validate_point({"series_id": "s", "date": "1969-12-31", "value": ""}) == Point("s", -1, None)
    for bad in ({"date": None}, {"series_id": " "}, {"value": "abc"}, {"price": "dear"}):
        with pytest.raises(RowError):
            validate_point({**row, **bad})


# -- many rows at once say what one row says ----------------------------------------------------------------

cells = {
    "timestamp": st.sampled_from([NOW - 9, str(NOW), "2024-05-01", "x", "", None, 0, True, 1e400, NOW + 1e6]),
    "type": st.sampled_from(["view", "SEARCH", "rating", "return", "purchase", "like", "", None, 3]),
    "user_id": st.sampled_from(["u", " u ", "v", "", None, 3, 3.0, True, [1], "\0", "x" * 300]),
    "session_id": st.sampled_from(["s", "", None]),
    "item_id": st.sampled_from(["a", "e\u0301", "\u00e9", "", None, 42, "42", {"a": 1}]),
    "query": st.sampled_from(["tea", "", None, "tea  pot", "caf\udce9"]),
    "quantity": st.sampled_from([1, "2", -1, "-1", "", None, "abc", math.nan, "1e400"]),
    "price": st.sampled_from([1.5, "2.5", -1, "", None, "NaN", 10**400]),
    "value": st.sampled_from([5, "", None, "five", math.inf]),
    "dwell_s": st.sampled_from([0, 3.5, -1, None, "x"]),
    "order_id": st.sampled_from(["o", "", None, True]),
    "position": st.sampled_from([0, "7", 1.5, -1, None, 2**40]),
    "event_id": st.sampled_from(["", None, "e1", "ab" * 16, 5]),
}


@given(st.lists(st.fixed_dictionaries({}, optional=cells), max_size=8))
@settings(max_examples=300, deadline=None)
def test_columns_and_rows_agree(given_rows):
    n = len(given_rows)
    columns = {name: Column.of([row.get(name) for row in given_rows]) for name in EVENT_COLUMNS}
    checked = check_events(columns, n, NOW, Occurrences())
    faults = {place: (reason, why) for place, reason, why in checked.faults}
    sound = []
    for place, row in enumerate(given_rows):
        try:
            event = validate_event(row, NOW)
        except RowError as error:
            assert faults.pop(place) == (error.reason, str(error))
        else:
            sound.append(event)
    assert not faults
    assert [{**vars(e), "event_id": ""} for e in sound] == [vars(e) for e in checked.table]
    for event, kept in zip(sound, checked.event_ids, strict=True):
        named = kept.hex() if isinstance(kept, bytes) else kept
        assert named == event.event_id or (not event.event_id and isinstance(kept, bytes))


def test_equal_cells_of_other_kinds_stay_apart():
    column = Column.of([1, True, 1.0, "1", None, 1, [1]])
    assert [column.values[code] for code in column.codes] == [1, True, 1.0, "1", None, 1, [1]]
    column = Column.of([1, True, 1.0, "1", None, 1])
    assert [repr(column.values[code]) for code in column.codes] == ["1", "True", "1.0", "'1'", "None", "1"]
