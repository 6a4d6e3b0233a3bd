"""Which known words may a slip of the fingers have turned into the one that was typed?

Every known word is looked at, for there are only some hundred thousand: two words that are `n` slips apart differ
in at most 2 n bits of which letters they hold once and twice, so that one instruction rules most of them out. The
rest are aligned (optimal string alignment: Damerau 1964) with the kinds of slips told apart (Kernighan, Church and
Gale, "A Spelling Correction Program Based on a Noisy Channel Model", COLING 1990).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from indexes.postings import compiled
from indexes.vocabulary import Vocabulary, open_array

KINDS = ("transposed", "doubled", "undoubled", "missing", "extra", "vowel", "near", "sounding", "other")
# What an alignment pays for a match and for each of KINDS: the fewest slips, and of two such ways the likelier.
COSTS = np.array([0.0, 1.02, 1.0, 1.0, 1.06, 1.06, 1.03, 1.05, 1.04, 1.1])
LONGEST = 31  # letters; a longer word is never looked for
ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
ALIKE = tuple(zip("ccskgfdbmw", "kszqjvtpnv", strict=True))
_VOWEL, _NEAR, _SOUNDING, _OTHER = 6, 7, 8, 9


def _substitutions() -> NDArray[np.int8]:
    """The kind, from 1, of one byte in place of another."""
    kinds = np.full((256, 256), _OTHER, np.int8)
    places = {letter: (row, at + row / 2) for row, keys in enumerate(ROWS) for at, letter in enumerate(keys)}
    for a, (row_a, at_a) in places.items():
        for b, (row_b, at_b) in places.items():
            if abs(row_a - row_b) <= 1 and abs(at_a - at_b) <= 1:
                kinds[ord(a), ord(b)] = _NEAR
    for a, b in ALIKE:
        kinds[ord(a), ord(b)] = kinds[ord(b), ord(a)] = _SOUNDING
    for a in "aeiouy":
        for b in "aeiouy":
            kinds[ord(a), ord(b)] = _VOWEL
    return kinds


SUBSTITUTIONS = _substitutions()


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """The words of a vocabulary that may have been meant.

    `numbers` [n] are theirs in `words`; `letters` [n] have bit l set for letter l, bit 26 + l for two of it.
    """

    words: Vocabulary
    numbers: NDArray[np.int32]
    letters: NDArray[np.uint64]

    @classmethod
    def build(cls, words: Vocabulary, numbers: NDArray[np.int32]) -> Self:
        """Index the words with the given `numbers` [n]."""
        return cls(words, numbers, _letters(words.blob, words.offsets, numbers))

    def near(self, typed: str, furthest: int) -> tuple[NDArray[np.int32], NDArray[np.int8]]:
        """Words [k] at most `furthest` slips from `typed`, and how many there are of each of KINDS [k, 9]."""
        encoded = np.frombuffer(typed.encode(), np.uint8)
        if not 0 < len(encoded) <= LONGEST:
            return np.empty(0, np.int32), np.empty((0, len(KINDS)), np.int8)
        mine = _letters(encoded, np.array([0, len(encoded)]), np.zeros(1, np.int32))[0]
        offsets = self.words.offsets
        places = _possible(len(encoded), mine, offsets, self.numbers, self.letters, furthest)
        numbers = self.numbers[places]
        counts = align(encoded, self.words.blob, offsets, numbers, SUBSTITUTIONS, COSTS, furthest)
        fits = counts[:, 0] >= 0
        return numbers[fits], counts[fits]

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "numbers.npy", self.numbers)
        np.save(folder / "letters.npy", self.letters)

    @classmethod
    def open(cls, words: Vocabulary, folder: Path) -> Self:
        return cls(words, open_array(folder / "numbers.npy"), open_array(folder / "letters.npy"))


@compiled
def _letters(
    blob: NDArray[Any], offsets: NDArray[Any], numbers: NDArray[Any]
) -> NDArray[Any]:  # pragma: no cover
    found = np.zeros(len(numbers), np.uint64)
    for place in range(len(numbers)):
        bits = np.uint64(0)
        for at in range(offsets[numbers[place]], offsets[numbers[place] + 1]):
            letter = blob[at] - 97
            if 0 <= letter < 26:
                bit = np.uint64(1) << np.uint64(letter)
                bits |= bit << np.uint64(26) if bits & bit else bit
        found[place] = bits
    return found


@compiled
def _possible(
    length: int,
    mine: int,
    offsets: NDArray[Any],
    numbers: NDArray[Any],
    letters: NDArray[Any],
    furthest: int,
) -> NDArray[Any]:  # pragma: no cover - compiled
    """The places of words that could be near enough, by their length and letters."""
    found = np.empty(len(numbers), np.int64)
    n = 0
    for place in range(len(numbers)):
        bits = mine ^ letters[place]
        left = 2 * furthest
        while bits and left >= 0:
            bits &= bits - np.uint64(1)
            left -= 1
        if left < 0:
            continue
        size = offsets[numbers[place] + 1] - offsets[numbers[place]]
        if abs(size - length) <= furthest and size <= 31:
            found[n] = place
            n += 1
    return found[:n]


@compiled
def align(
    typed: NDArray[Any],
    blob: NDArray[Any],
    offsets: NDArray[Any],
    numbers: NDArray[Any],
    kinds: NDArray[Any],
    costs: NDArray[Any],
    furthest: int,
) -> NDArray[Any]:  # pragma: no cover - compiled
    """How often each of KINDS stands between `typed` [m] and each word [n, 9]; -1 first = too far."""
    m = len(typed)
    counts = np.zeros((len(numbers), 9), np.int8)
    cost = np.empty((33, 33), np.float64)
    step = np.empty((33, 33), np.int8)
    slips = np.empty((33, 33), np.int8)
    for w in range(len(numbers)):
        start = offsets[numbers[w]]
        n = offsets[numbers[w] + 1] - start
        cost[0, 0] = 0.0
        slips[0, 0] = 0
        near = True
        for i in range(m + 1):
            fewest = 99
            for j in range(n + 1):
                if i == 0 and j == 0:
                    fewest = 0
                    continue
                best, how, made = 1e9, 0, 99
                if i > 0 and j > 0:
                    a, b = typed[i - 1], blob[start + j - 1]
                    how = 0 if a == b else kinds[a, b]
                    best = cost[i - 1, j - 1] + costs[how]
                    made = slips[i - 1, j - 1] + (how > 0)
                if i > 0:
                    kind = 2 if i > 1 and typed[i - 1] == typed[i - 2] else 5
                    if cost[i - 1, j] + costs[kind] < best:
                        best, how, made = cost[i - 1, j] + costs[kind], kind, slips[i - 1, j] + 1
                if j > 0:
                    kind = 3 if j > 1 and blob[start + j - 1] == blob[start + j - 2] else 4
                    if cost[i, j - 1] + costs[kind] < best:
                        best, how, made = cost[i, j - 1] + costs[kind], kind, slips[i, j - 1] + 1
                if (
                    i > 1
                    and j > 1
                    and typed[i - 1] == blob[start + j - 2]
                    and typed[i - 2] == blob[start + j - 1]
                    and cost[i - 2, j - 2] + costs[1] < best
                ):
                    best, how, made = cost[i - 2, j - 2] + costs[1], 1, slips[i - 2, j - 2] + 1
                cost[i, j] = best
                step[i, j] = how
                slips[i, j] = made
                fewest = min(fewest, made)
            if fewest > furthest + 1:
                near = False
                break
        if not near or slips[m, n] > furthest:
            counts[w, 0] = -1
            continue
        i, j = m, n
        while i > 0 or j > 0:
            how = step[i, j]
            if how > 0:
                counts[w, how - 1] += 1
            if how == 1:
                i, j = i - 2, j - 2
            elif how == 3 or how == 4:
                j -= 1
            elif how == 2 or how == 5:
                i -= 1
            else:
                i, j = i - 1, j - 1
    return counts
