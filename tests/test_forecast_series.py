"""Is one forecast a clear answer: to good series, to bad ones, with its anomalies, its stock and its plot?"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from engine.errors import EngineError
from engine.forecast import BadSeries, forecast_series, plot_forecast, write_forecasts
from engine.forecast.anomaly import find_anomalies
from engine.forecast.arima import Arima
from engine.forecast.calendar import detect_frequency, on_steps, steps_after
from engine.forecast.fast import Fast
from engine.forecast.smoothing import Smoothing
from engine.forecast.stock import cover_of, days_of_cover
from engine.forecast.theta import Theta
from engine.types import Floats, Forecast

WEEK = np.array([5.0, 6.0, 7.0, 8.0, 12.0, 20.0, 14.0])
START = np.datetime64("2025-03-03")


def days(n: int) -> np.ndarray:
    return START + np.arange(n)


def weekly(n: int = 168, seed: int = 5) -> Floats:
    return np.maximum(np.resize(WEEK, n) + np.random.default_rng(seed).normal(0, 1, n), 0.0)


# ---- the calendar


@pytest.mark.parametrize(
    ("dates", "frequency"),
    [
        (["2025-01-01", "2025-01-02", "2025-01-05"], "day"),
        (["2025-01-01", "2025-01-08", "2025-01-22"], "week"),
        (["2025-01-31", "2025-02-28", "2025-03-31", "2025-04-30"], "month"),
        (["2025-01-01", "2025-04-01", "2025-07-01"], "quarter"),
        (["2025-01-01"], "day"),
    ],
)
def test_the_frequency_is_seen(dates: list[str], frequency: str) -> None:
    assert detect_frequency(dates) == frequency


def test_months_end_where_months_end() -> None:
    ends = np.array(["2024-11-30", "2024-12-31"], "datetime64[D]")
    assert steps_after(ends, 3, "month").astype(str).tolist() == ["2025-01-31", "2025-02-28", "2025-03-31"]
    fifth = np.array(["2024-12-05"], "datetime64[D]")
    assert steps_after(fifth, 1, "quarter").astype(str).tolist() == ["2025-03-05"]


def test_steps_are_whole_whatever_came() -> None:
    """Out of order, one day twice, one missing, one in the future: each mended and said."""
    steps = on_steps(
        [4.0, 1.0, 2.0, 3.0, 9.0],
        ["2025-01-05", "2025-01-01", "2025-01-02", "2025-01-02", "2025-02-01"],
        frequency="day",
        now=1736380800.0,  # 2025-01-09
    )
    assert np.array_equal(steps.y, [1.0, 5.0, np.nan, np.nan, 4.0], equal_nan=True)
    told = " ".join(steps.notes)
    assert "future" in told and "more than once" in told and "2 of 5 days have no value" in told


def test_a_closed_weekday_is_zero_and_not_unknown() -> None:
    dates = days(140)
    open_days = (np.arange(140) % 7) != 5
    steps = on_steps(weekly(140)[open_days], dates[open_days])
    assert np.nansum(steps.y[5::7]) == 0.0 and np.isfinite(steps.y).all()
    ahead = forecast_series(weekly(140)[open_days], dates[open_days], horizon=14, quick=True)
    assert ahead.mean[5] == pytest.approx(0.0, abs=0.2) and ahead.mean[4] > 5.0


# ---- good series


def test_a_weekly_series_beats_the_naive_and_says_how() -> None:
    y = weekly(196)
    result = forecast_series(y[:168], days(168), name="boots")
    assert result.dates[0] == START + 168 and result.horizon == 28
    assert np.abs(result.mean - y[168:]).mean() < np.abs(np.resize(y[161:168], 28) - y[168:]).mean()
    chosen = "combination" if "combination" in result.method else result.method
    assert result.errors[chosen] <= result.errors["seasonal naive"]
    held = np.mean((y[168:] >= result.lower[80]) & (y[168:] <= result.upper[80]))
    assert held >= 0.6
    assert np.all(result.lower[95] <= result.lower[80]) and np.all(result.upper[95] >= result.upper[80])


def test_regressors_pay_and_must_reach_the_horizon() -> None:
    rng = np.random.default_rng(8)
    promotion = (rng.random((196, 1)) < 0.25).astype(float)
    y = 20.0 + 15.0 * promotion[:, 0] + rng.normal(0, 1.0, 196)
    result = forecast_series(y[:168], days(168), promotion[:168], promotion[168:], horizon=28)
    assert "arima" in result.method
    assert np.abs(result.mean - y[168:]).mean() < 3.0
    with pytest.raises(BadSeries, match="give them for the 28 coming steps"):
        forecast_series(y[:168], days(168), promotion[:168])
    with pytest.raises(BadSeries, match="the horizon is 28"):
        forecast_series(y[:168], days(168), promotion[:168], promotion[168:171])
    with pytest.raises(BadSeries, match="not a number"):
        forecast_series(y[:168], days(168), promotion[:168], np.full((28, 1), np.nan))


# ---- bad series: each a clear result or one sentence


def test_one_point() -> None:
    result = forecast_series([3.0], ["2025-01-01"], horizon=3)
    assert result.mean.tolist() == [3.0, 3.0, 3.0]
    assert "not calibrated" in " ".join(result.notes)


def test_all_zeros_and_constant() -> None:
    assert forecast_series(np.zeros(90), days(90)).mean.max() == 0.0
    same = forecast_series(np.full(90, 4.0), days(90))
    assert same.mean == pytest.approx(np.full(28, 4.0))
    assert same.upper[95] == pytest.approx(np.full(28, 4.0))


def test_nan_inside_and_infinities() -> None:
    y = weekly()
    y[50:60] = np.nan
    y[70] = np.inf
    result = forecast_series(y, days(len(y)), quick=True)
    assert np.isfinite(result.mean).all() and np.isnan(result.history[70])
    assert (
        "11 of 168 days" not in result.notes
    )  # a known date with an unknown value is no gap in the calendar


def test_negative_values_are_told_and_not_cut() -> None:
    result = forecast_series(weekly() - 40.0, days(168), quick=True)
    assert result.mean.max() < 0 and "below 0" in " ".join(result.notes)


def test_a_series_that_ended_long_ago_says_so() -> None:
    now = (START + 900).astype("datetime64[s]").astype(float)
    result = forecast_series(weekly(), days(168), now=float(now), quick=True)
    assert result.dates[0] == START + 168
    assert "ends 733 days ago" in " ".join(result.notes)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: forecast_series([], []), "no value at all"),
        (lambda: forecast_series([np.nan] * 5, days(5)), "no value at all"),
        (lambda: forecast_series([1.0, 2.0], ["2025-01-01"]), "2 values came with 1 dates"),
        (lambda: forecast_series(["a"], ["2025-01-01"]), "cannot be read"),
        (lambda: forecast_series([1.0], ["soon"]), "cannot be read"),
        (lambda: forecast_series([1.0], ["2025-01-01"], horizon=0), "out of reach"),
        (lambda: forecast_series([1.0], ["2025-01-01"], horizon=10**9), "out of reach"),
        (lambda: forecast_series([1.0], ["2025-01-01"], levels=(0,)), "between 0 and 100"),
        (lambda: forecast_series([1.0, 2.0, 3.0], START + 400 * np.arange(3)), "400 days apart"),
    ],
)
def test_what_cannot_be_forecast_is_one_sentence(ask: object, said: str) -> None:
    with pytest.raises(EngineError, match=said) as caught:
        ask()  # type: ignore[operator]
    assert "\n" not in str(caught.value) and caught.value.exit_code == 2


# ---- anomalies


def test_a_spike_and_a_level_shift_are_marked_and_noise_is_not() -> None:
    y = weekly(210, seed=1)
    assert find_anomalies(y) == ()
    y[100] += 60.0
    found = find_anomalies(y)
    assert [(each.at, each.kind) for each in found] == [(100, "spike")]
    assert found[0].expected == pytest.approx(WEEK[100 % 7], abs=3.0)
    shifted = weekly(280, seed=2)
    shifted[150:] *= 2.5
    kinds = [(each.kind, each.at) for each in find_anomalies(shifted)]
    assert any(kind == "level up" and abs(at - 150) <= 7 for kind, at in kinds)
    assert find_anomalies(y[:10]) == ()


# ---- stock


def test_days_of_cover_by_hand() -> None:
    """2 a day: 5 units last 2.5 days; 30 last 15, past a horizon of 10; nothing wanted: for ever."""
    assert days_of_cover(5.0, np.full(10, 2.0)) == pytest.approx(2.5)
    assert days_of_cover(30.0, np.full(10, 2.0)) == pytest.approx(15.0)
    assert days_of_cover(5.0, np.zeros(10)) == np.inf
    assert days_of_cover(0.0, np.full(10, 2.0)) == 0.0


def test_the_chance_to_run_out_falls_with_stock() -> None:
    mean = np.full(28, 2.0)
    forecast = Forecast(mean, {80: mean - 1.5}, {80: mean + 1.5})
    covers = [cover_of(stock, forecast) for stock in (0.0, 40.0, 56.0, 80.0, 200.0)]
    chances = [each.chance for each in covers]
    assert chances == sorted(chances, reverse=True) and chances[0] == 1.0 and chances[-1] < 0.01
    assert 0.3 < chances[2] < 0.6  # stock of exactly what is expected is about a coin's throw
    again = cover_of(40.0 + covers[1].order, forecast)
    assert again.chance == pytest.approx(0.05, abs=0.005)
    assert cover_of(10.0, Forecast(mean)).chance == 1.0


# ---- shown


def test_a_forecast_is_a_table_a_json_and_a_picture(tmp_path: Path) -> None:
    y = weekly()
    y[40] = 90.0
    result = forecast_series(y, days(168), name="登山鞋", stock=100.0, quick=True)
    told = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert len(told["mean"]) == len(told["dates"]) == len(told["upper"]["80"]) == 28
    assert told["cover"]["stock"] == 100.0 and told["anomalies"][0]["date"] == str(START + 40)
    assert write_forecasts([result, result], tmp_path / "out.csv") == 56
    with (tmp_path / "out.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["series_id", "date", "value", "lower_80", "upper_80", "lower_95", "upper_95"]
    assert float(rows[3]["value"]) == pytest.approx(result.mean[3], rel=1e-5)
    plot_forecast(result, tmp_path / "out.png")
    picture = (tmp_path / "out.png").read_bytes()
    assert picture.startswith(b"\x89PNG") and len(picture) > 20_000


# ---- fast forms agree with the plain ones


@pytest.mark.parametrize("seed", [1, 2])
def test_fast_forms_agree_with_the_plain_ones(seed: int) -> None:
    rng = np.random.default_rng(seed)
    level = 50.0 + np.cumsum(rng.normal(0, 1.0, 200))
    y = np.maximum(level + rng.normal(0, 2.0, 200), 0.0)
    size = float(y.mean())
    plain = Arima(order=(1, 1, 1)).fit(y).predict(14, levels=(80,))
    fast = Fast("arima", season=1, order=(1, 1, 1)).fit(y).predict(14, levels=(80,))
    assert np.abs(plain.mean - fast.mean).max() < 0.01 * size
    assert np.abs(plain.upper[80] - fast.upper[80]).max() < 0.02 * size
    smooth = Smoothing(season=1).fit(y).predict(14).mean
    assert np.abs(smooth - Fast("smoothing", season=1).fit(y).predict(14).mean).max() < 0.03 * size
    theta = Theta(season=1).fit(y).predict(14).mean
    assert np.abs(theta - Fast("theta", season=1).fit(y).predict(14).mean).max() < 0.02 * size


def test_the_chosen_order_is_about_as_good_as_a_stepwise_search() -> None:
    """Errors over 5 ARMA series, by three exact fits each, against statsforecast's AutoARIMA."""
    ours, theirs = 0.0, 0.0
    for seed in range(5):
        rng = np.random.default_rng(seed)
        y = np.zeros(160)
        noise = rng.normal(size=160)
        for t in range(1, 160):
            y[t] = 0.5 * y[t - 1] + noise[t] + 0.4 * noise[t - 1]
        past, actual = 30.0 + y[:140], 30.0 + y[140:]
        ours += float(np.abs(Arima().fit(past).predict(20).mean - actual).mean())
        theirs += float(np.abs(Fast("arima", season=1).fit(past).predict(20).mean - actual).mean())
    assert ours < 1.1 * theirs
