"""What has been wanted since the rebuild, minute by minute, and by how many people?"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from time import monotonic
from typing import Any

import numpy as np

from engine.searches import DAY, HALF_LIFE_DAYS, LEAST_USERS
from engine.snapshot import Snapshot
from engine.store import EventTable, Store
from engine.trust.risk import find_suspects
from engine.types import EVENT_TYPES, EventType, Floats
from indexes.trend import TrendIndex

PAUSE = 0.05  # seconds between two looks at the log
MOST_A_MINUTE = 60  # events of one visitor in a minute that no hand makes
SURE = 1.0  # standard errors of luck that are taken off a surge
PURCHASE, SEARCH = EVENT_TYPES.index(EventType.PURCHASE), EVENT_TYPES.index(EventType.SEARCH)


@dataclass(frozen=True, eq=False)
class Now:
    """Demand with the events since the rebuild: `trend` by row of the generation, `searches` commonest first."""

    trend: TrendIndex
    searches: tuple[Mapping[str, Any], ...]


class Pulse:
    """Follows the log from where a generation ended. One a process and generation; safe between threads.

    A visitor counts once a day for an item or a search, whatever the quantity, and not at all when it behaves
    like a bot: so neither one buyer of 10,000 units nor a script makes a trend.
    """

    def __init__(self, snapshot: Snapshot, store: Store):
        self.generation = snapshot.generation
        self._store = store
        self._start = int(snapshot.generation.manifest["events_upto"])
        self._position = self._start
        self._table: EventTable | None = None
        self._looked = -PAUSE
        self._now: Now | None = None
        self._one = threading.Lock()

    def now(self, clock: float) -> Now:
        """What is wanted at `clock` (Unix seconds, the shop's own)."""
        if monotonic() - self._looked < PAUSE and self._now is not None:
            return self._now
        with self._one:
            self._looked = monotonic()
            position = self._store.position()
            if position != self._position:
                self._table = self._store.events(after=self._start, until=position)
                self._position = position
            if self._now is None or self._table is not None:
                self._now = self._count(clock)
            return self._now

    def _count(self, clock: float) -> Now:
        base = self.generation
        if self._table is None or not len(self._table):
            return Now(base.trend, tuple(base.searches))
        live = Live(self._table, base.ids.rows(self._table.items), clock)
        least = int(base.manifest["settings"]["search"].get("least_users", LEAST_USERS))
        return Now(moved(base.trend, live, clock), found(base.searches, live, base.trend.now, clock, least))


@dataclass(frozen=True, eq=False)
class Live:
    """The events of people, not bots, since the rebuild; `places` are the rows of the table's items."""

    table: EventTable
    places: Any
    clock: float

    @cached_property
    def visitors(self) -> Any:
        table = self.table
        session = np.where(table.session >= 0, len(table.users) + table.session, -1)
        return np.where(table.user >= 0, table.user, session)

    @cached_property
    def kept(self) -> Any:
        """Which events [n] are of people."""
        table, who = self.table, self.visitors
        rows = self._rows()
        n = len(table.users) + len(table.sessions)
        risk = find_suspects(who, rows, table.type, table.timestamp, table.dwell_s, n)
        fine = risk.trusted(who) & (who >= 0)
        minute = np.floor(table.timestamp / 60.0).astype(np.int64)
        pairs, counts = np.unique(np.stack([who, minute], axis=1), axis=0, return_counts=True)
        fast = np.unique(pairs[counts > MOST_A_MINUTE, 0])
        return fine & ~np.isin(who, fast)

    def bought(self) -> tuple[Any, Floats]:
        """(row, Unix seconds) of each first purchase of an item by a visitor on a day."""
        table, rows = self.table, self._rows()
        use = np.flatnonzero((table.type == PURCHASE) & (rows >= 0) & self.kept)
        day = np.floor(table.timestamp[use] / DAY).astype(np.int64)
        _, first = np.unique(
            np.stack([rows[use], self.visitors[use], day], axis=1), axis=0, return_index=True
        )
        return rows[use][first], np.minimum(table.timestamp[use][first], self.clock)

    def _rows(self) -> Any:
        table = self.table
        if not len(self.places):
            return np.full(len(table), -1, np.int64)
        return np.where(table.item >= 0, self.places[table.item], -1)


def moved(trend: TrendIndex, live: Live, clock: float) -> TrendIndex:
    """The trend with what was bought since: popularity decays on and grows, a surge raises the lift.

    Popularity is a rate that halves every week: each visitor's purchase, of whatever quantity, adds ln 2 / 7 as
    one unit does. The lift of next week is multiplied by (buyers + 1) / (expected + 1), a standard error of Poisson
    luck taken off; never lowered, for an hour without a sale says little.
    """
    rate = np.log(2.0) / HALF_LIFE_DAYS
    rows, times = live.bought()
    elapsed = max(clock - trend.now, 0.0) / DAY
    fresh = np.bincount(rows, rate * np.exp(-rate * (clock - times) / DAY), minlength=len(trend))
    popularity = trend.popularity * np.exp(-rate * elapsed) + fresh[: len(trend)]
    buyers = np.bincount(rows, minlength=len(trend))[: len(trend)].astype(np.float64)
    began = float(times.min()) if len(times) else clock
    span = max((clock - max(began, trend.now)) / DAY, 1.0 / 24.0)
    expected = trend.popularity.astype(np.float64) * span
    surge = np.log((buyers + 1.0) / (expected + 1.0)) - SURE / np.sqrt(buyers + 1.0)
    # Fewer than three people could be one with three sessions.
    surge = np.where(buyers >= LEAST_USERS, np.clip(surge, 0.0, np.log(8.0)), 0.0)
    soon = trend.soon.astype(np.float64) * np.exp(surge)
    # The surge's own evidence stands beside the forecast's: the surer of the two says how sure.
    doubt = np.where(
        surge > 0, np.minimum(trend.soon_uncertainty, SURE / np.sqrt(buyers + 1.0)), trend.soon_uncertainty
    )
    known = trend.categories >= 0
    category = np.bincount(
        trend.categories[known], fresh[: len(trend)][known], minlength=len(trend.category_popularity)
    )
    return replace(
        trend,
        popularity=popularity.astype(np.float32),
        strength=popularity.astype(np.float32),
        soon=soon.astype(np.float32),
        soon_uncertainty=doubt.astype(np.float32),
        category_popularity=(trend.category_popularity * np.exp(-rate * elapsed) + category).astype(
            np.float32
        ),
    )


def found(
    base: Any, live: Live, then: float, clock: float, least_users: int = LEAST_USERS, most: int = 1000
) -> tuple[Mapping[str, Any], ...]:
    """Searches with their decayed counts, those since the rebuild (`then`) added; new ones need `least_users`."""
    table = live.table
    use = np.flatnonzero((table.type == SEARCH) & (table.query >= 0) & live.kept)
    fade = float(np.exp2(-max(clock - then, 0.0) / DAY / HALF_LIFE_DAYS))
    counts = {row["query"]: float(row["count"]) * fade for row in base}
    people = {row["query"]: int(row["users"]) for row in base}
    seen: dict[str, set[tuple[int, int]]] = {}
    weight: dict[str, float] = {}
    for at in use.tolist():
        text = table.queries[table.query[at]].strip().casefold()
        day = int(table.timestamp[at] // DAY)
        visit = (int(live.visitors[at]), day)
        if visit in seen.setdefault(text, set()):
            continue
        seen[text].add(visit)
        age = max(clock - float(table.timestamp[at]), 0.0) / DAY
        weight[text] = weight.get(text, 0.0) + float(np.exp2(-age / HALF_LIFE_DAYS))
    for text, visits in seen.items():
        fresh = len({who for who, _ in visits})
        if text not in counts and fresh < least_users:
            continue
        counts[text] = counts.get(text, 0.0) + weight[text]
        people[text] = people.get(text, 0) + fresh
    order = sorted(counts, key=lambda text: (-counts[text], text))[:most]
    return tuple({"query": t, "count": round(counts[t], 3), "users": people[t]} for t in order)


def categories_now(trend: TrendIndex, manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Top categories, most wanted first: units a day and the expected lift with its standard error (of its log)."""
    names: list[str] = manifest.get("categories", [])
    order = np.argsort(-trend.category_popularity[: len(names)], kind="stable")
    return [
        {
            "category": names[row],
            "demand": round(float(trend.category_popularity[row]), 3),
            "lift": round(float(trend.category_lift[row]), 3),
            "uncertainty": round(float(trend.category_uncertainty[row]), 3),
        }
        for row in order.tolist()
        if trend.category_popularity[row] > 0
    ]
