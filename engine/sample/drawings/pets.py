"""How do things for pets look?"""

from __future__ import annotations

from collections.abc import Mapping

from engine.sample.drawings.ink import (
    LEAF,
    LINE,
    METAL,
    PAPER,
    WOOD,
    Drawing,
    Ink,
    dashes,
    dot,
    line,
    oval,
    rect,
    ring,
    shape,
    turned,
)


def cat(x: float, y: float, fill: str, size: float = 1.0) -> str:
    return (
        f'<g transform="translate({x:g} {y:g}) scale({size:g})">'
        + shape("M-34 -8l-4-40 28 18h20l28-18-4 40q4 44-34 44t-34-44z", fill)
        + dot(-14, 0, 5, PAPER)
        + dot(14, 0, 5, PAPER)
        + shape("M-6 12h12l-6 8z", PAPER)
        + "</g>"
    )


def dog(x: float, y: float, fill: str, ear: str) -> str:
    return (
        f'<g transform="translate({x:g} {y:g})">'
        + oval(0, 0, 36, 38, fill)
        + oval(-36, -2, 14, 30, ear)
        + oval(36, -2, 14, 30, ear)
        + dot(-13, -6, 5, PAPER)
        + dot(13, -6, 5, PAPER)
        + oval(0, 12, 15, 12, PAPER)
        + oval(0, 8, 7, 5, LINE)
        + "</g>"
    )


def taste(flavour: int) -> str:
    """Chicken, fish, duck or lamb, as a small mark."""
    return (
        shape("M182 300q-4-18 12-26t26 4l16-8 4 10-16 8q0 18-16 22t-26-10z", "#e2b15a"),
        shape("M170 288q24-24 48 0l16-12v24l-16-12q-24 24-48 0z", "#e3836a"),
        shape("M174 292q10-22 34-16q4-14 18-10l8 8-10 6q4 24-20 26t-30-14z", "#e2b15a"),
        oval(200, 288, 26, 14, "#f2ead9"),
    )[flavour % 4]


def bag(ink: Ink, portrait: str, flavour: int) -> str:
    return (
        shape("M110 92h180l10 220q0 18-18 18H118q-18 0-18-18z", ink.main)
        + shape("M110 92h36l-16 238h-12q-18 0-18-18z", ink.light)
        + shape("M290 92l10 220q0 18-18 18h-14l-14-238z", ink.dark)
        + shape("M106 66h188l-4 32H110z", ink.deep)
        + line("M116 82h168", ink.main, 3)
        + dot(200, 188, 66, PAPER)
        + portrait
        + taste(flavour)
    )


def catfood(ink: Ink) -> str:
    return bag(ink, cat(200, 196, ink.deep, 1.0 if ink.form != 3 else 0.78), (0, 1, 2, 0)[ink.form % 4])


def dogfood(ink: Ink) -> str:
    return bag(ink, dog(200, 190, ink.deep, ink.dark), (3, 1, 0, 2)[ink.form % 4])


def catlitter(ink: Ink) -> str:
    mark = {
        0: "".join(dot(168 + 16 * i, 276 - (i % 2) * 10, 8, ink.deep) for i in range(5)),
        1: rect(176, 258, 48, 34, "#f2ead9", 6) + line("M176 274h48", ink.dark, 3),
        2: shape("M200 236l26 30h-14l18 22h-60l18-22h-14z", LEAF) + rect(195, 286, 10, 10, WOOD),
        3: "".join(
            shape(f"M{x} {y}l10 12-10 12-10-12z", "#8fb7cf")
            for x, y in ((180, 256), (206, 248), (222, 270), (194, 272))
        ),
    }[ink.form % 4]
    return (
        line("M160 96q0-36 40-36t40 36", ink.deep, 13)
        + rect(106, 92, 188, 236, ink.main, 20)
        + rect(106, 92, 48, 236, ink.light, 18)
        + shape("M240 92h34q20 0 20 20v30z", ink.dark)
        + rect(132, 128, 136, 176, PAPER, 14)
        + cat(200, 186, ink.deep, 0.9)
        + mark
    )


