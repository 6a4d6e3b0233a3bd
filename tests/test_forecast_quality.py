"""Do the forecasts beat the naive on real shops by what they beat it by when they were built?"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from engine.forecast.arima import Arima
from engine.forecast.backtest import one_step_scale
from engine.forecast.boosted import Boosted
from engine.forecast.demand import Demand
from engine.forecast.panel import Panel
from engine.forecast.plain import plain_forecasts
from engine.types import Floats

DATA = Path(os.environ.get("RONGHE_EVAL_DATA", Path(__file__).resolve().parents[1] / "../shared/data"))

pytestmark = pytest.mark.quality


def needs(name: str) -> Path:
    if not (DATA / name).is_dir():
        pytest.skip(f"{name} is not in {DATA}: set RONGHE_EVAL_DATA to measure on it")
    return DATA / name


def rmsse(told: Floats, actual: Floats, past: Floats) -> float:
    scale = np.array([one_step_scale(y) for y in past])
    return float(np.mean(np.sqrt(np.mean((told - actual) ** 2, axis=1) / scale)))


def test_store_departments() -> None:
    """M5 level 9, the last 28 days; seasonal naive 1.027."""
    table = pd.read_parquet(needs("m5_level9") / "series.parquet")
    wide = {c: table.pivot(index="series_id", columns="date", values=c) for c in ("value", "event", "snap")}
    Y = wide["value"].to_numpy(float)
    X = np.stack([wide["event"].to_numpy(float), wide["snap"].to_numpy(float)], axis=-1)
    dates = wide["value"].columns.to_numpy().astype("datetime64[D]")
    groups = np.arange(len(Y), dtype=np.int32)[:, None]
    panel, actual = Panel(Y[:, :1913], dates[:1913], "day", X, groups), Y[:, 1913:]
    plain = plain_forecasts(panel.Y, 28, 7, slow=False)
    naive = rmsse(plain["seasonal naive"], actual, panel.Y)
    assert naive == pytest.approx(1.027, abs=0.001)
    boosted = Boosted(horizon=28, identity=True, rounds=100, memory=700).fit(panel).predict(panel)
    assert rmsse(boosted, actual, panel.Y) <= 0.83
    assert rmsse(plain["decayed mean"], actual, panel.Y) <= 0.93
    some = np.arange(0, 70, 10)
    arima = np.stack([Arima(season=7, exact=1).fit(y).predict(28).mean for y in panel.Y[some]])
    assert rmsse(arima, actual[some], panel.Y[some]) <= 0.9


def test_retail_items() -> None:
    """Online Retail II, items with 100 selling days, 28 days from 2011-11-01."""
    events = pd.read_parquet(needs("online_retail_ii") / "events.parquet")
    events = events[events.type == "purchase"]
    codes, items = pd.factorize(events.item_id, sort=True)
    seconds = events.timestamp.to_numpy().astype("datetime64[s]").astype(np.int64).astype(float)
    demand = Demand.of(codes, seconds, events.quantity.to_numpy(float), n_items=len(items), cap=None)
    cut = int((np.datetime64("2011-11-01") - demand.dates[0]).astype(int))
    rows = np.flatnonzero(np.asarray((demand.counts[:, :cut] > 0).sum(axis=1)).ravel() >= 100)
    Y = demand.dense(rows)
    past, actual = Y[:, :cut], Y[:, cut : cut + 28]
    plain = plain_forecasts(past, 28, 7)
    errors = {name: rmsse(told, actual, past) for name, told in plain.items()}
    assert errors["decayed mean"] <= 0.57
    assert errors["decayed mean"] <= 0.83 * errors["seasonal naive"]
