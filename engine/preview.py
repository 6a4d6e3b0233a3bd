"""What would an answer be if one more rule were in force?"""

from __future__ import annotations

from dataclasses import replace
from time import time
from typing import Any

from engine.present import Page, present
from engine.rank.rules import Rules, ruled
from engine.reader import View
from engine.rules import Rule, RuleBook
from engine.types import Query


def preview(view: View, book: RuleBook, rule: Rule, text: str, k: int) -> dict[str, list[dict[str, Any]]]:
    """The first `k` hits of a search, before and after the rule; it is taken as open now.

    A rule with the id of one in force takes its place.
    """
    others = tuple(each for each in book.rules if each.rule_id != rule.rule_id)
    after = RuleBook((*others, replace(rule, starts=None, ends=None)))
    return {"before": _hits(view, book, text, k), "after": _hits(view, after, text, k)}


def _hits(view: View, book: RuleBook, text: str, k: int) -> list[dict[str, Any]]:
    now = time()
    pipeline = view.routes["search"]["search"]
    kept = {name: leg for name, leg in pipeline.retrievers.items() if name != "pinned"}
    rankers = tuple(ranker for ranker in pipeline.rankers if not isinstance(ranker, Rules))
    bare = replace(pipeline, retrievers=kept, rankers=rankers)
    own = ruled(bare, lambda: book, view.snapshot)
    query = Query(text=book.reworded(text, now), allowed=view.snapshot.alive, now=now)
    answer = present(view.snapshot, own, query, own(query, k), Page(k), 0.0)
    return [
        {"item_id": hit.item_id, "title": hit.title, "score": hit.score, "parts": dict(hit.parts)}
        for hit in answer.hits
    ]
