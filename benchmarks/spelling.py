"""How many real misspelled product queries are corrected to the letter, and how many correct ones are broken?

    python -m benchmarks.spelling [--out benchmarks/results/spelling.md] [--fit]

Five folds by the hash of the corrected query. For each, the shop is what the other four folds know: their corrected
queries, made by enough users; the weights and the holding back are fitted on those folds alone. A query is broken
when the right side of a held-out pair is changed. `--fit` prints the weights that the product ships: the mean of the
folds' weights.
"""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from time import perf_counter

import numpy as np
from scipy.optimize import minimize

from engine.text.channel import FEATURES, WEIGHTS
from engine.text.folding import fold
from engine.text.spelling import ENOUGH, Speller, write

FOLDS = 5
RIDGE = 0.001
KEEP = 1.5  # what a correct query counts in the fit beside a misspelled one
BROKEN = 0.017  # of the training folds' correct queries, so that held-out ones stay below .02
HELD = ("change", "split", "join")

Reading = tuple[str, np.ndarray]
Case = tuple[str, str, list[Reading]]  # typed, meant, readings


def pairs_of(data: Path) -> list[tuple[str, str]]:
    lines = (data / "query_spelling_en" / "pairs.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return [(tidy(a), tidy(b)) for a, b in (line.split("\t")[:2] for line in lines)]


def tidy(text: str) -> str:
    return " ".join(fold(text).split())


def part(meant: str) -> int:
    return int.from_bytes(blake2b(meant.encode(), digest_size=4).digest(), "big") % FOLDS


def cases(pairs: Sequence[tuple[str, str]], out: int, weights: np.ndarray) -> list[Case]:
    """The readings of fold `out`'s pairs and of their right sides, by a shop of the other folds."""
    speller = Speller.build([], {b: ENOUGH for _, b in pairs if part(b) != out})
    speller = replace(speller, weights=weights)
    found: list[Case] = []
    for typed, meant in pairs:
        if part(meant) == out:
            for text in (typed, meant):
                readings = [(write(text, g.pieces), g.features) for g in speller.guesses(text)]
                found.append((text, meant, readings))
    return found


def fit(known: Sequence[Case]) -> np.ndarray:
    """Conditional logit: the right reading among all, with a ridge."""
    rows, right, starts, counts = [], [], [], []
    for typed, meant, readings in known:
        hits = [text == meant for text, _ in readings]
        if any(hits) and len(hits) > 1:
            starts.append(len(right))
            counts.append(KEEP if typed == meant else 1.0)
            rows += [features for _, features in readings]
            right += hits
    x, y, at, by = np.array(rows), np.array(right, float), np.array(starts), np.array(counts)
    group = np.repeat(np.arange(len(at)), np.diff(np.append(at, len(y))))

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        z = x @ w
        e = np.exp(z - np.maximum.reduceat(z, at)[group])
        p = e / np.add.reduceat(e, at)[group]
        mass = np.maximum(np.add.reduceat(p * y, at), 1e-12)
        slope = x.T @ (by[group] * (p - p * y / mass[group])) / len(at)
        return float(-(by * np.log(mass)).sum() / len(at) + RIDGE * w @ w / 2), slope + RIDGE * w

    return minimize(loss, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 200}).x


def measure(known: Sequence[Case], weights: np.ndarray, back: float) -> tuple[float, float]:
    """Exact corrections, correct queries broken, when a change is worth `back` less."""
    exact, broken = [], []
    for typed, meant, readings in known:
        scores = np.array([features for _, features in readings]) @ weights
        scores[0] += back
        best = readings[int(np.argmax(scores))][0]
        (broken if typed == meant else exact).append((best == meant) != (typed == meant))
    return float(np.mean(exact)), float(np.mean(broken))


def hold(known: Sequence[Case], weights: np.ndarray) -> float:
    """The least holding back that keeps the broken below BROKEN."""
    steps = np.arange(-1.0, 4.0, 0.05)
    return float(next((b for b in steps if measure(known, weights, b)[1] <= BROKEN), steps[-1]))


