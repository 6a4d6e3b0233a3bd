"""With which colours and strokes are the sample shop's pictures drawn?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

LINE = "#3a3d45"
PAPER = "#fbf8f2"
METAL = "#c8cdd2"
STEEL = "#9299a1"
WOOD = "#c89f6d"
BARK = "#9a7146"
GLASS = "#d9e8ec"
LEAF = "#7fa56b"
STEM = "#587a4c"


@dataclass(frozen=True)
class Ink:
    """The shades of one picture, as hex colours; `form` is the variety, `turn` a number that tells apart."""

    main: str
    form: int
    turn: int

    @property
    def dark(self) -> str:
        return mix(self.main, "#1e222c", 0.24)

    @property
    def deep(self) -> str:
        return mix(self.main, "#1e222c", 0.46)

    @property
    def light(self) -> str:
        return mix(self.main, "#ffffff", 0.28)

    @property
    def pale(self) -> str:
        return mix(self.main, "#ffffff", 0.58)

    @property
    def accent(self) -> str:
        """A second colour that sits well beside the first."""
        return ("#e2b15a", "#e3836a", "#6f9fa8", "#f2ead9")[self.turn % 4]

    @property
    def background(self) -> str:
        return mix(self.ground, "#f7f4ef", 0.84)

    @property
    def backdrop(self) -> str:
        return mix(self.ground, "#f3eee6", 0.66)

    @property
    def ground(self) -> str:
        """What the background is mixed from: the main colour, or a livelier one for what is grey or white."""
        red, green, blue = (int(self.main[i : i + 2], 16) for i in (1, 3, 5))
        if max(red, green, blue) - min(red, green, blue) > 44:
            return self.main
        return ("#7fa3a8", "#d08f6f", "#8fa070", "#8e95bd", "#d3a24f")[self.turn % 5]


Drawing = Callable[[Ink], str]


def mix(one: str, other: str, share: float) -> str:
    """`one` with `share` of `other` mixed in; both as #rrggbb."""
    pairs = ((int(one[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def rect(x: float, y: float, w: float, h: float, fill: str, r: float = 0) -> str:
    return f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" rx="{r:g}" fill="{fill}"/>'


def oval(x: float, y: float, rx: float, ry: float, fill: str) -> str:
    return f'<ellipse cx="{x:g}" cy="{y:g}" rx="{rx:g}" ry="{ry:g}" fill="{fill}"/>'


def dot(x: float, y: float, r: float, fill: str) -> str:
    return f'<circle cx="{x:g}" cy="{y:g}" r="{r:g}" fill="{fill}"/>'


def ring(x: float, y: float, r: float, stroke: str, width: float = 8) -> str:
    return f'<circle cx="{x:g}" cy="{y:g}" r="{r:g}" fill="none" stroke="{stroke}" stroke-width="{width:g}"/>'


def shape(d: str, fill: str) -> str:
    return f'<path d="{d}" fill="{fill}"/>'


def line(d: str, stroke: str, width: float = 8) -> str:
    return (
        f'<path d="{d}" fill="none" stroke="{stroke}" stroke-width="{width:g}" stroke-linecap="round"'
        ' stroke-linejoin="round"/>'
    )


def dashes(d: str, stroke: str, width: float, rhythm: str) -> str:
    return (
        f'<path d="{d}" fill="none" stroke="{stroke}" stroke-width="{width:g}" stroke-dasharray="{rhythm}"/>'
    )


def turned(degrees: float, x: float, y: float, *parts: str) -> str:
    return f'<g transform="rotate({degrees:g} {x:g} {y:g})">{"".join(parts)}</g>'


def moved(x: float, y: float, *parts: str) -> str:
    return f'<g transform="translate({x:g} {y:g})">{"".join(parts)}</g>'


def leaf(x: float, y: float, length: float, degrees: float, fill: str) -> str:
    """A leaf that grows from (x, y)."""
    half = length * 0.28
    d = f"M0 0Q{half:g} {-length / 2:g} 0 {-length:g}Q{-half:g} {-length / 2:g} 0 0z"
    return f'<path transform="translate({x:g} {y:g}) rotate({degrees:g})" d="{d}" fill="{fill}"/>'
