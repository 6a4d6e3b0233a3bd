"""How good are this shop's answers, judged by what its people did next?

The log is cut by time: everything before the cut is learned from, in a generation of its own that is never
served; what people did after it judges the answers. Nothing from the future is seen.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.behaviour import OWNED, behaviour_of, event_weights, history_at, owned
from engine.build import Progress, Stages, silent, write
from engine.errors import Unanswerable
from engine.evaluate.experiment import Known, Results, run_experiment
from engine.evaluate.facts import digest_of, gather_facts
from engine.evaluate.held import learned_parts
from engine.evaluate.report import write_report
from engine.evaluate.tune import Tuning, tune
from engine.live import Changes
from engine.pipeline import Pipeline
from engine.routes import routes
from engine.settings import Settings
from engine.snapshot import Encoders, Generation, Snapshot
from engine.store import EventTable, Store
from engine.types import EVENT_TYPES, EventType, Query
from indexes import generations
from indexes.identifiers import Identifiers
from indexes.ranking import Mask, Ranking, Rows

DAY = 86_400.0
LEAST = 10  # judged requests; with fewer a table would say nothing
CODES = {kind: code for code, kind in enumerate(EVENT_TYPES)}
Requests = Mapping[str, Query]
Judgements = Mapping[str, Mapping[int, float]]
ANSWERED = (EventType.CLICK, EventType.CART, EventType.PURCHASE)


@dataclass(frozen=True)
class Cut:
    """What is judged: the last `days` of the log, by at most `requests` requests a task."""

    days: float = 28.0
    requests: int = 1000
    seed: int = 7
    depth: int = 100
    short: bool = False  # of the fusions only the default of each task
    split: str = "time"  # or "last" or "folds", which judge recommendations alone: see held.py


@dataclass(frozen=True, eq=False)
class Part:
    """What learned from one part of the log, and the requests that the rest of it judges."""

    pipelines: Mapping[str, Pipeline]
    requests: Requests
    judgements: Judgements
    known: Known


def evaluate(
    home: Path, store: Store, settings: Settings, cut: Cut | None = None, progress: Progress = silent
) -> list[Results]:
    """Every single model and every fusion of every task, on the same requests; raises Unanswerable."""
    cut = cut or Cut()
    table = store.events()
    if not len(table):
        raise Unanswerable("There are no events to judge by: take some in with `ronghe ingest events`.")
    moment = float(table.timestamp.max()) - cut.days * DAY
    parts = len(learned_parts(table, cut.split, moment, seed=cut.seed))
    share = replace(cut, requests=max(cut.requests // parts, 1))
    asked: dict[str, list[Part]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="ronghe-evaluation-") as folder:
        for at in range(parts):
            snapshot = _built(Path(folder) / str(at), home, store, settings, cut, moment, at, progress)
            learned = learned_parts(table, cut.split, moment, seed=cut.seed)[at]
            wired, known = routes(snapshot, settings), _known(table.where(learned), snapshot)
            now = moment if cut.split == "time" else float(table.timestamp.max())
            for task, judge in TASKS.items() if cut.split == "time" else (("recommend", _recommend),):
                requests, judgements = judge(table, snapshot, learned, now, share)
                asked[task].append(Part(wired[task], requests, judgements, known))
        found = [
            _run(task, several, cut, progress)
            for task, several in asked.items()
            if sum(len(part.judgements) for part in several) >= LEAST
        ]
    if not found:
        raise Unanswerable(
            f"The last {cut.days:g} days hold too few purchases and clicks to judge by; try more --days."
        )
    return found


def _built(
    folder: Path,
    home: Path,
    store: Store,
    settings: Settings,
    cut: Cut,
    moment: float,
    part: int,
    progress: Progress,
) -> Snapshot:
    """A generation that learned from one part alone."""

    def known(table: EventTable) -> Mask:
        return learned_parts(table, cut.split, moment, seed=cut.seed)[part]

    stages = Stages(progress)
    built = generations.publish(
        folder, lambda draft: write(draft, home, store, settings, stages, known=known)
    )
    generation = Generation.open(built)
    return Snapshot.of(generation, Changes.none(len(generation), 0), Encoders(home))


def tuning(
    store: Store, settings: Settings, cut: Cut, budget_s: float, progress: Progress = silent
) -> Tuning:
    """Tune the learners on the windows that end where the judged days begin; raises Unanswerable."""
    table = store.events()
    if not len(table):
        raise Unanswerable("There are no events to tune on: take some in with `ronghe ingest events`.")
    past = table.where(table.timestamp < float(table.timestamp.max()) - cut.days * DAY)
    ids = Identifiers.build([item.item_id for item in store.items()])
    x = behaviour_of(past, ids, settings.learn.exclude_bots, event_weights(settings.weights)).interactions
    found = tune(
        x,
        budget_s,
        days=cut.days,
        seed=cut.seed,
        current=settings.learn.tuned,
        skip=settings.learn.skip,
        progress=lambda line: progress(line, 0, None),
    )
    if not found.found:
        raise Unanswerable(
            f"Before the last {cut.days:g} days there are {found.requests} requests to tune on, too few; "
            "try other --days, or do without --tune."
        )
    return found


def with_tuned(settings: Settings, found: Tuning) -> Settings:
    """The settings with what was worth keeping."""
    learn = settings.learn.model_copy(update={"tuned": {**settings.learn.tuned, **found.values}})
    return settings.model_copy(update={"learn": learn})


def _run(task: str, parts: Sequence[Part], cut: Cut, progress: Progress) -> Results:
    """Every pipeline that all parts have, each request asked of the part that did not learn its answer."""
    pipelines = parts[0].pipelines
    single = {name for name, pipeline in pipelines.items() if len(pipeline.retrievers) == 1}
    default = {"search": "hybrid"}.get(task, task)
    chosen = [
        name
        for name in pipelines
        if name != "browse"
        and all(name in part.pipelines for part in parts)
        and (not cut.short or name in single or name == default)
    ]

    def named(name: str, at: int) -> str:
        return f"{name} ({at + 1})" if len(parts) > 1 else name

    requests = {
        named(name, at): (at, q) for at, part in enumerate(parts) for name, q in part.requests.items()
    }
    judgements = {named(name, at): j for at, part in enumerate(parts) for name, j in part.judgements.items()}
    return run_experiment(
        {name: partial(_ranking, [part.pipelines[name] for part in parts]) for name in chosen},
        requests,
        judgements,
        parts[0].known,
        task=task,
        fusions=set(chosen) - single,
        depth=cut.depth,
        activity={name: len(query.history) for name, (_, query) in requests.items()},
        seed=cut.seed,
        progress=lambda done, total: progress(f"evaluate {task}", done, total),
    )


def _ranking(pipelines: Sequence[Pipeline], request: tuple[int, Query], k: int) -> Ranking:
    part, query = request
    candidates = pipelines[part](query, k).candidates
    # Scores may have been re-ordered by rules: the place is what counts.
    return Ranking.of(candidates.rows[:k], -np.arange(min(k, len(candidates)), dtype=np.float32))


def _known(past: EventTable, snapshot: Snapshot) -> Known:
    rows = _rows(past, snapshot)
    had = np.isin(past.type, [CODES[kind] for kind in OWNED]) & (rows >= 0) & (past.user >= 0)
    pairs = np.unique(np.column_stack([past.user[had], rows[had]]), axis=0)
    counts = np.bincount(pairs[:, 1], minlength=len(snapshot)) if len(pairs) else np.zeros(len(snapshot))
    space = next(iter(snapshot.generation.spaces.values()), None)
    vectors = None if space is None else np.asarray(space.vectors, np.float32)
    items = [snapshot.item(row) for row in range(len(snapshot))]
    columns = {"brand": [item.brand for item in items], "seller": [item.seller for item in items]}
    return Known(counts.astype(np.int64), max(len(np.unique(pairs[:, 0])), 1), vectors, columns)


def _recommend(
    table: EventTable, snapshot: Snapshot, past: Mask, moment: float, cut: Cut
) -> tuple[Requests, Judgements]:
    """Users with a past: what they bought or rated that was held back and that they did not have before."""
    rows = _rows(table, snapshot)
    had = np.isin(table.type, [CODES[kind] for kind in OWNED])
    known = (rows >= 0) & (table.user >= 0)
    users = np.intersect1d(table.user[past & known], table.user[~past & known & had])
    requests: dict[str, Query] = {}
    judgements: dict[str, dict[int, float]] = {}
    for user in _sample(users, cut):
        own = known & (table.user == user)
        history = history_at(table.where(own & past), rows[own & past], snapshot.generation.weigh)
        before = owned(history)
        new = np.setdiff1d(rows[own & ~past & had], before)
        if len(new):
            allowed = np.ones(len(snapshot), np.bool_)
            allowed[before] = False
            name = table.users[user]
            requests[name] = Query(history=history, user=name, allowed=allowed, now=moment)
            judgements[name] = dict.fromkeys(new.tolist(), 1.0)
    return requests, judgements


def _search(
    table: EventTable, snapshot: Snapshot, past: Mask, moment: float, cut: Cut
) -> tuple[Requests, Judgements]:
    """Queries after the cut: what was clicked, carted or bought under them, a purchase counting most."""
    rows = _rows(table, snapshot)
    answered = np.isin(table.type, [CODES[kind] for kind in ANSWERED])
    said = np.flatnonzero((~past) & (table.query >= 0) & (rows >= 0) & answered)
    grades: defaultdict[str, dict[int, float]] = defaultdict(dict)
    for at in said.tolist():
        grade = 3.0 if table.type[at] == CODES[EventType.PURCHASE] else 1.0
        judged = grades[table.queries[table.query[at]]]
        judged[int(rows[at])] = max(grade, judged.get(int(rows[at]), 0.0))
    names = _sample(np.array(sorted(grades)), cut)
    return {n: Query(text=n, now=moment) for n in names}, {n: grades[n] for n in names}


def _similar(
    table: EventTable, snapshot: Snapshot, past: Mask, moment: float, cut: Cut
) -> tuple[Requests, Judgements]:
    """Items bought after the cut: what was bought in the same basket."""
    rows = _rows(table, snapshot)
    bought = (table.type == CODES[EventType.PURCHASE]) & (table.order >= 0) & (rows >= 0)
    baskets: defaultdict[int, set[int]] = defaultdict(set)
    for order, row in zip(
        table.order[bought & (~past)].tolist(),
        rows[bought & (~past)].tolist(),
        strict=True,
    ):
        baskets[order].add(row)
    together: defaultdict[int, dict[int, float]] = defaultdict(dict)
    for basket in baskets.values():
        for row in basket:
            together[row].update(dict.fromkeys(basket - {row}, 1.0))
    seeds = _sample(np.array(sorted(row for row, others in together.items() if others)), cut)
    names = {snapshot.id(int(row)): int(row) for row in seeds}
    return (
        {name: Query(seeds=(row,), now=moment) for name, row in names.items()},
        {name: together[row] for name, row in names.items()},
    )


TASKS: Mapping[str, Callable[[EventTable, Snapshot, Mask, float, Cut], tuple[Requests, Judgements]]] = {
    "search": _search,
    "similar": _similar,
    "recommend": _recommend,
}


def _rows(table: EventTable, snapshot: Snapshot) -> Rows:
    known = snapshot.generation.ids.rows(table.items)
    return np.where(table.item >= 0, known[table.item], -1) if len(known) else np.full(len(table), -1)


def _sample(names: NDArray[Any], cut: Cut) -> list[Any]:
    if len(names) <= cut.requests:
        return list(names.tolist())
    picked = np.random.default_rng(cut.seed).choice(len(names), cut.requests, replace=False)
    return list(names[np.sort(picked)].tolist())


def summary(
    results: Sequence[Results], metrics: Sequence[str] = ("ndcg@10", "precision@10", "recall@10")
) -> dict[str, Any]:
    """The results as the short table that a terminal shows."""
    shown = [*metrics, "coverage@10"]
    tasks = []
    for result in results:
        rows = [
            {
                "pipeline": outcome.name,
                "fused": outcome.fused,
                "values": {name: float({**outcome.means, **outcome.catalogue}[name]) for name in shown},
            }
            for outcome in result.outcomes
        ]
        title = f"{result.task}: {len(result.requests):,} requests judged by what people did next"
        tasks.append({"task": result.task, "title": title, "metrics": shown, "rows": rows})
    return {"tasks": tasks}


def report(
    results: Sequence[Results], store: Store, folder: Path, cut: Cut, tuned: str = "", settings: str = ""
) -> Path:
    """Write the HTML report and its JSON into `folder`; returns the page.

    `tuned` is the budget of a tuning, `settings` the learners' settings it came to.
    """
    table = store.events()
    data = {"events": digest_of(table.timestamp, table.item, table.user, table.type)}
    command = f"ronghe evaluate --days {cut.days:g} --requests {cut.requests} --report {folder.name}"
    command += f" --split {cut.split}" if cut.split != "time" else ""
    command += f" --tune {tuned}" if tuned else ""
    notes = {"tuned on the windows before the cut": settings} if tuned else {}
    facts = gather_facts(command, cut.seed, data, notes)
    served = {task: {"search": "hybrid"}.get(task, task) for task in TASKS}
    return write_report(folder, results, facts, default=served)
