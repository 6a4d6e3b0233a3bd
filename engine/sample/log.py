"""What did everyone do for a year, as a table of events?"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.types import EVENT_TYPES, EventType

Reals = NDArray[np.float64]
Codes = NDArray[np.int64]

TYPE = {kind: code for code, kind in enumerate(EVENT_TYPES)}
COLUMNS = {
    "session": -1,  # place in the visits
    "time": np.nan,  # Unix seconds, where it doesn't follow from the session
    "place": 0.0,  # what orders the events of a session
    "takes": 0.0,  # seconds until the next event of the session
    "type": -1,
    "item": -1,
    "query": -1,
    "position": -1,
    "quantity": np.nan,
    "price": np.nan,
    "value": np.nan,
    "dwell_s": np.nan,
    "visitor": -1,
    "order": -1,
}


@dataclass(frozen=True, eq=False)
class Log:
    """Blocks of events while they are written; a column that a block leaves out holds its default."""

    blocks: list[dict[str, Reals]] = field(default_factory=list)

    def write(self, kind: EventType, n: int, **columns: Reals | Codes | float) -> None:
        """Add `n` events of one type; each column is [n] or one value for all."""
        unknown = set(columns) - set(COLUMNS)
        if unknown:
            raise ValueError(f"unknown columns {sorted(unknown)}")
        block = {
            name: np.broadcast_to(np.asarray(columns.get(name, default), np.float64), (n,))
            for name, default in COLUMNS.items()
        }
        block["type"] = np.full(n, TYPE[kind], np.float64)
        self.blocks.append(block)

    def read(self, starts: Reals) -> dict[str, Reals]:
        """All events in the order of time; `starts` [sessions] are the Unix seconds each session begins."""
        table = {name: np.concatenate([block[name] for block in self.blocks]) for name in COLUMNS}
        order = np.lexsort((table["place"], table["session"]))
        table = {name: column[order] for name, column in table.items()}
        session = table["session"].astype(np.int64)
        inside = session >= 0
        follows = inside & np.isnan(table["time"])
        takes = np.where(follows, table["takes"], 0.0)
        before = np.cumsum(takes) - takes
        first = np.flatnonzero(np.concatenate([[True], session[1:] != session[:-1]]))
        base = np.repeat(before[first], np.diff(np.concatenate([first, [len(session)]])))
        table["time"][follows] = starts[session[follows]] + (before - base)[follows]
        order = np.argsort(table["time"], kind="stable")
        return {name: column[order] for name, column in table.items()}
