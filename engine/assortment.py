"""How are bundles learned at a rebuild, and found at a request?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.bundle import BundleRules, compose
from engine.documents import analysed
from engine.errors import BadQuery
from engine.learn.partners import Partners, word_rows
from engine.snapshot import Snapshot
from engine.types import Interactions, Item
from indexes.partners import PartnerIndex


def learn_partners(items: Sequence[Item], interactions: Interactions) -> PartnerIndex:
    """The partners of every item, from baskets, sequences, categories, and the words of titles and brands."""
    kinds: dict[str, int] = {}
    kind = [kinds.setdefault(item.category, len(kinds)) if item.category else -1 for item in items]
    fields = (analysed(item) for item in items)
    words = word_rows([[*field.get("title", ()), *field.get("brand", ())] for field in fields])
    return Partners().fit(interactions, words, np.array(kind, np.int32))


def bundles(
    snapshot: Snapshot,
    partners: PartnerIndex,
    item_ids: Sequence[str],
    *,
    k: int = 3,
    max_price: float | None = None,
    language: str = "",
) -> list[dict[str, Any]]:
    """Up to `k` bundles around items, the best first, as JSON; raises UnknownItem, and BadQuery without any."""
    if not item_ids:
        raise BadQuery("Name at least one item.")
    found = compose(
        partners,
        [snapshot.row(item_id) for item_id in item_ids],
        snapshot.item,
        k=k,
        allowed=snapshot.sellable,
        rules=BundleRules(max_price=max_price),
        language=language,
    )
    return [bundle.to_dict() for bundle in found]