def leash(ink: Ink) -> str:
    clip = turned(30, 300, 300, rect(292, 262, 16, 28, METAL, 5), ring(300, 304, 13, METAL, 7))
    if ink.form == 2:  # retractable
        return (
            line("M214 220q80 10 84 60", ink.accent, 8)
            + clip
            + shape("M92 132q0-56 66-56h40q62 0 62 62v44q0 62-62 62h-40q-66 0-66-56z", ink.main)
            + shape("M118 144q0-34 34-34h10q-22 50 0 96h-10q-34 0-34-30z", ink.background)
            + dot(206, 160, 34, ink.dark)
            + dot(206, 160, 14, PAPER)
            + rect(196, 62, 40, 22, ink.deep, 10)
        )
    path = "M132 176q-56-20-40-70t66-30t40 74q-20 62 26 84t40-30t-46-22t-20 68t98 30"
    weave = dashes(path, ink.pale, 5, "6 10") if ink.form in (0, 3) else line(path, ink.light, 3)
    return line(path, ink.main, 17) + weave + rect(116, 160, 34, 28, ink.deep, 9) + clip


def cattree(ink: Ink) -> str:
    if ink.form == 1:  # on the wall
        return (
            rect(70, 236, 120, 18, WOOD, 6)
            + rect(160, 164, 120, 18, WOOD, 6)
            + rect(226, 94, 110, 18, WOOD, 6)
            + "".join(
                rect(x, y, 12, 26, "#9a7146", 3)
                for x, y in ((86, 254), (162, 254), (176, 182), (252, 182), (242, 112), (312, 112))
            )
            + rect(70, 226, 120, 12, ink.main, 6)
            + rect(160, 154, 120, 12, ink.main, 6)
            + rect(226, 84, 110, 12, ink.main, 6)
            + oval(220, 138, 34, 18, LINE)
            + cat(256, 122, LINE, 0.62)
        )
    tall = ink.form in (0, 3)
    top = 176 if tall else 228
    post = line("".join(f"M{x} {y}h24" for x in (128, 248) for y in range(top, 306, 10)), "#a9825a", 2)
    return (
        rect(124, top - 10, 32, 324 - top, "#c9a074", 4)
        + rect(244, 216, 32, 104, "#c9a074", 4)
        + (rect(244, 96, 32, 90, "#c9a074", 4) if tall else "")
        + post
        + (rect(220, 84, 96, 22, ink.main, 11) if tall else "")
        + rect(84, 152 if tall else 206, 116, 22, ink.main, 11)
        + rect(196, 168 if tall else 206, 116, 64, ink.main, 18)
        + dot(254, 202 if tall else 238, 24, ink.deep)
        + oval(128, 136 if tall else 190, 34, 20, LINE)
        + cat(154, 122 if tall else 176, LINE, 0.62)
        + line("M98 140q-22-8-18-34" if tall else "M98 194q-22-8-18-34", LINE, 9)
        + (line("M300 106v38", LINE, 3) + dot(300, 152, 10, ink.accent) if tall else "")
        + rect(78, 308, 244, 22, ink.dark, 10)
    )


def petbed(ink: Ink) -> str:
    if ink.form == 2:  # cave
        return (
            shape("M72 300q0-176 128-176t128 176q0 28-30 28H102q-30 0-30-28z", ink.main)
            + shape("M72 300q0-176 128-176q-60 40-66 204h-32q-30 0-30-28z", ink.light)
            + shape("M130 318q0-104 70-104t70 104q-70 18-140 0z", ink.deep)
            + oval(200, 312, 66, 18, ink.pale)
            + cat(200, 284, LINE, 0.7)
        )
    sleeper = (
        oval(204, 232, 70, 34, "#b98a58")
        + dog(150, 212, "#c89f6d", "#9a7146").replace("translate(150 212)", "translate(150 212) scale(.7)")
        + line("M266 240q26-6 22-26", "#b98a58", 11)
    )
    return (
        oval(200, 270, 138, 58, ink.dark)
        + oval(200, 244, 138, 66, ink.main)
        + oval(200, 236, 98, 40, ink.pale)
        + sleeper
        + shape("M62 244q0 66 138 66t138-66v26q0 58-138 58T62 270z", ink.main)
        + "".join(line(f"M{x} {302 - abs(x - 200) * 0.16:g}v18", ink.dark, 4) for x in range(110, 300, 30))
    )


DRAWINGS: Mapping[str, Drawing] = {
    "catfood": catfood,
    "dogfood": dogfood,
    "catlitter": catlitter,
    "leash": leash,
    "cattree": cattree,
    "petbed": petbed,
}
