"""Do profiles, bundles and evaluations come out of a whole shop?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine import Engine
from engine.errors import Unanswerable, UnknownItem, UnknownUser
from engine.evaluate.offline import Cut, evaluate, report
from engine.evaluate.report import verdict


def test_a_user_of_the_shop_has_a_profile(shop: Engine) -> None:
    user = shop.store.events().users[0]
    told = json.loads(json.dumps(shop.profile(user), allow_nan=False))
    assert told["user_id"] == user and told["orders"] > 0 and told["categories"]
    assert told["sentence"] and told["sentence_zh"]
    assert told["now"] >= told["last_seen"]
    with pytest.raises(UnknownUser):
        shop.profile("nobody-at-all")


def test_sandals_are_bundled_with_boots_as_walkers_buy_them(shop: Engine) -> None:
    """The hand-made shop's walkers buy boots and sandals in one order, its cooks mugs and kettles."""
    kinds = [
        {shop.item(member["item_id"])["category"] for member in bundle["items"]}
        for colour in ("red", "blue", "green")
        for bundle in shop.bundle([f"sandals-{colour}"], k=1)
    ]
    assert kinds and all("Shoes > Boots" in found for found in kinds)
    assert all(len(found) >= 2 for found in kinds)


def test_a_bundle_is_priced_and_what_is_sold_out_is_in_none(shop: Engine) -> None:
    for number, row in enumerate(shop.store.items()):
        if number % 4:
            continue
        for bundle in shop.bundle([row.item_id], k=2):
            assert bundle["items"][0]["item_id"] == row.item_id
            assert "lamps-brown" not in [member["item_id"] for member in bundle["items"][1:]]
            assert bundle["price"] == pytest.approx(sum(member["price"] for member in bundle["items"]))
            assert bundle["lift_at_least"] > 1
    with pytest.raises(UnknownItem):
        shop.bundle(["no-such-item"])


def test_the_shop_is_evaluated_on_its_own_log(shop: Engine, shop_home: Path, tmp_path: Path) -> None:
    cut = Cut(days=14, requests=25, short=True)
    results = evaluate(shop_home, shop.store, shop.settings, cut)
    assert {result.task for result in results} >= {"recommend", "similar"}
    for result in results:
        assert result.best_single is not None and result.best_fused is not None
        assert 0 <= result.outcomes[-1].means["ndcg@10"] <= result.outcomes[0].means["ndcg@10"] <= 1
        assert verdict(result)
    page = report(results, shop.store, tmp_path / "report", cut)
    told = json.loads((page.parent / "report.json").read_text("utf-8"))
    assert [task["task"] for task in told["tasks"]] == [result.task for result in results]
    assert told["facts"]["data"]["events"]


def test_nothing_from_after_the_cut_is_learned(own_shop: Engine, own_home: Path) -> None:
    """A log whose last days are all about one thing: were they learned, `popular` would show it first."""
    end = float(own_shop.store.events().timestamp.max())
    own_shop.add_events(
        [
            {"timestamp": end + 60 * n, "type": "purchase", "user_id": f"new{n % 40}", "item_id": "lamps-red"}
            for n in range(400)
        ]
    )
    (result,) = [
        r
        for r in evaluate(own_home, own_shop.store, own_shop.settings, Cut(days=7, requests=40, short=True))
        if r.task == "recommend"
    ]
    # Nobody new is asked (they have no past), and the rush is not known to the models.
    assert not any(name.startswith("new") for name in result.requests)
    assert result.outcome("popular").by_popularity.keys() <= {"head", "middle", "tail", "new"}


def test_a_shop_without_events_cannot_be_judged(tmp_path: Path) -> None:
    empty = Engine.open(tmp_path)
    with pytest.raises(Unanswerable, match="no events"):
        evaluate(tmp_path, empty.store, empty.settings)
