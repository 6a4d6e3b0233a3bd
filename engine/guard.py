"""Does fused search hold what it promises in this shop, or is one of its legs better alone?

A search of the log that led to a click, a cart or a purchase says what it was for. The fusion was not fitted to any
of them, so all are held out. The shipped fusion stays unless a leg is better by more than one standard error of the
difference. What was shown is what could be clicked: such a log favours whatever served it, so the doubt goes to the
fusion, and a shop without enough such searches keeps the default.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.live import fold
from engine.pipeline import Pipeline
from engine.routes import SEARCH_LEGS, relevance
from engine.settings import Settings
from engine.snapshot import Encoders, Generation, Snapshot
from engine.store import EventTable
from engine.types import EVENT_TYPES, EventType, Floats, Query
from indexes.ranking import Rows

FUSED = "hybrid"
LEAST = 30  # judged queries; with fewer the default stays
MOST = 400  # judged queries that are asked: the commonest
WITHIN = 1800.0  # seconds from a search to what it led to
GAINS: Mapping[EventType, float] = {EventType.CLICK: 1.0, EventType.CART: 2.0, EventType.PURCHASE: 3.0}
GAIN_OF = {EVENT_TYPES.index(kind): gain for kind, gain in GAINS.items()}
SEARCH = EVENT_TYPES.index(EventType.SEARCH)


@dataclass(frozen=True)
class Guard:
    """What serves search, and mean NDCG@10 of the fusion and of each leg over the judged queries."""

    chosen: str
    ndcg: Mapping[str, float]
    queries: int

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def sentence(self) -> str:
        told = ", ".join(f"{name} {value:.4f}" for name, value in self.ndcg.items())
        served = "words and meaning together" if self.chosen == FUSED else f"{self.chosen} alone"
        return f"Search is served by {served}: NDCG@10 {told}, over {self.queries:,} searches of the log."


def logged(table: EventTable, rows: Rows) -> dict[str, dict[int, float]]:
    """query -> row -> gain: what each search of the log led to, the commonest searches first, at most MOST.

    `rows` [n]: the row of each event's item, -1 for none. An event that names its query speaks for that; any
    other for the visitor's last search of the half hour before it.
    """
    judged: defaultdict[str, dict[int, float]] = defaultdict(dict)
    often: defaultdict[str, int] = defaultdict(int)
    last: dict[tuple[int, int], tuple[str, float]] = {}
    for at in np.argsort(table.timestamp, kind="stable").tolist():
        code, when = int(table.type[at]), float(table.timestamp[at])
        visitor = (int(table.user[at]), int(table.session[at]))
        text = table.queries[table.query[at]].strip() if table.query[at] >= 0 else ""
        if code == SEARCH and text:
            last[visitor] = text, when
            often[text] += 1
            continue
        gain, row = GAIN_OF.get(code, 0.0), int(rows[at])
        if not text and visitor in last and when - last[visitor][1] <= WITHIN:
            text = last[visitor][0]
        if gain and text and row >= 0:
            judged[text][row] = max(gain, judged[text].get(row, 0.0))
    kept = sorted(judged, key=lambda text: (-often[text], text))[:MOST]
    return {text: judged[text] for text in kept}


def ndcg(run: Pipeline, judged: Mapping[str, Mapping[int, float]], k: int = 10) -> Floats:
    """NDCG@k [q] of a pipeline over the judged queries; linear gains."""
    discounts = 1.0 / np.log2(np.arange(2, k + 2))
    values = np.zeros(len(judged))
    for at, (text, gains) in enumerate(judged.items()):
        found = run(Query(text=text), k).candidates.rows[:k].tolist()
        ideal = np.sort(list(gains.values()))[::-1][:k]
        got = np.array([gains.get(row, 0.0) for row in found])
        values[at] = got @ discounts[: len(got)] / (ideal @ discounts[: len(ideal)])
    return values


def judge(values: Mapping[str, Floats]) -> Guard:
    """The fusion, unless its better leg beats it by more than one standard error (Breiman et al. 1984)."""
    means = {name: float(value.mean()) for name, value in values.items()}
    legs = [name for name in values if name != FUSED]
    best = max(legs, key=lambda leg: means[leg])
    lead = values[best] - values[FUSED]
    error = float(lead.std(ddof=1) / np.sqrt(len(lead))) if len(lead) > 1 else np.inf
    return Guard(best if lead.mean() > error else FUSED, means, len(lead))


def guard_search(
    folder: Path, facts: Mapping[str, Any], home: Path, table: EventTable, settings: Settings
) -> Guard | None:
    """Ask the log's searches of what a rebuild has written to `folder`; None without enough of them, or legs."""
    generation = Generation.read(folder, facts)
    known = generation.ids.rows(table.items) if len(table.items) else np.zeros(0, np.int64)
    rows = np.full(len(table), -1, np.int64)
    rows[table.item >= 0] = known[table.item[table.item >= 0]]
    judged = logged(table, rows)
    if len(judged) < LEAST:
        return None
    changes = fold({}, generation.ids.row, len(generation), int(facts["items_upto"]))
    snapshot = Snapshot.of(generation, changes, Encoders(home))
    runs: Sequence[str] = (FUSED, *SEARCH_LEGS)
    found = {name: run for name, run in relevance(snapshot, settings).items() if name in runs}
    if len(found) < len(runs):
        return None
    return judge({name: ndcg(found[name], judged) for name in runs})
