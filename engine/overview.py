"""How is the shop doing, and who is shopping?"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import numpy as np

from engine.searches import LEAST_USERS
from engine.store import EventTable
from engine.types import EVENT_TYPES, EventType
from indexes.ranking import Mask

DAY = 86_400.0
COUNTED = (EventType.SEARCH, EventType.VIEW, EventType.CLICK, EventType.CART, EventType.PURCHASE)


def by_day(table: EventTable, days: int = 30) -> list[dict[str, Any]]:
    """Events of each kind on each of the last `days` days of the log (UTC), oldest first."""
    if not len(table.seq):
        return []
    day = np.floor(table.timestamp / DAY).astype(np.int64)
    last = int(day.max())
    counts = {}
    for kind in COUNTED:
        chosen = (table.type == EVENT_TYPES.index(kind)) & (day > last - days)
        counts[kind.value] = np.bincount(day[chosen] - (last - days + 1), minlength=days)
    return [
        {"date": _date(last - days + 1 + n), **{kind: int(count[n]) for kind, count in counts.items()}}
        for n in range(days)
    ]


def searched(table: EventTable, k: int = 20, days: int = 7) -> dict[str, list[dict[str, Any]]]:
    """Searches of the last `days` days: the commonest, and those that rose most against the days before.

    A person counts once a day for one search. `rise` is (now + 3) / (before + 3): small numbers say little.
    """
    asked = (table.type == EVENT_TYPES.index(EventType.SEARCH)) & (table.query >= 0)
    if not asked.any():
        return {"top": [], "rising": []}
    last = float(table.timestamp.max())
    now = _people(table, asked & (table.timestamp > last - days * DAY))
    before = _people(table, asked & _between(table, last - 2 * days * DAY, last - days * DAY))
    rows: list[dict[str, Any]] = [
        {
            "query": query,
            "count": len(who),
            "before": len(before.get(query, ())),
            "rise": round((len(who) + 3) / (len(before.get(query, ())) + 3), 2),
        }
        for query, who in now.items()
        if len({person for person, _ in who}) >= LEAST_USERS
    ]
    top = sorted(rows, key=lambda row: (-row["count"], row["query"]))[:k]
    rising = sorted((r for r in rows if r["rise"] > 1), key=lambda row: (-row["rise"], row["query"]))[:k]
    return {"top": top, "rising": rising}


def active_users(table: EventTable, k: int = 8) -> list[dict[str, Any]]:
    """Users whose visits show a person: several purchases, views with dwell. The busiest tenth is left out.

    The busiest are as often bots as keen shoppers, and neither makes a good first look at a shop.
    """
    known = table.user >= 0
    n = len(table.users)
    if not known.any():
        return []
    events = np.bincount(table.user[known], minlength=n)
    bought = known & (table.type == EVENT_TYPES.index(EventType.PURCHASE))
    purchases = np.bincount(table.user[bought], minlength=n)
    looked = known & (np.nan_to_num(table.dwell_s) > 0)
    dwelt = np.bincount(table.user[looked], minlength=n)
    cut = np.quantile(events[events > 0], 0.9)
    fit = np.flatnonzero((purchases > 0) & (dwelt > 0) & (events <= cut))
    order = fit[np.lexsort((fit, -events[fit]))]
    # Spread over the active half, so that light and keen shoppers are both among them.
    half = order[: max(k, len(order) // 2)]
    chosen = (
        half[np.unique(np.linspace(0, len(half) - 1, min(k, len(half))).astype(int))] if len(half) else half
    )
    return [
        {"user_id": table.users[user], "events": int(events[user]), "purchases": int(purchases[user])}
        for user in chosen.tolist()
    ]


def totals(table: EventTable) -> dict[str, Any]:
    """How many events, users and sessions there are, and of when the last event is (ISO 8601)."""
    kinds = Counter(dict(zip(*np.unique(table.type, return_counts=True), strict=True)))
    return {
        "events": len(table.seq),
        "users": len(table.users),
        "sessions": len(table.sessions),
        "by_type": {kind.value: int(kinds.get(code, 0)) for code, kind in enumerate(EVENT_TYPES)},
        "last_event": _moment(float(table.timestamp.max())) if len(table.seq) else None,
    }


def _people(table: EventTable, chosen: Mask) -> dict[str, set[tuple[int, int]]]:
    """search -> {(person, day)}; a guest's session is a person."""
    found: dict[str, set[tuple[int, int]]] = {}
    people = np.where(table.user >= 0, table.user, -2 - table.session)[chosen].tolist()
    days = np.floor(table.timestamp[chosen] / DAY).astype(int).tolist()
    for query, person, day in zip(table.query[chosen].tolist(), people, days, strict=True):
        found.setdefault(" ".join(table.queries[query].casefold().split()), set()).add((person, day))
    return found


def _between(table: EventTable, start: float, end: float) -> Mask:
    return (table.timestamp > start) & (table.timestamp <= end)


def _date(day: int) -> str:
    return datetime.fromtimestamp(day * DAY, UTC).date().isoformat()


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
