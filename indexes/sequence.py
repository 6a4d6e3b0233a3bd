"""Where is a user going, given the order of what they did?"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from indexes.arrays import open_arrays, save_arrays
from indexes.ranking import Mask, Ranking, Rows, Scores

Floats = NDArray[np.float32]
Weights = dict[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class SequenceIndex(ABC):
    """Output vectors [n_items, d] of items and the weights of a network that turns rows into a vector [d].

    The network is trained elsewhere and runs here in numpy: no deep-learning library in a server. Only the last
    `window` rows are read. An item that was never trained on has a zero vector: it is never retrieved.
    """

    items: Floats
    weights: Weights
    window: int = 50
    seen: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "seen", np.asarray(self.items).any(axis=1))

    @abstractmethod
    def encode(self, rows: ArrayLike) -> Floats:
        """The vector [d] of a history of `rows` [h], oldest first; zeros with nothing known."""

    def __len__(self) -> int:
        return len(self.items)

    def known(self, rows: ArrayLike) -> Rows:
        """The last `window` of the rows that the network knows."""
        row = np.asarray(rows, np.int64)
        row = row[(row >= 0) & (row < len(self.items))]
        row = row[self.seen[row]]
        return row[-self.window :]

    def search(self, vector: ArrayLike, k: int, allowed: Mask | None = None) -> Ranking:
        query = np.asarray(vector, np.float32)
        if not query.any():
            return Ranking.empty()
        rows = np.flatnonzero(self.seen if allowed is None else self.seen & allowed)
        return Ranking.of(rows, (self.items @ query)[rows], k)

    def score(self, vector: ArrayLike, rows: Rows) -> Scores:
        return (self.items @ np.asarray(vector, np.float32))[rows]

    def save(self, folder: Path | str) -> None:
        save_arrays(folder, {"window": self.window}, {"items": self.items, **self.weights})

    @classmethod
    def open(cls, folder: Path | str) -> Self:
        facts, arrays = open_arrays(folder)
        items = arrays.pop("items")
        return cls(items, {name: np.array(array) for name, array in arrays.items()}, int(facts["window"]))


@dataclass(frozen=True, eq=False)
class GruIndex(SequenceIndex):
    """A gated recurrent unit (Cho et al. 2014) over item vectors, as in GRU4Rec (Hidasi et al. 2016).

    Weights as torch.nn.GRU keeps them: input [3d, d], hidden [3d, d], and their biases; gates reset,
    update, new. `out` [d, d] and `out_bias` [d] take the state to the items' space.
    """

    def encode(self, rows: ArrayLike) -> Floats:
        row = self.known(rows)
        d = self.items.shape[1]
        if not len(row):
            return np.zeros(d, np.float32)
        w = self.weights
        inputs = np.asarray(self.items[row]) @ w["input"].T + w["input_bias"]
        state = np.zeros(d, np.float32)
        for given in inputs:
            kept = w["hidden"] @ state + w["hidden_bias"]
            reset = _sigmoid(given[:d] + kept[:d])
            update = _sigmoid(given[d : 2 * d] + kept[d : 2 * d])
            new = np.tanh(given[2 * d :] + reset * kept[2 * d :])
            state = (1.0 - update) * new + update * state
        return np.asarray(w["out"] @ state + w["out_bias"], np.float32)


@dataclass(frozen=True, eq=False)
class AttentionIndex(SequenceIndex):
    """Self-attention over item vectors and places from the end (SASRec, Kang and McAuley 2018), pre-norm blocks.

    `places` [window, d]; of each block b: norm1, qkv [3d, d], mix [d, d], norm2, up [m, d], down [d, m] with
    biases; one head. The vector is the last place's, after a last norm.
    """

    def encode(self, rows: ArrayLike) -> Floats:
        row = self.known(rows)
        d = self.items.shape[1]
        if not len(row):
            return np.zeros(d, np.float32)
        w = self.weights
        # Places count from the end: the last item always stands at place 0.
        x = np.asarray(self.items[row]) * np.float32(np.sqrt(d)) + w["places"][: len(row)][::-1]
        future = np.triu(np.full((len(row), len(row)), -np.inf, np.float32), 1)
        for b in range(sum(name.endswith("_qkv") for name in w)):
            h = _norm(x, w[f"block{b}_norm1"], w[f"block{b}_norm1_bias"])
            q, k, v = np.split(h @ w[f"block{b}_qkv"].T + w[f"block{b}_qkv_bias"], 3, axis=1)
            weight = q @ k.T / np.float32(np.sqrt(d)) + future
            weight = np.exp(weight - weight.max(axis=1, keepdims=True))
            weight /= weight.sum(axis=1, keepdims=True)
            x = x + weight @ v @ w[f"block{b}_mix"].T + w[f"block{b}_mix_bias"]
            h = _norm(x, w[f"block{b}_norm2"], w[f"block{b}_norm2_bias"])
            h = np.maximum(h @ w[f"block{b}_up"].T + w[f"block{b}_up_bias"], 0.0)
            x = x + h @ w[f"block{b}_down"].T + w[f"block{b}_down_bias"]
        return np.asarray(_norm(x[-1:], w["norm"], w["norm_bias"])[0], np.float32)


def _sigmoid(x: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * x)))


def _norm(x: NDArray[Any], scale: NDArray[Any], bias: NDArray[Any]) -> NDArray[Any]:
    centred = x - x.mean(axis=1, keepdims=True)
    return np.asarray(centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5) * scale + bias)