def times(pairs: Sequence[tuple[str, str]], n: int = 200) -> tuple[float, float, float, float]:
    """Seconds a query, median: ours and symspellpy's look-up of every word; then symspellpy's exact and broken."""
    from importlib.resources import files

    from symspellpy import SymSpell, Verbosity

    peer = SymSpell(max_dictionary_edit_distance=2, prefix_length=7)
    peer.load_dictionary(str(files("symspellpy") / "frequency_dictionary_en_82_765.txt"), 0, 1)
    for _, meant in pairs:
        if part(meant) != 0:
            for word in meant.split():
                peer.create_dictionary_entry(word, 1000)
    speller = Speller.build([], {b: ENOUGH for _, b in pairs if part(b) != 0})

    def looked_up(text: str) -> str:
        found = (
            peer.lookup(word, Verbosity.TOP, max_edit_distance=2, include_unknown=True)
            for word in text.split()
        )
        return " ".join(best[0].term for best in found)

    held = [pair for pair in pairs if part(pair[1]) == 0]
    took: list[tuple[float, float]] = []
    for typed, _ in held[: n + 1]:
        start = perf_counter()
        speller.correct(typed)
        middle = perf_counter()
        looked_up(typed)
        took.append((middle - start, perf_counter() - middle))
    ours, theirs = np.median(took[1:], axis=0)
    exact = float(np.mean([looked_up(typed) == meant for typed, meant in held]))
    broken = float(np.mean([looked_up(meant) != meant for _, meant in held]))
    return float(ours), float(theirs), exact, broken


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--out", type=Path)
    ask.add_argument("--fit", action="store_true")
    options = ask.parse_args()
    pairs = pairs_of(Path(os.environ["RONGHE_EVAL_DATA"]))
    lists = [cases(pairs, out, np.array(WEIGHTS)) for out in range(FOLDS)]
    results, fitted = [], []
    for out in range(FOLDS):
        known = [case for i, other in enumerate(lists) if i != out for case in other]
        weights = fit(known)
        back = hold(known, weights)
        fitted.append((weights, back))
        results.append((*measure(lists[out], weights, back), *measure(lists[out], weights, 0.0)))
    exact, broken, free, free_broken = np.mean(results, axis=0)
    reach = np.mean([any(t == m for t, _ in r) for fold_ in lists for q, m, r in fold_ if q != m])
    ours, theirs, peer_exact, peer_broken = times(pairs)
    lines = [
        "# Spelling: real misspelled product queries",
        "",
        f"`python -m benchmarks.spelling`, 2-core {platform.machine()}, {datetime.now(UTC):%Y-%m-%d}. "
        f"{len(pairs)} pairs; five folds by the hash of the corrected query; "
        "shop, weights and the holding back from the other four.",
        "",
        "| | exact corrections | correct queries broken | time a query / symspellpy's |",
        "|---|---|---|---|",
        f"| Speller | {exact:.3f} | {broken:.4f} | {ours / theirs:.1f} |",
        f"| the same, not held back | {free:.3f} | {free_broken:.4f} | |",
        f"| symspellpy, every word looked up (one fold) | {peer_exact:.3f} | {peer_broken:.4f} | 1 |",
        "",
        f"The right reading is among those weighed for {reach:.3f} of the misspelled queries: no weights go beyond.",
    ]
    if options.fit:
        mean = np.mean([weights for weights, _ in fitted], axis=0)
        back = float(np.mean([b for _, b in fitted]))
        shipped = {n: round(float(w), 2) for n, w in zip(FEATURES, mean, strict=True)}
        shipped.update({n: round(shipped[n] - back, 2) for n in HELD})
        print(f"{shipped}, back {back:.2f}")
    text = "\n".join(lines) + "\n"
    print(text)
    if options.out:
        options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
