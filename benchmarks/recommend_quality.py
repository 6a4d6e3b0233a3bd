"""How good is every single recommender, and their fusion, on the open sets?

    python -m benchmarks.recommend_quality retail [--runs DIR] [--users N]
    python -m benchmarks.recommend_quality beauty | films | stars
    python -m benchmarks.recommend_quality s3_amazon_NAME | ml_NAME      # the protocol of beauty, of films and stars

Full ranking, never sampled negatives. Every parameter was chosen on past windows of the training files; the
judgements are read once, to score. Runs are written in TREC form, to be scored by any tool of the field.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.recommend_data import (
    DAY,
    Log,
    Task,
    last_event_task,
    ndcg,
    qrels_task,
    random_split_task,
    read_log,
)
from engine.evaluate.facts import digest_of
from engine.fuse import ZScores
from engine.learn import LEARNERS
from engine.learn.als import Als
from engine.learn.bpr import Bpr
from engine.learn.ease import Ease
from engine.learn.markov import Markov
from engine.learn.neighbours import Neighbours as NeighbourLearner
from engine.learn.ratings import Ratings
from engine.learn.sequences import Sequences
from engine.learn.sessions import Sessions
from engine.learn.visits import Reading
from engine.pipeline import Pipeline
from engine.rank.features import ItemFacts
from engine.rank.stack import Stack, StackIndex
from engine.rank.stacking import FACTS, Stacking, by_user, examples_at, examples_of, nobody, train, without
from engine.retrieve import make_retrievers
from engine.retrieve.behaviour import ContentTerms, Neighbours, Paired, Personal, Popular, Rated, Session
from engine.text.analysis import analyse
from engine.types import Fusion, Interactions, Learner, Query, Retriever
from indexes.terms import TermIndex

Rows = NDArray[np.int64]
Runs = dict[str, dict[int, Rows]]
RETAIL = ("popularity", "als", "neighbours", "sessions", "ease", "markov", "together", "repeats", "crowd")


@dataclass(frozen=True)
class Once:
    """A learner that fits each log once: the origins of two trainings are the same.

    With a `folder` it opens what an earlier run left there for the same learner and log.
    """

    learner: Learner
    folder: Path | None = None
    kept: dict[str, Any] = field(default_factory=dict, compare=False)

    def fit(self, interactions: Interactions) -> Any:
        key = digest_of(repr(self.learner), interactions.users, interactions.items, interactions.times)
        if key not in self.kept:
            place = None if self.folder is None else self.folder / key
            if place is not None and (place / "done").is_file():
                self.kept[key] = type(self.learner.fit(interactions.where(interactions.times < 0))).open(
                    place
                )
            else:
                self.kept[key] = self.learner.fit(interactions)
                if place is not None:
                    self.kept[key].save(place)
                    (place / "done").touch()
        return self.kept[key]


def ask(
    task: Task, legs: Mapping[str, Retriever], fused: Mapping[str, Fusion], pool: int, k: int = 20
) -> tuple[Runs, float]:
    """The best `k` of every leg and of every fusion for each user, and the milliseconds a user took."""
    histories = by_user(task.x, task.users)
    pipeline = Pipeline(legs, nobody, pool=pool)
    runs: Runs = {name: {} for name in (*legs, *fused)}
    started = time.perf_counter()
    for user in task.users.tolist():
        history = histories[user]
        allowed = None if task.repeat else without(history, task.x.n_items)
        query = Query(history=history, user_row=user, now=task.now, allowed=allowed)
        evidence = pipeline(query, pool).evidence
        for name, leg in legs.items():
            runs[name][user] = leg(query, k).rows
        for name, stack in fused.items():
            scores = stack(query, evidence).sum(axis=1)
            runs[name][user] = evidence.rows[np.lexsort((evidence.rows, -scores))[:k]]
    return runs, (time.perf_counter() - started) * 1e3 / max(len(task.users), 1)


def table(task: Task, runs: Runs, n_items: int) -> list[dict[str, Any]]:
    """NDCG, precision, recall, hit rate and catalogue coverage at 10 of every run."""
    found = []
    for name, run in runs.items():
        hits = [np.isin(run[user][:10], task.wanted[user]).sum() for user in run]
        wanted = [len(task.wanted[user]) for user in run]
        shown = np.unique(np.concatenate([rows[:10] for rows in run.values()]))
        found.append(
            {
                "model": name,
                "NDCG@10": float(np.mean([ndcg(task.wanted[user], rows) for user, rows in run.items()])),
                "precision@10": float(np.mean(hits)) / 10,
                "recall@10": float(np.mean(np.array(hits) / wanted)),
                "HR@10": float(np.mean(np.array(hits) > 0)),
                "coverage@10": len(shown) / n_items,
            }
        )
    return sorted(found, key=lambda row: -row["NDCG@10"])


def retail(
    users: int, keep: Path | None, name: str = "online_retail_ii"
) -> dict[str, tuple[Log, Task, Runs]]:
    """online_retail_ii: what users bought in the 40 days after the cut, new items only and all items."""
    log = read_log(name)
    learners = {each: Once(LEARNERS[each], keep) for each in RETAIL}
    now = np.datetime64("2011-11-01").astype("datetime64[s]").astype(float)
    prices = log.prices.astype(np.float32)
    terms = TermIndex.build([analyse(str(title)) for title in log.titles])

    def make(on: Mapping[str, Any]) -> dict[str, Retriever]:
        return {
            **make_retrievers(on),
            "content-terms": ContentTerms(terms, Reading(half_life_days=90.0)),
            "content-last": ContentTerms(terms, Reading(visit_decay=0.3)),
        }

    found = {}
    for what, repeat in (("new", False), ("all", True)):
        task = qrels_task(log, f"qrels_{what}.tsv", float(now), repeat=repeat).sample(users)
        how = Stacking(horizon_days=40, origins=2, users=700, repeat=repeat, least=5)
        fused = {}
        for method in ("trees", "logistic"):
            index = stacked(log.x, learners, make, prices, replace(how, method=method))
            fused[f"stack-{method}"] = Stack(index)
        legs = make({each: learner.fit(log.x) for each, learner in learners.items()})
        runs, ms = ask(task, legs, fused, how.pool)
        say(f"retail {what}: {len(task.users)} users, {ms:.0f} ms a user for every model and fusion")
        found[f"retail-{what}"] = (log, task, runs)
    return found


_examples: dict[tuple[float, bool], Any] = {}


def stacked(
    x: Interactions, learners: Mapping[str, Learner], make: Any, prices: NDArray[np.float32], how: Stacking
) -> StackIndex:
    """fit_stack, with the examples of an origin shared by the methods."""
    parts = []
    for moment in how.moments(x):
        key = (moment, how.repeat)
        if key not in _examples:
            say(f"examples at {np.datetime64(int(moment), 's')}")
            _examples[key] = examples_at(x, moment, learners, make, prices, how)
        parts.append(_examples[key])
    return train([part for part in parts if part is not None], ItemFacts(FACTS.fit(x), prices), how)


def beauty(
    users: int, keep: Path | None, name: str = "s3_amazon_beauty"
) -> dict[str, tuple[Log, Task, Runs]]:
    """s3_amazon_beauty: each user's last event, leave-one-out; the stack learns from the event before it."""
    log = read_log(name)
    learners: dict[str, Learner] = {
        "popularity": LEARNERS["popularity"],
        "als": LEARNERS["als"],
        "neighbours": LEARNERS["neighbours"],
        "markov": Markov(),
        "first": Markov(window=1),
        "next": LEARNERS["next"],
        "sequence": Sequences(progress=say),
        "gru": Sequences(network="gru", progress=say),
        "ease": Ease(half_life_days=0.0, regularization=100.0, max_items=3000, near=80),
        "people": Sessions(
            unit="user",
            near=500,
            half_life_days=0.0,
            sharpness=1.0,
            idf_power=1.0,
            length_power=0.5,
        ),
    }
    terms = TermIndex.build([analyse(str(title)) for title in log.titles])

    def make(on: Mapping[str, Any]) -> dict[str, Retriever]:
        lately = Reading(visit_decay=0.8)
        return {
            **make_retrievers(on),
            "session": Session(on["people"], lately),
            "first-order": Neighbours(on["first"], Reading(window=1)),
            "content-terms": ContentTerms(terms, Reading(visit_decay=0.7)),
        }

    learners = {each: Once(learner, keep) for each, learner in learners.items()}
    past = last_event_task(log)
    prices = np.full(log.x.n_items, np.nan, np.float32)
    how = Stacking(pool=60, users=8000)
    index = stack_of_task(past.sample(how.users), learners, make, prices, how, log)
    task = qrels_task(log, "qrels.tsv", float(log.x.times.max()) + DAY, repeat=False).sample(users)
    legs = make({each: learner.fit(log.x) for each, learner in learners.items()})
    runs, ms = ask(task, legs, {"stack-trees": Stack(index)}, how.pool)
    say(f"{name}: {len(task.users)} users, {ms:.0f} ms a user for every model and fusion")
    return {name: (log, task, runs)}


