"""Does each forecaster say what its formula says, and always something?"""

from __future__ import annotations

import numpy as np
import pytest

from engine.forecast.arima import Arima, approximate_aicc, choose_difference
from engine.forecast.croston import Intermittent, adida_rates, croston_rates, tsb_rates
from engine.forecast.decayed import DecayedMean, decayed_means
from engine.forecast.demand import DAY, Demand
from engine.forecast.fast import Fast
from engine.forecast.naive import SeasonalNaive, naive
from engine.forecast.seasonality import Season, filled, season_shares, seasonal_pattern, seasonal_strength
from engine.forecast.smoothing import Smoothing
from engine.forecast.theta import Theta
from engine.types import Floats, Forecaster

WEEK = np.array([5.0, 6.0, 7.0, 8.0, 12.0, 20.0, 14.0])

EVERY: dict[str, Forecaster] = {
    "naive": naive(),
    "seasonal naive": SeasonalNaive(7),
    "decayed mean": DecayedMean(14.0, season=7),
    "croston": Intermittent("croston"),
    "sba": Intermittent("sba"),
    "tsb": Intermittent("tsb"),
    "adida": Intermittent("adida"),
    "arima": Arima(season=7, exact=1),
    "smoothing": Smoothing(season=7),
    "theta": Theta(season=7),
    "fast theta": Fast("theta"),
    "fast smoothing": Fast("smoothing"),
}


def weekly(days: int = 140, noise: float = 1.0, seed: int = 5) -> Floats:
    return np.maximum(np.resize(WEEK, days) + np.random.default_rng(seed).normal(0, noise, days), 0.0)


# ---- demand


def test_demand_is_complete_by_the_calendar() -> None:
    """Sales on days 0, 2 (item 0) and 3 (item 1), asked on day 5: zeros between, NaN before launch."""
    demand = Demand.of([0, 0, 1], [0.0, 2 * DAY + 5, 3 * DAY], [2, 3, 1], n_items=3, now=5 * DAY + 10)
    assert demand.series(0).tolist() == [2.0, 0.0, 3.0, 0.0, 0.0]
    assert np.isnan(demand.series(1)[:3]).all() and demand.series(1)[3:].tolist() == [1.0, 0.0]
    assert np.isnan(demand.series(2)).all()
    assert demand.dates[0] == np.datetime64("1970-01-01") and len(demand.dates) == 5


def test_today_is_not_over_and_does_not_count() -> None:
    demand = Demand.of([0, 0], [0.0, 5 * DAY + 5], n_items=1, now=5 * DAY + 10)
    assert demand.n_days == 5 and demand.counts.sum() == 1


def test_days_out_of_stock_and_before_a_known_launch_are_not_zero() -> None:
    demand = Demand.of(
        [0, 0, 1],
        [0.0, 6 * DAY, 4 * DAY],
        n_items=2,
        now=8 * DAY,
        launches=np.array([np.nan, 2 * DAY]),
        out_of_stock=([0, 0, 0], [2 * DAY, 3 * DAY, 6 * DAY]),
    )
    assert np.isnan(demand.series(0)).nonzero()[0].tolist() == [2, 3]  # day 6 had a sale: it was in stock
    assert np.isnan(demand.series(1)).nonzero()[0].tolist() == [0, 1]


def test_bots_and_returns_are_left_out() -> None:
    kept = np.array([True, False, True])
    demand = Demand.of([0, 0, 0], [0.0, 0.0, DAY], [1, 50, -3], n_items=1, kept=kept, now=2 * DAY)
    assert demand.series(0).tolist() == [1.0, 0.0]


def test_parts_add_up_to_the_whole() -> None:
    rng = np.random.default_rng(1)
    demand = Demand.of(rng.integers(0, 20, 500), rng.uniform(0, 50, 500) * DAY, n_items=20)
    groups = np.arange(20) % 4
    whole = demand.rollup(groups, 4)
    assert whole.counts.sum() == demand.counts.sum() == 500
    assert np.allclose(whole.rollup(np.zeros(4), 1).dense(), np.nansum(demand.dense(), axis=0))
    assert demand.until(10).n_days == 10
    assert demand.until(10).counts.sum() == demand.counts[:, :10].sum()


# ---- formulas by hand


