"""How is an item written down, and read again?"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from engine.types import Item, Vectors

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


def own_vectors(items: Sequence[Item], notes: list[str]) -> Vectors | None:
    """The vectors that the catalogue brought, unit length, zeros for an item without; None when none has."""
    sizes = Counter(len(item.vector) for item in items if item.vector)
    if not sizes:
        return None
    dim = sizes.most_common(1)[0][0]
    if len(sizes) > 1:
        odd = sum(count for size, count in sizes.items() if size != dim)
        notes.append(f"{odd:,} items brought vectors of another length than {dim}; they were left out.")
    vectors = np.zeros((len(items), dim), np.float32)
    for row, item in enumerate(items):
        if item.vector and len(item.vector) == dim:
            vectors[row] = item.vector
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = np.divide(vectors, lengths, out=vectors, where=lengths > 0)
    return unit
