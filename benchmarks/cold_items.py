"""Do items that nobody has met yet reach the right people?

    python -m benchmarks.cold_items online_retail_ii [--share .1] [--users 3000]

A share of the items, drawn at random, is taken out of the training log altogether. Whoever had met one of them is
asked for, with the rest of their history, and every leg ranks the hidden items alone (by chance: 10 in all of
them), and the whole catalogue. The judgements are training events: no test file is read.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Sequence

import numpy as np

from benchmarks.recommend_data import ndcg, read_log
from engine.learn.als import Als
from engine.learn.cold import Cold, describe
from engine.learn.visits import Reading
from engine.rank.stacking import by_user
from engine.retrieve.behaviour import ContentTerms, Personal
from engine.text.analysis import analyse
from engine.types import Query, Retriever
from indexes.terms import TermIndex


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("set")
    parser.add_argument("--share", type=float, default=0.1)
    parser.add_argument("--users", type=int, default=3000)
    given = parser.parse_args(arguments)
    log = read_log(given.set)
    rng = np.random.default_rng(7)
    met = np.flatnonzero(np.bincount(log.x.items, minlength=log.x.n_items) > 0)
    hidden = np.zeros(log.x.n_items, bool)
    hidden[rng.choice(met, int(given.share * len(met)), replace=False)] = True
    x, taken = log.x.where(~hidden[log.x.items]), log.x.where(hidden[log.x.items] & (log.x.weights > 0))
    users = np.intersect1d(np.unique(taken.users), np.unique(x.users))
    users = np.sort(rng.permutation(users)[: given.users])
    terms = TermIndex.build([analyse(str(title)) for title in log.titles])
    features = describe(terms)
    started = time.perf_counter()
    plain = Als().fit(x)
    fitted = time.perf_counter()
    cold = Cold(Als(), features)
    placed = cold.fit(x)
    took = time.perf_counter() - fitted - (fitted - started)
    legs: dict[str, Retriever] = {
        "factors, unseen items placed": Personal(placed, cold.reading),
        "factors alone": Personal(plain, cold.reading),
        "terms, what was last": ContentTerms(terms, Reading(visit_decay=0.7)),
        "terms, all alike": ContentTerms(terms, Reading()),
    }
    histories = by_user(x, users)
    wanted = {int(user): np.unique(taken.items[taken.users == user]) for user in users}
    print(f"Python {platform.python_version()}, {platform.machine()}, {time.strftime('%Y-%m-%d')}\n")
    print(f"## {given.set}: {hidden.sum():,} of {len(met):,} items hidden, {len(users):,} users\n")
    print("| leg | NDCG@10 among the hidden | recall@10 | NDCG@10, whole catalogue |\n|---|---|---|---|")
    for name, leg in legs.items():
        among, recall, whole = [], [], []
        for user in users.tolist():
            query = Query(history=histories[user], allowed=hidden, now=float(x.times[-1]))
            found = leg(query, 10).rows
            among.append(ndcg(wanted[user], found))
            recall.append(np.isin(found, wanted[user]).sum() / len(wanted[user]))
            everywhere = np.ones(len(hidden), bool)
            everywhere[histories[user].rows] = False
            query = Query(history=histories[user], allowed=everywhere, now=float(x.times[-1]))
            whole.append(ndcg(wanted[user], leg(query, 10).rows))
        print(f"| {name} | {np.mean(among):.4f} | {np.mean(recall):.4f} | {np.mean(whole):.4f} |", flush=True)
    print(f"| by chance | | {10 / hidden.sum():.4f} | |")
    print(f"\nPlacing took {max(took, 0.0):.1f} s more than the fit's {fitted - started:.1f} s.")


if __name__ == "__main__":
    main()
