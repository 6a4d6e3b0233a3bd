"""An engine small enough to read: what the HTTP face is tested against when only the face is the question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.errors import BadQuery, NoGeneration, UnknownItem, UnknownSeries, UnknownUser


@dataclass(frozen=True)
class FakeAnswer:
    generation: int
    hits: tuple[dict[str, Any], ...]
    total: int
    facets: dict[str, Any] = field(default_factory=dict)
    took_ms: float = 0.5
    did_you_mean: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "generation": self.generation,
            "took_ms": self.took_ms,
            "total": self.total,
            "hits": list(self.hits),
            "facets": self.facets,
            "did_you_mean": self.did_you_mean,
        }


class FakeEngine:
    """Substring search over rows; records every call in `calls`."""

    def __init__(self, rows: Sequence[Mapping[str, Any]], generation: int | None = 1) -> None:
        self.rows = {str(row["item_id"]): dict(row) for row in rows}
        self.generation = generation
        self.events: dict[str, dict[str, Any]] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def _note(self, name: str, **given: Any) -> None:
        self.calls.append((name, given))
        if self.generation is None:
            raise NoGeneration("Nothing has been published yet")

    def _answer(self, rows: Sequence[Mapping[str, Any]], k: int, offset: int = 0) -> FakeAnswer:
        hits = [
            {**row, "score": 1.0 / (n + 1), "why": "matches", "parts": {"relevance": 1.0 / (n + 1)}}
            for n, row in enumerate(rows)
        ]
        return FakeAnswer(self.generation or 0, tuple(hits[offset : offset + k]), len(hits))

    def search(self, q: str = "", *, k: int = 10, offset: int = 0, **more: Any) -> FakeAnswer:
        self._note("search", q=q, k=k, offset=offset, **more)
        if more.get("filters") == ["boom"]:
            raise RuntimeError("secret detail")
        if more.get("filters") == ["nonsense"]:
            raise BadQuery("The filter `nonsense` has no operator; write it as column=value.")
        found = [row for row in self.rows.values() if q.lower() in str(row["title"]).lower()]
        return self._answer(found, k, offset)

    def search_image(self, picture: bytes, *, k: int = 10, **more: Any) -> FakeAnswer:
        self._note("search_image", picture=picture, k=k, **more)
        return self._answer(list(self.rows.values()), k)

    def similar(self, item_ids: Sequence[str], *, k: int = 10, **more: Any) -> FakeAnswer:
        self._note("similar", item_ids=item_ids, k=k, **more)
        self.item(item_ids[0])
        return self._answer([row for key, row in self.rows.items() if key not in item_ids], k)

    def recommend(self, user: str | None, *, k: int = 10, **more: Any) -> FakeAnswer:
        self._note("recommend", user=user, k=k, **more)
        return self._answer(list(self.rows.values()), k)

    def trending(self, *, k: int = 10, **more: Any) -> FakeAnswer:
        self._note("trending", k=k, **more)
        return self._answer(list(self.rows.values()), k)

    def trending_searches(self, *, k: int = 10) -> list[dict[str, Any]]:
        self._note("trending_searches", k=k)
        return [{"query": "lamp", "count": 2.0, "users": 2}][:k]

    def suggest(self, prefix: str, *, k: int = 10) -> list[str]:
        self._note("suggest", prefix=prefix, k=k)
        return [
            row["title"] for row in self.rows.values() if row["title"].lower().startswith(prefix.lower())
        ][:k]

    def bundle(self, item_ids: Sequence[str], *, k: int = 3, **more: Any) -> list[dict[str, Any]]:
        self._note("bundle", item_ids=item_ids, k=k, **more)
        self.item(item_ids[0])
        return []

    def profile(self, user: str, *, language: str = "") -> dict[str, Any]:
        raise UnknownUser(f"No event names the user {user!r}.")

    def item(self, item_id: str) -> dict[str, Any]:
        if item_id not in self.rows:
            raise UnknownItem(f"There is no item {item_id!r}.")
        return self.rows[item_id]

    def put_items(self, items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        self._note("put_items", items=items)
        self.rows |= {str(row["item_id"]): dict(row) for row in items}
        return {"accepted": len(items)}

    def delete_item(self, item_id: str) -> bool:
        return self.rows.pop(item_id, None) is not None

    def add_events(self, events: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        self._note("add_events", events=events)
        before = len(self.events)
        for n, event in enumerate(events):
            self.events[str(event.get("event_id", f"{before}-{n}"))] = dict(event)
        return {"accepted": len(events), "new": len(self.events) - before}

    def export(self, user: str) -> list[dict[str, Any]]:
        return [event for event in self.events.values() if event.get("user_id") == user]

    def forget(self, user: str) -> dict[str, Any]:
        return {"erased": 0}

    def ready(self) -> bool:
        return self.generation is not None

    def generations(self) -> list[dict[str, Any]]:
        return [{"generation": self.generation}]

    def forecast(self, **asked: Any) -> dict[str, Any]:
        if asked.get("series") == "none":
            raise UnknownSeries("There is no series 'none'.")
        return {
            "dates": ["2026-01-01"],
            "mean": [1.0],
            "lower": {"80": [0.5]},
            "upper": {"80": [float("nan")]},
        }
