"""Which sets of items sell together, for how much, and why?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.types import Floats, Item
from indexes.partners import PARTS, Links, PartnerIndex
from indexes.ranking import Mask, Rows

_ENGLISH = {
    "seed": "What the bundle is made around.",
    "together": "Bought together with {item} in {count:,} orders, {lift} times as often as chance.",
    "once": "Bought together with {item} before.",
    "sequence": "Bought soon after {item}.",
    "kinds": "{kind} and {seed_kind} are bought together {lift} times as often as chance.",
    "likeness": "Made for the same things as {item}.",
}
_CHINESE = {
    "seed": "组合的主商品。",
    "together": "有{count:,}笔订单与{item}一起购买，是随机情况的{lift}倍。",
    "once": "曾与{item}一起购买。",
    "sequence": "常在购买{item}之后不久购买。",
    "kinds": "{kind}与{seed_kind}一起购买的次数是随机情况的{lift}倍。",
    "likeness": "与{item}用途相配。",
}


@dataclass(frozen=True)
class BundleRules:
    """What may be put together. `largest` (2 to 5) items with the seeds; an added item costs at most
    `dearest` times the dearest seed, and all of it at most `max_price`, in one currency; two items of one
    kind, or with texts more alike than `substitute` (a cosine), would compete and not complete; an added
    item must be `sure`: the lower bound of its lift over chance, against some item of the set, above 1."""

    largest: int = 4
    dearest: float = 1.5
    max_price: float | None = None
    substitute: float = 0.8
    sure: float = 1.0
    enough: float = 0.4  # of the first partner's score: a weaker one is not added


@dataclass(frozen=True)
class Member:
    """One item of a bundle. `count` baskets hold it with `beside`, `lift` times chance; the seed has NaN."""

    row: int
    item: Item
    reason: str
    count: int
    lift: float
    low: float


@dataclass(frozen=True)
class Bundle:
    """Items that sell together, the seeds first.

    `price`: of all of it, None when one has none. `lift`: the geometric mean, over the added items, of how
    much more often than chance each is bought with its nearest item of the set; `low`: the same of the
    one-sided 95 % lower bounds. `score` ranks bundles of the same seeds.
    """

    members: tuple[Member, ...]
    price: float | None
    currency: str
    lift: float
    low: float
    score: float

    @property
    def rows(self) -> tuple[int, ...]:
        return tuple(member.row for member in self.members)

    def to_dict(self) -> dict[str, Any]:
        return {
            "items": [
                {
                    "item_id": m.item.item_id,
                    "title": m.item.title,
                    "price": m.item.price,
                    "image": m.item.image,
                    "reason": m.reason,
                    "orders_together": m.count,
                    "lift": round(m.lift, 3) if np.isfinite(m.lift) else None,
                }
                for m in self.members
            ],
            "price": None if self.price is None else round(self.price, 2),
            "currency": self.currency,
            "lift": round(self.lift, 3),
            "lift_at_least": round(self.low, 3),
            "score": round(self.score, 6),
        }


@dataclass(frozen=True, eq=False)
class _Choice:
    """An item that may be added: its mean score with the set, and the set's item that it goes with best."""

    row: int
    score: float
    beside: int
    links: Links
    at: int  # its place in `links`


def compose(
    index: PartnerIndex,
    seeds: Sequence[int],
    item_of: Callable[[int], Item],
    *,
    k: int = 3,
    allowed: Mask | None = None,
    rules: BundleRules | None = None,
    language: str = "",
) -> tuple[Bundle, ...]:
    """Up to `k` bundles around `seeds` (rows), the best first; () when nothing sells with them.

    Grown greedily: each step adds the item with the best mean score with all that is there. No two bundles
    share an added item. `allowed` [n_items]: what may be sold (there, in stock). An item newer
    than the index has no partners.
    """
    rules = rules or BundleRules()
    start = [row for row in dict.fromkeys(seeds) if 0 <= row < len(index)]
    if not start:
        return ()
    items = {row: item_of(row) for row in start}
    found: list[Bundle] = []
    used: set[int] = set()
    while len(found) < k:
        chosen = _grow(index, start, items, item_of, allowed, rules, used)
        if not chosen:
            break
        used.update(choice.row for choice in chosen)
        found.append(_bundle(start, chosen, items, language))
    return tuple(sorted(found, key=lambda bundle: -bundle.score))


