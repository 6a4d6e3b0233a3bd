"""What does one model of all series expect, that learns how demand moves from each of them?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from engine.forecast.backtest import TINY
from engine.forecast.panel import BASE, HALF_LIVES, STEP_DAYS, YEARS, Panel, sales_gaps, scan_levels
from engine.forecast.seasonality import SHUT, over_past, season_shares
from engine.types import Floats

Loss = Literal["squares", "percent"]
BANDWIDTH = 0.4  # of "regressors like these", in standard deviations
LAGS = 4  # latest values of the same phase that are seen
MOST_ROWS = 150_000
LIMIT = 20.0  # a target is at most this many times its expected size


@dataclass(frozen=True, eq=False)
class Boosted:
    """Gradient-boosted trees (LightGBM) over all series: levels, season, year before, calendar, regressors.

    One row is (series, origin, step ahead); its target is demand over (recent level x season share), so one
    model serves series of every size. `loss`: "squares" weighs rows as RMSSE does, "percent" aims at the
    smallest percentage error. Seeds are averaged.
    """

    horizon: int = 28
    gap: int = 0  # steps after the origin that are not asked for
    loss: Loss = "squares"
    rounds: int = 200
    rate: float = 0.05
    leaves: int = 31
    smallest_leaf: int = 60
    seeds: tuple[int, ...] = (1,)
    memory: int = 1400  # steps of origins that are learned from
    stride: int = 14
    fade: float = 0.0  # half-life of an origin's weight in steps, 0 = all count the same
    alike: int = 0  # show how a series sold when these first regressors were alike: pays for prices
    years: bool = False  # also show what the same weeks did a year ago: two or three years teach noise
    identity: bool = False  # let the model tell series apart by their numbers, where they are few
    models_: tuple[Any, ...] = ()

    def fit(self, panel: Panel) -> Self:
        """Learn from every origin of `panel` from which the whole horizon has been seen."""
        view = View.of(panel, identity=self.identity, alike=self.alike, years=self.years)
        last = panel.t - self.horizon - self.gap
        first = max(2 * panel.season, self.horizon, panel.t - self.memory, 8)
        origins = list(range(last, first - 1, -self.stride)) or [max(last, 1)]
        # Memory stays flat: with many series each origin is asked of a few of them, other ones each time.
        most = max(1, int(1.5 * MOST_ROWS / len(origins) / self.horizon))
        rng = np.random.default_rng(0)
        views = [
            view if len(panel) <= most else view.rows(np.sort(rng.choice(len(panel), most, replace=False)))
            for _ in origins
        ]
        blocks = [each.table(o, self.horizon, self.gap) for o, each in zip(origins, views, strict=True)]
        table = np.concatenate([each.features.reshape(-1, each.features.shape[-1]) for each in blocks])
        size = np.concatenate([each.size.ravel() for each in blocks])
        wanted = np.concatenate([each.actual.ravel() for each in blocks])
        scale = np.concatenate(
            [np.repeat(each.scales(o), self.horizon) for o, each in zip(origins, views, strict=True)]
        )
        age = np.concatenate(
            [np.full(each.size.size, float(last - o)) for o, each in zip(origins, blocks, strict=True)]
        )
        use = np.isfinite(wanted) & (size > TINY)
        if self.loss == "percent":
            use &= wanted > 0
        rows = np.flatnonzero(use)
        if len(rows) > MOST_ROWS:
            rows = rng.choice(rows, MOST_ROWS, replace=False)
        if len(rows) < 2 * self.smallest_leaf:
            return replace(self, models_=())
        weight = 0.5 ** (age[rows] / self.fade) if self.fade else np.ones(len(rows))
        ratio = np.clip(wanted[rows] / size[rows], -LIMIT, LIMIT)
        models = tuple(
            self._boost(table[rows], ratio, size[rows], scale[rows], weight, seed, view.categorical)
            for seed in self.seeds
        )
        return replace(self, models_=models)

    def predict(self, panel: Panel) -> Floats:
        """Means [n, horizon] of the steps after the end of `panel` (and after the gap)."""
        block = View.of(panel, identity=self.identity, alike=self.alike, years=self.years).table(
            panel.t, self.horizon, self.gap
        )
        if not self.models_:
            return np.maximum(block.size, 0.0)
        flat = block.features.reshape(-1, block.features.shape[-1])
        told = np.mean([np.asarray(each.predict(flat, num_threads=1)) for each in self.models_], axis=0)
        ratio = np.exp(told) if self.loss == "percent" else told
        mean: Floats = ratio.reshape(block.size.shape) * block.size
        return np.where(block.size > TINY, np.maximum(mean, 0.0), 0.0)

    def _boost(
        self,
        table: NDArray[np.float32],
        ratio: Floats,
        size: Floats,
        scale: Floats,
        weight: Floats,
        seed: int,
        categorical: Sequence[int],
    ) -> Any:
        import lightgbm

        parameters: dict[str, Any] = {
            "learning_rate": self.rate,
            "num_leaves": self.leaves,
            "min_data_in_leaf": self.smallest_leaf,
            "feature_fraction": 0.6,
            "bagging_fraction": 0.7,
            "bagging_freq": 1,
            "lambda_l2": 5.0,
            "max_bin": 127,
            "seed": seed,
            "num_threads": 1,
            "deterministic": True,
            "force_row_wise": True,
            "verbose": -1,
        }
        options: dict[str, Any] = {"categorical_feature": list(categorical), "free_raw_data": True}
        if self.loss == "squares":
            parameters["objective"] = "regression"
            # RMSSE divides each series' squares by its scale: a ratio's error counts by size^2 / scale.
            data = lightgbm.Dataset(table, ratio, weight=weight * np.minimum(size**2 / scale, 1e4), **options)
        else:
            parameters["objective"] = "l1"
            # |f - y| / y is least at the median weighted by 1 / y, and a median survives the logarithm.
            target = np.log(np.maximum(ratio, 0.02))
            data = lightgbm.Dataset(table, target, weight=weight / np.maximum(ratio, 0.05), **options)
        return lightgbm.train(parameters, data, num_boost_round=self.rounds)


@dataclass(frozen=True, eq=False)
class Table:
    """`features` [n, h, f], expected `size` [n, h] and, as far as it has come, `actual` [n, h]."""

    features: NDArray[np.float32]
    size: Floats
    actual: Floats


@dataclass(frozen=True, eq=False)
class View:
    """A panel with everything that an origin's features need, computed once for all origins."""

    panel: Panel
    nonzero: NDArray[np.float32]  # [n, t + 1] decayed share of steps with a sale
    gaps: NDArray[np.float32]
    squares: NDArray[np.float32]  # [n, t + 1] running mean of squared one-step changes
    group_levels: tuple[NDArray[np.float32], ...]  # [2, n, t + 1]: short and long, of each group
    identity: bool
    alike: int = 0
    years: bool = False

    @classmethod
    def of(cls, panel: Panel, *, identity: bool = False, alike: int = 0, years: bool = False) -> Self:
        Y = panel.Y
        days = STEP_DAYS[panel.frequency]
        lives = tuple(max(life / days, 1.0 + 0.7 * i) for i, life in enumerate(HALF_LIVES))
        sold = np.where(np.isfinite(Y), (np.nan_to_num(Y) > 0).astype(np.float64), np.nan)
        change = np.diff(Y, axis=1, prepend=np.nan) ** 2
        before_first = np.cumsum(np.nan_to_num(Y) > 0, axis=1) == 0
        change[before_first] = np.nan
        known = np.isfinite(change)
        total = np.cumsum(np.where(known, change, 0.0), axis=1)
        squares = np.zeros((len(Y), panel.t + 1), np.float32)
        squares[:, 1:] = total / np.maximum(np.cumsum(known, axis=1), 1)
        groups = []
        columns = list(panel.groups.T) if len(panel.groups) else []
        for codes in [np.zeros(len(Y), np.int32), *columns]:
            sums = np.zeros((int(codes.max(initial=0)) + 1, panel.t))
            np.add.at(sums, codes, np.nan_to_num(Y))
            groups.append(scan_levels(sums, (lives[1], lives[4]))[:, codes])
        nonzero = scan_levels(sold, (lives[3],))[0]
        return cls(panel, nonzero, sales_gaps(Y), squares, tuple(groups), identity, alike, years)

    def rows(self, chosen: NDArray[np.int64]) -> View:
        """The same for a few of the series."""
        return replace(
            self,
            panel=self.panel.rows(chosen),
            nonzero=self.nonzero[chosen],
            gaps=self.gaps[chosen],
            squares=self.squares[chosen],
            group_levels=tuple(each[:, chosen] for each in self.group_levels),
        )

    @property
    def categorical(self) -> list[int]:
        return (
            list(range(self.panel.groups.shape[1] if len(self.panel.groups) else 0)) if self.identity else []
        )

    def scales(self, origin: int) -> Floats:
        """The denominator [n] of RMSSE, known at `origin`; the mean one where a series has none yet."""
        at = self.squares[:, origin].astype(np.float64)
        usual = float(at[at > 0].mean()) if (at > 0).any() else 1.0
        return np.where(at > 0, at, usual)

    def table(self, origin: int, horizon: int, gap: int) -> Table:
        panel, n = self.panel, len(self.panel)
        begin, end = origin + gap, origin + gap + horizon
        past = panel.Y[:, :origin]
        season = panel.season
        share = season_shares(past, season) if season > 1 else np.ones((n, 1))
        share = np.where(share > SHUT, share, SHUT)
        phases = (np.arange(horizon) + gap) % share.shape[1]
        ahead = share[:, phases]
        flat = past / over_past(share, origin) if origin else past
        level = self._season_free(flat)
        base = np.maximum(level[BASE], 1e-3)
        size = base[:, None] * ahead
        steps = np.arange(horizon)
        parts: list[Floats] = []
        if self.identity and len(panel.groups):
            parts += [np.repeat(code[:, None].astype(np.float64), horizon, axis=1) for code in panel.groups.T]
        once = [np.log(np.maximum(each, 1e-3) / base) for i, each in enumerate(level) if i != BASE]
        once += [np.log(base), self.nonzero[:, origin], np.log1p(self.gaps[:, origin])]
        once += [np.sqrt(self.squares[:, origin]) / base]
        once += [
            np.log((each[0, :, origin] + 1e-6) / (each[1, :, origin] + 1e-6)) for each in self.group_levels
        ]
        once += [np.isfinite(past[:, -YEARS[panel.frequency] :]).sum(axis=1)]
        parts += [np.repeat(np.asarray(each, np.float64)[:, None], horizon, axis=1) for each in once]
        parts += [np.broadcast_to((steps + gap).astype(np.float64), (n, horizon)), ahead]
        parts += self._lags(flat, base, horizon, gap)
        if self.years:
            parts += self._year_before(flat, base, begin, end, origin)
        parts += [np.broadcast_to(each, (n, horizon)) for each in _date_parts(panel.calendar(begin, end))]
        parts += self._regressors(begin, end, origin, flat, base)
        actual = np.full((n, horizon), np.nan)
        seen = max(0, min(end, panel.t) - begin)
        actual[:, :seen] = panel.Y[:, begin : begin + seen]
        return Table(np.stack(parts, axis=-1).astype(np.float32), size, actual)

    def _season_free(self, flat: Floats) -> list[Floats]:
        """Decayed means [n] of the season-free past at each half-life."""
        days = STEP_DAYS[self.panel.frequency]
        out: list[Floats] = []
        recent = flat[:, -int(6 * max(HALF_LIVES) / days) - 8 :]
        known = np.isfinite(recent)
        value = np.where(known, recent, 0.0)
        back = np.arange(recent.shape[1])[::-1]
        for i, life in enumerate(HALF_LIVES):
            weight = 0.5 ** (back / max(life / days, 1.0 + 0.7 * i))
            out.append((value @ weight) / np.maximum(known @ weight, 1e-9))
        return out

    def _lags(self, flat: Floats, base: Floats, horizon: int, gap: int) -> list[Floats]:
        """The latest values of the same phase, and the latest of all, over the level."""
        n, t = flat.shape
        season = self.panel.season if self.panel.season <= 14 else 1
        out = []
        for k in range(LAGS):
            column = np.full((n, horizon), np.nan)
            for s in range(horizon):
                back = (-(-(s + gap + 1) // season) + k) * season - (s + gap)
                if 0 < back <= t:
                    column[:, s] = flat[:, t - back] / base
            out.append(column)
        return out

    def _year_before(self, flat: Floats, base: Floats, begin: int, end: int, origin: int) -> list[Floats]:
        """What this season was a year ago, over the level there: the day, its week and its month."""
        n, t = flat.shape
        year, width = YEARS[self.panel.frequency], {"day": 7, "week": 2}.get(self.panel.frequency, 1)
        empty = np.full((n, end - begin), np.nan)
        low = origin - year
        if low < 4:
            return [empty, empty, empty]
        known = np.isfinite(flat)
        value = np.cumsum(np.pad(np.where(known, flat, 0.0), ((0, 0), (1, 0))), axis=1)
        count = np.cumsum(np.pad(known, ((0, 0), (1, 0))), axis=1)

        def mean(lo: NDArray[np.int64], hi: NDArray[np.int64]) -> Floats:
            a, b = np.clip(lo, 0, t), np.clip(hi, 0, t)
            days = count[:, b] - count[:, a]
            told: Floats = np.divide(
                value[:, b] - value[:, a], days, out=np.full(days.shape, np.nan), where=days > 0
            )
            return told

        at = np.arange(begin, end) - year
        then = mean(np.array([low - 4 * width]), np.array([low])) + 0.1 * base[:, None]
        return [
            mean(at, at + 1) / then,
            mean(at - width // 2, at + width // 2 + 1) / then,
            mean(at - 2 * width, at + 2 * width + 1) / then,
        ]

    def _regressors(self, begin: int, end: int, origin: int, flat: Floats, base: Floats) -> list[Floats]:
        """Each regressor at the step, before and after it, and against its own recent mean."""
        wide = self.panel.regressors(begin - 1, end + 1)
        recent = self.panel.regressors(max(0, origin - 2 * YEARS[self.panel.frequency] // 13), origin)
        if wide is None or recent is None:
            return []
        known = np.isfinite(recent)
        usual = np.where(known, recent, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
        out: list[Floats] = []
        for p in range(wide.shape[2]):
            column = wide[:, :, p]
            out += [column[:, 1:-1], column[:, :-2], column[:, 2:], column[:, 1:-1] - usual[:, None, p]]
        return [*out, *self._alike(wide[:, 1:-1, : self.alike], flat, base, origin)] if self.alike else out

    def _alike(self, coming: Floats, flat: Floats, base: Floats, origin: int) -> list[Floats]:
        """How each series sold, over its level, when its regressors were like the `coming` [n, h, p] ones.

        A kernel mean (Nadaraya & Watson 1964) of the log ratio, and the weight it rests on.
        """
        begin = max(0, origin - 2 * YEARS[self.panel.frequency])
        past = self.panel.regressors(begin, origin)
        if past is None or begin == origin:
            empty = np.full(coming.shape[:2], np.nan)
            return [empty, empty]
        past = past[:, :, : self.alike]
        wide = np.maximum(np.nanstd(past, axis=(0, 1)), 1e-9)
        weight = np.zeros((*coming.shape[:2], past.shape[1]), np.float32)
        for p in range(past.shape[2]):
            apart = (coming[:, :, None, p] - past[:, None, :, p]) / wide[p]
            weight += np.nan_to_num(apart.astype(np.float32) ** 2, nan=9.0)
        weight = np.exp(-weight / (2.0 * BANDWIDTH**2))
        ratio = np.log(np.maximum(flat[:, begin:], 0.0) / base[:, None] + 0.05)
        known = np.isfinite(ratio)
        mass = np.einsum("nhm,nm->nh", weight, known.astype(np.float32))
        total = np.einsum("nhm,nm->nh", weight, np.where(known, ratio, 0.0).astype(np.float32))
        near: Floats = np.divide(total, mass, out=np.full(total.shape, np.nan), where=mass > 0.05)
        return [near.astype(np.float64), np.log1p(mass).astype(np.float64)]


def _date_parts(dates: NDArray[np.datetime64]) -> list[Floats]:
    day = dates.astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    year = day.astype("datetime64[Y]")
    return [
        ((day.astype(np.int64) + 3) % 7).astype(np.float64),
        (day - month.astype("datetime64[D]")).astype(np.float64),
        (month - year.astype("datetime64[M]")).astype(np.float64),
        (day - year.astype("datetime64[D]")).astype(np.float64),
    ]
