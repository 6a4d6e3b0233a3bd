"""What do people type when they look for an item?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.sample.catalogue import BRANDS, Catalogue
from engine.sample.kinds import Kind
from engine.sample.shelves import KINDS
from engine.sample.words import COLOURS

Codes = NDArray[np.int64]

PLAIN, ASKED, FORM, BRAND, COLOUR, MEASURE = range(6)  # what a query names beside the kind
HABITS = (0.27, 0.23, 0.24, 0.12, 0.08, 0.06)
TYPO = 0.05
NEIGHBOURS = dict(zip("abcdefghijklmnopqrstuvwxyz", "svxfrghjoklknmpowtdyibecux", strict=True))


def choose_habits(n: int, rng: np.random.Generator) -> Codes:
    """What each of `n` queries will name, [n]."""
    return rng.choice(len(HABITS), n, p=HABITS)


def write_queries(
    catalogue: Catalogue,
    targets: Codes,
    habits: Codes,
    chinese: NDArray[np.bool_],
    rng: np.random.Generator,
) -> list[str]:
    """The text of a search for each target item; one in twenty English ones is mistyped."""
    choice = rng.random(len(targets))
    typo = rng.random(len(targets)) < TYPO
    place = rng.random((len(targets), 2))
    found = []
    for i, (row, habit, zh) in enumerate(
        zip(targets.tolist(), habits.tolist(), chinese.tolist(), strict=True)
    ):
        text = _phrase(catalogue, row, habit, zh, float(choice[i]))
        found.append(mistype(text, float(place[i, 0]), float(place[i, 1])) if typo[i] and not zh else text)
    return found


def _phrase(catalogue: Catalogue, row: int, habit: int, zh: bool, choice: float) -> str:
    kind: Kind = KINDS[catalogue.kind[row]][1]
    noun = kind.names.zh if zh else kind.names.en.lower()
    if habit == ASKED and kind.asks:
        asked = kind.asks[int(choice * len(kind.asks))]
        return asked.zh if zh else asked.en
    if habit == FORM:
        shape = kind.forms[catalogue.form[row]].words
        return f"{shape.zh}{noun}" if zh else f"{shape.en.lower()} {noun}"
    if habit == BRAND:
        brand = BRANDS[catalogue.brand[row]][1]
        return f"{brand.zh} {noun}" if zh else f"{brand.en.lower()} {noun}"
    if habit == COLOUR and catalogue.colour[row] >= 0:
        colour = list(COLOURS)[catalogue.colour[row]]
        return f"{COLOURS[colour][0]}{noun}" if zh else f"{colour} {noun}"
    if habit == MEASURE and catalogue.measure[row] >= 0:
        size = kind.measures[catalogue.measure[row]]
        return f"{noun} {size.zh}" if zh else f"{noun} {size.en.lower()}"
    return noun


def mistype(text: str, where: float, how: float) -> str:
    """One slip of the finger: a letter dropped, doubled, swapped with the next, or its neighbour hit."""
    spots: Sequence[int] = [i for i in range(1, len(text) - 1) if text[i].isalpha() and text[i + 1].isalpha()]
    if not spots:
        return text
    at = spots[int(where * len(spots))]
    if how < 0.3:
        return text[:at] + text[at + 1 :]
    if how < 0.5:
        return text[:at] + text[at] + text[at:]
    if how < 0.8:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text[:at] + NEIGHBOURS.get(text[at].lower(), text[at]) + text[at + 1 :]
