"""Is a slip put right, and is what the shop knows left alone?"""

from __future__ import annotations

import os
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.text import typos
from engine.text.spelling import Speller, tokens_of
from indexes.vocabulary import Vocabulary

PAIRS = Path(os.environ.get("RONGHE_EVAL_DATA", "../shared/data")) / "query_spelling_en" / "pairs.tsv"
TITLES = [
    "Quikrete waterproof cement",
    "Steel vacuum bottle",
    "Outdoor patio tile",
    "Garden hose reel",
    "Kitchen sink faucet",
    "Folding patio door",
    "Dewalt impact driver XR20V",
    "Hampton Bay white silicone sealant",
    "Oak shelf",
]


@pytest.fixture(scope="module")
def speller() -> Speller:
    return Speller.build(TITLES * 3, {"garden hose": 9.0, "gardn hose": 2.0, "patio tile": 5.0})


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ourdoor patio tile", "outdoor patio tile"),
        ("kitchen sink fuacet", "kitchen sink faucet"),
        ("gardn hose", "garden hose"),
        ("outdoor pattio", "outdoor patio"),
        ("Garden HOSSE reel", "garden hose reel"),
        ("vacum bottle 2l", "vacuum bottle 2l"),
    ],
)
def test_slips_are_put_right(speller: Speller, typed: str, meant: str) -> None:
    assert speller.correct(typed) == meant


@pytest.mark.parametrize(
    "query",
    [
        "quikrete cement",  # a brand that reads like a slip
        "dewalt xr20v",
        "hl-2270dw",
        "garden hose",
        "oak shelf",
        "",
        "???",
        "防水登山鞋",
        "a b c d",
    ],
)
def test_what_is_right_or_known_or_no_word_is_left_alone(speller: Speller, query: str) -> None:
    assert speller.correct(query) is None


def test_a_misspelling_that_two_users_made_is_not_a_word(speller: Speller) -> None:
    assert speller.correct("gardn") == "garden"
    trusting = Speller.build(TITLES, {"gardn hose": 9.0}, enough=3.0)
    assert trusting.correct("gardn") is None


@given(st.text(max_size=30))
@settings(deadline=None, max_examples=60)
def test_any_query_is_read_and_known_words_never_leave_it(speller: Speller, query: str) -> None:
    corrected = speller.correct(query)
    if corrected is not None:
        known = set(tokens_of(" ".join(TITLES)))
        assert {word for word in tokens_of(query) if word in known} <= set(tokens_of(corrected)) or any(
            a + b in tokens_of(corrected) for a in tokens_of(query) for b in tokens_of(query)
        )


def test_save_and_open_give_the_same(speller: Speller, tmp_path: Path) -> None:
    speller.save(tmp_path)
    opened = Speller.open(tmp_path)
    for query in ("ourdoor patio tile", "garden hose", "whitesilicone"):
        assert opened.correct(query) == speller.correct(query)


def test_slips_are_counted_by_kind() -> None:
    vocabulary, numbers = Vocabulary.of(["vacuum", "tier", "pedestal", "hammer"])

    def kinds(typed: str, word: int) -> dict[str, int]:
        counts = typos.align(
            np.frombuffer(typed.encode(), np.uint8),
            vocabulary.blob,
            vocabulary.offsets,
            numbers[[word]],
            typos.SUBSTITUTIONS,
            typos.COSTS,
            2.0,
        )[0]
        return {kind: int(n) for kind, n in zip(typos.KINDS, counts, strict=True) if n}

    assert kinds("vacum", 0) == {"doubled": 1}
    assert kinds("teir", 1) == {"transposed": 1}
    assert kinds("pedistal", 2) == {"vowel": 1}
    assert kinds("hammet", 3) == {"near": 1}
    assert kinds("gammer", 3) == {"near": 1, "first": 1}
    assert kinds("xyz", 3)["transposed"] == -1


def test_a_slip_leads_to_its_word_through_the_deletions() -> None:
    for typed, word in (("vacum", "vacuum"), ("teirs", "tiers"), ("hecurles", "hercules")):
        assert typos.deletions(typed, 2) & typos.deletions(word, 2)
    assert typos.sound("faucet") == typos.sound("fawset")


@pytest.mark.quality
@pytest.mark.skipif(not PAIRS.is_file(), reason=f"no evaluation data: {PAIRS} is absent")
def test_real_misspelled_queries() -> None:
    """Vocabulary: the corrected sides of four fifths, by hash; measured on the rest. Floors under CV figures."""
    rows = [line.lower().split("\t")[:2] for line in PAIRS.read_text(encoding="utf-8").splitlines()[1:]]
    held = [blake2b(right.encode(), digest_size=4).digest()[0] % 5 == 0 for _, right in rows]
    speller = Speller.build(right for (_, right), out in zip(rows, held, strict=True) if not out)
    pairs = [
        (" ".join(a.split()), " ".join(b.split())) for (a, b), out in zip(rows, held, strict=True) if out
    ]
    exact = sum(speller.correct(wrong) == right for wrong, right in pairs) / len(pairs)
    broken = sum(speller.correct(right) is not None for _, right in pairs) / len(pairs)
    assert exact > 0.42
    assert broken < 0.04
