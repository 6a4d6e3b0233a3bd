"""Which known strings begin with what was typed, and which are the likeliest?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from indexes.vocabulary import open_array

ARRAYS = ("blob", "offsets", "weights", "masses")
SPLIT = b"\x1f"  # between what is typed and what it stands for, where the two differ


@dataclass(frozen=True, eq=False)
class PrefixIndex:
    """Strings in the order of their bytes, each with a weight; opened memory-mapped.

    The UTF-8 of string i is blob[offsets[i]:offsets[i + 1]]; `weights` [n]; `masses` [n + 1] are running sums of
    the weights. A string may be written key SPLIT text: it is found by the key and stands for the text.
    """

    blob: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    weights: NDArray[np.float32]
    masses: NDArray[np.float64]

    @classmethod
    def build(cls, weights: Mapping[str, float]) -> Self:
        """Index strings with their weights."""
        pairs = sorted((text.encode(), weight) for text, weight in weights.items())
        offsets = np.zeros(len(pairs) + 1, np.int64)
        np.cumsum([len(text) for text, _ in pairs], out=offsets[1:])
        values = np.array([weight for _, weight in pairs], np.float32)
        masses = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
        return cls(np.frombuffer(b"".join(text for text, _ in pairs), np.uint8), offsets, values, masses)

    @classmethod
    def keyed(cls, entries: Mapping[tuple[str, str], float]) -> Self:
        """Index (key, text) -> weight."""
        split = SPLIT.decode()
        return cls.build({f"{key}{split}{text}": weight for (key, text), weight in entries.items()})

    def __len__(self) -> int:
        return len(self.weights)

    def span(self, prefix: str) -> tuple[int, int]:
        """The strings that begin with `prefix`: from, to."""
        start = prefix.encode()
        return self._place(start), self._place(start + b"\xff")

    def mass(self, prefix: str) -> float:
        """The weight of all strings that begin with `prefix`."""
        low, high = self.span(prefix)
        return float(self.masses[high] - self.masses[low])

    def best(self, prefix: str, n: int) -> list[tuple[str, float]]:
        """The `n` heaviest strings that begin with `prefix`, heaviest first, ties in the order of bytes."""
        low, high = self.span(prefix)
        weights = self.weights[low:high]
        if n < len(weights):
            cut = np.partition(weights, -n)[-n]
            places = np.flatnonzero(weights >= cut)
        else:
            places = np.arange(len(weights))
        order = places[np.lexsort((places, -weights[places]))][:n]
        return [(self._text(low + place), float(weights[place])) for place in order.tolist()]

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name in ARRAYS:
            np.save(folder / f"{name}.npy", getattr(self, name))

    @classmethod
    def open(cls, folder: Path) -> Self:
        return cls(*(open_array(folder / f"{name}.npy") for name in ARRAYS))

    def _bytes(self, place: int) -> bytes:
        return self.blob[self.offsets[place] : self.offsets[place + 1]].tobytes()

    def _text(self, place: int) -> str:
        return self._bytes(place).rsplit(SPLIT, 1)[-1].decode()

    def _place(self, wanted: bytes) -> int:
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) >> 1
            if self._bytes(middle) < wanted:
                low = middle + 1
            else:
                high = middle
        return low
