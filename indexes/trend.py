"""Which items does demand turn to?"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from indexes.ranking import Mask, Ranking, Rows

FILE = "trend.npz"


@dataclass(frozen=True, eq=False)
class TrendIndex:
    """One row an item: how much its demand is expected to grow, how sure that is, how much there is now.

    `lift` [n]: mean forecast of the next `horizon` days / mean of the recent ones, 1 = as before; above 0
    and finite. `uncertainty` [n]: standard error of log `lift`. `popularity` [n]: units per day, older days
    counting less. `strength` [n]: the trend score that rankings use. `soon` and `soon_uncertainty` [n] are the
    lift of the next 7 days, by which risers are found; where not given, `lift` stands in for it. `category_lift` and
    `category_uncertainty` [m] say the same of categories, by the numbers in `categories` [n] (-1 = none).
    """

    lift: NDArray[np.float32]
    uncertainty: NDArray[np.float32]
    popularity: NDArray[np.float32]
    strength: NDArray[np.float32]
    categories: NDArray[np.int32]
    category_lift: NDArray[np.float32]
    category_uncertainty: NDArray[np.float32]
    category_popularity: NDArray[np.float32]
    horizon: int = 28
    now: float = 0.0
    soon: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    soon_uncertainty: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))

    def __post_init__(self) -> None:
        if not len(self.soon):
            object.__setattr__(self, "soon", self.lift.copy())
            object.__setattr__(self, "soon_uncertainty", self.uncertainty.copy())
        n, m = len(self.lift), len(self.category_lift)
        for name in ("uncertainty", "popularity", "strength", "categories", "soon", "soon_uncertainty"):
            if len(getattr(self, name)) != n:
                raise ValueError(f"{name} has {len(getattr(self, name))} rows, lift has {n}")
        if len(self.category_uncertainty) != m or len(self.category_popularity) != m:
            raise ValueError("the category columns differ in length")
        for lift in (self.lift, self.soon):
            if not (np.isfinite(lift).all() and (lift > 0).all()):
                raise ValueError("every lift must be finite and above 0")
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, np.ndarray):
                value.flags.writeable = False

    def __len__(self) -> int:
        return len(self.lift)

    def search(self, k: int, allowed: Mask | None = None) -> Ranking:
        """The `k` strongest trends among `allowed` [n]; items that nobody wants are left out."""
        rows = np.flatnonzero(self.strength > 0 if allowed is None else (self.strength > 0) & allowed)
        return Ranking.of(rows, self.strength[rows], k)

    def score(self, rows: ArrayLike) -> NDArray[np.float32]:
        """The trend score of each of `rows`."""
        return self.strength[np.asarray(rows, np.int64)]

    def rising(self, k: int, allowed: Mask | None = None, *, sure: float = 1.0) -> Ranking:
        """The `k` items whose lift of next week stays above 1 even `sure` standard errors lower, by that one."""
        low = self.sure_lift(sure)
        keep = (low > 1.0) & (self.popularity > 0)
        rows: Rows = np.flatnonzero(keep if allowed is None else keep & allowed)
        return Ranking.of(rows, low[rows], k)

    def sure_lift(self, sure: float = 1.0) -> NDArray[np.float32]:
        """exp(log lift of next week - `sure` standard errors) [n]: what is left when luck is taken off."""
        low: NDArray[np.float32] = np.exp(np.log(self.soon) - np.float32(sure) * self.soon_uncertainty)
        return low

    def save(self, folder: str | Path) -> None:
        """Write trend.npz into `folder`, without pickle."""
        Path(folder).mkdir(parents=True, exist_ok=True)
        values: dict[str, Any] = {each.name: np.asarray(getattr(self, each.name)) for each in fields(self)}
        np.savez(Path(folder) / FILE, **values)

    @classmethod
    def open(cls, folder: str | Path) -> Self:
        with np.load(Path(folder) / FILE, allow_pickle=False) as stored:
            values: dict[str, Any] = {each.name: stored[each.name] for each in fields(cls)}
        values["horizon"], values["now"] = int(values["horizon"]), float(values["now"])
        return cls(**values)
