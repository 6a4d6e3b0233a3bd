"""How does a result become the answer that a caller reads?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from engine.answer import Answer, Hit, grain
from engine.catalogue import columns_of
from engine.errors import BadQuery
from engine.pipeline import Candidates, Pipeline, Result
from engine.snapshot import Snapshot
from engine.types import Query
from engine.why import explain
from indexes.columns import Facet
from indexes.ranking import Rows

NO_ROWS: Rows = np.empty(0, np.int64)
PARTS = ("relevance", "personalization", "trend", "rules")  # always there, in this order
SWITCHES = ("relevance", "personalization", "trend", "diversity")  # what a request's weights can switch off


@dataclass(frozen=True)
class Page:
    """Which of the candidates a caller wants to see, and what beside them."""

    k: int = 10
    offset: int = 0
    sort: str = ""
    facets: Sequence[str] = ()
    collapse: str = ""
    explain: bool = False
    reasons: bool = True
    language: str = ""


def present(
    snapshot: Snapshot,
    pipeline: Pipeline,
    query: Query,
    result: Result,
    page: Page,
    took_ms: float,
    beyond: Rows = NO_ROWS,
) -> Answer:
    """Sort, collapse, count and cut: total and facets are of the whole result set, whatever the page.

    `beyond`: the rows of the set that are no candidates; they come after these, by their words, and are only
    ordered where the page needs it.
    """
    if len(beyond) and (page.sort or page.collapse or page.offset + page.k > len(result.candidates)):
        rest = snapshot.matching.ranked(query, beyond)
        result = replace(result, candidates=result.candidates.then("beyond", rest))
        beyond = NO_ROWS
    candidates = result.candidates
    order = np.arange(len(candidates))
    if page.sort:
        column, descending = page.sort.lstrip("-+"), page.sort.startswith("-")
        rows = _column(snapshot, column, lambda: snapshot.columns.order(column, candidates.rows, descending))
        place_of = {row: place for place, row in enumerate(candidates.rows.tolist())}
        order = np.array([place_of[row] for row in rows.tolist()], np.int64)
    if page.collapse:
        keys = _column(
            snapshot, page.collapse, lambda: snapshot.columns.keys(page.collapse, candidates.rows[order])
        )
        order = _first_of_each(order, keys)
    shown = order[page.offset : page.offset + page.k]
    counted = np.concatenate([candidates.rows[order], beyond])
    without = places_without(pipeline, query, candidates) if page.explain else {}
    reasons = [""] * len(shown)
    if page.reasons:
        reasons = explain(snapshot, pipeline, query, result, shown, page.language)
    return Answer(
        generation=snapshot.generation.number,
        took_ms=took_ms,
        total=len(counted),
        hits=tuple(
            _hit(snapshot, pipeline, result, int(p), why, page, without)
            for p, why in zip(shown, reasons, strict=True)
        ),
        facets={
            name: facet_dict(_column(snapshot, name, lambda name=name: snapshot.columns.facet(name, counted)))
            for name in page.facets
        },
        stages=result.took_ms,
    )


def facet_dict(facet: Facet) -> dict[str, Any]:
    """A facet as JSON: counts of words, ranges of numbers, how many have neither."""
    found: dict[str, Any] = {"missing": facet.missing}
    if facet.values:
        found["values"] = [{"value": value, "count": count} for value, count in facet.values]
    if facet.ranges:
        found["ranges"] = [{"from": r.low, "to": r.high, "count": r.count} for r in facet.ranges]
        found["min"], found["max"] = facet.minimum, facet.maximum
    return found


def places_without(pipeline: Pipeline, query: Query, candidates: Candidates) -> dict[str, Mapping[int, int]]:
    """Part -> row -> place from 1, had the request switched that part off: every part that gave something.

    The request is answered again, whole, as `weights` would have it; a row that is missing was not found then.
    """
    gave: dict[str, bool] = {}
    for name, values in zip(candidates.names, candidates.parts.T, strict=True):
        part = pipeline.parts.get(name, name)
        gave[part] = gave.get(part, False) or bool(np.any(values))
    found: dict[str, Mapping[int, int]] = {}
    for part in SWITCHES:
        if gave.get(part):
            changed = replace(query, weights={**query.weights, part: 0.0})
            rows = pipeline(changed, len(candidates)).candidates.rows.tolist()
            found[part] = {row: place for place, row in enumerate(rows, 1)}
    return found


def _hit(
    snapshot: Snapshot,
    pipeline: Pipeline,
    result: Result,
    place: int,
    why: str,
    page: Page,
    without: Mapping[str, Mapping[int, int]],
) -> Hit:
    candidates = result.candidates
    row = int(candidates.rows[place])
    parts = _parts(pipeline.parts, dict(zip(candidates.names, candidates.parts[place].tolist(), strict=True)))
    item = snapshot.item(row)
    said = None
    if page.explain:
        places = {part: place_of.get(row) for part, place_of in without.items()}
        said = {**_said(result, row), "place": place + 1, "without": places}
    return Hit(item.item_id, item.title, sum(parts.values()), why, parts, columns_of(item), said)


def _parts(part_of: Mapping[str, str], given: Mapping[str, float]) -> dict[str, float]:
    """What each part of the score gave; a leg that is no part by name is one by itself (rules, fallback)."""
    parts = dict.fromkeys(PARTS, 0.0)
    for name, value in given.items():
        part = part_of.get(name, "trend" if name == "fallback" else name)
        parts[part] = parts.get(part, 0.0) + value
    return {part: grain(value) for part, value in parts.items()}


def _said(result: Result, row: int) -> dict[str, Any]:
    """What every leg said of a row: its score and its rank in the leg's own list."""
    evidence = result.evidence
    at = np.flatnonzero(evidence.rows == row)
    legs: dict[str, Any] = {}
    if len(at):
        for column, leg in enumerate(evidence.legs):
            score, rank = evidence.scores[at[0], column], evidence.ranks[at[0], column]
            if np.isfinite(score):
                legs[leg] = {"score": float(score), "rank": int(rank) if np.isfinite(rank) else None}
    given = dict(zip(result.candidates.names, _parts_of(result, row), strict=True))
    return {"legs": legs, "contributions": {name: value for name, value in given.items() if value}}


def _parts_of(result: Result, row: int) -> list[float]:
    place = int(np.flatnonzero(result.candidates.rows == row)[0])
    values: list[float] = result.candidates.parts[place].tolist()
    return values


def _first_of_each(order: Rows, keys: Sequence[float | str | None]) -> Rows:
    """Of the places with one key only the first; those without a key all stay."""
    seen: set[float | str] = set()
    kept = []
    for place, key in zip(order.tolist(), keys, strict=True):
        if key is None or key not in seen:
            kept.append(place)
        if key is not None:
            seen.add(key)
    return np.array(kept, np.int64)


def _column(snapshot: Snapshot, name: str, look: Any) -> Any:
    try:
        return look()
    except KeyError:
        known = ", ".join(snapshot.columns.names[:12])
        raise BadQuery(f"No item has a column {name!r}; there are: {known}.") from None
