"""How do things for skin and hair look?"""

from __future__ import annotations

from collections.abc import Mapping

from engine.sample.drawings.ink import LEAF, METAL, PAPER, Drawing, Ink, dot, leaf, line, rect, shape, turned

GOLD, GOLD_DARK = "#d9b36a", "#b88f45"


def cream(ink: Ink) -> str:
    mark = {
        0: shape("M200 224q22 30 22 44q0 20-22 20t-22-20q0-14 22-44z", "#8fb7cf"),
        1: shape("M214 226a30 30 0 1 0 8 56a36 36 0 1 1-8-56z", ink.deep),
        2: dot(186, 262, 15, ink.deep) + dot(214, 250, 10, ink.dark) + dot(212, 274, 7, ink.dark),
        3: leaf(200, 290, 58, -24, LEAF) + leaf(200, 290, 58, 24, "#94b884"),
    }[ink.form % 4]
    return (
        rect(98, 188, 204, 138, ink.main, 34)
        + rect(98, 188, 56, 138, ink.light, 28)
        + rect(260, 188, 42, 138, ink.dark, 20)
        + rect(132, 214, 136, 90, PAPER, 14)
        + mark
        + rect(90, 130, 220, 66, GOLD if ink.turn % 2 else PAPER, 18)
        + rect(90, 130, 70, 66, "#ffffff55", 18)
        + line("M104 184h192", GOLD_DARK if ink.turn % 2 else ink.pale, 4)
    )


def sunscreen(ink: Ink) -> str:
    rays = "".join(turned(45 * i, 200, 210, rect(195, 158, 10, 22, "#f2b84b", 5)) for i in range(8))
    wave = (
        line("M150 284q17-14 34 0t34 0t34 0", ink.pale, 7)
        if ink.form == 1
        else rect(166, 280, 68, 9, ink.pale, 4)
    )
    if ink.form == 2:
        face = (
            dot(190, 206, 4, "#9a6a1c")
            + dot(210, 206, 4, "#9a6a1c")
            + line("M190 218q10 9 20 0", "#9a6a1c", 4)
        )
    else:
        face = ""
    return (
        rect(166, 50, 68, 56, ink.deep, 10)
        + line("M180 62v32M200 62v32M220 62v32", ink.dark, 4)
        + shape("M150 106h100q18 0 20 20l10 190q0 14-14 14H134q-14 0-14-14l10-190q2-20 20-20z", ink.main)
        + shape("M150 106h18l-18 224h-16q-14 0-14-14l10-190q2-20 20-20z", ink.light)
        + dot(200, 210, 58, PAPER)
        + rays
        + dot(200, 210, 27, "#f7cf73")
        + face
        + wave
    )


def shampoo(ink: Ink) -> str:
    if ink.form == 2:  # solid bar
        bubbles = "".join(
            dot(x, y, r, "#ffffffcc")
            for x, y, r in ((120, 150, 16), (150, 122, 11), (276, 132, 18), (250, 104, 9))
        )
        return (
            bubbles
            + rect(76, 276, 248, 46, "#c89f6d", 14)
            + "".join(line(f"M{108 + 46 * i} 280v38", "#9a7146", 5) for i in range(5))
            + rect(98, 166, 204, 112, ink.main, 44)
            + shape("M98 210q0-44 44-44h116q44 0 44 44q-102 30-204 0z", ink.light)
            + leaf(200, 262, 52, -50, LEAF)
            + leaf(200, 262, 52, 50, LEAF)
        )
    pump = (
        rect(186, 54, 28, 52, METAL, 6) + rect(150, 46, 66, 18, METAL, 9) + rect(172, 96, 56, 26, ink.deep, 8)
    )
    mark = {
        0: line("M176 276q24-60 6-84M200 280q24-60 6-88M224 276q18-54 0-84", ink.deep, 6),
        1: "".join(
            dot(x, y, 7, ink.deep) for x, y in ((182, 214), (214, 208), (198, 238), (222, 254), (178, 262))
        ),
        3: shape("M170 262q-18-2-16-22q4-18 22-14q6-24 30-20q18 4 18 22q22-2 22 18q0 16-18 16z", ink.deep),
    }.get(ink.form, "")
    return (
        pump
        + rect(134, 118, 132, 212, ink.main, 30)
        + rect(134, 118, 38, 212, ink.light, 26)
        + rect(148, 176, 104, 116, PAPER, 12)
        + mark
    )


def lipstick(ink: Ink) -> str:
    shine = "#ffffff88" if ink.form in (1, 2) else "#ffffff33"
    return (
        shape("M166 76q34 2 68 34v100h-68z", ink.main)
        + shape("M166 76q12 0 24 5v129h-24z", shine)
        + shape("M166 76q34 2 68 34q-40 0-68-34z", ink.light)
        + rect(154, 196, 92, 54, GOLD, 6)
        + rect(154, 196, 26, 54, "#f0d9a0", 6)
        + rect(142, 244, 116, 86, ink.deep, 12)
        + rect(142, 244, 32, 86, ink.dark, 10)
        + rect(142, 256, 116, 7, GOLD_DARK)
        + line("M282 316q16-34 40-44", ink.main, 14)
    )


def perfume(ink: Ink) -> str:
    body = {
        0: rect(112, 150, 176, 178, ink.pale, 40),
        1: rect(112, 150, 176, 178, ink.pale, 10),
        2: shape("M200 140q96 40 96 116q0 72-96 72t-96-72q0-76 96-116z", ink.pale),
        3: shape("M150 148h100l46 62-34 118H138l-34-118z", ink.pale),
    }[ink.form % 4]
    liquid = {
        0: rect(124, 206, 152, 112, ink.main, 32),
        1: rect(124, 206, 152, 112, ink.main, 6),
        2: shape("M120 232q80 22 160 0q8 12 4 30q-8 54-84 54t-84-54q-4-18 4-30z", ink.main),
        3: shape("M118 214h164l-28 102H146z", ink.main),
    }[ink.form % 4]
    return (
        rect(160, 62, 80, 58, GOLD, 12)
        + rect(160, 62, 24, 58, "#f0d9a0", 10)
        + rect(180, 118, 40, 34, METAL, 4)
        + body
        + liquid
        + rect(164, 234, 72, 48, PAPER, 6)
        + rect(178, 252, 44, 5, ink.deep, 2)
        + rect(186, 263, 28, 4, ink.dark, 2)
        + line("M136 190v40", "#ffffffaa", 8)
    )


DRAWINGS: Mapping[str, Drawing] = {
    "cream": cream,
    "sunscreen": sunscreen,
    "shampoo": shampoo,
    "lipstick": lipstick,
    "perfume": perfume,
}
