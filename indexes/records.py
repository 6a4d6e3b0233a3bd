"""What was stored about this row, word for word?"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


class Records:
    """One string of bytes a row, memory-mapped."""

    def __init__(self, blob: NDArray[np.uint8], ends: NDArray[np.int64]):
        self._blob, self._ends = blob, ends

    @classmethod
    def build(cls, records: Iterable[bytes]) -> Records:
        parts = list(records)
        return cls(
            np.frombuffer(b"".join(parts), np.uint8), np.cumsum([len(p) for p in parts], dtype=np.int64)
        )

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, row: int) -> bytes:
        """The record of a row; IndexError for a row that is not there."""
        if not 0 <= row < len(self._ends):
            raise IndexError(row)
        start = int(self._ends[row - 1]) if row else 0
        return self._blob[start : int(self._ends[row])].tobytes()

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "blob.npy", self._blob)
        np.save(folder / "ends.npy", self._ends)

    @classmethod
    def open(cls, folder: Path) -> Records:
        return cls(np.load(folder / "blob.npy", mmap_mode="r"), np.load(folder / "ends.npy", mmap_mode="r"))
