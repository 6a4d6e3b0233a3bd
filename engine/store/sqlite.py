"""How does one machine keep the catalogue, the log, the series and the keys with nothing to start?"""

from __future__ import annotations

from pathlib import Path
from typing import Self

from engine.store.catalogue import Catalogue
from engine.store.database import Database
from engine.store.keys import Keys
from engine.store.log import BehaviourLog
from engine.store.series import MarketSeries


class SqliteStore(Catalogue, BehaviourLog, MarketSeries, Keys):
    """The embedded store: one SQLite file, many reading processes beside one writer at a time.

    Safe to share between threads and across forks. Every write is on the disk when its method returns.
    Raises BadHome, in one sentence, when the disk is full, the folder read-only or the file damaged.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(Path(path))

    def version(self) -> int:
        """A number that grows with every change by any process; cheap enough to ask at every request."""
        with self._database.reading() as connection:
            return int(connection.execute("SELECT value FROM meta WHERE name = 'version'").fetchone()[0])

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