def _grow(
    index: PartnerIndex,
    start: Sequence[int],
    items: dict[int, Item],
    item_of: Callable[[int], Item],
    allowed: Mask | None,
    rules: BundleRules,
    used: set[int],
) -> list[_Choice]:
    inside = list(start)
    chosen: list[_Choice] = []
    pool = np.setdiff1d(np.concatenate([index.links(row).rows for row in start]), list(used))
    if allowed is not None:
        pool = pool[pool < len(allowed)]
        pool = pool[allowed[pool]]
    while len(inside) < min(rules.largest, 5):
        pool = np.setdiff1d(pool, inside)
        choice = _best(index, inside, items, item_of, pool, rules)
        if choice is None or (chosen and choice.score < rules.enough * chosen[0].score):
            break
        chosen.append(choice)
        inside.append(choice.row)
    return chosen


def _best(
    index: PartnerIndex,
    inside: Sequence[int],
    items: dict[int, Item],
    item_of: Callable[[int], Item],
    pool: Rows,
    rules: BundleRules,
) -> _Choice | None:
    """The best item of the pool that the rules let in."""
    if not len(pool):
        return None
    links = [index.between(row, pool) for row in inside]
    score: Floats = np.mean([link.score for link in links], axis=0)
    lows = np.array([link.low for link in links])
    # The item is sure of a place if it is bought with one of the set beyond chance, and is like none of them.
    sure = (lows.max(0) > rules.sure) & (np.max([link.likeness for link in links], axis=0) < rules.substitute)
    for at in np.lexsort((pool, -score)).tolist():
        row = int(pool[at])
        if score[at] <= 0:
            return None
        if not sure[at]:
            continue
        if row not in items:
            items[row] = item_of(row)
        if _fits([items[other] for other in inside], items[row], len(inside), rules):
            beside = int(np.argmax(lows[:, at]))
            return _Choice(row, float(score[at]), inside[beside], links[beside], at)
    return None


def _fits(inside: Sequence[Item], item: Item, count: int, rules: BundleRules) -> bool:
    """Another kind than all that are there, in stock, in the same currency, and within the prices."""
    if item.stock is not None and item.stock <= 0:
        return False
    if item.category and any(item.category == other.category for other in inside):
        return False
    if any(item.title == other.title or item.currency != other.currency for other in inside):
        return False
    prices = [other.price for other in inside]
    if item.price is None:
        return rules.max_price is None
    known = [price for price in prices if price is not None]
    if known and item.price > rules.dearest * max(known):
        return False
    return rules.max_price is None or (len(known) == count and sum(known) + item.price <= rules.max_price)


def _bundle(start: Sequence[int], chosen: Sequence[_Choice], items: dict[int, Item], language: str) -> Bundle:
    words = _CHINESE if language == "zh" else _ENGLISH
    nan = float("nan")
    members = [Member(row, items[row], words["seed"], 0, nan, nan) for row in start]
    for choice in chosen:
        links, at = choice.links, choice.at
        reason = _reason(words, links, at, items[choice.row], items[choice.beside], language)
        count, lift, low = int(links.count[at]), float(links.lift[at]), float(links.low[at])
        members.append(Member(choice.row, items[choice.row], reason, count, lift, low))
    prices = [member.item.price for member in members]
    known = [price for price in prices if price is not None]
    added = members[len(start) :]
    return Bundle(
        tuple(members),
        float(sum(known)) if len(known) == len(prices) else None,
        members[0].item.currency,
        float(np.exp(np.mean([np.log(m.lift) for m in added]))),
        float(np.exp(np.mean([np.log(max(m.low, 1e-9)) for m in added]))),
        float(np.mean([choice.score for choice in chosen])),
    )


def _reason(words: dict[str, str], links: Links, at: int, item: Item, beside: Item, language: str) -> str:
    """The evidence that counted most, in a sentence."""
    lift = f"{links.lift[at]:,.0f}" if links.lift[at] >= 10 else f"{links.lift[at]:.1f}"
    named = {"item": _named(beside, "title", language), "count": int(links.count[at]), "lift": lift}
    if links.count[at] >= 1:
        return words["together" if links.count[at] >= 2 else "once"].format(**named)
    part = PARTS[int(np.argmax(links.parts[at, :4]))]
    if part == "sequence":
        return words["sequence"].format(**named)
    if item.category and beside.category and links.lift[at] > 1:
        kinds = (_named(thing, "category", language).split(" > ")[-1] for thing in (item, beside))
        return words["kinds"].format(**named, kind=next(kinds), seed_kind=next(kinds))
    return words["likeness"].format(**named)


def _named(item: Item, column: str, language: str) -> str:
    own = item.attributes.get(f"{column}_{language}") if language else None
    return own if isinstance(own, str) and own else str(getattr(item, column))
