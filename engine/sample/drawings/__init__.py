"""Which drawing belongs to which kind?"""

from __future__ import annotations

from collections.abc import Mapping

from engine.sample.drawings import (
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
from engine.sample.drawings.ink import Drawing

DRAWINGS: Mapping[str, Drawing] = {
    **outdoor.DRAWINGS,
    **clothing.DRAWINGS,
    **electronics.DRAWINGS,
    **kitchen.DRAWINGS,
    **food.DRAWINGS,
    **home.DRAWINGS,
    **beauty.DRAWINGS,
    **toys.DRAWINGS,
    **pets.DRAWINGS,
    **garden.DRAWINGS,
}
