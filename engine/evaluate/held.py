"""Which events of a log are learned from, and which judge?"""

from __future__ import annotations

from typing import Literal

import numpy as np

from engine.errors import BadQuery
from engine.store import EventTable
from engine.types import EVENT_TYPES, EventType
from indexes.ranking import Mask

How = Literal["time", "last", "folds"]
HOW: tuple[How, ...] = ("time", "last", "folds")
OWNING = (EVENT_TYPES.index(EventType.PURCHASE), EVENT_TYPES.index(EventType.RATING))


def learned_parts(table: EventTable, how: str, moment: float, *, folds: int = 5, seed: int = 7) -> list[Mask]:
    """The events [n] of `table` to learn from, one mask a part; what it leaves out judges. Raises BadQuery.

    "time": everything before `moment`, Unix seconds. "last": leave-one-out; of everybody who bought or rated two
    items or more, the last that was new to them and all after it are left out. "folds": what was bought or
    rated, in `folds` parts, each left out once; a user's repeats of one item stay together.
    """
    if how == "time":
        return [table.timestamp < moment]
    owning = np.isin(table.type, OWNING) & (table.user >= 0) & (table.item >= 0)
    n_users = len(table.users)
    if how == "last":
        at = np.flatnonzero(owning)
        at = at[np.lexsort((at, table.timestamp[at]))]
        _, first = np.unique(
            table.user[at].astype(np.int64) * len(table.items) + table.item[at], return_index=True
        )
        order = at[np.sort(first)]
        order = order[np.argsort(table.user[order], kind="stable")]
        user = table.user[order]
        last = order[np.append(user[1:] != user[:-1], True)] if len(order) else order
        count = np.bincount(user, minlength=n_users)
        ends = np.full(n_users, np.inf)
        places = np.full(n_users, len(table))
        last = last[count[table.user[last]] >= 2]
        ends[table.user[last]], places[table.user[last]] = table.timestamp[last], last
        named = table.user >= 0
        end, place = ends[table.user[named]], places[table.user[named]]
        time, here = table.timestamp[named], np.flatnonzero(named)
        known = np.ones(len(table), np.bool_)
        known[named] = (time < end) | ((time == end) & (here < place))
        return [known]
    if how == "folds":
        pair = table.user[owning].astype(np.int64) * max(len(table.items), 1) + table.item[owning]
        _, place = np.unique(pair, return_inverse=True)
        fold = np.random.default_rng(seed).integers(0, folds, int(place.max(initial=-1)) + 1)[place]
        parts = []
        for number in range(folds):
            known = np.ones(len(table), np.bool_)
            known[np.flatnonzero(owning)[fold == number]] = False
            parts.append(known)
        return parts
    raise BadQuery(f"There is no split {how!r}; there are: {', '.join(HOW)}.")
