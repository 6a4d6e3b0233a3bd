"""Which terms does a text hold?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

from engine.text import chinese
from engine.text.folding import ANY_HAN, CJK, fold

BESIDE = "\u2003"  # between what was typed and each wording searched beside it: no shopper's text holds it
BESIDE_WEIGHT = 0.8  # of a word of another wording, beside a word that was typed
LONGEST = 40  # characters of a term; longer ones are cut: no query types them
UNITS = {
    form: canonical
    for canonical, forms in {
        "inch": "inch inches in",
        "ft": "ft foot feet",
        "yd": "yd yard yards",
        "mm": "mm millimeter millimetre",
        "cm": "cm centimeter centimetre",
        "m": "m meter metre meters metres",
        "km": "km",
        "mg": "mg",
        "g": "g gram grams",
        "kg": "kg kgs kilo kilogram kilograms",
        "lb": "lb lbs pound pounds",
        "oz": "oz ounce ounces",
        "ml": "ml milliliter millilitre",
        "l": "l liter litre liters litres",
        "gal": "gal gallon gallons",
        "kb": "kb",
        "mb": "mb megabyte megabytes",
        "gb": "gb gigabyte gigabytes",
        "tb": "tb terabyte terabytes",
        "hz": "hz",
        "khz": "khz",
        "mhz": "mhz",
        "ghz": "ghz",
        "v": "v volt volts",
        "w": "w watt watts",
        "kw": "kw kilowatt",
        "ah": "ah",
        "mah": "mah",
        "mp": "mp megapixel megapixels",
        "dpi": "dpi",
        "ppm": "ppm",
        "rpm": "rpm",
        "psi": "psi",
        "btu": "btu",
        "pc": "pc pcs piece pieces",
        "pack": "pack packs pk",
    }.items()
    for form in forms.split()
}
LITTLE_WORDS = """
a an and are as at be been but by can could did do does for from had has have how i if in into is it its me my
no of on or our shall should so such than that the their them then there these they this those to was we were
what when where which while who whose why will with would you your 的 了 和 与 及 是 在
"""
STOP_WORDS = frozenset(LITTLE_WORDS.split())

_WORD = re.compile(r"[^\W_]+(?:[-./'&_]+[^\W_]+)*")
_INCH_MARK = re.compile(r"""(?<=\d)\s?(?:"|'')""")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
_NUMBER = re.compile(r"\d+(?:\.\d+)*|\d+/\d+|\d+-\d+/\d+")
_MEASURE = re.compile(r"(\d+(?:\.\d+)?|\d+/\d+|\d+-\d+/\d+)-?([a-z]+)")
_RUNS = re.compile(r"\d+|\D+")
_JOINTS = re.compile(r"[-.&_]+")


def analyse(text: str) -> list[str]:
    """The terms of a document or a query, in reading order; the same code for both.

    English is stemmed (Porter2); "wi-fi" also gives "wifi"; "HL-2270DW" gives its parts and itself whole;
    "16gb" and "16 gb" both give 16, gb and 16gb. Chinese gives words and characters, in simplified form.
    """
    found: list[str] = []
    folded = _THOUSANDS.sub("", _INCH_MARK.sub(" inch ", fold(text)))
    if folded.isascii():
        _latin(folded, found)
        return found
    for place, piece in enumerate(CJK.split(folded)):
        if place % 2 == 0:
            _latin(piece, found)
        elif ANY_HAN.match(piece):
            found.extend(chinese.terms(piece))
        else:
            found.extend(chinese.pairs(piece))
    return found


def query_terms(text: str) -> dict[str, float]:
    """The terms to look up and their weights: as analysed, without stop words where anything else is left.

    Wordings beside what was typed add their own terms, at BESIDE_WEIGHT.
    """
    typed, *others = text.split(BESIDE)
    weights: dict[str, float] = {}
    for term in _telling(typed):
        weights[term] = weights.get(term, 0.0) + 1.0
    for other in others:
        for term in _telling(other):
            weights.setdefault(term, BESIDE_WEIGHT)
    return weights


def _telling(text: str) -> list[str]:
    terms = analyse(text)
    return [term for term in terms if term not in _stop_terms()] or terms


def _latin(text: str, found: list[str]) -> None:
    number = ""
    for raw in _WORD.findall(text):
        found.extend(_terms_of_word(raw))
        if number and raw in UNITS:
            found.append(number + UNITS[raw])
        number = raw if raw[0].isdigit() and _NUMBER.fullmatch(raw) else ""


@lru_cache(maxsize=200_000)
def _terms_of_word(raw: str) -> tuple[str, ...]:
    """The terms of one stretch without spaces."""
    raw = raw[:200]
    if raw.isalpha():
        return (_stem(raw),)
    if _NUMBER.fullmatch(raw):
        return (raw[:LONGEST],)
    if "'" in raw:
        return _terms_of_word(re.sub(r"'s$|'", "", raw))
    measure = _MEASURE.fullmatch(raw)
    if measure and measure[2] in UNITS:
        number, unit = measure.groups()
        return number, _stem(unit), number + UNITS[unit]
    if "/" in raw:
        return tuple(_unique(term for part in raw.split("/") if part for term in _terms_of_word(part)))
    parts = [part for part in _JOINTS.split(raw) if part]
    if len(parts) == 1:
        runs = _RUNS.findall(parts[0])
        return tuple(_unique([*map(_stem, runs), parts[0][:LONGEST]]))
    if all(part.isdigit() for part in parts):
        return tuple(_unique(parts))
    whole = "".join(parts)
    if all(len(part) == 1 for part in parts):
        return (_stem(whole),)
    return tuple(_unique([*(term for part in parts for term in _terms_of_word(part)), _stem(whole)]))


def _stem(word: str) -> str:
    return str(_stemmer().stemWord(word[:LONGEST]))


@cache
def _stemmer() -> Any:
    import Stemmer

    return Stemmer.Stemmer("english")


@cache
def _stop_terms() -> frozenset[str]:
    return STOP_WORDS | {_stem(word) for word in STOP_WORDS}


def _unique(terms: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(terms))
