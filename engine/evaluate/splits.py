"""Which facts may a model learn from, and which are kept to test it?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.errors import BadQuery
from engine.types import EVENT_TYPES, EventType, Interactions


@dataclass(frozen=True, eq=False)
class Split:
    """Two parts of one log: no fact is in both. Rows of users and items mean the same in each."""

    train: Interactions
    test: Interactions


def split_by_time(interactions: Interactions, cut: float, until: float = np.inf) -> Split:
    """Train before `cut`, test in [cut, until), in Unix seconds: what a shop meets in earnest.

    The global timeline split of Ji et al., TOIS 2023: nothing of the future leaks through other users.
    """
    times = interactions.times
    return Split(interactions.where(times < cut), interactions.where((times >= cut) & (times < until)))


def time_of_share(interactions: Interactions, share: float) -> float:
    """The time before which (about) `share` of the facts lie: a cut for split_by_time. Raises BadQuery."""
    if not 0 < share < 1:
        raise BadQuery(f"The share to train on must lie between 0 and 1, not {share}.")
    if not len(interactions):
        raise BadQuery("There are no interactions to split; ingest events first.")
    return float(np.sort(interactions.times)[int(share * len(interactions))])


def leave_one_out(interactions: Interactions, keep: int = 1) -> Split:
    """Test on every user's last fact; train on all before it. A user with `keep` facts or fewer only trains.

    Facts at the same time keep the log's order.
    """
    n = len(interactions)
    order = np.lexsort((np.arange(n), interactions.times, interactions.users))
    users = interactions.users[order]
    last = np.ones(n, bool)
    last[:-1] = users[1:] != users[:-1]
    counts = np.bincount(interactions.users, minlength=interactions.n_users)
    test = np.zeros(n, bool)
    test[order[last & (counts[users] > keep)]] = True
    return Split(interactions.where(~test), interactions.where(test))


def k_folds(interactions: Interactions, k: int = 5, seed: int = 0) -> Iterator[Split]:
    """`k` splits whose tests together are the whole log, each once; every user is spread over all folds.

    A user's repeated facts about one item stay together, or the test would be known already.
    """
    if k < 2:
        raise BadQuery(f"Cross-validation needs two folds or more, not {k}.")
    pair = interactions.users.astype(np.int64) * max(interactions.n_items, 1) + interactions.items
    pairs, place = np.unique(pair, return_inverse=True)
    rng = np.random.default_rng(seed)
    user = pairs // max(interactions.n_items, 1)
    order = np.lexsort((rng.random(len(pairs)), user))
    starts = np.searchsorted(user[order], user[order])  # of each user's run of pairs
    offset = rng.integers(0, k, interactions.n_users)  # or fold 0 would hold everyone's first pair
    fold = np.empty(len(pairs), np.int64)
    fold[order] = (np.arange(len(pairs)) - starts + offset[user[order]]) % k
    of_fact = fold[place]
    for number in range(k):
        yield Split(interactions.where(of_fact != number), interactions.where(of_fact == number))


def judgements_of(
    test: Interactions,
    known: Interactions | None = None,
    kinds: Sequence[EventType] | None = None,
) -> dict[int, dict[int, float]]:
    """user row -> item row -> 1.0 for every fact of `test` whose weight is positive.

    `kinds` keeps some kinds of event only; with `known`, pairs that are already there are left out, as a
    recommender is when what was bought may not come back.
    """
    keep: NDArray[np.bool_] = test.weights > 0
    if kinds is not None:
        keep &= np.isin(test.kinds, [EVENT_TYPES.index(kind) for kind in kinds])
    n_items = max(test.n_items, 1)
    pair = np.unique(test.users[keep].astype(np.int64) * n_items + test.items[keep])
    if known is not None:
        pair = pair[~np.isin(pair, known.users.astype(np.int64) * n_items + known.items)]
    judgements: dict[int, dict[int, float]] = {}
    for user, item in zip((pair // n_items).tolist(), (pair % n_items).tolist(), strict=True):
        judgements.setdefault(user, {})[item] = 1.0
    return judgements
