"""When do people want what: the year, the week, promotions and the shop next door?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from engine.sample.kinds import Shelf
from engine.sample.shelves import KINDS, SHELVES

Reals = NDArray[np.float64]
Codes = NDArray[np.int64]

HORIZON = 28  # days after the log for which the promotion calendar is already known
WATCHED = (0, 1, 2, 3, 5, 9)  # the shelves that run promotions and watch a competitor
PROMOTION_LIFT = 0.55  # what a promotion adds to the logarithm of demand
ELASTICITY = 1.6  # what the logarithm of the competitor's relative price adds
WEEK = np.log([0.97, 0.92, 0.93, 0.98, 1.06, 1.22, 1.28])  # Monday first
GROWTH = 0.3  # of the whole shop over a year, logarithm


@dataclass(frozen=True, eq=False)
class Calendar:
    """The days of the log and HORIZON days more; every array's last axis is days + HORIZON.

    `discount` [shelves, t] is the share taken off the price (0 = no promotion); `rival` [shelves, t] the
    competitor's price against its own mean; `demand` [kinds, t] the logarithm of demand against the mean.
    """

    first: date
    days: int
    discount: Reals
    rival: Reals
    demand: Reals

    def dates(self) -> list[date]:
        return [self.first + timedelta(days=day) for day in range(self.demand.shape[1])]


def keep_calendar(days: int, end: date, rng: np.random.Generator) -> Calendar:
    """The calendar of a log of `days` days whose last day is the one before `end`."""
    first = end - timedelta(days=days)
    length = days + HORIZON
    discount, rival = np.zeros((len(SHELVES), length)), np.ones((len(SHELVES), length))
    for number in WATCHED:
        discount[number] = _promotions(length, rng)
        rival[number] = _rival(length, rng)
    dates = [first + timedelta(days=day) for day in range(length)]
    month = np.array([1 + 12 * (day.timetuple().tm_yday - 1) / 365.25 for day in dates])
    weekday = np.array([day.weekday() for day in dates])
    gifts = np.array([(day.month, day.day) >= (11, 20) and (day.month, day.day) <= (12, 20) for day in dates])
    whole = WEEK[weekday] + GROWTH * (np.arange(length) / 365 - 0.5) + 0.25 * gifts
    demand = np.empty((len(KINDS), length))
    for code, (shelf, kind) in enumerate(KINDS):
        number = _number(shelf)
        demand[code] = whole + kind.swing * np.cos(2 * np.pi * (month - kind.peak) / 12)
        demand[code] += kind.weekend * (weekday >= 5) + rng.normal(0, 0.25) * (np.arange(length) / 365 - 0.5)
        demand[code] += PROMOTION_LIFT * (discount[number] > 0) + ELASTICITY * np.log(rival[number])
    return Calendar(first, days, discount, rival, demand)


def shelf_of_kind() -> Codes:
    """The shelf number of each kind, [kinds]."""
    return np.array([_number(shelf) for shelf, _ in KINDS], np.int64)


def _number(shelf: Shelf) -> int:
    return next(number for number, other in enumerate(SHELVES) if other is shelf)


def _promotions(length: int, rng: np.random.Generator) -> Reals:
    """Five to nine days off the price, about every five weeks."""
    discount = np.zeros(length)
    day = int(rng.integers(3, 30))
    while day < length:
        stay = int(rng.integers(5, 10))
        discount[day : day + stay] = rng.choice([0.1, 0.15, 0.2, 0.25])
        day += stay + int(rng.integers(18, 42))
    return discount


def _rival(length: int, rng: np.random.Generator) -> Reals:
    """A competitor's relative price: slow drift, and steps that last for weeks."""
    drift = np.zeros(length)
    noise = rng.normal(0, 0.01, length)
    for day in range(1, length):
        drift[day] = 0.985 * drift[day - 1] + noise[day]
    steps = np.zeros(length)
    day = int(rng.integers(10, 40))
    while day < length:
        stay = int(rng.integers(12, 35))
        steps[day : day + stay] = rng.choice([-0.18, -0.12, 0.1, 0.16])
        day += stay + int(rng.integers(10, 45))
    level = np.exp(drift + steps)
    return np.asarray(level / level.mean(), np.float64)
