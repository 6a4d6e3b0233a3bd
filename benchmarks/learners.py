"""How fast do the learners learn and answer, beside the plain or the peer form in the same run?

python -m benchmarks.learners
"""

from __future__ import annotations

import platform
import resource
import time
from collections.abc import Callable

import numpy as np
from scipy import sparse

from engine.learn.als import Als
from engine.learn.bpr import Bpr
from engine.learn.interactions import make_interactions
from engine.learn.visits import user_items
from engine.rank.features import ItemFacts, features
from engine.rank.stack import Stack, StackIndex
from engine.rank.stacking import FACTS, Stacking, fit_trees
from engine.types import Evidence, History, Interactions, Query
from indexes.factors import FactorIndex


def interactions(n: int, n_users: int, n_items: int, seed: int = 0) -> Interactions:
    rng = np.random.default_rng(seed)
    return make_interactions(
        users=rng.integers(0, n_users, n),
        items=(n_items * rng.random(n) ** 2).astype(int),
        times=np.sort(rng.uniform(0, 365 * 86_400.0, n)),
        n_users=n_users,
        n_items=n_items,
    )


def median_ms(call: Callable[[], object], rounds: int) -> float:
    call()
    took = []
    for _ in range(rounds):
        started = time.perf_counter()
        call()
        took.append((time.perf_counter() - started) * 1e3)
    return float(np.median(took))


def fold_in() -> str:
    rng = np.random.default_rng(0)
    index = FactorIndex.build(
        np.zeros((0, 64), np.float32), rng.normal(size=(20_000, 64)).astype(np.float32), 3.0, 0.05
    )
    rows, weights = np.sort(rng.choice(20_000, 50, replace=False)), np.ones(50)
    A, b = index.gram + np.eye(64), rng.normal(size=64)
    ours = median_ms(lambda: index.fold_in(rows, weights), 300)
    solve = median_ms(lambda: np.linalg.solve(A, b), 300)
    return line("fold-in, 64 factors, 50 items", ours, "numpy.linalg.solve of 64 x 64", solve)


def als() -> str:
    from implicit.cpu.als import AlternatingLeastSquares
    from threadpoolctl import threadpool_limits

    x = interactions(300_000, 10_000, 5_000)
    R = user_items(x, combine="log", half_life_days=90.0)
    confidence = sparse.csr_matrix(R, dtype=np.float32)
    confidence.data = 1.0 + 3.0 * confidence.data

    def peer() -> None:
        with threadpool_limits(1, "blas"):
            AlternatingLeastSquares(factors=64, iterations=15, regularization=0.05).fit(
                confidence, show_progress=False
            )

    ours, theirs = median_ms(lambda: Als().fit(x), 2), median_ms(peer, 2)
    return line("ALS fit, 300k interactions", ours, "implicit on the ready matrix", theirs)


def bpr() -> str:
    from implicit.cpu.bpr import BayesianPersonalizedRanking

    x = interactions(100_000, 5_000, 3_000)
    R = user_items(x)

    def peer() -> None:
        BayesianPersonalizedRanking(factors=64, iterations=20, num_threads=1).fit(R, show_progress=False)

    ours, theirs = median_ms(lambda: Bpr(iterations=20).fit(x), 2), median_ms(peer, 2)
    return line("BPR fit, 100k interactions, 20 epochs", ours, "implicit on the ready matrix", theirs)


