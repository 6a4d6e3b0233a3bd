"""Which retrievers are there, and which indexes does each need?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.learn import reading_of
from engine.retrieve.behaviour import (
    Content,
    ContentTerms,
    Neighbours,
    Paired,
    Personal,
    Popular,
    Rated,
    Repeat,
    Rising,
    Sequence,
    Session,
)
from engine.types import Retriever

Indexes = Mapping[str, Any]


@dataclass(frozen=True)
class Wiring:
    """A retriever can be made once every index it `needs` is there."""

    needs: tuple[str, ...]
    make: Callable[[Indexes], Retriever]


def _through(name: str) -> Wiring:
    return Wiring((name,), lambda on: Neighbours(on[name], reading_of(name)))


def _rising(on: Indexes) -> Retriever:
    return Rising(Session(on["sessions"], reading_of("sessions")), on["popularity"])


def _trending(on: Indexes) -> Retriever:
    from engine.retrieve.trending import Trending

    return Trending(on["trend"])


RETRIEVERS: Mapping[str, Wiring] = {
    "popular": Wiring(("popularity",), lambda on: Popular(on["popularity"])),
    "personal": Wiring(("als",), lambda on: Personal(on["als"], reading_of("als"))),
    "bpr": Wiring(("bpr",), lambda on: Paired(on["bpr"])),
    "rated": Wiring(("ratings",), lambda on: Rated(on["ratings"])),
    "neighbours": _through("neighbours"),
    "session": Wiring(("sessions",), lambda on: Session(on["sessions"], reading_of("sessions"))),
    "crowd": Wiring(("crowd",), lambda on: Session(on["crowd"], reading_of("crowd"))),
    "ease": _through("ease"),
    "markov": _through("markov"),
    "next": _through("next"),
    "sequence": Wiring(("sequence",), lambda on: Sequence(on["sequence"])),
    "gru": Wiring(("gru",), lambda on: Sequence(on["gru"])),
    "together": _through("together"),
    "content": Wiring(("vectors",), lambda on: Content(on["vectors"])),
    "content-terms": Wiring(("terms",), lambda on: ContentTerms(on["terms"])),
    "repeat": Wiring(("repeats", "crowd"), lambda on: Repeat(on["repeats"], on["crowd"])),
    "rising": Wiring(("sessions", "popularity"), _rising),
    "trending": Wiring(("trend",), _trending),
}


def make_retrievers(indexes: Indexes) -> dict[str, Retriever]:
    """Every retriever whose indexes are there, by the name that --pipeline, explain and the features use.

    `indexes`: what LEARNERS left, by learner name, and "vectors" (VectorIndex), "terms" (TermIndex) and
    "trend" (TrendIndex).
    """
    return {
        name: wiring.make(indexes)
        for name, wiring in RETRIEVERS.items()
        if all(need in indexes for need in wiring.needs)
    }
