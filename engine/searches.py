"""What do people search for now?"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from engine.store import EventTable
from engine.types import EVENT_TYPES, EventType

DAY = 86_400.0
HALF_LIFE_DAYS = 7.0
LEAST_USERS = 3  # a search that fewer people made could point at one of them
MOST = 1000


def search_counts(table: EventTable, now: float, least_users: int = LEAST_USERS) -> list[dict[str, Any]]:
    """Searches with their decayed counts and how many people made them, commonest first.

    A search counts half for every week of its age; a person counts once a day for one search, so that nobody
    makes a trend alone.
    """
    asked = (table.type == EVENT_TYPES.index(EventType.SEARCH)) & (table.query >= 0)
    if not asked.any():
        return []
    people = np.where(table.user >= 0, table.user, -2 - table.session)[asked]
    queries = table.query[asked]
    days = np.floor(table.timestamp[asked] / DAY)
    once = np.unique(np.column_stack([queries, people, days]), axis=0)
    weights = np.exp2(-np.maximum(now / DAY - once[:, 2], 0.0) / HALF_LIFE_DAYS)
    counts: defaultdict[str, float] = defaultdict(float)
    who: defaultdict[str, set[float]] = defaultdict(set)
    for query, person, weight in zip(once[:, 0].astype(int), once[:, 1], weights, strict=True):
        text = table.queries[query].strip().casefold()
        counts[text] += float(weight)
        who[text].add(person)
    kept = [text for text in counts if len(who[text]) >= least_users]
    kept.sort(key=lambda text: (-counts[text], text))
    return [{"query": text, "count": round(counts[text], 3), "users": len(who[text])} for text in kept[:MOST]]
