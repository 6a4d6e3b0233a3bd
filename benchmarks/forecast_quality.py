"""How good are the forecasts on open data, beside the naive in the same run?

    python -m benchmarks.forecast_quality [m5] [m5-arima] [retail] [juice] [juice-arima] [--earlier]

Data from RONGHE_EVAL_DATA (default ../shared/data). `--earlier` scores windows before the test windows: what
choices were made on. Prints one line a method; coverage is the share of days inside the 80 and 95 % bands.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from engine.forecast.arima import Arima
from engine.forecast.backtest import one_step_scale
from engine.forecast.demand import Demand
from engine.forecast.groups import groups_of
from engine.forecast.many import ManyForecasts, forecast_many
from engine.forecast.panel import Panel
from engine.forecast.plain import seasonal_naive

DATA = Path(os.environ.get("RONGHE_EVAL_DATA", Path(__file__).resolve().parents[1] / "../shared/data"))


def rmsse(told: np.ndarray, actual: np.ndarray, past: np.ndarray) -> float:
    scale = np.array([one_step_scale(y) for y in past])
    return float(np.mean(np.sqrt(np.mean((told - actual) ** 2, axis=1) / scale)))


def report(
    name: str, error: float, unit: str, seconds: float, n: int, held: dict[int, float] | None = None
) -> None:
    bands = (
        ""
        if held is None
        else "  " + "  ".join(f"{level} % holds {share:.1%}" for level, share in held.items())
    )
    print(f"{name:34s} {unit} {error:8.4f}  {seconds / n:8.4f} s/series{bands}", flush=True)


def coverage(found: ManyForecasts, actual: np.ndarray) -> dict[int, float]:
    fine = np.isfinite(actual)
    return {
        level: float(((actual >= found.lower[level]) & (actual <= found.upper[level]))[fine].mean())
        for level in (80, 95)
    }


def m5() -> tuple[Panel, list[str]]:
    """Store x department, daily, with events and SNAP days known ahead."""
    table = pd.read_parquet(DATA / "m5_level9/series.parquet").sort_values(["series_id", "date"])
    wide = {c: table.pivot(index="series_id", columns="date", values=c) for c in ("value", "event", "snap")}
    names = list(wide["value"].index)
    X = np.stack([wide["event"].to_numpy(float), wide["snap"].to_numpy(float)], axis=-1)
    dates = wide["value"].columns.to_numpy().astype("datetime64[D]")
    return Panel(wide["value"].to_numpy(float), dates, "day", X, groups_of(names)), names


def run_m5(earlier: bool) -> None:
    whole, names = m5()
    for origin in (1913 - 28, 1913 - 364) if earlier else (1913,):
        panel, actual = whole.until(origin), whole.Y[:, origin : origin + 28]
        print(f"m5_level9, 28 days from {whole.dates[origin]}, {len(names)} series")
        report("seasonal naive", rmsse(seasonal_naive(panel.Y, 28, 7), actual, panel.Y), "RMSSE", 0.0, 70)
        start = time.perf_counter()
        found = forecast_many(panel, names, horizon=28)
        seconds = time.perf_counter() - start
        report(
            "default choice",
            rmsse(found.mean, actual, panel.Y),
            "RMSSE",
            seconds,
            70,
            coverage(found, actual),
        )
        print("  weights", found.weights)


def run_m5_arima(earlier: bool) -> None:
    whole, names = m5()
    for origin in (1913 - 28,) if earlier else (1913,):
        past, actual = whole.Y[:, :origin], whole.Y[:, origin : origin + 28]
        print(f"m5_level9 by ARIMA, 28 days from {whole.dates[origin]}")
        for name, with_x in (
            ("ARIMA, order by ADF/KPSS + AICc", False),
            ("the same with event and SNAP", True),
        ):
            start = time.perf_counter()
            told = []
            for i in range(len(names)):
                X = whole.X[i] if with_x and whole.X is not None else None
                fitted = Arima(season=7, exact=1).fit(past[i], None if X is None else X[:origin])
                told.append(fitted.predict(28, None if X is None else X[origin : origin + 28]).mean)
            report(
                name, rmsse(np.stack(told), actual, past), "RMSSE", time.perf_counter() - start, len(names)
            )


def run_retail(earlier: bool) -> None:
    events = pd.read_parquet(DATA / "online_retail_ii/events.parquet")
    events = events[events.type == "purchase"]
    codes, items = pd.factorize(events.item_id, sort=True)
    seconds = events.timestamp.to_numpy().astype("datetime64[s]").astype(np.int64).astype(float)
    demand = Demand.of(codes, seconds, events.quantity.to_numpy(float), n_items=len(items), cap=None)
    cut = int((np.datetime64("2011-11-01") - demand.dates[0]).astype(int))
    for origin in (cut - 28, cut - 56) if earlier else (cut,):
        sold = np.asarray((demand.counts[:, :origin] > 0).sum(axis=1)).ravel()
        rows = np.flatnonzero(sold >= 100)
        Y = demand.dense(rows)
        past, actual = Y[:, :origin], Y[:, origin : origin + 28]
        print(
            f"online_retail_ii, 28 days from {demand.dates[origin]}, {len(rows)} items with >= 100 selling days"
        )
        report("seasonal naive", rmsse(seasonal_naive(past, 28, 7), actual, past), "RMSSE", 0.0, len(rows))
        report(
            "moving average, 28 days",
            rmsse(np.nanmean(past[:, -28:], axis=1)[:, None], actual, past),
            "RMSSE",
            0.0,
            1,
        )
        report("zeros", rmsse(np.zeros((len(rows), 28)), actual, past), "RMSSE", 0.0, len(rows))
        start = time.perf_counter()
        found = forecast_many(Panel(past, demand.dates[:origin]), [str(items[r]) for r in rows], horizon=28)
        took = time.perf_counter() - start
        report(
            "default choice",
            rmsse(found.mean, actual, past),
            "RMSSE",
            took,
            len(rows),
            coverage(found, actual),
        )
        for c, weights in enumerate(found.weights):
            inside = found.clusters == c
            print(
                f"  cluster {c}: {inside.sum()} items, weights", {k: round(v, 2) for k, v in weights.items()}
            )


def juice() -> tuple[Panel, list[str]]:
    """Brand x store, weekly; price, deal and feature."""
    table = pd.read_parquet(DATA / "orangejuice/series.parquet")
    weeks = np.arange(40, 161)
    wide = {
        c: table.pivot(index="series_id", columns="week", values=c).reindex(columns=weeks).astype(float)
        for c in ("value", "price", "deal", "feat")
    }
    names = list(wide["value"].index)
    price = wide["price"].ffill(axis=1).bfill(axis=1).to_numpy()
    X = np.stack(
        [price, np.nan_to_num(wide["deal"].to_numpy()), np.nan_to_num(wide["feat"].to_numpy())], axis=-1
    )
    dates = np.datetime64("1990-06-14") + 7 * np.arange(len(weeks))
    return Panel(wide["value"].to_numpy(), dates, "week", X, groups_of(names)), names


def run_juice(earlier: bool) -> None:
    whole, names = juice()
    first = 127 if earlier else 137
    errors, naive, inside, took = [], [], {80: [], 95: []}, 0.0
    for week in range(first, first + (10 if earlier else 20), 4 if earlier else 2):
        origin = week - 2 - 40 + 1
        panel, actual = whole.until(origin), whole.Y[:, week - 40 : week - 38]
        fine = np.isfinite(actual)
        start = time.perf_counter()
        found = forecast_many(panel, names, horizon=2, gap=1, measure="percent")
        took += time.perf_counter() - start
        errors.append(100 * float(np.mean(np.abs(found.mean - actual)[fine] / actual[fine])))
        last = seasonal_naive(panel.Y, 2, 1)
        naive.append(100 * float(np.mean(np.abs(last - actual)[fine] / actual[fine])))
        for level in (80, 95):
            inside[level].append(coverage(found, actual)[level])
        print(
            f"  weeks {week}-{week + 1}: MAPE {errors[-1]:.2f}, naive {naive[-1]:.2f}",
            coverage(found, actual),
            flush=True,
        )
    print(f"orangejuice, horizon 2 weeks, gap 2, {len(errors)} rounds from week {first}, {len(names)} series")
    report("naive", float(np.mean(naive)), "MAPE %", 0.0, 1)
    held = {level: float(np.mean(share)) for level, share in inside.items()}
    report("boosted with regressors", float(np.mean(errors)), "MAPE %", took, len(names) * len(errors), held)


def run_juice_arima(earlier: bool) -> None:
    """Every 9th series (the same for every method here): an exact fit a series and round is slow."""
    whole, names = juice()
    rows = np.arange(0, len(names), 9)
    first = 127 if earlier else 137
    for name, columns in (("ARIMA without regressors", []), ("ARIMA with price, deal, feature", [0, 1, 2])):
        errors, start = [], time.perf_counter()
        for week in range(first, first + (10 if earlier else 20), 4 if earlier else 2):
            origin = week - 2 - 40 + 1
            told = []
            for i in rows:
                X = whole.X[i][:, columns] if columns and whole.X is not None else None
                fitted = Arima(order=(1, 0, 0), log=True).fit(
                    whole.Y[i, :origin], None if X is None else X[:origin]
                )
                ahead = fitted.predict(3, None if X is None else X[origin : origin + 3], levels=(2,))
                told.append(
                    ((ahead.lower[2] + ahead.upper[2]) / 2)[1:]
                )  # the median: percent errors ask for less
            actual = whole.Y[rows, week - 40 : week - 38]
            fine = np.isfinite(actual)
            errors.append(100 * float(np.mean(np.abs(np.stack(told) - actual)[fine] / actual[fine])))
        report(name, float(np.mean(errors)), "MAPE %", time.perf_counter() - start, len(rows) * len(errors))


RUNS = {
    "m5": run_m5,
    "m5-arima": run_m5_arima,
    "retail": run_retail,
    "juice": run_juice,
    "juice-arima": run_juice_arima,
}

if __name__ == "__main__":
    asked = [name for name in sys.argv[1:] if name in RUNS] or list(RUNS)
    for each in asked:
        RUNS[each]("--earlier" in sys.argv)
