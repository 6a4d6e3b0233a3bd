"""How do things for the kitchen look?"""

from __future__ import annotations

from collections.abc import Mapping

from engine.sample.drawings.ink import (
    BARK,
    GLASS,
    LINE,
    METAL,
    PAPER,
    STEEL,
    WOOD,
    Drawing,
    Ink,
    dot,
    line,
    rect,
    shape,
    turned,
)


def kettle(ink: Ink) -> str:
    handle = line("M258 128q70-14 70 56t-54 72", LINE, 18)
    if ink.form == 0:  # gooseneck
        return (
            handle
            + line("M140 280q-44-4-46-64q-2-62-34-76", ink.dark, 15)
            + shape("M142 130h116l26 176q2 14-12 14H128q-14 0-12-14z", ink.main)
            + shape("M142 130h40l-16 190h-38q-14 0-12-14z", ink.light)
            + rect(138, 112, 124, 22, ink.deep, 10)
            + dot(200, 102, 13, LINE)
            + rect(108, 316, 184, 16, LINE, 8)
        )
    glass = ink.form == 1
    return (
        handle
        + shape("M140 160l-46-26 6-12 52 8z", ink.dark)
        + shape("M134 118h132l20 186q2 16-14 16H128q-16 0-14-16z", GLASS if glass else ink.main)
        + (
            shape("M124 220q40 16 76 0t78 0l8 86q2 14-14 14H128q-16 0-14-16z", "#9ccbe0")
            if glass
            else shape("M134 118h40l-10 202h-36q-16 0-14-16z", ink.light)
        )
        + rect(128, 98, 144, 26, ink.deep, 12)
        + dot(200, 92, 13, LINE)
        + rect(106, 300, 188, 30, ink.dark if not glass else ink.main, 12)
        + ("" if glass else rect(214, 190, 12, 70, ink.pale, 6))
    )


def pan(ink: Ink) -> str:
    inside = {0: "#3d4046", 1: ink.pale, 2: "#55585f", 3: METAL}[ink.form % 4]
    egg = shape("M120 176q20-34 54-22t42 30t-22 40t-60-2t-14-46z", PAPER) + dot(162, 190, 20, "#f2b84b")
    return (
        turned(
            38,
            160,
            190,
            rect(258, 174, 132, 32, WOOD if ink.form == 2 else ink.deep, 16),
            rect(246, 178, 34, 24, STEEL, 6),
            dot(372, 190, 7, PAPER),
        )
        + dot(164, 192, 112, ink.dark if ink.form != 3 else STEEL)
        + dot(160, 188, 110, ink.main if ink.form != 3 else METAL)
        + dot(160, 188, 90, inside)
        + egg
    )


def coffeemaker(ink: Ink) -> str:
    if ink.form == 2:  # French press
        return (
            line("M262 150q64 0 64 60t-64 60", LINE, 15)
            + rect(194, 52, 12, 70, STEEL, 5)
            + dot(200, 54, 15, LINE)
            + rect(138, 122, 128, 204, GLASS, 14)
            + rect(146, 196, 112, 122, "#6d4a34", 10)
            + rect(142, 186, 120, 14, METAL, 5)
            + rect(128, 108, 148, 24, ink.main, 12)
            + rect(130, 286, 144, 40, ink.main, 12)
            + line("M138 132v156M266 132v156", ink.dark, 8)
        )
    if ink.form == 3:  # moka pot
        return (
            line("M256 128q66 0 56 92", LINE, 18)
            + shape("M150 190l-14-98q-22 0-34 20l34 26z", ink.light)
            + shape("M136 92h128l-16 104h-96z", ink.main)
            + shape("M136 92h40l-4 104h-20z", ink.light)
            + shape("M150 92q50-40 100 0z", ink.dark)
            + dot(200, 66, 12, LINE)
            + rect(146, 192, 108, 24, ink.deep, 6)
            + shape("M150 216h100l20 98q2 14-12 14H142q-14 0-12-14z", ink.main)
            + shape("M150 216h34l-10 112h-32q-14 0-12-14z", ink.light)
            + dot(228, 262, 9, "#d9a441")
        )
    cup = shape("M168 250h60v40q0 22-22 22h-16q-22 0-22-22z", PAPER) + line(
        "M228 262q20 0 16 18t-20 14", PAPER, 7
    )
    if ink.form == 1:  # espresso
        return (
            rect(96, 96, 208, 222, ink.dark, 22)
            + rect(96, 96, 208, 92, ink.main, 22)
            + dot(134, 138, 20, PAPER)
            + line("M134 138l8-10", LINE, 5)
            + dot(226, 136, 11, METAL)
            + dot(262, 136, 11, METAL)
            + rect(112, 196, 176, 112, ink.deep, 10)
            + rect(160, 188, 76, 24, STEEL, 8)
            + line("M236 200h56", LINE, 12)
            + line("M186 214v26M210 214v26", "#8a5a3c", 5)
            + cup
            + rect(88, 308, 224, 20, LINE, 8)
        )
    return (
        rect(112, 74, 176, 60, ink.main, 20)
        + rect(232, 90, 56, 226, ink.main, 16)
        + shape("M132 134h84l-14 36h-56z", ink.dark)
        + line("M174 172v22", "#6d4a34", 5)
        + line("M128 212q-34 0-30 40t40 34", LINE, 11)
        + shape("M124 200h100l8 88q2 16-14 16h-88q-16 0-14-16z", GLASS)
        + shape("M122 240h108l4 48q2 16-14 16h-90q-16 0-14-16z", "#6d4a34")
        + rect(122, 192, 104, 14, LINE, 6)
        + rect(100, 302, 196, 26, ink.deep, 10)
        + dot(260, 112, 8, "#8fd694")
    )


