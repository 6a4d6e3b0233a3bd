"""How does behaviour arrive as it happens?"""

from __future__ import annotations

from time import time
from typing import Annotated, Any

from pydantic import Field, model_validator

from web.answers import AcceptedShape
from web.route import Ask, Route
from web.shop import Shop


class Events(Ask):
    """A batch as {"events": [...]} or as a bare list, or one event by itself."""

    events: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=1000)] = Field(
        description="Rows as in a behaviour file. No `timestamp`: now. A repeated event_id is harmless."
    )

    @model_validator(mode="before")
    @classmethod
    def one_is_a_batch(cls, value: Any) -> Any:
        if isinstance(value, list):
            return {"events": value}
        if isinstance(value, dict) and "type" in value and "events" not in value:
            return {"events": [value]}
        return value


def add_events(shop: Shop, ask: Events) -> Any:
    now = time()
    return shop.add_events([{"timestamp": now, **event} for event in ask.events])


ROUTES = (
    Route(
        "POST",
        "/v1/events",
        "Tell what happened",
        Events,
        AcceptedShape,
        add_events,
        "events",
        202,
        (422,),
        tag="events",
    ),
)
