"""Which weights of search's fusion hold on a set that had no say in choosing them?

    python -m benchmarks.search_choice --data ../shared/data --home /path/for/models

Leave one set out: for each family of fusions, the point of a coarse grid that is best on the other four sets answers
the queries of the fifth. Best is the mean over sets of nDCG@10 in full and condensed, as shares of the better leg's
nDCG@10; falling below that leg on a set counts three times. Every leg's exact scores are gathered once; the rest is
arithmetic.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from benchmarks.search_quality import POOL, SETS, gain, open_set
from engine.fuse import (
    FEEDBACK,
    HYBRID,
    DistributionBased,
    Feedback,
    ReciprocalRanks,
    TheoreticalMinMax,
    UnitLength,
    ZScores,
)
from engine.pipeline import Pipeline
from engine.retrieve.meaning import Near
from engine.types import Evidence, Floats, Fusion, Query

SHARES = (0.3, 0.4, 0.5, 0.6, 0.7)  # of keyword beside semantic
FLOORS = {"semantic": 0.0, "static": 0.0}


@dataclass(frozen=True, eq=False)
class Asked:
    """One query: what the legs say, the grade of each candidate (NaN = not judged), all grades, who is near."""

    evidence: Evidence
    grades: Floats
    ideal: Sequence[float]
    near: Near


def gather(data: Path, home: Path, name: str) -> list[Asked]:
    opened = open_set(data, home, name)
    asked = []

    def remember(query: Query, evidence: Evidence) -> Floats:
        judged = opened.grades[query.user or ""]
        grades = np.array([judged.get(opened.ids[row], np.nan) for row in evidence.rows.tolist()])
        asked.append(Asked(evidence, grades, list(judged.values()), opened.near))
        return np.zeros(evidence.scores.shape)

    run = Pipeline(opened.legs, remember, scorers=opened.more, pool=POOL)
    for number, text in opened.queries:
        run(Query(text=text, user=number), POOL)
    return asked


def measured(fuse: Callable[[Near], Fusion], asked: Sequence[Asked]) -> Floats:
    """Mean nDCG@10 in full and condensed, and recall@100: [3]."""
    rows = []
    for one in asked:
        score = fuse(one.near)(Query(), one.evidence).sum(axis=1)
        grades = one.grades[np.lexsort((one.evidence.rows, -score))]
        known = grades[~np.isnan(grades)]
        found = np.nansum(grades[:100] > 0) / np.sum(np.array(one.ideal) > 0)
        rows.append(
            [gain(np.nan_to_num(grades[:10]).tolist(), one.ideal), gain(known.tolist(), one.ideal), found]
        )
    means: Floats = np.mean(rows, axis=0)
    return means


def grids() -> dict[str, dict[str, Callable[[Near], Fusion]]]:
    """family -> setting -> the fusion, given who is near; coverage and static beside keyword + semantic = 1."""

    def two(make: Callable[[Mapping[str, float]], Fusion], share: float) -> Callable[[Near], Fusion]:
        fusion = make({"keyword": share, "semantic": 1 - share, "coverage": 0.0, "static": 0.0})
        return lambda near: fusion

    plain: dict[str, Callable[[Mapping[str, float]], Fusion]] = {
        "rrf": ReciprocalRanks,
        "tmm": lambda weights: TheoreticalMinMax(weights),
        "zscore": ZScores,
        "dbsf": DistributionBased,
        "l2": UnitLength,
    }
    families = {
        family: {f"keyword {share}": two(make, share) for share in SHARES} for family, make in plain.items()
    }
    points = list(product(SHARES[:4], (0.0, 0.25, 0.5, 0.75), (0.0, 0.25), (0.0, FEEDBACK)))
    for family, ceilings in (("coverage by its best", {}), ("coverage as it is", {"coverage": 1.0})):
        families[f"tmm, four legs, {family}, feedback"] = {
            f"keyword {share}, coverage {coverage}, static {static}, feedback {weight}": four(
                share, coverage, static, weight, ceilings
            )
            for share, coverage, static, weight in points
        }
    families["as shipped"] = {"HYBRID": lambda near: Feedback(HYBRID, near, weight=FEEDBACK)}
    return families


def four(
    share: float, coverage: float, static: float, weight: float, ceilings: Mapping[str, float]
) -> Callable[[Near], Fusion]:
    weights = {"keyword": share, "semantic": 1 - share, "coverage": coverage, "static": static}
    fusion = TheoreticalMinMax(weights, FLOORS, ceilings)
    return lambda near: Feedback(fusion, near, weight=weight) if weight else fusion


def only(leg: str) -> Callable[[Near], Fusion]:
    weights = {"keyword": 0.0, "semantic": 0.0, "coverage": 0.0, "static": 0.0, leg: 1.0}
    fusion = TheoreticalMinMax(weights)
    return lambda near: fusion


def worth(found: Mapping[str, Floats], legs: Mapping[str, float], sets: Sequence[str]) -> float:
    """The mean over `sets` of what choosing looks at."""
    shares = [(found[name][0] + found[name][1]) / legs[name] for name in sets]
    below = [3 * min(0.0, found[name][0] / legs[name] - 1) for name in sets]
    return float(np.mean(shares) + np.mean(below))


def main(report: Callable[[str], None] = print) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--home", type=Path, required=True)
    options = parser.parse_args()
    asked = {name: gather(options.data, options.home, name) for name in SETS}
    legs = {
        name: max(measured(only(leg), queries)[0] for leg in ("keyword", "semantic"))
        for name, queries in asked.items()
    }
    report("| family | set left out | chosen on the others | nDCG@10 | condensed | recall@100 | better leg |")
    report("|---|---|---|---|---|---|---|")
    for family, settings in grids().items():
        found = {
            setting: {name: measured(fuse, queries) for name, queries in asked.items()}
            for setting, fuse in settings.items()
        }
        for left in SETS:
            others = [name for name in SETS if name != left]
            chosen = max(found, key=lambda setting: worth(found[setting], legs, others))
            full, condensed, recall = found[chosen][left]
            report(
                f"| {family} | {left} | {chosen} | {full:.4f} | {condensed:.4f} | {recall:.4f} | {legs[left]:.4f} |"
            )


if __name__ == "__main__":
    main()
