"""Do the writings of one thing meet, and do different things stay apart?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.text import analyse, detect_language, query_terms
from engine.text.folding import fold


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("wifi", "Wi-Fi router"),
        ("wi-fi", "wifi router"),
        ("16gb", "16 GB memory"),
        ("16 gb", "16GB memory"),
        ("1/2 in", '1/2" pipe'),
        ("half ½ inch", "1/2 in. pipe"),
        ("12 inch", "12-inch blade"),
        ("hl2270dw", "HL-2270DW toner"),
        ("HL-2270DW", "toner for HL2270DW"),
        ("hl 2270", "HL-2270DW toner"),
        ("cafe", "Café"),
        ("loreal", "L’Oréal shampoo"),
        ("mens", "Men's boots"),
        ("batteries", "battery"),
        ("1,000 genomes", "1000 genomes"),
        ("at&t", "AT&T phone"),
        ("usa", "U.S.A. flag"),
        ("手機", "手机壳"),
        ("手机", "手機殼 16ＧＢ"),
        ("iphone手机壳", "iPhone 手机壳"),
        ("ＡＢＣ", "abc"),
        ("smørrebrød", "Smorrebrod"),
        ("カメラ", "カメラケース"),
    ],
)
def test_two_writings_meet(typed: str, written: str) -> None:
    assert set(analyse(typed)) & set(analyse(written)) - {"inch", "gb", "16", "1"}


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", []),
        ("  ... !!", []),
        ("HL-2270DW", ["hl", "2270", "dw", "2270dw", "hl2270dw"]),
        ("17.3 vs 17", ["17.3", "vs", "17"]),
        ("Core™2 Duo®", ["core", "2", "duo"]),
        ("and/or", ["and", "or"]),
        ("10-16", ["10", "16"]),
        ("落地窗", ["落", "地", "窗", "落地窗"]),
        ("小x米", ["小", "x", "米"]),
        ("1 1/2 in", ["1", "1/2", "in", "1/2inch"]),
    ],
)
def test_terms_by_hand(text: str, terms: list[str]) -> None:
    assert analyse(text) == terms


def test_stop_words_go_from_a_query_unless_nothing_is_left() -> None:
    assert query_terms("the shoes for the rain, the shoes") == {"shoe": 2.0, "rain": 1.0}
    assert query_terms("the who") == {"the": 1.0, "who": 1.0}
    assert query_terms("") == {}


@given(st.text(max_size=60))
def test_any_text_gives_terms_without_spaces(text: str) -> None:
    for term in analyse(text):
        assert term
        assert term == term.strip()
        assert len(term) <= 48


@given(st.text(max_size=60))
def test_case_width_and_folding_twice_change_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_a_huge_word_is_cut_and_does_not_hang() -> None:
    assert all(len(term) <= 48 for term in analyse("a" * 100_000 + " " + "a1-" * 50_000))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("waterproof hiking boots", "en"),
        ("防水登山鞋", "zh"),
        ("iPhone 手机壳 透明", "zh"),
        ("Samsung Galaxy S9 case black 手机", "en"),
        ("防水カメラケース", "ja"),
        ("방수 등산화", "ko"),
        ("Wanderschuhe für Damen und Herren", "de"),
        ("chaussures pour homme avec lacets", "fr"),
        ("zapatos de hombre para el agua", "es"),
        ("сапоги", "ru"),
        ("HL-2270DW", "en"),
        ("12345 !!", ""),
        ("", ""),
    ],
)
def test_the_language_of_a_text(text: str, language: str) -> None:
    assert detect_language(text) == language
