"""Which row has this id, and which id has this row?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from indexes.ranking import Rows
from indexes.vocabulary import Vocabulary, open_array


@dataclass(frozen=True, eq=False)
class Identifiers:
    """Distinct ids and their rows, in both directions; opened memory-mapped, no Python object per id."""

    vocabulary: Vocabulary
    row_of: NDArray[np.int64]  # number in the vocabulary -> row
    number_of: NDArray[np.int64]  # row -> number in the vocabulary

    @classmethod
    def build(cls, ids: Sequence[str]) -> Self:
        vocabulary, numbers = Vocabulary.of(ids)
        return cls(vocabulary, np.argsort(numbers), numbers)

    def __len__(self) -> int:
        return len(self.number_of)

    def id(self, row: int) -> str:
        return self.vocabulary.text(int(self.number_of[row]))

    def ids(self, rows: Iterable[int]) -> list[str]:
        return [self.id(int(row)) for row in rows]

    def row(self, text: str) -> int:
        """The row of an id; -1 when unknown."""
        return int(self.rows([text])[0])

    def rows(self, texts: Sequence[str]) -> Rows:
        """The rows [n] of ids; -1 where unknown."""
        numbers = self.vocabulary.find(texts)
        if not len(self):
            return np.full(len(texts), -1, np.int64)
        return np.where(numbers < 0, -1, self.row_of[numbers])

    def save(self, folder: Path) -> None:
        self.vocabulary.save(folder)
        np.save(folder / "row_of.npy", self.row_of)
        np.save(folder / "number_of.npy", self.number_of)

    @classmethod
    def open(cls, folder: Path) -> Self:
        return cls(
            Vocabulary.open(folder), open_array(folder / "row_of.npy"), open_array(folder / "number_of.npy")
        )
