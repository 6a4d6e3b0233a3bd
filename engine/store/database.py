"""How do many threads and processes share one SQLite file?"""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import BadHome
from engine.store.schema import APPLICATION, FORMAT, SCHEMA

BUSY_SECONDS = 60.0
_abandoned: list[object] = []  # connections of a parent process: closing them here would harm the parent


class _Connection(sqlite3.Connection):
    """A connection that can be weakly referenced, so that `close` finds those of living threads."""


@dataclass
class _Process:
    """What belongs to one process: SQLite connections and locks must not cross a fork."""

    pid: int = field(default_factory=os.getpid)
    local: threading.local = field(default_factory=threading.local)
    writing: threading.Lock = field(default_factory=threading.Lock)
    opened: weakref.WeakSet[_Connection] = field(default_factory=weakref.WeakSet)


def _refusal(path: Path, error: Exception) -> BadHome:
    """The fact and the remedy behind SQLite's error."""
    name = getattr(error, "sqlite_errorname", "")
    if name == "SQLITE_FULL" or getattr(error, "errno", None) == 28:
        return BadHome(
            f"The disk is full: nothing more can be written to {path}. Free some space and repeat."
        )
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")) or isinstance(error, OSError):
        return BadHome(
            f"The store {path} cannot be opened for writing. Make its folder writable for this user, "
            f"or name another with --home."
        )
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return BadHome(
            f"Another process has kept the store {path} busy for {BUSY_SECONDS:.0f} s. Let it end and repeat."
        )
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
        return BadHome(f"{path} is not a sound store. Restore it from a backup, or name another home.")
    if name.startswith("SQLITE_IOERR"):
        return BadHome(f"The disk refused to read or write {path}. Check its space and health, and repeat.")
    return BadHome(f"The store {path} failed: {error}.")


class Database:
    """One SQLite file in WAL mode: one connection a thread, renewed after a fork; one writer at a time.

    What `writing` leaves behind is on the disk when it returns (synchronous=FULL). Readers are never
    blocked by the writer. Every failure is a BadHome in one sentence.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._process = _Process()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Behaviour is personal data: the file (and with it the WAL) is its owner's alone.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise _refusal(path, error) from error
        with self.reading() as connection:
            format_ = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if format_ == 0:
            self._create()
        elif format_ != FORMAT:
            raise BadHome(
                f"{path} has format {format_}, this version reads {FORMAT}. Install the newer version."
            )

    def _create(self) -> None:
        connection = self._connection()
        try:
            connection.execute("BEGIN IMMEDIATE")
            if int(connection.execute("PRAGMA user_version").fetchone()[0]) == 0:
                if connection.execute("SELECT 1 FROM sqlite_master").fetchone():
                    raise BadHome(f"{self.path} is another program's database. Name another home.")
                for statement in SCHEMA.split(";\n"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {APPLICATION}")
                connection.execute(f"PRAGMA user_version = {FORMAT}")
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise _refusal(self.path, error) from error
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    def _connection(self) -> _Connection:
        process = self._process
        if process.pid != os.getpid():
            _abandoned.append(process)
            process = self._process = _Process()
        connection: _Connection | None = getattr(process.local, "connection", None)
        if connection is not None:
            return connection
        connection = sqlite3.connect(
            self.path,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            factory=_Connection,
            cached_statements=256,
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA cache_size = -32768")
        connection.execute("PRAGMA mmap_size = 268435456")
        connection.execute("PRAGMA temp_store = MEMORY")
        process.local.connection = connection
        process.opened.add(connection)
        return connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """This thread's connection, for statements that only read."""
        try:
            yield self._connection()
        except sqlite3.Error as error:
            raise _refusal(self.path, error) from error

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One durable transaction; rolled back whole when the block raises."""
        try:
            connection = self._connection()
            with self._process.writing:
                connection.execute("BEGIN IMMEDIATE")
                try:
                    before = connection.total_changes
                    yield connection
                    if connection.total_changes != before:
                        connection.execute("UPDATE meta SET value = value + 1 WHERE name = 'version'")
                    connection.execute("COMMIT")
                finally:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise _refusal(self.path, error) from error

    def close(self) -> None:
        """Close the connections of every thread of this process; the next use opens anew."""
        if self._process.pid == os.getpid():
            for connection in list(self._process.opened):
                connection.close()
        self._process = _Process()
