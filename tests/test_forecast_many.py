"""Do many series together keep their promises: a choice that never loses to the naive, bands, sums, resumption?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.forecast.backtest import Backtest, back_test, one_step_scale, rolling_origins
from engine.forecast.boosted import Boosted
from engine.forecast.calendar import BadSeries
from engine.forecast.choose import choose, inverse_error_weights
from engine.forecast.conformal import calibrate
from engine.forecast.decayed import DecayedMean
from engine.forecast.demand import DAY, Demand
from engine.forecast.many import cluster_series, forecast_many, stacked_weights
from engine.forecast.naive import SeasonalNaive
from engine.forecast.panel import Panel, sales_gaps, scan_levels
from engine.forecast.plain import plain_forecasts
from engine.forecast.reconcile import bottom_up, reconcile, summing
from engine.forecast.thin import forecast_thin, learn_recipe
from engine.types import Floats

WEEK = np.array([0.5, 0.6, 0.8, 1.0, 1.2, 1.7, 1.2])
DATES = np.datetime64("2025-01-01") + np.arange(400)


def shop(n: int = 24, days: int = 196, seed: int = 7) -> Floats:
    """Poisson demand with a week and a promotion-free level of its own a series."""
    rng = np.random.default_rng(seed)
    level = rng.uniform(2.0, 30.0, n)[:, None]
    return rng.poisson(level * np.resize(WEEK, days)[None, :]).astype(float)


def thin(n: int = 300, days: int = 200, seed: int = 3) -> Demand:
    rng = np.random.default_rng(seed)
    units = rng.poisson(rng.uniform(0.01, 1.5, n)[:, None] * np.resize(WEEK, days)[None, :])
    row, day = np.nonzero(units)
    return Demand.of(row, day * DAY, units[row, day], n_items=n, cap=None, now=days * DAY)


# ---- back-test and choice


def test_the_backtest_by_hand() -> None:
    """y = 1 2 3 4 5 6, horizon 2, origins 4 and 2; the naive says 4 4 and 2 2; squares 1 4 twice, scale 1."""
    y = np.arange(1.0, 7.0)
    test = back_test({"naive": SeasonalNaive(1)}, y, None, 2, rolling_origins(6, 2, 2))
    assert test.origins == (4, 2)
    assert test.predicted[0].tolist() == [[4.0, 4.0], [2.0, 2.0]]
    assert test.errors()["naive"] == pytest.approx(2.5**0.5)
    assert one_step_scale(np.array([0.0, 0.0, 2.0, 5.0])) == 9.0


def test_origins_leave_enough_past() -> None:
    assert rolling_origins(100, 28, 40) == (72, 44)
    assert rolling_origins(30, 28, 14) == ()


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 5), st.integers(2, 5), st.integers(0, 10_000))
def test_the_choice_never_loses_to_the_naive_in_the_backtest(windows: int, methods: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    predicted = rng.normal(size=(methods, windows, 6)) * rng.uniform(0.1, 3.0, (methods, 1, 1))
    names = ("seasonal naive", *(f"m{i}" for i in range(1, methods)))
    test = Backtest(names, tuple(range(windows)), predicted, rng.normal(size=(windows, 6)), np.ones(windows))
    choice = choose(test)
    assert sum(choice.weights.values()) == pytest.approx(1.0)
    said = "combination" if len(choice.weights) > 1 else next(iter(choice.weights))
    assert choice.errors[said] <= choice.errors["seasonal naive"] + 1e-12


def test_weights_go_by_inverse_squares() -> None:
    """Errors 1 and 1.25 (within 1.15 squared = 1.32): 1 / (1 + .8) and .8 / (1 + .8); 4 is too far off."""
    weights = inverse_error_weights(np.array([[1.0], [1.25], [4.0]]), None)
    assert weights.tolist() == pytest.approx([1 / 1.8, 0.8 / 1.8, 0.0])


def test_stacking_finds_the_mixture_that_made_the_data() -> None:
    rng = np.random.default_rng(0)
    told = rng.normal(size=(3, 2, 40, 10))
    actual = 0.7 * told[0] + 0.3 * told[1]
    weights = stacked_weights(told, actual, np.ones((2, 40)), ridge=0.0)
    assert weights == pytest.approx([0.7, 0.3, 0.0], abs=0.01)


# ---- intervals


def test_bands_hold_what_they_say_where_errors_are_alike() -> None:
    rng = np.random.default_rng(1)
    mean = rng.uniform(5, 50, (4000,))
    past, future = (mean + np.sqrt(mean) * rng.gamma(2.0, 1.0, 4000) - 2 * np.sqrt(mean) for _ in range(2))
    bands = calibrate(past, mean, np.sqrt(mean), (80, 95))
    drawn = bands.around(mean, np.sqrt(mean))
    for level in (80, 95):
        held = np.mean((future >= drawn.lower[level]) & (future <= drawn.upper[level]))
        assert abs(held - level / 100) < 0.03


def test_where_nothing_less_than_zero_can_be_sold_the_upper_tail_is_the_whole_tail() -> None:
    """Poisson .8: P(0) = .45 and P(<= 1) = .81, so 80 % is 0 to 1, not 0 to the 2 that leaves 10 % above."""
    y = np.random.default_rng(2).poisson(0.8, 20_000).astype(float)
    drawn = calibrate(y, np.full(20_000, 0.8), np.ones(20_000), (80,)).around(np.array([0.8]), np.ones(1))
    assert drawn.lower[80][0] == 0.0
    assert 0.99 <= drawn.upper[80][0] < 2.0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-5, 5), min_size=1, max_size=60), st.floats(0.0, 9.0))
def test_bands_enclose_the_mean_and_each_other(errors: list[float], mean: float) -> None:
    y = np.maximum(mean + np.asarray(errors), 0.0)
    drawn = calibrate(y, np.full(len(y), mean), np.ones(len(y)), (80, 95)).around(
        np.array([mean]), np.ones(1)
    )
    assert 0 <= drawn.lower[80][0] <= mean <= drawn.upper[80][0]
    assert drawn.upper[95][0] >= drawn.upper[80][0] - 1e-9


# ---- levels and clusters


def test_levels_scan_as_they_would_be_asked_day_by_day() -> None:
    Y = np.where(np.random.default_rng(5).random((3, 30)) < 0.1, np.nan, shop(3, 30))
    scanned = scan_levels(Y, (7.0,))[0]
    for day in (1, 10, 30):
        weight = 0.5 ** (np.arange(day)[::-1] / 7.0) * np.isfinite(Y[:, :day])
        told = (weight * np.nan_to_num(Y[:, :day])).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-9)
        assert scanned[:, day] == pytest.approx(told, rel=1e-5)
    assert sales_gaps(np.array([[0.0, 2.0, 0.0, 0.0]]))[0].tolist() == [0.0, 1.0, 0.0, 1.0, 2.0]


def test_plain_forecasts_of_many_are_those_of_one_at_a_time() -> None:
    Y = shop(6, 150)
    told = plain_forecasts(Y, 14, 7)
    for i in range(6):
        assert told["seasonal naive"][i] == pytest.approx(SeasonalNaive(7).fit(Y[i]).predict(14).mean)
        alone = DecayedMean(14.0, season=7).fit(Y[i]).predict(14).mean
        assert told["decayed mean"][i] == pytest.approx(alone, rel=0.05)


def test_clusters_part_the_busy_from_the_slow_and_none_is_tiny() -> None:
    Y = np.concatenate([shop(40), np.nan_to_num(thin(60, 196).dense())])
    clusters = cluster_series(Y)
    assert clusters[:40].min() > clusters[40:].max() - 1
    assert min(np.bincount(clusters)) >= 15


# ---- the global model


def test_the_global_model_learns_what_a_regressor_does() -> None:
    rng = np.random.default_rng(9)
    days, n = 170, 12
    promotion = (rng.random((n, days + 14, 1)) < 0.2).astype(float)
    level = rng.uniform(5, 40, n)[:, None]
    truth = rng.poisson(level * (1.0 + 2.0 * promotion[:, :, 0])).astype(float)
    panel = Panel(truth[:, :days], DATES[:days], "day", promotion)
    model = Boosted(horizon=14, rounds=40, stride=7, smallest_leaf=20)
    told = model.fit(panel).predict(panel)
    blind = replace(panel, X=None)
    untold = model.fit(blind).predict(blind)
    actual = truth[:, days:]
    assert np.mean((told - actual) ** 2) < 0.5 * np.mean((untold - actual) ** 2)


def test_the_global_model_answers_when_there_is_next_to_nothing() -> None:
    panel = Panel(np.array([[1.0, 2.0, 0.0]]), DATES[:3])
    assert np.isfinite(Boosted(horizon=4).fit(panel).predict(panel)).all()


def test_many_forecasts_are_whole_and_read_as_one() -> None:
    Y = shop(20, 160)
    Y[3, :60] = np.nan
    found = forecast_many(
        Panel(Y, DATES[:160]),
        [f"s{i}" for i in range(20)],
        horizon=14,
        windows=2,
        boosted=Boosted(rounds=20, stride=14),
    )
    assert found.mean.shape == (20, 14) and np.isfinite(found.mean).all()
    for level in (80, 95):
        assert np.all(found.lower[level] <= found.mean) and np.all(found.upper[level] >= found.mean)
    said = found.errors[0]
    chosen = "combination" if len(found.weights[0]) > 1 else next(iter(found.weights[0]))
    assert said[chosen] <= said["seasonal naive"]
    result = found.result(3, stock=500.0)
    assert result.name == "s3" and len(result.history) == 100 and result.dates[0] == DATES[160]
    assert result.cover is not None and result.cover.expected == pytest.approx(found.mean[3].sum())


def test_many_refuse_what_cannot_be_done() -> None:
    panel = Panel(shop(3, 60), DATES[:60], "day", np.zeros((3, 62, 1)))
    with pytest.raises(BadSeries, match="2 steps ahead and 7 are wanted"):
        forecast_many(panel, ["a", "b", "c"], horizon=7)
    with pytest.raises(BadSeries, match="no series"):
        forecast_many(Panel(np.zeros((0, 0)), DATES[:0]), [])


# ---- thin series


def test_a_broken_off_run_goes_on_and_unchanged_demand_is_not_computed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.forecast.thin.CHUNK", 64)
    demand = thin()
    recipe = learn_recipe(demand, 14)
    whole = forecast_thin(demand, horizon=14, recipe=recipe)
    first = forecast_thin(demand, horizon=14, recipe=recipe, folder=tmp_path)
    assert first.reused == 0
    (tmp_path / "00000064.npz").unlink()
    second = forecast_thin(demand, horizon=14, recipe=recipe, folder=tmp_path)
    assert second.reused == 4
    changed = demand.counts.tolil()
    changed[130, 199] = 9.0
    third = forecast_thin(replace(demand, counts=changed.tocsr()), horizon=14, recipe=recipe, folder=tmp_path)
    assert third.reused == 4
    for again in (first, second):
        assert np.array_equal(again.mean, whole.mean) and np.array_equal(again.upper[95], whole.upper[95])
    assert not np.array_equal(third.mean[130], whole.mean[130])


def test_thin_forecasts_are_about_right_and_their_bands_hold() -> None:
    demand = thin(600, 228)
    told = forecast_thin(demand.until(200), horizon=28)
    actual = np.nan_to_num(demand.dense()[:, 200:])
    assert told.mean.sum() == pytest.approx(actual.sum(), rel=0.1)
    assert np.mean(actual <= told.upper[95]) > 0.93
    assert np.all(told.upper[95] >= told.upper[80]) and told.lower[95].min() >= 0


# ---- hierarchy


def test_reconciled_parts_add_up() -> None:
    rng = np.random.default_rng(3)
    sums = summing([0, 0, 1, 1, -1], 2)
    told = rng.uniform(1, 10, (8, 4))
    items = reconcile(told, sums, rng.uniform(0.5, 2.0, 8))
    whole = sums @ items
    assert whole[0] == pytest.approx(items.sum(axis=0))
    assert whole[1] == pytest.approx(items[:2].sum(axis=0)) and items.min() >= 0
    assert bottom_up(items, np.array([0, 0, 1, 1, -1]), 2) == pytest.approx(whole[1:3])


def test_what_already_adds_up_is_left_alone_and_the_surer_level_wins() -> None:
    sums = summing([0, 0], 1)
    items = np.array([[2.0], [3.0]])
    assert reconcile(sums @ items, sums, np.ones(4)) == pytest.approx(items)
    told = np.array([[10.0], [10.0], [2.0], [3.0]])
    sure = reconcile(told, sums, np.array([1e-9, 1e-9, 1.0, 1.0]))
    assert sure.ravel() == pytest.approx([4.5, 5.5])  # the missing 5 shared evenly


def test_the_short_way_is_the_long_way() -> None:
    """Woodbury against the normal equations written out."""
    rng = np.random.default_rng(8)
    sums = summing(rng.integers(0, 3, 9), 3)
    told, variance = rng.uniform(5, 20, (13, 2)), rng.uniform(0.1, 3.0, 13)
    S, W = sums.toarray(), np.diag(1 / variance)
    plain = np.linalg.solve(S.T @ W @ S, S.T @ W @ told)
    assert reconcile(told, sums, variance, floor=None) == pytest.approx(plain)
