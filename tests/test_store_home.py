"""The store in the world: many processes, a user who wants to be forgotten, a disk that is full."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import BadHome
from engine.store import EventTable, SqliteStore
from engine.types import Event, EventType, Item

T0 = 1_700_000_000.0
FORK = multiprocessing.get_context("fork")


@pytest.fixture
def store(tmp_path):
    with SqliteStore(tmp_path / "store.sqlite") as opened:
        yield opened


def view(item="a", user="u1", at=0.0, **more):
    return Event(T0 + at, EventType.VIEW, user_id=user, item_id=item, **more)


# -- erasure and export -------------------------------------------------------------------------------------


def test_export_and_erasure_cover_the_same(store):
    mine = [
        view("a", user="ann", session_id="s-ann", event_id="1"),
        view("b", user="", session_id="s-ann", at=-5, event_id="2"),  # before she signed in
        Event(T0 + 1, EventType.SEARCH, "ann", query="rash cream", event_id="3"),
    ]
    others = [
        view("a", user="ann", session_id="s-family", event_id="4"),
        view("c", user="bob", session_id="s-family", event_id="5"),
        view("c", user="", session_id="s-family", event_id="6"),  # could be either's: not hers alone
        Event(T0 + 1, EventType.SEARCH, "bob", query="tea", event_id="7"),
    ]
    store.append_events(mine + others)
    told = {event.event_id for event in store.export_user("ann")}
    assert told == {"1", "2", "3", "4"}
    assert store.forget_user("ann") == 4
    assert list(store.export_user("ann")) == [] and store.user_events("ann", 10) == []
    table = store.events()
    assert table.users == ("bob",) and table.queries == ("tea",) and table.sessions == ("s-family",)
    assert store.forget_user("ann") == 0 and store.forget_user("never") == 0


def test_nothing_of_the_erased_is_left_on_the_disk(store, tmp_path):
    store.append_events(
        [view(f"i{i}", user="zebulon-77", query="xylophone lessons", at=i) for i in range(500)]
    )
    store.append_events([view("i1", user="bob")])
    assert any(b"zebulon-77" in path.read_bytes() for path in tmp_path.iterdir())
    store.forget_user("zebulon-77")
    left = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"zebulon-77" not in left and b"xylophone" not in left and b"bob" in left


def test_an_old_file_does_not_bring_the_erased_past_back(store):
    store.append_events([view("a"), view("b", user="u2")])
    last = store.position()
    store.forget_user("u1")
    assert store.append_events([view("a"), view("b", user="u2"), view("c", user="u2")]) == 1
    assert store.forgotten(EventTable.of([view("a"), view("b", user="u2")])).tolist() == [True, False]
    returned = replace(view("a"), timestamp=4e9)  # after the erasure: a customer who came back
    assert store.append_events([returned]) == 1
    assert store.user_events("u1", 10)[0].timestamp == 4e9
    assert store.position() > last


def test_a_position_is_never_used_twice(store):
    store.append_events([view("a"), view("b")])
    last = store.position()
    store.forget_user("u1")
    store.append_events([view("a", user="u2")])
    assert store.events(after=last).users == ("u2",)


# -- many threads and processes -----------------------------------------------------------------------------


def in_child(work):
    """Run `work` in a forked process; its exit code."""
    child = FORK.Process(target=work)
    child.start()
    child.join(60)
    return child.exitcode


def test_version_tells_of_changes_by_any_process(store):
    seen = store.version()
    assert store.version() == seen
    assert in_child(lambda: store.append_events([view("a")])) == 0
    assert store.version() > seen
    seen = store.version()
    store.append_events([view("a")])  # known already
    assert store.version() == seen
    store.upsert_items([Item("a", "A")])
    assert store.version() > seen


def test_threads_and_forked_processes_write_side_by_side(store):
    store.append_events([view("before")])  # the parent holds a connection when it forks

    def work(name):
        def append(thread):
            for i in range(10):
                store.append_events([view(f"{name}-{thread}-{i}")])
                store.events(after=max(0, store.position() - 3))

        threads = [threading.Thread(target=append, args=(t,)) for t in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    children = [FORK.Process(target=work, args=(f"p{n}",)) for n in range(3)]
    for child in children:
        child.start()
    work("parent")
    for child in children:
        child.join(120)
        assert child.exitcode == 0
    items = store.events().items
    assert len(items) == len(set(items)) == 1 + 4 * 3 * 10


def at_once(store, writes):
    """Run `writes` in threads that all arrive while another write is under way; what each gave or raised."""
    told = {}

    def run(name, write):
        try:
            told[name] = write()
        except ValueError as error:
            told[name] = str(error)

    threads = [threading.Thread(target=run, args=pair) for pair in writes.items()]
    with store._database.writing():
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 60
        while len(store._database._process.waiting) < len(writes) and time.monotonic() < deadline:
            time.sleep(0.001)
    for thread in threads:
        thread.join(60)
    return told


def test_threads_that_write_at_once_share_one_commit(store):
    seen = store.version()
    writes = {
        name: lambda name=name: store.append_events([view(name), view(name, at=1)]) for name in "abcdef"
    }
    assert at_once(store, writes) == dict.fromkeys("abcdef", 2)
    assert store.count_events() == 12 and store.version() == seen + 1


def test_a_write_that_fails_in_company_fails_alone(store):
    def fail(connection):
        connection.execute("DELETE FROM events")
        raise ValueError("no")

    store.append_events([view("first")])
    writes = {name: lambda name=name: store.append_events([view(name)]) for name in "abc"}
    told = at_once(store, {**writes, "bad": lambda: store._database.write_together(fail)})
    assert told == {"a": 1, "b": 1, "c": 1, "bad": "no"} and store.count_events() == 4


def test_many_processes_may_make_the_same_store(tmp_path):
    def work():
        with SqliteStore(tmp_path / "new" / "store.sqlite") as store:
            store.append_events([view(f"i{os.getpid()}")])

    children = [FORK.Process(target=work) for _ in range(6)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0] * 6
    with SqliteStore(tmp_path / "new" / "store.sqlite") as store:
        assert store.count_events() == 6


def test_a_killed_writer_leaves_whole_batches(store):
    started, go = FORK.Pipe()

    def work():
        for batch in range(10_000):
            store.append_events([view(f"{batch}-{i}") for i in range(7)])
            if batch == 3:
                go.send("go")

    child = FORK.Process(target=work)
    child.start()
    assert started.poll(60)
    os.kill(child.pid, signal.SIGKILL)
    child.join(60)
    assert store.count_events() >= 28 and store.count_events() % 7 == 0
    assert store.append_events([view("after")]) == 1


def test_what_is_acknowledged_is_there_when_the_process_is_gone(store):
    def work():
        store.append_events([view("kept")])
        os.kill(os.getpid(), signal.SIGKILL)

    assert in_child(work) == -signal.SIGKILL
    assert [e.item_id for e in store.user_events("u1", 5)] == ["kept"]


def test_a_closed_store_opens_again_when_used(store):
    store.append_events([view("a")])
    store.close()
    assert store.count_events() == 1


def test_a_failed_batch_leaves_nothing(store):
    before = store.version()

    def rows():
        yield Item("a", "A")
        raise RuntimeError("the reader broke")

    with pytest.raises(RuntimeError):
        store.upsert_items(rows())
    assert store.count_items() == 0 and store.version() == before


# -- a home that cannot be used -----------------------------------------------------------------------------


def sentence(error):
    text = str(error.value)
    assert text.count("\n") == 0 and text.endswith(".") and len(text) < 300
    return text


def test_a_full_disk_is_said_and_harms_nothing(store):
    store.append_events([view("a")])
    with store._database.writing() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(BadHome) as error:
        store.append_events([view(f"i{i}") for i in range(5000)])
    assert "full" in sentence(error)
    assert [e.item_id for e in store.events()] == ["a"]
    with store._database.writing() as connection:
        connection.execute("PRAGMA max_page_count = 1000000")
    assert store.append_events([view("b")]) == 1


def test_a_read_only_store_is_said(store):
    with store._database.writing() as connection:
        connection.execute("PRAGMA query_only = ON")
    with pytest.raises(BadHome) as error:
        store.append_events([view("a")])
    assert "writable" in sentence(error)


def test_a_place_that_takes_no_file_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "store.sqlite", Path("/proc/ronghe/store.sqlite")):
        with pytest.raises(BadHome) as error:
            SqliteStore(path)
        assert str(path) in sentence(error)


def test_what_is_no_store_is_said(tmp_path):
    path = tmp_path / "store.sqlite"
    path.write_bytes(b"these are not the pages of a database" * 100)
    with pytest.raises(BadHome) as error:
        SqliteStore(path)
    assert "not a sound store" in sentence(error)
    other = tmp_path / "other.sqlite"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE diary (day)")
    connection.close()
    with pytest.raises(BadHome) as error:
        SqliteStore(other)
    assert "another program" in sentence(error)


def test_a_store_of_a_later_version_is_left_alone(store, tmp_path):
    with store._database.reading() as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(BadHome) as error:
        SqliteStore(tmp_path / "store.sqlite")
    assert "99" in sentence(error)


def test_only_its_owner_may_read_the_store(store, tmp_path):
    store.append_events([view("a")])
    assert {path.stat().st_mode & 0o077 for path in tmp_path.iterdir()} == {0}
