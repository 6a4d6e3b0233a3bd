"""How is an item written down, and read again?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from engine.types import Item

COLUMNS = tuple(field.name for field in fields(Item) if field.name not in ("item_id", "vector", "attributes"))
_DEFAULTS = {field.name: field.default for field in fields(Item)}


def pack(item: Item) -> bytes:
    """An item as compact JSON, without its vector and without what it does not say."""
    body: dict[str, Any] = {"item_id": item.item_id}
    for name in COLUMNS:
        value = getattr(item, name)
        if value != _DEFAULTS.get(name, ""):
            body[name] = value
    if item.attributes:
        body["attributes"] = dict(item.attributes)
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def unpack(body: bytes) -> Item:
    """The item that `pack` wrote."""
    return Item(**json.loads(body))


def columns_of(item: Item) -> dict[str, Any]:
    """An item as flat columns, attributes beside the known ones: what is shown, filtered and counted."""
    known: Mapping[str, Any] = {name: getattr(item, name) for name in COLUMNS if name != "title"}
    return {
        **{name: value for name, value in item.attributes.items() if name not in _DEFAULTS},
        **{name: value for name, value in known.items() if value not in (None, "")},
    }
