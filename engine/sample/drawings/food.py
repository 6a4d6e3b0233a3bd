"""How do food and drink look?"""

from __future__ import annotations

from collections.abc import Mapping

from engine.sample.drawings.ink import (
    LEAF,
    METAL,
    PAPER,
    STEM,
    Drawing,
    Ink,
    dot,
    leaf,
    line,
    oval,
    rect,
    shape,
    turned,
)

BEAN, BEAN_DARK = "#7a4f36", "#5a3826"


def bean(x: float, y: float, degrees: float, size: float = 1.0) -> str:
    return turned(
        degrees,
        x,
        y,
        oval(x, y, 20 * size, 14 * size, BEAN),
        line(f"M{x - 17 * size} {y}q{17 * size} {8 * size} {34 * size} 0", BEAN_DARK, 3),
    )


def coffee(ink: Ink) -> str:
    strength = "".join(
        dot(172 + 28 * i, 288, 8, PAPER if i <= (2, 1, 0, 2, 1)[ink.form % 5] else ink.dark) for i in range(3)
    )
    return (
        shape("M126 92h148l14 222q2 16-14 16H126q-16 0-14-16z", ink.main)
        + shape("M126 92h34l-12 238h-22q-16 0-14-16z", ink.light)
        + shape("M274 92l14 222q2 16-14 16h-16l-14-238z", ink.dark)
        + rect(120, 70, 160, 30, ink.deep, 6)
        + line("M130 85h140", ink.main, 3)
        + dot(200, 124, 8, ink.deep)
        + rect(140, 152, 120, 108, PAPER, 10)
        + bean(184, 194, -28, 1.1)
        + bean(218, 206, 34, 1.1)
        + rect(160, 232, 80, 8, ink.dark, 4)
        + rect(174, 246, 52, 5, ink.light, 2)
        + strength
        + bean(96, 326, 14, 0.8)
        + bean(304, 328, -20, 0.8)
    )


def petals(n: int, length: float, fill: str) -> str:
    return "".join(turned(360 * i / n, 200, 222, oval(200, 222 - length, 8, length, fill)) for i in range(n))


def tea(ink: Ink) -> str:
    motif = {
        0: petals(6, 20, "#ffffff") + dot(200, 222, 9, "#f2b84b"),
        1: leaf(200, 250, 60, -28, LEAF) + leaf(200, 250, 66, 8, STEM) + leaf(200, 250, 56, 42, LEAF),
        2: shape("M166 204h68v18q0 26-26 26h-16q-26 0-26-26z", "#b5543c")
        + line("M234 210q20 0 14 18t-22 10", "#b5543c", 6),
        3: petals(9, 18, "#ffffff") + dot(200, 222, 13, "#f2b84b"),
        4: dot(200, 222, 34, "#6d4a34") + dot(200, 222, 14, "#523524"),
    }[ink.form % 5]
    label = ink.pale if ink.form in (0, 3) else PAPER
    return (
        rect(124, 110, 152, 218, ink.main, 16)
        + rect(124, 110, 40, 218, ink.light, 16)
        + rect(244, 110, 32, 218, ink.dark, 14)
        + rect(116, 96, 168, 36, ink.deep, 10)
        + shape("M140 98q4-26 60-26t60 26z", ink.dark)
        + dot(200, 72, 10, ink.accent)
        + rect(124, 164, 152, 118, label)
        + rect(124, 170, 152, 3, ink.accent)
        + rect(124, 273, 152, 3, ink.accent)
        + motif
        + rect(170, 296, 60, 8, ink.pale, 4)
    )


def almond(x: float, y: float, degrees: float, fill: str = "#b9783f") -> str:
    return turned(
        degrees,
        x,
        y,
        shape(f"M{x - 24} {y}q22-28 48 0q-26 28-48 0z", fill),
        line(f"M{x - 14} {y}h26", "#93592b", 3),
    )


def nuts(ink: Ink) -> str:
    extra = {
        0: "".join(
            rect(x, y, 6, 6, "#ffffff", 1) for x, y in ((160, 190), (226, 184), (240, 226), (172, 240))
        ),
        1: "",
        2: shape("M200 168q12 16 12 26q0 12-12 12t-12-12q0-10 12-26z", "#f2b84b"),
        3: "".join(dot(x, y, 9, "#a63a4a") for x, y in ((166, 192), (236, 196), (204, 246))),
    }[ink.form % 4]
    return (
        shape("M120 84h160l8 230q0 18-18 18H130q-18 0-18-18z", ink.main)
        + shape("M120 84h30l-10 248h-10q-18 0-18-18z", ink.light)
        + rect(116, 66, 168, 30, ink.deep, 8)
        + line("M126 104h148", ink.dark, 4)
        + rect(176, 72, 48, 14, ink.background, 7)
        + dot(200, 214, 66, PAPER)
        + almond(178, 206, -24)
        + almond(222, 206, 30, "#c88c52")
        + almond(200, 238, 4, "#d9a468")
        + extra
        + rect(156, 296, 88, 8, ink.pale, 4)
        + almond(96, 326, 10)
        + almond(308, 326, -14, "#d9a468")
    )


