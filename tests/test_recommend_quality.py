"""Do the recommenders keep their measured quality on the open sets?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.learn.markov import Markov
from engine.learn.ratings import Ratings
from engine.learn.sessions import Sessions
from engine.rank.stacking import by_user, without
from engine.retrieve.behaviour import Neighbours, Session, WholeCatalogue
from engine.types import Query

pytestmark = pytest.mark.quality


def needs(folder: Path, name: str) -> None:
    if not (folder / name).is_dir():
        pytest.skip(f"{name} is not among the evaluation data")


def mean_ndcg(leg: WholeCatalogue, task: object, users: int) -> tuple[float, float]:
    """NDCG@10 and hit rate of a leg over a sample of a task's users."""
    from benchmarks.recommend_data import Task, ndcg

    assert isinstance(task, Task)
    task = task.sample(users)
    histories = by_user(task.x, task.users)
    gains, hits = [], []
    for user in task.users.tolist():
        allowed = None if task.repeat else without(histories[user], task.x.n_items)
        found = leg(Query(history=histories[user], now=task.now, allowed=allowed), 10)
        gains.append(ndcg(task.wanted[user], found.rows))
        hits.append(bool(np.isin(found.rows, task.wanted[user]).any()))
    return float(np.mean(gains)), float(np.mean(hits))


def test_sessions_on_online_retail(eval_data: Path) -> None:
    needs(eval_data, "online_retail_ii")
    from benchmarks.recommend_data import qrels_task, read_log

    log = read_log("online_retail_ii")
    cut = float(np.datetime64("2011-11-01").astype("datetime64[s]").astype(float))
    task = qrels_task(log, "qrels_new.tsv", cut, repeat=False)
    gain, _ = mean_ndcg(Session(Sessions().fit(log.x), Sessions().reading), task, 500)
    assert gain >= 0.125


def test_markov_on_beauty(eval_data: Path) -> None:
    needs(eval_data, "s3_amazon_beauty")
    from benchmarks.recommend_data import DAY, qrels_task, read_log

    log = read_log("s3_amazon_beauty")
    task = qrels_task(log, "qrels.tsv", float(log.x.times.max()) + DAY, repeat=False)
    gain, hits = mean_ndcg(Neighbours(Markov().fit(log.x), Markov().reading), task, len(task.users))
    assert gain >= 0.058 and hits >= 0.09


def test_stars_on_movielens(eval_data: Path) -> None:
    needs(eval_data, "ml_100k")
    from benchmarks.recommend_data import random_split_task, read_log

    x = read_log("ml_100k").x
    task = random_split_task(x, 0.25, seed=42)
    pair = x.users.astype(np.int64) * x.n_items + x.items
    test = x.where(~np.isin(pair, task.x.users.astype(np.int64) * x.n_items + task.x.items))
    index = Ratings(factors=8, samples=0, regularization=12.0, iterations=15).fit(task.x)
    error = np.sqrt(np.mean((index.predict(test.users, test.items) - test.values) ** 2))
    assert error <= 0.925
