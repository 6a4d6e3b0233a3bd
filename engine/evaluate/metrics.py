"""How good is a ranked list, and what does a set of lists do to the catalogue?"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.errors import BadQuery
from engine.types import Floats
from indexes.ranking import Rows

Asked = TypeVar("Asked", bound=Hashable)
Thing = TypeVar("Thing", bound=Hashable)


@dataclass(frozen=True, eq=False)
class Judged:
    """Ranked lists seen through their judgements; one row a query, only queries with something relevant.

    `gains` [n, depth]: the grade at each place, 0 for unjudged or irrelevant and past the list's end;
    `lengths` [n]: how long each list is; `relevant` [n]: how many items are relevant (grade > 0);
    `grades`: the positive grades of all queries, best first within a query; `places`: each one's place in
    the ideal list, from 0; `owners`: its query's row.
    """

    queries: tuple[Hashable, ...]
    gains: Floats
    lengths: NDArray[np.int64]
    relevant: NDArray[np.int64]
    grades: Floats
    places: NDArray[np.int64]
    owners: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        run: Mapping[Asked, Sequence[Thing]],
        judgements: Mapping[Asked, Mapping[Thing, float]],
        depth: int | None = None,
    ) -> Judged:
        """Look up `run` (query -> items, best first) in `judgements` (query -> item -> grade).

        A query that is missing from the run has an empty list: it scores 0 and counts in every mean. A
        query with no relevant item has no score by most definitions and is left out.
        """
        queries = tuple(q for q, grades in judgements.items() if any(g > 0 for g in grades.values()))
        lists = [list(run.get(q, ()))[:depth] for q in queries]
        lengths = np.fromiter((len(items) for items in lists), np.int64, len(lists))
        gains = np.zeros((len(queries), int(lengths.max(initial=0))))
        ideal: list[Floats] = []
        for row, (query, items) in enumerate(zip(queries, lists, strict=True)):
            known = judgements[query]
            gains[row, : len(items)] = [max(0.0, known.get(item, 0.0)) for item in items]
            positive = np.fromiter((g for g in known.values() if g > 0), np.float64)
            ideal.append(np.sort(positive)[::-1])
        relevant = np.fromiter((len(g) for g in ideal), np.int64, len(ideal))
        starts = np.repeat(np.cumsum(relevant) - relevant, relevant)
        return cls(
            queries,
            gains,
            lengths,
            relevant,
            np.concatenate(ideal) if ideal else np.zeros(0),
            np.arange(int(relevant.sum())) - starts,
            np.repeat(np.arange(len(ideal)), relevant),
        )

    def __len__(self) -> int:
        return len(self.queries)

    def hits(self, k: int | None) -> Floats:
        """[n, min(k, depth)]: 1 where the place holds something relevant."""
        return (self.gains[:, :k] > 0).astype(np.float64)


def precision(judged: Judged, k: int | None = None) -> Floats:
    """Relevant among the first k, over k (a shorter list is not forgiven, as in trec_eval). [n]"""
    found: Floats = judged.hits(k).sum(1)
    return found / (np.maximum(judged.lengths, 1) if k is None else k)


def recall(judged: Judged, k: int | None = None) -> Floats:
    """Relevant among the first k, over all that are relevant. [n]"""
    found: Floats = judged.hits(k).sum(1)
    return found / judged.relevant


def f1(judged: Judged, k: int | None = None) -> Floats:
    """Harmonic mean of each query's precision and recall. [n]"""
    p, r = precision(judged, k), recall(judged, k)
    return np.divide(2 * p * r, p + r, out=np.zeros(len(p)), where=p + r > 0)


def hit_rate(judged: Judged, k: int | None = None) -> Floats:
    """1 if anything relevant is among the first k (success@k). [n]"""
    best: Floats = judged.hits(k).max(1, initial=0.0)
    return best


def ndcg(judged: Judged, k: int | None = None) -> Floats:
    """Discounted cumulative gain over the ideal list's; gain = grade, discount log2(rank + 1). [n]

    Järvelin & Kekäläinen, TOIS 2002, in trec_eval's (linear) form.
    """
    gains = judged.gains[:, :k]
    found: Floats = gains @ (1 / np.log2(np.arange(gains.shape[1]) + 2))
    within = slice(None) if k is None else judged.places < k
    ideal = np.bincount(
        judged.owners[within],
        judged.grades[within] / np.log2(judged.places[within] + 2),
        minlength=len(judged),
    )
    return found / ideal


def mrr(judged: Judged, k: int | None = None) -> Floats:
    """1 / rank of the first relevant item among the first k, 0 if none. [n]"""
    hits = judged.hits(k)
    first: Floats = (hits / (np.arange(hits.shape[1]) + 1)).max(1, initial=0.0)
    return first


def average_precision(judged: Judged, k: int | None = None) -> Floats:
    """Sum of the precision at every relevant place among the first k, over all that are relevant. [n]"""
    hits = judged.hits(k)
    at = np.cumsum(hits, 1) / (np.arange(hits.shape[1]) + 1)
    total: Floats = (hits * at).sum(1)
    return total / judged.relevant


Metric = Callable[[Judged, int | None], Floats]

