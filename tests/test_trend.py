"""Is the trend of an item what its sales say, robust to one buyer and to thin evidence?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.forecast.demand import DAY, Demand
from engine.forecast.lift import LiftModel, Standing
from engine.forecast.trend import fit_trend, own_log_lift, shrink
from engine.retrieve.trending import Rising, Trending
from engine.types import Query
from indexes.trend import TrendIndex


def demand_of(rates: list[float], days: int = 120, seed: int = 3, growth: float = 1.0) -> Demand:
    """Poisson sales of len(rates) items; the last item grows by `growth` over the last 28 days."""
    rng = np.random.default_rng(seed)
    expected = np.repeat(np.asarray(rates)[:, None], days, axis=1)
    expected[-1, -28:] *= np.linspace(1.0, growth, 28)
    units = rng.poisson(expected)
    row, day = np.nonzero(units)
    return Demand.of(row, day * DAY + 60.0, units[row, day], n_items=len(rates), now=days * DAY, cap=None)


def test_a_trend_index_survives_its_folder(tmp_path: Path) -> None:
    index = fit_trend(demand_of([5.0, 1.0, 0.1, 0.0]), [0, 0, 1, -1], item_fits=1, category_fits=1)
    index.save(tmp_path)
    again = TrendIndex.open(tmp_path)
    assert again.horizon == index.horizon and again.now == index.now
    for name in ("lift", "uncertainty", "popularity", "strength", "categories", "category_lift"):
        assert np.array_equal(getattr(again, name), getattr(index, name))
    assert again.search(4) == index.search(4)
    with pytest.raises(ValueError):
        again.lift[0] = 2.0


def test_nobody_wants_it_then_it_does_not_trend() -> None:
    index = fit_trend(demand_of([5.0, 0.0]), item_fits=0)
    assert index.search(10).rows.tolist() == [0]
    assert index.score([1]).tolist() == [0.0]
    assert len(index.search(10, allowed=np.array([False, True]))) == 0


def test_no_days_and_no_items_answer() -> None:
    nothing = Demand.of([], [], n_items=3)
    assert fit_trend(nothing, [0, 0, 1]).lift.tolist() == [1.0, 1.0, 1.0]
    assert len(fit_trend(Demand.of([], [], n_items=0)).search(5)) == 0


def test_a_growing_item_is_seen_to_rise_and_a_steady_one_is_not() -> None:
    index = fit_trend(demand_of([20.0] * 9 + [20.0], growth=4.0), [0] * 10)
    assert index.lift[9] == max(index.lift)
    assert index.rising(1, sure=0.0).rows.tolist() == [9]
    steady = index.lift[:9]
    assert np.all(np.abs(np.log(steady)) < 0.25)


def test_the_lift_by_hand() -> None:
    """40 days of 2 units: decayed mean = mean = 2, the lift is 1; then the log ratio's variance."""
    flat, variance = own_log_lift(np.full((1, 40), 2.0), dispersion=1.0)
    assert flat[0] == pytest.approx(0.0, abs=1e-12)
    assert variance[0] == pytest.approx(2.0 / 56.5)


def test_a_thin_series_is_drawn_to_its_category() -> None:
    own, noise = np.array([1.0, 1.0, 0.9, 1.1]), np.array([0.001, 50.0, 0.001, 0.001])
    mean, error = shrink(own, noise, np.zeros(4), np.zeros(4))
    assert mean[0] > 0.95 and mean[1] < 0.1
    assert error[0] < error[1]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0.01, 3.0), min_size=3, max_size=12))
def test_shrinking_never_leaves_the_line_between_own_and_prior(noises: list[float]) -> None:
    rng = np.random.default_rng(len(noises))
    own, prior = rng.normal(size=len(noises)), rng.normal(size=len(noises))
    mean, error = shrink(own, np.asarray(noises), prior, np.full(len(noises), 0.1))
    assert np.all(mean >= np.minimum(own, prior) - 1e-9) and np.all(mean <= np.maximum(own, prior) + 1e-9)
    assert np.all(error <= np.sqrt(noises) + 1e-9)


def test_one_buyer_of_ten_thousand_makes_no_trend() -> None:
    days = np.repeat(np.arange(100), 10)
    rows = np.tile(np.arange(10), 100)
    buyers = np.arange(1000)
    clean = fit_trend(Demand.of(rows, days * DAY, n_items=10, buyers=buyers, now=100 * DAY), item_fits=0)
    bulk = Demand.of(
        np.append(rows, 3),
        np.append(days, 99) * DAY,
        np.append(np.ones(1000), 10_000.0),
        n_items=10,
        buyers=np.append(buyers, 5000),
        now=100 * DAY,
    )
    index = fit_trend(bulk, item_fits=0)
    assert clean.popularity[3] == pytest.approx(1.0)
    assert index.popularity[3] < 5.0
    assert index.lift[3] < 2.0


def test_retrievers_keep_to_the_allowed_rows_and_say_what_they_score() -> None:
    ones, none = np.ones(4, np.float32), np.zeros(0, np.float32)
    lift = np.array([2.0, 3.0, 1.5, 1.5], np.float32)
    index = TrendIndex(lift, 0.1 * ones, ones, lift * ones, np.full(4, -1, np.int32), none, none, none)
    for retrieve in (Trending(index), Rising(index)):
        allowed = np.array([True, False, True, True])
        found = retrieve(Query(allowed=allowed), 10)
        assert len(found) and 1 not in found.rows
        assert np.allclose(retrieve.score(Query(), found.rows), found.scores)
        assert retrieve(Query(allowed=allowed), 1).rows.tolist() == found.rows[:1].tolist()
        assert len(retrieve(Query(allowed=np.zeros(4, np.bool_)), 3)) == 0
        assert found.scores.min() >= retrieve.floor


def test_the_learned_lift_learns_a_pattern_that_repeats_and_knows_its_error() -> None:
    """Items that doubled their week over the month before keep selling twice as much; the rest stays as it is."""
    rng = np.random.default_rng(4)
    n, days = 150, 200
    rate = np.repeat(rng.uniform(1.0, 4.0, n)[:, None], days, axis=1)
    for item in range(n):
        for start in range(int(rng.integers(0, 60)), days, 60):
            rate[item, start : start + 30] *= 3.0
    units = rng.poisson(rate)
    row, day = np.nonzero(units)
    demand = Demand.of(row, day * DAY, units[row, day], n_items=n, cap=None, now=days * DAY)
    standing = Standing.of(demand)
    model = LiftModel(horizon=7).fit(standing, upto=190)
    told, error = model.log_lift(standing, at=190)
    came = np.log(standing.lifts(190, 7, model.prior))
    assert np.corrcoef(told, came)[0, 1] > 0.5
    assert 0.5 < np.std(came - told) / np.mean(error) < 1.5
    again, _ = LiftModel(horizon=7).fit(standing, upto=190).log_lift(standing, at=190)
    assert np.array_equal(told, again)


def test_a_lift_never_sees_the_days_to_come() -> None:
    demand = demand_of([3.0] * 20, days=160)
    known = Standing.of(demand.until(120))
    whole = Standing.of(demand)
    assert np.array_equal(known.features(120), whole.features(120), equal_nan=True)
    assert LiftModel().fit(Standing.of(demand.until(30))).log_lift(known)[0].tolist() == [0.0] * 20
