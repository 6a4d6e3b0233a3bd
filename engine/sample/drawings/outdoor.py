"""How do things for outdoors look?"""

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
    dot,
    line,
    oval,
    rect,
    shape,
)


def boot(ink: Ink) -> str:
    body = "M124 96h82q8 0 9 9l7 66q3 19 22 28l50 23q28 13 28 44v16H112v-92q0-16 6-34q7-22 6-60z"
    collar = rect(116, 84, 100, 30, PAPER if ink.form == 3 else ink.light, 14)
    laces = "".join(line(f"M{196 + 4 * i} {140 + 24 * i}l-34 {6 + i}", PAPER, 7) for i in range(4))
    return (
        shape(body, ink.main)
        + shape("M250 203l44 20q28 13 28 44v15h-66q10-44-6-79z", ink.dark)
        + shape(
            "M124 130h34q10 40-2 76q-8 26-6 76h-38v-92q0-16 6-34z", ink.light if ink.form == 1 else ink.dark
        )
        + collar
        + laces
        + rect(106, 280, 220, 18, PAPER, 9)
        + shape(
            "M106 292h220v14q0 10-10 10h-12v10h-26v-10h-18v10h-26v-10h-20v10h-26v-10h-20v10h-30v-10h-22"
            "q-10 0-10-10z",
            LINE,
        )
    )


def backpack(ink: Ink) -> str:
    top = (
        rect(126, 70, 148, 44, ink.dark, 18) + line("M126 92h148", ink.deep, 5)
        if ink.form == 1
        else line("M172 92q0-34 28-34t28 34", ink.deep, 12)
    )
    strap = BARK if ink.form == 2 else ink.deep
    return (
        rect(92, 196, 50, 104, ink.dark, 20)
        + rect(258, 196, 50, 104, ink.dark, 20)
        + top
        + rect(116, 84, 168, 244, ink.main, 56)
        + shape("M116 140q0-56 56-56h56q56 0 56 56v22q-84 34-168 0z", ink.dark)
        + rect(140, 206, 120, 96, ink.light, 22)
        + line("M152 228h96", ink.deep, 5)
        + rect(152, 110, 14, 100, strap, 7)
        + rect(234, 110, 14, 100, strap, 7)
        + rect(148, 176, 22, 18, METAL, 4)
        + rect(230, 176, 22, 18, METAL, 4)
        + dot(240, 230, 5, PAPER)
    )


def tent(ink: Ink) -> str:
    ground = line("M48 324l22-14M352 324l-22-14", STEEL, 5)
    if ink.form == 1:  # tunnel
        return (
            ground
            + shape("M64 318V226q0-92 92-92h96q84 0 84 92v92z", ink.main)
            + shape("M64 318V226q0-92 92-92q64 10 64 184z", ink.light)
            + shape("M104 318v-78q0-52 38-52t38 52v78z", ink.deep)
            + shape("M142 188q38 0 38 52v78q-44-40-38-130z", PAPER)
            + line("M236 136q38 52 34 182M290 148q30 62 26 170", ink.dark, 5)
        )
    if ink.form == 2:  # ridge
        return (
            ground
            + shape("M200 96L352 318H48z", ink.main)
            + shape("M200 96L48 318h96z", ink.light)
            + shape("M200 96l-56 222h100z", ink.deep)
            + shape("M200 96l-56 222q64-40 56-222z", PAPER)
            + line("M200 96v-18", STEEL, 6)
        )
    return (
        ground
        + shape("M52 318Q104 104 200 104t148 214z", ink.main)
        + shape("M52 318Q104 104 200 104q-74 60-78 214z", ink.light)
        + shape("M156 318q0-120 50-120t50 120z", ink.deep)
        + shape("M206 198q50 0 50 120q-60-24-50-120z", PAPER)
        + line("M52 318Q104 104 200 104t148 214", ink.dark, 6)
        + (
            line("M118 202q82-60 164 0", ink.dark, 5)
            if ink.form == 3
            else line("M200 104q-70 80-76 214", ink.dark, 5)
        )
    )


