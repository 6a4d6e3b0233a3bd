"""How wanted is each item on each day: who leads, who rises, who fades?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.sample.catalogue import Catalogue

Reals = NDArray[np.float64]
Codes = NDArray[np.int64]

NOT_YET = -1e9  # an item before its launch


@dataclass(frozen=True, eq=False)
class Popularity:
    """`curve` [n, days] is the logarithm of an item's pull within its kind; `rising`, `fading` are rows."""

    curve: NDArray[np.float32]
    rising: Codes
    fading: Codes


def draw_popularity(catalogue: Catalogue, days: int, rng: np.random.Generator) -> Popularity:
    n = len(catalogue)
    level = rng.normal(0, 0.85, n)
    day = np.arange(days)
    fate = rng.random(n)
    old = catalogue.launch < days - 60
    rising, fading = np.flatnonzero(old & (fate < 0.1)), np.flatnonzero(old & (fate > 0.9))
    curve = np.repeat(level[:, None], days, axis=1)
    turn = days - rng.uniform(15, 80, len(rising))
    curve[rising] += -0.8 + 2.4 / (1 + np.exp(-(day - turn[:, None]) / 14))
    turn = days - rng.uniform(20, 160, len(fading))
    curve[fading] += 0.8 - 2.4 / (1 + np.exp(-(day - turn[:, None]) / 16))
    age = day[None, :] - catalogue.launch[:, None]
    curve += 0.7 * np.exp(-np.maximum(age, 0) / 18)  # novelty
    curve[age < 0] = NOT_YET
    return Popularity(curve.astype(np.float32), rising, fading)
