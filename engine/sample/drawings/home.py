"""How do things for the home look?"""

from __future__ import annotations

from collections.abc import Mapping

from engine.sample.drawings.ink import (
    LINE,
    METAL,
    PAPER,
    STEEL,
    Drawing,
    Ink,
    dot,
    line,
    oval,
    rect,
    ring,
    shape,
    turned,
)


def lamp(ink: Ink) -> str:
    if ink.form == 0:  # reading, with an arm
        return (
            shape("M96 150l-34 150h150z", "#fff3cf")
            + line("M236 310L252 200L150 110", ink.deep, 14)
            + dot(252, 200, 13, METAL)
            + turned(
                -36,
                140,
                112,
                shape("M100 132q0-58 40-58t40 58z", ink.main),
                rect(96, 128, 88, 12, ink.deep, 6),
            )
            + rect(176, 306, 124, 24, ink.main, 12)
        )
    shade = shape("M140 76h120l40 112H100z", PAPER if ink.form != 3 else ink.main) + shape(
        "M140 76h40l-26 112h-54z", ink.pale
    )
    foot = {
        1: shape("M176 196h48q44 40 30 96q-8 36-54 36t-54-36q-14-56 30-96z", ink.main)
        + shape("M176 196h16q-30 60-4 132q-34-4-42-36q-14-56 30-96z", ink.light),
        2: line("M200 190L140 326M200 190L262 326M200 190V318", ink.main, 13),
        3: rect(190, 188, 20, 116, METAL, 6) + rect(142, 300, 116, 28, ink.main, 14),
    }[ink.form % 4]
    return shape("M112 190h176l44 142H68z", "#fff3cfaa") + foot + shade + rect(98, 182, 204, 10, ink.dark, 5)


def heater(ink: Ink) -> str:
    warm = line("M150 62q14-16 0-32M200 62q14-16 0-32M250 62q14-16 0-32", "#e98a5b", 7)
    if ink.form == 1:  # oil-filled
        return (
            warm
            + "".join(rect(82 + 34 * i, 92, 26, 208, ink.main if i % 2 else ink.light, 13) for i in range(7))
            + rect(72, 108, 256, 14, ink.dark, 6)
            + rect(72, 268, 256, 14, ink.dark, 6)
            + rect(290, 140, 42, 110, LINE, 10)
            + dot(311, 170, 10, "#e98a5b")
            + "".join(dot(x, 318, 13, LINE) for x in (104, 296))
        )
    if ink.form == 2:  # infrared panel
        return (
            warm
            + rect(86, 86, 228, 220, ink.dark, 14)
            + rect(96, 96, 208, 200, ink.main, 8)
            + "".join(line(f"M126 {y}q18-12 36 0t36 0t36 0t36 0", "#f2a679", 6) for y in (150, 196, 242))
            + rect(120, 306, 18, 22, STEEL, 4)
            + rect(262, 306, 18, 22, STEEL, 4)
        )
    return (
        warm
        + rect(122, 82, 156, 234, ink.main, 34)
        + rect(122, 82, 46, 234, ink.light, 30)
        + rect(144, 150, 112, 132, LINE, 16)
        + "".join(
            line(f"M156 {y}h88", "#f08a4e" if y in (190, 214, 238) else "#5a4c48", 8)
            for y in range(166, 280, 24)
        )
        + dot(180, 118, 12, PAPER)
        + dot(220, 118, 12, ink.deep)
        + rect(112, 310, 176, 18, LINE, 9)
    )


