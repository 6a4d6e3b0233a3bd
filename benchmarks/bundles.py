"""Does fusing evidence complete a bundle better than co-purchase alone, or words alone?

Gold bundles of bundlerec_electronic are split into five folds by a hash of their items, so that the same
bundle is never in two folds. Four folds are the baskets to learn from; from every bundle of the fifth, each
item in turn is the seed, and the whole catalogue is ranked for the rest of the bundle; a bundle's value is
the mean over its seeds. Shopping sessions that hold two items of a tested bundle are left out of what is
learned. The fused weights are found inside the four folds.

    python -m benchmarks.bundles [--write]
"""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
from scipy import sparse

from engine.evaluate.metrics import Judged, measure
from engine.evaluate.significance import compare
from engine.learn.partners import Partners, word_rows
from engine.text import analyse
from indexes.partners import PARTS
from indexes.ranking import Ranking

DATA = Path(os.environ.get("RONGHE_EVAL_DATA", Path(__file__).parents[2] / "shared" / "data"))
FOLDS = 5
METRICS = ("recall@10", "mrr", "ndcg@10", "hit_rate@10")
System = Callable[[int, int], Ranking]


class Bundles:
    """The gold bundles and sessions as rows of the catalogue."""

    def __init__(self, folder: Path):
        items = pd.read_parquet(folder / "items.parquet").astype(str)
        ids = pd.Index(items.item_id)
        self.n = len(ids)
        self.kinds = pd.factorize(items.category)[0].astype(np.int32)
        texts = items.title + " " + items.category.str.rsplit(" > ", n=1).str[-1]
        self.words = word_rows([analyse(text) for text in texts])
        self.bundles = sets_of(pd.read_parquet(folder / "bundle_item.parquet"), "bundle_id", ids)
        self.sessions = sets_of(pd.read_parquet(folder / "session_item.parquet"), "session_id", ids)
        self.folds = np.array([fold_of([ids[row] for row in rows]) for rows in self.bundles])

    def table(self, sets: Sequence[Sequence[int]]) -> sparse.csr_matrix:
        rows = np.repeat(np.arange(len(sets)), [len(s) for s in sets])
        columns = np.concatenate([np.asarray(s, np.int64) for s in sets]) if sets else np.zeros(0, np.int64)
        return sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), (len(sets), self.n))

    def split(self, fold: int) -> tuple[sparse.csr_matrix, sparse.csr_matrix, list[list[int]]]:
        """Baskets and sessions to learn from, and the bundles to test."""
        learned = [b for b, f in zip(self.bundles, self.folds, strict=True) if f != fold]
        tested = [b for b, f in zip(self.bundles, self.folds, strict=True) if f == fold]
        sessions = self.table(self.sessions)
        seen = np.asarray((sessions @ self.table(tested).T).max(axis=1).todense()).ravel()
        return self.table(learned), sessions[np.flatnonzero(seen < 2)], tested


def sets_of(table: pd.DataFrame, column: str, ids: pd.Index[str]) -> list[list[int]]:
    found: dict[object, set[int]] = {}
    places = ids.get_indexer(pd.Index(table.item_id.astype(str)))
    for key, row in zip(table[column].tolist(), places.tolist(), strict=True):
        if row >= 0:
            found.setdefault(key, set()).add(row)
    return [sorted(rows) for rows in found.values() if len(rows) >= 2]


