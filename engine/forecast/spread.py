"""How wide is what a forecaster does not know?"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from engine.types import Floats, Forecast


def normal_bands(
    mean: Floats, sigma: Floats | float, levels: Sequence[int], floor: float | None = None
) -> Forecast:
    """`mean` [h] with bounds mean +- z * `sigma` ([h] or one number) at each of `levels` (percent).

    `floor` is the smallest possible value (0 for units sold), None for none.
    """
    least = -np.inf if floor is None else floor
    lower: dict[int, Floats] = {}
    upper: dict[int, Floats] = {}
    for level in levels:
        z = NormalDist().inv_cdf(0.5 + level / 200.0)
        lower[level] = np.maximum(mean - z * sigma, least)
        upper[level] = np.maximum(mean + z * sigma, least)
    return Forecast(np.maximum(mean, least), lower, upper)


def smallest(y: Floats) -> float | None:
    """0 for a series that was never negative: then no forecast is. None where returns outweigh sales."""
    seen = y[np.isfinite(y)]
    return 0.0 if not len(seen) or seen.min() >= 0 else None


def rms(errors: Floats) -> float:
    """Root mean square of what is finite in `errors`; 0 when nothing is."""
    seen = errors[np.isfinite(errors)]
    return float(np.sqrt(np.mean(seen**2))) if len(seen) else 0.0
