"""How is the shop searched over HTTP?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, FiniteFloat

from engine.rules import rules_at
from web.answers import AnswerShape, SuggestShape
from web.route import Ask, K, Route
from web.shop import Shop


def split_commas(value: Any) -> Any:
    """`brand,category` in an address; lists in a body stay as they are."""
    if isinstance(value, list):
        return [part.strip() for each in value for part in str(each).split(",") if part.strip()]
    return value


def parse_weights(value: Any) -> Any:
    """`personalization:0,trend:2` in an address; a mapping in a body."""
    if not isinstance(value, str):
        return value
    weights = {}
    for pair in value.split(","):
        name, colon, number = pair.partition(":")
        if not colon or not name.strip():
            raise ValueError(
                "should be pairs of name:number with commas between, as in personalization:0,trend:2"
            )
        try:
            weights[name.strip()] = float(number)
        except ValueError:
            raise ValueError(f"should hold numbers; {number!r} is none") from None
    return weights


Weight = Annotated[FiniteFloat, Field(ge=0, le=100)]
Weights = Annotated[dict[str, Weight], Field(max_length=20)]
WeightsText = Annotated[
    Weights | None,
    BeforeValidator(parse_weights),
    Field(
        description="name:number with commas between, as in personalization:0,trend:2.",
        json_schema_extra={"type": "string"},
    ),
]
Text = Annotated[str, Field(max_length=2000)]
Name = Annotated[str, Field(max_length=200)]
Clause = Annotated[str, Field(min_length=1, max_length=2000)]
Clauses = Annotated[
    list[Clause],
    Field(
        max_length=100,
        description="Clauses that must all hold, as in brand=HP or price<100; repeatable.",
    ),
]
Language = Annotated[str, Field(pattern="^[a-z]{0,2}$", description="Of the sentences in `why`: en or zh.")]
Component = Annotated[FiniteFloat, Field(ge=-1e15, le=1e15)]  # squares must fit into single precision
Maybe = Annotated[str, Field(max_length=512)] | None


class _Search(Ask):
    q: Text = Field("", description="What the shopper typed; empty to browse.")
    user: Maybe = None
    session: Maybe = None
    k: K = 10
    offset: Annotated[int, Field(ge=0, le=10_000)] = 0
    sort: Name = Field("", description="A column; `-price` is from high to low. Empty: by score.")
    explain: bool = False
    pipeline: Name = Field("", description="One model or fusion alone: keyword, semantic, hybrid ...")
    collapse: Name = Field("", description="A column: at most one hit for each of its values.")
    language: Language = ""


class SearchByAddress(_Search):
    filter: Clauses = Field([])
    facets: Annotated[list[Name], BeforeValidator(split_commas), Field(max_length=50)] = Field(
        [], description="Columns to count, with commas between."
    )
    weights: WeightsText = None


class SearchByBody(_Search):
    filter: Annotated[list[Clause], Field(max_length=100)] | Clause | dict[str, Any] = Field([])
    facets: Annotated[list[Name], Field(max_length=50)] = Field([])
    weights: Weights | None = None
    vector: Annotated[list[Component], Field(min_length=1, max_length=8192)] | None = None


def search(shop: Shop, ask: SearchByAddress | SearchByBody) -> Any:
    answer = shop.search(
        ask.q,
        user=ask.user,
        session=ask.session,
        k=ask.k,
        offset=ask.offset,
        filters=ask.filter or None,
        facets=tuple(ask.facets),
        sort=ask.sort,
        explain=ask.explain,
        weights=ask.weights,
        vector=ask.vector if isinstance(ask, SearchByBody) else None,
        pipeline=ask.pipeline,
        collapse=ask.collapse,
        language=ask.language,
    )
    home = getattr(shop, "home", None)
    url = rules_at(Path(home)).book().redirect(ask.q, time()) if home else ""
    return Redirected(answer, url) if url else answer


@dataclass(frozen=True)
class Redirected:
    """An answer, and where a rule sends this search instead."""

    answer: Any
    redirect: str

    def to_dict(self) -> dict[str, Any]:
        return {**self.answer.to_dict(), "redirect": self.redirect}


class Prefix(Ask):
    q: Text
    k: Annotated[int, Field(ge=1, le=50)] = 10


def suggest(shop: Shop, ask: Prefix) -> Any:
    found = shop.suggest(ask.q, k=ask.k)
    return {"suggestions": [{"text": each} if isinstance(each, str) else each for each in found]}


class SearchByPicture(Ask):
    image: bytes = Field(description="A JPEG, PNG, WebP, GIF or BMP file.")
    k: K = 10
    filter: Clauses = Field([])
    explain: bool = False
    language: Language = ""


def search_image(shop: Shop, ask: SearchByPicture) -> Any:
    return shop.search_image(
        ask.image, k=ask.k, filters=ask.filter or None, explain=ask.explain, language=ask.language
    )


ROUTES = (
    Route(
        "GET",
        "/v1/search",
        "Search the catalogue",
        SearchByAddress,
        AnswerShape,
        search,
        problems=(404,),
        tag="search",
    ),
    Route(
        "POST",
        "/v1/search",
        "Search, with a JSON body",
        SearchByBody,
        AnswerShape,
        search,
        problems=(404,),
        tag="search",
    ),
    Route(
        "POST",
        "/v1/search/image",
        "Search by a picture",
        SearchByPicture,
        AnswerShape,
        search_image,
        problems=(409,),
        tag="search",
        media="multipart/form-data",
    ),
    Route("GET", "/v1/suggest", "Complete what is being typed", Prefix, SuggestShape, suggest, tag="search"),
)
