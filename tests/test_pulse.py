"""Does the trend move with each event, and with neither one buyer of 10,000 units nor a bot?"""

from __future__ import annotations

import numpy as np

from engine import Engine
from engine.types import Event, EventType


def buy(
    shop: Engine, who: str, item: str, quantity: float = 1.0, kind: EventType = EventType.PURCHASE
) -> None:
    moment = shop.view().snapshot.now()
    shop.store.append_events(
        [
            Event(
                timestamp=moment,
                type=kind,
                user_id=who,
                item_id=item,
                quantity=quantity,
                event_id=f"{who}{item}{moment}",
            )
        ]
    )


def fresh(shop: Engine) -> Engine:
    """Another worker's view of the same home, asked at once."""
    return Engine.open(shop.home)


def order(shop: Engine) -> list[str]:
    return [hit.item_id for hit in fresh(shop).trending(k=40).hits]


def test_what_many_people_buy_now_trends_at_once(own_shop: Engine) -> None:
    last = order(own_shop)[-1]
    for i in range(40):
        buy(own_shop, f"new{i}", last)
    assert order(own_shop)[0] == last


def test_one_buyer_of_ten_thousand_counts_as_one(own_shop: Engine) -> None:
    last = order(own_shop)[-1]
    row = own_shop.view().snapshot.row(last)
    buy(own_shop, "whale", last, 10_000.0)
    before = own_shop.view().snapshot.generation.trend.popularity[row]
    now = fresh(own_shop)
    trend = now._pulse(now.view()).trend
    assert trend.popularity[row] - before <= np.log(2) / 7 + 1e-6
    assert trend.soon[row] == own_shop.view().snapshot.generation.trend.soon[row]
    buy(own_shop, "whale", last, 10_000.0)
    again = fresh(own_shop)
    assert abs(again._pulse(again.view()).trend.popularity[row] - trend.popularity[row]) < 1e-4


def test_a_visitor_faster_than_any_hand_is_not_counted(own_shop: Engine) -> None:
    ids = [own_shop.view().snapshot.id(row) for row in range(20)]
    moment = own_shop.view().snapshot.now()
    events = [
        Event(
            timestamp=moment, type=EventType.PURCHASE, session_id="bot", item_id=ids[i % 20], event_id=f"b{i}"
        )
        for i in range(200)
    ]
    own_shop.store.append_events(events)
    now = fresh(own_shop)
    base = now.view().snapshot.generation.trend
    assert np.all(now._pulse(now.view()).trend.popularity <= base.popularity)


def test_a_search_trends_when_three_people_made_it(own_shop: Engine) -> None:
    def search(who: str) -> None:
        moment = own_shop.view().snapshot.now()
        own_shop.store.append_events(
            [
                Event(
                    timestamp=moment,
                    type=EventType.SEARCH,
                    user_id=who,
                    query="Umbrella Hat",
                    event_id=f"s{who}{moment}",
                )
            ]
        )

    for who in ("a", "b", "a", "a"):
        search(who)
    assert "umbrella hat" not in [row["query"] for row in fresh(own_shop).trending_searches(k=100)]
    search("c")
    told = {row["query"]: row for row in fresh(own_shop).trending_searches(k=100)}
    assert told["umbrella hat"]["users"] == 3


def test_a_surge_raises_the_lift_of_next_week(own_shop: Engine) -> None:
    last = order(own_shop)[-1]
    row = own_shop.view().snapshot.row(last)
    for i in range(12):
        buy(own_shop, f"crowd{i}", last)
    now = fresh(own_shop)
    assert now._pulse(now.view()).trend.soon[row] > 1.5 * now.view().snapshot.generation.trend.soon[row]
    assert last in [hit.item_id for hit in now.rising(k=40).hits]


def test_categories_are_named_and_move(own_shop: Engine) -> None:
    before = {row["category"]: row["demand"] for row in fresh(own_shop).trending_categories(k=50)}
    snapshot = own_shop.view().snapshot
    item = snapshot.item(0)
    top = item.category.split(" > ")[0]
    for i in range(10):
        buy(own_shop, f"more{i}", item.item_id)
    after = {row["category"]: row["demand"] for row in fresh(own_shop).trending_categories(k=50)}
    assert after[top] > before.get(top, 0.0)
