"""Which row has this id, and which id has this row?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexes.records import Records


class Identifiers:
    """Unique strings and their rows, in both directions; memory-mapped, no Python object per id.

    The look-up is a binary search among sorted 64-bit hashes; the id itself is compared, so a collision of
    hashes is harmless.
    """

    def __init__(self, texts: Records, hashes: NDArray[np.uint64], rows: NDArray[np.int64]):
        self._texts, self._hashes, self._rows = texts, hashes, rows

    @classmethod
    def build(cls, ids: Iterable[str]) -> Identifiers:
        encoded = [text.encode() for text in ids]
        hashes = np.array([_hash(text) for text in encoded], np.uint64)
        order = np.argsort(hashes, kind="stable")
        return cls(Records.build(encoded), hashes[order], order.astype(np.int64))

    def __len__(self) -> int:
        return len(self._texts)

    def id(self, row: int) -> str:
        return self._texts[row].decode()

    def ids(self, rows: Iterable[int]) -> list[str]:
        return [self.id(int(row)) for row in rows]

    def row(self, text: str) -> int:
        """The row of an id; -1 when unknown."""
        encoded = text.encode()
        wanted = np.uint64(_hash(encoded))
        at = int(np.searchsorted(self._hashes, wanted))
        while at < len(self._hashes) and self._hashes[at] == wanted:
            row = int(self._rows[at])
            if self._texts[row] == encoded:
                return row
            at += 1
        return -1

    def rows(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """The rows [n] of ids; -1 where unknown."""
        return np.array([self.row(text) for text in texts], np.int64)

    def save(self, folder: Path) -> None:
        self._texts.save(folder)
        np.save(folder / "hashes.npy", self._hashes)
        np.save(folder / "rows.npy", self._rows)

    @classmethod
    def open(cls, folder: Path) -> Identifiers:
        hashes, rows = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("hashes", "rows"))
        return cls(Records.open(folder), hashes, rows)


def _hash(text: bytes) -> int:
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "little")
