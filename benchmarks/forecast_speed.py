"""How many series a second, beside statsmodels and statsforecast in the same run?

    python benchmarks/forecast_speed.py [series]

100,000 generated thin series of 730 days by default. Prints series per second, and the growth of peak memory.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable

import numpy as np
from scipy.sparse import csr_array

from engine.forecast.arima import Arima
from engine.forecast.croston import Intermittent
from engine.forecast.decayed import DecayedMean
from engine.forecast.demand import Demand
from engine.forecast.fast import Fast
from engine.forecast.smoothing import Smoothing
from engine.forecast.theta import Theta
from engine.forecast.thin import forecast_thin

DAYS = 730


def generated(n: int, seed: int = 1) -> Demand:
    """Poisson sales at rates of .01 to 2 a day, most of them slow, with a launch within the first year."""
    rng = np.random.default_rng(seed)
    rate = 10 ** rng.uniform(-2.0, 0.3, n)
    launch = rng.integers(0, 365, n)
    sales = rng.poisson(rate * (DAYS - launch))
    row = np.repeat(np.arange(n), sales)
    day = launch[row] + np.floor(rng.random(len(row)) * (DAYS - launch[row])).astype(np.int64)
    counts = csr_array((np.ones(len(row)), (row, day)), shape=(n, DAYS))
    counts.sum_duplicates()
    return Demand(counts, 19_000, launch.astype(np.int32))


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed(name: str, count: int, work: Callable[[], object]) -> None:
    start = time.process_time()
    work()
    took = time.process_time() - start
    print(f"| {name} | {count} | {took:.2f} | {count / took:.0f} |", flush=True)


def main(n: int) -> None:
    demand = generated(n)
    before = peak()
    print(f"{n} series x {DAYS} days, {demand.counts.nnz} item-days with a sale\n")
    print("| forecast of 28 days | series | CPU seconds | series / s |\n|---|---|---|---|")
    timed("thin path: 6 forecasters mixed by back-test, 80 and 95 % bands", n, lambda: forecast_thin(demand))
    grown = peak() - before
    busy = np.argsort(-demand.totals())[:20]
    series = [demand.series(int(row)) for row in busy]
    Fast("theta").fit(series[0])  # compiles and imports, once
    ways = {
        "statsforecast Theta, season taken out": Fast("theta"),
        "statsforecast ETS, season taken out": Fast("smoothing"),
        "statsmodels Theta": Theta(),
        "statsmodels ETS, two forms": Smoothing(),
        "statsmodels ARIMA, order chosen, one exact fit": Arima(season=7, exact=1),
        "TSB, one series at a time": Intermittent("tsb"),
        "decayed mean, one series at a time": DecayedMean(season=7),
    }
    for name, way in ways.items():
        timed(name, len(series), lambda way=way: [way.fit(y).predict(28) for y in series])
    print(f"\nPeak memory grew by {grown:.0f} MB in the thin path.")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
