"""How does what a caller sent become the values that a request reads?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import time
from typing import Any

import numpy as np

from engine.errors import BadQuery
from engine.ingest import RowError, validate_event
from engine.types import History
from indexes.ranking import Mask


def checked_event(row: Mapping[str, Any]) -> Any:
    """An event of a session that a caller sent along; it needs neither user nor session id."""
    try:
        return validate_event({"session_id": "-", "timestamp": time(), **row})
    except RowError as error:
        raise BadQuery(f"The session holds an event that cannot be read: {error}.") from error


def checked(validate: Callable[[Mapping[str, Any]], Any], row: Mapping[str, Any], place: int) -> Any:
    """A row that a caller sent, the `place`-th; raises BadQuery."""
    try:
        return validate(row)
    except RowError as error:
        raise BadQuery(f"Row {place}: {error}.") from error


def clean(text: str) -> str:
    """What was typed, without control characters and outer spaces."""
    return "".join(c if c.isprintable() else " " for c in text).strip()


def within(first: Mask | None, second: Mask | None) -> Mask | None:
    """Both masks at once; None = every row."""
    if first is None or second is None:
        return second if first is None else first
    return first & second


def unit_vector(vector: Sequence[float]) -> Any:
    values = np.asarray(vector, np.float32)
    length = float(np.linalg.norm(values))
    if values.ndim != 1 or not np.isfinite(length):
        raise BadQuery("`vector` must be a list of finite numbers.")
    return values / length if length > 0 else values


def joined(first: History, second: History) -> History:
    return History(
        *(
            np.concatenate([getattr(first, name), getattr(second, name)])
            for name in ("rows", "weights", "times", "kinds")
        )
    )
