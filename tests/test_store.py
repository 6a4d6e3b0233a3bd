"""The store: what is written comes back as it was, and once."""

from __future__ import annotations

import struct
from collections import Counter
from dataclasses import replace
from hashlib import blake2b

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import BadQuery
from engine.store import EventTable, Point, SqliteStore
from engine.store.identity import Occurrences, default_ids
from engine.types import Event, EventType, Item

T0 = 1_700_000_000.0
words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8)
numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False)


@pytest.fixture
def store(tmp_path):
    with SqliteStore(tmp_path / "store.sqlite") as opened:
        yield opened


def view(item="a", user="u1", at=0.0, **more):
    return Event(T0 + at, EventType.VIEW, user_id=user, item_id=item, **more)


# -- the catalogue ------------------------------------------------------------------------------------------

items = st.builds(
    Item,
    item_id=words,
    title=words,
    description=st.text(st.characters(codec="utf-8"), max_size=20),
    price=numbers,
    stock=numbers,
    available_from=numbers,
    vector=st.none()
    | st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1).map(tuple),
    attributes=st.dictionaries(
        words,
        st.text(st.characters(codec="utf-8"), min_size=1)
        | st.booleans()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.lists(words, min_size=1),
        max_size=4,
    ),
)


@given(st.lists(items, max_size=6))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_items_come_back_as_they_went_in(store, given_items):
    for item in list(store.items()):
        store.delete_item(item.item_id)
    store.upsert_items(given_items)
    last = {item.item_id: item for item in given_items}
    assert {item.item_id: item for item in store.items()} == last
    assert store.count_items() == len(last)
    assert all(store.item(item_id) == item for item_id, item in last.items())


def test_items_keep_the_order_in_which_they_were_first_seen(store):
    store.upsert_items([Item("b", "B"), Item("a", "A"), Item("c", "C")])
    store.upsert_items([Item("a", "A, changed")])
    store.delete_item("b")
    store.upsert_items([Item("b", "B, back"), Item("d", "D")])
    assert [item.item_id for item in store.items()] == ["b", "a", "c", "d"]


def test_only_what_differs_is_a_change(store):
    assert store.upsert_items([Item("a", "A"), Item("b", "B", vector=(1.0, 2.0))]) == 2
    assert store.upsert_items([Item("a", "A"), Item("b", "B", vector=(1.0, 2.0))]) == 0
    assert store.upsert_items([Item("b", "B", vector=(1.0, 3.0))]) == 1
    assert store.upsert_items([Item("b", "B", vector=(1.0, 3.0), stock=0.0)]) == 1


def test_changes_after_a_position_name_each_item_once(store):
    store.upsert_items([Item("a", "A"), Item("b", "B"), Item("c", "C")])
    pinned = store.item_position()
    assert store.item_changes(pinned) == []
    store.upsert_items([Item("c", "C2"), Item("d", "D")])
    assert store.delete_item("a") and not store.delete_item("a") and not store.delete_item("never")
    store.upsert_items([Item("c", "C3")])
    changes = store.item_changes(pinned)
    assert [(change.item_id, change.item) for change in changes] == [
        ("d", Item("d", "D")),
        ("a", None),
        ("c", Item("c", "C3")),
    ]
    assert [change.seq for change in changes] == sorted(change.seq for change in changes)
    assert store.item_changes(changes[1].seq) == changes[2:]
    assert store.item("a") is None and store.known_items(["a", "c", "zz"]) == {"c"}


# -- the behaviour log --------------------------------------------------------------------------------------

events = st.builds(
    Event,
    timestamp=st.floats(6.4e8, 2e9),
    type=st.sampled_from(EventType),
    user_id=st.just("") | words,
    session_id=st.just("") | words,
    item_id=st.just("") | words,
    query=st.just("") | words,
    quantity=numbers,
    price=numbers,
    value=numbers,
    dwell_s=numbers,
    order_id=st.just("") | words,
    position=st.none() | st.integers(0, 1000),
)


