"""Which words are there, how common are they, and which pairs stand side by side?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from indexes.typos import Neighbourhood
from indexes.vocabulary import Vocabulary, open_array

ARRAYS = ("weights", "pair_keys", "pair_weights")
# Of a slip of each kind in weight, where near words are chosen out of context.
PRICES = np.array([2.0, 2.5, 1.5, 2.0, 4.0, 3.0, 3.5, 3.0, 5.0])


@dataclass(frozen=True, eq=False)
class Lexicon:
    """Words with a weight each, pairs with theirs; opened memory-mapped.

    `weights` [n] by the word's number; a pair's key is first << 32 | second, `pair_keys` [m] ascending, and
    `pair_weights` [m] are natural logarithms of 1 + the pair's count. Only words of letters are ever near.
    """

    words: Vocabulary
    weights: NDArray[np.float32]
    pair_keys: NDArray[np.uint64]
    pair_weights: NDArray[np.float32]
    neighbourhood: Neighbourhood

    @classmethod
    def build(cls, words: Mapping[str, float], pairs: Mapping[tuple[str, str], float]) -> Self:
        """Words with their weights, and pairs of these words with their counts."""
        texts = list(words)
        vocabulary, numbers = Vocabulary.of(texts)
        number = dict(zip(texts, numbers.tolist(), strict=True))
        weights = np.zeros(len(texts), np.float32)
        weights[numbers] = np.fromiter(words.values(), np.float32, len(texts))
        keys = np.fromiter((number[a] << 32 | number[b] for a, b in pairs), np.uint64, len(pairs))
        counts = np.fromiter(pairs.values(), np.float64, len(pairs))
        order = np.argsort(keys)
        letters = [number[text] for text in texts if len(text) > 1 and text.isascii() and text.isalpha()]
        near = Neighbourhood.build(vocabulary, np.array(sorted(letters), np.int32))
        return cls(vocabulary, weights, keys[order], np.log1p(counts[order]).astype(np.float32), near)

    def number(self, word: str) -> int:
        """The word's number; -1 for a stranger."""
        return int(self.words.find([word])[0])

    def weight(self, word: str) -> float:
        """How common the word is; 0 for a stranger."""
        number = self.number(word)
        return float(self.weights[number]) if number >= 0 else 0.0

    def pair(self, first: int, second: int) -> float:
        """How common it is that these words, by number, stand side by side; 0 for strangers."""
        if min(first, second) < 0:
            return 0.0
        key = np.uint64(first << 32 | second)
        at = int(np.searchsorted(self.pair_keys, key))
        return float(self.pair_weights[at]) if at < len(self.pair_keys) and self.pair_keys[at] == key else 0.0

    def near(self, typed: str, furthest: int, n: int) -> list[tuple[str, NDArray[np.int8]]]:
        """The `n` likeliest words within `furthest` slips of `typed`, and the slips of each kind [9]."""
        numbers, slips = self.neighbourhood.near(typed, furthest)
        order = np.argsort(slips @ PRICES - self.weights[numbers], kind="stable")[:n]
        return [(self.words.text(int(numbers[i])), slips[i]) for i in order.tolist()]

    def save(self, folder: Path) -> None:
        self.words.save(folder / "words")
        self.neighbourhood.save(folder / "near")
        for name in ARRAYS:
            np.save(folder / f"{name}.npy", getattr(self, name))

    @classmethod
    def open(cls, folder: Path) -> Self:
        words = Vocabulary.open(folder / "words")
        weights, keys, pair_weights = (open_array(folder / f"{name}.npy") for name in ARRAYS)
        return cls(words, weights, keys, pair_weights, Neighbourhood.open(words, folder / "near"))