def fold_of(item_ids: Sequence[str]) -> int:
    digest = blake2b(" ".join(sorted(item_ids)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % FOLDS


def systems(
    data: Bundles, baskets: sparse.csr_matrix, sessions: sparse.csr_matrix
) -> tuple[dict[str, System], np.ndarray]:
    pairs = sparse.csr_matrix(baskets.T @ baskets)
    held = np.maximum(pairs.diagonal(), 1.0)
    pairs.setdiag(0)
    fused = Partners().fit_sets(baskets, sessions, data.words, data.kinds)
    untuned = Partners(tune=False).fit_sets(baskets, sessions, data.words, data.kinds)
    rows = np.arange(data.n)

    def together(seed: int, k: int) -> Ranking:
        scores = np.asarray(pairs[seed].todense()).ravel() / held**0.3
        return Ranking.of(rows[scores > 0], scores[scores > 0], k)

    def words(seed: int, k: int) -> Ranking:
        scores = np.asarray((data.words @ data.words[seed].T).todense()).ravel()
        scores[seed] = 0
        return Ranking.of(rows[scores > 0], scores[scores > 0], k)

    found: dict[str, System] = {
        "co-purchase alone": together,
        "words alone": words,
        "fused, untuned": untuned.search,
        "fused": fused.search,
    }
    return found, fused.weights


def run(data: Bundles) -> tuple[dict[str, dict[str, np.ndarray]], list[np.ndarray], dict[str, float]]:
    """Every metric of every system for every bundle; the weights found; seconds by system."""
    values: dict[str, dict[str, list[np.ndarray]]] = {}
    weights: list[np.ndarray] = []
    seconds: dict[str, float] = {}
    for fold in range(FOLDS):
        baskets, sessions, tested = data.split(fold)
        found, weight = systems(data, baskets, sessions)
        weights.append(weight)
        asked = [(b, seed) for b, items in enumerate(tested) for seed in items]
        wanted = {(b, s): {row: 1.0 for row in tested[b] if row != s} for b, s in asked}
        for name, system in found.items():
            started = perf_counter()
            run = {(b, s): system(s, 100).rows.tolist() for b, s in asked}
            seconds[name] = seconds.get(name, 0.0) + perf_counter() - started
            judged = Judged.of(run, wanted)
            for metric in METRICS:
                owner = np.array([b for b, _ in asked])
                mean = np.bincount(owner, measure(judged, metric)) / np.bincount(owner)
                values.setdefault(name, {}).setdefault(metric, []).append(mean)
    joined = {n: {m: np.concatenate(v) for m, v in found.items()} for n, found in values.items()}
    return joined, weights, seconds


def table(values: Mapping[str, Mapping[str, np.ndarray]], weights: Sequence[np.ndarray]) -> str:
    lines = ["| system | " + " | ".join(METRICS) + " |", "|---|" + "---|" * len(METRICS)]
    for name, found in values.items():
        lines.append(f"| {name} | " + " | ".join(f"{found[m].mean():.4f}" for m in METRICS) + " |")
    lines.append("")
    for rival in ("co-purchase alone", "words alone"):
        for metric in ("recall@10", "mrr"):
            pair = compare(values["fused"][metric], values[rival][metric], resamples=1000)
            lines.append(
                f"- fused over {rival}, {metric}: {pair.relative:+.1%} "
                f"(difference {pair.difference:+.4f}, 95 % interval {pair.low:+.4f} to {pair.high:+.4f}, "
                f"sign-flip p {pair.p_sign_flip:.4f})"
            )
    lines.append("")
    for fold, weight in enumerate(weights):
        shown = ", ".join(f"{part} {w:g}" for part, w in zip(PARTS, weight, strict=True))
        lines.append(f"- weights found for fold {fold}: {shown}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="record the result in benchmarks/results")
    ask = parser.parse_args()
    data = Bundles(DATA / "bundlerec_electronic")
    values, weights, seconds = run(data)
    n = len(values["fused"]["mrr"])
    text = "\n".join(
        [
            "# Completing a gold bundle from one seed (bundlerec_electronic)",
            "",
            f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, {os.cpu_count()} processors, Python "
            f"{platform.python_version()}. Command: `python -m benchmarks.bundles --write`",
            "",
            f"{n:,} bundles in {FOLDS} folds by hash of their items; {data.n:,} items ranked, none sampled.",
            "",
            table(values, weights),
            "",
            "Seconds to rank all: " + ", ".join(f"{k} {v:.1f}" for k, v in seconds.items()) + ".",
            "",
        ]
    )
    print(text)
    if ask.write:
        (Path(__file__).parent / "results" / "bundles.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