def films(users: int, keep: Path | None, name: str = "ml_100k") -> dict[str, tuple[Log, Task, Runs]]:
    """ml_100k: 75/25 at random within each user, every rated film counts; the stack learns on 75/25 of the 75."""
    log = read_log(name)
    log = replace(log, x=replace(log.x, weights=np.ones(len(log.x), np.float32)))  # what was seen, not liked
    task = random_split_task(log.x, 0.25, seed=42)
    inner = random_split_task(task.x, 0.25, seed=1)
    people = Sessions(
        unit="user", near=100, half_life_days=0.0, sharpness=1.0, idf_power=1.0, length_power=0.5
    )
    learners: dict[str, Learner] = {
        "popularity": LEARNERS["popularity"],
        "als": Als(factors=32, half_life_days=0.0, combine="max", alpha=2.0, regularization=1.0),
        "bpr": Bpr(learning_rate=0.01, iterations=200),
        "ease": Ease(half_life_days=0.0, regularization=500.0, keep=0),
        "neighbours": NeighbourLearner(weighting="cosine", half_life_days=0.0, keep=100),
        "people": people,
        "ratings": Ratings(samples=20, burn_in=10),
    }

    def make(on: Mapping[str, Any]) -> dict[str, Retriever]:
        return {
            "popular": Popular(on["popularity"], half_life=0.0),
            "personal": Personal(on["als"]),
            "bpr": Paired(on["bpr"]),
            "ease": Neighbours(on["ease"]),
            "neighbours": Neighbours(on["neighbours"]),
            "session": Session(on["people"], Reading()),
            "rated": Rated(on["ratings"]),
        }

    prices = np.full(log.x.n_items, np.nan, np.float32)
    how = Stacking(pool=100)
    index = stack_of_task(inner, learners, make, prices, how, replace(log, x=task.x))
    legs = make({each: learner.fit(task.x) for each, learner in learners.items()})
    task = task.sample(users)
    runs, ms = ask(task, legs, {"stack-trees": Stack(index)}, how.pool)
    weights = {"ease": 1.0, "personal": 0.5, "bpr": 0.5}  # by 12 % of the training files held out, two seeds
    chosen = {each: legs[each] for each in weights}
    runs |= ask(task, chosen, {"zscore": ZScores(weights)}, log.x.n_items)[0]
    say(f"{name}: {len(task.users)} users, {ms:.0f} ms a user for every model and fusion")
    return {name: (log, task, runs)}


