"""What is recommended to a user, and what does the shop know of one?"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from web.answers import AnswerShape, ExportShape, ForgottenShape, ProfileShape
from web.find import Clause, Clauses, Language, Maybe, Name, Weights, WeightsText
from web.route import Ask, Id, K, Route
from web.shop import Shop


class ForUser(Ask):
    user_id: Id
    k: K = 10
    repeat: bool | None = Field(None, description="Let what was already bought come back; default as set.")
    filter: Clauses = Field([])
    explain: bool = False
    pipeline: Name = ""
    weights: WeightsText = None
    language: Language = ""


def recommend(shop: Shop, ask: ForUser) -> Any:
    return shop.recommend(
        ask.user_id,
        k=ask.k,
        repeat=ask.repeat,
        filters=ask.filter or None,
        explain=ask.explain,
        weights=ask.weights,
        pipeline=ask.pipeline,
        language=ask.language,
    )


class ForSession(Ask):
    """An anonymous visitor: what was done so far, oldest first. Nothing of it is stored."""

    session: Annotated[list[dict[str, Any]], Field(max_length=1000)] = Field(
        [], description="Events as in POST /v1/events; user_id and session_id may be left out."
    )
    user: Maybe = None
    k: K = 10
    repeat: bool | None = None
    filter: Clauses | Clause | dict[str, Any] = Field([])
    explain: bool = False
    pipeline: Name = ""
    weights: Weights | None = None
    language: Language = ""


def recommend_session(shop: Shop, ask: ForSession) -> Any:
    return shop.recommend(
        ask.user,
        k=ask.k,
        repeat=ask.repeat,
        filters=ask.filter or None,
        explain=ask.explain,
        weights=ask.weights,
        pipeline=ask.pipeline,
        session=ask.session,
        language=ask.language,
    )


class OneUser(Ask):
    user_id: Id


class Likeness(OneUser):
    language: Language = ""


def profile(shop: Shop, ask: Likeness) -> Any:
    return {"user_id": ask.user_id, **shop.profile(ask.user_id, language=ask.language)}


def export(shop: Shop, ask: OneUser) -> Any:
    return {"user_id": ask.user_id, "events": shop.export(ask.user_id)}


def forget(shop: Shop, ask: OneUser) -> Any:
    return {"user_id": ask.user_id, **shop.forget(ask.user_id)}


ROUTES = (
    Route(
        "GET",
        "/v1/users/{user_id}/recommendations",
        "For a user",
        ForUser,
        AnswerShape,
        recommend,
        problems=(404,),
        tag="users",
    ),
    Route(
        "POST",
        "/v1/recommendations",
        "For an anonymous session",
        ForSession,
        AnswerShape,
        recommend_session,
        problems=(404,),
        tag="users",
    ),
    Route(
        "GET",
        "/v1/users/{user_id}/profile",
        "What a user is like",
        Likeness,
        ProfileShape,
        profile,
        "admin",
        problems=(404,),
        tag="users",
    ),
    Route(
        "GET",
        "/v1/users/{user_id}/export",
        "All that is known of a user",
        OneUser,
        ExportShape,
        export,
        "admin",
        problems=(404,),
        tag="users",
    ),
    Route(
        "DELETE",
        "/v1/users/{user_id}",
        "Forget a user",
        OneUser,
        ForgottenShape,
        forget,
        "admin",
        problems=(404,),
        tag="users",
    ),
)
