"""What was stored about this row, word for word?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from indexes.vocabulary import open_array


@dataclass(frozen=True, eq=False)
class Records:
    """A string of bytes a row, opened memory-mapped: record r is blob[offsets[r]:offsets[r + 1]]."""

    offsets: NDArray[np.int64]
    blob: NDArray[np.uint8]

    @classmethod
    def build(cls, records: Iterable[bytes]) -> Self:
        parts = list(records)
        offsets = np.zeros(len(parts) + 1, np.int64)
        np.cumsum([len(part) for part in parts], out=offsets[1:])
        return cls(offsets, np.frombuffer(b"".join(parts), np.uint8))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> bytes:
        """The record of a row; IndexError for a row that is not there."""
        if not 0 <= row < len(self):
            raise IndexError(row)
        return self.blob[int(self.offsets[row]) : int(self.offsets[row + 1])].tobytes()

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "offsets.npy", self.offsets)
        np.save(folder / "blob.npy", self.blob)

    @classmethod
    def open(cls, folder: Path) -> Self:
        return cls(open_array(folder / "offsets.npy"), open_array(folder / "blob.npy"))