def fan(ink: Ink) -> str:
    if ink.form == 0:  # tower
        return (
            rect(154, 60, 92, 250, ink.main, 40)
            + rect(154, 60, 30, 250, ink.light, 15)
            + rect(176, 100, 48, 176, ink.deep, 20)
            + "".join(line(f"M184 {y}h32", ink.pale, 4) for y in range(114, 270, 14))
            + dot(200, 82, 7, "#8fd694")
            + oval(200, 318, 82, 14, ink.dark)
        )
    if ink.form == 3:  # bladeless
        return (
            '<ellipse cx="200" cy="146" rx="72" ry="94" fill="none" stroke="'
            + ink.main
            + '" stroke-width="30"/>'
            '<ellipse cx="200" cy="146" rx="58" ry="80" fill="none" stroke="'
            + ink.deep
            + '" stroke-width="5"/>'
            + shape("M160 244h80l14 72q2 12-12 12h-84q-14 0-12-12z", ink.dark)
            + dot(200, 290, 11, PAPER)
        )
    y, r = (150, 96) if ink.form == 1 else (170, 104)
    blades = "".join(
        turned(
            120 * i + 20,
            200,
            y,
            shape(
                f"M200 {y}q-{r * 0.6:g} -{r * 0.25:g} -{r * 0.3:g} -{r * 0.78:g}"
                f"q{r * 0.5:g} 0 {r * 0.3:g} {r * 0.78:g}z",
                ink.main,
            ),
        )
        for i in range(3)
    )
    foot = (
        rect(190, y + r, 20, 318 - y - r, STEEL, 6) + oval(200, 320, 78, 13, ink.deep)
        if ink.form == 1
        else shape(f"M176 {y + r - 6}h48l26 54H150z", ink.deep)
    )
    return (
        foot
        + dot(200, y, r, ink.background)
        + blades
        + ring(200, y, r, ink.deep, 9)
        + ring(200, y, r * 0.7, ink.dark, 3)
        + ring(200, y, r * 0.42, ink.dark, 3)
        + line(f"M200 {y - r}v{2 * r}M{200 - r} {y}h{2 * r}", ink.dark, 2)
        + dot(200, y, 16, ink.deep)
    )


def duvet(ink: Ink) -> str:
    def fold(y: float, fill: str, edge: str) -> str:
        stitches = "".join(line(f"M{120 + 54 * i} {y + 6}q6 22 0 46", edge, 3) for i in range(4))
        return rect(72, y, 256, 62, fill, 30) + line(f"M92 {y + 58}q108 12 216 0", edge, 4) + stitches

    return (
        fold(262, ink.main, ink.dark)
        + fold(206, ink.light, ink.main)
        + fold(150, ink.main, ink.dark)
        + fold(94, ink.light, ink.main)
        + shape("M180 96h44v232h-44z", ink.accent)
        + shape("M202 96q-58-50-62-12q0 22 62 12q58-50 62-12q0 22-62 12z", ink.accent)
        + dot(202, 96, 13, "#ffffff99")
    )


def cushion(ink: Ink) -> str:
    pattern = {
        0: line("M120 120q80 60 160 0M120 280q80-60 160 0", ink.light, 6),
        1: "".join(line(f"M112 {y}h176", ink.pale, 8) for y in (140, 172, 228, 260)),
        2: "".join(
            line(f"M{x} 112q16 14 0 28t0 28t0 28t0 28t0 28t0 28", ink.dark, 7) for x in (136, 178, 220, 262)
        ),
        3: "".join(turned(60 * i, 200, 200, oval(200, 158, 15, 34, ink.accent)) for i in range(6))
        + dot(200, 200, 17, PAPER),
    }[ink.form % 4]
    return (
        shape("M84 84q116 22 232 0q-22 116 0 232q-116-22-232 0q22-116 0-232z", ink.main)
        + shape("M84 84q30 8 60 10q-26 106 0 206q-30 8-60 16q22-116 0-232z", ink.light)
        + pattern
        + line("M84 84q116 22 232 0q-22 116 0 232q-116-22-232 0q22-116 0-232z", ink.dark, 5)
        + (dot(200, 200, 11, ink.deep) if ink.form == 0 else "")
    )


def rug(ink: Ink) -> str:
    fringe = "".join(line(f"M{96 + 16 * i} 96v-18M{96 + 16 * i} 306v18", ink.accent, 4) for i in range(14))
    inner = {
        0: "".join(
            shape(f"M200 {y}l44 34-44 34-44-34z", c)
            for y, c in ((118, ink.accent), (166, PAPER), (214, ink.accent))
        ),
        1: "".join(rect(104, y, 192, 18, ink.pale) for y in (122, 158, 194, 230, 266)),
        2: "".join(
            f'<ellipse cx="200" cy="201" rx="{r}" ry="{r}" fill="none" stroke="{ink.dark}" stroke-width="9"/>'
            for r in (24, 48, 72)
        ),
        3: "".join(
            oval(x, y, 13, 9, ink.light)
            for y in range(124, 296, 32)
            for x in range(116 + (y // 32 % 2) * 18, 292, 36)
        ),
    }[ink.form % 4]
    return (
        fringe
        + rect(82, 94, 236, 214, ink.main, 6)
        + f'<rect x="94" y="106" width="212" height="190" fill="none" stroke="{ink.deep}" stroke-width="5"/>'
        + inner
    )


DRAWINGS: Mapping[str, Drawing] = {
    "lamp": lamp,
    "heater": heater,
    "fan": fan,
    "duvet": duvet,
    "cushion": cushion,
    "rug": rug,
}