@given(st.lists(events, max_size=8))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_events_come_back_as_they_went_in(store, given_events):
    before = store.position()
    fresh = [replace(e, event_id=f"{before}:{i}") for i, e in enumerate(given_events)]
    assert store.append_events(fresh) == len(fresh)
    assert list(store.events(after=before)) == given_events
    for user in {e.user_id for e in given_events if e.user_id}:
        mine = [e for e in fresh if e.user_id == user]
        kept = store.user_events(user, 10_000)
        assert all(event in kept for event in mine)
        assert [e.timestamp for e in kept] == sorted(e.timestamp for e in kept)


def test_the_words_of_a_table_are_those_that_occur_in_first_seen_order(store):
    store.append_events([view("x"), view("a", user=""), view("b", user="u2", session_id="s1")])
    store.append_events([view("b", at=1), view("a", at=2), Event(T0, EventType.SEARCH, "u9", query="tea")])
    table = store.events(after=3)
    assert (table.users, table.items, table.queries, table.sessions) == (
        ("u1", "u9"),
        ("a", "b"),
        ("tea",),
        (),
    )
    assert table.user.tolist() == [0, 0, 1] and table.item.tolist() == [1, 0, -1]
    assert table.query.tolist() == [-1, -1, 0] and table.session.tolist() == [-1, -1, -1]
    assert np.isnan(table.price).all() and (table.position == -1).all()
    assert table.seq.tolist() == [4, 5, 6]
    assert list(table.where(table.item >= 0)) == list(table)[:2]


def test_a_pinned_position_reads_the_same_twice(store):
    store.append_events([view("a"), view("b")])
    pinned = store.position()
    store.append_events([view("c")])
    assert [e.item_id for e in store.events(until=pinned)] == ["a", "b"]
    assert [e.item_id for e in store.events(after=pinned)] == ["c"]
    assert len(store.events(after=store.position())) == 0 and store.count_events() == 3


def test_an_event_id_is_taken_once(store):
    assert store.append_events([view("a", event_id="1"), view("b", event_id="2")]) == 2
    assert store.append_events([view("a", event_id="2"), view("c", event_id="3")]) == 1
    assert [e.event_id for e in store.user_events("u1", 10)] == ["1", "2", "3"]


def test_two_equal_lines_are_two_facts_and_a_retry_is_none(store):
    line = view("a", quantity=2.0, order_id="o1")
    assert store.append_events([line, line, view("b")]) == 3
    assert store.append_events([line, line, view("b")]) == 0
    assert store.append_events([line]) == 0
    assert store.append_events([line, line, line]) == 1
    assert store.append_events(store.user_events("u1", 10)) == 0  # their ids, read back, are the same ids


def test_every_column_makes_another_event(store):
    base = Event(T0, EventType.PURCHASE, "u", "s", "i", "q", 1.0, 2.0, 3.0, 4.0, "o", 5)
    others = [
        replace(base, **change)
        for change in (
            {"timestamp": T0 + 1},
            {"type": EventType.CART},
            {"user_id": "v"},
            {"session_id": "v"},
            {"item_id": "v"},
            {"query": "v"},
            {"order_id": "v"},
            {"quantity": None},
            {"price": 2.5},
            {"value": 2.5},
            {"dwell_s": 2.5},
            {"position": None},
        )
    ]
    assert store.append_events([base, *others]) == 13
    swapped = replace(base, user_id="s", session_id="u")
    assert store.append_events([swapped]) == 1


@given(st.lists(st.lists(st.integers(0, 5), max_size=12), max_size=5))
def test_occurrences_count_like_a_counter(chunks):
    fast, plain = Occurrences(), Counter()
    for chunk in chunks:
        expected = []
        for key in chunk:
            expected.append(plain[key])
            plain[key] += 1
        assert fast.number(np.array(chunk, np.uint64)).tolist() == expected


