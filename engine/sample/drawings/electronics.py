"""How do electronics look?"""

from __future__ import annotations

from collections.abc import Mapping

from engine.sample.drawings.ink import (
    BARK,
    LINE,
    METAL,
    PAPER,
    STEEL,
    Drawing,
    Ink,
    dashes,
    dot,
    line,
    oval,
    rect,
    shape,
    turned,
)


def headphones(ink: Ink) -> str:
    if ink.form == 1:  # true wireless
        bud = (
            rect(-12, 10, 26, 74, ink.main, 13)
            + oval(0, 4, 34, 30, ink.main)
            + oval(-22, 6, 14, 20, ink.deep)
        )
        return (
            rect(112, 206, 176, 116, ink.dark, 48)
            + rect(112, 206, 176, 62, ink.light, 44)
            + line("M118 262h164", ink.deep, 4)
            + dot(200, 284, 5, "#8fd694")
            + f'<g transform="translate(150 112) rotate(-12)">{bud}</g>'
            + f'<g transform="translate(250 112) scale(-1 1) rotate(-12)">{bud}</g>'
        )
    cord = line("M108 300q6 40 60 34t90-6", LINE, 6) if ink.form == 3 else ""
    return (
        cord
        + line("M102 220q-6-136 98-136t98 136", ink.dark, 26)
        + line("M108 190q6-92 92-92t92 92", ink.light, 7)
        + rect(74, 196, 62, 112, ink.main, 30)
        + rect(264, 196, 62, 112, ink.main, 30)
        + rect(122, 204, 32, 96, ink.deep, 16)
        + rect(246, 204, 32, 96, ink.deep, 16)
        + dot(98, 252, 12, ink.light)
        + dot(302, 252, 12, ink.light)
    )


def keyboard(ink: Ink) -> str:
    wide = 250 if ink.form == 2 else 300
    left = 200 - wide / 2
    columns = 9 if ink.form == 2 else 11
    step = (wide - 28) / columns
    keys = "".join(
        rect(
            left + 14 + step * c,
            162 + 33 * r,
            step - 6,
            27,
            ink.accent if (r, c) in ((0, 0), (2, columns - 1)) else PAPER,
            6,
        )
        for r in range(3)
        for c in range(columns)
    )
    return (
        (line("M200 140q0-50 60-50", LINE, 6) if ink.form in (0, 3) else "")
        + rect(left, 142, wide, 160, ink.deep, 20)
        + rect(left, 138, wide, 154, ink.main, 20)
        + keys
        + rect(left + 14, 261, step * 2 - 6, 22, PAPER, 6)
        + rect(left + 14 + step * 2, 261, step * (columns - 4) - 6, 22, ink.pale, 6)
        + rect(left + 14 + step * (columns - 2), 261, step * 2 - 6, 22, PAPER, 6)
    )


def mouse(ink: Ink) -> str:
    if ink.form == 0:  # vertical
        return (
            shape("M96 318q-6-150 92-206q60-34 104 20q34 44 22 120l-8 66z", ink.main)
            + shape("M188 112q60-34 104 20q34 44 22 120q-40-80-126-140z", ink.light)
            + line("M186 114q92 60 126 138", ink.deep, 5)
            + rect(240, 150, 18, 44, LINE, 9)
            + shape("M96 318q0-40 14-70q70 46 200 30l-4 40z", ink.dark)
        )
    cord = line("M200 92q0-48 40-56", LINE, 6) if ink.form == 2 else ""
    return (
        cord
        + rect(126, 84, 148, 244, ink.main, 74)
        + shape("M126 158q0-74 74-74v96h-74z", ink.light)
        + line("M126 182h148M200 86v94", ink.deep, 5)
        + rect(190, 112, 20, 48, LINE, 10)
        + (line("M160 290q40 20 80 0", "#7ee0c3", 7) if ink.form == 2 else dot(200, 282, 8, ink.accent))
    )


