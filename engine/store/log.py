"""What did people do, and where does the log stand?"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.store.database import Database
from engine.store.identity import default_ids, from_stored, to_stored
from engine.store.schema import NAMES
from engine.store.table import NUMBERS, VOCABULARIES, Codes, EventTable
from engine.types import EVENT_TYPES, Event
from indexes.ranking import Mask

_COLUMNS = (
    'seq, timestamp, type, user, session, item, query, "order", quantity, price, value, dwell_s, position'
)
_NEW_EVENT = f"INSERT OR IGNORE INTO events ({_COLUMNS}, event_id) VALUES ({'?, ' * 13}?)"
_WHOLE_EVENT = """
SELECT timestamp, type, u.name, s.name, i.name, q.name, quantity, price, value, dwell_s, o.name, position,
    event_id
FROM events e
LEFT JOIN user_names u ON u.code = e.user
LEFT JOIN session_names s ON s.code = e.session
LEFT JOIN item_names i ON i.code = e.item
LEFT JOIN query_names q ON q.code = e.query
LEFT JOIN order_names o ON o.code = e."order"
"""
# What a user's erasure and export cover: their own events, and the anonymous ones of sessions in which
# nobody else ever had a name.
_OF_USER = """
(e.user = :user AND e.user > 0) OR (e.user = 0 AND e.session > 0 AND e.session IN (
    SELECT mine.session FROM events mine
    WHERE mine.user = :user AND mine.user > 0 AND mine.session > 0 AND NOT EXISTS (
        SELECT 1 FROM events other
        WHERE other.session = mine.session AND other.session > 0
        AND other.user > 0 AND other.user <> :user)))
