"""Which days of the past were not like the others: a spike, or a step to a new level?"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from engine.forecast.seasonality import Season
from engine.types import Floats

SPIKE = 5.0  # robust standard deviations; at 3 a daily series shows one every year by luck alone
SHIFT = 1.0  # robust standard deviations between the medians before and after
MOST = 12  # of each kind, the strongest: a list that someone reads


@dataclass(frozen=True)
class Anomaly:
    """`at` is the step's place; `expected` what its neighbours say; `size` counts robust deviations."""

    at: int
    kind: Literal["spike", "drop", "level up", "level down"]
    value: float
    expected: float
    size: float


def find_anomalies(y: Floats, season: int = 7) -> tuple[Anomaly, ...]:
    """Spikes, drops and level shifts of `y` [t], by place. NaN is never one. Fewer than 3 seasons: none."""
    width = max(7, season if season <= 14 else 7)
    if np.isfinite(y).sum() < 3 * width:
        return ()
    part = Season.of(y, season)
    flat = part.take_out(y)
    shifts = _level_shifts(flat, width)
    expected = np.full(len(y), np.nan)
    edges = [0, *sorted(at for at, _ in shifts), len(y)]
    for begin, end in pairwise(edges):
        expected[begin:end] = _running_median(flat[begin:end], 2 * width + 1)
    apart = flat - expected
    sigma = _deviation(apart)
    ahead = Season(part.shape, part.times)
    usual = _over(ahead, expected)
    # Counts scatter with their level: a quiet month must not make a busy one look odd.
    noise = np.maximum(sigma, np.sqrt(np.maximum(expected, 0.0)) if np.nanmin(y) >= 0 else 0.0)
    size = np.divide(apart, noise, out=np.zeros(len(y)), where=np.isfinite(apart) & (noise > 0))
    found = [
        Anomaly(
            int(at),
            "spike" if size[at] > 0 else "drop",
            float(y[at]),
            round(float(usual[at]), 6),
            round(float(abs(size[at])), 2),
        )
        for at in np.argsort(-np.abs(size), kind="stable")[:MOST]
        if abs(size[at]) >= SPIKE
    ]
    for at, by in sorted(shifts, key=lambda each: -abs(each[1]))[:MOST]:
        before, after = (
            np.nanmedian(flat[max(0, at - 4 * width) : at]),
            np.nanmedian(flat[at : at + 4 * width]),
        )
        kind: Literal["level up", "level down"] = "level up" if by > 0 else "level down"
        found.append(Anomaly(int(at), kind, float(after), float(before), round(abs(float(by)), 2)))
    return tuple(sorted(found, key=lambda each: (each.at, each.kind)))


def _level_shifts(flat: Floats, width: int) -> list[tuple[int, float]]:
    """(place, size in deviations) where the median of the four widths after departs from that before."""
    span = 4 * width
    if len(flat) < 2 * span:
        return []
    jump = np.zeros(len(flat))
    places = np.arange(span, len(flat) - span + 1)
    wide = np.lib.stride_tricks.sliding_window_view(flat, span)
    middle, near = _medians(wide), _medians(np.lib.stride_tricks.sliding_window_view(flat, width))
    known = np.isfinite(wide).sum(axis=1)
    step = middle[places] - middle[places - span]
    # Both sides must have moved close by: a slope or a one-off week moves only one of them.
    close = near[places] - near[places - width]
    enough = (known[places] >= span // 2) & (known[places - span] >= span // 2) & np.isfinite(close)
    likely = enough & (np.abs(close) >= 0.5 * np.abs(step)) & (close * step > 0)
    for at, by in zip(places[likely], step[likely], strict=True):
        before, after = flat[at - span : at], flat[at : at + span]
        rest = np.concatenate([before - middle[at - span], after - middle[at]])
        jump[at] = by / max(_deviation(rest), 1e-9)
    out: list[tuple[int, float]] = []
    left = np.abs(jump)
    while left.max(initial=0.0) >= 2 * SHIFT:
        at = int(np.argmax(left))
        out.append((at, float(jump[at])))
        left[max(0, at - span) : at + span] = 0.0
    return out


def _running_median(x: Floats, width: int) -> Floats:
    half = width // 2
    padded = np.concatenate([np.full(half, np.nan), x, np.full(half, np.nan)])
    return _medians(np.lib.stride_tricks.sliding_window_view(padded, width))


def _medians(windows: Floats) -> Floats:
    """The median of each row of `windows` [n, width], NaN left out; NaN for a row of nothing else."""
    out = np.full(len(windows), np.nan)
    fine = np.isfinite(windows).any(axis=1)
    if fine.any():
        out[fine] = np.nanmedian(windows[fine], axis=1)
    return out


def _deviation(x: Floats) -> float:
    """1.4826 x the median absolute deviation, or the mean one where more than half are equal."""
    seen = np.abs(x[np.isfinite(x)])
    if not len(seen):
        return 0.0
    return float(1.4826 * np.median(seen)) or float(1.2533 * seen.mean())


def _over(season: Season, flat: Floats) -> Floats:
    """`flat` [t] with the season put back, for steps that are past."""
    shift = len(flat) % len(season.shape)
    return Season(np.roll(season.shape, shift), season.times).put_back(flat)
