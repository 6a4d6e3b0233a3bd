"""When does each visitor come, and which kinds does each look through?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.sample.season import Calendar
from engine.sample.shelves import KINDS
from engine.sample.visitors import Visitors

Reals = NDArray[np.float64]
Codes = NDArray[np.int64]

MOST_PAGES = 6
ANOTHER_PAGE = 0.45  # the chance of one more page
SAME, COMPANION = 0.45, 0.35  # what the next page shows: the same kind, one that goes with it; else any
SEARCHED = 0.6


@dataclass(frozen=True, eq=False)
class Visits:
    """Sessions [s]: who came on which day, and at which second of it."""

    visitor: Codes
    day: Codes
    second: Reals

    def __len__(self) -> int:
        return len(self.visitor)


@dataclass(frozen=True, eq=False)
class Pages:
    """Lists looked through [p]: in which session, at which place of it, of which kind, whether by search."""

    session: Codes
    place: Codes
    kind: Codes
    searched: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.session)


def companions() -> list[Codes]:
    """The kinds that go with each kind."""
    place = {kind.key: code for code, (_, kind) in enumerate(KINDS)}
    return [np.array([place[key] for key in kind.goes_with], np.int64) for _, kind in KINDS]


def come(visitors: Visitors, calendar: Calendar, rng: np.random.Generator) -> Visits:
    """Sessions fall on days by season, week and growth, never before a visitor's first day."""
    share = np.array([kind.share for _, kind in KINDS])
    weight = (share[:, None] * np.exp(calendar.demand[:, : calendar.days])).sum(axis=0)
    reached = np.concatenate([[0.0], np.cumsum(weight)]) / weight.sum()
    visitor = np.repeat(np.arange(len(visitors)), rng.poisson(visitors.activity))
    low = reached[visitors.first[visitor]]
    draw = low + (1 - low) * rng.random(len(visitor))
    day = np.minimum(np.searchsorted(reached, draw, side="right") - 1, calendar.days - 1)
    return Visits(visitor, day, second_of_day(len(visitor), rng))


def second_of_day(n: int, rng: np.random.Generator) -> Reals:
    """Around noon, in the evening, and some at any waking hour, [n]."""
    which = rng.random(n)
    hour = np.where(which < 0.3, rng.normal(12.5, 2.2, n), rng.normal(20.2, 1.7, n))
    hour = np.where(which > 0.8, rng.uniform(7, 23, n), hour)
    return np.asarray(np.clip(hour, 0.2, 23.3) * 3600, np.float64)


def look_through(visits: Visits, visitors: Visitors, calendar: Calendar, rng: np.random.Generator) -> Pages:
    """One page or several a session; the next often shows the same kind or one that goes with it."""
    n = len(visits)
    with_it = companions()
    session, kind = np.arange(n), _wanted(visits.visitor, visits.day, visitors, calendar, rng)
    sessions, places, kinds = [session], [np.zeros(n, np.int64)], [kind]
    for place in range(1, MOST_PAGES):
        stay = rng.random(len(session)) < ANOTHER_PAGE
        session, kind = session[stay], kind[stay]
        draw, pick = rng.random(len(session)), rng.random(len(session))
        fresh = _wanted(visits.visitor[session], visits.day[session], visitors, calendar, rng)
        beside = np.array(
            [with_it[code][int(p * len(with_it[code]))] for code, p in zip(kind, pick, strict=True)], np.int64
        )
        kind = np.where(draw < SAME, kind, np.where(draw < SAME + COMPANION, beside, fresh))
        sessions.append(session)
        places.append(np.full(len(session), place, np.int64))
        kinds.append(kind)
    total = sum(map(len, sessions))
    return Pages(
        np.concatenate(sessions), np.concatenate(places), np.concatenate(kinds), rng.random(total) < SEARCHED
    )


def _wanted(
    visitor: Codes, day: Codes, visitors: Visitors, calendar: Calendar, rng: np.random.Generator
) -> Codes:
    """The kind each visitor comes for on a day: taste x season, [n]."""
    chance = visitors.taste[visitor] * np.exp(calendar.demand[:, day].T)
    reached = np.cumsum(chance, axis=1)
    draw = rng.random(len(visitor)) * reached[:, -1]
    return np.asarray(np.minimum((reached < draw[:, None]).sum(axis=1), len(KINDS) - 1), np.int64)
