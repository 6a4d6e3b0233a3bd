"""Do the shopkeeper's rules do what they say, keep their history, and give it back?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BadQuery
from engine.pipeline import Candidates
from engine.rank.rules import Pinned, Rules, hold
from engine.rules import Rule, RuleBook, RuleLog, UnknownRule
from engine.text import BESIDE
from engine.types import Evidence, Query
from indexes.ranking import Mask, Rows

NAMES = ("a", "b", "c", "d", "e")
NOW = 1000.0


def find(item_ids: Sequence[str]) -> Rows:
    return np.array([NAMES.index(each) if each in NAMES else -1 for each in item_ids], np.int64)


def mask(condition: Any) -> Mask:
    return np.array([name in condition["name"] for name in NAMES])


def ranked(rules: Sequence[dict[str, Any]], scores: Sequence[float], text: str = "lamp", **more: Any) -> str:
    """The names in their order, after the rules."""
    book = RuleBook(tuple(Rule.of(rule) for rule in rules))
    rows = np.arange(len(scores), dtype=np.int64)
    before = Candidates.of(rows, ("relevance",), np.array(scores, np.float64)[:, None])
    query = Query(text=text, **more)
    nothing = Evidence(rows, (), np.empty((len(rows), 0)), np.empty((len(rows), 0)), np.empty(0))
    after = Rules(lambda: book, find, mask, lambda: NOW)(query, before, nothing)
    assert after.scores == pytest.approx(after.parts.sum(axis=1))
    assert (np.diff(after.scores) <= 0).all()
    return "".join(NAMES[row] for row in after.rows.tolist())


def test_a_pin_takes_its_place_and_the_others_keep_their_order() -> None:
    scores = [5.0, 4.0, 3.0, 2.0, 1.0]
    assert ranked([], scores) == "abcde"
    assert ranked([{"kind": "pin", "query": "lamp", "items": ["d"]}], scores) == "dabce"
    assert ranked([{"kind": "pin", "query": "lamp", "items": ["e", "a"], "position": 2}], scores) == "beacd"
    assert ranked([{"kind": "pin", "query": "lamp", "items": ["a"], "position": 100}], scores) == "bcdea"
    assert ranked([{"kind": "pin", "query": "lamp", "items": ["zz", "c"]}], scores) == "acbde"


def test_a_boost_adds_its_share_of_the_spread_and_a_burial_goes_last() -> None:
    scores = [5.0, 4.0, 3.0, 2.0, 1.0]  # the spread is 4
    boost = {"kind": "boost", "query": "lamp", "filter": {"name": "ce"}, "amount": 0.5}
    assert ranked([boost], scores) == "acbed"  # c: 3 + 2 = 5 ties with a, which has the smaller row
    assert ranked([{"kind": "bury", "query": "lamp", "items": ["a", "b"]}], scores) == "cdeab"
    both = [
        {"kind": "bury", "query": "lamp", "items": ["a"]},
        {"kind": "pin", "query": "lamp", "items": ["a"]},
    ]
    assert ranked(both, scores) == "abcde"


@given(
    st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=5),
    st.permutations(range(5)),
    st.integers(1, 5),
    st.integers(0, 5),
)
def test_pins_hold_under_every_list_and_move_nobody_else(
    scores: list[float], order: list[int], place: int, many: int
) -> None:
    rows = np.arange(len(scores), dtype=np.int64)
    chosen = [row for row in order if row < len(scores)][:many]
    held = [(place - 1 + step, row) for step, row in enumerate(chosen)]
    after = hold(rows, np.array(scores), held)
    line = np.lexsort((rows, -after)).tolist()
    others = [row for row in np.lexsort((rows, -np.array(scores))).tolist() if row not in chosen]
    assert [row for row in line if row not in chosen] == others
    assert [row for row in line if row in chosen] == chosen
    for spot, row in held:
        assert line.index(row) == min(spot, len(others) + chosen.index(row))


def test_what_is_pinned_is_found_though_no_other_leg_finds_it_but_never_against_the_filter() -> None:
    book = RuleBook((Rule.of({"kind": "pin", "query": "lamp", "items": ["e", "b", "zz"]}),))
    leg = Pinned(lambda: book, find, lambda: NOW)
    assert leg(Query(text="Lamp "), 10).rows.tolist() == [4, 1]
    assert len(leg(Query(text="chair"), 10)) == 0
    allowed = np.array([True, True, True, True, False])
    assert leg(Query(text="lamp", allowed=allowed), 10).rows.tolist() == [1]
    assert np.isnan(leg.score(Query(text="lamp"), np.array([0]))).all()


@pytest.mark.parametrize(
    ("match", "query", "text", "speaks"),
    [
        ("is", "Desk Lamp", " desk  lamp", True),
        ("is", "lamp", "desk lamp", False),
        ("has", "lamp", "desk lamp", True),
        ("has", "lamp", "lamps", False),
        ("has", "desk lamp", "lamp desk", False),
        ("has", "台灯", "护眼台灯推荐", True),
        ("any", "", "whatever", True),
    ],
)
def test_a_rule_speaks_to_the_queries_it_names(match: str, query: str, text: str, speaks: bool) -> None:
    rule = Rule.of({"kind": "pin", "items": ["a"], "match": match, "query": query})
    assert bool(RuleBook((rule,)).speaking(text, NOW, "pin")) is speaks


def test_a_rule_speaks_from_its_start_to_its_end() -> None:
    rule = Rule.of(
        {
            "kind": "redirect",
            "query": "sale",
            "url": "/sale",
            "starts": 10,
            "ends": "1970-01-01T00:00:20+00:00",
        }
    )
    book = RuleBook((rule,))
    assert [book.redirect("sale", now) for now in (9.9, 10.0, 19.9, 20.0)] == ["", "/sale", "/sale", ""]


def test_synonyms_are_searched_beside_the_query() -> None:
    book = RuleBook((Rule.of({"kind": "synonym", "query": "sofa", "match": "has", "words": ["couch"]}),))
    assert book.reworded("red sofa", NOW).split(BESIDE) == ["red sofa", "red couch"]
    both = RuleBook((*book.rules, Rule.of({"kind": "pin", "query": "red sofa", "items": ["a"]})))
    assert both.speaking(both.reworded("red sofa", NOW), NOW, "pin") == both.rules[1:]
    assert book.reworded("chair", NOW) == "chair"


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"kind": "praise", "query": "a"},
        {"kind": "pin", "query": "a"},
        {"kind": "pin", "items": ["a"]},
        {"kind": "pin", "query": "a", "items": "a"},
        {"kind": "pin", "query": "a", "items": ["a"], "position": 0},
        {"kind": "pin", "query": "a", "items": ["a"], "position": 1.5},
        {"kind": "boost", "query": "a"},
        {"kind": "boost", "query": "a", "items": ["a"], "amount": float("nan")},
        {"kind": "boost", "query": "a", "filter": "price <"},
        {"kind": "synonym", "query": "a"},
        {"kind": "redirect", "query": "a", "url": "javascript:alert(1)"},
        {"kind": "redirect", "query": "a", "url": "//else.example"},
        {"kind": "pin", "query": "a", "items": ["a"], "starts": 2, "ends": 1},
        {"kind": "pin", "query": "a", "items": ["a"], "starts": "soon"},
        {"kind": "pin", "query": "a", "items": ["a"], "colour": "red"},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_with_a_sentence(row: dict[str, Any]) -> None:
    with pytest.raises(BadQuery, match=r"[.]$"):
        Rule.of(row)


def test_every_change_is_kept_seen_by_others_and_can_be_taken_back(tmp_path: Path) -> None:
    writer, reader = RuleLog(tmp_path / "rules.jsonl"), RuleLog(tmp_path / "rules.jsonl")
    assert reader.book() == RuleBook()
    first = writer.put(Rule.of({"kind": "pin", "query": "lamp", "items": ["a"]}), "ada")
    assert reader.book().rules == (first,)
    changed = Rule.of({**first.to_dict(), "items": ["b"]})
    writer.put(changed, "bob")
    writer.remove(first.rule_id, "ada")
    assert reader.book().rules == ()
    assert writer.undo("bob").after == changed.to_dict()
    assert reader.book().rules == (changed,)
    writer.undo()
    assert reader.book().rules == (first,)
    writer.undo()
    assert reader.book().rules == ()
    with pytest.raises(UnknownRule):
        writer.undo()
    with pytest.raises(UnknownRule):
        writer.remove("none")
    said = [(change.action, change.by) for change in reader.history()]
    assert said == [
        ("set", "ada"),
        ("set", "bob"),
        ("remove", "ada"),
        ("undo", "bob"),
        ("undo", ""),
        ("undo", ""),
    ]


def test_a_line_that_a_crash_cut_short_is_no_change_and_does_not_spoil_the_next(tmp_path: Path) -> None:
    log = RuleLog(tmp_path / "rules.jsonl")
    first = log.put(Rule.of({"kind": "pin", "query": "lamp", "items": ["a"]}))
    whole = log.path.read_text()
    with log.path.open("a") as file:
        file.write(json.dumps({"at": 1})[:5])
    assert log.book().rules == (first,)
    second = log.put(Rule.of({"kind": "pin", "query": "desk", "items": ["b"]}))
    assert log.book().rules == (first, second)
    assert log.path.read_text().startswith(whole)
