"""Which forecaster, or which mixture of them, does the back-test speak for?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.forecast.backtest import Backtest
from engine.types import Floats

BASELINE = "seasonal naive"
COMBINATION = "combination"
NEAR = 1.15  # a forecaster joins the mixture when its error is at most this many times the best one's
LEAD = 0.97  # one forecaster is taken alone when its error is below this share of the mixture's


@dataclass(frozen=True)
class Choice:
    """The chosen mixture: `weights` add up to 1; `errors` (RMSSE) of all that was tried, the mixture too."""

    weights: Mapping[str, float]
    errors: Mapping[str, float]

    @property
    def method(self) -> str:
        """In words: "theta", or "combination of theta .6 and arima .4"."""
        parts = sorted(self.weights.items(), key=lambda each: -each[1])
        if len(parts) == 1:
            return parts[0][0]
        said = [f"{name} {weight:.2f}".replace(" 0.", " .") for name, weight in parts]
        return f"combination of {', '.join(said[:-1])} and {said[-1]}"


def inverse_error_weights(squares: Floats, baseline: int | None) -> Floats:
    """Weights [m] by 1 / mean squared error of `squares` [m, w]; 0 for who is far off or loses to `baseline`.

    Bates & Granger (1969), without the correlations: those cannot be estimated from so few windows.
    """
    mean = np.maximum(np.nanmean(squares, axis=1), 1e-12)
    bound = NEAR**2 * mean.min()
    if baseline is not None:
        bound = max(min(bound, float(mean[baseline])), float(mean.min()))
    weight = np.where(mean <= bound, 1.0 / mean, 0.0)
    out: Floats = weight / weight.sum()
    return out


def choose(test: Backtest, baseline: str = BASELINE, fallback: str | None = None) -> Choice:
    """The mixture, unless one forecaster is clearly better or it loses to the baseline.

    The mixture's own error is honest: at each window its weights come from the other windows. So the
    choice is never worse in the back-test than `baseline`. Without a window, `fallback` (or the first).
    """
    squares = test.squares
    fine = np.isfinite(squares).all(axis=0)
    if not fine.any():
        return Choice({fallback or test.names[0]: 1.0}, {})
    squares = squares[:, fine]
    predicted, actual = test.predicted[:, fine], test.actual[fine]
    base = test.names.index(baseline) if baseline in test.names else None
    windows = squares.shape[1]
    mixed = np.zeros(windows)
    for w in range(windows):
        others = np.delete(squares, w, axis=1) if windows > 1 else np.ones((len(squares), 1))
        mixture = np.tensordot(inverse_error_weights(others, base), predicted[:, w], axes=1)
        mixed[w] = np.nanmean((mixture - actual[w]) ** 2) / test.scales[fine][w]
    errors = dict(zip(test.names, np.sqrt(squares.mean(axis=1)).tolist(), strict=True))
    best = min(errors, key=lambda name: errors[name])
    combined = float(np.sqrt(mixed.mean()))
    errors[COMBINATION] = combined
    weights = inverse_error_weights(squares, base)
    alone = errors[best] < LEAD * combined or (base is not None and combined > errors[baseline])
    if alone or (weights > 0).sum() == 1:
        return Choice({best: 1.0}, errors)
    kept = {name: float(weight) for name, weight in zip(test.names, weights, strict=True) if weight > 0}
    return Choice(kept, errors)


def mixture_of(weights: Mapping[str, float], means: Mapping[str, Floats]) -> Floats:
    """The weighted mean of the forecasts that `weights` names."""
    total: Floats = sum((weight * means[name] for name, weight in weights.items()), start=np.zeros(1))
    return total
