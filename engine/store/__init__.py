"""Where do the catalogue, the behaviour log, the series and the keys live?"""

from __future__ import annotations

from engine.store.catalogue import ItemChange
from engine.store.keys import SCOPES, ApiKey
from engine.store.protocol import Store
from engine.store.series import Point, Series
from engine.store.sqlite import SqliteStore
from engine.store.table import EventTable

__all__ = ["SCOPES", "ApiKey", "EventTable", "ItemChange", "Point", "Series", "SqliteStore", "Store"]
