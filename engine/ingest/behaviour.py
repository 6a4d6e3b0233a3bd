"""How do many rows become events at once, by the same rules as one?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.ingest import clean, rows
from engine.ingest.clean import RowError
from engine.ingest.columns import Column
from engine.store.identity import Occurrences, default_ids, to_stored
from engine.store.table import CODE_OF_TYPE, NUMBERS, VOCABULARIES, EventTable
from engine.types import EventType

_NAMES = {
    "user": "user_id",
    "session": "session_id",
    "item": "item_id",
    "query": "query",
    "order": "order_id",
}
_SEARCH = CODE_OF_TYPE[EventType.SEARCH]
_RATING = CODE_OF_TYPE[EventType.RATING]
_RETURN = CODE_OF_TYPE[EventType.RETURN]


@dataclass
class _Verdicts:
    """The first fault of each row [n], in the order in which the rules are asked; None = none yet."""

    n: int
    faults: dict[int, tuple[str, str]] = field(default_factory=dict)  # row -> (reason, with the value)

    def refuse(self, where: NDArray[np.bool_], reason: str) -> None:
        for i in np.flatnonzero(where).tolist():
            self.faults.setdefault(i, (reason, reason))

    def cells(self, column: Column, mean: Callable[[Any], Any]) -> tuple[NDArray[np.int64], list[Any]]:
        """The meaning of every distinct cell, and for each row [n] its place; what has none is refused."""
        codes = np.asarray(column.codes, np.int64)
        meanings: list[Any] = []
        senseless: dict[int, tuple[str, str]] = {}
        for code, value in enumerate(column.values):
            try:
                meanings.append(mean(value))
            except RowError as error:
                meanings.append(None)
                senseless[code] = (error.reason, str(error))
        if senseless:
            for i in np.flatnonzero(np.isin(codes, list(senseless))).tolist():
                self.faults.setdefault(i, senseless[int(codes[i])])
        return codes, meanings

    def names(self, column: Column | None, name: str) -> tuple[NDArray[np.int32], tuple[str, ...]]:
        if column is None:
            return np.full(self.n, -1, np.int32), ()
        codes, meanings = self.cells(column, lambda value: clean.text(value, name))
        words: dict[str, int] = {}
        places = [words.setdefault(word, len(words)) if word else -1 for word in meanings]
        return np.array(places, np.int32)[codes], tuple(words)

    def numbers(
        self, column: Column | None, name: str, mean: Callable[[object, str], float | None]
    ) -> NDArray[np.float64]:
        if column is None:
            return np.full(self.n, np.nan)
        codes, meanings = self.cells(column, lambda value: mean(value, name))
        return np.array(meanings, np.float64)[codes]


@dataclass(frozen=True, eq=False)
class Checked:
    """The sound rows as a table with their stored event_ids; `faults` = (row, reason, why) of the others."""

    table: EventTable
    event_ids: list[str | bytes]
    faults: list[tuple[int, str, str]]


def check_events(
    columns: Mapping[str, Column], n: int, now: float, seen: Occurrences, *, typed: bool = False
) -> Checked:
    """What `rows.validate_event` says of each of `n` rows, a whole column at a time.

    `columns` go by our names. `seen` numbers the identical events of one file. `typed` = the columns hold
    binary numbers, in which a NaN is how data frames write that there is none.
    """
    verdicts = _Verdicts(n)
    nothing = Column([0] * n, [None])

    def unless_nan(mean: Callable[[object, str], Any]) -> Callable[[object, str], Any]:
        return (lambda value, name: mean(None if clean.missing(value) else value, name)) if typed else mean

    # The same order as validate_event's, so that both name the same fault of a row with several.
    codes, moments = verdicts.cells(
        columns.get("timestamp", nothing),
        lambda value: clean.logged(None if typed and clean.missing(value) else value, now),
    )
    timestamp = np.array(moments, np.float64)[codes]
    codes, kinds = verdicts.cells(columns.get("type", nothing), rows.event_type)
    kind = np.array([-1 if found is None else CODE_OF_TYPE[found] for found in kinds], np.int8)[codes]
    coded = {name: verdicts.names(columns.get(column), column) for name, column in list(_NAMES.items())[:4]}
    means: dict[str, Callable[[object, str], float | None]] = {
        "quantity": clean.number,
        "price": clean.at_least_zero,
        "value": clean.number,
        "dwell_s": clean.at_least_zero,
    }
    numbers = {name: verdicts.numbers(columns.get(name), name, unless_nan(means[name])) for name in NUMBERS}
    coded["order"] = verdicts.names(columns.get("order_id"), "order_id")
    position = verdicts.numbers(columns.get("position"), "position", unless_nan(clean.whole))
    id_codes, ids = verdicts.names(columns.get("event_id"), "event_id")

    search = kind == _SEARCH
    verdicts.refuse((coded["user"][0] < 0) & (coded["session"][0] < 0), rows.NOBODY)
    verdicts.refuse((coded["item"][0] < 0) & ~search, rows.NO_ITEM)
    verdicts.refuse((coded["query"][0] < 0) & search, rows.NO_QUERY)
    verdicts.refuse(np.isnan(numbers["value"]) & (kind == _RATING), rows.NO_VALUE)
    verdicts.refuse((numbers["quantity"] < 0) & (kind != _RETURN), rows.NEGATIVE_QUANTITY)
    numbers["quantity"] = np.where(kind == _RETURN, np.abs(numbers["quantity"]), numbers["quantity"])

    whole: dict[str, Any] = dict(numbers)
    for name, (places, words) in coded.items():
        whole[name], whole[VOCABULARIES[name]] = places, words
    table = EventTable(
        seq=np.arange(1, n + 1),
        timestamp=timestamp,
        type=kind,
        position=np.where(np.isnan(position), -1, position).astype(np.int32),
        **whole,
    )
    if verdicts.faults:
        sound = np.ones(n, np.bool_)
        sound[list(verdicts.faults)] = False
        table, id_codes = table.where(sound), id_codes[sound]
    event_ids: list[str | bytes] = list(default_ids(table, seen))
    if ids:
        stored = [to_stored(word) for word in ids]
        event_ids = [stored[code] if code >= 0 else event_ids[i] for i, code in enumerate(id_codes.tolist())]
    faults = [(i, reason, why) for i, (reason, why) in sorted(verdicts.faults.items())]
    return Checked(table, event_ids, faults)