"""


_ROW = np.dtype(
    [("seq", "<i8"), ("timestamp", "<f8"), ("type", "<i1")]
    + [(name, "<i4") for name in NAMES]
    + [(name, "<f8") for name in NUMBERS]
    + [("position", "<i4")]
)


def _event(row: Sequence[Any]) -> Event:
    (
        timestamp,
        kind,
        user,
        session,
        item,
        query,
        quantity,
        price,
        value,
        dwell_s,
        order,
        position,
        event_id,
    ) = row
    return Event(
        timestamp=timestamp,
        type=EVENT_TYPES[kind],
        user_id=user or "",
        session_id=session or "",
        item_id=item or "",
        query=query or "",
        quantity=quantity,
        price=price,
        value=value,
        dwell_s=dwell_s,
        order_id=order or "",
        position=None if position < 0 else position,
        event_id=from_stored(event_id),
    )


def _intern(connection: sqlite3.Connection, name: str, words: Sequence[str]) -> NDArray[np.int64]:
    """The stored codes [len(words) + 1] of `words`, made where new; the last one is 0, for none."""
    asked = json.dumps(list(words))
    connection.execute(f"INSERT OR IGNORE INTO {name}_names (name) SELECT value FROM json_each(?)", (asked,))
    rows = connection.execute(
        f"SELECT key, code FROM json_each(?) CROSS JOIN {name}_names ON name = value", (asked,)
    ).fetchall()
    codes = np.zeros(len(words) + 1, np.int64)
    for key, code in rows:
        codes[key] = code
    return codes


def _vocabulary(
    connection: sqlite3.Connection, name: str, codes: NDArray[np.int64]
) -> tuple[Codes, tuple[str, ...]]:
    """Stored codes [n] (0 = none) as places in the vocabulary in use (-1 = none), and that vocabulary."""
    used = np.unique(codes)
    used = used[used > 0]
    places = (np.searchsorted(used, codes) if len(used) else np.zeros(len(codes))).astype(np.int32)
    places[codes == 0] = -1
    whole = int(connection.execute(f"SELECT ifnull(max(code), 0) FROM {name}_names").fetchone()[0])
    if 4 * len(used) > whole:
        rows = connection.execute(f"SELECT code, name FROM {name}_names ORDER BY code")
        keep = set(used.tolist())
        return places, tuple(word for code, word in rows if code in keep)
    rows = connection.execute(
        f"SELECT name FROM json_each(?) CROSS JOIN {name}_names ON code = value ORDER BY code",
        (json.dumps(used.tolist()),),
    )
    return places, tuple(row[0] for row in rows)


def _drop_unused(connection: sqlite3.Connection, name: str, codes: Sequence[int]) -> None:
    """Delete the names of `codes` that no event holds any more."""
    asked = json.dumps(list(codes))
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS used (code INTEGER PRIMARY KEY)")
    connection.execute("DELETE FROM used")
    connection.execute(
        f'INSERT OR IGNORE INTO used SELECT "{name}" FROM events '
        f'WHERE "{name}" IN (SELECT value FROM json_each(?))',
        (asked,),
    )
    connection.execute(
        f"DELETE FROM {name}_names WHERE code IN (SELECT value FROM json_each(?)) AND code NOT IN used",
        (asked,),
    )


def _pseudonym(connection: sqlite3.Connection, user_id: str) -> bytes:
    secret = connection.execute("SELECT value FROM meta WHERE name = 'secret'").fetchone()[0]
    return blake2b(user_id.encode(), key=secret, digest_size=16).digest()


def _forgotten(connection: sqlite3.Connection, table: EventTable) -> Mask:
    """Which events [n] tell of a user before the moment at which that user was erased."""
    if connection.execute("SELECT 1 FROM forgotten LIMIT 1").fetchone() is None:
        return np.zeros(len(table), np.bool_)
    moments = np.full(len(table.users) + 1, -np.inf)
    for place, user in enumerate(table.users):
        row = connection.execute(
            "SELECT at FROM forgotten WHERE user = ?", (_pseudonym(connection, user),)
        ).fetchone()
        if row:
            moments[place] = row[0]
    return np.asarray(table.timestamp <= moments[table.user])


def _append(connection: sqlite3.Connection, table: EventTable, event_ids: Sequence[str | bytes]) -> int:
    forgotten = _forgotten(connection, table)
    if forgotten.any():
        event_ids = [event_ids[i] for i in np.flatnonzero(~forgotten).tolist()]
        table = table.where(~forgotten)
    columns: list[list[Any]] = [[None] * len(table), table.timestamp.tolist(), table.type.tolist()]
    for name in NAMES:
        stored = _intern(connection, name, getattr(table, VOCABULARIES[name]))
        columns.append(stored[getattr(table, name)].tolist())
    # SQLite keeps a NaN as NULL.
    columns += [getattr(table, name).tolist() for name in NUMBERS]
    columns.append(table.position.tolist())
    rows = zip(*columns, event_ids, strict=True)
    return int(connection.executemany(_NEW_EVENT, rows).rowcount)


class BehaviourLog:
    """Events, appended and never changed; only `forget_user` takes any away."""

    _database: Database

    def append_events(self, events: Sequence[Event]) -> int:
        """Append; on the disk when it returns. Returns how many were new: an event_id is taken once.

        An event without one gets the hash of its content and its number among equals in this call, so
        the same call repeated adds nothing.
        """
        if not events:
            return 0
        table = EventTable.of(events)
        made = default_ids(table)
        ids = [to_stored(e.event_id) if e.event_id else made[i] for i, e in enumerate(events)]
        return self.append_table(table, ids)

    def append_table(self, table: EventTable, event_ids: Sequence[str | bytes]) -> int:
        """The same for columns, with the stored form of each event's id [n]; `seq` is given anew."""
        return self._database.write_together(lambda connection: _append(connection, table, event_ids))

    def forgotten(self, table: EventTable) -> Mask:
        """Which events [n] are of a time that their user had erased: `append_table` leaves them out."""
        with self._database.reading() as connection:
            return _forgotten(connection, table)

    def position(self) -> int:
        """The number of the last event ever appended; 0 before the first."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()
        return int(row[0]) if row else 0

    def count_events(self) -> int:
        with self._database.reading() as connection:
            return int(connection.execute("SELECT count(*) FROM events").fetchone()[0])

    def events(self, after: int = 0, until: int | None = None) -> EventTable:
        """The events numbered after < seq <= until, in log order: pin `position()` to read the same twice."""
        last = self.position() if until is None else until
        with self._database.reading() as connection:
            cursor = connection.execute(
                f"SELECT {_COLUMNS} FROM events WHERE seq > ? AND seq <= ? ORDER BY seq", (after, last)
            )
            whole = np.fromiter(cursor, _ROW)
            columns: dict[str, Any] = {name: whole[name].copy() for name in _ROW.names or ()}
            for name in NAMES:
                columns[name], columns[VOCABULARIES[name]] = _vocabulary(connection, name, whole[name])
        return EventTable(**columns)

    def user_events(self, user_id: str, limit: int) -> list[Event]:
        """The latest `limit` events of a user, oldest first."""
        return self._latest("user", user_id, limit)

    def session_events(self, session_id: str, limit: int) -> list[Event]:
        """The latest `limit` events of a session, oldest first."""
        return self._latest("session", session_id, limit)

    def _latest(self, name: str, word: str, limit: int) -> list[Event]:
        with self._database.reading() as connection:
            code = connection.execute(f"SELECT code FROM {name}_names WHERE name = ?", (word,)).fetchone()
            if code is None:
                return []
            rows = connection.execute(
                f"{_WHOLE_EVENT} WHERE e.{name} = ? AND e.{name} > 0 "
                "ORDER BY e.timestamp DESC, e.seq DESC LIMIT ?",
                (code[0], limit),
            ).fetchall()
        return [_event(row) for row in reversed(rows)]

    def export_user(self, user_id: str) -> Iterator[Event]:
        """Everything the log holds of one user, oldest first, the anonymous part of their sessions too."""
        with self._database.reading() as connection:
            code = connection.execute("SELECT code FROM user_names WHERE name = ?", (user_id,)).fetchone()
            rows = (
                []
                if code is None
                else connection.execute(
                    f"{_WHOLE_EVENT} WHERE {_OF_USER} ORDER BY e.timestamp, e.seq", {"user": code[0]}
                ).fetchall()
            )
        return (_event(row) for row in rows)

    def forget_user(self, user_id: str) -> int:
        """Erase what `export_user` yields, and the names that nothing else uses. Returns how many events.

        Freed pages are overwritten and the write-ahead log is emptied. Only a keyed hash of the user_id
        stays, so that reading an old file again does not bring the erased past back; what the user does
        after this moment counts as new.
        """
        with self._database.writing() as connection:
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute(
                "INSERT OR REPLACE INTO forgotten VALUES (?, ?)",
                (_pseudonym(connection, user_id), time.time()),
            )
            code = connection.execute("SELECT code FROM user_names WHERE name = ?", (user_id,)).fetchone()
            if code is None:
                return 0
            mine = connection.execute(
                f'SELECT seq, user, session, query, "order" FROM events e WHERE {_OF_USER}', {"user": code[0]}
            ).fetchall()
            connection.executemany("DELETE FROM events WHERE seq = ?", ((row[0],) for row in mine))
            for place, name in enumerate(("user", "session", "query", "order"), start=1):
                _drop_unused(connection, name, sorted({row[place] for row in mine} - {0}))
        with self._database.reading() as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return len(mine)
