"""What may be told of people without telling of a person?"""

from __future__ import annotations

import hmac
import math
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.errors import BadHome, BadQuery, Denied
from engine.types import Floats

_KEY_BYTES = 32


def pseudonym(user_id: str, key: bytes, purpose: str = "user") -> str:
    """32 hex digits that stand for a user: the same user and key give the same, and without the key nobody
    can tell or try whose it is (HMAC-SHA256, RFC 2104). Another `purpose` gives names that cannot be joined."""
    if len(key) < _KEY_BYTES:
        raise BadQuery(f"A key for pseudonyms needs {_KEY_BYTES} bytes or more, not {len(key)}.")
    return hmac.new(key, f"{purpose}\0{user_id}".encode(), "sha256").hexdigest()[:32]


def load_key(path: Path) -> bytes:
    """The key in `path`, made on first use and readable by its owner alone; raises BadHome."""
    try:
        if not path.exists():
            draft = path.with_name(f".{path.name}.{os.getpid()}")
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(_KEY_BYTES))
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(draft, path)  # never over a key that another process made first
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        key = path.read_bytes()
    except OSError as error:
        raise BadHome(f"The key {path} cannot be used: {error.strerror}.") from error
    if len(key) < _KEY_BYTES:
        raise BadHome(
            f"The key {path} is cut short; restore it from a backup: a new one would orphan all names."
        )
    return key


@dataclass(frozen=True)
class Budget:
    """How much may be told in all (pure epsilon; what is told adds up, Dwork et al. 2006)."""

    epsilon: float
    spent: float = 0.0

    def spend(self, epsilon: float) -> Budget:
        """The budget after one more release; raises Denied when it would be overdrawn."""
        if not epsilon > 0:
            raise BadQuery(f"epsilon must be above 0, not {epsilon}.")
        if self.spent + epsilon > self.epsilon * (1 + 1e-9):
            left = max(self.epsilon - self.spent, 0.0)
            raise Denied(f"The privacy budget has {left:g} left of {self.epsilon:g}; {epsilon:g} was asked.")
        return Budget(self.epsilon, self.spent + epsilon)


def contributions(
    users: ArrayLike, values: ArrayLike, most: int, seed: int | None = None
) -> NDArray[np.int64]:
    """Places of the (user, value) pairs that count: each pair once, at most `most` values a user, drawn evenly.

    `users`, `values` [n] are rows; negative ones do not count. It is what bounds one person's influence.
    """
    user, value = np.asarray(users, np.int64), np.asarray(values, np.int64)
    known = np.flatnonzero((user >= 0) & (value >= 0))
    _, first = np.unique(np.column_stack([user[known], value[known]]), axis=0, return_index=True)
    kept = known[first]
    order = kept[np.lexsort((_rng(seed).random(len(kept)), user[kept]))]
    place = np.arange(len(order)) - np.searchsorted(user[order], user[order])
    bounded: NDArray[np.int64] = np.sort(order[place < most])
    return bounded


def private_counts(
    users: ArrayLike,
    values: ArrayLike,
    n_values: int,
    epsilon: float,
    *,
    most: int = 3,
    delta: float = 0.0,
    seed: int | None = None,
) -> NDArray[np.int64]:
    """How many users have each of `n_values` values, epsilon-differentially private for whole users. [n_values]

    A user counts for at most `most` values; every count gets two-sided geometric noise of scale most /
    epsilon (Ghosh, Roughgarden & Sundararajan 2012: integers, so no floating-point leak). The values must
    be known beforehand, as a catalogue is. Where the values themselves come from users, as searches do, give
    `delta`: counts below `threshold` are then 0, and the release is (epsilon, delta)-private. `seed` is for
    tests: a seed that anyone can guess protects nobody.
    """
    if not epsilon > 0 or most < 1 or not 0 <= delta < 1:
        raise BadQuery("epsilon must be above 0, `most` at least 1 and delta in [0, 1).")
    kept = contributions(users, values, most, seed)
    counts = np.bincount(np.asarray(values, np.int64)[kept], minlength=n_values)
    noisy = counts + two_sided_geometric(n_values, epsilon / most, None if seed is None else seed + 1)
    if delta:
        noisy = np.where(noisy >= threshold(epsilon, delta, most), noisy, 0)
    shown: NDArray[np.int64] = np.maximum(noisy, 0)
    return shown


def two_sided_geometric(n: int, epsilon: float, seed: int | None = None) -> NDArray[np.int64]:
    """Integer noise [n] with P(x) proportional to exp(-epsilon |x|): the difference of two geometrics."""
    rng = _rng(seed)
    p = -math.expm1(-epsilon)
    return (rng.geometric(p, n) - rng.geometric(p, n)).astype(np.int64)


def threshold(epsilon: float, delta: float, most: int) -> int:
    """The least count to show, so that values only one user has stay hidden but for a chance of delta.

    Korolova et al., WWW 2009: all of one user's `most` noisy ones stay below it with probability 1 - delta.
    """
    alpha = math.exp(-epsilon / most)
    each = -math.expm1(math.log1p(-delta) / most)  # 1 - (1 - delta)^(1 / most)
    # P(1 + noise >= t) = alpha^(t - 1) / (1 + alpha) for t > 1
    return max(2, 1 + math.ceil(math.log(each * (1 + alpha)) / math.log(alpha)))


def gaussian_scale(epsilon: float, delta: float, sensitivity: float = 1.0) -> float:
    """The least standard deviation of Gaussian noise for (epsilon, delta) at an L2 `sensitivity`.

    The analytic Gaussian mechanism (Balle & Wang, ICML 2018), by bisection.
    """
    if not epsilon > 0 or not 0 < delta < 1:
        raise BadQuery("epsilon must be above 0 and delta between 0 and 1.")
    low, high = 1e-6, 1.0
    while gaussian_delta(high, epsilon) > delta:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if gaussian_delta(middle, epsilon) > delta else (low, middle)
    return high * sensitivity


def gaussian_delta(scale: float, epsilon: float) -> float:
    """The delta that noise of `scale` deviations gives at `epsilon`, for a sensitivity of 1 (Balle & Wang)."""
    from scipy.special import log_ndtr

    a, b = 1 / (2 * scale) - epsilon * scale, -1 / (2 * scale) - epsilon * scale
    return float(math.exp(log_ndtr(a)) - math.exp(min(epsilon + log_ndtr(b), 700.0)))


def private_sums(
    values: ArrayLike, epsilon: float, delta: float, *, bound: float, seed: int | None = None
) -> Floats:
    """Sum over users of their vectors [n_users, d], (epsilon, delta)-private: each is first cut to an L2 norm
    of `bound`, then Gaussian noise is added. For amounts that are not counts, such as money by category."""
    table = np.asarray(values, np.float64)
    norm = np.linalg.norm(table, axis=1, keepdims=True)
    cut = table * np.minimum(1.0, bound / np.maximum(norm, 1e-12))
    noise = _rng(seed).normal(0.0, gaussian_scale(epsilon, delta, bound), table.shape[1])
    total: Floats = cut.sum(0) + noise
    return total


def rename(users: Sequence[str], key: bytes, purpose: str = "user") -> list[str]:
    """A pseudonym for each of `users`, in order; "" stays ""."""
    return [pseudonym(user, key, purpose) if user else "" for user in users]


def _rng(seed: int | None) -> np.random.Generator:
    return np.random.default_rng(secrets.randbits(128) if seed is None else seed)
