"""How do the open sets become interactions, histories and judgements?"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from engine.learn.interactions import KIND, EventWeights, make_interactions
from engine.types import EventType, History, Interactions

DATA = Path(os.environ.get("RONGHE_EVAL_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
DAY = 86_400.0


@dataclass(frozen=True, eq=False)
class Log:
    """A behaviour log with its ids, and the events of every user in one block, oldest first."""

    name: str
    x: Interactions
    users: NDArray[np.object_]
    items: NDArray[np.object_]
    titles: NDArray[np.object_]
    prices: NDArray[np.float64]

    def histories(self, until: float = np.inf) -> Histories:
        return Histories.of(self.x.where(self.x.times < until))


@dataclass(frozen=True, eq=False)
class Histories:
    """The history of every user, in one sorted block."""

    starts: NDArray[np.int64]
    x: Interactions

    @classmethod
    def of(cls, x: Interactions) -> Histories:
        order = np.lexsort((x.times, x.users))
        sorted_x = Interactions(
            x.users[order],
            x.items[order],
            x.weights[order],
            x.times[order],
            x.kinds[order],
            x.orders[order],
            x.values[order],
            x.quantities[order],
            x.n_users,
            x.n_items,
        )
        return cls(np.searchsorted(sorted_x.users, np.arange(x.n_users + 1)), sorted_x)

    def __getitem__(self, user: int) -> History:
        part = slice(self.starts[user], self.starts[user + 1])
        x = self.x
        return History(x.items[part].astype(np.int64), x.weights[part], x.times[part], x.kinds[part])


@dataclass(frozen=True, eq=False)
class Task:
    """Recommend at `now` to `users`, knowing the log before it; `wanted` are the rows that count, by user."""

    x: Interactions
    now: float
    users: NDArray[np.int64]
    wanted: Mapping[int, NDArray[np.int64]]
    repeat: bool = False  # what a user already had may be recommended

    def sample(self, n: int, seed: int = 0) -> Task:
        if n >= len(self.users):
            return self
        users = np.sort(np.random.default_rng(seed).choice(self.users, n, replace=False))
        return replace(self, users=users)


def read_log(name: str, weigh: EventWeights | None = None) -> Log:
    folder = DATA / name
    file = folder / "events_train.parquet"
    events = pd.read_parquet(file if file.exists() else folder / "events.parquet")
    catalogue = pd.read_parquet(folder / "items.parquet")
    items = catalogue.item_id.astype(str).to_numpy(object)
    row = pd.Index(items)
    user = events.user_id.astype("string")
    if "session_id" in events:
        user = user.fillna("session " + events.session_id.astype("string"))
    codes, users = pd.factorize(user, sort=True)
    orders = pd.factorize(events.order_id)[0] if "order_id" in events else None
    times = events.timestamp.astype("datetime64[ns]").astype("int64").to_numpy() / 1e9
    kinds = events.type.map({str(kind): code for kind, code in KIND.items()}).fillna(-1).to_numpy(np.int8)
    at = row.get_indexer(events.item_id.astype(str))
    x = make_interactions(
        users=codes,
        items=np.where(kinds >= 0, at, -1),  # an event without a type says nothing
        times=times,
        kinds=kinds,
        orders=orders,
        values=events["value"].to_numpy(float) if "value" in events else None,
        quantities=events["quantity"].to_numpy(float) if "quantity" in events else None,
        n_users=len(users),
        n_items=len(items),
        event_weights=weigh,
    )
    if name == "online_retail_ii":
        x = daily(x)
    prices = catalogue.price.to_numpy(float) if "price" in catalogue else np.full(len(items), np.nan)
    return Log(name, x, np.asarray(users, object), items, catalogue.title.to_numpy(object), prices)


def daily(x: Interactions) -> Interactions:
    """One line for each user, item, day and kind: the repeated lines of an invoice say no more."""
    key = ((x.times // DAY).astype(np.int64) * x.n_users + x.users) * x.n_items + x.items
    key = key * 16 + x.kinds
    _, first = np.unique(key, return_index=True)
    mask = np.zeros(len(x), bool)
    mask[first] = True
    return x.where(mask)


def window_task(log: Log, now: float, days: float, *, repeat: bool, least: int = 5) -> Task:
    """What users with `least` distinct items before `now` bought in the `days` after (new ones, or all)."""
    past, after = (
        log.x.where(log.x.times < now),
        log.x.where((log.x.times >= now) & (log.x.times < now + days * DAY)),
    )
    named = np.array([not str(user).startswith("session ") for user in log.users])
    bought = after.where((after.kinds == KIND[EventType.PURCHASE]) & named[after.users])
    pair = np.unique(past.users.astype(np.int64) * past.n_items + past.items)
    distinct = np.bincount(pair // past.n_items, minlength=past.n_users)
    new = np.unique(bought.users.astype(np.int64) * past.n_items + bought.items)
    fresh = new[~np.isin(new, pair)]
    eligible = np.flatnonzero(distinct >= least)
    users = np.intersect1d(np.unique(fresh // past.n_items), eligible)
    wanted_pairs = new if repeat else fresh
    owner = wanted_pairs // past.n_items
    wanted = {int(user): wanted_pairs[owner == user] % past.n_items for user in users}
    return Task(past, now, users, wanted, repeat)


def qrels_task(log: Log, file: str, now: float, *, repeat: bool) -> Task:
    """The judgements of a qrels file over the whole training log."""
    qrels = pd.read_csv(
        DATA / log.name / file,
        sep=r"\s+",
        header=None,
        names=["q", "z", "d", "g"],
        dtype={"q": str, "d": str},
    )
    qrels = qrels[qrels.g > 0]
    at = pd.Index(log.users).get_indexer(qrels.q)
    rows = pd.Index(log.items).get_indexer(qrels.d)
    known = at >= 0
    wanted = {
        int(user): np.unique(part.to_numpy()) for user, part in pd.Series(rows[known]).groupby(at[known])
    }
    return Task(log.x, now, np.array(sorted(wanted)), wanted, repeat)


def last_event_task(log: Log) -> Task:
    """Leave-one-out on the training log itself: each user's last event is wanted, the rest is known."""
    order = np.lexsort((log.x.times, log.x.users))
    last = np.append(np.flatnonzero(np.diff(log.x.users[order])), len(order) - 1)
    taken = order[last]
    mask = np.ones(len(log.x), bool)
    mask[taken] = False
    wanted = {int(log.x.users[at]): np.array([log.x.items[at]]) for at in taken}
    x = log.x.where(mask)
    return Task(x, float(log.x.times.max()) + DAY, np.array(sorted(wanted)), wanted)


def random_split_task(x: Interactions, share: float, seed: int) -> Task:
    """`share` of each user's events, drawn at random, is wanted; the rest is known."""
    order = np.lexsort((np.random.default_rng(seed).random(len(x)), x.users))
    users = x.users[order]
    first, count = np.searchsorted(users, users), np.bincount(users, minlength=x.n_users)[users]
    test = np.zeros(len(x), bool)
    test[order] = np.arange(len(x)) - first < np.round(count * share)
    after = x.where(test)
    wanted = {int(user): np.unique(after.items[after.users == user]) for user in np.unique(after.users)}
    return Task(x.where(~test), float(x.times.max()), np.array(sorted(wanted)), wanted)


def ndcg(wanted: NDArray[np.int64], rows: NDArray[np.int64], k: int = 10) -> float:
    """NDCG@k with binary gains, the ideal over all that is wanted."""
    gains = np.isin(rows[:k], wanted) / np.log2(np.arange(2, min(k, len(rows)) + 2))
    ideal = (1.0 / np.log2(np.arange(2, min(k, len(wanted)) + 2))).sum()
    return float(gains.sum() / ideal)