def oliveoil(ink: Ink) -> str:
    fruit = "#e9c846" if ink.form == 3 else "#7d8f45"
    sprig = (
        line("M176 286q22-34 50-50", STEM, 4) + leaf(190, 266, 34, -50, LEAF) + leaf(208, 250, 32, 60, LEAF)
    )
    return (
        rect(180, 50, 40, 38, ink.deep, 8)
        + rect(176, 82, 48, 14, METAL, 4)
        + shape(
            "M180 96h40v40q0 22 26 40q14 12 14 34v102q0 18-18 18h-84q-18 0-18-18V210q0-22 14-34q26-18 26-40z",
            "#4f6243",
        )
        + shape(
            "M180 96h14v44q0 24-22 42q-12 10-12 32v116h-2q-18 0-18-18V210q0-22 14-34q26-18 26-40z", "#6e8460"
        )
        + rect(140, 208, 120, 98, PAPER, 4)
        + rect(140, 208, 120, 14, ink.main)
        + sprig
        + oval(182, 280, 11, 15, fruit)
        + oval(222, 256, 11, 15, fruit)
    )


def chocolate(ink: Ink) -> str:
    if ink.form == 4:  # gift box
        sweets = "".join(
            dot(x, y, 22, c) + line(f"M{x - 12} {y - 6}q12-10 24 0", PAPER, 3)
            for x, y, c in (
                (148, 194, "#6b4230"),
                (200, 194, "#8a5a3c"),
                (252, 194, "#4d2f23"),
                (148, 250, "#8a5a3c"),
                (200, 250, "#4d2f23"),
                (252, 250, "#6b4230"),
            )
        )
        return (
            turned(-10, 200, 130, rect(86, 64, 230, 70, ink.dark, 10), rect(86, 64, 230, 16, ink.main, 8))
            + rect(96, 146, 208, 172, ink.main, 12)
            + rect(110, 160, 180, 134, PAPER, 8)
            + sweets
            + line("M96 308h208", ink.accent, 8)
        )
    brown = {0: "#4d2f23", 1: "#8a5a3c", 2: "#7a4c33", 3: "#573427"}[ink.form % 4]
    squares = "".join(
        rect(136 + 46 * c, 66 + 38 * r, 40, 32, "#ffffff22", 5) for r in range(3) for c in range(3)
    )
    motif = {
        0: dot(200, 252, 24, brown) + rect(186, 248, 28, 8, PAPER, 4),
        1: line("M160 258q20-18 40 0t40 0M170 238q15-12 30 0t30 0", "#8fb7cf", 6),
        2: dot(186, 254, 17, "#c08a54") + dot(216, 248, 17, "#a8713e"),
        3: dot(200, 250, 26, "#e8923c") + dot(200, 250, 18, "#f4b36a"),
    }[ink.form % 4]
    return turned(
        -7,
        200,
        200,
        rect(126, 54, 148, 140, brown, 10),
        squares,
        shape(
            f"M118 172l{'14-14 14 14 ' * 5}14-14 10 14v150q0 12-12 12H130q-12 0-12-12z",
            ink.main,
        ),
        shape("M118 172l14-14 14 14v162h-16q-12 0-12-12z", ink.light),
        rect(142, 210, 116, 84, PAPER, 8),
        motif,
        rect(160, 306, 80, 8, ink.pale, 4),
    )


def noodles(ink: Ink) -> str:
    if ink.form == 3:  # instant, in a bowl
        return (
            line("M236 176l70-110M254 182l80-98", "#b98a58", 8)
            + shape("M84 190h232q0 96-66 128H150q-66-32-66-128z", ink.main)
            + shape("M84 190h60q-6 84 34 128h-28q-66-32-66-128z", ink.light)
            + oval(200, 190, 116, 28, ink.deep)
            + oval(200, 188, 104, 22, "#d98a4a")
            + line("M124 188q20-14 38 0t38 0t38 0t38 0", "#f3dca6", 8)
            + line("M140 196q18-10 34 0t34 0t34 0", "#f7e7bf", 7)
            + oval(160, 180, 18, 11, PAPER)
            + oval(160, 180, 9, 6, "#f2b84b")
            + leaf(236, 190, 26, 70, LEAF)
            + rect(160, 314, 80, 14, ink.deep, 7)
        )
    strand = {0: "#f0dca8", 1: "#b49a80", 2: "#f4f0e4", 4: "#f2c95c"}.get(ink.form, "#f0dca8")
    dry = line("".join(f"M{144 + 16 * i} 122v164" for i in range(8)), strand, 10)
    return (
        rect(112, 74, 176, 256, ink.main, 14)
        + rect(112, 74, 176, 34, ink.deep, 10)
        + rect(130, 116, 140, 176, ink.dark, 12)
        + dry
        + rect(112, 176, 176, 66, PAPER)
        + rect(112, 182, 176, 4, ink.accent)
        + rect(112, 232, 176, 4, ink.accent)
        + shape("M176 200h48q0 24-14 28h-20q-14-4-14-28z", ink.main)
        + line("M184 196q4-8 0-14M200 196q4-8 0-14M216 196q4-8 0-14", ink.light, 4)
        + line("M124 91h152", ink.main, 3)
        + line("".join(f"M{120 + 12 * i} 318v8" for i in range(14)), ink.deep, 3)
    )


DRAWINGS: Mapping[str, Drawing] = {
    "coffee": coffee,
    "tea": tea,
    "nuts": nuts,
    "oliveoil": oliveoil,
    "chocolate": chocolate,
    "noodles": noodles,
}
