"""How is the catalogue read and changed over HTTP?"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, FiniteFloat, model_validator

from engine.errors import UnknownItem
from web.answers import AnswerShape, BundleShape, ItemShape, PutShape
from web.find import Clauses, Language, Maybe, Name, WeightsText
from web.route import Ask, Id, K, Route
from web.shop import Shop


class ByItem(Ask):
    item_id: Id


def item(shop: Shop, ask: ByItem) -> Any:
    return shop.item(ask.item_id)


class Near(Ask):
    item_id: Id
    k: K = 10
    user: Maybe = None
    filter: Clauses = Field([])
    explain: bool = False
    pipeline: Name = ""
    weights: WeightsText = None
    language: Language = ""


def similar(shop: Shop, ask: Near) -> Any:
    return shop.similar(
        [ask.item_id],
        k=ask.k,
        user=ask.user,
        filters=ask.filter or None,
        explain=ask.explain,
        weights=ask.weights,
        pipeline=ask.pipeline,
        language=ask.language,
    )


class Bundles(Ask):
    item_id: Id
    k: Annotated[int, Field(ge=1, le=50)] = 3
    max_price: Annotated[FiniteFloat, Field(gt=0)] | None = Field(None, description="Of a whole bundle.")
    language: Language = ""


def bundle(shop: Shop, ask: Bundles) -> Any:
    return {"bundles": shop.bundle([ask.item_id], k=ask.k, max_price=ask.max_price, language=ask.language)}


class Items(Ask):
    """A batch as {"items": [...]} or as a bare list, or one item by itself."""

    items: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=1000)] = Field(
        description="Rows as in a catalogue file: item_id and title, and what else is known."
    )

    @model_validator(mode="before")
    @classmethod
    def one_is_a_batch(cls, value: Any) -> Any:
        if isinstance(value, list):
            return {"items": value}
        if isinstance(value, dict) and "item_id" in value and "items" not in value:
            return {"items": [value]}
        return value


def put_items(shop: Shop, ask: Items) -> Any:
    return shop.put_items(ask.items)


def delete_item(shop: Shop, ask: ByItem) -> None:
    if not shop.delete_item(ask.item_id):
        raise UnknownItem(f"There is no item {ask.item_id!r}.")


ROUTES = (
    Route("GET", "/v1/items/{item_id}", "One item", ByItem, ItemShape, item, problems=(404,), tag="items"),
    Route(
        "GET",
        "/v1/items/{item_id}/similar",
        "Items like this one",
        Near,
        AnswerShape,
        similar,
        problems=(404,),
        tag="items",
    ),
    Route(
        "GET",
        "/v1/items/{item_id}/bundle",
        "What sells together with it",
        Bundles,
        BundleShape,
        bundle,
        problems=(404,),
        tag="items",
    ),
    Route(
        "PUT",
        "/v1/items",
        "Add or change items",
        Items,
        PutShape,
        put_items,
        "admin",
        problems=(422,),
        tag="items",
    ),
    Route(
        "DELETE",
        "/v1/items/{item_id}",
        "Take an item off",
        ByItem,
        None,
        delete_item,
        "admin",
        204,
        (404,),
        tag="items",
    ),
)
