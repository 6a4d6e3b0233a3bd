"""Does an explanation claim only what a request that switches the part off confirms?"""

from __future__ import annotations

import pytest

from engine import Engine
from engine.answer import GRAIN
from engine.types import Event, EventType
from terminal import tables
from tests.conftest import DAY, START


def test_the_place_without_a_part_is_the_place_when_it_is_switched_off(shop: Engine):
    told = shop.search("boot sandal mug kettle", user="u01", k=20, explain=True)
    parts = told.hits[0].explain["without"]
    assert "personalization" in parts
    for part in parts:
        switched = shop.search("boot sandal mug kettle", user="u01", k=40, weights={part: 0})
        places = {hit.item_id: place for place, hit in enumerate(switched.hits, 1)}
        for hit in told.hits:
            assert hit.explain["without"][part] == places.get(hit.item_id)
    moved = [hit for hit in told.hits if hit.explain["without"]["personalization"] != hit.explain["place"]]
    assert moved, "personalization moved nothing: this test would prove nothing"


def test_without_personalization_a_score_falls_by_the_share_claimed(shop: Engine):
    told = shop.search("boot sandal mug kettle", user="u01", k=40)
    switched = shop.search("boot sandal mug kettle", user="u01", k=40, weights={"personalization": 0})
    rest = {hit.item_id: hit.score for hit in switched.hits}
    claimed = [(hit.score - rest[hit.item_id], hit.parts["personalization"]) for hit in told.hits]
    assert max(share for _, share in claimed) > 0.01
    for fell, share in claimed:
        assert fell == pytest.approx(share, abs=4 / GRAIN)


def test_without_the_named_purchase_the_hit_loses(own_shop: Engine):
    """A new person who bought one pair of boots: whatever names them as the reason falls when they are gone."""
    when = START + 59 * DAY
    bought = Event(when, EventType.PURCHASE, user_id="new", item_id="boots-red", order_id="x")
    seen = Event(when + 60, EventType.VIEW, user_id="new", item_id="mugs-red", dwell_s=20.0)
    own_shop.store.append_events([bought, seen])
    told = own_shop.recommend("new", k=20)
    named = [hit for hit in told.hits if "which you bought" in hit.why]
    assert named
    other = Event(when + 60, EventType.VIEW, user_id="other", item_id="mugs-red", dwell_s=20.0)
    own_shop.store.append_events([other])
    rest = {hit.item_id: hit.parts["personalization"] for hit in own_shop.recommend("other", k=40).hits}
    for hit in named:
        assert rest.get(hit.item_id, 0.0) < hit.parts["personalization"]


def test_the_table_shows_it(
    shop: Engine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(tables.out, "width", 300)
    tables.hits(shop.search("boot", user="u01", k=3, explain=True).to_dict())
    printed = capsys.readouterr().out
    assert "without personalization" in printed and "#" in printed
