"""How may what is being typed go on?"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Self

from engine.text import chinese
from engine.text.folding import ANY_HAN, CJK, fold
from engine.text.pinyin import spellings
from indexes.prefixes import PrefixIndex

LONGEST = 40  # characters of a suggestion
PHRASE = 2  # word ends to which a phrase goes that may follow anywhere
REACH = 4  # typed characters that are looked back at when the whole beginning is rare
BACK_OFF = 4.0  # how many users' worth of belief goes to what follows the last characters elsewhere
TRUST = {1: 0.3, 2: 2.0, 3: 4.0, 4: 4.0}  # in a look back of so many characters
CATALOGUE = 0.2  # users that a name in the catalogue is worth
SURE = 3.0  # users who went on to a longer text before it stands for its beginning
TYPO = 0.02  # the worth of a beginning that was mistyped by one letter
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789 "

_WORD = re.compile(r"\s*\S+")


@dataclass(frozen=True, eq=False)
class Suggester:
    """Beginnings of queries that enough users made, names from the catalogue, and phrases that follow others.

    `beginnings` hold every beginning of a query that ends with a word, and the query, weighted by the decayed
    number of users; `phrases` hold a word and those that follow it, from anywhere in a query; `sounds` hold
    the pinyin of both. Nothing that fewer than `enough` users typed is ever in it.
    """

    beginnings: PrefixIndex
    phrases: PrefixIndex
    sounds: PrefixIndex

    @classmethod
    def build(
        cls,
        searches: Iterable[tuple[str, str, float]],
        names: Iterable[str] = (),
        now: float = 0.0,
        half_life: float = 30 * 86400.0,
        enough: int = 3,
    ) -> Self:
        """Learn from `searches` (query, user, Unix seconds) and the catalogue's `names` (categories, brands).

        A search of a user counts once for each query, the latest time, half as much every `half_life` seconds.
        """
        latest: dict[tuple[str, str], float] = {}
        for query, user, at in searches:
            key = (tidy(query), user)
            if key[0] and len(key[0]) <= LONGEST:
                latest[key] = max(latest.get(key, at), at)
        begun, spoken = _Tally(), _Tally()
        for (query, user), at in latest.items():
            weight = 0.5 ** (max(now - at, 0.0) / half_life)
            words = words_of(query)
            for beginning in _beginnings(words):
                begun.add(beginning, user, weight)
            for phrase in _phrases(words):
                spoken.add(phrase, user, weight)
        beginnings = begun.enough(enough)
        for name in names:
            text = tidy(name)
            if text and len(text) <= LONGEST:
                beginnings[text] = beginnings.get(text, 0.0) + CATALOGUE
        phrases = spoken.enough(enough)
        for text, weight in beginnings.items():
            phrases[text] = phrases.get(text, 0.0) + weight
        sounds = {
            (sound, text): weight
            for text, weight in beginnings.items()
            if ANY_HAN.search(text)
            for sound in spellings(text)
        }
        return cls(PrefixIndex.build(beginnings), PrefixIndex.build(phrases), PrefixIndex.keyed(sounds))

    def suggest(self, typed: str, k: int = 10, finds: Callable[[str], bool] | None = None) -> list[str]:
        """The `k` likeliest continuations of `typed`, all different; `finds` keeps those that find something."""
        begun = fold(typed).lstrip()
        begun = re.sub(r"\s+", " ", begun)
        if not begun.strip() or len(begun) > LONGEST:
            return []
        chances = self._chances(begun, 8 * k)
        if len(chances) < k and begun.isascii():
            for text, chance in self._mistyped(begun, k).items():
                chances.setdefault(text, chance)
        chosen: list[str] = []
        unit = 1.0 / (self._whole(begun) + BACK_OFF)
        for text in sorted(chances, key=lambda text: (-chances[text], text)):
            if len(chosen) == k:
                break
            # What only lengthens a better suggestion waits until that one is taken, unless it is most of it.
            if any(text.startswith(other) for other in chosen):
                continue
            longer = [other for other in chances if other.startswith(text) and other != text]
            main = max(longer, key=lambda other: chances[other], default="")
            text = main if main and chances[main] > max(0.5 * chances[text], SURE * unit) else text
            if text not in chosen and (finds is None or finds(text)):
                chosen.append(text)
        return chosen

    def save(self, folder: str | Path) -> None:
        for name in ("beginnings", "phrases", "sounds"):
            getattr(self, name).save(Path(folder) / name)

    @classmethod
    def open(cls, folder: str | Path) -> Self:
        return cls(*(PrefixIndex.open(Path(folder) / name) for name in ("beginnings", "phrases", "sounds")))

    def _chances(self, begun: str, n: int) -> dict[str, float]:
        """How likely each continuation is: as users went on from here, backed off to what follows elsewhere."""
        found = self.beginnings.best(begun, n)
        whole = self._whole(begun)
        chances: defaultdict[str, float] = defaultdict(float)
        for text, weight in found:
            if len(text) > len(begun):
                chances[text] += weight / (whole + BACK_OFF)
        believed = 0.0
        for back in range(1, min(REACH, len(begun) - 1) + 1):
            tail = begun[-back:]
            after = [(text, weight) for text, weight in self.phrases.best(tail, n) if len(text) > back]
            mass = sum(weight for _, weight in after)
            if not mass or (tail.isascii() and begun[-back - 1 : -back] != " "):
                continue
            believed += TRUST[back]
            for text, weight in after:
                chances[begun[:-back] + text] += (
                    TRUST[back] * weight / mass * BACK_OFF / (whole + BACK_OFF) / 6
                )
        if begun.isascii():
            heard = self.sounds.best(begun.replace(" ", ""), n)
            mass = sum(weight for _, weight in heard)
            for text, weight in heard:
                chances[text] += weight / mass * BACK_OFF / (whole + BACK_OFF)
        return dict(chances)

    def _whole(self, begun: str) -> float:
        """About how many users went on from here."""
        return self.beginnings.mass(begun) / 3  # a query of three words is counted three times

    def _mistyped(self, begun: str, k: int) -> dict[str, float]:
        """Continuations of what is one slip away; the first letter and short beginnings are believed."""
        chances: dict[str, float] = {}
        if len(begun) < 4:
            return chances
        for other in _one_slip(begun):
            for text, weight in self.beginnings.best(other, k):
                chances[text] = max(chances.get(text, 0.0), TYPO * weight)
        return chances


class _Tally:
    """How many users, and how much by decay, typed a text."""

    def __init__(self) -> None:
        self._users: defaultdict[str, set[str]] = defaultdict(set)
        self._weights: Counter[str] = Counter()

    def add(self, text: str, user: str, weight: float) -> None:
        self._users[text].add(user)
        self._weights[text] += weight  # type: ignore[assignment]

    def enough(self, users: int) -> dict[str, float]:
        return {text: float(self._weights[text]) for text, who in self._users.items() if len(who) >= users}


def tidy(text: str) -> str:
    """A query as it is suggested: folded, one space between words."""
    return " ".join(fold(text).split())


def words_of(text: str) -> list[str]:
    """The words of a tidy text with the spaces before them; together they are the text."""
    words: list[str] = []
    space = ""
    for place, piece in enumerate(CJK.split(text)):
        found = chinese.words(piece) if place % 2 and ANY_HAN.match(piece) else _WORD.findall(piece)
        if found:
            words.extend([space + found[0], *found[1:]])
            space = ""
        if place % 2 == 0:  # a space before Chinese belongs to the word after it
            space += piece[len(piece.rstrip()) :]
    return words


def _beginnings(words: list[str]) -> Iterator[str]:
    text = ""
    for word in words:
        text += word
        yield text


def _phrases(words: list[str]) -> Iterator[str]:
    """What follows anywhere: from each word, in Chinese from each character, to the next word ends."""
    text = "".join(words)
    ends = list(accumulate(map(len, words)))
    starts = [end - len(word) for word, end in zip(words, ends, strict=True)]
    for start in range(1, len(text)):
        if text[start] != " " and (start in starts or text[start - 1] == " " or ANY_HAN.match(text[start])):
            later = [end for end in ends if end > start + 1][:PHRASE]
            yield from (text[start:end] for end in later)


def _one_slip(text: str) -> set[str]:
    """Every text that is one letter away: missing, extra, another or two turned; the first letter stays."""
    found = {text[:i] + text[i + 1 :] for i in range(1, len(text))}
    found |= {text[:i] + text[i + 1] + text[i] + text[i + 2 :] for i in range(1, len(text) - 1)}
    for letter in LETTERS:
        found |= {text[:i] + letter + text[i + 1 :] for i in range(1, len(text))}
        found |= {text[:i] + letter + text[i:] for i in range(1, len(text))}
    return found - {text}
