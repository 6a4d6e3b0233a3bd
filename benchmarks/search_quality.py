"""How good is search on open sets: every leg and every fusion side by side?

    python benchmarks/search_quality.py --data ../shared/data --home /path/for/models [SET ...]

Vectors are cached in <home>/vectors.sqlite. The evaluation is exact: both legs' best 200 by full scan.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path

import numpy as np

from engine.documents import KEYWORD, analysed, text_of
from engine.encode import encode_cached, encoder
from engine.fuse import FEEDBACK, FUSIONS, HYBRID, Feedback
from engine.pipeline import Pipeline
from engine.retrieve.coverage import Coverage
from engine.retrieve.meaning import Near, Semantic
from engine.retrieve.words import Keyword
from engine.types import Item, Query, Retriever, Vectors
from indexes.ranking import Mask, Ranking, Rows, Scores

SETS = {
    "chorus_icecat": "minilm",
    "scifact": "minilm",
    "cranfield": "minilm",
    "vaswani": "minilm",
    "multicpr_ecom_mini_zh": "multilingual",
}
POOL = 200
MEASURES = ("ndcg@10", "condensed", "judged only", "recall@100")


@dataclass(frozen=True, eq=False)
class Plain:
    """Vectors scanned in full: no approximation between the method and its measure."""

    vectors: Vectors

    def search(self, vector: Vectors, k: int, allowed: Mask | None = None) -> Ranking:
        return Ranking.of(np.arange(len(self.vectors)), self.vectors @ vector, k)

    def score(self, vector: Vectors, rows: Rows) -> Scores:
        scores: Scores = self.vectors[rows] @ vector
        return scores

    def vector(self, row: int) -> Vectors:
        return np.asarray(self.vectors[row], np.float32)


def read_items(path: Path) -> list[Item]:
    known = {field.name for field in fields(Item)} - {"vector", "attributes", "available_from"}
    items = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        named = {name: row.pop(name) or "" for name in known & row.keys() if name not in ("price", "stock")}
        items.append(Item(**named, attributes=row))
    return items


def gain(grades: Sequence[float], ideal: Sequence[float]) -> float:
    """nDCG@10 with linear gains."""
    discount = 1 / np.log2(np.arange(2, 12))
    best = sorted(ideal, reverse=True)[:10]
    return float(
        (np.array(grades[:10]) * discount[: len(grades[:10])]).sum() / (best * discount[: len(best)]).sum()
    )


def measure(ids: Sequence[str], ranked: Rows, reranked: Rows, grades: Mapping[str, float]) -> list[float]:
    """MEASURES of one query: the whole list, without what was not judged, and of the judged items alone."""
    listed = [grades.get(ids[row], 0.0) for row in ranked.tolist()]
    known = [grades[ids[row]] for row in ranked.tolist() if ids[row] in grades]
    alone = [grades[ids[row]] for row in reranked.tolist()]
    relevant = sum(grade > 0 for grade in grades.values())
    ideal = list(grades.values())
    return [
        gain(listed, ideal),
        gain(known, ideal),
        gain(alone, ideal),
        sum(grade > 0 for grade in listed[:100]) / relevant,
    ]


@dataclass(frozen=True, eq=False)
class Opened:
    """One set, ready to be asked: its legs, what only scores, and the queries that have a relevant item."""

    ids: Sequence[str]
    legs: Mapping[str, Retriever]
    more: Mapping[str, Retriever]
    near: Near
    queries: Sequence[tuple[str, str]]
    grades: Mapping[str, Mapping[str, float]]


def open_set(data: Path, home: Path, name: str) -> Opened:
    items = read_items(data / name / "items.jsonl")
    ids = [item.item_id for item in items]
    known = set(ids)
    words = KEYWORD.build(analysed(item) for item in items)
    spaces, encoders = {}, {}
    for space in (SETS[name], "static"):
        encoders[space] = encoder(space, home, allow_export=True)
        texts = [text_of(item, space) for item in items]
        spaces[space] = Plain(encode_cached(encoders[space], texts, home / "vectors.sqlite"))
    main = SETS[name]

    @cache
    def encode(space: str, text: str) -> tuple[str, Vectors]:
        return space, encode_cached(encoders[space], [text], home / "vectors.sqlite")[0]

    legs: dict[str, Retriever] = {
        "keyword": Keyword(words),
        "semantic": Semantic({main: spaces[main]}, partial(encode, main)),
    }
    more: dict[str, Retriever] = {
        "coverage": Coverage(words, words),
        "static": Semantic({"static": spaces["static"]}, partial(encode, "static")),
    }
    grades: dict[str, dict[str, float]] = {}
    for line in (data / name / "qrels.tsv").read_text(encoding="utf-8").splitlines():
        query, _, item_id, grade = line.split()[:4]
        if item_id in known:
            grades.setdefault(query, {})[item_id] = max(0.0, float(grade))
    lines = (data / name / "queries.tsv").read_text("utf-8").splitlines()
    asked = [(line.split("\t")[0], line.split("\t")[1]) for line in lines]
    queries = [(number, text) for number, text in asked if any(grades.get(number, {}).values())]
    return Opened(ids, legs, more, Near({main: spaces[main]}, lambda row: main), queries, grades)


def evaluate(data: Path, home: Path, name: str) -> dict[str, list[float]]:
    """pipeline -> mean MEASURES over the queries of one set that have a relevant item."""
    opened = open_set(data, home, name)
    ids, legs = opened.ids, opened.legs
    row_of = {item_id: row for row, item_id in enumerate(ids)}
    hybrid = Pipeline(legs, HYBRID, scorers=opened.more, pool=POOL)
    pipelines: dict[str, Pipeline] = {leg: hybrid.only(leg) for leg in legs}
    pipelines |= {fusion: Pipeline(legs, FUSIONS[fusion], pool=POOL) for fusion in FUSIONS}
    pipelines["hybrid without feedback"] = hybrid
    fed = Feedback(HYBRID, opened.near, weight=FEEDBACK)
    pipelines["hybrid"] = Pipeline(legs, fed, scorers=opened.more, pool=POOL)
    found: dict[str, list[list[float]]] = {pipeline: [] for pipeline in pipelines}
    for query_id, text in opened.queries:
        judged = opened.grades[query_id]
        only = np.zeros(len(ids), np.bool_)
        only[[row_of[item_id] for item_id in judged]] = True
        for pipeline, run in pipelines.items():
            ranked = run(Query(text=text), POOL).candidates.rows
            alone = rerank(run, text, np.flatnonzero(only))
            found[pipeline].append(measure(ids, ranked, alone, judged))
    means = {pipeline: np.mean(rows, axis=0).tolist() for pipeline, rows in found.items()}
    # What choosing the right one for every query would give: nobody can, and nothing chosen per query can beat it.
    for oracle, among in (("oracle of the legs", list(legs)), ("oracle of all", list(found))):
        best = np.max([found[pipeline] for pipeline in among], axis=0)
        means[oracle] = best.mean(axis=0).tolist()
    return means


def rerank(run: Pipeline, text: str, rows: Rows) -> Rows:
    """The judged `rows` alone, in the order of the pipeline: its legs retrieve them and nothing else."""

    @dataclass(frozen=True)
    class Given:
        leg: Retriever

        @property
        def floor(self) -> float:
            return self.leg.floor

        def __call__(self, query: Query, k: int) -> Ranking:
            scores = np.asarray(self.leg.score(query, rows), np.float64)
            return Ranking.of(rows, np.nan_to_num(scores, nan=-1e9))

        def score(self, query: Query, asked: Rows) -> Scores:
            return np.asarray(self.leg.score(query, asked), np.float32)

    legs = {name: Given(leg) for name, leg in run.retrievers.items()}
    return Pipeline(legs, run.fuse, scorers=run.scorers, pool=len(rows))(
        Query(text=text), len(rows)
    ).candidates.rows


def table(results: Mapping[str, Mapping[str, Sequence[float]]]) -> str:
    lines = []
    for name, rows in results.items():
        lines += [f"\n## {name}\n", f"| | {' | '.join(MEASURES)} |", "|---" * (len(MEASURES) + 1) + "|"]
        lines += [
            f"| {p} | " + " | ".join(f"{value:.4f}" for value in values) + " |" for p, values in rows.items()
        ]
    return "\n".join(lines)


def main(report: Callable[[str], None] = print) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("sets", nargs="*", default=list(SETS))
    asked = parser.parse_args()
    results = {}
    for name in asked.sets:
        started = time.perf_counter()
        results[name] = evaluate(asked.data, asked.home, name)
        report(table({name: results[name]}))
        report(f"\n{time.perf_counter() - started:.0f} s, {platform.machine()}, {datetime.now(UTC):%Y-%m-%d}")


if __name__ == "__main__":
    main()
