"""How does the raw log become what is learned from, and what one user is known by?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.learn.interactions import EventWeights, make_interactions
from engine.settings import Weights
from engine.store import EventTable
from engine.trust.risk import Risk, find_suspects
from engine.types import EVENT_TYPES, Event, EventType, History, Interactions
from indexes.identifiers import Identifiers
from indexes.ranking import Mask, Rows

OWNED = (EventType.PURCHASE, EventType.RATING)  # an item that was rated was had
CODES = {kind: code for code, kind in enumerate(EVENT_TYPES)}


@dataclass(frozen=True, eq=False)
class Behaviour:
    """The log joined to the catalogue's rows. `users` names the first user rows; sessions follow."""

    interactions: Interactions  # of trusted visitors
    users: Sequence[str]
    risk: Risk | None
    unknown: int  # events whose item is not in the catalogue (yet)


def event_weights(set_to: Weights) -> EventWeights:
    """What an event is worth, as the settings say."""
    by_type: dict[str, float] = {kind: getattr(set_to, kind, 0.0) for kind in EVENT_TYPES}
    return EventWeights(
        by_type | {EventType.RETURN: set_to.returned},
        dwell_half_s=set_to.dwell_half_s,
        neutral_value=set_to.middle_rating,
        best_value=set_to.best_rating,
        quantity_power=set_to.quantity_power,
    )


def behaviour_of(
    table: EventTable, ids: Identifiers, exclude_bots: bool = True, weigh: EventWeights | None = None
) -> Behaviour:
    """Join `table` to the catalogue. An event of an unknown item waits in the log until its item comes."""
    n_users = len(table.users)
    visitors = np.where(
        table.user >= 0, table.user, np.where(table.session >= 0, n_users + table.session, -1)
    )
    known = ids.rows(table.items)
    items = known[table.item] if len(known) else np.full(len(table), -1, np.int64)
    items = np.where(table.item >= 0, items, -1)
    n_visitors = n_users + len(table.sessions)
    risk = None
    kept = np.ones(len(table), np.bool_)
    if exclude_bots and len(table):
        risk = find_suspects(visitors, items, table.type, table.timestamp, table.dwell_s, n_visitors)
        kept = risk.trusted(visitors)
    interactions = make_interactions(
        users=np.where(kept, visitors, -1),
        items=items,
        times=table.timestamp,
        n_users=n_visitors,
        n_items=len(ids),
        kinds=table.type,
        orders=table.order,
        values=table.value,
        quantities=table.quantity,
        dwell_s=table.dwell_s,
        event_weights=weigh,
    )
    unknown = int(((table.item >= 0) & (items < 0)).sum())
    return Behaviour(interactions, table.users, risk, unknown)


def history_of(
    events: Iterable[Event], rows_of: Callable[[Sequence[str]], Rows], weigh: EventWeights | None = None
) -> History:
    """What one user did with items that are still there, oldest first."""
    table = EventTable.of([event for event in events if event.item_id])
    rows = rows_of(table.items)[table.item] if len(table) else np.empty(0, np.int64)
    return history_at(table, rows, weigh)


def history_at(table: EventTable, rows: Rows, weigh: EventWeights | None = None) -> History:
    """The events [n] of one user, whose items stand in `rows` [n] (-1 = unknown), as a history."""
    order = np.argsort(table.timestamp, kind="stable")
    order = order[rows[order] >= 0]
    kinds = table.type[order]
    weights = (weigh or EventWeights())(
        kinds, dwell_s=table.dwell_s[order], values=table.value[order], quantities=table.quantity[order]
    )
    return History(rows[order], weights, table.timestamp[order], kinds)


def owned(history: History) -> Rows:
    """The rows that the user already has: bought, or rated, which says the same."""
    kept: Mask = np.isin(history.kinds, [CODES[kind] for kind in OWNED])
    returned = history.rows[history.kinds == CODES[EventType.RETURN]]
    return np.setdiff1d(history.rows[kept], returned)
