"""Who is this user: what do they want, what do they pay, when will they be back?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.affinity import Affinity, affinities, avoided
from engine.errors import UnknownUser
from engine.learn.interactions import EventWeights
from engine.rhythm import DAY, Expected, Rhythm, expect
from engine.types import EVENT_TYPES, Event, EventType, Floats, Item

_CODES = {kind: code for code, kind in enumerate(EVENT_TYPES)}


@dataclass(frozen=True)
class Interest:
    """Something this user searched for: how often, when last, and whether they acted on the results."""

    query: str
    times: int
    last: float
    followed: int  # events that named this query: clicks, carts, purchases


@dataclass(frozen=True)
class Due:
    """An item this user buys again and again, and when it is next due."""

    item_id: str
    title: str
    times: int
    expected: Expected


@dataclass(frozen=True)
class Prices:
    """What this user pays an item: quartiles of what was bought, or else looked at. `level` compares with
    the same categories: under 1 cheaper than their median item, over 1 dearer; NaN when not known."""

    low: float
    typical: float
    high: float
    level: float
    bought: int


@dataclass(frozen=True)
class Profile:
    """One user in numbers, as of `now` (all times Unix seconds). Money is in `currency`."""

    user_id: str
    now: float
    first_seen: float
    last_seen: float
    last_order: float | None
    counts: Mapping[str, int]
    active_days: int
    orders: int
    units: float
    spent: float
    currency: str
    returned: int
    dwell_s: float | None  # median of a view
    prices: Prices | None
    categories: tuple[Affinity, ...]
    brands: tuple[Affinity, ...]
    avoids: tuple[Affinity, ...]
    searches: tuple[Interest, ...]
    next_order: Expected | None
    due: tuple[Due, ...]
    segment: str = ""
    segment_zh: str = ""

    @property
    def recency_days(self) -> float:
        return max(0.0, self.now - self.last_seen) / DAY

    @property
    def orders_per_30_days(self) -> float:
        return self.orders / max((self.now - self.first_seen) / DAY, 30.0) * 30

    @property
    def average_order(self) -> float | None:
        return self.spent / self.orders if self.orders else None

    def to_dict(self) -> dict[str, Any]:
        """As JSON: what the command, the HTTP face and the studio show; NaN becomes None."""
        from engine.portrait import sentence

        told = {name: _plain(value) for name, value in self.__dict__.items()}
        return {
            **told,
            "recency_days": round(self.recency_days, 2),
            "orders_per_30_days": round(self.orders_per_30_days, 3),
            "average_order": _plain(self.average_order),
            "sentence": sentence(self),
            "sentence_zh": sentence(self, "zh"),
        }


@dataclass(frozen=True, eq=False)
class Usual:
    """What is usual in this shop: shares of interest by category and brand, median price by category."""

    shares: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    prices: Mapping[str, float] = field(default_factory=dict)
    rhythm: Rhythm = field(default_factory=Rhythm)

    @classmethod
    def of(cls, items: Sequence[Item], interest: Floats | None = None, rhythm: Rhythm | None = None) -> Usual:
        """`interest` [n_items]: how much each item is wanted in all; default: every item alike."""
        weight = np.ones(len(items)) if interest is None else np.maximum(np.asarray(interest, np.float64), 0)
        shares: dict[str, dict[str, float]] = {"category": {}, "brand": {}}
        prices: dict[str, list[float]] = {}
        total = float(weight.sum()) or 1.0
        for item, w in zip(items, weight, strict=True):
            for column, value in (("category", item.category), ("brand", item.brand)):
                if value:
                    shares[column][value] = shares[column].get(value, 0.0) + float(w) / total
            if item.price:
                prices.setdefault(item.category, []).append(item.price)
        medians = {category: float(np.median(found)) for category, found in prices.items()}
        return cls(shares, medians, rhythm or Rhythm())


def profile_of(
    user_id: str,
    events: Sequence[Event],
    item_of: Callable[[str], Item | None],
    now: float,
    *,
    usual: Usual | None = None,
    segment: str = "",
    segment_zh: str = "",
    weigh: EventWeights | None = None,
    half_life_days: float = 60.0,
    most: int = 5,
) -> Profile:
    """Read one user's events into a Profile; an item that is gone still counts in orders and money.

    Raises UnknownUser when there are no events.
    """
    if not events:
        raise UnknownUser(f"No event names the user {user_id!r}; check the id, or ingest their events.")
    usual = usual or Usual()
    events = sorted(events, key=lambda event: event.timestamp)
    items = {event.item_id: item_of(event.item_id) for event in events if event.item_id}
    kinds = np.array([_CODES[event.type] for event in events], np.int8)
    weights = (weigh or EventWeights())(
        kinds,
        dwell_s=[np.nan if e.dwell_s is None else e.dwell_s for e in events],
        values=[np.nan if e.value is None else e.value for e in events],
    )
    age = np.maximum(now - np.array([e.timestamp for e in events]), 0) / DAY
    decayed: Floats = weights.astype(np.float64) * np.exp2(-age / half_life_days)
    bought = [e for e in events if e.type is EventType.PURCHASE]
    spent, currency = _money(events, items)
    orders = _order_times(bought)
    dwell = [e.dwell_s for e in events if e.type is EventType.VIEW and e.dwell_s is not None]
    return Profile(
        user_id=user_id,
        now=now,
        first_seen=events[0].timestamp,
        last_seen=events[-1].timestamp,
        last_order=orders[-1] if orders else None,
        counts=dict(Counter(str(e.type) for e in events)),
        active_days=len({e.timestamp // DAY for e in events}),
        orders=len(orders),
        units=float(sum(e.quantity or 1.0 for e in bought)),
        spent=spent,
        currency=currency,
        returned=sum(e.type is EventType.RETURN for e in events),
        dwell_s=float(np.median(dwell)) if dwell else None,
        prices=_prices(events, items, usual),
        categories=affinities("category", events, decayed, items, usual.shares.get("category", {}))[:most],
        brands=affinities("brand", events, decayed, items, usual.shares.get("brand", {}))[:most],
        avoids=avoided(events, items)[:most],
        searches=_searches(events, now, half_life_days)[:most],
        next_order=expect(orders, now, usual.rhythm),
        due=_due(bought, items, now)[:most],
        segment=segment,
        segment_zh=segment_zh,
    )


def _searches(events: Sequence[Event], now: float, half_life_days: float) -> tuple[Interest, ...]:
    """Queries by decayed frequency; words that differ in case or spaces are one query."""
    times: Counter[str] = Counter()
    followed: Counter[str] = Counter()
    heat: dict[str, float] = {}
    last: dict[str, float] = {}
    shown: dict[str, str] = {}
    for event in events:
        query = " ".join(event.query.casefold().split())
        if not query:
            continue
        if event.type is EventType.SEARCH:
            times[query] += 1
            shown[query] = " ".join(event.query.split())
            last[query] = event.timestamp
            heat[query] = heat.get(query, 0.0) + 2 ** -(
                max(0.0, now - event.timestamp) / DAY / half_life_days
            )
        elif event.type is not EventType.IMPRESSION:
            followed[query] += 1
    order = sorted(times, key=lambda q: (-heat[q], q))
    return tuple(Interest(shown[q], times[q], last[q], followed[q]) for q in order)


def _price(event: Event, items: Mapping[str, Item | None]) -> float | None:
    item = items.get(event.item_id)
    return event.price if event.price is not None else (item.price if item else None)


def _money(events: Sequence[Event], items: Mapping[str, Item | None]) -> tuple[float, str]:
    """What was paid less what was sent back, in the currency most of it was paid in."""
    total = 0.0
    currencies: Counter[str] = Counter()
    for event in events:
        sign = {EventType.PURCHASE: 1.0, EventType.RETURN: -1.0}.get(event.type, 0.0)
        price = _price(event, items)
        if sign and price is not None:
            total += sign * price * abs(event.quantity if event.quantity is not None else 1.0)
            item = items.get(event.item_id)
            currencies[item.currency if item else ""] += 1
    return total, currencies.most_common(1)[0][0] if currencies else ""


def _prices(events: Sequence[Event], items: Mapping[str, Item | None], usual: Usual) -> Prices | None:
    def found(*types: EventType) -> list[tuple[float, str]]:
        pairs = []
        for event in events:
            price, item = _price(event, items), items.get(event.item_id)
            if event.type in types and price:
                pairs.append((price, item.category if item else ""))
        return pairs

    bought = found(EventType.PURCHASE)
    seen = (
        bought
        if len(bought) >= 3
        else found(EventType.PURCHASE, EventType.CART, EventType.VIEW, EventType.CLICK)
    )
    if not seen:
        return None
    low, typical, high = np.quantile([price for price, _ in seen], [0.25, 0.5, 0.75])
    over = [np.log(price / usual.prices[c]) for price, c in seen if usual.prices.get(c)]
    level = float(np.exp(np.mean(over))) if over else float("nan")
    return Prices(float(low), float(typical), float(high), level, len(bought))


def _order_times(bought: Sequence[Event]) -> list[float]:
    """When each order was placed, oldest first; purchases without an order number are one order a day."""
    first: dict[str, float] = {}
    for event in bought:
        first.setdefault(event.order_id or f"\0{event.timestamp // DAY}", event.timestamp)
    return sorted(first.values())


def _due(bought: Sequence[Event], items: Mapping[str, Item | None], now: float) -> tuple[Due, ...]:
    """Items bought on three days or more, the soonest due first: fewer say nothing of a rhythm."""
    times: dict[str, set[float]] = {}
    for event in bought:
        times.setdefault(event.item_id, set()).add(event.timestamp // DAY * DAY)
    found = []
    for item_id, days in times.items():
        item = items.get(item_id)
        if item is None or len(days) < 3:
            continue
        expected = expect(sorted(days), now)
        if expected is not None:
            found.append(Due(item_id, item.title, len(days), expected))
    return tuple(sorted(found, key=lambda due: (due.expected.likely, due.item_id)))


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4) if np.isfinite(value) else None
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    if hasattr(value, "__dataclass_fields__"):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    return value