def test_naive_forecasts_repeat() -> None:
    assert naive().fit(np.array([1.0, 4.0])).predict(3).mean.tolist() == [4.0, 4.0, 4.0]
    y = np.arange(1.0, 11.0)
    assert SeasonalNaive(3).fit(y).predict(4).mean.tolist() == [8.0, 9.0, 10.0, 8.0]
    # One season apart every step differs by 3: sigma 3, after two whole seasons 3 * sqrt(3).
    forecast = SeasonalNaive(3).fit(y + 100).predict(7, levels=(95,))
    assert forecast.upper[95][0] - forecast.mean[0] == pytest.approx(1.959964 * 3.0, rel=1e-5)
    assert forecast.upper[95][6] - forecast.mean[6] == pytest.approx(1.959964 * 3.0 * 3**0.5, rel=1e-5)


def test_the_decayed_mean_by_hand() -> None:
    """Half-life 1: weights 1/4, 1/2, 1 on 8, 4, 2: (2 + 2 + 2) / 1.75; a NaN gives its weight away."""
    assert decayed_means(np.array([[8.0, 4.0, 2.0]]), 1.0)[0] == pytest.approx(6.0 / 1.75)
    assert decayed_means(np.array([[8.0, np.nan, 2.0]]), 1.0)[0] == pytest.approx(4.0 / 1.25)


def test_a_season_by_hand_starts_at_the_step_to_come() -> None:
    """1 3 1 3 1: the step to come is a 3, the mean 2: shares 3/2 and 1/2 without a prior."""
    assert season_shares(np.array([[3.0, 1.0, 3.0, 1.0]]), 2, prior=0.0)[0].tolist() == [1.5, 0.5]
    assert season_shares(np.array([[1.0, 3.0, 1.0]]), 2, prior=0.0)[0].tolist() == [1.5, 0.5]
    ahead = DecayedMean(14.0, season=7).fit(np.resize(WEEK, 71)).predict(7).mean
    assert ahead == pytest.approx(np.roll(WEEK, -(71 % 7)), rel=0.06)


@pytest.mark.parametrize("shift", [0.0, -30.0])
def test_a_season_taken_out_and_put_back_is_there_again(shift: float) -> None:
    y = weekly(141) + shift
    season = Season.of(y, 7)
    assert season.times == (shift == 0.0) and len(season.shape) == 7
    flat = season.take_out(y)
    assert flat.std() < y.std() / 2
    assert season.put_back(flat[-14:]) == pytest.approx(y[-14:])
    ahead = season.put_back(np.full(7, flat.mean()))
    assert ahead == pytest.approx(np.roll(WEEK, -(141 % 7)) + shift, abs=1.0)


def test_croston_by_hand() -> None:
    """0 3 0 0 5: first sale of 3 after a wait of 2; then size 3 + .5*(5-3) = 4, gap 2 + .5*(3-2) = 2.5."""
    y = np.array([[0.0, 3.0, 0.0, 0.0, 5.0]])
    rates = croston_rates(y, alpha=0.5)[0]
    assert rates.tolist() == pytest.approx([0.0, 0.0, 1.5, 1.5, 1.5, 1.6])
    assert croston_rates(y, alpha=0.5, sba=True)[0, -1] == pytest.approx(0.75 * 1.6)


def test_tsb_by_hand() -> None:
    """0 4: chance 1/2 and size 4 at first; a day without: 1/2 - .1/2 = .45; a sale: .45 + .1*.55 = .505."""
    rates = tsb_rates(np.array([[0.0, 4.0]]), alpha=0.5, beta=0.1)[0]
    assert rates.tolist() == pytest.approx([2.0, 0.45 * 4, 0.505 * 4])


def test_a_dead_item_fades_by_tsb_and_not_by_croston() -> None:
    y = np.concatenate([np.tile([0.0, 2.0], 50), np.zeros(100)])
    assert Intermittent("tsb").fit(y).predict(1).mean[0] < 0.02
    assert Intermittent("croston").fit(y).predict(1).mean[0] > 0.8


def test_adida_by_hand() -> None:
    """0 2 0 2 with blocks of two: sums 2 and 2, so one unit a day."""
    assert adida_rates(np.array([[0.0, 2.0, 0.0, 2.0]]))[0] == pytest.approx(1.0)
    assert adida_rates(np.array([[0.0, 0.0], [3.0, 3.0]])).tolist() == [0.0, 3.0]


