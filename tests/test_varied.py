"""Does a list show ten things, not one thing ten times?"""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine import Engine
from engine.pipeline import Candidates
from engine.rank.varied import LOOKED_AT, MOST, Varied
from engine.types import Evidence, Item, Query

NO_EVIDENCE = Evidence(np.empty(0, np.int64), (), np.empty((0, 0)), np.empty((0, 0)), np.empty(0))


def ranked(titles: list[str], scores: list[float]) -> Candidates:
    candidates = Candidates.of(np.arange(len(titles)), ("semantic",), np.array(scores).reshape(-1, 1))
    return Varied(lambda row: titles[row])(Query(), candidates, NO_EVIDENCE)


def test_the_third_of_one_thing_waits_for_the_others() -> None:
    titles = ["red steel kettle"] * 4 + ["oak stool", "brass lamp"]
    found = ranked(titles, [6.0, 5.0, 4.0, 3.0, 2.0, 1.0])
    assert found.rows.tolist() == [0, 1, 4, 5, 2, 3]
    # By hand: the last that was kept has 1, nothing follows, so the two go to 1 - 1/3 and 1 - 2/3.
    assert np.allclose(found.scores, [6, 5, 2, 1, 2 / 3, 1 / 3])


def test_a_colour_in_a_long_title_is_one_thing_and_in_a_short_one_is_not() -> None:
    long = [
        f"Alder X200 wireless optical gaming mouse 1600 dpi usb {colour}"
        for colour in ("red", "blue", "green")
    ]
    assert ranked([*long, "brass lamp"], [4.0, 3.0, 2.0, 1.0]).rows.tolist() == [0, 1, 3, 2]
    short = ["red mug", "blue mug", "green mug", "brass lamp"]
    assert ranked(short, [4.0, 3.0, 2.0, 1.0]).rows.tolist() == [0, 1, 2, 3]


@given(
    st.lists(
        st.tuples(st.sampled_from(["a b", "c d", "e f g", ""]), st.integers(0, 5)), min_size=1, max_size=90
    )
)
def test_nothing_is_lost_and_scores_never_increase(drawn: list[tuple[str, int]]) -> None:
    titles = [title for title, _ in drawn]
    before = Candidates.of(np.arange(len(drawn)), ("semantic",), np.array([[float(s)] for _, s in drawn]))
    after = Varied(lambda row: titles[row])(Query(), before, NO_EVIDENCE)
    assert sorted(after.rows.tolist()) == sorted(before.rows.tolist())
    assert (np.diff(after.scores) <= 1e-12).all()
    assert (
        set(after.rows[:LOOKED_AT].tolist()) == set(before.rows[:LOOKED_AT].tolist())
        or len(drawn) > LOOKED_AT
    )


def test_similar_items_are_not_ten_of_the_same(tmp_path) -> None:
    engine = Engine.open(tmp_path)
    (tmp_path / "ronghe.toml").write_text('[encoder]\nmodel = "static"\n')
    engine = Engine.open(tmp_path)
    same = [
        Item(f"x{n}", f"Alder X200 wireless optical gaming mouse 1600 dpi usb number {n}") for n in range(9)
    ]
    other = [
        Item(f"o{n}", title)
        for n, title in enumerate(("Birch wired mouse", "Cedar mouse mat", "Dune keyboard"))
    ]
    chinese = [Item(f"z{n}", f"无线光电游戏鼠标可充电静音办公笔记本电脑通用{n}号") for n in range(6)]
    engine.store.upsert_items([*same, *other, *chinese, Item("zo", "有线游戏鼠标垫")])
    engine.rebuild()
    ids = [hit.item_id for hit in engine.similar("x0", k=6).hits]
    assert sum(item.startswith("x") for item in ids[:3]) <= MOST
    assert "o0" in ids[:4]
    ids = [hit.item_id for hit in engine.similar("z0", k=6).hits]
    assert sum(item.startswith("z") and item != "zo" for item in ids[:3]) <= MOST
    assert "zo" in ids[:4]
