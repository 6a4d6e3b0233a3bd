"""What does one cell of a file mean, or why does it mean nothing?"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

LIMITS = {
    "item_id": 256,
    "user_id": 256,
    "session_id": 256,
    "order_id": 256,
    "event_id": 256,
    "series_id": 256,
    "title": 4_096,
    "description": 200_000,
    "category": 1_024,
    "query": 4_096,
    "image": 4_096,
    "audio": 4_096,
}
ORDINARY_LIMIT = 10_000  # characters in any other text
MAX_DIMENSIONS = 8_192
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC).timestamp()  # before that no shop kept a log: a broken clock
SKEW_S = 86_400.0  # a clock may run ahead by a day, which also covers local time written without a zone
_FAR = datetime(9999, 1, 1, tzinfo=UTC).timestamp()

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u2060\ufeff]")
_UNDECODED = re.compile("[\udc80-\udcff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_NO_VALUE = frozenset(("", "NULL", "null", "\\N"))
_EIGHT_DIGITS = re.compile("(19|20)[0-9]{6}")


class RowError(ValueError):
    """Why a row is refused: `reason` names the kind of fault, the message shows the value too."""

    def __init__(self, reason: str, value: object = None) -> None:
        self.reason = reason
        shown = "" if value is None else repr(value)
        if len(shown) > 100:
            shown = f"{shown[:80]}... ({len(shown):,} characters)"
        super().__init__(f"{reason}: {shown}" if shown else reason)


def missing(value: object) -> bool:
    """None, a NaN and empty text are how files write that there is nothing."""
    if value is None or value == "":
        return True
    return isinstance(value, float) and math.isnan(value)


def text(value: object, name: str, *, lines: bool = False) -> str:
    """Text in NFC without control characters, spaces at its ends or (unless `lines`) runs of space.

    A number stands for its digits (12.0 is "12"); nothing is "". Raises RowError for anything else, for
    bytes that are not UTF-8 and for text longer than LIMITS allow.
    """
    if isinstance(value, str):
        clean = value
    elif value is None:
        return ""
    elif isinstance(value, bool):
        raise RowError(f"{name} is true or false instead of text", value)
    elif isinstance(value, int):
        clean = str(value)
    elif isinstance(value, float | Decimal):
        if value != value:
            return ""
        clean = str(int(value)) if math.isfinite(value) and value == int(value) else str(value)
    elif isinstance(value, bytes):
        clean = value.decode("utf-8", "surrogateescape")
    elif isinstance(value, datetime | date):
        clean = value.isoformat()
    else:
        raise RowError(f"{name} is not text", value)
    limit = LIMITS.get(name, ORDINARY_LIMIT)
    if len(clean) > limit:
        raise RowError(f"{name} is longer than {limit:,} characters", clean)
    if clean.isascii() and clean.isprintable():
        return clean.strip() if lines or "  " not in clean else " ".join(clean.split())
    if _UNDECODED.search(clean):
        raise RowError(f"{name} is not UTF-8", clean)
    clean = unicodedata.normalize("NFC", _SURROGATE.sub("\ufffd", _CONTROL.sub("", clean)))
    return clean.strip() if lines else " ".join(clean.split())


def number(value: object, name: str) -> float | None:
    """A finite number; None for nothing (None, empty text, NULL, \\N). Raises RowError for the rest."""
    if value is None:
        return None
    found = math.nan
    if isinstance(value, str):
        value = value.strip()
        if value in _NO_VALUE:
            return None
        if "_" not in value:
            try:
                found = float(value)
            except ValueError:
                found = math.nan
    elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        try:
            found = float(value)
        except OverflowError:
            found = math.inf
    if math.isnan(found):
        raise RowError(f"{name} is not a number", value)
    if math.isinf(found):
        raise RowError(f"{name} is too large", value)
    return found


def whole(value: object, name: str) -> int | None:
    """A whole number from 0; None for nothing."""
    found = number(value, name)
    if found is None:
        return None
    if found < 0 or found != int(found) or found >= 2**31:
        raise RowError(f"{name} is not a whole number from 0", value)
    return int(found)


def at_least_zero(value: object, name: str) -> float | None:
    found = number(value, name)
    if found is not None and found < 0:
        raise RowError(f"{name} is negative", value)
    return found


def moment(value: object, name: str) -> float | None:
    """Unix seconds of an ISO 8601 text, a date or a number of Unix seconds; no zone means UTC.

    None for nothing. Raises RowError for what is not a moment, milliseconds among it.
    """
    found: float | None = None
    if isinstance(value, str):
        value = value.strip()
        if value in _NO_VALUE:
            return None
        if not _EIGHT_DIGITS.fullmatch(value):
            try:
                found = float(value)
            except ValueError:
                found = None
        if found is None:
            try:
                value = datetime.fromisoformat(value)
            except ValueError:
                raise RowError(f"{name} is neither ISO 8601 nor Unix seconds", value) from None
    if isinstance(value, datetime):
        zoned = value if value.tzinfo else value.replace(tzinfo=UTC)
        try:
            return zoned.timestamp()
        except (OverflowError, ValueError):
            raise RowError(f"{name} is out of range", value) from None
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC).timestamp()
    if found is None:
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal | None):
            raise RowError(f"{name} is neither ISO 8601 nor Unix seconds", value)
        found = number(value, name)
        if found is None:
            return None
    if not math.isfinite(found):
        raise RowError(f"{name} is neither ISO 8601 nor Unix seconds", value)
    if abs(found) > _FAR:
        raise RowError(f"{name} is out of range (Unix time counts seconds, not milliseconds)", value)
    return found


def logged(value: object, now: float) -> float:
    """The moment of an event: neither before 1990 nor more than a day after `now` (Unix seconds)."""
    found = moment(value, "timestamp")
    if found is None:
        raise RowError("timestamp is missing")
    if found < EARLIEST:
        raise RowError("timestamp is before 1990", value)
    if found > now + SKEW_S:
        raise RowError("timestamp is more than a day in the future", value)
    return found


def vector(value: object) -> tuple[float, ...] | None:
    """A list of finite numbers, not all zero: a sequence, or text such as "[0.1, 0.2]" or "0.1 0.2"."""
    if missing(value):
        return None
    if isinstance(value, str):
        try:
            value = json.loads(value) if value.lstrip().startswith("[") else value.replace(",", " ").split()
        except ValueError:
            raise RowError("vector is not a list of numbers", value) from None
    if not isinstance(value, list | tuple):
        raise RowError("vector is not a list of numbers", value)
    if not 0 < len(value) <= MAX_DIMENSIONS:
        raise RowError(f"vector has {len(value):,} numbers; 1 to {MAX_DIMENSIONS:,} are possible")
    found = []
    for one in value:
        x = number(one, "vector")
        if x is None or abs(x) > 3e38:
            raise RowError("vector is not a list of numbers", one)
        found.append(x)
    if not any(found):
        raise RowError("vector is all zeros")
    return tuple(found)


def attribute(value: Any, name: str) -> str | float | bool | list[str] | None:
    """An attribute keeps its type: text, a number, true or false, or a list of text; None for nothing."""
    if missing(value):
        return None
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float | Decimal):
        return number(value, name)
    if isinstance(value, list | tuple):
        words = [text(one, name) for one in value if not isinstance(one, bool)]
        words += [str(one).lower() for one in value if isinstance(one, bool)]
        return [word for word in words if word] or None
    if isinstance(value, dict):
        raise RowError(
            f"{name} holds an object; an attribute is text, a number, true/false or a list of text"
        )
    return text(value, name, lines=True) or None
