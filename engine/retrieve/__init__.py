"""Which retrievers are there, and which indexes does each need?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.learn import LEARNERS
from engine.learn.roster import reading_of
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
from engine.types import Learner, Retriever

Indexes = Mapping[str, Any]
Learners = Mapping[str, Learner]


@dataclass(frozen=True)
class Wiring:
    """A retriever can be made once every index it `needs` is there."""

    needs: tuple[str, ...]
    make: Callable[[Indexes, Learners], Retriever]


def _through(name: str) -> Wiring:
    return Wiring((name,), lambda on, by: Neighbours(on[name], reading_of(by[name])))


def _rising(on: Indexes, by: Learners) -> Retriever:
    return Rising(Session(on["sessions"], reading_of(by["sessions"])), on["popularity"])


def _trending(on: Indexes, by: Learners) -> Retriever:
    from engine.retrieve.trending import Trending

    return Trending(on["trend"])


RETRIEVERS: Mapping[str, Wiring] = {
    "popular": Wiring(("popularity",), lambda on, by: Popular(on["popularity"])),
    "personal": Wiring(("als",), lambda on, by: Personal(on["als"], reading_of(by["als"]))),
    "bpr": Wiring(("bpr",), lambda on, by: Paired(on["bpr"])),
    "rated": Wiring(("ratings",), lambda on, by: Rated(on["ratings"])),
    "neighbours": _through("neighbours"),
    "session": Wiring(("sessions",), lambda on, by: Session(on["sessions"], reading_of(by["sessions"]))),
    "crowd": Wiring(("crowd",), lambda on, by: Session(on["crowd"], reading_of(by["crowd"]))),
    "ease": _through("ease"),
    "markov": _through("markov"),
    "next": _through("next"),
    "sequence": Wiring(("sequence",), lambda on, by: Sequence(on["sequence"])),
    "gru": Wiring(("gru",), lambda on, by: Sequence(on["gru"])),
    "together": _through("together"),
    "content": Wiring(("vectors",), lambda on, by: Content(on["vectors"])),
    "content-terms": Wiring(("terms",), lambda on, by: ContentTerms(on["terms"])),
    "repeat": Wiring(("repeats", "crowd"), lambda on, by: Repeat(on["repeats"], on["crowd"])),
    "rising": Wiring(("sessions", "popularity"), _rising),
    "trending": Wiring(("trend",), _trending),
}


def make_retrievers(indexes: Indexes, learners: Learners = LEARNERS) -> dict[str, Retriever]:
    """Every retriever whose indexes are there, by the name that --pipeline, explain and the features use.

    `indexes`: what LEARNERS left, by learner name, and "vectors" (VectorIndex), "terms" (TermIndex) and
    "trend" (TrendIndex). `learners`: those that left them, which know how a history must be read.
    """
    return {
        name: wiring.make(indexes, learners)
        for name, wiring in RETRIEVERS.items()
        if all(need in indexes for need in wiring.needs)
    }
