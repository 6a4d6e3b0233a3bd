"""Why is this item here? A sentence from the part of its score that counted most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache

import numpy as np

from engine.pipeline import Pipeline, Result
from engine.snapshot import Snapshot
from engine.text import analyse
from engine.types import EVENT_TYPES, EventType, Floats, History, Query
from indexes.ranking import Rows

WORDS = ("keyword", "coverage")
MEANING = ("semantic", "static")
EVIDENCE_ITEMS = 5  # of the history are tried as the reason
RISE = 0.05  # a lift that is worth a sentence

Phrases = Mapping[str, str]
ENGLISH: Phrases = {
    "title": "Matches {words} in the title",
    "text": "Matches {words}",
    "both": "Matches {words} in the title and is close in meaning",
    "semantic": "Close in meaning to “{text}”",
    "vector": "Close to the vector of the request",
    "picture": "Looks like your picture",
    "near": "Similar to {seed}",
    "alike": "Named like {seed}",
    "together": "Often bought with {seed}",
    "behaviour": "Chosen by people who chose {seed}",
    "bought": "Goes with {item}, which you bought on {day}",
    "seen": "Goes with {item}, which you looked at on {day}",
    "repeat": "You buy this again and again",
    "taste": "Fits what you have been looking at",
    "rising": "Demand is expected to rise by {percent} %",
    "demand": "In demand now",
    "popular": "Popular in this shop now",
    "fallback": "Popular in this shop",
    "rules": "Placed here by the shop",
    "diversity": "Adds variety to this list",
    "day": "{day} {month}",
}
CHINESE: Phrases = {
    "title": "标题含{words}",
    "text": "与{words}相符",
    "both": "标题含{words}，意思也相近",
    "semantic": "与“{text}”意思相近",
    "vector": "与所给向量相近",
    "picture": "与您的图片相似",
    "near": "与{seed}相似",
    "alike": "与{seed}名称相近",
    "together": "常与{seed}一起购买",
    "behaviour": "选择{seed}的人也选它",
    "bought": "与您{day}购买的{item}相配",
    "seen": "与您{day}看过的{item}相配",
    "repeat": "您经常回购的商品",
    "taste": "符合您最近的浏览喜好",
    "rising": "预计需求上升{percent}%",
    "demand": "正在热卖",
    "popular": "本店当前热门",
    "fallback": "本店热门",
    "rules": "商家推荐位",
    "diversity": "让列表更多样",
    "day": "{month}月{day}日",
}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "June", "July", "Aug", "Sep", "Oct", "Nov", "Dec")


def explain(
    snapshot: Snapshot,
    pipeline: Pipeline,
    query: Query,
    result: Result,
    places: Rows,
    language: str = "",
) -> list[str]:
    """A sentence for each of the candidates at `places` [n]: from its largest part, never from another."""
    phrases = CHINESE if language == "zh" else ENGLISH
    candidates = result.candidates
    parts = candidates.parts[places]
    leading = [_leading(dict(zip(candidates.names, given, strict=True))) for given in parts.tolist()]
    rows = candidates.rows[places]
    reasons = _history_reasons(snapshot, pipeline, query, rows, leading, phrases)
    return [
        reasons.get(place) or _sentence(snapshot, query, int(row), leg, phrases)
        for place, (row, leg) in enumerate(zip(rows.tolist(), leading, strict=True))
    ]


def _leading(given: Mapping[str, float]) -> str:
    """The leg that gave most; "both" where a query's words and its meaning each did much of it."""
    best = max(given, key=lambda leg: given[leg])
    words = sum(given.get(leg, 0.0) for leg in WORDS)
    meaning = sum(given.get(leg, 0.0) for leg in MEANING)
    if best in (*WORDS, *MEANING) and "coverage" in given and min(words, meaning) > 0.4 * max(words, meaning):
        return "both"
    return best


