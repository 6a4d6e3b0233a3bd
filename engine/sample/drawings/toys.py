"""How do toys and games look?"""

from __future__ import annotations

from collections.abc import Mapping

from engine.sample.drawings.ink import (
    LINE,
    PAPER,
    WOOD,
    Drawing,
    Ink,
    dot,
    line,
    mix,
    moved,
    oval,
    rect,
    ring,
    shape,
    turned,
)


def _tower(x: float, y: float, fill: str, width: float = 60) -> str:
    step = width / 3
    return rect(x, y, width, 328 - y, fill) + "".join(
        rect(x + step * i + 1, y - 18, step - 6, 20, fill) for i in range(3)
    )


def blocks(ink: Ink) -> str:
    if ink.form == 1:  # castle
        return (
            _tower(84, 168, ink.light)
            + _tower(256, 168, ink.light)
            + _tower(164, 112, ink.dark, 72)
            + rect(112, 226, 176, 102, ink.main)
            + "".join(rect(116 + 30 * i, 210, 20, 20, ink.main) for i in range(6))
            + shape("M172 328v-46q0-28 28-28t28 28v46z", ink.deep)
            + line("M200 92V56", LINE, 5)
            + shape("M202 56l44 14-44 16z", ink.accent)
            + "".join(rect(x, y, 16, 26, ink.deep, 8) for x, y in ((106, 200), (278, 200), (192, 146)))
        )
    if ink.form == 2:  # magnetic
        return (
            shape("M200 66l66 96H134z", ink.accent)
            + rect(134, 166, 64, 64, ink.main, 6)
            + rect(202, 166, 64, 64, ink.light, 6)
            + rect(100, 234, 64, 92, ink.dark, 6)
            + rect(168, 234, 64, 92, "#6f9fa8", 6)
            + rect(236, 234, 64, 92, ink.main, 6)
            + shape("M200 92l42 60h-84z", "#ffffff66")
            + "".join(rect(x, y, 44, 44, "#ffffff55", 4) for x, y in ((144, 176), (212, 176)))
            + "".join(rect(x, 244, 44, 72, "#ffffff44", 4) for x in (110, 178, 246))
        )
    if ink.form == 3:  # marble run
        return (
            rect(86, 92, 22, 236, WOOD, 5)
            + rect(292, 92, 22, 236, WOOD, 5)
            + line("M96 120l196 42M304 186l-196 42M96 252l196 42", ink.main, 16)
            + line("M96 116l196 42M304 182l-196 42M96 248l196 42", ink.light, 4)
            + dot(160, 116, 16, ink.accent)
            + dot(226, 188, 16, "#c9473f")
            + dot(262, 268, 16, "#6f9fa8")
            + rect(70, 312, 260, 18, WOOD, 8)
        )
    return (
        rect(88, 232, 96, 96, ink.main, 10)
        + rect(192, 232, 96, 96, "#e2b15a", 10)
        + rect(140, 132, 96, 96, "#6f9fa8", 10)
        + shape("M188 52l54 78H134z", ink.dark)
        + dot(136, 280, 26, ink.pale)
        + shape("M240 252l26 50h-52z", PAPER)
        + rect(164, 156, 48, 48, PAPER, 6)
        + dot(314, 306, 22, ink.accent)
    )


def plush(ink: Ink) -> str:
    ears = {
        0: dot(138, 106, 30, ink.main)
        + dot(262, 106, 30, ink.main)
        + dot(138, 106, 16, ink.pale)
        + dot(262, 106, 16, ink.pale),
        1: oval(164, 78, 20, 56, ink.main)
        + oval(236, 78, 20, 56, ink.main)
        + oval(164, 82, 9, 40, ink.pale)
        + oval(236, 82, 9, 40, ink.pale),
        2: dot(140, 104, 28, LINE) + dot(260, 104, 28, LINE),
        3: shape("M126 150l8-84 62 44zM274 150l-8-84-62 44z", ink.main)
        + shape("M138 124l6-36 26 22zM262 124l-6-36-26 22z", LINE),
    }[ink.form % 4]
    coat, limb = (PAPER, LINE) if ink.form == 2 else (ink.main, ink.dark)
    patches = oval(166, 150, 22, 25, LINE) + oval(234, 150, 22, 25, LINE) if ink.form == 2 else ""
    eye = PAPER if ink.form == 2 else LINE
    return (
        oval(128, 262, 26, 46, limb)
        + oval(272, 262, 26, 46, limb)
        + oval(200, 268, 78, 66, coat)
        + oval(200, 276, 46, 44, "#ffffff" if ink.form == 2 else ink.pale)
        + oval(152, 318, 32, 20, limb)
        + oval(248, 318, 32, 20, limb)
        + ears
        + oval(200, 154, 86, 74, coat)
        + patches
        + oval(200, 180, 38, 28, ink.pale if ink.form != 2 else "#ffffff")
        + dot(168, 150, 8, eye)
        + dot(232, 150, 8, eye)
        + oval(200, 168, 12, 8, LINE)
        + line("M200 176q0 12-12 12M200 176q0 12 12 12", LINE, 4)
        + shape("M200 228l-34-14v30zM200 228l34-14v30z", ink.accent)
        + dot(200, 228, 9, mix(ink.accent, "#000000", 0.2))
    )