METRICS: Mapping[str, Metric] = {
    "precision": precision,
    "recall": recall,
    "f1": f1,
    "hit_rate": hit_rate,
    "ndcg": ndcg,
    "mrr": mrr,
    "map": average_precision,
}


def measure(judged: Judged, name: str) -> Floats:
    """The metric called `name`, such as "ndcg@10" or "mrr", of every query. [n] Raises BadQuery."""
    metric, at, cut = name.partition("@")
    if metric not in METRICS or (at and not (cut.isdigit() and int(cut) > 0)):
        raise BadQuery(
            f"There is no metric {name!r}; use one of {', '.join(METRICS)}, with @k behind it if wanted."
        )
    return METRICS[metric](judged, int(cut) if at else None)


def auc(judged: Judged, n_items: int) -> Floats:
    """Area under each query's ROC curve over the whole catalogue. [n]

    How probably a relevant item stands above an irrelevant one. Items that are not in the list are tied
    below all that are; a tie counts half. NaN where every item is relevant.
    """
    hits = judged.hits(None)
    filled = np.arange(hits.shape[1]) < judged.lengths[:, None]
    misses = np.where(filled, 1 - hits, 0.0)
    bad = np.maximum(n_items - judged.relevant, 0).astype(np.float64)
    below = (hits * (bad[:, None] - np.cumsum(misses, 1))).sum(1)
    unseen_good = judged.relevant - hits.sum(1)
    unseen_bad = bad - misses.sum(1)
    pairs = judged.relevant * bad
    area: Floats = np.full(len(pairs), np.nan)
    np.divide(below + 0.5 * unseen_good * unseen_bad, pairs, out=area, where=pairs > 0)
    return area


def roc_auc(labels: ArrayLike, scores: ArrayLike) -> float:
    """Area under the ROC curve of scored pairs, both [n]; ties count half. NaN where one class is missing.

    Mann & Whitney 1947: the share of (good, bad) pairs in the right order.
    """
    good = np.asarray(labels, bool)
    score = np.asarray(scores, np.float64)
    _, place, count = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[place]  # from 1, shared on ties
    p, n = int(good.sum()), int((~good).sum())
    return float((rank[good].sum() - p * (p + 1) / 2) / (p * n)) if p and n else float("nan")


def exposure(lists: Sequence[Rows], n_items: int, k: int) -> NDArray[np.int64]:
    """How often each row of the catalogue is among the first k of the lists. [n_items]"""
    shown = (
        np.concatenate([np.asarray(rows, np.int64)[:k] for rows in lists]) if lists else np.zeros(0, np.int64)
    )
    return np.bincount(shown, minlength=n_items)


def coverage(counts: NDArray[np.int64]) -> float:
    """Share of the catalogue that was shown at all, of exposure `counts` [n_items]."""
    return float((counts > 0).mean()) if len(counts) else 0.0


def gini(counts: ArrayLike) -> float:
    """Inequality of exposure [n_items]: 0 when every item is shown as often, towards 1 when one takes all."""
    x = np.sort(np.asarray(counts, np.float64))
    if not x.sum():
        return 0.0
    n = len(x)
    return float((2 * np.arange(1, n + 1) - n - 1) @ x / (n * x.sum()))


def novelty(lists: Sequence[Rows], users_of_item: NDArray[np.int64], n_users: int, k: int) -> float:
    """Mean self-information, in bits, of what is shown: -log2(share of users who know it).

    Vargas & Castells, RecSys 2011. An item nobody knows counts as known to half a user.
    """
    counts = exposure(lists, len(users_of_item), k)
    bits = -np.log2(np.maximum(users_of_item, 0.5) / max(n_users, 1))
    return float(counts @ bits / max(counts.sum(), 1))


def popularity_bias(lists: Sequence[Rows], users_of_item: NDArray[np.int64], k: int) -> float:
    """Mean popularity of what is shown, in multiples of the catalogue's mean item (1 = no bias).

    Average recommendation popularity (Yin et al., VLDB 2012), over the mean popularity.
    """
    counts = exposure(lists, len(users_of_item), k)
    mean = float(users_of_item.mean()) if len(users_of_item) else 0.0
    return float(counts @ users_of_item / max(counts.sum(), 1) / mean) if mean else 0.0


def intra_list_diversity(lists: Sequence[Rows], vectors: NDArray[np.floating], k: int) -> float:
    """1 - mean cosine of the pairs within a list's first k, averaged over lists of two or more.

    Smyth & McClave, ICCBR 2001. `vectors` [n_items, d] need not be unit length; a zero row is unlike all.
    """
    per_list: list[float] = []
    for rows in lists:
        part = np.asarray(vectors[np.asarray(rows, np.int64)[:k]], np.float64)
        n = len(part)
        if n < 2:
            continue
        norm = np.linalg.norm(part, axis=1, keepdims=True)
        part = np.divide(part, norm, out=np.zeros_like(part), where=norm > 0)
        total = float((part.sum(0) ** 2).sum()) - float((part**2).sum())
        per_list.append(1 - total / (n * (n - 1)))
    return float(np.mean(per_list)) if per_list else 0.0