def _sentence(snapshot: Snapshot, query: Query, row: int, leg: str, phrases: Phrases) -> str:
    seed = _quoted(snapshot.title(query.seeds[0])) if query.seeds else ""
    match leg:
        case "keyword" if query.seeds:
            return phrases["alike"].format(seed=seed)
        case "semantic" | "static" if query.seeds:
            return phrases["near"].format(seed=seed)
        case "together" if query.seeds:
            return phrases["together"].format(seed=seed)
        case "keyword" | "coverage" | "both" | "beyond" | "named":
            return _words(snapshot, query, row, phrases, leg == "both")
        case "semantic" if query.vector is not None:
            return phrases["vector"]
        case "semantic" | "static":
            return phrases["semantic"].format(text=_cut(query.text))
        case "trending" | "rising":
            lift = float(snapshot.generation.trend.lift[row]) if row < len(snapshot.generation) else 1.0
            key = "rising" if lift > 1 + RISE else "demand"
            return phrases[key].format(percent=round((lift - 1) * 100))
        case "popular" | "fallback" | "rules" | "repeat" | "picture" | "diversity":
            return phrases[leg]
    return phrases["behaviour"].format(seed=seed) if query.seeds else phrases["taste"]


def _words(snapshot: Snapshot, query: Query, row: int, phrases: Phrases, both: bool) -> str:
    typed = _typed(query.text)
    item = snapshot.item(row)
    titles = set(analyse(" ".join([item.title, *_localised_titles(item.attributes)])))
    inside = [word for word, terms in typed.items() if terms & titles]
    words = inside or list(typed)
    if both and not inside:
        return phrases["semantic"].format(text=_cut(query.text))
    key = "both" if both else "title" if inside else "text"
    return phrases[key].format(words=", ".join(_quoted(word) for word in words[:4]))


@lru_cache(maxsize=16)  # one answer asks once a hit
def _typed(text: str) -> Mapping[str, frozenset[str]]:
    """The terms of each word of a query."""
    return {word: frozenset(analyse(word)) for word in text.replace('"', " ").split()}


def _localised_titles(attributes: Mapping[str, object]) -> list[str]:
    return [str(value) for name, value in attributes.items() if name.startswith("title_")]


def _history_reasons(
    snapshot: Snapshot, pipeline: Pipeline, query: Query, rows: Rows, leading: Sequence[str], phrases: Phrases
) -> dict[int, str]:
    """For hits led by a leg of the user's taste: the item of the history without which it scores least."""
    reasons: dict[int, str] = {}
    history = query.history
    legs = {**pipeline.retrievers, **pipeline.scorers}
    tried = _last_distinct(history, EVIDENCE_ITEMS)
    for leg in set(leading) & set(legs):
        if pipeline.parts.get(leg) != "personalization" or leg == "repeat" or not len(history) or query.seeds:
            continue
        own = [place for place, name in enumerate(leading) if name == leg]
        whole = np.nan_to_num(legs[leg].score(query, rows[own]))
        drops = [whole - np.nan_to_num(legs[leg].score(_without(query, row), rows[own])) for row in tried]
        table: Floats = np.array(drops)
        for column, place in enumerate(own):
            best = int(table[:, column].argmax())
            if table[best, column] > 0 and tried[best] != rows[place]:
                reasons[place] = _because(snapshot, history, tried[best], phrases)
    return reasons


def _because(snapshot: Snapshot, history: History, row: int, phrases: Phrases) -> str:
    at = np.flatnonzero(history.rows == row)
    bought = at[history.kinds[at] == EVENT_TYPES.index(EventType.PURCHASE)]
    when = datetime.fromtimestamp(float(history.times[bought[-1] if len(bought) else at[-1]]), UTC)
    month: str | int = MONTHS[when.month - 1] if phrases is ENGLISH else when.month
    day = phrases["day"].format(day=when.day, month=month)
    return phrases["bought" if len(bought) else "seen"].format(item=_quoted(snapshot.title(row)), day=day)


def _last_distinct(history: History, n: int) -> list[int]:
    found: dict[int, None] = {}
    for row, weight in zip(history.rows[::-1].tolist(), history.weights[::-1].tolist(), strict=True):
        if weight > 0:
            found.setdefault(row)
        if len(found) == n:
            break
    return list(found)


def _without(query: Query, row: int) -> Query:
    history = query.history
    keep = history.rows != row
    rest = History(history.rows[keep], history.weights[keep], history.times[keep], history.kinds[keep])
    return replace(query, history=rest)


def _quoted(text: str) -> str:
    return f"“{_cut(text)}”"


def _cut(text: str, width: int = 40) -> str:
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"
