"""Are machines found among the visitors, and people left alone?"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from engine.sample import write_sample
from engine.trust.risk import Caution, Risk, find_suspects
from engine.types import EVENT_TYPES, EventType

DAY = 86400.0
VIEW, CART = EVENT_TYPES.index(EventType.VIEW), EVENT_TYPES.index(EventType.CART)


@dataclass
class Log:
    """Events of people and machines; a visitor is a row."""

    visitors: list[int]
    items: list[int]
    kinds: list[int]
    times: list[float]
    dwell: list[float]
    n: int = 0

    def visit(self, items: np.ndarray, times: np.ndarray, dwell: np.ndarray, carts: int = 0) -> int:
        visitor = self.n
        self.n += 1
        for item, time, stay in zip(items, times, dwell, strict=True):
            self._add(visitor, int(item), VIEW, float(time), float(stay))
        for item, time in list(zip(items, times, strict=True))[:carts]:
            self._add(visitor, int(item), CART, float(time) + 1, float("nan"))
        return visitor

    def _add(self, visitor: int, item: int, kind: int, time: float, stay: float) -> None:
        self.visitors.append(visitor)
        self.items.append(item)
        self.kinds.append(kind)
        self.times.append(time)
        self.dwell.append(stay)

    def risk(self, caution: Caution | None = None) -> Risk:
        return find_suspects(self.visitors, self.items, self.kinds, self.times, self.dwell, self.n, caution)


def people(seed: int = 0, n: int = 300, keen: int = 10) -> Log:
    """Heavy-tailed shoppers who sleep, read pages and buy now and then; the last `keen` look all day."""
    rng = np.random.default_rng(seed)
    log = Log([], [], [], [], [])
    for person in range(n):
        looks = (
            int(np.clip(rng.lognormal(3.0, 1.1), 1, 900))
            if person < n - keen
            else int(rng.integers(600, 900))
        )
        visits = (
            np.sort(rng.integers(0, 90, max(1, looks // 12))) * DAY
            + rng.normal(19, 2.5, max(1, looks // 12)) * 3600
        )
        start = rng.choice(visits, looks)
        times = np.sort(start + rng.exponential(400, looks))
        dwell = np.where(rng.random(looks) < 0.05, 0.0, rng.lognormal(3, 1, looks))
        log.visit(rng.zipf(1.3, looks) % 400, times, dwell, carts=rng.binomial(looks, 0.06))
    return log


def crawler(log: Log) -> int:
    """Every item in turn, a page every seven seconds, day and night, reading none."""
    n = 4000
    rng = np.random.default_rng(1)
    return log.visit(np.arange(n) % 400, 10 * DAY + np.cumsum(rng.normal(50, 4, n)), np.zeros(n))


def click_farm(log: Log) -> int:
    """One item, again and again, in random bursts."""
    rng = np.random.default_rng(2)
    times = np.sort(rng.random(1500) * 30 * DAY)
    return log.visit(np.full(1500, 7), times, np.zeros(1500))


def scraper(log: Log) -> int:
    """A short burst faster than any hand, with a pretended dwell."""
    rng = np.random.default_rng(3)
    times = 5 * DAY + 50_000 + np.cumsum(rng.exponential(0.4, 900))
    return log.visit(rng.integers(0, 400, 900), times, np.full(900, 30.0))


def patient(log: Log) -> int:
    """A slow machine: one look every ten minutes for a month, with a pretended dwell, buying nothing."""
    return log.visit(np.arange(3000) % 400, np.arange(3000) * 600.0, np.full(3000, 20.0))


@pytest.mark.parametrize("machine", [crawler, click_farm, scraper, patient])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_machine_is_found_among_people(machine: Callable[[Log], int], seed: int) -> None:
    log = people(seed)
    bot = machine(log)
    risk = log.risk()
    assert risk.suspects.tolist() == [bot]
    assert len(risk.reasons(bot)) >= 2
    assert not risk.trusted([bot])[0] and risk.trusted([0, -1]).all()


@pytest.mark.parametrize("seed", range(5))
def test_people_are_left_alone_however_keen(seed: int) -> None:
    risk = people(seed).risk()
    assert risk.suspects.tolist() == []
    assert risk.scores.max() < 0.7


def test_reasons_say_what_was_measured() -> None:
    log = people()
    bot = click_farm(log)
    reasons = " ".join(log.risk().reasons(bot))
    assert "1,500 views and clicks" in reasons
    assert "100% of what it looks at is one item" in reasons
    assert "100% of its views last no time" in reasons


def test_a_log_that_records_no_dwell_accuses_nobody_of_it() -> None:
    log = people()
    log.dwell = [float("nan")] * len(log.dwell)
    risk = log.risk()
    at = risk.detectors.index("dwell")
    assert not risk.evidence[:, at].any() and np.isnan(risk.measures[:, at]).all()
    assert risk.suspects.tolist() == []


def test_a_log_by_the_day_accuses_nobody_of_haste() -> None:
    log = people()
    log.times = [time // DAY * DAY for time in log.times]
    risk = log.risk()
    assert risk.suspects.tolist() == []
    for name in ("rate", "hours", "clockwork"):
        assert not risk.evidence[:, risk.detectors.index(name)].any()


def test_few_events_or_few_visitors_are_not_judged() -> None:
    log = people()
    few = log.visit(np.full(25, 3), np.arange(25) * 0.1, np.zeros(25))
    assert log.risk().scores[few] == 0
    alone = Log([], [], [], [], [])
    crawler(alone)
    assert alone.risk().scores.tolist() == [0]
    assert find_suspects([], [], [], [], [], 0).suspects.tolist() == []


def test_caution_can_be_set() -> None:
    log = people()
    click_farm(log)
    assert log.risk(Caution(weights={"volume": 0.5})).suspects.tolist() == []


def test_the_sample_shop_s_planted_bots_are_found_and_nobody_else(tmp_path: Path) -> None:
    write_sample(tmp_path, seed=11, items=300, users=250, days=150)
    log = pd.read_parquet(tmp_path / "events.parquet")
    planted = set(json.loads((tmp_path / "truth.json").read_text("utf-8"))["bots"])
    who = log.user_id.fillna("session " + log.session_id.fillna("")).astype("category")
    code = {kind: at for at, kind in enumerate(EVENT_TYPES)}
    risk = find_suspects(
        who.cat.codes,
        log.item_id.astype("category").cat.codes,
        log.type.map(code),
        log.timestamp,
        log.dwell_s,
        len(who.cat.categories),
    )
    assert planted
    assert {who.cat.categories[at] for at in risk.suspects} == planted