# ---- seasons


def test_a_season_is_found_and_taken_out() -> None:
    y = weekly()
    assert seasonal_strength(y, 7) > 0.9
    assert seasonal_strength(np.random.default_rng(2).normal(size=200), 7) < 0.3
    assert seasonal_pattern(np.resize(WEEK, 140), 7) == pytest.approx(WEEK - WEEK.mean(), abs=1e-9)
    assert seasonal_strength(y[:10], 7) == 0.0


def test_gaps_are_filled_from_a_season_away() -> None:
    y = np.resize(WEEK, 35)
    y[16] = np.nan
    assert filled(y, 7)[16] == pytest.approx(WEEK[16 % 7])
    assert filled(np.full(3, np.nan)).tolist() == [0.0, 0.0, 0.0]


# ---- ARIMA


def test_a_random_walk_is_differenced_and_noise_is_not() -> None:
    rng = np.random.default_rng(11)
    noise = rng.normal(size=300)
    assert choose_difference(noise) == 0
    assert choose_difference(np.cumsum(noise)) == 1


def test_the_approximate_order_finds_the_process() -> None:
    """y = .8 y + e: some AR term must come before none at all, and far before it."""
    rng = np.random.default_rng(4)
    y = np.zeros(500)
    for t in range(1, 500):
        y[t] = 0.8 * y[t - 1] + rng.normal()
    ranked = approximate_aicc(y, 3, 2)
    assert ranked[0][1] >= 1
    assert next(a for a, p, q in ranked if (p, q) == (0, 0)) > ranked[0][0] + 100


def test_arima_follows_the_week_and_beats_the_naive() -> None:
    y = weekly(168)
    past, future = y[:140], y[140:]
    error = np.abs(Arima(season=7).fit(past).predict(28).mean - future).mean()
    assert error < np.abs(naive().fit(past).predict(28).mean - future).mean() / 2
    assert error < np.abs(SeasonalNaive(7).fit(past).predict(28).mean - future).mean()


def test_arima_with_a_regressor_uses_it() -> None:
    rng = np.random.default_rng(8)
    promotion = (rng.random((168, 1)) < 0.2).astype(float)
    y = 20.0 + 15.0 * promotion[:, 0] + rng.normal(0, 1.0, 168)
    ahead = Arima(exact=1).fit(y[:140], promotion[:140]).predict(28, promotion[140:])
    assert np.abs(ahead.mean - y[140:]).mean() < 1.5


# ---- always an answer


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize(
    "y",
    [
        np.array([3.0]),
        np.zeros(60),
        np.full(60, 4.0),
        np.where(np.arange(80) % 9 == 4, np.nan, weekly(80)),
        np.concatenate([np.full(20, np.nan), weekly(60)]),
        weekly(100) - 8.0,
        np.full(30, np.nan),
        np.where(np.arange(90) % 13 == 0, 2.0, 0.0),
    ],
    ids=["one point", "zeros", "constant", "gaps", "late launch", "negative", "all NaN", "slow"],
)
def test_every_forecaster_answers_for_every_series(name: str, y: Floats) -> None:
    forecast = EVERY[name].fit(y).predict(14, levels=(80, 95))
    assert forecast.mean.shape == (14,) and np.isfinite(forecast.mean).all()
    for level in (80, 95):
        assert np.all(forecast.lower[level] <= forecast.mean + 1e-9)
        assert np.all(forecast.upper[level] >= forecast.mean - 1e-9)
    assert np.all(forecast.upper[95] >= forecast.upper[80] - 1e-9)
    if np.nanmin(y, initial=0.0) >= 0:
        assert forecast.mean.min() >= 0 and forecast.lower[95].min() >= 0


@pytest.mark.parametrize("name", EVERY)
def test_fitting_leaves_the_forecaster_as_it_was_and_repeats_itself(name: str) -> None:
    first = EVERY[name].fit(weekly()).predict(5)
    EVERY[name].fit(weekly(seed=99))
    assert np.array_equal(first.mean, EVERY[name].fit(weekly()).predict(5).mean)
