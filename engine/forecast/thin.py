"""What is the forecast of a hundred thousand thin series, on one machine and in flat memory?"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.forecast.choose import mixture_of
from engine.forecast.conformal import Bands, calibrate
from engine.forecast.demand import Demand
from engine.forecast.many import BUSY, choose_weights
from engine.forecast.plain import plain_forecasts
from engine.types import Floats

CHUNK = 4096  # series that are dense at a time: 4096 x 400 days x 8 bytes = 13 MB
MEMORY = 400  # days that the plain forecasters look back
SAMPLE = 6000  # series that weights and bands are learned from
SEASON = 7
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class ThinForecasts:
    """`mean` [n, h] and the bounds by level, float32; `weights` by cluster; `reused` chunks of an earlier run."""

    mean: NDArray[np.float32]
    lower: Mapping[int, NDArray[np.float32]]
    upper: Mapping[int, NDArray[np.float32]]
    weights: tuple[Mapping[str, float], ...]
    clusters: NDArray[np.int8]
    reused: int = 0


@dataclass(frozen=True, eq=False)
class Recipe:
    """What was learned from a sample: per cluster the mixture's weights, and bands by level."""

    weights: tuple[Mapping[str, float], ...]
    bands: tuple[Bands, ...]
    horizon: int
    levels: tuple[int, ...]

    def digest(self) -> str:
        told = [
            (sorted(w.items()), sorted(b.low.items()), sorted(b.high.items()))
            for w, b in zip(self.weights, self.bands, strict=True)
        ]
        return hashlib.sha256(repr((told, self.horizon, self.levels)).encode()).hexdigest()


def forecast_thin(
    demand: Demand,
    *,
    horizon: int = 28,
    levels: Sequence[int] = (80, 95),
    folder: Path | None = None,
    recipe: Recipe | None = None,
    progress: Progress | None = None,
) -> ThinForecasts:
    """Mix the plain forecasters for every series of `demand`; nothing is fitted series by series.

    Weights and bands are learned per cluster of busyness from a sample's back-test, or given as `recipe`. With
    `folder` every finished chunk is kept there: a run that was broken off goes on where it stopped, and a
    chunk whose demand did not change since is not computed again.
    """
    learned = recipe or learn_recipe(demand, horizon, levels)
    n = len(demand)
    mean = np.zeros((n, horizon), np.float32)
    lower = {level: np.zeros_like(mean) for level in levels}
    upper = {level: np.zeros_like(mean) for level in levels}
    clusters = np.zeros(n, np.int8)
    reused = 0
    known = learned.digest()
    for rows in _chunks(n):
        path = None if folder is None else folder / f"{rows.start:08d}.npz"
        key = _digest(demand, rows, known)
        kept = None if path is None else _read(path, key)
        if kept is None:
            kept = _forecast_chunk(demand, rows, learned)
            if path is not None:
                _write(path, key, kept)
        else:
            reused += 1
        mean[rows], clusters[rows] = kept["mean"], kept["clusters"]
        for level in levels:
            lower[level][rows], upper[level][rows] = kept[f"lower_{level}"], kept[f"upper_{level}"]
        if progress is not None:
            progress(rows.stop, n)
    return ThinForecasts(mean, lower, upper, learned.weights, clusters, reused)


def learn_recipe(demand: Demand, horizon: int, levels: Sequence[int] = (80, 95), windows: int = 2) -> Recipe:
    """Back-test the plain forecasters on a sample of `demand`, cluster by cluster."""
    n, t = len(demand), demand.n_days
    rows = np.arange(n) if n <= SAMPLE else np.sort(np.random.default_rng(0).choice(n, SAMPLE, replace=False))
    origins = [o for o in (t - horizon * k for k in range(1, windows + 1)) if o >= max(2 * SEASON, horizon)]
    if not origins or not n:
        even = tuple({"decayed mean": 1.0} for _ in range(len(BUSY) + 1))
        none = calibrate(np.zeros(0), np.zeros(0), np.zeros(0), levels)
        return Recipe(even, tuple(none for _ in even), horizon, tuple(levels))
    Y = _dense(demand, rows, t)
    cluster = _busyness(Y)
    tests, actual = [], np.full((len(origins), len(rows), horizon), np.nan)
    scales = np.ones((len(origins), len(rows)))
    for w, origin in enumerate(origins):
        past = Y[:, : Y.shape[1] - (t - origin)]
        tests.append(plain_forecasts(past, horizon, SEASON))
        actual[w] = Y[:, past.shape[1] : past.shape[1] + horizon]
        scales[w] = _one_step_scales(past)
    weights: list[Mapping[str, float]] = []
    bands: list[Bands] = []
    for c in range(len(BUSY) + 1):
        inside = np.flatnonzero(cluster == c)
        # Too few of a kind: learn from all.
        use = inside if len(inside) >= 30 else np.arange(len(rows))
        part = [{name: each[use] for name, each in test.items()} for test in tests]
        chosen, _ = choose_weights(part, actual[:, use], scales[:, use], "squares")
        past = np.stack([mixture_of(chosen, each) for each in part])
        spread = np.stack([thin_spread(past[w], scales[w, use]) for w in range(len(origins))])
        weights.append(chosen)
        bands.append(calibrate(actual[:, use], past, spread, levels))
    return Recipe(tuple(weights), tuple(bands), horizon, tuple(levels))


