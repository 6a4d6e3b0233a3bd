"""Does a slip of the fingers find what was meant, and is what the shop knows left alone?"""

from __future__ import annotations

import os
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.engine import Engine
from engine.text.channel import FEATURES
from engine.text.folding import fold
from engine.text.spelling import ENOUGH, Speller, tokens_of
from indexes.typos import KINDS, Neighbourhood
from indexes.vocabulary import Vocabulary

PAIRS = Path(os.environ.get("RONGHE_EVAL_DATA", "absent")) / "query_spelling_en" / "pairs.tsv"
TITLES = [
    "Canon printer PIXMA TS3450", "Brother HL-2270DW laser printer", "Kalorik stainless steel toaster", "Xylofon toy",
    "Ridgid cordless drill", "Washing machine 8 kg", "Oil rubbed bronze faucet", "Acme steele stake", "iPhone case",
    "全自动洗衣机 8公斤", "滚筒洗衣机", "无线蓝牙耳机", "蓝牙耳机 降噪", "北京烤鸭 真空装",
]  # fmt: skip


@pytest.fixture(scope="module")
def speller() -> Speller:
    return Speller.build(TITLES, {"garden hose": 5, "gadren hose": 1, "washing machine": 9, "蓝牙音箱": 4})


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("pritner", "printer"),
        ("canon pritner", "canon printer"),
        ("Stainles steel", "stainless steel"),
        ("gadren hose", "garden hose"),  # one user is not enough for a word
        ("washingmachine", "washing machine"),
        ("HL-2270DW lazer printer", "hl-2270dw laser printer"),
        ("oil rubed bronze faucet", "oil rubbed bronze faucet"),
        ("洗衣鸡", "洗衣机"),
        ("蓝牙而机 canon pritner", "蓝牙耳机 canon printer"),
    ],
)
def test_what_was_meant_is_found(speller: Speller, typed: str, meant: str) -> None:
    assert speller.correct(typed) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "canon", "kalorik", "xylofon", "steele stake", "ts3450", "hl-2270dw", "HL2270DW", "8 kg",
        "accordion", "giraffe", "洗衣机", "北京烤鸭", "蓝牙音箱", "上海",
        "", "   ", "!?", "a", "𠮷", "\x00", "q" * 5000,
    ],
)  # fmt: skip
def test_what_is_known_or_hopeless_is_left(speller: Speller, typed: str) -> None:
    assert speller.correct(typed) is None


@given(st.lists(st.sampled_from(sorted({w for t in TITLES for w in tokens_of(t)})), min_size=1, max_size=6))
def test_words_of_the_catalogue_are_never_changed(words: list[str]) -> None:
    assert set(tokens_of(_SHOP.correct(" ".join(words)) or " ".join(words))) == set(words)


@given(st.text(alphabet="abcdeiknoprstw -'8洗衣机鸡", max_size=24))
def test_a_correction_stands(typed: str) -> None:
    """What was corrected is not corrected again, and digits are never touched."""
    meant = _SHOP.correct(typed)
    if meant is not None:
        assert meant != fold(typed)
        assert [c for c in meant if c.isdigit()] == [c for c in typed if c.isdigit()]
        again = _SHOP.correct(meant)
        assert again is None or _SHOP.correct(again) is None


_SHOP = Speller.build(TITLES)


def test_the_context_decides() -> None:
    shop = Speller.build(["snow thrower 28 in", "snow thrower", "water tower", "tower fan"], {})
    assert shop.correct("28 snow throwr") == "28 snow thrower"


def test_save_and_open_give_the_same(speller: Speller, tmp_path: Path) -> None:
    speller.save(tmp_path)
    opened = Speller.open(tmp_path)
    for typed in ("pritner", "canon", "洗衣鸡", "washingmachine", "gadren hose"):
        assert opened.correct(typed) == speller.correct(typed)
    Speller.build([]).save(tmp_path / "empty")
    assert Speller.open(tmp_path / "empty").correct("canon") is None


