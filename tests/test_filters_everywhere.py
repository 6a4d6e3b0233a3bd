"""Does one filter keep the same items by address, by JSON, at the terminal and in Python?"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import cli
from engine import Engine
from server import create_app

Keeps = Callable[[dict[str, Any]], bool]
CASES: list[tuple[str, dict[str, Any], Keeps]] = [
    ("brand = Alder", {"brand": "Alder"}, lambda item: item["brand"] == "Alder"),
    ("brand != Alder", {"brand": {"ne": "Alder"}}, lambda item: item["brand"] != "Alder"),
    ("price < 20", {"price": {"lt": 20}}, lambda item: item["price"] < 20),
    ("price <= 20", {"price": {"lte": 20}}, lambda item: item["price"] <= 20),
    ("price > 20", {"price": {"gt": 20}}, lambda item: item["price"] > 20),
    ("price >= 20", {"price": {"gte": 20}}, lambda item: item["price"] >= 20),
    ("price = 15..25", {"price": {"between": [15, 25]}}, lambda item: 15 <= item["price"] <= 25),
    ("colour in (red, blue)", {"colour": ["red", "blue"]}, lambda item: item["colour"] in ("red", "blue")),
    ("weight_g = 300", {"weight_g": 300}, lambda item: item["weight_g"] == 300),
    ("category = Shoes", {"category": "Shoes"}, lambda item: item["category"].startswith("Shoes")),
    (
        "colour = red or (brand = Birch and not price >= 30)",
        {"or": [{"colour": "red"}, {"and": [{"brand": "Birch"}, {"not": {"price": {"gte": 30}}}]}]},
        lambda item: item["colour"] == "red" or (item["brand"] == "Birch" and not item["price"] >= 30),
    ),
]


def kept(document: dict[str, Any]) -> set[str]:
    assert document["total"] == len(document["hits"])
    return {hit["item_id"] for hit in document["hits"]}


@pytest.mark.parametrize(("text", "body", "keeps"), CASES)
def test_every_way_keeps_the_same(
    shop: Engine,
    shop_home: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    body: dict[str, Any],
    keeps: Keeps,
) -> None:
    query = "hiking boot mug"
    whole = shop.search(query, k=100)
    expected = {hit.item_id for hit in whole.hits if keeps(hit.to_dict())}
    assert 0 < len(expected) < whole.total
    client = create_app(shop).test_client()
    by_address = client.get("/v1/search", query_string={"q": query, "k": 100, "filter": text}).get_json()
    by_body = client.post("/v1/search", json={"q": query, "k": 100, "filter": body}).get_json()
    monkeypatch.setattr(
        sys,
        "argv",
        ["ronghe", "search", query, "-k", "100", "--filter", text, "--json", "--home", str(shop_home)],
    )
    with pytest.raises(SystemExit):
        cli.main()
    by_command = json.loads(capsys.readouterr().out)
    for document in (by_address, by_body, by_command, shop.search(query, k=100, filters=body).to_dict()):
        assert kept(document) == expected


@pytest.mark.parametrize("leg", ["keyword", "semantic", "hybrid", "search"])
def test_a_narrow_filter_is_exact_in_every_leg(shop: Engine, leg: str) -> None:
    answer = shop.search("desk lamp for reading", k=100, pipeline=leg, filters="colour = red and price < 60")
    assert {hit.item_id for hit in answer.hits} >= {"lamps-red"}
    assert all(hit.item["colour"] == "red" and hit.item["price"] < 60 for hit in answer.hits)


def test_the_counts_of_a_facet_are_what_its_filters_find(shop: Engine) -> None:
    answer = shop.search("boot mug", k=100, facets=["colour", "price"])
    for value in answer.facets["colour"]["values"]:
        assert shop.search("boot mug", k=100, filters={"colour": value["value"]}).total == value["count"]
    counts = [bucket["count"] for bucket in answer.facets["price"]["ranges"]]
    assert sum(counts) + answer.facets["price"]["missing"] == answer.total
    for bucket in answer.facets["price"]["ranges"]:
        last = bucket["to"] == answer.facets["price"]["max"]
        between = {"price": {"gte": bucket["from"], "lte" if last else "lt": bucket["to"]}}
        assert shop.search("boot mug", k=100, filters=between).total == bucket["count"]
