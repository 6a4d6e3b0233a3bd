"""Which candidates, features and labels do the studies of fusion share, and where are they kept?

One block is what every leg said of every candidate of many requests at one moment; making it is slow (the legs
are fitted on the past of that moment), so it is written once to a folder and read from there.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.recommend_data import DAY, Log, Task, last_event_task, qrels_task, read_log, window_task
from engine.learn import LEARNERS
from engine.learn.ease import Ease
from engine.learn.markov import Markov
from engine.learn.sequences import Sequences
from engine.learn.sessions import Sessions
from engine.learn.visits import Reading
from engine.pipeline import Pipeline
from engine.rank.features import ItemFacts, features
from engine.rank.stacking import FACTS, Examples, by_user, nobody, without
from engine.retrieve import make_retrievers
from engine.retrieve.behaviour import ContentTerms, Neighbours, Session
from engine.text.analysis import analyse
from engine.types import Interactions, Learner, Query, Retriever
from indexes.terms import TermIndex

RETAIL = ("popularity", "als", "neighbours", "sessions", "ease", "markov", "together", "repeats", "crowd")
CUT = float(np.datetime64("2011-11-01").astype("datetime64[s]").astype(float))
HORIZON = 40.0
# Days before the cut at which the retail fusion learns; 365 is the season of the test, a year ago.
RETAIL_MOMENTS = (40, 80, 120, 365)
Make = Callable[[Mapping[str, Any]], Mapping[str, Retriever]]


@dataclass(frozen=True, eq=False)
class Block:
    """Examples with the rows of their candidates [n] and how many items each request wants [r], found or not."""

    examples: Examples
    rows: NDArray[np.int32]
    users: NDArray[np.int64]
    wanted: NDArray[np.int64]
    n_items: int

    def save(self, file: Path) -> None:
        e = self.examples
        file.parent.mkdir(parents=True, exist_ok=True)
        np.savez(
            file,
            X=e.X,
            labels=e.labels,
            sizes=e.sizes,
            names=np.array(e.names),
            owners=np.array(e.owners),
            legs=np.array(e.legs),
            rows=self.rows,
            users=self.users,
            wanted=self.wanted,
            n_items=self.n_items,
        )

    @classmethod
    def open(cls, file: Path) -> Block:
        with np.load(file) as a:
            names, owners, legs = (tuple(a[name].tolist()) for name in ("names", "owners", "legs"))
            examples = Examples(a["X"], a["labels"], a["sizes"], names, owners, legs)
            return cls(examples, a["rows"], a["users"], a["wanted"], int(a["n_items"]))


def block_of(task: Task, legs: Mapping[str, Retriever], facts: ItemFacts, pool: int) -> Block:
    """What `legs`, fitted on the task's past, say of the candidates of its users."""
    histories = by_user(task.x, task.users)
    pipeline = Pipeline(legs, nobody, pool=pool)
    blocks, labels, sizes, rows = [], [], [], []
    found = None
    for user in task.users.tolist():
        history = histories[user]
        allowed = None if task.repeat else without(history, task.x.n_items)
        query = Query(history=history, user_row=user, now=task.now, allowed=allowed)
        evidence = pipeline(query, pool).evidence
        found = features(query, evidence, facts)
        blocks.append(found.X.astype(np.float32))
        labels.append(np.isin(evidence.rows, task.wanted[user]))
        rows.append(evidence.rows.astype(np.int32))
        sizes.append(len(evidence.rows))
    if found is None:
        raise SystemExit("there is nobody to ask for")
    examples = Examples(
        np.concatenate(blocks),
        np.concatenate(labels).astype(np.int8),
        np.array(sizes),
        found.names,
        found.owners,
        tuple(legs),
    )
    wanted = np.array([len(task.wanted[user]) for user in task.users.tolist()])
    return Block(examples, np.concatenate(rows), task.users, wanted, task.x.n_items)


