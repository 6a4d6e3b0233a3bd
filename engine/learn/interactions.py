"""How much does one event say about a user and an item?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.types import EVENT_TYPES, EventType, Interactions

KIND = {kind: code for code, kind in enumerate(EVENT_TYPES)}
BY_TYPE: Mapping[str, float] = {
    EventType.SEARCH: 0.0,
    EventType.IMPRESSION: 0.0,
    EventType.VIEW: 0.2,
    EventType.CLICK: 0.2,
    EventType.CART: 0.6,
    EventType.PURCHASE: 1.0,
    EventType.RETURN: -0.8,
    EventType.RATING: 1.0,
    EventType.DISMISS: -1.0,
}


@dataclass(frozen=True)
class EventWeights:
    """What an event of each type is worth. Recency is not in here: every learner has its own half-life.

    A view of `dwell_s` seconds is worth view * (0.5 + dwell / (dwell + dwell_half_s)): a glance half of a
    view, a long read one and a half. A rating v on 1..`best_value` is worth rating * (v - neutral) /
    (best - neutral) above `neutral_value`, and counts against below it. `quantity_power` makes n units
    worth n^power.
    """

    by_type: Mapping[str, float] = field(default_factory=lambda: dict(BY_TYPE))
    dwell_half_s: float = 30.0
    neutral_value: float = 2.5
    best_value: float = 5.0
    quantity_power: float = 0.0

    def __call__(
        self,
        kinds: NDArray[np.int8],
        *,
        dwell_s: ArrayLike | None = None,
        values: ArrayLike | None = None,
        quantities: ArrayLike | None = None,
    ) -> NDArray[np.float32]:
        """Weights [n] of events of `kinds` [n] (places in EVENT_TYPES); NaN in a column = not known."""
        table = np.array([float(self.by_type.get(kind, 0.0)) for kind in EVENT_TYPES])
        weights = table[kinds]
        if dwell_s is not None:
            dwell = np.asarray(dwell_s, np.float64)
            factor = 0.5 + dwell / (dwell + self.dwell_half_s)
            weights = np.where((kinds == KIND[EventType.VIEW]) & (dwell >= 0), weights * factor, weights)
        if values is not None:
            value = np.asarray(values, np.float64)
            share = np.clip((value - self.neutral_value) / (self.best_value - self.neutral_value), -1.0, 1.0)
            rated = (kinds == KIND[EventType.RATING]) & np.isfinite(value)
            weights = np.where(rated, weights * share, weights)
        if quantities is not None and self.quantity_power:
            quantity = np.nan_to_num(np.asarray(quantities, np.float64), nan=1.0)
            weights = weights * np.maximum(np.abs(quantity), 1.0) ** self.quantity_power
        return weights.astype(np.float32)


def make_interactions(
    *,
    users: ArrayLike,
    items: ArrayLike,
    times: ArrayLike,
    n_users: int,
    n_items: int,
    kinds: ArrayLike | None = None,
    orders: ArrayLike | None = None,
    values: ArrayLike | None = None,
    quantities: ArrayLike | None = None,
    dwell_s: ArrayLike | None = None,
    event_weights: EventWeights | None = None,
) -> Interactions:
    """Interactions from columns [n] of a log in any order; rows with user or item < 0 are left out.

    `users` are rows (an anonymous session is a user of its own), `kinds` default to purchase. An event
    whose weight is 0 stays (its time and place in the visit may matter) unless it has no item.
    """
    item = np.asarray(items, np.int64)
    user = np.asarray(users, np.int64)
    time = np.asarray(times, np.float64)
    n = len(item)
    purchase = KIND[EventType.PURCHASE]
    kind = np.full(n, purchase, np.int8) if kinds is None else np.asarray(kinds, np.int8)
    order = np.full(n, -1, np.int32) if orders is None else np.asarray(orders, np.int32)
    nan = np.full(n, np.nan, np.float32)
    value = nan if values is None else np.asarray(values, np.float32)
    quantity = nan if quantities is None else np.asarray(quantities, np.float32)
    weigh = EventWeights() if event_weights is None else event_weights
    weight = weigh(kind, dwell_s=dwell_s, values=value, quantities=quantity)
    keep = np.flatnonzero((item >= 0) & (user >= 0))
    keep = keep[np.argsort(time[keep], kind="stable")]
    return Interactions(
        user[keep].astype(np.int32),
        item[keep].astype(np.int32),
        weight[keep],
        time[keep],
        kind[keep],
        order[keep],
        value[keep],
        quantity[keep],
        n_users,
        n_items,
    )
