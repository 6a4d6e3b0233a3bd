"""Which of several settings would have done best lately?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.learn.sessions import Sessions
from engine.learn.visits import DAY, Reading
from engine.types import History, Interactions, Learner

Ask = Callable[[Any, History, float], NDArray[Any]]  # index, history, now -> scores [n_items]


@dataclass(frozen=True)
class Chosen:
    """A learner that tries `variants` on the last part of the log and fits the winner on all of it.

    Each variant is fitted on what came before the last `share` of the time (at most `most_days`) and ranks
    the whole catalogue, less what a user already had, for up to `users` of those who then touched something
    new. The best mean NDCG@10 wins; a later variant must beat an earlier one by more than one standard error
    of the paired difference, so the first is the default, and stays it with too little to judge by.
    """

    variants: tuple[Learner, ...]
    ask: Ask = field(compare=False)
    reading: Reading
    users: int = 200
    least: int = 30
    share: float = 0.2
    most_days: float = 28.0
    seed: int = 7

    def fit(self, interactions: Interactions) -> Any:
        return self.choose(interactions).fit(interactions)

    def choose(self, x: Interactions) -> Learner:
        """The variant that would have done best."""
        if not len(x) or len(self.variants) < 2:
            return self.variants[0]
        span = float(x.times[-1] - x.times[0])
        moment = float(x.times[-1]) - min(span * self.share, self.most_days * DAY)
        past, after = x.where(x.times < moment), x.where((x.times >= moment) & (x.weights > 0))
        had = np.unique(past.users.astype(np.int64) * x.n_items + past.items)
        new = np.unique(after.users.astype(np.int64) * x.n_items + after.items)
        new = new[~np.isin(new, had)]
        users = np.intersect1d(new // x.n_items, had // x.n_items)
        if len(users) < self.least:
            return self.variants[0]
        users = np.sort(np.random.default_rng(self.seed).permutation(users)[: self.users])
        best, best_scores = self.variants[0], self.scores(self.variants[0], past, moment, users, new)
        for variant in self.variants[1:]:
            scores = self.scores(variant, past, moment, users, new)
            gain = scores - best_scores
            if gain.mean() > gain.std() / np.sqrt(len(gain)):
                best, best_scores = variant, scores
        return best

    def scores(
        self,
        variant: Learner,
        past: Interactions,
        moment: float,
        users: NDArray[np.int64],
        new: NDArray[np.int64],
    ) -> NDArray[np.float64]:
        """NDCG@10 of each of `users`; `new` are the pairs (user * n_items + item) that count."""
        index = variant.fit(past)
        order = np.argsort(past.users, kind="stable")
        owner = past.users[order]
        found = np.zeros(len(users))
        for at, user in enumerate(users.tolist()):
            part = order[np.searchsorted(owner, user) : np.searchsorted(owner, user, side="right")]
            history = History(
                past.items[part].astype(np.int64), past.weights[part], past.times[part], past.kinds[part]
            )
            scores = np.array(self.ask(index, history, moment), np.float64)
            scores[history.rows] = -np.inf
            top = np.argsort(-scores, kind="stable")[:10]
            hits = np.isin(user * past.n_items + top, new) & (scores[top] > 0)
            wanted = np.searchsorted(new, (user + 1) * past.n_items) - np.searchsorted(
                new, user * past.n_items
            )
            discount = 1.0 / np.log2(np.arange(2, 12))
            found[at] = hits @ discount[: len(top)] / discount[: min(10, int(wanted))].sum()
        return found


def ask_sessions(index: Any, history: History, now: float) -> NDArray[Any]:
    """As the session retriever asks."""
    rows, weights = Sessions().reading(history, now)
    return np.asarray(index.dense(rows, weights, now))