def phonecase(ink: Ink) -> str:
    if ink.form == 1:  # wallet
        return (
            rect(104, 74, 110, 252, BARK, 20)
            + "".join(
                rect(120, y, 78, 46, c, 6) for y, c in ((110, ink.pale), (134, "#8fb3c9"), (158, ink.light))
            )
            + rect(116, 184, 86, 100, ink.dark, 8)
            + rect(200, 74, 120, 252, ink.main, 22)
            + rect(212, 88, 96, 224, LINE, 14)
            + rect(218, 94, 84, 212, "#56606e", 10)
        )
    body = rect(122, 62, 156, 272, ink.main if ink.form else ink.pale, 34)
    bumper = (
        "".join(rect(x, y, 26, 42, ink.deep, 12) for x in (116, 258) for y in (60, 294))
        if ink.form == 2
        else ""
    )
    return (
        bumper
        + body
        + rect(132, 72, 136, 252, ink.light if ink.form else ink.background, 26)
        + shape("M132 230Q200 150 268 190v108q0 26-26 26H158q-26 0-26-26z", ink.main)
        + shape("M132 274q70-60 136-30v54q0 26-26 26H158q-26 0-26-26z", ink.dark)
        + rect(144, 84, 66, 70, LINE, 20)
        + "".join(
            dot(x, y, 12, STEEL) + dot(x, y, 6, "#20242b") for x, y in ((162, 104), (192, 104), (162, 134))
        )
        + dot(192, 134, 6, "#fff3c4")
    )


def powerbank(ink: Ink) -> str:
    panel = (
        rect(146, 100, 108, 150, "#2f4666", 8) + line("M200 100v150M146 150h108M146 200h108", "#6f8fb5", 3)
        if ink.form == 2
        else ring_mark(ink)
        if ink.form == 3
        else "".join(dot(172 + 19 * i, 118, 6, "#8fd694" if i < 3 else ink.dark) for i in range(4))
    )
    return (
        rect(126, 74, 148, 256, ink.dark, 30)
        + rect(126, 74, 140, 250, ink.main, 30)
        + panel
        + ("" if ink.form in (2, 3) else shape("M206 176l-34 52h24l-8 42 38-56h-24z", PAPER))
        + rect(156, 306, 34, 10, LINE, 5)
        + rect(206, 306, 26, 10, LINE, 3)
    )


def ring_mark(ink: Ink) -> str:
    return f'<circle cx="196" cy="178" r="46" fill="none" stroke="{ink.pale}" stroke-width="9"/>' + rect(
        191, 232, 10, 34, ink.pale, 5
    )


def cable(ink: Ink) -> str:
    path = "M116 118v40q0 60 60 60h60q50 0 50 44t-50 44h-40q-44 0-44-40t44-44h90"
    return (
        line(path, ink.main, 15)
        + (dashes(path, ink.light, 4, "4 7") if ink.form in (0, 1) else "")
        + rect(96, 78, 40, 62, ink.deep, 12)
        + rect(105, 56, 22, 26, METAL, 8)
        + turned(90, 300, 222, rect(280, 190, 40, 62, ink.deep, 12), rect(289, 168, 22, 26, METAL, 8))
        + dot(116, 122, 5, "#8fd694")
    )


def monitor(ink: Ink) -> str:
    if ink.form == 3:  # portable
        return (
            shape("M84 290h232l26 36H58z", ink.dark)
            + rect(76, 116, 248, 176, LINE, 14)
            + rect(86, 126, 228, 150, "#9cc3d8", 6)
            + shape("M86 276v-50l60-50 54 46 50-32 64 50v36z", ink.main)
            + dot(262, 160, 16, "#ffe3a3")
        )
    x, w = (46, 308) if ink.form == 1 else (66, 268)
    return (
        shape("M178 268h44l8 50h-60z", STEEL)
        + rect(130, 314, 140, 14, METAL, 7)
        + rect(x, 92, w, 184, LINE, 16)
        + rect(x + 10, 102, w - 20, 156, "#9cc3d8", 8)
        + shape(f"M{x + 10} 250v-44l70-58 60 54 46-32 {w - 196} 48v40q0 0-8 0H{x + 18}q-8 0-8-8z", ink.main)
        + shape(f"M{x + 10} 250v-20l80-20 80 20 {w - 180}-16v44H{x + 18}q-8 0-8-8z", ink.dark)
        + dot(x + w - 60, 138, 17, "#ffe3a3")
        + dot(200, 267, 4, "#8fd694")
    )


DRAWINGS: Mapping[str, Drawing] = {
    "headphones": headphones,
    "keyboard": keyboard,
    "mouse": mouse,
    "phonecase": phonecase,
    "powerbank": powerbank,
    "cable": cable,
    "monitor": monitor,
}
