"""Which system answers best: every single model and every fusion, on the same requests?"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.errors import BadQuery
from engine.evaluate.metrics import (
    Judged,
    auc,
    coverage,
    exposure,
    gini,
    intra_list_diversity,
    measure,
    novelty,
    popularity_bias,
)
from engine.evaluate.significance import bootstrap_means, holm, paired_t, sign_flip
from engine.trust.fairness import BANDS, Fairness, fairness_of, popularity_bands
from engine.types import Floats
from indexes.ranking import Ranking, Rows

Request = TypeVar("Request")
Progress = Callable[[int, int], None]  # (done, total)

METRICS = ("ndcg@10", "precision@10", "recall@10", "f1@10", "hit_rate@10", "mrr", "map", "recall@100")
LEVEL = 0.95
_EDGES = (0, 1, 5, 20, 100)  # known events of a user: where activity bands begin


@dataclass(frozen=True, eq=False)
class Known:
    """What was known of the catalogue before the test: what novelty, bias and the bands are measured by.

    `users_of_item` [n_items]: how many users have each item; `n_users` of them in all; `vectors`
    [n_items, d], whose cosine says how alike two items are, or None (then there is no diversity);
    `columns`: name -> each item's value, such as brand and seller, by which exposure is reported.
    """

    users_of_item: NDArray[np.int64]
    n_users: int
    vectors: NDArray[np.float32] | None = None
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def n_items(self) -> int:
        return len(self.users_of_item)


@dataclass(frozen=True)
class Gain:
    """One system's mean over another's, on the same requests, with a paired interval of the difference."""

    difference: float
    relative: float  # of the other's mean; NaN when that is 0
    low: float
    high: float
    p: float  # paired t, two-sided


@dataclass(frozen=True, eq=False)
class Outcome:
    """How one system did. `values`: metric -> a value per request [n]; `means` and `intervals` of them;
    `catalogue`: what all its lists do together; `by_activity`, `by_popularity`: band -> value."""

    name: str
    fused: bool
    values: Mapping[str, Floats]
    means: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]
    catalogue: Mapping[str, float]
    by_activity: Mapping[str, float]
    by_popularity: Mapping[str, float]
    fairness: tuple[Fairness, ...]  # exposure by popularity band and by every column of Known
    ms: tuple[float, float]  # p50 and p99 of one request
    against_best: Mapping[str, Gain] = field(default_factory=dict)
    p_adjusted: float = float("nan")  # sign-flip p of the primary metric, corrected for all systems (Holm)


@dataclass(frozen=True, eq=False)
class Results:
    """Every system on the same requests. The best single model is the best on these very requests, which
    favours it: a fusion that beats it has not been lucky in its rival."""

    task: str
    primary: str
    metrics: tuple[str, ...]
    depth: int
    seed: int
    resamples: int
    requests: tuple[str, ...]
    activity_bands: Mapping[str, int]  # band -> requests in it
    popularity_bands: Mapping[str, int]  # band -> judgements in it
    outcomes: tuple[Outcome, ...]  # best first by the primary metric

    @property
    def best_single(self) -> Outcome | None:
        return next((o for o in self.outcomes if not o.fused), None)

    @property
    def best_fused(self) -> Outcome | None:
        return next((o for o in self.outcomes if o.fused), None)

    def outcome(self, name: str) -> Outcome:
        """Raises BadQuery for a system that was not run."""
        for outcome in self.outcomes:
            if outcome.name == name:
                return outcome
        raise BadQuery(f"There is no system {name!r}; these ran: {', '.join(o.name for o in self.outcomes)}.")

    def strongest_rival(self, metric: str) -> Outcome | None:
        """The single model that is best in this one metric, of `metrics` or of the catalogue's."""
        singles = [o for o in self.outcomes if not o.fused]
        return max(singles, key=lambda o: {**o.means, **o.catalogue}.get(metric, -np.inf), default=None)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON, without the values of single requests. NaN becomes None."""
        return {
            "task": self.task,
            "primary": self.primary,
            "depth": self.depth,
            "seed": self.seed,
            "resamples": self.resamples,
            "requests": len(self.requests),
            "best_single": self.best_single.name if self.best_single else None,
            "activity_bands": dict(self.activity_bands),
            "popularity_bands": dict(self.popularity_bands),
            "systems": [_plain(outcome) for outcome in self.outcomes],
        }


def run_experiment(
    systems: Mapping[str, Callable[[Request, int], Ranking]],
    requests: Mapping[str, Request],
    judgements: Mapping[str, Mapping[int, float]],
    known: Known,
    *,
    task: str = "recommend",
    fusions: Collection[str] = (),
    metrics: Sequence[str] = METRICS,
    primary: str = "ndcg@10",
    depth: int = 100,
    k: int = 10,
    activity: Mapping[str, int] | None = None,
    seed: int = 0,
    resamples: int = 1000,
    progress: Progress | None = None,
) -> Results:
    """Ask every system every request that has a relevant item, and measure the lists.

    `judgements`: request -> row -> grade. Ranking is full: each system ranks the whole catalogue, never a
    sample of it (Krichene & Rendle, KDD 2020). `fusions` names the systems that are fusions; `activity` says
    how much was known of each request's user. The catalogue's figures are of the first `k` of each list.
    Raises BadQuery for a metric that does not exist, and where nothing is judged.
    """
    metrics = tuple(dict.fromkeys((primary, *metrics)))
    asked = {q: grades for q, grades in judgements.items() if q in requests}
    names = [q for q, grades in asked.items() if any(g > 0 for g in grades.values())]
    if not names or not systems:
        raise BadQuery("Nothing can be evaluated: no request has a relevant item, or there is no system.")
    bands = _activity_bands(names, activity)
    popularity = _popularity_masks(known.users_of_item)
    raw: list[tuple[str, dict[str, Floats], list[Rows], Floats]] = []
    for number, (name, system) in enumerate(systems.items()):
        lists, took = [], np.zeros(len(names))
        for at, query in enumerate(names):
            started = perf_counter()
            lists.append(system(requests[query], depth).rows[:depth])
            took[at] = (perf_counter() - started) * 1000
            if progress is not None:
                progress(number * len(names) + at + 1, len(systems) * len(names))
        judged = Judged.of({q: rows.tolist() for q, rows in zip(names, lists, strict=True)}, asked)
        values = {metric: measure(judged, metric) for metric in metrics}
        # Undefined where every item is relevant: no order is then better than another.
        values["auc"] = np.nan_to_num(auc(judged, known.n_items), nan=0.5)
        raw.append((name, values, lists, took))
    metrics = (*metrics, "auc")
    raw.sort(key=lambda r: -float(np.mean(r[1][primary])))
    means = _resampled([r[1] for r in raw], metrics, resamples, seed)
    best = next((at for at, r in enumerate(raw) if r[0] not in fusions), None)
    outcomes = []
    for at, (name, values, lists, took) in enumerate(raw):
        outcomes.append(
            Outcome(
                name=name,
                fused=name in fusions,
                values=values,
                means={m: float(np.mean(values[m])) for m in metrics},
                intervals={m: _bounds(means[at, c]) for c, m in enumerate(metrics)},
                catalogue=_catalogue(lists, known, k),
                by_activity={
                    band: float(values[primary][rows].mean()) for band, rows in bands.items() if len(rows)
                },
                by_popularity=_recall_by_band(names, lists, asked, popularity, k),
                fairness=_fairness(lists, known, k, seed),
                ms=(float(np.median(took)), float(np.quantile(took, 0.99))),
                against_best={}
                if best is None or at == best
                else _gains(values, raw[best][1], means[at] - means[best], metrics),
            )
        )
    return Results(
        task=task,
        primary=primary,
        metrics=metrics,
        depth=depth,
        seed=seed,
        resamples=resamples,
        requests=tuple(names),
        activity_bands={band: len(rows) for band, rows in bands.items()},
        popularity_bands=_band_sizes(names, asked, popularity),
        outcomes=tuple(_with_p(outcomes, best, primary, seed)),
    )


def _resampled(
    per_system: Sequence[Mapping[str, Floats]], metrics: Sequence[str], resamples: int, seed: int
) -> Floats:
    """Means [systems, metrics, resamples] over the same resampled requests."""
    table = np.column_stack([values[m] for values in per_system for m in metrics])
    return bootstrap_means(table, resamples, seed).T.reshape(len(per_system), len(metrics), resamples)


def _bounds(means: Floats) -> tuple[float, float]:
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def _gains(
    values: Mapping[str, Floats], rival: Mapping[str, Floats], drawn: Floats, metrics: Sequence[str]
) -> dict[str, Gain]:
    gains = {}
    for column, metric in enumerate(metrics):
        base = float(np.mean(rival[metric]))
        difference = float(np.mean(values[metric])) - base
        low, high = _bounds(drawn[column])
        relative = difference / base if base else float("nan")
        gains[metric] = Gain(difference, relative, low, high, paired_t(values[metric], rival[metric]))
    return gains


def _with_p(outcomes: Sequence[Outcome], best: int | None, primary: str, seed: int) -> list[Outcome]:
    if best is None:
        return list(outcomes)
    rival = outcomes[best].values[primary]
    others = [o for at, o in enumerate(outcomes) if at != best]
    flips = int(np.clip(2e7 / len(rival), 2000, 10_000))
    raw = [sign_flip(o.values[primary], rival, flips, seed) for o in others]
    corrected = dict(zip((o.name for o in others), holm(raw), strict=True))
    return [replace(o, p_adjusted=corrected.get(o.name, float("nan"))) for o in outcomes]


def _catalogue(lists: Sequence[Rows], known: Known, k: int) -> dict[str, float]:
    counts = exposure(lists, known.n_items, k)
    figures = {
        f"coverage@{k}": coverage(counts),
        f"gini@{k}": gini(counts),
        f"novelty@{k}": novelty(lists, known.users_of_item, known.n_users, k),
        f"popularity_bias@{k}": popularity_bias(lists, known.users_of_item, k),
    }
    if known.vectors is not None:
        figures[f"diversity@{k}"] = intra_list_diversity(lists, known.vectors, k)
    return figures


def _fairness(lists: Sequence[Rows], known: Known, k: int, seed: int) -> tuple[Fairness, ...]:
    columns = {"popularity": popularity_bands(known.users_of_item), **known.columns}
    return tuple(
        fairness_of(name, lists, values, known.users_of_item, k=k, resamples=200, seed=seed)
        for name, values in columns.items()
        if any(values)
    )


def _activity_bands(names: Sequence[str], activity: Mapping[str, int] | None) -> dict[str, NDArray[np.int64]]:
    """Band -> places of its requests; {} when nothing is known of activity."""
    if activity is None:
        return {}
    events = np.array([activity.get(name, 0) for name in names])
    bands = {}
    for low, high in zip(_EDGES, (*_EDGES[1:], None), strict=True):
        label = f"{low}+" if high is None else str(low) if high == low + 1 else f"{low}-{high - 1}"
        rows = np.flatnonzero((events >= low) & (events < (np.inf if high is None else high)))
        if len(rows):
            bands[label] = rows
    return bands


def _popularity_masks(users_of_item: NDArray[np.int64]) -> dict[str, NDArray[np.bool_]]:
    bands = np.array(popularity_bands(users_of_item))
    return {band: bands == band for band in BANDS}


def _band_sizes(
    names: Sequence[str],
    judgements: Mapping[str, Mapping[int, float]],
    bands: Mapping[str, NDArray[np.bool_]],
) -> dict[str, int]:
    rows = np.array([r for q in names for r, g in judgements[q].items() if g > 0], np.int64)
    return {band: int(member[rows].sum()) for band, member in bands.items() if member[rows].any()}


def _recall_by_band(
    names: Sequence[str],
    lists: Sequence[Rows],
    judgements: Mapping[str, Mapping[int, float]],
    bands: Mapping[str, NDArray[np.bool_]],
    k: int,
) -> dict[str, float]:
    """Of all relevant items of a band, the share that is among the first k of the list it belongs to."""
    wanted, found = [], []
    for query, rows in zip(names, lists, strict=True):
        relevant = [r for r, g in judgements[query].items() if g > 0]
        wanted += relevant
        found += np.isin(relevant, rows[:k]).tolist()
    rows_wanted, hit = np.array(wanted, np.int64), np.array(found, bool)
    return {
        band: float(hit[member[rows_wanted]].mean())
        for band, member in bands.items()
        if member[rows_wanted].any()
    }


def _plain(outcome: Outcome) -> dict[str, Any]:
    def number(value: float) -> float | None:
        return round(float(value), 6) if np.isfinite(value) else None

    return {
        "name": outcome.name,
        "fused": outcome.fused,
        "means": {m: number(v) for m, v in outcome.means.items()},
        "intervals": {m: [number(low), number(high)] for m, (low, high) in outcome.intervals.items()},
        "catalogue": {m: number(v) for m, v in outcome.catalogue.items()},
        "by_activity": {b: number(v) for b, v in outcome.by_activity.items()},
        "by_popularity": {b: number(v) for b, v in outcome.by_popularity.items()},
        "fairness": [f.to_dict() for f in outcome.fairness],
        "ms": {"p50": number(outcome.ms[0]), "p99": number(outcome.ms[1])},
        "against_best_single": {
            m: {
                "difference": number(g.difference),
                "relative": number(g.relative),
                "low": number(g.low),
                "high": number(g.high),
                "p": number(g.p),
            }
            for m, g in outcome.against_best.items()
        },
        "p_adjusted": number(outcome.p_adjusted),
    }