def retail(folder: Path, name: str, users: int = 1200) -> dict[str, Block]:
    """online_retail_ii, a block for "test" or for so many days before the cut; both kinds: "new" and "all"."""
    files = {kind: folder / f"retail-{kind}-{name}.npz" for kind in ("new", "all")}
    if all(file.exists() for file in files.values()):
        return {kind: Block.open(file) for kind, file in files.items()}
    log = read_log("online_retail_ii")
    now = CUT if name == "test" else CUT - float(name) * DAY
    past = log.x.where(log.x.times < now)
    prices = log.prices.astype(np.float32)
    terms = TermIndex.build([analyse(str(title)) for title in log.titles])
    fitted = fit({name: LEARNERS[name] for name in RETAIL}, past)
    legs = {
        **make_retrievers(fitted),
        "content-terms": ContentTerms(terms, Reading(half_life_days=90.0)),
        "content-last": ContentTerms(terms, Reading(visit_decay=0.3)),
    }
    facts = ItemFacts(FACTS.fit(past), prices)
    for kind, file in files.items():
        repeat = kind == "all"
        if name == "test":
            task = qrels_task(log, f"qrels_{kind}.tsv", now, repeat=repeat)
        else:
            task = window_task(log, now, HORIZON, repeat=repeat).sample(users)
        timed(file.stem, lambda task=task: block_of(task, legs, facts, 100)).save(file)
    return {kind: Block.open(file) for kind, file in files.items()}


def beauty(folder: Path, name: str) -> Block:
    """s3_amazon_beauty: "train" and "valid" are the last events of different users in the training log."""
    file = folder / f"beauty-{name}.npz"
    if file.exists():
        return Block.open(file)
    log = read_log("s3_amazon_beauty")
    terms = TermIndex.build([analyse(str(title)) for title in log.titles])
    if name == "test":
        tasks = {name: qrels_task(log, "qrels.tsv", float(log.x.times.max()) + DAY, repeat=False)}
    else:
        whole = last_event_task(log)
        order = np.random.default_rng(7).permutation(len(whole.users))
        tasks = {
            part: Task(whole.x, whole.now, np.sort(whole.users[at]), whole.wanted)
            for part, at in (("train", order[:4000]), ("valid", order[4000:10_000]))
        }
    x = next(iter(tasks.values())).x
    legs = beauty_legs(fit(beauty_learners(), x), terms)
    facts = ItemFacts(FACTS.fit(x), np.full(x.n_items, np.nan, np.float32))
    for part, task in tasks.items():
        block = timed(f"beauty-{part}", lambda task=task: block_of(task, legs, facts, 60))
        block.save(folder / f"beauty-{part}.npz")
    return Block.open(file)


def beauty_learners() -> dict[str, Learner]:
    return {
        "popularity": LEARNERS["popularity"],
        "als": LEARNERS["als"],
        "neighbours": LEARNERS["neighbours"],
        "markov": Markov(),
        "first": Markov(window=1),
        "next": LEARNERS["next"],
        "sequence": Sequences(epochs=40),
        "ease": Ease(half_life_days=0.0, regularization=100.0, max_items=3000, near=80),
        "people": Sessions(
            unit="user", near=500, half_life_days=0.0, sharpness=1.0, idf_power=1.0, length_power=0.5
        ),
    }


def beauty_legs(on: Mapping[str, Any], terms: TermIndex) -> dict[str, Retriever]:
    return {
        **make_retrievers(on),
        "session": Session(on["people"], Reading(visit_decay=0.8)),
        "first-order": Neighbours(on["first"], Reading(window=1)),
        "content-terms": ContentTerms(terms, Reading(visit_decay=0.7)),
    }


def fit(learners: Mapping[str, Learner], x: Interactions) -> dict[str, Any]:
    return {name: timed(name, lambda learner=learner: learner.fit(x)) for name, learner in learners.items()}


def timed(name: str, work: Callable[[], Any]) -> Any:
    started = time.perf_counter()
    done = work()
    print(f"{name}: {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
    return done


def log_of(name: str) -> Log:
    return read_log({"retail": "online_retail_ii", "beauty": "s3_amazon_beauty"}[name])


if __name__ == "__main__":
    target, moment, where = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    if target == "retail":
        retail(where, moment)
    else:
        beauty(where, moment)
