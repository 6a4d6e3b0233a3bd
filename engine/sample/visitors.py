"""Who visits the sample shop, and what does each like?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.sample.catalogue import BRANDS, STYLES, Catalogue
from engine.sample.shelves import KINDS
from engine.sample.words import COLOURS

Reals = NDArray[np.float64]
Codes = NDArray[np.int64]

PERSONAS: Mapping[str, tuple[str, ...]] = {
    "hiker": ("boot", "backpack", "raincoat", "headlamp", "nuts", "sunscreen"),
    "camper": ("tent", "sleepingbag", "campstove", "powerbank", "noodles", "headlamp"),
    "cook": ("pan", "knife", "oliveoil", "container", "blender", "noodles"),
    "coffee and tea": ("coffee", "coffeemaker", "kettle", "tea", "chocolate"),
    "desk worker": ("keyboard", "mouse", "monitor", "cable", "lamp", "headphones"),
    "phone lover": ("phonecase", "powerbank", "cable", "headphones"),
    "cat person": ("catfood", "catlitter", "cattree", "petbed"),
    "dog person": ("dogfood", "leash", "petbed", "raincoat"),
    "parent": ("blocks", "plush", "puzzle", "boardgame", "kite", "container"),
    "gardener": ("planter", "seeds", "soil", "wateringcan", "secateurs"),
    "nester": ("lamp", "cushion", "rug", "duvet", "heater", "fan"),
    "careful skin": ("cream", "sunscreen", "shampoo", "lipstick", "perfume"),
    "dresser": ("dress", "scarf", "jeans", "sweater", "lipstick", "tshirt", "jacket"),
    "handy": ("drill", "lamp", "secateurs", "cable", "headlamp"),
    "snacker": ("chocolate", "nuts", "noodles", "tea"),
}


@dataclass(frozen=True, eq=False)
class Visitors:
    """The customers, then the anonymous; every array's first axis is [visitors].

    `taste` [v, kinds] sums to 1; `fondness` [v, n] is the logarithm of how much likelier a visitor chooses an
    item than another of its kind; `first` the day of the first visit; `activity` the sessions to expect;
    `loyal` how often a used-up thing is bought again; `weekday` the day of the weekly shopping.
    """

    customers: int
    taste: Reals
    fondness: NDArray[np.float32]
    first: Codes
    activity: Reals
    loyal: Reals
    weekday: Codes
    chinese: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.taste)


def invite(
    customers: int, passers: int, days: int, catalogue: Catalogue, rng: np.random.Generator
) -> Visitors:
    """`customers` with an account and `passers` without one."""
    n = customers + passers
    activity = rng.lognormal(0, 1.05, n)
    activity *= 19 * days / 365 / np.exp(1.05**2 / 2)
    first = np.where(rng.random(n) < 0.65, 0, rng.integers(0, max(1, days - 5), n))
    return Visitors(
        customers,
        _tastes(n, rng),
        _fondness(n, catalogue, rng),
        first,
        np.maximum(activity * (1 - first / days), 0.5),
        rng.beta(5, 3, n),
        rng.integers(0, 7, n),
        rng.random(n) < 0.35,
    )


def _tastes(n: int, rng: np.random.Generator) -> Reals:
    """One to three personas each, and a little of everything else."""
    keys = [kind.key for _, kind in KINDS]
    share = np.array([kind.share for _, kind in KINDS])
    profile = np.zeros((len(PERSONAS), len(KINDS)))
    for row, wants in enumerate(PERSONAS.values()):
        for place, key in enumerate(wants):
            profile[row, keys.index(key)] = 1 / (1 + 0.25 * place)
    profile *= share
    profile /= profile.sum(axis=1, keepdims=True)
    personas = rng.dirichlet(np.full(len(PERSONAS), 0.14), n)
    own = rng.gamma(3.0, 1 / 3, (n, len(KINDS)))
    taste = (personas @ profile) * own
    taste = 0.85 * taste / taste.sum(axis=1, keepdims=True) + 0.15 * share / share.sum()
    return np.asarray(taste / taste.sum(axis=1, keepdims=True), np.float64)


def _fondness(n: int, catalogue: Catalogue, rng: np.random.Generator) -> NDArray[np.float32]:
    """Brand + style + colour + price band + what is left to chance, [n, items]."""
    brand = rng.normal(0, 0.9, (n, len(BRANDS))).astype(np.float32)
    style = rng.normal(0, 0.55, (n, STYLES)).astype(np.float32)
    colour = rng.normal(0, 0.5, (n, len(COLOURS) + 1)).astype(np.float32)  # the last: things without a colour
    purse = rng.normal(0, 0.8, n).astype(np.float32)
    fondness = brand[:, catalogue.brand] + colour[:, catalogue.colour]
    fondness += style @ catalogue.style.T.astype(np.float32)
    fondness -= np.float32(0.45) * (catalogue.dear.astype(np.float32)[None, :] - purse[:, None]) ** 2
    fondness += (0.5 * catalogue.quality).astype(np.float32)
    return np.asarray(fondness, np.float32)
