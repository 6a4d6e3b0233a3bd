"""What does a rebuild learn from the words of the catalogue and the queries that people typed?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.documents import TEXT_COLUMNS, localised
from engine.store import EventTable
from engine.text.spelling import Speller
from engine.text.suggest import Suggester
from engine.types import EVENT_TYPES, EventType, Item


def learn_suggestions(items: Sequence[Item], table: EventTable, now: float, least_users: int) -> Suggester:
    """Completions from the log's searches and from the names of categories and brands, in every language."""
    asked, people = _searches(table)
    searches = (
        (table.queries[table.query[at]], str(people[at]), float(table.timestamp[at])) for at in asked.tolist()
    )
    names = {
        part
        for item in items
        for column in ("category", "brand")
        for text in localised(item, column).values()
        for part in text.split(" > ")
    }
    return Suggester.build(searches, sorted(names), now, enough=least_users)


def build_speller(items: Sequence[Item], table: EventTable) -> Speller:
    """What the catalogue writes is right; so is what enough users typed."""
    asked, people = _searches(table)
    once = np.unique(np.column_stack([table.query[asked], people[asked]]), axis=0)
    users = Counter(table.queries[query] for query in once[:, 0].tolist())
    return Speller.build(_texts(items), users)


def _texts(items: Sequence[Item]) -> Iterator[str]:
    for item in items:
        for column in TEXT_COLUMNS:
            yield from localised(item, column).values()
        yield from (value for value in item.attributes.values() if isinstance(value, str))


def _searches(table: EventTable) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The places of searches in the log, and who made each event: a user, or a session without one."""
    asked = np.flatnonzero((table.type == EVENT_TYPES.index(EventType.SEARCH)) & (table.query >= 0))
    return asked, np.where(table.user >= 0, table.user, -2 - table.session)