def test_default_ids_do_not_depend_on_the_company_of_an_event():
    # The vocabulary of a table changes with what else is in it; the id of an event must not.
    one = [view("a"), view("b", user="u7"), Event(T0, EventType.SEARCH, session_id="s", query="tea")]
    alone = [default_ids(EventTable.of([event]))[0] for event in one]
    assert default_ids(EventTable.of(one)) == alone
    assert default_ids(EventTable.of(one[::-1])) == alone[::-1]

    # By hand: a change of this layout would make every old file new again.
    def name(word):
        return blake2b(word.encode(), digest_size=8).digest() if word else bytes(8)

    record = struct.pack("<dbi4d", T0, 2, -1, *[np.nan] * 4)
    record += name("u1") + name("") + name("a") + name("") + name("")
    first = blake2b(record, digest_size=16).digest()
    second = blake2b(first + (1).to_bytes(4, "little"), digest_size=16).digest()
    assert default_ids(EventTable.of([view("a"), view("a")])) == [first, second]


def test_the_latest_events_of_a_user_and_of_a_session(store):
    store.append_events([view(str(i), at=-i, session_id="s") for i in range(5)] + [view("z", user="u2")])
    assert [e.item_id for e in store.user_events("u1", 3)] == ["2", "1", "0"]
    assert [e.item_id for e in store.session_events("s", 2)] == ["1", "0"]
    assert store.user_events("nobody", 3) == [] and store.session_events("", 3) == []


# -- series and keys ----------------------------------------------------------------------------------------


def test_series_come_back_by_date_with_what_is_not_known_as_nan(store):
    points = [
        Point("s", 20_001, 5.0, {"price": 2.0}),
        Point("s", 20_000, 4.0, {"promo": 1.0}),
        Point("t", 1, None, {}),
    ]
    assert store.upsert_series(points) == 3 and store.upsert_series(points) == 0
    assert store.upsert_series([Point("s", 20_001, 6.0, {"price": 2.0})]) == 1
    series = store.series("s")
    assert (
        series is not None and series.dates.tolist() == np.array([20_000, 20_001], "datetime64[D]").tolist()
    )
    assert series.values.tolist() == [4.0, 6.0] and len(series) == 2
    np.testing.assert_array_equal(series.regressors["price"], [np.nan, 2.0])
    np.testing.assert_array_equal(series.regressors["promo"], [1.0, np.nan])
    assert store.series_ids() == ["s", "t"] and store.series("never") is None


def test_a_key_opens_what_its_scopes_say_until_it_ends(store, monkeypatch):
    token, kept = store.create_key(["events", "search"], name="till")
    found = store.check_key(token)
    assert found == kept and kept.scopes == ("search", "events") and store.keys() == [kept]
    assert kept.allows("search") and not kept.allows("admin")
    assert store.create_key(["admin"])[1].allows("events")
    for wrong in ("", token[:-1], token + "x", token.replace("rh_", "xx_"), "rh_000000000000_x", "rh__"):
        assert store.check_key(wrong) is None
    assert store.revoke_key(kept.key_id) and not store.revoke_key(kept.key_id)
    assert store.check_key(token) is None and store.keys()[0].revoked is not None

    token, kept = store.create_key(["search"], expires=9e9)
    assert store.check_key(token) is not None
    monkeypatch.setattr("engine.store.keys.time.time", lambda: 9e9)
    assert store.check_key(token) is None


def test_a_key_needs_a_known_scope_and_a_moment_to_come(store):
    for scopes in ([], ["root"], ["search", "root"]):
        with pytest.raises(BadQuery, match="search, events, admin"):
            store.create_key(scopes)
    with pytest.raises(BadQuery, match="expired"):
        store.create_key(["search"], expires=1.0)


def test_the_secret_of_a_key_is_not_at_rest(store, tmp_path):
    token, _ = store.create_key(["admin"])
    secret = token.split("_", 2)[2].encode()
    assert secret not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
