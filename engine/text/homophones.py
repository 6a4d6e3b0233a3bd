"""Which Chinese word was meant where another of the same sound was typed?

A pinyin keyboard slips in one way above all: the right sounds, the wrong characters. A stretch of characters that
the shop never wrote side by side is put right when it sounds like a word that the shop knows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Self

from engine.text import chinese
from engine.text.folding import ANY_HAN, CJK, fold
from engine.text.pinyin import spellings
from indexes.prefixes import SPLIT, PrefixIndex
from indexes.vocabulary import Vocabulary

SPANS = (4, 3, 2)  # characters of a stretch, the longest first
OFTEN = 2.0  # times that a word must be known before it stands for another


@dataclass(frozen=True, eq=False)
class Homophones:
    """Pairs of characters that stand side by side in the shop, and its words by their pinyin without tones."""

    pairs: Vocabulary
    sounds: PrefixIndex

    @classmethod
    def build(cls, texts: Mapping[str, float]) -> Self:
        """Learn from `texts`, each with its weight: 1 for a title, the number of users for a query."""
        pairs: Counter[str] = Counter()
        words: defaultdict[str, float] = defaultdict(float)
        for text, weight in texts.items():
            for run in _runs(fold(text)):
                pairs.update(a + b for a, b in pairwise(run))
                cut = chinese.words(run)
                # A word may be cut in two where the dictionary does not know it: neighbours count together too.
                for word in (*cut, *(a + b for a, b in pairwise(cut))):
                    if min(SPANS) <= len(word) <= max(SPANS):
                        words[word] += weight
        known, _ = Vocabulary.of(list(pairs))
        sounds = {(spellings(word)[0], word): n for word, n in words.items() if n >= OFTEN}
        return cls(known, PrefixIndex.keyed(sounds))

    def correct(self, folded: str) -> str:
        """The text with every strange stretch as it was most likely meant; itself when nothing is strange."""
        parts = CJK.split(folded)
        return "".join(
            self._mended(part) if place % 2 and ANY_HAN.match(part) else part
            for place, part in enumerate(parts)
        )

    def save(self, folder: Path) -> None:
        self.pairs.save(folder / "pairs")
        self.sounds.save(folder / "sounds")

    @classmethod
    def open(cls, folder: Path) -> Self:
        return cls(Vocabulary.open(folder / "pairs"), PrefixIndex.open(folder / "sounds"))

    def _mended(self, run: str) -> str:
        strange = self._strange(run)
        for size in SPANS:
            for start in range(len(run) - size + 1):
                if not any(strange[start : start + size - 1]):
                    continue
                meant = self._meant(run[start : start + size])
                mended = run[:start] + meant + run[start + size :]
                # Only what leaves fewer strange pairs is better.
                if meant and sum(self._strange(mended)) < sum(strange):
                    return self._mended(mended)
        return run

    def _meant(self, stretch: str) -> str:
        """The commonest word that sounds like this; "" when there is none."""
        found = self.sounds.best(spellings(stretch)[0] + SPLIT.decode(), 1)
        return found[0][0] if found and found[0][0] != stretch else ""

    def _strange(self, run: str) -> list[bool]:
        """Which pairs of neighbours the shop never wrote."""
        pairs = [a + b for a, b in pairwise(run)]
        return (self.pairs.find(pairs) < 0).tolist() if pairs else []


def _runs(folded: str) -> Iterable[str]:
    return (part for part in CJK.split(folded)[1::2] if len(part) > 1 and ANY_HAN.match(part))
