"""Is the result set of a search one set: in its total, its facets, its pages, its order, whatever is asked of it?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import Engine
from engine.matching import SHARE
from engine.rules import Rule, rules_at
from engine.text import query_terms
from engine.text.analysis import analyse

WORDS = (
    "boot",
    "sandal",
    "red",
    "blue",
    "mug",
    "kettle",
    "lamp",
    "leather",
    "reading",
    "登山鞋",
    "coffee",
    "Alder",
)
QUERIES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3, unique=True).map(" ".join)


def found(shop: Engine, text: str, **more: object) -> list[str]:
    return [hit.item_id for hit in shop.search(text, k=200, **more).hits]


def held_by_words(shop: Engine, text: str) -> set[str]:
    """Plainly: the items that hold half of the idf mass that the best of them holds."""
    snapshot = shop.view().snapshot
    terms = query_terms(text)
    idf = dict(zip(terms, snapshot.generation.words.idf(list(terms)), strict=True))
    masses = []
    for row in range(len(snapshot)):
        item = snapshot.item(row)
        texts = [item.title, item.brand, item.category, item.description]
        texts += [value for value in item.attributes.values() if isinstance(value, str)]
        own = {term for text in texts for term in analyse(text)}
        masses.append(sum(weight * idf[term] for term, weight in terms.items() if term in own))
    return {
        snapshot.id(row) for row, mass in enumerate(masses) if mass > 0 and mass >= SHARE * max(masses) - 1e-4
    }


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=QUERIES)
def test_every_page_is_a_piece_of_one_set(shop: Engine, text: str) -> None:
    whole = shop.search(text, k=200, facets=["brand", "price"])
    ids = [hit.item_id for hit in whole.hits]
    assert whole.total == len(ids) == len(set(ids))
    assert held_by_words(shop, text) <= set(ids)
    paged = [
        hit.item_id for at in range(0, len(ids) + 7, 7) for hit in shop.search(text, k=7, offset=at).hits
    ]
    assert paged == ids
    brands: dict[str, int] = {}
    for hit in whole.hits:
        brands[hit.item["brand"]] = brands.get(hit.item["brand"], 0) + 1
    assert {row["value"]: row["count"] for row in whole.facets["brand"]["values"]} == brands
    assert shop.search(text, k=1, offset=5, facets=["brand"]).facets["brand"] == whole.facets["brand"]
    by_price = shop.search(text, k=200, sort="price")
    assert {hit.item_id for hit in by_price.hits} == set(ids)
    prices = [hit.item["price"] for hit in by_price.hits]
    assert prices == sorted(prices)
    collapsed = shop.search(text, k=200, collapse="brand")
    assert collapsed.total == len(collapsed.hits) == len(brands)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=QUERIES, brand=st.sampled_from(["Alder", "Birch", "Cedar", "Dune"]))
def test_a_filter_keeps_of_the_set_what_it_keeps(shop: Engine, text: str, brand: str) -> None:
    kept = set(found(shop, text, filters={"brand": brand}))
    own = {hit.item_id for hit in shop.search(text, k=200).hits if hit.item["brand"] == brand}
    assert own <= kept  # the nearest by meaning may be others, of what the filter leaves
    assert all(shop.item(name)["brand"] == brand for name in kept)


def test_a_set_larger_than_the_pool_is_paged_to_its_end(own_shop: Engine) -> None:
    small = own_shop.settings.search.model_copy(update={"pool": 10})
    shop = Engine(own_shop.home, own_shop.settings.model_copy(update={"search": small}), own_shop.store)
    text = "Alder Birch Cedar Dune"  # every item holds a brand
    whole = shop.search(text, k=200)
    assert whole.total == len(whole.hits) == 40
    scores = [hit.score for hit in whole.hits]
    assert scores == sorted(scores, reverse=True)
    for hit in whole.hits:
        assert sum(hit.parts.values()) == hit.score
    paged = [hit.item_id for at in range(0, 40, 6) for hit in shop.search(text, k=6, offset=at).hits]
    assert paged == [hit.item_id for hit in whole.hits]
    assert {hit.item_id for hit in shop.search(text, k=200, sort="-price").hits} == set(paged)


@pytest.mark.parametrize("text", ["asdfgh", "qwxzv blorp", "马鞍 葬礼"])
def test_what_means_nothing_here_finds_nothing(shop: Engine, text: str) -> None:
    answer = shop.search(text, k=10, facets=["brand"])
    assert (answer.total, answer.hits) == (0, ())
    assert answer.facets["brand"] == {"missing": 0}
    assert (
        shop.search(text, k=10, pipeline="hybrid").hits or text == "asdfgh"
    )  # a single fusion is not cut off


def test_quotes_hold_words_together_and_a_minus_keeps_them_out(shop: Engine) -> None:
    assert set(found(shop, '"leather boot"')) == {
        name for name in found(shop, "boot") if name.startswith("boots")
    }
    assert found(shop, '"boot leather"') == []
    without = found(shop, "boot -red")
    assert without
    assert "boots-red" not in without
    page = [hit.item_id for at in range(0, 8, 2) for hit in shop.search("boot -red", k=2, offset=at).hits]
    assert "boots-red" not in page
    assert found(shop, 'boot -"red hiking"') == without
    assert "boots-red" not in found(shop, "boot -red", pipeline="hybrid")


def test_an_id_that_is_typed_comes_first(shop: Engine) -> None:
    answer = shop.search("kettles-blue", k=3)
    assert answer.hits[0].item_id == "kettles-blue"
    for hit in answer.hits:
        assert sum(hit.parts.values()) == hit.score
    assert not shop.search("kettles-blue", filters="brand = Nobody").hits


def test_synonyms_of_a_file_reach_both_legs(own_shop: Engine) -> None:
    assert found(own_shop, "quaffer") == []
    (own_shop.home / "synonyms.txt").write_text("quaffer => mug\ntelly, kettle\n", encoding="utf-8")
    shop = Engine.open(own_shop.home)
    assert all(name.startswith("mugs") for name in found(shop, "quaffer")[:8])
    assert len(found(shop, "red quaffer", pipeline="keyword")) > 0
    assert found(shop, "red quaffer")[0] == "mugs-red"
    assert found(shop, "telly")[0].startswith("kettles")
    assert len(found(shop, "mug")) == len(found(own_shop, "mug"))  # one way only


def test_a_changed_item_is_in_the_set_by_its_new_words_only(own_shop: Engine) -> None:
    before = set(found(own_shop, "boot"))
    own_shop.put_items(
        [{"item_id": "boots-red", "title": "Garden gnome"}, {"item_id": "new", "title": "Rain boot"}]
    )
    own_shop.delete_item("boots-blue")
    after = set(found(own_shop, "boot"))
    assert after == before - {"boots-red", "boots-blue"} | {"new"}
    assert found(own_shop, '"rain boot"') == ["new"]
    assert found(own_shop, "gnome") == ["boots-red"]


def test_the_plain_index_holds_the_same(shop: Engine) -> None:
    from engine.documents import KEYWORD, analysed

    snapshot = shop.view().snapshot
    plain = KEYWORD.build_plain(analysed(snapshot.item(row)) for row in range(len(snapshot)))
    masses = {"boot": 0.5, "red": 0.25, "nowhere": 0.25}
    assert np.allclose(plain.held(masses), snapshot.generation.words.held(masses))
    assert (
        plain.phrase(["hike", "boot"]).tolist() == snapshot.generation.words.phrase(["hike", "boot"]).tolist()
    )


def test_did_you_mean_finds_something_and_is_silent_where_nothing_is_wrong(shop: Engine) -> None:
    answer = shop.search("kettel", k=5)
    assert answer.did_you_mean == "kettle"
    assert shop.search(answer.did_you_mean, k=1).total > 0
    assert shop.search("kettel", k=5, filters="brand = Nobody").did_you_mean is None
    assert shop.search("red kettle", k=5).did_you_mean is None
    assert shop.search("asdfgh", k=5).did_you_mean is None


def test_a_pin_on_nonsense_shows_the_pin_and_nothing_else(own_shop: Engine) -> None:
    """One word of five is known, and by more items than the pool holds: still less than the sense of a query."""
    small = own_shop.settings.search.model_copy(update={"pool": 10})
    shop = Engine(own_shop.home, own_shop.settings.model_copy(update={"search": small}), own_shop.store)
    text = "qwxzv blorp vrrgh zzkrt kitchen"
    assert shop.search(text, k=50).total == 0
    rules_at(shop.home).put(Rule.of({"kind": "pin", "query": text, "items": ["lamps-blue"]}))
    answer = shop.search(text, k=50)
    assert ([hit.item_id for hit in answer.hits], answer.total) == (["lamps-blue"], 1)
