"""What does the log teach about which leg to believe?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.behaviour import OWNED, owned
from engine.learn.interactions import KIND
from engine.learn.popularity import Popularity
from engine.learn.visits import DAY
from engine.pipeline import Pipeline
from engine.rank.features import ItemFacts, features
from engine.rank.stack import StackIndex, accounts_of
from engine.types import EventType, Evidence, Floats, History, Interactions, Learner, Query, Retriever
from indexes.linear import LinearIndex
from indexes.trees import TreeIndex

Make = Callable[[Mapping[str, Any]], Mapping[str, Retriever]]
Rows = NDArray[np.int64]
FACTS = Popularity(half_lives=(3.0, 7.0, 28.0, 90.0, 0.0))


@dataclass(frozen=True)
class Stacking:
    """How the fusion is trained: at past moments, on what those moments knew, against what came after.

    At each of `origins` (steps of `horizon_days` back from the end of the log, and the same season a year
    ago if the log reaches it) the legs are fitted on the past, `users` of those who bought in the horizon
    are drawn, and the candidates of all legs are labelled by what was bought. Rows are chosen without a
    look at the label: every candidate of a drawn user is kept. `trees` is LightGBM's lambdarank (Burges
    2010) with 8 leaves a tree; `logistic` a ridge-penalized logistic regression on standardized features.
    """

    method: Literal["trees", "logistic"] = "trees"
    origins: int = 3
    horizon_days: float = 28.0
    year_ago: bool = True
    users: int = 1000
    pool: int = 100
    repeat: bool = False
    least: int = 2  # items a user must have met before the origin
    evidence: int = 50  # wanted items among the candidates; with fewer nothing is learned
    rounds: int = 200
    learning_rate: float = 0.1
    leaf_rows: int = 50
    feature_share: float = 0.4
    seed: int = 7

    def moments(self, x: Interactions) -> list[float]:
        """Unix seconds of the origins, latest first; none may look past the end of the log."""
        if not len(x):
            return []
        end, begin = float(x.times[-1]), float(x.times[0])
        step = self.horizon_days * DAY
        found = [end - step * (at + 1) for at in range(self.origins)]
        season = end - 365.0 * DAY
        if self.year_ago:
            found.append(season)
        return [moment for moment in found if moment > begin + 0.2 * (end - begin)]


@dataclass(frozen=True, eq=False)
class Examples:
    """Candidates of many requests: X [n, f], labels [n], sizes of the requests [r], who owns each feature."""

    X: NDArray[np.float32]
    labels: NDArray[np.int8]
    sizes: NDArray[np.int64]
    names: tuple[str, ...]
    owners: tuple[str, ...]
    legs: tuple[str, ...]
    asked: tuple[tuple[Query, Evidence], ...] = ()  # [r]: so that any fusion can be measured on them


def examples_at(
    x: Interactions,
    moment: float,
    learners: Mapping[str, Learner],
    make: Make,
    prices: NDArray[np.float32],
    how: Stacking,
    progress: Callable[[str], None] | None = None,
) -> Examples | None:
    """Candidates as they would have been at `moment`, labelled by what came in the horizon after it.

    Nothing at or after the moment reaches a leg, a feature or the choice of candidates.
    """
    past = x.where(x.times < moment)
    after = x.where((x.times >= moment) & (x.times < moment + how.horizon_days * DAY))
    indexes = {}
    for name, learner in learners.items():
        if progress:
            progress(f"fitting {name}")
        indexes[name] = learner.fit(past)
    users, wanted = requests(past, after, how)
    return examples_of(past, moment, users, wanted, make(indexes), ItemFacts(FACTS.fit(past), prices), how)


def examples_of(
    past: Interactions,
    moment: float,
    users: Rows,
    wanted: Mapping[int, Rows],
    legs: Mapping[str, Retriever],
    facts: ItemFacts,
    how: Stacking,
) -> Examples | None:
    """The candidates of `users` by legs that know the `past` alone, labelled by what each `wanted`."""
    histories = by_user(past, users)
    asked = Pipeline(legs, nobody, pool=how.pool)
    blocks, labels, sizes, said = [], [], [], []
    found = None
    for user in users.tolist():
        history = histories[user]
        allowed = None if how.repeat else without(history, past.n_items)
        query = Query(history=history, user_row=user, now=moment, allowed=allowed)
        evidence = asked(query, how.pool).evidence
        if not len(evidence.rows):
            continue
        found = features(query, evidence, facts)
        blocks.append(found.X.astype(np.float32))
        labels.append(np.isin(evidence.rows, wanted[user]))
        sizes.append(len(evidence.rows))
        said.append((replace(query, allowed=None), evidence))
    if found is None:
        return None
    return Examples(
        np.concatenate(blocks),
        np.concatenate(labels).astype(np.int8),
        np.array(sizes),
        found.names,
        found.owners,
        tuple(legs),
        tuple(said),
    )


def fit_stack(
    x: Interactions,
    learners: Mapping[str, Learner],
    make: Make,
    *,
    prices: NDArray[np.float32] | None = None,
    how: Stacking | None = None,
    progress: Callable[[str], None] | None = None,
) -> StackIndex | None:
    """Train the fusion on the log `x`; None when the log holds too little to learn from.

    `learners` by name and `make` (indexes by name -> legs by name) are those that serve, so that the stack
    is trained on the distribution that it will score. Retrievers over indexes that do not change with time
    (vectors, terms) may be bound inside `make`.
    """
    how = how or Stacking()
    examples = gather(x, learners, make, prices, how, progress)
    return train(examples, facts_of(x, prices), how) if examples else None


def gather(
    x: Interactions,
    learners: Mapping[str, Learner],
    make: Make,
    prices: NDArray[np.float32] | None,
    how: Stacking,
    progress: Callable[[str], None] | None = None,
) -> list[Examples]:
    """The examples of every moment, latest first; none at all when together they want too few items."""
    price = np.full(x.n_items, np.nan, np.float32) if prices is None else prices
    parts = [examples_at(x, m, learners, make, price, how, progress) for m in how.moments(x)]
    examples = [part for part in parts if part is not None]
    return examples if sum(int(part.labels.sum()) for part in examples) >= how.evidence else []


def facts_of(x: Interactions, prices: NDArray[np.float32] | None) -> ItemFacts:
    """What is known of the items at the end of the log."""
    return ItemFacts(FACTS.fit(x), np.full(x.n_items, np.nan, np.float32) if prices is None else prices)


def train(examples: Sequence[Examples], facts: ItemFacts, how: Stacking) -> StackIndex:
    """One model over the examples of all origins."""
    X = np.concatenate([part.X for part in examples])
    y = np.concatenate([part.labels for part in examples])
    sizes = np.concatenate([part.sizes for part in examples])
    first = examples[0]
    accounts = accounts_of(first.owners, first.legs)
    fit = fit_trees if how.method == "trees" else fit_logistic
    return StackIndex(fit(X, y, sizes, accounts, how), first.legs, facts, how.method)


def fit_trees(
    X: NDArray[np.float32], y: NDArray[np.int8], sizes: Rows, accounts: Sequence[int], how: Stacking
) -> TreeIndex:
    import lightgbm

    settings = {
        "objective": "lambdarank",
        "num_leaves": 8,
        "learning_rate": how.learning_rate,
        "min_data_in_leaf": how.leaf_rows,
        "feature_fraction": how.feature_share,
        "lambdarank_truncation_level": 30,
        "label_gain": [0, 1],
        "max_bin": 63,
        "use_missing": False,
        "deterministic": True,
        "force_row_wise": True,
        "seed": how.seed,
        "verbose": -1,
    }
    booster = lightgbm.train(settings, lightgbm.Dataset(X, y, group=sizes), how.rounds)
    return TreeIndex.build(booster.dump_model()["tree_info"], accounts)


def fit_logistic(
    X: NDArray[np.float32], y: NDArray[np.int8], sizes: Rows, accounts: Sequence[int], how: Stacking
) -> LinearIndex:
    from sklearn.linear_model import LogisticRegression

    means, spread = X.mean(axis=0, dtype=np.float64), X.std(axis=0, dtype=np.float64)
    spread[spread == 0] = 1.0
    # Each request weighs the same, however many candidates it has.
    weight = np.repeat(1.0 / sizes, sizes) * len(X) / len(sizes)
    model = LogisticRegression(C=1.0, max_iter=300)
    model.fit((X - means) / spread, y, sample_weight=weight)
    return LinearIndex(model.coef_[0] / spread, means, np.asarray(accounts, np.int32))


def requests(past: Interactions, after: Interactions, how: Stacking) -> tuple[Rows, dict[int, Rows]]:
    """Users with a past who bought in the horizon, and what: new items only, unless repeats count.

    Where nobody bought anything, whatever speaks for an item stands in for a purchase.
    """
    bought = after.where((after.kinds == KIND[EventType.PURCHASE]) & (after.weights > 0))
    wants = bought if len(bought) else after.where(after.weights > 0)
    pair = np.unique(wants.users.astype(np.int64) * past.n_items + wants.items)
    known = past.users.astype(np.int64) * past.n_items + past.items
    if not how.repeat:
        pair = pair[~np.isin(pair, known[np.isin(past.kinds, [KIND[kind] for kind in OWNED])])]
    met = np.bincount(np.unique(known) // past.n_items, minlength=past.n_users)
    users = np.unique(pair // past.n_items)
    users = users[met[users] >= how.least]
    if len(users) > how.users:
        users = np.sort(np.random.default_rng(how.seed).choice(users, how.users, replace=False))
    owner = pair // past.n_items
    return users, {
        int(user): pair[np.searchsorted(owner, user) : np.searchsorted(owner, user, side="right")]
        % past.n_items
        for user in users
    }


def by_user(x: Interactions, users: Rows) -> dict[int, History]:
    """The history of each of `users`, oldest first."""
    keep = np.flatnonzero(np.isin(x.users, users))
    keep = keep[np.argsort(x.users[keep], kind="stable")]
    owner = x.users[keep]
    found = {}
    for user in users.tolist():
        part = keep[np.searchsorted(owner, user) : np.searchsorted(owner, user, side="right")]
        found[user] = History(x.items[part].astype(np.int64), x.weights[part], x.times[part], x.kinds[part])
    return found


def without(history: History, n_items: int) -> NDArray[np.bool_]:
    """Every item but those the user has: what serving leaves out, no more and no less."""
    allowed = np.ones(n_items, np.bool_)
    allowed[owned(history)] = False
    return allowed


def nobody(query: Query, evidence: Evidence) -> Floats:
    """A fusion that says nothing: only the evidence is wanted."""
    return np.zeros((len(evidence.rows), len(evidence.legs)))
