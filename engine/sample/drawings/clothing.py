"""How do clothes look?"""

from __future__ import annotations

from collections.abc import Mapping

from engine.sample.drawings.ink import METAL, PAPER, Drawing, Ink, dot, line, rect, shape


def tshirt(ink: Ink) -> str:
    body = "M150 86l-82 46 30 66 34-16v140q0 8 8 8h120q8 0 8-8V182l34 16 30-66-82-46q-50 44-100 0z"
    stripes = "".join(rect(132, y, 136, 14, ink.pale) for y in range(170, 320, 36)) if ink.form == 2 else ""
    pocket = rect(218, 176, 34, 40, ink.dark, 5) if ink.form == 1 else ""
    return (
        shape(body, ink.main)
        + stripes
        + shape("M150 86l-18 10v60l-34 42-30-66zM250 86l18 10v60l34 42 30-66z", ink.dark)
        + shape("M150 86q50 44 100 0l-12-8q-38 30-76 0z", ink.light)
        + pocket
        + line("M140 318h120", ink.dark, 4)
    )


def sweater(ink: Ink) -> str:
    knit = {
        1: "".join(
            line(f"M{x} 120q12 12 0 24t0 24t0 24t0 24t0 24t0 24t0 24", ink.dark, 5) for x in (168, 200, 232)
        ),
        0: "".join(line(f"M136 {y}h128", ink.light, 3) for y in range(150, 290, 20)),
        2: "".join(dot(x, y, 4, ink.light) for y in range(160, 280, 36) for x in range(156, 260, 22)),
        3: "",
    }[ink.form % 4]
    return (
        shape(
            "M148 84l-62 34-30 178 44 10 26-118v110h148V188l26 118 44-10-30-178-62-34q-52 36-104 0z", ink.main
        )
        + shape("M126 160v28l-26 118-44-10 6-36z", ink.dark)
        + shape("M274 160v28l26 118 44-10-6-36z", ink.dark)
        + knit
        + shape("M148 84q52 36 104 0l-10-16q-42 26-84 0z", ink.deep)
        + rect(122, 292, 156, 30, ink.deep, 8)
        + shape("M52 276l50 12-6 24-50-12zM348 276l-50 12 6 24 50-12z", ink.deep)
    )


def jeans(ink: Ink) -> str:
    hem = {0: 46, 1: 56, 2: 76, 3: 42}[ink.form % 4]  # the width of a leg at the ankle
    left, right = 160 - hem * 0.8, 240 + hem * 0.8
    return (
        shape(f"M136 76h128L{right} 332h{-hem}L200 168L{left + hem} 332h{-hem}z", ink.main)
        + shape(f"M136 76h24L{left + hem * 0.45} 332H{left}z", ink.light)
        + rect(131, 68, 138, 26, ink.dark, 6)
        + dot(200, 81, 8, METAL)
        + line("M140 98q6 34 34 38M260 98q-6 34-34 38M200 94v62", ink.dark, 4)
        + line("M150 102q8 24 24 28M250 102q-8 24-24 28", "#dfb36a", 2)
        + rect(150, 64, 9, 34, ink.deep, 3)
        + rect(241, 64, 9, 34, ink.deep, 3)
        + line(f"M{left + 3} 320h{hem - 4}M{right - hem + 1} 320h{hem - 4}", ink.dark, 4)
    )


def jacket(ink: Ink) -> str:
    length = 24 if ink.form == 1 else 0
    quilts = "".join(
        line(f"M120 {y}q40 12 76 0M204 {y}q36 12 76 0", ink.dark, 4) for y in range(148, 290 + length, 34)
    )
    hood = shape("M150 96q-4-52 50-52t50 52q-50 40-100 0z", ink.dark) + shape(
        "M166 92q0-32 34-32t34 32q-34 30-68 0z", PAPER if ink.form == 1 else ink.deep
    )
    return (
        hood
        + shape(
            f"M150 88l-54 30-34 170 46 12 14-62v{70 + length}q0 12 12 12h132q12 0 12-12"
            f"v{-70 - length}l14 62 46-12-34-170-54-30q-50 40-100 0z",
            ink.main,
        )
        + shape("M122 150l-14 150-46-12 12-60zM278 150l14 150 46-12-12-60z", ink.dark)
        + quilts
        + line(f"M200 116v{202 + length}", ink.deep, 7)
        + rect(194, 116, 12, 22, METAL, 4)
        + line("M66 268l46 12M334 268l-46 12", ink.deep, 6)
    )


