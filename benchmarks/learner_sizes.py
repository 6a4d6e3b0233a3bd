"""What does each learner cost, in seconds and memory, on the open sets and on ten million interactions?

    python -m benchmarks.learner_sizes online_retail_ii s3_amazon_beauty
    python -m benchmarks.learner_sizes 1M 10M --only als,neighbours

Every fit runs in a process of its own, with 8 GB to live in, one thread. A size such as 10M is a made-up log: visits of
three items, one user for every 20 interactions, one item for every 200, the popular ones met far more often. ALS
and BPR are beside `implicit` on the ready matrix, in a process of its own; its iterations are ours.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from benchmarks.recommend_data import DAY, read_log
from engine.learn import LEARNERS
from engine.learn.als import Als
from engine.learn.bpr import Bpr
from engine.learn.interactions import make_interactions
from engine.learn.visits import positive, user_items
from engine.types import Interactions

PEERS = ("implicit als", "implicit bpr")
LIMIT = 8 * 2**30
SHORT = 1_000_000  # a made-up log as large as this is learned in fewer iterations, ours and the peer's


def made_up(n: int, seed: int = 0) -> Interactions:
    rng = np.random.default_rng(seed)
    visits = np.repeat(np.arange(n // 3 + 1), 3)[:n]
    n_users, n_items = max(n // 20, 10), max(n // 200, 10)
    kinds = rng.integers(0, 50, n_users)
    users = rng.integers(0, n_users, visits[-1] + 1)[visits].astype(np.int32)
    place = (n_items // 50 * rng.random(n) ** 2).astype(np.int64)
    items = place * 50 + np.where(rng.random(n) < 0.8, kinds[users], rng.integers(0, 50, n))
    times = np.sort(rng.uniform(0, 365 * DAY, visits[-1] + 1))[visits]
    return make_interactions(
        users=users, items=np.minimum(items, n_items - 1), times=times, n_users=n_users, n_items=n_items
    )


def log_of(name: str) -> Interactions:
    if name[-1:] == "M" and name[:-1].replace(".", "").isdigit():
        return made_up(int(float(name[:-1]) * 1e6))
    return read_log(name).x


def fit(name: str, size: str) -> dict[str, Any]:
    """Seconds of one fit and what it added to the peak memory, in MB, over the log itself."""
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT))
    x = log_of(size)
    short = len(x) >= SHORT
    als, bpr = Als(iterations=5 if short else 15), Bpr(iterations=10 if short else 100)
    call: Any
    if name == "implicit als":
        from implicit.cpu.als import AlternatingLeastSquares

        R = user_items(x, combine="log", half_life_days=90.0)
        R.data = 1.0 + 3.0 * R.data
        peer: Any = AlternatingLeastSquares(
            factors=64, iterations=als.iterations, regularization=0.05, num_threads=1
        )
        call = partial(peer.fit, R, show_progress=False)
    elif name == "implicit bpr":
        from implicit.cpu.bpr import BayesianPersonalizedRanking

        R = positive(user_items(x))
        peer = BayesianPersonalizedRanking(factors=64, iterations=bpr.iterations, num_threads=1)
        call = partial(peer.fit, R, show_progress=False)
    else:
        learner: Any = {"als": als, "bpr": bpr}.get(name, LEARNERS[name])
        small = x.where(np.arange(len(x)) < 300)
        (replace(learner, iterations=1) if name in ("als", "bpr") else learner).fit(small)  # compiles, loads
        call = partial(learner.fit, x)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    started = time.perf_counter()
    call()
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"interactions": len(x), "seconds": seconds, "before": before, "peak": peak}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sets", nargs="+")
    parser.add_argument("--only", default="", help="some learners, with commas between")
    parser.add_argument("--fit", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.fit:
        print(json.dumps(fit(given.fit, given.sets[0])))
        return
    names = [name for name in given.only.split(",") if name] or [*LEARNERS, *PEERS]
    print(f"Python {platform.python_version()}, {platform.machine()}, {time.strftime('%Y-%m-%d')}\n")
    print("| log | learner | interactions | seconds | peak MB | before it |\n|---|---|---|---|---|---|")
    for size in given.sets:
        for name in names:
            command = [sys.executable, "-m", "benchmarks.learner_sizes", size, "--fit", name]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                print(
                    f"| {size} | {name} | failed: {(done.stderr.strip().splitlines() or ['killed'])[-1]} |",
                    flush=True,
                )
                continue
            told = json.loads(done.stdout)
            print(
                f"| {size} | {name} | {told['interactions']:,} | {told['seconds']:.1f} "
                f"| {told['peak']:,.0f} | {told['before']:,.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
