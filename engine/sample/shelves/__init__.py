"""Which shelves does the sample shop have, in the order a visitor walks past them?"""

from __future__ import annotations

from engine.sample.kinds import Kind, Shelf
from engine.sample.shelves import (
    beauty,
    clothing,
    electronics,
    food,
    garden,
    home,
    kitchen,
    outdoor,
    pets,
    toys,
)

SHELVES: tuple[Shelf, ...] = (
    outdoor.SHELF,
    clothing.SHELF,
    electronics.SHELF,
    kitchen.SHELF,
    food.SHELF,
    home.SHELF,
    beauty.SHELF,
    toys.SHELF,
    pets.SHELF,
    garden.SHELF,
)

KINDS: tuple[tuple[Shelf, Kind], ...] = tuple((shelf, kind) for shelf in SHELVES for kind in shelf.kinds)
