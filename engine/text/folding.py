"""Which writings of a text are the same text?"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
KANA_HANGUL = "\u3041-\u30ff\u31f0-\u31ff\uac00-\ud7a3\u0e00-\u0e7f"  # and Thai: scripts without spaces
CJK = re.compile(f"([{HAN}]+|[{KANA_HANGUL}]+)")
ANY_HAN = re.compile(f"[{HAN}]")

_LATIN = re.compile("[\u00c0-\u024f\u1e00-\u1eff]")
_MARKS = re.compile("[\u0300-\u036f]")
_WITHOUT_PARTS = {"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th", "ð": "d"}
_SYMBOLS = str.maketrans(
    {
        "®": " ",
        "™": " ",
        "©": " ",
        "×": " x ",
        "\u2019": "'",
        "\u2018": "'",
        "\u02bc": "'",
        "\u2032": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u2033": '"',
        "\u2044": "/",
        "\u2010": "-",
        "\u2011": "-",
        "\u2012": "-",
        "\u2013": "-",
        "\u2212": "-",
        "\u00ad": None,
        "\u200b": None,
        "\u200d": None,
        "\ufeff": None,
        "\u00bd": " 1/2",
        "\u00bc": " 1/4",
        "\u00be": " 3/4",
    }
)


def fold(text: str) -> str:
    """One form for all: NFKC (full width), case folded, Latin accents off, simplified Chinese."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKC", text.translate(_SYMBOLS)).casefold().translate(_SYMBOLS)
    text = _LATIN.sub(_unaccented, text)
    text = _MARKS.sub("", text)
    return text.translate(_simplified()) if ANY_HAN.search(text) else text


def _unaccented(match: re.Match[str]) -> str:
    letter = match.group()
    return _WITHOUT_PARTS.get(letter) or unicodedata.normalize("NFD", letter)[0]


@cache
def _simplified() -> dict[int, str]:
    """Traditional character -> simplified, from OpenCC's own table (first reading of each)."""
    import opencc

    table = Path(opencc.__file__).with_name("dictionary") / "TSCharacters.txt"
    pairs = (line.split("\t") for line in table.read_text(encoding="utf-8").splitlines() if "\t" in line)
    return {ord(old): new.split()[0] for old, new in pairs if len(old) == 1}
