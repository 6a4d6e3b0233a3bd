"""Do the writings of one thing meet, and do different things stay apart?"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BadFile
from engine.text import BESIDE, analyse, detect_language, query_terms
from engine.text.folding import fold
from engine.text.synonyms import Synonyms
from engine.text.syntax import Wording, read_query
from indexes.lexical import LexicalIndex


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


def test_phrases_and_exclusions_are_read() -> None:
    assert read_query('red "running shoes" -nike') == Wording(
        "red running shoes", ("running shoes",), ("nike",)
    )
    assert read_query("wi-fi hl-2270dw") == Wording("wi-fi hl-2270dw")
    assert read_query('-"blue band" hat') == Wording("hat", (), ("blue band",))
    assert read_query('17" monitor') == Wording('17" monitor')
    assert read_query("-nike") == Wording("nike")
    assert read_query("\u201cnew york\u201d mug").phrases == ("new york",)
    assert read_query("") == Wording("")


def test_phrases_and_exclusions_keep_and_drop_rows() -> None:
    titles = ["red running shoes", "shoes for running", "red running shoes nike", "跑步鞋 透气"]
    index = LexicalIndex.build([{"t": analyse(title)} for title in titles], {"t": 1.0})
    kept = read_query('"running shoes" -nike').allowed(index)
    assert kept is not None
    assert kept.tolist() == [True, False, False, False]
    assert read_query("running shoes").allowed(index) is None
    chinese = read_query('"跑步鞋"').allowed(index)
    assert chinese is not None
    assert chinese.tolist() == [False, False, False, True]


@given(st.text(max_size=40))
def test_any_query_is_read(text: str) -> None:
    read_query(text)


def test_synonyms_go_one_way_or_both() -> None:
    rules = Synonyms.of(["# shop", "", "tv, television, 电视", "ipod => mp3 player, music player"])
    assert rules.wordings("cheap TV") == ["cheap television", "cheap 电视"]
    assert rules.wordings("televisions") == ["tv", "电视"]
    assert rules.wordings("电视") == ["tv", "television"]
    assert rules.wordings("iPods blue") == ["mp3 player blue", "music player blue"]
    assert rules.wordings("mp3 player") == []


def test_another_wording_adds_its_own_words_and_takes_nothing_from_what_was_typed() -> None:
    weights = query_terms(BESIDE.join(["cheap tv", "cheap television"]))
    assert weights == {"cheap": 1.0, "tv": 1.0, "televis": pytest.approx(0.8)}


@pytest.mark.parametrize("line", ["tv", "=> tv", "tv =>", "!!, tv"])
def test_a_wrong_synonym_names_its_line(line: str) -> None:
    with pytest.raises(BadFile, match="line 2"):
        Synonyms.of(["a, b", line])


def test_synonyms_come_from_a_file(tmp_path: Path) -> None:
    assert Synonyms.read(tmp_path / "none.txt") == Synonyms()
    (tmp_path / "s.txt").write_text("tv, television\n", encoding="utf-8")
    assert Synonyms.read(tmp_path / "s.txt").wordings("tv") == ["television"]
    (tmp_path / "bad.txt").write_bytes(b"\xff\xfe\x00t")
    with pytest.raises(BadFile, match="UTF-8"):
        Synonyms.read(tmp_path / "bad.txt")
