"""Which words of a query are wanted together, and which are not wanted?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from engine.text.analysis import analyse
from indexes.ranking import Mask

_PART = re.compile(r'(?P<minus>(?<!\S)-)?(?:"(?P<phrase>[^"]*)"|(?P<word>[^\s"]+))')
_QUOTES = str.maketrans({"\u201c": '"', "\u201d": '"', "\u300c": '"', "\u300d": '"', "\uff02": '"'})


class Held(Protocol):
    """What a keyword index knows of which row holds which words."""

    def __len__(self) -> int: ...

    def phrase(self, terms: list[str]) -> Mask: ...


@dataclass(frozen=True)
class Wording:
    """A query taken apart: all its wanted `text`, the `phrases` in quotes, what stood behind a minus."""

    text: str
    phrases: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()

    def allowed(self, words: Held) -> Mask | None:
        """Which rows hold every phrase, its words side by side, and nothing that is excluded; None = every row."""
        wanted = [analyse(phrase) for phrase in self.phrases]
        unwanted = [terms for terms in map(analyse, self.excluded) if terms]
        if not any(wanted) and not unwanted:
            return None
        mask = np.ones(len(words), np.bool_)
        for terms in wanted:
            if terms:
                mask &= words.phrase(terms)
        for terms in unwanted:
            mask &= ~words.phrase(terms)
        return mask


def read_query(query: str) -> Wording:
    """Phrases in quotes must be there word by word; `-word` and `-"a phrase"` must not.

    A minus inside a word ("wi-fi") or before a number with a unit is no exclusion sign unless a space stands
    before it; a query of exclusions alone is read as plain words; an odd quote is an inch mark.
    """
    text, phrases, excluded = [], [], []
    straight = query.translate(_QUOTES)
    if straight.count('"') % 2 or re.search(r'\d"', straight):
        return Wording(query)
    for match in _PART.finditer(straight):
        part = match["phrase"] if match["phrase"] is not None else match["word"]
        if match["minus"] and part.strip():
            excluded.append(part)
            continue
        if match["phrase"] is not None and part.strip():
            phrases.append(part)
        text.append(part)
    if not any(part.strip() for part in text):
        return Wording(" ".join(excluded))
    return Wording(" ".join(text).strip(), tuple(phrases), tuple(excluded))
