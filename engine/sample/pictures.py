"""What does an item look like?"""

from __future__ import annotations

from engine.sample.catalogue import Catalogue
from engine.sample.shelves import KINDS
from engine.sample.words import COLOURS, PALETTES


def draw_item(catalogue: Catalogue, row: int) -> str:
    """A picture of one item as SVG, 400 x 400."""
    kind = KINDS[catalogue.kind[row]][1]
    names = list(COLOURS)
    code = int(catalogue.colour[row])
    name = names[code] if code >= 0 else PALETTES[kind.palette][int(catalogue.brand[row]) % 7]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400" role="img">'
        '<rect width="400" height="400" fill="#f4f1ec"/>'
        f'<rect x="110" y="90" width="180" height="220" rx="24" fill="{COLOURS[name][1]}"/></svg>'
    )
