"""How do many threads and processes share one SQLite file?"""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import BadHome
from engine.store.schema import APPLICATION, FORMAT, SCHEMA

BUSY_SECONDS = 60.0
READER_CACHE_KB = 8_192
WRITER_CACHE_KB = 131_072  # a bulk load touches the index of event ids everywhere
_abandoned: list[object] = []  # connections of a parent process: closing them here would harm the parent


class _Connection(sqlite3.Connection):
    """A connection that can be weakly referenced, so that `close` finds those of living threads."""


@dataclass(eq=False)
class _Turn:
    """One small write that waits to be committed with its neighbours."""

    work: Callable[[sqlite3.Connection], int]
    result: int = 0
    error: Exception | None = None
    done: bool = False


@dataclass
class _Process:
    """What belongs to one process: SQLite connections and locks must not cross a fork."""

    pid: int = field(default_factory=os.getpid)
    local: threading.local = field(default_factory=threading.local)  # .connection, for reading
    opened: weakref.WeakSet[_Connection] = field(default_factory=weakref.WeakSet)
    writing: threading.Lock = field(default_factory=threading.Lock)  # held by whoever uses `writer`
    writer: _Connection | None = None
    waiting: deque[_Turn] = field(default_factory=deque)


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
    """One SQLite file in WAL mode: a connection a thread for reading, one a process for writing.

    Connections are renewed after a fork. One process writes at a time and the others wait; readers are
    never blocked. What was written is on the disk on return (synchronous=FULL). Every failure is a BadHome
    in one sentence.
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
        with self.writing() as connection:
            if int(connection.execute("PRAGMA user_version").fetchone()[0]) != 0:
                return  # another process was quicker
            if connection.execute("SELECT 1 FROM sqlite_master").fetchone():
                raise BadHome(f"{self.path} is another program's database. Name another home.")
            for statement in SCHEMA.split(";\n"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {FORMAT}")

    def _here(self) -> _Process:
        if self._process.pid != os.getpid():
            _abandoned.append(self._process)
            self._process = _Process()
        return self._process

    def _connect(self, process: _Process, cache_kb: int) -> _Connection:
        connection = sqlite3.connect(
            self.path,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            factory=_Connection,
            cached_statements=256,
        )
        process.opened.add(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA cache_size = -{cache_kb}")
        connection.execute("PRAGMA mmap_size = 268435456")
        connection.execute("PRAGMA temp_store = MEMORY")
        return connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """This thread's connection, for statements that only read."""
        try:
            process = self._here()
            connection: _Connection | None = getattr(process.local, "connection", None)
            if connection is None:
                connection = process.local.connection = self._connect(process, READER_CACHE_KB)
            yield connection
        except sqlite3.Error as error:
            raise _refusal(self.path, error) from error

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One durable transaction; rolled back whole when the block raises."""
        process = self._here()
        with process.writing, self._transaction(process) as connection:
            yield connection

    @contextmanager
    def _transaction(self, process: _Process) -> Iterator[sqlite3.Connection]:
        """What `writing` does, for who holds the lock already."""
        try:
            connection = process.writer
            if connection is None:
                connection = process.writer = self._connect(process, WRITER_CACHE_KB)
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

    def write_together(self, work: Callable[[sqlite3.Connection], int]) -> int:
        """`work` in a durable transaction, shared with what other threads ask meanwhile; its own result.

        A commit waits for the disk. Whoever comes during that wait is served by the next one, all by one
        commit, so that many small writers are not held to the disk's one-at-a-time speed.
        """
        process = self._here()
        mine = _Turn(work)
        process.waiting.append(mine)
        with process.writing:
            if not mine.done:
                self._serve(process)
        if mine.error is not None:
            raise mine.error
        return mine.result

    def _serve(self, process: _Process) -> None:
        turns = [process.waiting.popleft() for _ in range(len(process.waiting))]
        try:
            if len(turns) == 1 or not self._serve_as_one(process, turns):
                # One by one, so that a bad one fails alone.
                for turn in turns:
                    try:
                        with self._transaction(process) as connection:
                            turn.result = turn.work(connection)
                    except (BadHome, ValueError, TypeError) as error:
                        turn.error = error
                    turn.done = True
        finally:  # an interrupt is no answer to the others
            process.waiting.extendleft(turn for turn in reversed(turns) if not turn.done)

    def _serve_as_one(self, process: _Process, turns: list[_Turn]) -> bool:
        try:
            with self._transaction(process) as connection:
                for turn in turns:
                    turn.result = turn.work(connection)
        except (BadHome, ValueError, TypeError):
            return False
        for turn in turns:
            turn.done = True
        return True

    def close(self) -> None:
        """Close the connections of every thread of this process; the next use opens anew."""
        if self._process.pid == os.getpid():
            for connection in list(self._process.opened):
                connection.close()
        self._process = _Process()
