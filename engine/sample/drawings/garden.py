"""How do things for the garden and the workshop look?"""

from __future__ import annotations

from collections.abc import Mapping

from engine.sample.drawings.ink import (
    LEAF,
    LINE,
    METAL,
    PAPER,
    STEEL,
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

SOIL = "#5f4535"


def planter(ink: Ink) -> str:
    plant = {
        0: "".join(
            leaf(200, 200, 104 - abs(a) * 0.4, a, LEAF if i % 2 else STEM)
            for i, a in enumerate((-62, -34, -8, 20, 48, 70))
        ),
        1: line("M200 200q-6-60 10-110", STEM, 6)
        + "".join(leaf(202, 190 - 22 * i, 58, (-64 if i % 2 else 62), LEAF) for i in range(5)),
        2: rect(172, 84, 56, 120, "#6f9a6a", 28)
        + rect(128, 120, 36, 54, "#6f9a6a", 18)
        + line("M146 160q0 26 30 26", "#6f9a6a", 22)
        + line("M186 100v90M200 94v100M214 100v90", "#5b8558", 3)
        + dot(200, 82, 13, "#e3836a"),
        3: "".join(
            line(f"M200 200q{dx} -60 {2 * dx} {-70 + abs(dx)}", STEM, 4) for dx in (-44, -22, 0, 22, 44)
        )
        + "".join(leaf(200 + 2 * dx, 132 + abs(dx), 44, dx * 1.4, LEAF) for dx in (-44, -22, 0, 22, 44)),
    }[ink.form % 4]
    weave = (
        "".join(line(f"M{136 + 3 * i} {222 + 22 * i}h{128 - 6 * i}", ink.dark, 5) for i in range(5))
        if ink.form == 3
        else ""
    )
    return (
        plant
        + oval(200, 204, 68, 12, SOIL)
        + shape("M126 206h148l-18 110q-2 14-16 14h-80q-14 0-16-14z", ink.main)
        + shape("M126 206h44l-4 124h-6q-14 0-16-14z", ink.light)
        + rect(116, 192, 168, 32, ink.dark, 10)
        + weave
        + (shape("M258 250h20v44h-26z", "#9ccbe0") if ink.form == 1 else "")
    )


def seeds(ink: Ink) -> str:
    bloom = {
        0: dot(182, 206, 30, "#d2533f")
        + dot(222, 222, 26, "#dd6a4e")
        + leaf(186, 182, 26, -40, LEAF)
        + leaf(190, 182, 26, 40, LEAF),
        1: "".join(leaf(200, 256, 70, a, LEAF if a % 2 else STEM) for a in (-50, -25, 0, 25, 51)),
        2: "".join(turned(30 * i, 200, 204, oval(200, 162, 11, 24, "#f2b84b")) for i in range(12))
        + dot(200, 204, 26, "#6d4a34"),
        3: "".join(
            line(f"M200 262Q{x} 220 {x} 178", STEM, 4)
            + "".join(oval(x, 164 + 13 * j, 9, 8, "#9a86c9") for j in range(4))
            for x in (168, 200, 232)
        ),
        4: "".join(
            line(f"M200 264L{x} {y}", STEM, 4)
            + "".join(turned(72 * j, x, y, oval(x, y - 13, 8, 13, c)) for j in range(5))
            + dot(x, y, 7, "#f2b84b")
            for x, y, c in ((164, 196, "#e3836a"), (204, 178, "#8fa8d6"), (236, 208, "#d9929f"))
        ),
    }[ink.form % 5]
    return (
        rect(122, 66, 156, 262, ink.main, 8)
        + shape("M122 74q0-8 8-8h140q8 0 8 8v32q-78 26-156 0z", ink.deep)
        + rect(136, 130, 128, 148, PAPER, 8)
        + bloom
        + rect(160, 294, 80, 9, ink.pale, 4)
        + "".join(oval(x, y, 8, 5, "#b98a58") for x, y in ((92, 318), (106, 330), (300, 322), (316, 332)))
    )


def soil(ink: Ink) -> str:
    mark = {
        0: leaf(200, 250, 72, -20, LEAF) + leaf(200, 250, 72, 20, STEM),
        1: "".join(leaf(200, 250, 58, a, LEAF) for a in (-46, -16, 16, 46)),
        2: rect(184, 182, 32, 70, "#6f9a6a", 16)
        + line("M184 226q-20 0-20-24M216 214q20 0 20-24", "#6f9a6a", 13),
        3: line("M200 250v-40", STEM, 6) + leaf(200, 214, 42, -58, LEAF) + leaf(200, 214, 42, 58, LEAF),
    }[ink.form % 4]
    return (
        shape("M114 96q-8-20 12-30h148q20 10 12 30l12 218q0 16-16 16H118q-16 0-16-16z", ink.main)
        + shape("M114 96q-8-20 12-30h26l-18 264h-16q-16 0-16-16z", ink.light)
        + line("M126 84h148", ink.deep, 6)
        + dot(200, 210, 66, PAPER)
        + shape("M140 236h120q-18 40-60 40t-60-40z", SOIL)
        + mark
        + rect(156, 294, 88, 9, ink.pale, 4)
        + shape("M64 332q14-30 44-30q22 6 30 30z", SOIL)
    )


def wateringcan(ink: Ink) -> str:
    drops = "".join(
        shape(f"M{x} {y}q8 12 8 18a8 8 0 0 1-16 0q0-6 8-18z", "#8fb7cf")
        for x, y in ((62, 188), (48, 222), (78, 226))
    )
    if ink.form == 1:  # long spout
        return (
            line("M262 300q70-20 62-100t-84-70", ink.dark, 13)
            + line("M168 300Q110 300 104 190T72 118", ink.main, 13)
            + shape("M160 196q0-34 52-34t52 34l22 116q2 16-14 16H152q-16 0-14-16z", ink.main)
            + shape("M160 196q0-34 36-34q-20 50-22 166h-22q-16 0-14-16z", ink.light)
            + oval(212, 172, 34, 10, ink.deep)
        )
    return (
        drops
        + line("M226 176q34-84 92-40t-8 138", ink.dark, 16)
        + shape("M158 232l-56-70 16-10 62 50z", ink.main)
        + shape("M124 132l-44 34-8-12 42-34z", ink.deep)
        + rect(148, 180, 138, 148, ink.main, 16)
        + rect(148, 180, 40, 148, ink.light, 14)
        + oval(217, 182, 68, 14, ink.deep)
        + line("M150 222h134M150 292h134", ink.dark, 5)
        + line("M160 182q10-46 60-46t58 46", ink.dark, 9)
    )


def secateurs(ink: Ink) -> str:
    return turned(
        28,
        200,
        200,
        shape("M196 190q-54-30-40-116q50 24 60 96z", METAL),
        shape("M156 74q50 24 60 96l-14 12q-12-70-46-108z", PAPER),
        shape(
            "M206 190q40-30 34-92q-12 20-40 46z"
            if ink.form != 1
            else "M206 190q36-16 40-100h-18q-6 50-30 76z",
            STEEL,
        ),
        shape("M190 196q-44 40-40 118q2 16 16 16t16-18q-2-56 32-96z", ink.main),
        shape("M212 196q44 40 40 118q-2 16-16 16t-16-18q2-56-32-96z", ink.dark),
        dot(200, 192, 18, LINE),
        dot(200, 192, 8, METAL),
        line("M182 250q18 16 36 0", STEEL, 5),
    )


def drill(ink: Ink) -> str:
    hammer = rect(118, 150, 14, 44, ink.accent, 4) if ink.form == 2 else ""
    return (
        rect(44, 166, 62, 12, STEEL, 3)
        + shape("M100 154h40v36h-40l-12-10v-16z", LINE)
        + shape("M136 126h128q42 0 42 44t-42 40H136q-12 0-12-14v-56q0-14 12-14z", ink.main)
        + shape("M136 126h128q30 0 40 28H124v-14q0-14 12-14z", ink.light)
        + hammer
        + line("M262 150v38M276 152v34M290 156v26", ink.deep, 5)
        + shape("M214 206h66l22 84h-62z", ink.main)
        + shape("M214 206h30l20 84h-24z", ink.dark)
        + shape("M206 210h14l8 30h-16z", LINE)
        + rect(212, 284, 116, 44, LINE, 10)
        + rect(222, 294, 60, 8, ink.accent, 4)
        + dot(174, 168, 12, PAPER)
        + (line("M168 168h12", ink.deep, 4) if ink.form != 1 else dot(174, 168, 5, "#8fd694"))
    )


DRAWINGS: Mapping[str, Drawing] = {
    "planter": planter,
    "seeds": seeds,
    "soil": soil,
    "wateringcan": wateringcan,
    "secateurs": secateurs,
    "drill": drill,
}
