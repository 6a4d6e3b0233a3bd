"""What does a caller get back?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# Parts are rounded to multiples of 2**-24: sums of a few of them are then exact in double precision, in any
# order, so that the parts of a hit add up to its score to the last bit.
GRAIN = 2.0**24


def grain(value: float) -> float:
    """The nearest multiple of 2**-24; values beyond 2**28 keep their own precision."""
    return round(value * GRAIN) / GRAIN if abs(value) < 2.0**28 else value


@dataclass(frozen=True)
class Hit:
    """One item of an answer. `parts` (relevance, personalization, trend, rules ...) add up to `score`."""

    item_id: str
    title: str
    score: float
    why: str
    parts: Mapping[str, float]
    item: Mapping[str, Any] = field(default_factory=dict)  # the catalogue's other columns
    explain: Mapping[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """As the contract's JSON: the catalogue's columns flat beside the hit's own."""
        own: dict[str, Any] = {
            "item_id": self.item_id,
            "title": self.title,
            "score": self.score,
            "why": self.why,
            "parts": dict(self.parts),
        }
        if self.explain is not None:
            own["explain"] = dict(self.explain)
        return {**own, **{name: value for name, value in self.item.items() if name not in own}}


@dataclass(frozen=True)
class Answer:
    """Hits, best first, and what is known about the whole result set."""

    generation: int
    took_ms: float
    total: int
    hits: tuple[Hit, ...]
    facets: Mapping[str, Any] = field(default_factory=dict)
    did_you_mean: str | None = None
    stages: Mapping[str, float] = field(default_factory=dict)  # ms of each stage, for metrics and --explain

    def to_dict(self) -> dict[str, Any]:
        return {
            "generation": self.generation,
            "took_ms": round(self.took_ms, 3),
            "total": self.total,
            "hits": [hit.to_dict() for hit in self.hits],
            "facets": dict(self.facets),
            "did_you_mean": self.did_you_mean,
        }
