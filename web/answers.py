"""Which shapes do answers have? OpenAPI is generated from these, and the tests hold every answer to them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class OpenShape(BaseModel):
    """Named fields, and beside them the item's own columns."""

    model_config = ConfigDict(extra="allow")


class HitShape(OpenShape):
    item_id: str
    title: str
    score: float
    why: str = Field(description="One sentence: why this item is here.")
    parts: dict[str, float] = Field(
        description="Shares of relevance, personalization, trend and rules; they add up to score."
    )
    explain: dict[str, Any] | None = None


class AnswerShape(OpenShape):
    generation: int
    took_ms: float
    total: int
    hits: list[HitShape]
    facets: dict[str, Any]
    did_you_mean: str | None = None
    redirect: str | None = Field(None, description="Where a rule sends this search; absent for nowhere.")


class SuggestionShape(OpenShape):
    text: str


class SuggestShape(Shape):
    suggestions: list[SuggestionShape]


class ItemShape(OpenShape):
    item_id: str
    title: str


class BundleShape(OpenShape):
    bundles: list[dict[str, Any]]


class SearchesShape(Shape):
    searches: list[dict[str, Any]]


class ForecastShape(OpenShape):
    series: str
    dates: list[str]
    mean: list[float | None]
    lower: dict[str, list[float | None]]
    upper: dict[str, list[float | None]]


class AcceptedShape(OpenShape):
    accepted: int = Field(description="How many are now durable, those already known included.")


class PutShape(OpenShape):
    accepted: int


class ForgottenShape(OpenShape):
    user_id: str


class ExportShape(OpenShape):
    user_id: str
    events: list[dict[str, Any]]


class ProfileShape(OpenShape):
    user_id: str


class LiveShape(Shape):
    live: bool


class ReadyShape(Shape):
    ready: bool
    generation: int


class ProblemShape(OpenShape):
    type: str
    title: str
    status: int
    detail: str
    request_id: str
    parameter: str | None = None
