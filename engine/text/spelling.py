"""What did the shopper mean to type?

A noisy channel in its log-linear form: every reading of a query is a sum of weighted features (the slips it takes by
kind, how common its words and pairs of words are in the shop and in English), the query as it stands is one of the
readings, and the best one is the answer (Kernighan, Church and Gale 1990; Och and Ney, "Discriminative Training and
Maximum Entropy Models", ACL 2002).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.text import english
from engine.text.channel import FEATURES, WEIGHTS
from engine.text.folding import ANY_HAN, fold
from engine.text.homophones import Homophones
from engine.text.lexicon import Lexicon
from engine.text.sounds import sound
from indexes.typos import KINDS

SHORTEST = 3  # letters; a shorter word is never changed
OPTIONS = 14  # corrections of one word, from each lexicon, that are weighed in context
BEAM = 12
LONGEST_QUERY = 12  # words; a longer query is left as it is
LONGEST_CHINESE = 40  # characters
ENOUGH = 3.0  # users who typed a word before it is taken for one

Floats = NDArray[np.float64]
_TOKEN = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")
_AT = {name: place for place, name in enumerate(FEATURES)}


@dataclass(frozen=True, eq=False)
class Option:
    """What `span` typed words may have been: `words`, and the features [f] of that guess."""

    words: tuple[str, ...]
    span: int
    features: Floats


@dataclass(frozen=True, eq=False)
class Guess:
    """One reading of a query, or of its beginning."""

    words: tuple[str, ...]
    features: Floats
    pieces: tuple[tuple[int, tuple[str, ...]], ...] = ()  # typed words consumed, and what stands for them


@dataclass(frozen=True, eq=False)
class Speller:
    """Corrects what the shop does not know; a word of the catalogue, or with a digit, is never changed.

    `own` are the words of the catalogue and of the log, `common` those of English, `chinese` what the shop writes
    in Chinese; `weights` [f] of FEATURES.
    """

    own: Lexicon
    common: Lexicon
    chinese: Homophones
    weights: Floats

    @classmethod
    def build(cls, texts: Iterable[str], queries: Mapping[str, int] | None = None) -> Self:
        """Learn from the catalogue's `texts` and the log's `queries` (query -> how many users made it).

        A word of the log alone counts only when ENOUGH users typed it: a log is full of misspellings.
        """
        counts: Counter[str] = Counter()
        written: Counter[str] = Counter()
        pairs: Counter[tuple[str, str]] = Counter()
        for text in texts:
            if ANY_HAN.search(text):
                written[text] += 1
            tokens = tokens_of(text)
            counts.update(tokens)
            pairs.update(pairwise(tokens))
        asked: Counter[str] = Counter()
        asked_pairs: Counter[tuple[str, str]] = Counter()
        for text, users in (queries or {}).items():
            if users >= ENOUGH and ANY_HAN.search(text):
                written[text] += users
            tokens = tokens_of(text)
            for token in tokens:
                asked[token] += users
            for pair in pairwise(tokens):
                asked_pairs[pair] += users
        for word, users in asked.items():
            if users >= ENOUGH or word in counts:
                counts[word] += users
        for pair, users in asked_pairs.items():
            if pair[0] in counts and pair[1] in counts:
                pairs[pair] += users
        words = {word: float(np.log1p(count)) for word, count in counts.items()}
        own = Lexicon.build(words, pairs)
        return cls(own, english.lexicon(), Homophones.build(written), np.array(WEIGHTS))

    def correct(self, query: str) -> str | None:
        """The query as it was most likely meant, folded; None when it is best left as it is."""
        folded = fold(query)
        guesses = self.guesses(folded)
        best = max(guesses, key=self.score)
        meant = folded if best is guesses[0] else write(folded, best.pieces)
        if len(meant) <= LONGEST_CHINESE and ANY_HAN.search(meant):
            meant = self.chinese.correct(meant)
        return None if meant == folded else meant

    def score(self, guess: Guess) -> float:
        """How likely a reading is, on a log scale."""
        return float(guess.features @ self.weights)

    def guesses(self, query: str) -> list[Guess]:
        """The likeliest readings of `query`, as it stands first."""
        tokens = tokens_of(query)
        lookup = _Lookup(self)
        start = Guess((), np.zeros(len(FEATURES)))
        kept = start
        for token in tokens:
            kept = lookup.extend(kept, lookup.kept(token))
        if not 0 < len(tokens) <= LONGEST_QUERY or all(map(lookup.untouchable, tokens)):
            return [kept]
        beams: list[list[Guess]] = [[start], *([] for _ in tokens)]
        for at in range(len(tokens)):
            choices = lookup.options(tokens, at)
            for guess in sorted(beams[at], key=self.score, reverse=True)[:BEAM]:
                for option in choices:
                    beams[at + option.span].append(lookup.extend(guess, option))
        rest = [guess for guess in beams[-1] if guess.pieces != kept.pieces]
        return [kept, *sorted(rest, key=self.score, reverse=True)[: 4 * BEAM]]

    def save(self, folder: str | Path) -> None:
        self.own.save(Path(folder) / "own")
        self.common.save(Path(folder) / "common")
        self.chinese.save(Path(folder) / "chinese")
        np.save(Path(folder) / "weights.npy", self.weights)

    @classmethod
    def open(cls, folder: str | Path) -> Self:
        """Memory-mapped: nothing is read before the first query."""
        folder = Path(folder)
        return cls(
            Lexicon.open(folder / "own"),
            Lexicon.open(folder / "common"),
            Homophones.open(folder / "chinese"),
            np.load(folder / "weights.npy"),
        )


class _Lookup:
    """What one query asks of a Speller, each question once."""

    def __init__(self, speller: Speller):
        self.speller = speller
        self._numbers: dict[str, tuple[int, int]] = {}
        self._pairs: dict[tuple[str, str], tuple[float, float]] = {}

    def numbers(self, word: str) -> tuple[int, int]:
        if word not in self._numbers:
            self._numbers[word] = (self.speller.own.number(word), self.speller.common.number(word))
        return self._numbers[word]

    def own(self, word: str) -> float:
        number = self.numbers(word)[0]
        return float(self.speller.own.weights[number]) if number >= 0 else 0.0

    def common(self, word: str) -> float:
        number = self.numbers(word)[1]
        return float(self.speller.common.weights[number]) if number >= 0 else 0.0

    def pair(self, first: str, second: str) -> tuple[float, float]:
        """Log counts of two words side by side: in the shop, in English."""
        if (first, second) not in self._pairs:
            a, b = self.numbers(first), self.numbers(second)
            self._pairs[first, second] = (
                self.speller.own.pair(a[0], b[0]),
                self.speller.common.pair(a[1], b[1]),
            )
        return self._pairs[first, second]

    def untouchable(self, word: str) -> bool:
        return len(word) < SHORTEST or not word.isalpha() or self.own(word) > 0

    def extend(self, guess: Guess, option: Option) -> Guess:
        """A longer reading: the option's features, and those of the pairs that arise."""
        features = guess.features + option.features
        for first, second in pairwise((*guess.words[-1:], *option.words)):
            own, common = self.pair(first, second)
            features[_AT["pair_own"]] += own
            features[_AT["pair_common"]] += common / 10
        pieces = (*guess.pieces, (option.span, option.words))
        return Guess((*guess.words, *option.words), features, pieces)

    def kept(self, word: str) -> Option:
        """The word as it was typed."""
        features = np.zeros(len(FEATURES))
        if not self.untouchable(word):
            features[_AT["kept_common"]] = self.common(word)
            features[_AT["kept_known"]] = float(self.common(word) > 0)
            features[_AT["kept_often"]] = max(self.common(word) - 3.0, 0.0)
            features[_AT["inflected"]] = float(any(self.own(stem) > 0 for stem in _forms(word)))
            features[_AT["short"]] = float(len(word) <= 4)
            features[_AT["long"]] = float(len(word) >= 8)
        return Option((word,), 1, features)

    def options(self, tokens: Sequence[str], at: int) -> list[Option]:
        """What may stand at place `at`: the word itself, its corrections, its halves, it and the next as one."""
        word = tokens[at]
        found = [self.kept(word)]
        if not self.untouchable(word):
            found += self._corrections(word) + self._halves(word)
        if at + 1 < len(tokens):
            found += self._joined(word, tokens[at + 1])
        return found

    def _corrections(self, word: str) -> list[Option]:
        furthest = 1 if len(word) <= 4 else 2 if len(word) <= 8 else 3
        near = dict(self.speller.common.near(word, furthest, OPTIONS))
        near.update(self.speller.own.near(word, furthest, OPTIONS))
        heard = sound(word)
        options = []
        for other, slips in near.items():
            if other == word:
                continue
            features = self._told(other)
            features[: len(KINDS)] = slips
            features[_AT["change"]] = 1.0
            features[_AT["second"]] = float(slips.sum() > 1)
            features[_AT["first"]] = float(word[0] != other[0])
            features[_AT["last"]] = float(word[-1] != other[-1])
            features[_AT["plural"]] = float(word + "s" == other or other + "s" == word)
            features[_AT["sound"]] = float(heard == sound(other))
            options.append(Option((other,), 1, features))
        return options

    def _halves(self, word: str) -> list[Option]:
        """Two known words with the space between them missing."""
        options = []
        for cut in range(2, len(word) - 1):
            first, second = word[:cut], word[cut:]
            if min(self._weight(first), self._weight(second)) > 0:
                features = (self._told(first) + self._told(second)) / 2
                features[_AT["split"]] = 1.0
                features[_AT["split_short"]] = float(min(len(first), len(second)) <= 3)
                options.append(Option((first, second), 1, features))
        value = self.speller.weights
        return sorted(options, key=lambda option: -float(option.features @ value))[:4]

    def _joined(self, first: str, second: str) -> list[Option]:
        """One known word with a space too many; never out of two words that the shop knows."""
        whole = first + second
        if not whole.isalpha() or self._weight(whole) <= 0 or self.own(first) > 0 < self.own(second):
            return []
        features = self._told(whole)
        features[_AT["join"]] = 1.0
        features[_AT["join_own"]] = float(self.own(whole) > 0)
        return [Option((whole,), 2, features)]

    def _weight(self, word: str) -> float:
        """A rough measure of how likely a part of a word is a word; most strings of two letters are none."""
        least = {1: 99.0, 2: 5.5, 3: 3.5}.get(len(word), 1.5)
        return max(self.own(word) if len(word) > 2 else 0.0, self.common(word) - least)

    def _told(self, word: str) -> Floats:
        """What is known of a word that may have been meant."""
        features = np.zeros(len(FEATURES))
        own, common = self.own(word), self.common(word)
        features[_AT["own"]] = own
        features[_AT["own_known"]] = float(own > 0)
        features[_AT["common"]] = common
        features[_AT["common_known"]] = float(common > 0)
        if not own:
            features[_AT["own_form"]] = float(max(map(self.own, _forms(word))) > 0)
        return features


def tokens_of(text: str) -> list[str]:
    """The words of a text that can be misspelled or misplaced: letters and digits, without apostrophes."""
    return [token.replace("'", "") for token in _TOKEN.findall(fold(text))]


def _forms(word: str) -> list[str]:
    """What `word` may be a form of, and its likely other forms."""
    cut = [word[: -len(tail)] for tail in ("s", "es", "ed", "er", "ing") if word.endswith(tail)]
    return [*cut, word + "s", *(stem + "e" for stem in cut)]


def write(folded: str, pieces: Sequence[tuple[int, tuple[str, ...]]]) -> str:
    """The folded query with each piece in its place; what stands between the words is kept."""
    spans = [match.span() for match in _TOKEN.finditer(folded)]
    written, end, at = "", 0, 0
    for span, words in pieces:
        start, stop = spans[at][0], spans[at + span - 1][1]
        typed = folded[start:stop]
        same = span == 1 and words == (typed.replace("'", ""),)
        written += folded[end:start] + (typed if same else " ".join(words))
        end, at = stop, at + span
    return written + folded[end:]
