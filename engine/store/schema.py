"""Which tables does the embedded store keep?"""

from __future__ import annotations

FORMAT = 1  # PRAGMA user_version
APPLICATION = 0x726F6E67  # "rong", PRAGMA application_id

# Names are interned: an event holds small integers, 0 for none, so that a million events stay small and
# fast. An item_names word need not be in the catalogue: its events wait for the item to come.
NAMES = ("user", "session", "item", "query", "order")

_NAME_TABLES = "\n".join(
    f"CREATE TABLE {name}_names (code INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);" for name in NAMES
)

SCHEMA = f"""
CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
INSERT INTO meta VALUES ('version', 1), ('secret', randomblob(32));

-- The catalogue. row = first-seen order; seq = the number of the last change; body NULL = deleted.
CREATE TABLE items (
    row INTEGER PRIMARY KEY,
    item_id TEXT NOT NULL UNIQUE,
    seq INTEGER NOT NULL UNIQUE,
    body TEXT,
    vector BLOB
);

{_NAME_TABLES}

-- The behaviour log. AUTOINCREMENT: a position is never used twice, not even after an erasure.
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    timestamp REAL NOT NULL,
    type INTEGER NOT NULL,
    user INTEGER NOT NULL,
    session INTEGER NOT NULL,
    item INTEGER NOT NULL,
    query INTEGER NOT NULL,
    "order" INTEGER NOT NULL,
    quantity REAL,
    price REAL,
    value REAL,
    dwell_s REAL,
    position INTEGER NOT NULL,
    event_id BLOB NOT NULL UNIQUE
);
CREATE INDEX events_by_user ON events (user, timestamp) WHERE user > 0;
CREATE INDEX events_by_session ON events (session, timestamp) WHERE session > 0;

CREATE TABLE forgotten (user BLOB PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;

CREATE TABLE series (code INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE points (
    series INTEGER NOT NULL,
    day INTEGER NOT NULL,
    value REAL,
    regressors TEXT NOT NULL,
    PRIMARY KEY (series, day)
) WITHOUT ROWID;

CREATE TABLE keys (
    key_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    salt BLOB NOT NULL,
    digest BLOB NOT NULL,
    scopes TEXT NOT NULL,
    created REAL NOT NULL,
    expires REAL,
    revoked REAL
) WITHOUT ROWID;
"""
