"""What does a stretch of the behaviour log look like as columns?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.types import EVENT_TYPES, Event, Floats
from indexes.ranking import Mask

Codes = NDArray[np.int32]
CODE_OF_TYPE = {kind: code for code, kind in enumerate(EVENT_TYPES)}

# column of names -> the vocabulary that its codes point into
VOCABULARIES = {
    "user": "users",
    "session": "sessions",
    "item": "items",
    "query": "queries",
    "order": "orders",
}
NUMBERS = ("quantity", "price", "value", "dwell_s")


@dataclass(frozen=True, eq=False)
class EventTable:
    """Events in log order; every column is [n].

    `type` holds places in EVENT_TYPES. `user`, `session`, `item`, `query` and `order` are codes into the
    vocabularies of their plural names, -1 for none; every word of a vocabulary occurs, in the order in
    which the log first saw it. Numbers are NaN and `position` is -1 where the event has none. `timestamp`
    is in Unix seconds and need not increase: `seq` does.
    """

    seq: NDArray[np.int64]
    timestamp: Floats
    type: NDArray[np.int8]
    user: Codes
    session: Codes
    item: Codes
    query: Codes
    order: Codes
    quantity: Floats
    price: Floats
    value: Floats
    dwell_s: Floats
    position: Codes
    users: Sequence[str]
    sessions: Sequence[str]
    items: Sequence[str]
    queries: Sequence[str]
    orders: Sequence[str]

    @classmethod
    def of(cls, events: Sequence[Event]) -> EventTable:
        """The same events as columns; `seq` counts from 1."""
        columns: dict[str, Any] = {}
        for column, attribute in zip(
            VOCABULARIES, ("user_id", "session_id", "item_id", "query", "order_id"), strict=True
        ):
            words: dict[str, int] = {}
            codes = [
                words.setdefault(name, len(words)) if (name := getattr(event, attribute)) else -1
                for event in events
            ]
            columns[column] = np.array(codes, np.int32)
            columns[VOCABULARIES[column]] = tuple(words)
        for number in NUMBERS:
            columns[number] = np.array([getattr(event, number) for event in events], np.float64)
        return cls(
            seq=np.arange(1, len(events) + 1),
            timestamp=np.array([event.timestamp for event in events], np.float64),
            type=np.array([CODE_OF_TYPE[event.type] for event in events], np.int8),
            position=np.array([-1 if e.position is None else e.position for e in events], np.int32),
            **columns,
        )

    def __len__(self) -> int:
        return len(self.seq)

    def where(self, keep: Mask | NDArray[np.int64]) -> EventTable:
        """The events that `keep` (a mask [n] or positions) picks; the vocabularies stay whole."""
        columns = {
            f.name: getattr(self, f.name)[keep] for f in fields(self) if f.name not in VOCABULARIES.values()
        }
        return replace(self, **columns)

    def event(self, i: int) -> Event:
        """The event at place `i`, without its event_id."""

        def name(column: str) -> str:
            code = int(getattr(self, column)[i])
            return str(getattr(self, VOCABULARIES[column])[code]) if code >= 0 else ""

        def number(column: str) -> float | None:
            value = float(getattr(self, column)[i])
            return None if np.isnan(value) else value

        position = int(self.position[i])
        return Event(
            timestamp=float(self.timestamp[i]),
            type=EVENT_TYPES[int(self.type[i])],
            user_id=name("user"),
            session_id=name("session"),
            item_id=name("item"),
            query=name("query"),
            quantity=number("quantity"),
            price=number("price"),
            value=number("value"),
            dwell_s=number("dwell_s"),
            order_id=name("order"),
            position=None if position < 0 else position,
        )

    def __iter__(self) -> Iterator[Event]:
        return (self.event(i) for i in range(len(self)))
