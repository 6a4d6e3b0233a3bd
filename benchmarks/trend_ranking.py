"""Does a forecast help to rank? Next week's top sellers and top risers, and what shoppers bought that was new.

    python benchmarks/trend_ranking.py [weekly] [recommend]

online_retail_ii from RONGHE_EVAL_DATA (default ../shared/data). Weekly origins from 2011-09-05; learned lifts are
refitted every fourth week on what was known then. A riser's rise is (units next week + 20) / (units of a mean
week of the last four + 20). Units are counted three ways: all of them; with one buyer's day capped (the shop's own
demand); and one for each buyer and day, with 4 in place of 20.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from engine.forecast.demand import Demand
from engine.forecast.lift import LiftModel, Standing
from engine.forecast.panel import scan_levels
from engine.forecast.trend import own_log_lift

DATA = Path(os.environ.get("RONGHE_EVAL_DATA", Path(__file__).resolve().parents[1] / "../shared/data"))
TOP = 50


def purchases(file: str) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray, pd.Index]:
    events = pd.read_parquet(DATA / f"online_retail_ii/{file}.parquet")
    events = events[events.type == "purchase"]
    codes, items = pd.factorize(events.item_id, sort=True)
    who = events.user_id.astype(object).fillna(events.session_id).fillna(events.order_id).astype(str)
    buyers, _ = pd.factorize(who)
    seconds = events.timestamp.to_numpy().astype("datetime64[s]").astype(np.int64).astype(float)
    return events, codes, seconds, buyers, items


def weekly() -> None:
    events, codes, seconds, buyers, items = purchases("events")
    units = events.quantity.to_numpy(float)
    n = len(items)
    demands = {
        "all units": (Demand.of(codes, seconds, units, n_items=n, cap=None), 20.0),
        "units, one buyer capped": (Demand.of(codes, seconds, units, n_items=n, buyers=buyers), 20.0),
        "buyers": (Demand.of(codes, seconds, None, n_items=n, buyers=buyers, cap=1.0), 4.0),
    }
    own = demands["units, one buyer capped"][0]
    first = int((np.datetime64("2011-09-05") - own.dates[0]).astype(int))
    origins = list(range(first, own.n_days - 7, 7))
    level = {
        life: scan_levels(np.nan_to_num(own.dense()), (life,))[0] for life in (3.5, 7.0, 14.0, 28.0, 56.0)
    }
    lifts: dict[str, dict[int, np.ndarray]] = {"learned lift": {}, "learned lift of buyers": {}}
    took = 0.0
    for name, source in (("learned lift", own), ("learned lift of buyers", demands["buyers"][0])):
        standing = Standing.of(source)
        for k, o in enumerate(origins):
            if k % 4 == 0:
                start = time.perf_counter()
                model = LiftModel(horizon=7).fit(standing, upto=o)
                took += time.perf_counter() - start
            lifts[name][o] = model.log_lift(standing, at=o)[0]
    told = f"{own.dates[origins[0]]} .. {own.dates[origins[-1]]}, {n} items; fits took {took:.0f} s"
    print(f"{len(origins)} weekly origins {told}")
    dense = np.nan_to_num(own.dense())
    total = np.cumsum(np.pad(dense, ((0, 0), (1, 0))), axis=1)

    def week(o: int) -> np.ndarray:
        return total[:, o] - total[:, o - 7]

    ways: dict[str, Callable[[int], np.ndarray]] = {
        "week over week": lambda o: (week(o) + 1) / (week(o - 7) + 1),
        "counts 3.5 / 28": lambda o: (level[3.5][:, o] + 0.5) / (level[28.0][:, o] + 0.5),
        "counts 7 / 28": lambda o: (level[7.0][:, o] + 0.5) / (level[28.0][:, o] + 0.5),
        "counts 7 / 56": lambda o: (level[7.0][:, o] + 0.5) / (level[56.0][:, o] + 0.5),
        "counting lift (decayed / 28 days)": lambda o: own_log_lift(dense[:, :o], 1.0)[0],
        "decayed counts 7": lambda o: level[7.0][:, o],
        "decayed counts 14": lambda o: level[14.0][:, o],
        "decayed counts 28": lambda o: level[28.0][:, o],
        "learned lift": lambda o: lifts["learned lift"][o],
        "learned lift of buyers": lambda o: lifts["learned lift of buyers"][o],
        "decayed counts 14 x learned lift": lambda o: level[14.0][:, o] * np.exp(lifts["learned lift"][o]),
    }
    columns = ["sellers", *demands]
    best: dict[tuple[str, int], np.ndarray] = {}
    for column in columns:
        demand, prior = demands["all units" if column == "sellers" else column]
        sold = np.cumsum(np.pad(demand.counts.toarray(), ((0, 0), (1, 0))), axis=1)
        for o in origins:
            after, before = sold[:, o + 7] - sold[:, o], (sold[:, o] - sold[:, o - 28]) / 4
            wanted = after if column == "sellers" else (after + prior) / (before + prior)
            best[column, o] = np.argsort(-wanted, kind="stable")[:TOP]
    print(f"| precision@{TOP} | top sellers | " + " | ".join(f"risers: {name}" for name in demands) + " |")
    print("|---" * (len(columns) + 1) + "|")
    for name, way in ways.items():
        hits: dict[str, list[float]] = {column: [] for column in columns}
        for o in origins:
            told_first = np.argsort(-way(o), kind="stable")[:TOP]
            for column in columns:
                hits[column].append(len(np.intersect1d(best[column, o], told_first)) / TOP)
        cells = " | ".join(f"{np.mean(hits[column]):.3f}" for column in columns)
        print(f"| {name} | {cells} |", flush=True)


def recommend() -> None:
    """NDCG@10 of new items for users.txt, from 2011-11-01: popularity and co-purchase, with and without a lift."""
    events, codes, seconds, buyers, items = purchases("events_train")
    n = len(items)
    demand = Demand.of(codes, seconds, events.quantity.to_numpy(float), n_items=n, buyers=buyers)
    bought = Demand.of(codes, seconds, None, n_items=n, buyers=buyers, cap=1.0)
    place = {item: row for row, item in enumerate(items)}
    qrels: dict[str, set[int]] = {}
    for line in (DATA / "online_retail_ii/qrels_new.tsv").read_text().splitlines():
        user, _, item, grade = line.split()
        if float(grade) > 0:
            qrels.setdefault(user, set()).add(place.get(item, -1))
    users = [u for u in (DATA / "online_retail_ii/users.txt").read_text().split() if u in qrels]
    known = events.user_id.astype(object).fillna("").astype(str).to_numpy()
    who, names = pd.factorize(known)
    day = (seconds // 86_400 - demand.first_day).astype(int)
    weight = 0.5 ** ((day.max() - day) / 60.0)
    history = csr_array((weight, (who, codes)), shape=(len(names), n))
    history.sum_duplicates()
    once = history.copy()
    once.data = np.sqrt(once.data)
    norm = np.sqrt(np.maximum(np.asarray(once.power(2).sum(axis=0)).ravel(), 1e-9))
    row_of = {name: i for i, name in enumerate(names)}
    chosen = once[[row_of[u] for u in users]]
    scaled = csr_array(once.multiply(1.0 / (norm + 3.0)[None, :]))
    near = np.asarray((csr_array(chosen.multiply(1.0 / (norm + 3.0)[None, :])) @ (scaled.T @ once)).toarray())
    standing = Standing.of(demand)
    lift, next_week = (np.exp(LiftModel(horizon=h).fit(standing).log_lift(standing)[0]) for h in (28, 7))
    level = {
        life: scan_levels(np.nan_to_num(bought.dense()), (life,))[0][:, -1]
        for life in (7.0, 14.0, 28.0, 112.0)
    }
    last7 = np.asarray(bought.counts[:, -7:].sum(axis=1)).ravel()
    ratio = (level[7.0] + 0.05) / (level[112.0] + 0.05)
    even = np.ones(n)
    ways = {
        "popularity, last 7 days": last7[None, :] * np.ones((len(users), 1)),
        "decayed counts 7": level[7.0][None, :] * np.ones((len(users), 1)),
        "decayed counts 14": level[14.0][None, :] * np.ones((len(users), 1)),
        "decayed counts 28": level[28.0][None, :] * np.ones((len(users), 1)),
        "decayed counts 14 x lift (28 days)": (level[14.0] * lift)[None, :] * np.ones((len(users), 1)),
        "decayed counts 14 x lift (7 days)": (level[14.0] * next_week)[None, :] * np.ones((len(users), 1)),
        "co-purchase": near * even,
        "co-purchase x decayed counts 14 ** .5": near * np.sqrt(level[14.0] + 0.01),
        "co-purchase x counts 7 / 112": near * ratio,
        "co-purchase x lift (28 days)": near * lift,
        "co-purchase x lift (7 days)": near * next_week,
        "co-purchase x counts 7 / 112 x lift (28 days)": near * ratio * lift,
    }
    own = np.asarray((history[[row_of[u] for u in users]] > 0).toarray())
    print(f"{len(users)} users, new items from 2011-11-01\n| way | NDCG@10 |\n|---|---|")
    for name, score in ways.items():
        top = np.argsort(-np.where(own, -np.inf, score), axis=1, kind="stable")[:, :10]
        told = []
        for i, user in enumerate(users):
            gain = np.array([row in qrels[user] for row in top[i]]) / np.log2(np.arange(2, 12))
            ideal = (1.0 / np.log2(np.arange(2, 2 + min(10, len(qrels[user]))))).sum()
            told.append(gain.sum() / ideal)
        print(f"| {name} | {np.mean(told):.4f} |", flush=True)


if __name__ == "__main__":
    asked = sys.argv[1:] or ["weekly", "recommend"]
    for each in asked:
        {"weekly": weekly, "recommend": recommend}[each]()