def knife(ink: Ink) -> str:
    blade = {
        0: "M60 226Q120 128 248 128h6v64q-104 40-194 34z",
        1: "M76 214q-2-60 66-84h112v62q-90 26-178 22z",
        2: "M76 110h178v96H92q-16 0-16-14z",
        3: "M66 214q70-76 188-82v58q-90 28-188 24z",
    }[ink.form % 4]
    metal = PAPER if ink.form == 3 else METAL
    return turned(
        24,
        180,
        220,
        shape(blade, metal),
        line(
            "M86 216q80 6 164-28" if ink.form != 2 else "M88 202h162",
            STEEL if metal == METAL else "#dcd6ca",
            5,
        ),
        rect(248, 124, 18, 72, STEEL, 5),
        shape("M262 130h92q18 0 18 20v14q0 20-18 20q-20 0-34-8t-58-2z", ink.main),
        shape("M262 130h92q18 0 18 20h-110z", ink.light),
        "".join(dot(x, 156, 6, METAL) for x in (286, 316, 346)),
    )


def container(ink: Ink) -> str:
    lid = WOOD if ink.form == 2 else ink.main
    box = STEEL if ink.form == 3 else GLASS

    def one(x: float, y: float, w: float, h: float, food: str) -> str:
        filled = rect(x + 12, y + h * 0.42, w - 24, h * 0.5, food, 10) if ink.form != 3 else ""
        return (
            rect(x, y, w, h, box, 16)
            + filled
            + rect(x - 8, y - 14, w + 16, 24, lid, 10)
            + rect(x + w / 2 - 18, y + 2, 36, 16, ink.dark if lid != WOOD else BARK, 6)
        )

    return (
        one(108, 240, 184, 86, "#7fa56b")
        + one(122, 152, 156, 70, "#e3a052")
        + one(140, 82, 120, 54, "#c9584c")
    )


def blender(ink: Ink) -> str:
    if ink.form == 2:  # immersion
        return turned(
            18,
            200,
            200,
            rect(166, 40, 68, 150, ink.main, 30),
            rect(166, 40, 28, 150, ink.light, 14),
            dot(200, 84, 12, ink.deep),
            dot(200, 116, 9, PAPER),
            rect(180, 186, 40, 20, LINE, 6),
            rect(188, 204, 24, 88, METAL, 6),
            shape("M164 326q0-44 36-44t36 44z", STEEL),
        )
    drink = ("#8cb369", "#e3836a", "#f2b84b", "#a86f9c")[ink.turn % 4]
    jar = "M138 70h124l-16 162h-92z" if ink.form != 1 else "M152 66h96q8 0 8 10v156H144V76q0-10 8-10z"
    return (
        (line("M256 96q48 0 40 62t-50 42", GLASS, 14) if ink.form != 1 else "")
        + shape(jar, GLASS)
        + shape("M148 140q26-14 52 0t52 0l-9 92h-86z", drink)
        + rect(132, 54, 136, 24, ink.deep, 10)
        + rect(178, 38, 44, 20, LINE, 8)
        + line("M182 224l36-14M182 210l36 14", STEEL, 6)
        + shape("M150 232h100l28 82q4 14-12 14H134q-16 0-12-14z", ink.main)
        + shape("M150 232h36l-14 96h-38q-16 0-12-14z", ink.light)
        + dot(200, 282, 19, PAPER)
        + line("M200 282l8-12", LINE, 5)
    )


DRAWINGS: Mapping[str, Drawing] = {
    "kettle": kettle,
    "pan": pan,
    "coffeemaker": coffeemaker,
    "knife": knife,
    "container": container,
    "blender": blender,
}