def raincoat(ink: Ink) -> str:
    return (
        shape("M146 100q-2-58 54-58t54 58q-54 44-108 0z", ink.dark)
        + shape("M164 96q0-36 36-36t36 36q-36 34-72 0z", ink.deep)
        + shape(
            "M148 92l-50 28-40 156 46 14 18-50v66q0 14 14 14h128q14 0 14-14v-66l18 50 46-14-40-156-50-28"
            "q-52 42-104 0z",
            ink.main,
        )
        + shape("M122 156v84l-18 50-46-14 14-54zM278 156v84l18 50 46-14-14-54z", ink.dark)
        + rect(192, 116, 16, 204, ink.light, 3)
        + "".join(dot(200, y, 5, PAPER) for y in range(134, 310, 34))
        + rect(136, 236, 44, 12, ink.deep, 6)
        + rect(220, 236, 44, 12, ink.deep, 6)
        + (rect(122, 270, 156, 12, "#e9edf0", 2) if ink.form == 2 else "")
        + line("M92 66l-8 20M112 40l-8 20M318 70l-8 20M300 36l-8 20", "#9fc0d6", 5)
    )


def dress(ink: Ink) -> str:
    flowers = (
        "".join(
            dot(x, y, 8, ink.pale) + dot(x, y, 3, ink.deep)
            for x, y in (
                (170, 236),
                (226, 226),
                (150, 284),
                (204, 276),
                (252, 290),
                (182, 314),
                (230, 316),
                (186, 132),
                (216, 150),
            )
        )
        if ink.form == 0
        else ""
    )
    sleeves = (
        shape("M158 90l-48 30 14 40 40-22zM242 90l48 30-14 40-40-22z", ink.dark) if ink.form != 2 else ""
    )
    buttons = "".join(dot(200, y, 4, PAPER) for y in range(118, 320, 28)) if ink.form == 1 else ""
    return (
        sleeves
        + line("M160 98V64M240 98V64", ink.dark, 6 if ink.form == 2 else 0)
        + shape("M158 88q42 30 84 0l8 92q46 60 56 144q-106 24-212 0q10-84 56-144z", ink.main)
        + shape("M150 180q-46 60-56 144q30 7 60 10q4-90 30-150z", ink.light)
        + flowers
        + buttons
        + rect(147, 172, 106, 18, ink.deep, 8)
        + shape("M158 88q42 30 84 0l-2-10q-40 22-80 0z", ink.deep)
    )


def scarf(ink: Ink) -> str:
    fringe = "".join(line(f"M{x} 308v26", ink.dark, 5) for x in range(150, 206, 12))
    fringe += "".join(line(f"M{x} 268v24", ink.deep, 5) for x in range(228, 276, 12))
    bands = "".join(rect(142, y, 64, 12, ink.pale) for y in (240, 266)) if ink.form % 2 == 0 else ""
    checks = "".join(line(f"M{x} 190v116", ink.light, 5) for x in (158, 176, 194)) if ink.form % 2 else ""
    return (
        shape("M214 170h58l6 98h-54z", ink.dark)
        + rect(142, 176, 64, 132, ink.main)
        + bands
        + checks
        + shape("M104 128q0-58 96-58t96 58q0 66-96 66t-96-66z", ink.main)
        + shape("M134 122q0-28 66-28t66 28q0 26-66 26t-66-26z", ink.deep)
        + line("M110 146q28 38 90 38M128 164q30 22 72 20M290 146q-14 22-40 32", ink.dark, 5)
        + shape("M186 168q26-6 44 8l-8 34q-26 8-46-6z", ink.light)
        + fringe
    )


DRAWINGS: Mapping[str, Drawing] = {
    "tshirt": tshirt,
    "sweater": sweater,
    "jeans": jeans,
    "jacket": jacket,
    "raincoat": raincoat,
    "dress": dress,
    "scarf": scarf,
}