def thin_spread(mean: Floats, scale: Floats) -> Floats:
    """What errors are proportional to [n, h]: between what the past changed by and what Poisson sales would."""
    out: Floats = np.sqrt(0.5 * np.maximum(scale, 1e-9)[:, None] + np.maximum(mean, 0.0) + 1e-3)
    return out


def _forecast_chunk(demand: Demand, rows: slice, recipe: Recipe) -> dict[str, NDArray[np.generic]]:
    Y = _dense(demand, np.arange(rows.start, rows.stop), demand.n_days)
    cluster = _busyness(Y)
    told = plain_forecasts(Y, recipe.horizon, SEASON)
    scale = _one_step_scales(Y)
    mean = np.zeros((len(Y), recipe.horizon))
    bounds = {
        f"{side}_{level}": np.zeros_like(mean) for level in recipe.levels for side in ("lower", "upper")
    }
    for c in np.unique(cluster):
        inside = cluster == c
        mean[inside] = mixture_of(recipe.weights[c], {name: told[name][inside] for name in recipe.weights[c]})
        drawn = recipe.bands[c].around(mean[inside], thin_spread(mean[inside], scale[inside]))
        for level in recipe.levels:
            bounds[f"lower_{level}"][inside] = drawn.lower[level]
            bounds[f"upper_{level}"][inside] = drawn.upper[level]
    out: dict[str, NDArray[np.generic]] = {name: each.astype(np.float32) for name, each in bounds.items()}
    return {**out, "mean": mean.astype(np.float32), "clusters": cluster.astype(np.int8)}


def _dense(demand: Demand, rows: NDArray[np.int64], t: int) -> Floats:
    """The last MEMORY days (and two horizons) of `rows`, without ever making the whole calendar dense."""
    width = min(t, MEMORY)
    start = t - width
    out: Floats = demand.counts[rows][:, start:].toarray()
    if demand.closed is not None:
        out[(demand.closed[rows][:, start:].toarray() > 0) & (out == 0)] = np.nan
    out[np.arange(start, t)[None, :] < demand.launches[rows][:, None]] = np.nan
    return out


def _busyness(Y: Floats) -> NDArray[np.int64]:
    known = np.isfinite(Y).sum(axis=1)
    busy = np.divide((np.nan_to_num(Y) > 0).sum(axis=1), known, out=np.zeros(len(Y)), where=known > 0)
    places: NDArray[np.int64] = np.searchsorted(np.asarray(BUSY), busy).astype(np.int64)
    return places


def _one_step_scales(Y: Floats) -> Floats:
    change = np.diff(Y, axis=1) ** 2
    change[(np.cumsum(np.nan_to_num(Y) > 0, axis=1) == 0)[:, :-1]] = np.nan
    known = np.isfinite(change)
    days = known.sum(axis=1)
    mean = np.divide(np.where(known, change, 0.0).sum(axis=1), days, out=np.ones(len(Y)), where=days > 0)
    scales: Floats = np.maximum(mean, 1e-6)
    return scales


def _chunks(n: int) -> Iterator[slice]:
    for begin in range(0, n, CHUNK):
        yield slice(begin, min(n, begin + CHUNK))


def _digest(demand: Demand, rows: slice, recipe: str) -> str:
    part = demand.counts[rows.start : rows.stop]
    part.sum_duplicates()
    told = hashlib.sha256(f"{recipe} {demand.first_day} {demand.n_days} {part.shape}".encode())
    for each in (part.indptr, part.indices, demand.launches[rows]):
        told.update(np.ascontiguousarray(each, np.int64).tobytes())
    told.update(np.ascontiguousarray(part.data, np.float64).tobytes())
    if demand.closed is not None:
        told.update(np.ascontiguousarray(demand.closed[rows.start : rows.stop].toarray() > 0).tobytes())
    return told.hexdigest()


def _read(path: Path, key: str) -> dict[str, NDArray[np.generic]] | None:
    """What an earlier run left for the same input; None when it did not, or was cut off while writing."""
    if not path.exists():
        return None
    with np.load(path, allow_pickle=False) as stored:
        if str(stored["key"]) != key:
            return None
        return {name: stored[name] for name in stored.files if name != "key"}


def _write(path: Path, key: str, values: Mapping[str, NDArray[np.generic]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft.npz")
    arrays: dict[str, Any] = {"key": np.array(key), **values}
    np.savez(draft, **arrays)
    draft.replace(path)
