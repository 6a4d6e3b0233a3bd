"""Is this row an item, an event, a point of a series, or why not?"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.ingest import clean
from engine.ingest.clean import RowError
from engine.store.series import Point
from engine.types import Event, EventType, Item

ITEM_COLUMNS = (
    "item_id",
    "title",
    "description",
    "category",
    "brand",
    "seller",
    "price",
    "currency",
    "stock",
    "image",
    "audio",
    "domain",
    "language",
    "available_from",
    "vector",
)
EVENT_COLUMNS = (
    "timestamp",
    "type",
    "user_id",
    "session_id",
    "item_id",
    "query",
    "quantity",
    "price",
    "value",
    "dwell_s",
    "order_id",
    "position",
    "event_id",
)
SERIES_COLUMNS = ("series_id", "date", "value")
MAX_ATTRIBUTES = 2_000
_TYPES = {kind.value: kind for kind in EventType}
_DAY = 86_400
NOBODY = "neither user_id nor session_id"
NO_ITEM = "item_id is missing"
NO_QUERY = "a search without a query"
NO_VALUE = "a rating without a value"
NEGATIVE_QUANTITY = "quantity is negative (what comes back has the type return)"


def required(row: Mapping[str, object], name: str) -> str:
    found = clean.text(row.get(name), name)
    if not found:
        raise RowError(f"{name} is missing")
    return found


def category(value: object) -> str:
    """ "A > B > C" with single spaces; a list of levels is the same."""
    if isinstance(value, list | tuple):
        value = " > ".join(clean.text(level, "category") for level in value)
    return " > ".join(level for part in clean.text(value, "category").split(">") if (level := part.strip()))


def validate_item(row: Mapping[str, Any]) -> Item:
    """The item that a row of columns describes; columns the contract does not name become attributes.

    Raises RowError. A mapping under the name `attributes` is taken for the attributes themselves.
    """
    item_id, title = required(row, "item_id"), required(row, "title")
    attributes: dict[str, Any] = {}
    loose = row.get("attributes")
    others = [(name, row[name]) for name in row if name not in ITEM_COLUMNS and name != "attributes"]
    others += list(loose.items()) if isinstance(loose, Mapping) else [("attributes", loose)]
    for name, value in others:
        label = clean.text(name, "the name of an attribute")
        if label in ITEM_COLUMNS:
            raise RowError(f"{label} stands inside attributes")
        found = clean.attribute(value, label)
        if found is not None and label:
            attributes[label] = found
    if len(attributes) > MAX_ATTRIBUTES:
        raise RowError(f"more than {MAX_ATTRIBUTES:,} attributes")
    return Item(
        item_id=item_id,
        title=title,
        description=clean.text(row.get("description"), "description", lines=True),
        category=category(row.get("category")),
        brand=clean.text(row.get("brand"), "brand"),
        seller=clean.text(row.get("seller"), "seller"),
        price=clean.at_least_zero(row.get("price"), "price"),
        currency=clean.text(row.get("currency"), "currency"),
        stock=clean.number(row.get("stock"), "stock"),
        image=clean.text(row.get("image"), "image"),
        audio=clean.text(row.get("audio"), "audio"),
        domain=clean.text(row.get("domain"), "domain"),
        language=clean.text(row.get("language"), "language"),
        available_from=clean.moment(row.get("available_from"), "available_from"),
        vector=clean.vector(row.get("vector")),
        attributes=attributes,
    )


def event_type(value: object) -> EventType:
    name = clean.text(value, "type").lower()
    if not name:
        raise RowError("type is missing")
    if name not in _TYPES:
        raise RowError(f"type is none of {', '.join(_TYPES)}", value)
    return _TYPES[name]


def validate_event(row: Mapping[str, Any], now: float | None = None) -> Event:
    """The event that a row of columns describes; other columns are not kept. `now` in Unix seconds.

    Raises RowError: no timestamp (1990 to a day from now), no known type, neither user_id nor session_id,
    no item_id except in a search, a search without a query, a rating without a value, a number that is
    none, a negative price, dwell_s or quantity. A return may count its quantity below zero.
    """
    timestamp = clean.logged(row.get("timestamp"), time.time() if now is None else now)
    kind = event_type(row.get("type"))
    event = Event(
        timestamp=timestamp,
        type=kind,
        user_id=clean.text(row.get("user_id"), "user_id"),
        session_id=clean.text(row.get("session_id"), "session_id"),
        item_id=clean.text(row.get("item_id"), "item_id"),
        query=clean.text(row.get("query"), "query"),
        quantity=clean.number(row.get("quantity"), "quantity"),
        price=clean.at_least_zero(row.get("price"), "price"),
        value=clean.number(row.get("value"), "value"),
        dwell_s=clean.at_least_zero(row.get("dwell_s"), "dwell_s"),
        order_id=clean.text(row.get("order_id"), "order_id"),
        position=clean.whole(row.get("position"), "position"),
        event_id=clean.text(row.get("event_id"), "event_id"),
    )
    if not event.user_id and not event.session_id:
        raise RowError(NOBODY)
    if not event.item_id and kind is not EventType.SEARCH:
        raise RowError(NO_ITEM)
    if not event.query and kind is EventType.SEARCH:
        raise RowError(NO_QUERY)
    if event.value is None and kind is EventType.RATING:
        raise RowError(NO_VALUE)
    if event.quantity is not None and event.quantity < 0:
        if kind is not EventType.RETURN:
            raise RowError(NEGATIVE_QUANTITY)
        return replace(event, quantity=-event.quantity)
    return event


def validate_point(row: Mapping[str, Any]) -> Point:
    """One day of a series; every column but the required ones is a regressor.

    Raises RowError. No value means that it is not known: a day to come whose regressors are planned, or
    a day out of stock. The time of day is dropped.
    """
    series_id = required(row, "series_id")
    at = clean.moment(row.get("date"), "date")
    if at is None:
        raise RowError("date is missing")
    found = {}
    for column, told in row.items():
        if column in SERIES_COLUMNS:
            continue
        name = clean.text(column, "the name of a regressor")
        x = float(told) if isinstance(told, bool) else clean.number(_nothing(told), name)
        if x is not None:
            found[name] = x
    return Point(series_id, math.floor(at / _DAY), clean.number(_nothing(row.get("value")), "value"), found)


def _nothing(value: object) -> object:
    """A series file may write a NaN for a value that is not known."""
    return None if clean.missing(value) else value
