"""What does the sample shop know about one kind of goods?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Value = str | bool | float


@dataclass(frozen=True)
class Words:
    """The same words in English and Chinese."""

    en: str
    zh: str

    @classmethod
    def of(cls, text: str) -> Words:
        """Read "en|zh". Without a bar, Chinese is the same text without its spaces ("45 L" -> "45L")."""
        en, bar, zh = text.partition("|")
        return cls(en, zh if bar else en.replace(" ", ""))


def words(*texts: str) -> tuple[Words, ...]:
    return tuple(Words.of(text) for text in texts)


@dataclass(frozen=True)
class Form:
    """A variety of a kind: "waterproof leather" boots. `factor` multiplies the price."""

    words: Words
    factor: float
    attributes: Mapping[str, Value]


def form(text: str, factor: float = 1.0, **attributes: Value) -> Form:
    return Form(Words.of(text), factor, attributes)


@dataclass(frozen=True)
class Kind:
    """One sub-category: what it is called, costs, looks like, goes with, and when people want it.

    `price` is the median in dollars and `spread` the sigma of its logarithm. `measure` names the attribute
    that `measures` give ("45 L"); the price grows with measure ** `growth`. `swing` is the amplitude of the
    yearly season of the logarithm of demand, `peak` its month (1.0 = the first of January, 7.5 = mid-July).
    `again` is the days until people buy it again (0 = they don't). `share` is demand against other kinds.
    """

    noun: str
    label: str
    price: float
    spread: float
    forms: tuple[Form, ...]
    facts: tuple[Words, ...]
    uses: tuple[Words, ...]
    key: str
    palette: str
    asks: tuple[Words, ...] = ()
    measure: str = ""
    measures: tuple[Words, ...] = ()
    growth: float = 0.6
    sizes: tuple[str, ...] = ()
    goes_with: tuple[str, ...] = ()
    swing: float = 0.0
    peak: float = 1.0
    again: float = 0.0
    share: float = 1.0
    weekend: float = 0.0
    coloured: bool = True

    @property
    def names(self) -> Words:
        return Words.of(self.noun)

    @property
    def labels(self) -> Words:
        return Words.of(self.label)


@dataclass(frozen=True)
class Shelf:
    """A top-level category: its name, its invented brands, its kinds."""

    name: Words
    brands: tuple[Words, ...]
    kinds: tuple[Kind, ...] = field(default_factory=tuple)