def sequence() -> str:
    """One epoch of the self-attention network, beside the loop one would write first: the same network, sequences
    of full width in any order, softmax over the whole catalogue."""
    import torch

    from engine.learn.networks import Attention
    from engine.learn.sequences import Sequences, pad, sequences_of

    torch.set_num_threads(1)
    x = interactions(60_000, 8_000, 5_000)
    how = Sequences(epochs=1, patience=1)

    def plain() -> None:
        torch.manual_seed(1)
        model = Attention(x.n_items, how)
        optimizer = torch.optim.AdamW(model.parameters(), lr=how.learning_rate)
        table = torch.as_tensor(pad([rows for rows in sequences_of(x, how.window + 1) if len(rows) > 1], 31))
        model.train()
        for rows in table[torch.randperm(len(table))].split(how.batch):
            inputs, targets = rows[:, :-1], rows[:, 1:]
            there = (inputs >= 0) & (targets >= 0)
            states = model(torch.where(inputs < 0, x.n_items, inputs))[there]
            scores = states @ model.items.weight[: x.n_items].T
            loss = torch.nn.functional.cross_entropy(scores, targets[there])
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()

    ours, theirs = median_ms(lambda: how.fit(x), 1), median_ms(plain, 1)
    return line("SASRec, one epoch and its validation, 60k interactions", ours, "plain torch loop", theirs)


def pairs() -> str:
    x = interactions(100_000, 5_000, 3_000)
    index = Bpr(iterations=20).fit(x)
    rng = np.random.default_rng(0)
    rows, weights = np.sort(rng.choice(3_000, 50, replace=False)), np.ones(50)
    A, b = np.cov(rng.normal(size=(64, 200))) + np.eye(64), rng.normal(size=64)
    start = index.fold_in(rows[:-1], weights[:-1])
    ours = median_ms(lambda: index.fold_in(rows, weights, start), 100)
    solve = median_ms(lambda: np.linalg.solve(A, b), 300)
    return line("BPR fold-in of a 50th item, 64 factors", ours, "numpy.linalg.solve of 64 x 64", solve)


def stack() -> str:
    import lightgbm

    rng = np.random.default_rng(0)
    legs = tuple(f"leg{at}" for at in range(10))
    facts = ItemFacts(FACTS.fit(interactions(50_000, 1_000, 2_000)), np.ones(2_000, np.float32))
    rows = np.sort(rng.choice(2_000, 500, replace=False))
    scores = rng.random((500, 10))
    evidence = Evidence(rows, legs, scores, np.full(scores.shape, np.nan), np.zeros(10))
    query = Query(history=History.of(rows[:60]), now=facts.popularity.now)
    X = features(query, evidence, facts).X
    big = np.repeat(X, 20, axis=0) + rng.normal(0, 0.05, (10_000, X.shape[1]))
    labels = (big[:, 0] + big[:, 3] * big[:, 6] + rng.normal(0, 0.3, 10_000) > 1.6).astype(np.int8)
    how, sizes = Stacking(), np.full(20, 500)
    names = features(query, evidence, facts).owners
    accounts = [legs.index(name) if name in legs else 10 for name in names]
    tree_index = fit_trees(big.astype(np.float32), labels, sizes, accounts, how)
    fusion = Stack(StackIndex(tree_index, legs, facts))
    booster = lightgbm.train(
        {"objective": "lambdarank", "num_leaves": 8, "verbose": -1, "num_threads": 1},
        lightgbm.Dataset(big, labels, group=sizes),
        how.rounds,
    )
    ours = median_ms(lambda: fusion(query, evidence), 50)
    trees = median_ms(lambda: tree_index(X), 50)
    predict = median_ms(lambda: booster.predict(X, num_threads=1), 20)
    shap = median_ms(lambda: booster.predict(X, pred_contrib=True, num_threads=1), 3)
    return "\n".join(
        [
            line("re-rank of 500: features, scores, shares", ours, "LightGBM's scores alone", predict),
            line("of that, the trees with their shares", trees, "LightGBM's pred_contrib", shap),
        ]
    )


def line(what: str, ours: float, peer: str, theirs: float) -> str:
    return f"| {what} | {ours:.3g} ms | {peer}: {theirs:.3g} ms | {ours / theirs:.3g} |"


def main() -> None:
    print(f"Python {platform.python_version()}, {platform.machine()}, {time.strftime('%Y-%m-%d')}\n")
    print("| what | ours | beside it, same run | ratio |\n|---|---|---|---|")
    for measure in (fold_in, als, bpr, pairs, sequence, stack):
        print(measure(), flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nPeak memory of the run: {peak:.0f} MB.")


if __name__ == "__main__":
    main()