WORDS = ["letter", "later", "vacuum", "tier", "their", "pedestal", "accessories", "a", "hose"]


@pytest.mark.parametrize(
    ("typed", "word", "kinds"),
    [
        ("leter", "letter", {"undoubled": 1}),
        ("vacuumm", "vacuum", {"doubled": 1}),
        ("teir", "tier", {"transposed": 1}),
        ("pedistal", "pedestal", {"vowel": 1}),
        ("hise", "hose", {"vowel": 1}),
        ("hode", "hose", {"near": 1}),
        ("vauum", "vacuum", {"missing": 1}),
        ("vacxuum", "vacuum", {"extra": 1}),
        ("hoze", "hose", {"near": 0, "sounding": 1}),
        ("hosq", "hose", {"other": 1}),
        ("hose", "hose", {}),
    ],
)
def test_slips_are_counted_by_kind(typed: str, word: str, kinds: dict[str, int]) -> None:
    words, _ = Vocabulary.of(WORDS)
    near = Neighbourhood.build(words, np.arange(len(WORDS), dtype=np.int32))
    numbers, slips = near.near(typed, 1)
    found = dict(zip(map(words.text, numbers.tolist()), slips.tolist(), strict=True))
    assert {k: n for k, n in zip(KINDS, found[word], strict=True) if n} == {
        k: n for k, n in kinds.items() if n
    }


def test_the_first_features_are_the_kinds_of_slips() -> None:
    assert FEATURES[: len(KINDS)] == KINDS


@given(
    st.lists(st.text("abc", min_size=1, max_size=6), unique=True, max_size=20),
    st.text("abc", min_size=1, max_size=6),
)
def test_the_letters_rule_out_nothing_that_is_near(words: list[str], typed: str) -> None:
    """Against the plain distance (optimal string alignment)."""
    vocabulary, _ = Vocabulary.of(words)
    near = Neighbourhood.build(vocabulary, np.arange(len(words), dtype=np.int32))
    for furthest in (1, 2):
        numbers, _ = near.near(typed, furthest)
        found = {vocabulary.text(int(number)) for number in numbers}
        assert found == {word for word in words if distance(typed, word) <= furthest}


def distance(a: str, b: str) -> int:
    d = {(i, 0): i for i in range(len(a) + 1)} | {(0, j): j for j in range(len(b) + 1)}
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            d[i, j] = min(d[i - 1, j] + 1, d[i, j - 1] + 1, d[i - 1, j - 1] + (a[i - 1] != b[j - 1]))
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                d[i, j] = min(d[i, j], d[i - 2, j - 2] + 1)
    return d[len(a), len(b)]


@pytest.mark.quality
@pytest.mark.skipif(not PAIRS.is_file(), reason=f"no evaluation data: {PAIRS} is absent")
def test_real_queries_are_corrected_and_few_are_broken() -> None:
    """A fifth is held out of the shop; the weights have seen it, benchmarks/spelling.py has the honest figure."""
    lines = PAIRS.read_text(encoding="utf-8").splitlines()[1:]
    pairs = [tuple(" ".join(fold(part).split()) for part in line.split("\t")[:2]) for line in lines]
    held = [pair for pair in pairs if blake2b(pair[1].encode(), digest_size=4).digest()[-1] % 5 == 0][:250]
    shop = Speller.build([], {b: ENOUGH for _, b in set(pairs) - set(held)})
    exact = np.mean([shop.correct(typed) == meant for typed, meant in held])
    broken = np.mean([shop.correct(meant) is not None for _, meant in held])
    assert exact > 0.55
    assert broken < 0.035


def test_search_says_what_was_meant_and_only_what_finds_something(shop: Engine) -> None:
    answer = shop.search("red cofee mug")
    assert answer.did_you_mean == "red coffee mug"
    assert shop.search(answer.did_you_mean).total > 0
    assert shop.search("red coffee mug").did_you_mean is None
    assert shop.search("acordion").did_you_mean is None  # meant, but not sold here
    assert shop.search("cofee", filters="price > 100000").did_you_mean is None