def stars(name: str = "ml_100k") -> None:
    """ml_100k, the same split as films: RMSE of the explicit factors."""
    x = read_log(name).x
    task = random_split_task(x, 0.25, seed=42)
    seen = np.isin(
        x.users.astype(np.int64) * x.n_items + x.items,
        task.x.users.astype(np.int64) * x.n_items + task.x.items,
    )
    test = x.where(~seen)
    for name, learner in {
        "biases alone": Ratings(factors=0, samples=0),
        "squared error, a point": Ratings(factors=8, samples=0, regularization=12.0),
        "squared error, sampled": Ratings(),
    }.items():
        predicted = learner.fit(task.x).predict(test.users, test.items)
        print(f"RMSE {np.sqrt(np.mean((predicted - test.values) ** 2)):.4f}  {name}", flush=True)


def stack_of_task(
    task: Task,
    learners: Mapping[str, Learner],
    make: Any,
    prices: NDArray[np.float32],
    how: Stacking,
    log: Log,
) -> StackIndex:
    """A stack that learns from one task whose judgements lie inside the training log."""
    legs = make({name: learner.fit(task.x) for name, learner in learners.items()})
    facts = ItemFacts(FACTS.fit(task.x), prices)
    part = examples_of(task.x, task.now, task.users, task.wanted, legs, facts, how)
    if part is None:
        raise SystemExit("there is nothing to learn from")
    return train([part], ItemFacts(FACTS.fit(log.x), prices), how)


def write_runs(folder: Path, name: str, log: Log, runs: Runs) -> None:
    for model, run in runs.items():
        lines = [
            f"{log.users[user]} Q0 {log.items[row]} {rank} {len(rows) - rank} {model}"
            for user, rows in run.items()
            for rank, row in enumerate(rows.tolist(), 1)
        ]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}-{model}.trec").write_text("\n".join(lines) + "\n", "utf-8")


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("set", help="retail, beauty, films, stars, s3_amazon_NAME or ml_NAME")
    parser.add_argument("--runs", type=Path, help="write TREC runs here")
    parser.add_argument(
        "--keep", type=Path, help="leave the fits here; a run that finds them fits nothing anew"
    )
    parser.add_argument("--users", type=int, default=10**9, help="a sample of the users, for a quick look")
    given = parser.parse_args(arguments)
    started = time.time()
    if given.set == "stars":
        stars()
        return
    named = {"retail": retail, "beauty": beauty, "films": films}
    if given.set in named:
        found = named[given.set](given.users, given.keep)
    elif given.set.startswith("s3_amazon_"):
        found = beauty(given.users, given.keep, given.set)
    elif given.set.startswith("ml_"):
        stars(given.set)
        found = films(given.users, given.keep, given.set)
    else:
        parser.error(f"there is no protocol for {given.set!r}")
    print(f"Python {platform.python_version()}, {platform.machine()}, {time.strftime('%Y-%m-%d')}; ", end="")
    print(f"{time.time() - started:.0f} s in all\n")
    for name, (log, task, runs) in found.items():
        rows = table(task, runs, len(log.items))
        print(f"## {name}: {len(task.users)} users\n")
        print("| " + " | ".join(rows[0]) + " |\n|" + "---|" * len(rows[0]))
        for row in rows:
            print("| " + " | ".join(v if isinstance(v, str) else f"{v:.4f}" for v in row.values()) + " |")
        print()
        if given.runs:
            write_runs(given.runs, name, log, runs)
            (given.runs / f"{name}.json").write_text(json.dumps(rows, indent=1), "utf-8")


if __name__ == "__main__":
    main()
