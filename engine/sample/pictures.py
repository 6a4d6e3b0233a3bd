"""What does an item look like?"""

from __future__ import annotations

from engine.sample.catalogue import BRANDS, Catalogue
from engine.sample.drawings import DRAWINGS
from engine.sample.drawings.ink import Ink, dot, oval, rect, shape
from engine.sample.kinds import Kind
from engine.sample.shelves import KINDS
from engine.sample.words import COLOURS, PALETTES

HEX: tuple[str, ...] = tuple(code for _, code in COLOURS.values())


def draw_item(catalogue: Catalogue, row: int) -> str:
    """A flat picture of one item as an SVG of 400 x 400: its kind and form in its colour, on a tinted ground.

    What has no colour of its own, such as a bag of coffee, wears its brand's.
    """
    kind: Kind = KINDS[catalogue.kind[row]][1]
    code, brand = int(catalogue.colour[row]), int(catalogue.brand[row])
    palette = PALETTES[kind.palette]
    main = (
        HEX[code] if code >= 0 else COLOURS[palette[(brand * 3 + int(catalogue.form[row])) % len(palette)]][1]
    )
    ink = Ink(main, int(catalogue.form[row]), row)
    title = f"{BRANDS[brand][1].en} {kind.names.en}".replace("&", "&amp;")
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400" role="img">'
        f"<title>{title}</title>"
        + rect(0, 0, 400, 400, ink.background)
        + _backdrop(ink)
        + oval(200, 334, 128, 12, "#00000018")
        + DRAWINGS[kind.key](ink)
        + "</svg>\n"
    )


def _backdrop(ink: Ink) -> str:
    """A disc, an arch or a soft pebble behind the item."""
    return (
        dot(200, 196, 158, ink.backdrop),
        shape("M52 400V196a148 148 0 0 1 296 0v204z", ink.backdrop),
        shape("M58 150q30-110 150-104t142 112q24 120-76 170t-176-24q-64-60-40-154z", ink.backdrop),
    )[ink.turn // 4 % 3]