def sleepingbag(ink: Ink) -> str:
    rows = "".join(
        line(f"M{136 + 2 * i} {190 + 34 * i}q64 16 {128 - 4 * i} 0", ink.dark, 4) for i in range(4)
    )
    bag = (
        shape("M128 150q0-72 72-72t72 72q8 60-6 130q-8 48-66 48t-66-48q-14-70-6-130z", ink.main)
        + shape("M142 152q0-54 58-54t58 54q-20 34-58 34t-58-34z", ink.deep)
        + shape("M156 158q0-42 44-42t44 42q-14 22-44 22t-44-22z", ink.pale if ink.form == 2 else PAPER)
        + rows
        + line("M200 188v128", ink.light, 6)
        + rect(192, 186, 16, 22, METAL, 5)
    )
    return f'<g transform="translate(-70 0) scale(1.35 1)">{bag}</g>' if ink.form == 3 else bag


def campstove(ink: Ink) -> str:
    outer, inner = ("#e98a5b", "#ffe3a3") if ink.form == 3 else ("#6fa8d6", "#dcefff")
    flame = shape("M200 92q34 34 22 62q-6 14-22 14t-22-14q-8-24 22-62z", outer)
    flame += shape("M200 122q16 16 10 32q-4 8-10 8t-10-8q-4-14 10-32z", inner)
    if ink.form == 1:  # two burners
        return (
            shape("M80 150h240l14-70H66z", ink.dark)
            + rect(66, 180, 268, 96, ink.main, 12)
            + "".join(
                oval(x, 184, 50, 12, LINE) + line(f"M{x - 50} 170h100M{x} 158v24", STEEL, 6)
                for x in (136, 264)
            )
            + "".join(dot(x, 236, 16, PAPER) + line(f"M{x} 236v-10", LINE, 5) for x in (110, 160, 240, 290))
            + rect(90, 276, 24, 34, LINE, 6)
            + rect(286, 276, 24, 34, LINE, 6)
        )
    if ink.form == 3:  # burns twigs
        return (
            flame
            + line("M168 186l20-44M232 186l-20-44M200 190v-40", BARK, 10)
            + shape("M138 176h124l-14 140q-2 12-14 12h-68q-12 0-14-12z", ink.main)
            + shape("M138 176h40l4 152h-16q-12 0-14-12z", ink.light)
            + "".join(dot(x, y, 9, ink.deep) for y in (220, 252) for x in (172, 200, 228))
            + shape("M172 284h56v44h-56z", ink.deep)
            + rect(130, 170, 140, 14, STEEL, 6)
        )
    return (
        flame
        + line("M132 170h48M220 170h48M132 170l22 36M268 170l-22 36", STEEL, 9)
        + rect(160, 182, 80, 18, LINE, 8)
        + rect(188, 198, 24, 34, STEEL, 4)
        + line("M212 216h46", STEEL, 7)
        + dot(264, 216, 9, "#c9473f")
        + shape("M124 268q0-36 36-36h80q36 0 36 36v44q0 18-18 18H142q-18 0-18-18z", ink.main)
        + rect(124, 262, 152, 34, PAPER)
        + shape("M124 268q0-36 36-36h14v98h-32q-18 0-18-18z", ink.light)
    )


def headlamp(ink: Ink) -> str:
    return (
        line("M86 196q0-92 114-92t114 92", ink.dark, 30)
        + line("M86 196q0-92 114-92t114 92", ink.light, 6)
        + line("M84 190q-6 70 60 70h20M316 190q6 70-60 70h-20", ink.main, 28)
        + rect(142, 204, 116, 108, LINE, 30)
        + rect(152, 214, 96, 88, ink.deep, 24)
        + dot(200, 258, 38, METAL)
        + dot(200, 258, 29, "#fff3c4")
        + dot(200, 258, 13, "#ffdf7e")
        + rect(184, 196, 32, 12, "#c9473f", 6)
    )


DRAWINGS: Mapping[str, Drawing] = {
    "boot": boot,
    "backpack": backpack,
    "tent": tent,
    "sleepingbag": sleepingbag,
    "campstove": campstove,
    "headlamp": headlamp,
}
