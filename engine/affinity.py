"""What is one user drawn to, what do they turn away from, and how sure is that?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.types import Event, EventType, Floats, Item

_AGAINST = (EventType.DISMISS, EventType.RETURN)
_Z = 1.2816  # one-sided 90 %: how sure an affinity must be before it ranks high


@dataclass(frozen=True)
class Affinity:
    """A category or brand this user is drawn to.

    `share` of the user's interest (recent and stronger events weigh more); `sure`, the share that can be
    counted on, given how little was seen (Wilson's lower bound, 90 %); `lift`, the share over the shop's
    usual share, NaN when that is not known; `evidence`, events by type; `last`, Unix seconds.
    """

    value: str
    share: float
    sure: float
    lift: float
    evidence: Mapping[str, int]
    last: float
    labels: Mapping[str, str] = field(default_factory=dict)  # language -> the value in it

    def label(self, language: str) -> str:
        return self.labels.get(language, self.value)


def affinities(
    column: str,
    events: Sequence[Event],
    weights: Floats,
    items: Mapping[str, Item | None],
    usual: Mapping[str, float],
) -> tuple[Affinity, ...]:
    """Values of `column`, by how surely the user is drawn to them.

    `weights` [n]: what each event says, decayed; `usual`: the shop's own shares by value, for the lift.
    """
    total: dict[str, float] = {}
    squares = 0.0
    evidence: dict[str, Counter[str]] = {}
    last: dict[str, float] = {}
    labels: dict[str, dict[str, str]] = {}
    for event, weight in zip(events, weights.tolist(), strict=True):
        item = items.get(event.item_id)
        value = getattr(item, column, "") if item else ""
        if not item or not value or not weight:
            continue
        total[value] = total.get(value, 0.0) + weight
        squares += weight * weight
        evidence.setdefault(value, Counter())[str(event.type)] += 1
        last[value] = event.timestamp
        labels.setdefault(value, {}).update(_labels(item, column))
    positive = {value: weight for value, weight in total.items() if weight > 0}
    mass = sum(positive.values())
    if not mass:
        return ()
    effective = mass * mass / squares  # Kish: as many equal events as these uneven ones are worth
    found = [
        Affinity(
            value=value,
            share=weight / mass,
            sure=_wilson(weight / mass, effective),
            lift=weight / mass / usual[value] if usual.get(value) else float("nan"),
            evidence=dict(evidence[value]),
            last=last[value],
            labels=labels[value],
        )
        for value, weight in positive.items()
    ]
    return tuple(sorted(found, key=lambda a: (-a.sure, a.value)))


def _wilson(share: float, n: float) -> float:
    """Lower bound of a proportion (Wilson 1927)."""
    centre = share + _Z**2 / (2 * n)
    spread = _Z * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n * n))
    return float(max(0.0, (centre - spread) / (1 + _Z**2 / n)))


def avoided(events: Sequence[Event], items: Mapping[str, Item | None]) -> tuple[Affinity, ...]:
    """Categories whose items were sent back or dismissed at least twice, and more often than bought."""
    against: dict[str, Counter[str]] = {}
    bought: Counter[str] = Counter()
    last: dict[str, float] = {}
    labels: dict[str, dict[str, str]] = {}
    for event in events:
        item = items.get(event.item_id)
        if not item or not item.category:
            continue
        if event.type in _AGAINST:
            against.setdefault(item.category, Counter())[str(event.type)] += 1
            last[item.category] = event.timestamp
            labels[item.category] = _labels(item, "category")
        bought[item.category] += event.type is EventType.PURCHASE
    counts = {c: found.total() for c, found in against.items()}
    total = sum(counts.values()) or 1
    kept = [c for c, n in counts.items() if n >= 2 and n > bought[c]]
    return tuple(
        Affinity(
            c,
            counts[c] / total,
            _wilson(counts[c] / total, total),
            float("nan"),
            dict(against[c]),
            last[c],
            labels[c],
        )
        for c in sorted(kept, key=lambda c: (-counts[c], c))
    )


def _labels(item: Item, column: str) -> dict[str, str]:
    found = {
        n.removeprefix(f"{column}_"): v for n, v in item.attributes.items() if n.startswith(f"{column}_")
    }
    return {language: v for language, v in found.items() if isinstance(v, str) and v}
