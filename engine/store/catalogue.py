"""What does the shop sell, and what changed since?"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from itertools import islice

import numpy as np

from engine.store.database import Database
from engine.types import Item

BATCH = 5_000
_PLAIN = tuple(f.name for f in fields(Item) if f.name not in ("item_id", "vector"))
_DEFAULTS = {f.name: f.default for f in fields(Item)}

_UPSERT = """
INSERT INTO items (item_id, seq, body, vector) VALUES (?, ?, ?, ?)
ON CONFLICT (item_id) DO UPDATE SET seq = excluded.seq, body = excluded.body, vector = excluded.vector
WHERE body IS NOT excluded.body OR vector IS NOT excluded.vector
"""


@dataclass(frozen=True)
class ItemChange:
    """One step of the catalogue: `item` is None when it was deleted."""

    seq: int
    item_id: str
    item: Item | None


def _packed(item: Item) -> tuple[str, bytes | None]:
    body = {}
    for name in _PLAIN:
        value = getattr(item, name)
        if name == "attributes":
            value = dict(value)
        if value or (value is not None and value != _DEFAULTS[name]):
            body[name] = value
    vector = None if item.vector is None else np.asarray(item.vector, "<f4").tobytes()
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")), vector


def _unpacked(item_id: str, body: str, vector: bytes | None) -> Item:
    values = json.loads(body)
    if vector is not None:
        values["vector"] = tuple(np.frombuffer(vector, "<f4").tolist())
    return Item(item_id=item_id, **values)


def _last_seq(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT ifnull(max(seq), 0) FROM items").fetchone()[0])


class Catalogue:
    """Items by id. Every new, changed or deleted item takes the next number of one sequence."""

    _database: Database

    def upsert_items(self, items: Iterable[Item]) -> int:
        """Write items whole, by item_id; the last of equal ids wins. Returns how many were new or changed."""
        changed = 0
        stream = iter(items)
        while batch := list(islice(stream, BATCH)):
            with self._database.writing() as connection:
                seq = _last_seq(connection)
                rows = (
                    (item.item_id, seq + place, *_packed(item)) for place, item in enumerate(batch, start=1)
                )
                changed += connection.executemany(_UPSERT, rows).rowcount
        return changed

    def delete_item(self, item_id: str) -> bool:
        """Take an item out of the catalogue; its events stay. False when there is none."""
        with self._database.writing() as connection:
            statement = (
                "UPDATE items SET seq = ?, body = NULL, vector = NULL WHERE item_id = ? AND body IS NOT NULL"
            )
            return connection.execute(statement, (_last_seq(connection) + 1, item_id)).rowcount > 0

    def item(self, item_id: str) -> Item | None:
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT item_id, body, vector FROM items WHERE item_id = ? AND body IS NOT NULL", (item_id,)
            ).fetchone()
        return None if row is None else _unpacked(*row)

    def items(self) -> Iterator[Item]:
        """Every item, in the order in which the catalogue first saw them.

        Read in pages: with writers about, an item may be newer than the start of the walk, so pin
        `item_position()` before it and follow with `item_changes(pinned)`.
        """
        last = 0
        statement = (
            "SELECT row, item_id, body, vector FROM items "
            "WHERE row > ? AND body IS NOT NULL ORDER BY row LIMIT ?"
        )
        while True:
            with self._database.reading() as connection:
                page = connection.execute(statement, (last, BATCH)).fetchall()
            for row in page:
                yield _unpacked(*row[1:])
            if len(page) < BATCH:
                return
            last = page[-1][0]

    def count_items(self) -> int:
        with self._database.reading() as connection:
            return int(connection.execute("SELECT count(*) FROM items WHERE body IS NOT NULL").fetchone()[0])

    def known_items(self, item_ids: Iterable[str]) -> set[str]:
        """Those of `item_ids` that the catalogue holds."""
        asked = json.dumps(list(item_ids))
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT item_id FROM json_each(?) JOIN items ON item_id = value WHERE body IS NOT NULL",
                (asked,),
            ).fetchall()
        return {row[0] for row in rows}

    def item_position(self) -> int:
        """The number of the catalogue's last change; 0 before the first."""
        with self._database.reading() as connection:
            return _last_seq(connection)

    def item_changes(self, after: int) -> list[ItemChange]:
        """What changed after number `after`, oldest first: of each item only its last change."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT seq, item_id, body, vector FROM items WHERE seq > ? ORDER BY seq", (after,)
            ).fetchall()
        return [
            ItemChange(seq, item_id, None if body is None else _unpacked(item_id, body, vector))
            for seq, item_id, body, vector in rows
        ]