def boardgame(ink: Ink) -> str:
    def pawn(x: float, y: float, fill: str) -> str:
        return dot(x, y - 34, 13, fill) + shape(f"M{x - 9} {y - 26}h18l10 34h-38z", fill)

    cells = "".join(
        rect(104 + 32 * c, 130 + 32 * r, 30, 30, (ink.pale, PAPER, ink.accent)[(r * 2 + c + ink.form) % 3], 5)
        for r in range(6)
        for c in range(6)
        if r in (0, 5) or c in (0, 5)
    )
    die = rect(0, 0, 46, 46, "#ffffff", 10) + "".join(
        dot(x, y, 5, LINE) for x, y in ((13, 13), (23, 23), (33, 33))
    )
    middle = {
        0: shape("M200 182l38 34h-10v40h-56v-40h-10z", ink.light),
        1: shape("M166 256l-8-60 24 24 18-38 18 38 24-24-8 60z", "#e2b15a"),
        2: ring(184, 224, 24, ink.light, 10) + ring(216, 224, 24, ink.accent, 10),
        3: "".join(turned(72 * i, 200, 222, rect(194, 182, 12, 26, ink.accent, 6)) for i in range(5))
        + dot(200, 222, 15, ink.light),
    }[ink.form % 4]
    return (
        rect(84, 112, 228, 228, ink.deep, 18)
        + rect(84, 106, 228, 226, ink.main, 18)
        + cells
        + middle
        + pawn(136, 176, "#c9473f")
        + pawn(266, 306, "#34476e")
        + pawn(234, 176, "#e2b15a")
        + f'<g transform="translate(286 60) rotate(14)">{die}</g>'
    )


PIECE = "M0 0h32q-8-24 14-24t14 24h34v34q24-8 24 14t-24 14v32h-94v-32q-22 8-22-14t22-14z"


def puzzle(ink: Ink) -> str:
    def piece(x: float, y: float, fill: str) -> str:
        return moved(x, y, f'<path d="{PIECE}" fill="{fill}" stroke="{PAPER}" stroke-width="4"/>')

    if ink.form == 0:
        tones = (ink.light, "#9cc3d8", "#7fa56b", ink.main)
    elif ink.form == 3:
        tones = (WOOD, "#b98a58", "#d8b384", "#9a7146")
    else:
        tones = (ink.main, ink.accent, ink.light, ink.dark)
    return (
        piece(106, 128, tones[0])
        + piece(106, 222, tones[2])
        + piece(200, 222, tones[3])
        + turned(16, 280, 120, piece(226, 70, tones[1]))
    )


def kite(ink: Ink) -> str:
    tail = line("M166 262q-34 30-10 52t-16 40", LINE, 3) + "".join(
        turned(a, x, y, shape(f"M{x} {y}l-16-9v18zM{x} {y}l16-9v18z", ink.accent))
        for x, y, a in ((148, 290, 40), (158, 318, -20))
    )
    if ink.form in (0, 1):
        return (
            line("M200 234Q240 300 330 336", LINE, 3)
            + shape("M200 74L336 224L200 196L64 224z", ink.main)
            + shape("M200 74L64 224l136-28z", ink.light)
            + shape("M200 130l70 74-70-14z", ink.accent)
            + shape("M200 130l-70 74 70-14z", ink.dark)
            + line("M200 74v124", ink.deep, 5)
            + line("M100 216q-6 40 6 64M300 216q6 40-6 64", ink.accent, 8)
            + (line("M200 196v40", ink.deep, 6) if ink.form else "")
        )
    face = (
        dot(178, 150, 13, PAPER)
        + dot(222, 150, 13, PAPER)
        + dot(178, 150, 6, LINE)
        + dot(222, 150, 6, LINE)
        + line("M176 186q24 20 48 0", PAPER, 6)
        if ink.form == 3
        else ""
    )
    return (
        tail
        + shape("M216 60L300 150L166 264L116 128z", ink.main)
        + shape("M216 60L166 264L116 128z", ink.light)
        + shape("M216 60l-14 82 98 8z", ink.accent)
        + line("M216 60L166 264M116 128L300 150", ink.deep, 5)
        + face
        + line("M200 146Q280 250 326 330", LINE, 3)
    )


DRAWINGS: Mapping[str, Drawing] = {
    "blocks": blocks,
    "plush": plush,
    "boardgame": boardgame,
    "puzzle": puzzle,
    "kite": kite,
}
