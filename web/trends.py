"""What is rising, and what will sell?"""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from web.answers import AnswerShape, ForecastShape, SearchesShape
from web.find import Language, Maybe
from web.route import Ask, K, Route
from web.shop import Shop


class Trending(Ask):
    category: Maybe = None
    k: K = 10
    explain: bool = False
    language: Language = ""


def trending(shop: Shop, ask: Trending) -> Any:
    return shop.trending(category=ask.category, k=ask.k, explain=ask.explain, language=ask.language)


class Searches(Ask):
    k: Annotated[int, Field(ge=1, le=100)] = 10


def searches(shop: Shop, ask: Searches) -> Any:
    return {"searches": shop.trending_searches(k=ask.k)}


class ForecastOf(Ask):
    """Exactly one of item, category, brand and series."""

    item: Annotated[str, Field(min_length=1, max_length=512)] | None = None
    category: Annotated[str, Field(min_length=1, max_length=512)] | None = None
    brand: Annotated[str, Field(min_length=1, max_length=512)] | None = None
    series: Annotated[str, Field(min_length=1, max_length=512)] | None = None
    horizon: Annotated[int, Field(ge=1, le=366, description="Days ahead.")] = 28

    @model_validator(mode="after")
    def one_of_them(self) -> Self:
        if sum(each is not None for each in (self.item, self.category, self.brand, self.series)) != 1:
            raise ValueError("should name exactly one of item, category, brand and series")
        return self


def forecast(shop: Shop, ask: ForecastOf) -> Any:
    return shop.forecast(
        item=ask.item, category=ask.category, brand=ask.brand, series=ask.series, horizon=ask.horizon
    )


ROUTES = (
    Route(
        "GET",
        "/v1/trending",
        "What is rising now",
        Trending,
        AnswerShape,
        trending,
        problems=(404,),
        tag="trends",
    ),
    Route(
        "GET",
        "/v1/trending/searches",
        "What is being searched more",
        Searches,
        SearchesShape,
        searches,
        tag="trends",
    ),
    Route(
        "GET",
        "/v1/forecast",
        "Demand to come",
        ForecastOf,
        ForecastShape,
        forecast,
        problems=(404,),
        tag="trends",
    ),
)
