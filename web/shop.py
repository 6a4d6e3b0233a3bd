"""What does the HTTP face ask of the engine?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Shop(Protocol):
    """The part of `engine.engine.Engine` that routes call: one method a route."""

    def search(
        self,
        q: str = "",
        *,
        user: str | None = None,
        session: str | None = None,
        k: int = 10,
        offset: int = 0,
        filters: Any = None,
        facets: Sequence[str] = (),
        sort: str = "",
        explain: bool = False,
        weights: Mapping[str, float] | None = None,
        vector: Sequence[float] | None = None,
        pipeline: str = "",
        collapse: str = "",
        language: str = "",
    ) -> Any: ...

    def search_image(
        self,
        picture: bytes,
        *,
        k: int = 10,
        filters: Any = None,
        explain: bool = False,
        language: str = "",
    ) -> Any: ...

    def similar(
        self,
        item_ids: Sequence[str],
        *,
        k: int = 10,
        user: str | None = None,
        filters: Any = None,
        explain: bool = False,
        weights: Mapping[str, float] | None = None,
        pipeline: str = "",
        language: str = "",
    ) -> Any: ...

    def recommend(
        self,
        user: str | None,
        *,
        k: int = 10,
        repeat: bool | None = None,
        filters: Any = None,
        explain: bool = False,
        weights: Mapping[str, float] | None = None,
        pipeline: str = "",
        session: Any = None,
        language: str = "",
    ) -> Any: ...

    def trending(
        self, *, category: str | None = None, k: int = 10, explain: bool = False, language: str = ""
    ) -> Any: ...

    def trending_searches(self, *, k: int = 10) -> Any: ...

    def suggest(self, prefix: str, *, k: int = 10) -> Any: ...

    def bundle(
        self, item_ids: Sequence[str], *, k: int = 3, max_price: float | None = None, language: str = ""
    ) -> Any: ...

    def profile(self, user: str, *, language: str = "") -> Any: ...

    def item(self, item_id: str) -> dict[str, Any]: ...

    def put_items(self, items: Sequence[Mapping[str, Any]]) -> Any: ...

    def delete_item(self, item_id: str) -> Any: ...

    def add_events(self, events: Sequence[Mapping[str, Any]]) -> Any: ...

    def export(self, user: str) -> Any: ...

    def forget(self, user: str) -> Any: ...

    def ready(self) -> bool: ...

    def generations(self) -> Any: ...

    def forecast(
        self,
        *,
        item: str | None = None,
        category: str | None = None,
        brand: str | None = None,
        series: str | None = None,
        horizon: int = 28,
    ) -> Any: ...
