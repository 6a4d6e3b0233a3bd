"""Does a rule of the studio change what the engine answers, at once?"""

from __future__ import annotations

import pytest

from engine import Engine
from engine.rules import Rule, rules_at


def names(engine: Engine, text: str, **more: object) -> list[str]:
    return [hit.item_id for hit in engine.search(text, k=5, **more).hits]


def test_a_rule_is_in_force_with_the_next_search_and_out_of_it_when_undone(own_shop: Engine) -> None:
    log = rules_at(own_shop.home)
    before = names(own_shop, "hiking boot")
    pin = log.put(Rule.of({"kind": "pin", "query": "hiking boot", "items": ["lamps-red"]}))
    answer = own_shop.search("Hiking  boot", k=5)
    assert answer.hits[0].item_id == "lamps-red"
    assert answer.hits[1].item_id == before[0]
    assert answer.hits[0].parts["rules"] > 0
    for hit in answer.hits:
        assert sum(hit.parts.values()) == pytest.approx(hit.score, abs=0)
    assert "lamps-red" not in names(own_shop, "hiking boot", filters={"category": "Shoes"})
    log.put(Rule.of({"kind": "bury", "query": "boot", "match": "has", "filter": "brand = Alder"}))
    buried = own_shop.search("hiking boot", k=40).hits
    assert len(buried) == 9  # the boots, and the lamp that is pinned
    assert [hit.item["brand"] for hit in buried[-2:]] == ["Alder"] * 2
    log.put(Rule.of({"kind": "synonym", "query": "quaffer", "words": ["mug"]}))
    assert all(name.startswith("mugs") for name in names(own_shop, "quaffer"))
    log.undo()
    log.undo()
    log.remove(pin.rule_id)
    assert names(own_shop, "hiking boot") == before
