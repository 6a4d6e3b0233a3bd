"""Which number does a string have, without loading a million strings?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

FILES = ("hashes", "offsets", "blob")


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Distinct strings, numbered in the order of their hashes; opened memory-mapped, no string is made.

    `hashes` [n] ascending; the UTF-8 of string i is blob[offsets[i]:offsets[i + 1]]. A lookup compares
    the bytes as well, so two strings with one hash are still told apart.
    """

    hashes: NDArray[np.uint64]
    offsets: NDArray[np.int64]
    blob: NDArray[np.uint8]

    @classmethod
    def of(cls, strings: Sequence[str]) -> tuple[Self, NDArray[np.int64]]:
        """The vocabulary of distinct `strings` [n], and the number [n] each of them got."""
        encoded = [text.encode() for text in strings]
        order = np.argsort(_hashes(encoded), kind="stable")
        parts = [encoded[i] for i in order.tolist()]
        offsets = np.zeros(len(parts) + 1, np.int64)
        np.cumsum([len(part) for part in parts], out=offsets[1:])
        numbers = np.empty(len(parts), np.int64)
        numbers[order] = np.arange(len(parts))
        return cls(_hashes(parts), offsets, np.frombuffer(b"".join(parts), np.uint8)), numbers

    def __len__(self) -> int:
        return len(self.hashes)

    def __iter__(self) -> Iterator[str]:
        """Every string, in the order of the numbers."""
        blob, offsets = self.blob.tobytes(), self.offsets.tolist()
        for start, end in pairwise(offsets):
            yield blob[start:end].decode()

    def find(self, strings: Sequence[str]) -> NDArray[np.int64]:
        """The number [n] of each of `strings`; -1 for a stranger."""
        encoded = [text.encode() for text in strings]
        wanted = _hashes(encoded)
        found = np.full(len(encoded), -1, np.int64)
        for i, at in enumerate(np.searchsorted(self.hashes, wanted).tolist()):
            while at < len(self.hashes) and self.hashes[at] == wanted[i]:
                if self._bytes(at) == encoded[i]:
                    found[i] = at
                    break
                at += 1
        return found

    def text(self, number: int) -> str:
        return self._bytes(number).decode()

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            np.save(folder / f"{name}.npy", getattr(self, name))

    @classmethod
    def open(cls, folder: Path) -> Self:
        return cls(*(open_array(folder / f"{name}.npy") for name in FILES))

    def _bytes(self, number: int) -> bytes:
        return self.blob[self.offsets[number] : self.offsets[number + 1]].tobytes()


def open_array(path: Path) -> NDArray[Any]:
    """An array memory-mapped for reading; a plain view, so that every reader sees one array type."""
    mapped: NDArray[Any] = np.load(path, mmap_mode="r" if path.stat().st_size > 256 else None)
    plain = np.asarray(mapped)
    plain.flags.writeable = False
    return plain


def _hashes(encoded: Sequence[bytes]) -> NDArray[np.uint64]:
    digests = b"".join(blake2b(part, digest_size=8).digest() for part in encoded)
    return np.frombuffer(digests, "<u8").astype(np.uint64)
