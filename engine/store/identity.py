"""When are two events the same event?"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from engine.store.table import NUMBERS, VOCABULARIES, EventTable

DIGEST_BYTES = 16


def _short_hashes(words: Sequence[str]) -> NDArray[np.uint64]:
    """A 64-bit hash of each word; 0 stands for none and is appended, so that code -1 finds it."""
    hashes = b"".join(blake2b(word.encode(), digest_size=8).digest() for word in words)
    return np.append(np.frombuffer(hashes, "<u8"), np.uint64(0))


def records(table: EventTable) -> NDArray[np.void]:
    """Each event as one fixed-width record [n] that says everything the contract names of it.

    Equal events give equal bytes on every machine: names by their hash, numbers as little-endian floats,
    with one NaN and no negative zero.
    """
    layout = [("timestamp", "<f8"), ("type", "<i1"), ("position", "<i4")]
    layout += [(name, "<f8") for name in NUMBERS] + [(name, "<u8") for name in VOCABULARIES]
    out = np.zeros(len(table), np.dtype(layout))
    out["timestamp"] = table.timestamp + 0.0
    out["type"] = table.type
    out["position"] = table.position
    for name in NUMBERS:
        values = getattr(table, name)
        out[name] = np.where(np.isnan(values), np.nan, values + 0.0)
    for name, vocabulary in VOCABULARIES.items():
        out[name] = _short_hashes(getattr(table, vocabulary))[getattr(table, name)]
    return out.view(np.dtype((np.void, out.dtype.itemsize)))


class Occurrences:
    """How often has each identical event been met so far?

    A basket may hold the same line twice, and both are facts; the same file read twice is not. So an
    event's identity includes its number among the identical events of one file (or of one call): the
    first is 0. Memory: 12 bytes an event.
    """

    def __init__(self) -> None:
        self._keys = np.empty(0, np.uint64)
        self._counts = np.empty(0, np.int32)

    def number(self, keys: NDArray[np.uint64]) -> NDArray[np.int32]:
        """Which occurrence [n], from 0, each of `keys` [n] is; the keys are then counted as met."""
        distinct, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
        order = np.argsort(inverse, kind="stable")
        starts = np.cumsum(counts) - counts
        within = np.empty(len(keys), np.int64)
        within[order] = np.arange(len(keys)) - np.repeat(starts, counts)

        at = np.searchsorted(self._keys, distinct)
        known = np.zeros(len(distinct), np.bool_)
        inside = at < len(self._keys)
        known[inside] = self._keys[at[inside]] == distinct[inside]
        before = np.zeros(len(distinct), np.int32)
        before[known] = self._counts[at[known]]
        self._counts[at[known]] += counts[known].astype(np.int32)
        fresh = ~known
        self._keys = np.insert(self._keys, at[fresh], distinct[fresh])
        self._counts = np.insert(self._counts, at[fresh], counts[fresh].astype(np.int32))
        return (before[inverse] + within).astype(np.int32)


def default_ids(table: EventTable, seen: Occurrences | None = None) -> list[bytes]:
    """The event_id [n] of events that bring none: BLAKE2b-128 of the record and its occurrence number."""
    if not len(table):
        return []
    rows = records(table)
    width = rows.dtype.itemsize
    whole = rows.tobytes()
    digests = [
        blake2b(whole[i : i + width], digest_size=DIGEST_BYTES).digest() for i in range(0, len(whole), width)
    ]
    keys = np.frombuffer(b"".join(digests), "<u8")[::2]
    numbers = (seen or Occurrences()).number(keys)
    for i in np.flatnonzero(numbers).tolist():
        again = digests[i] + int(numbers[i]).to_bytes(4, "little")
        digests[i] = blake2b(again, digest_size=DIGEST_BYTES).digest()
    return digests


def to_stored(event_id: str) -> str | bytes:
    """How an event_id is kept: the hexadecimal form of a default id as its 16 bytes, any other as text."""
    if len(event_id) == 2 * DIGEST_BYTES and not event_id.strip("0123456789abcdef"):
        return bytes.fromhex(event_id)
    return event_id


def from_stored(event_id: str | bytes) -> str:
    return event_id.hex() if isinstance(event_id, bytes) else event_id
