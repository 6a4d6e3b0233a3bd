"""Which values move through the engine, and which shapes of code move them?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from indexes.ranking import Mask, Ranking, Rows
from indexes.trend import TrendIndex

Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]


class EventType(StrEnum):
    SEARCH = "search"
    IMPRESSION = "impression"
    VIEW = "view"
    CLICK = "click"
    CART = "cart"
    PURCHASE = "purchase"
    RETURN = "return"
    RATING = "rating"
    DISMISS = "dismiss"


EVENT_TYPES: tuple[EventType, ...] = tuple(EventType)  # the code of a type is its place here


@dataclass(frozen=True)
class Item:
    """One thing a shop sells. Columns the contract does not name are `attributes`."""

    item_id: str
    title: str
    description: str = ""
    category: str = ""
    brand: str = ""
    seller: str = ""
    price: float | None = None
    currency: str = ""
    stock: float | None = None
    image: str = ""
    audio: str = ""
    domain: str = ""
    language: str = ""
    available_from: float | None = None  # Unix seconds
    vector: tuple[float, ...] | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)  # str, float, bool or a list of str


@dataclass(frozen=True)
class Event:
    """One raw fact from the log. `timestamp` in Unix seconds; `event_id` makes a retry harmless."""

    timestamp: float
    type: EventType
    user_id: str = ""
    session_id: str = ""
    item_id: str = ""
    query: str = ""
    quantity: float | None = None
    price: float | None = None
    value: float | None = None
    dwell_s: float | None = None
    order_id: str = ""
    position: int | None = None
    event_id: str = ""


@dataclass(frozen=True, eq=False)
class Interactions:
    """Weighted user-item facts, oldest first. Every array is [n].

    `users` and `items` are rows; `kinds` are places in EVENT_TYPES; `orders` number the baskets, -1
    for none; `times` are Unix seconds; `values` hold ratings, NaN elsewhere; `quantities` units sold.
    An anonymous session counts as a user of its own.
    """

    users: NDArray[np.int32]
    items: NDArray[np.int32]
    weights: NDArray[np.float32]
    times: Floats
    kinds: NDArray[np.int8]
    orders: NDArray[np.int32]
    values: NDArray[np.float32]
    quantities: NDArray[np.float32]
    n_users: int
    n_items: int

    def __len__(self) -> int:
        return len(self.users)

    def where(self, mask: Mask) -> Interactions:
        """The facts that `mask` [n] keeps; the rows of users and items stay as they are."""
        return Interactions(
            self.users[mask],
            self.items[mask],
            self.weights[mask],
            self.times[mask],
            self.kinds[mask],
            self.orders[mask],
            self.values[mask],
            self.quantities[mask],
            self.n_users,
            self.n_items,
        )


@dataclass(frozen=True, eq=False)
class History:
    """What one user did, oldest first: rows, weights (0 = counts against), Unix seconds, kinds; each [n]."""

    rows: Rows
    weights: NDArray[np.float32]
    times: Floats
    kinds: NDArray[np.int8]

    @classmethod
    def of(
        cls,
        rows: Sequence[int] | Rows,
        weights: Sequence[float] | NDArray[np.float32] | None = None,
        times: Sequence[float] | Floats | None = None,
        kinds: Sequence[int] | NDArray[np.int8] | None = None,
    ) -> History:
        row = np.asarray(rows, np.int64)
        n = len(row)
        view = EVENT_TYPES.index(EventType.VIEW)
        return cls(
            row,
            np.ones(n, np.float32) if weights is None else np.asarray(weights, np.float32),
            np.arange(n, dtype=np.float64) if times is None else np.asarray(times, np.float64),
            np.full(n, view, np.int8) if kinds is None else np.asarray(kinds, np.int8),
        )

    def __len__(self) -> int:
        return len(self.rows)


NO_HISTORY = History.of([])


@dataclass(frozen=True, eq=False)
class Query:
    """All that is known when a request arrives. Search fills text, similar seeds, recommend history."""

    text: str = ""
    vector: Vectors | None = None  # [d], brought by the caller instead of text
    seeds: tuple[int, ...] = ()
    history: History = NO_HISTORY
    user: str | None = None
    user_row: int | None = None  # the user's row in the learned tables, where there is one
    allowed: Mask | None = None  # [n_items]; None = every row
    weights: Mapping[str, float] = field(default_factory=dict)  # relevance, personalization, trend, ...
    now: float = 0.0  # Unix seconds
    trend: TrendIndex | None = None  # demand as it stands now; None = as the rebuild left it


@dataclass(frozen=True, eq=False)
class Evidence:
    """What every leg says of every candidate: the one table that fusions and explanations read.

    `rows` [n]; `legs` names [m]; `scores` [n, m], exact in every leg, NaN where a leg has nothing to go
    on; `ranks` [n, m], from 1 in the leg's own list, NaN where the leg did not retrieve the row; `floors`
    [m], the lowest score a leg could give in theory, -inf where there is none.
    """

    rows: Rows
    legs: tuple[str, ...]
    scores: Floats
    ranks: Floats
    floors: Floats

    def leg(self, name: str) -> Floats:
        """The scores [n] of one leg; all NaN when the leg was not asked."""
        if name not in self.legs:
            return np.full(len(self.rows), np.nan)
        return self.scores[:, self.legs.index(name)]


class Retriever(Protocol):
    """Finds candidates. With nothing to go on it answers Ranking.empty(); it never raises for the unknown."""

    @property
    def floor(self) -> float:
        """The lowest score it could give in theory; -inf where there is none."""
        ...

    def __call__(self, query: Query, k: int) -> Ranking: ...

    def score(self, query: Query, rows: Rows) -> NDArray[Any]:
        """The exact score [n] of given `rows` [n]: what __call__ would say; NaN = nothing to go on."""
        ...


class Fusion(Protocol):
    """Makes one score of many: contributions [n, m] of every leg; a row's sum is its score."""

    def __call__(self, query: Query, evidence: Evidence) -> Floats: ...


class Encoder(Protocol):
    """Text to unit vectors. `name` says which model, whole: it is part of the cache's key."""

    name: str
    dim: int

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """[n, dim], unit length; a row of zeros for a text in which the model knows nothing."""
        ...


class Index(Protocol):
    """What fitting or building leaves behind: immutable arrays that are saved and opened."""

    def save(self, folder: Any) -> None: ...

    @classmethod
    def open(cls, folder: Any) -> Self: ...


class Learner(Protocol):
    """Learns from behaviour and leaves an index. Parameters are the learner's own frozen fields."""

    def fit(self, interactions: Interactions) -> Index: ...


@dataclass(frozen=True, eq=False)
class Forecast:
    """Tomorrow's demand: `mean` [h]; `lower` and `upper` [h] by level, in percent (80, 95)."""

    mean: Floats
    lower: Mapping[int, Floats] = field(default_factory=dict)
    upper: Mapping[int, Floats] = field(default_factory=dict)


class Forecaster(Protocol):
    """fit learns one series: y [t] (NaN = not on sale), regressors X [t, p]; predict is h steps on."""

    def fit(self, y: Floats, X: Floats | None = None) -> Self: ...

    def predict(self, h: int, X: Floats | None = None, levels: Sequence[int] = ()) -> Forecast: ...
