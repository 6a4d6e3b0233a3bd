"""Which network, trained on the order of events, says best what comes next?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.types import Interactions
from indexes.sequence import AttentionIndex, GruIndex, SequenceIndex

if TYPE_CHECKING:
    import torch

Rows = NDArray[np.int64]
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Sequences:
    """GRU4Rec (Hidasi et al. 2016) or SASRec (Kang and McAuley 2018), both with sampled softmax.

    Every place of a user's sequence predicts the next item against `negatives` items drawn once a batch, by
    frequency^`negative_power`, with the draw corrected for (logQ, Bengio and Senecal 2008). Input and output
    vectors are one table. The last event of `held` of the users is for validation: training stops when NDCG@10
    on it has not risen for `patience` epochs, and the best epoch is kept. torch is loaded by `fit` alone;
    the index runs in numpy.
    """

    network: Literal["gru", "attention"] = "attention"
    factors: int = 64
    window: int = 30
    blocks: int = 2
    epochs: int = 40
    patience: int = 8
    batch: int = 128
    negatives: int = 512
    negative_power: float = 0.5
    learning_rate: float = 2e-3
    dropout: float = 0.4
    held: float = 0.1
    most_held: int = 1000
    most_sequences: int = 50_000
    threads: int = 1
    seed: int = 7
    progress: Progress | None = field(default=None, compare=False, repr=False)

    def fit(self, interactions: Interactions) -> SequenceIndex:
        sequences = sequences_of(interactions, self.window + 1)
        kind = GruIndex if self.network == "gru" else AttentionIndex
        n = interactions.n_items
        if sum(len(rows) > 1 for rows in sequences) < 10:
            return kind(np.zeros((n, self.factors), np.float32), {}, self.window)
        from engine.learn.networks import train_network

        rng = np.random.default_rng(self.seed)
        if len(sequences) > self.most_sequences:
            chosen = rng.choice(len(sequences), self.most_sequences, replace=False)
            sequences = [sequences[at] for at in chosen.tolist()]
        items, weights = train_network(self, sequences, n, rng)
        return kind(items, weights, self.window)


def sequences_of(x: Interactions, most: int) -> list[Rows]:
    """The last `most` items of every user, oldest first; a repeat of the item just before is left out."""
    x = x.where(x.weights > 0)
    order = np.lexsort((x.times, x.users))
    users, items = x.users[order], x.items[order].astype(np.int64)
    fresh = np.ones(len(items), bool)
    fresh[1:] = (users[1:] != users[:-1]) | (items[1:] != items[:-1])
    users, items = users[fresh], items[fresh]
    stops = np.append(np.flatnonzero(np.diff(users)) + 1, len(users))
    starts = np.append(0, stops[:-1])
    return [
        items[max(start, stop - most) : stop]
        for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)
    ]


def pad(sequences: list[Rows], width: int) -> Rows:
    """Sequences [n] as one matrix [n, width], right-aligned, -1 where there is nothing."""
    table = np.full((len(sequences), width), -1, np.int64)
    for at, rows in enumerate(sequences):
        table[at, width - len(rows[-width:]) :] = rows[-width:]
    return table


def ndcg_of_next(scores: torch.Tensor, wanted: torch.Tensor) -> Any:
    """Sum of NDCG@10 of one wanted item each: scores [n, n_items], wanted [n]."""
    own = scores.gather(1, wanted[:, None])
    rank = (scores > own).sum(1) + 1
    return (1.0 / (rank + 1.0).log2()).where(rank <= 10, rank.new_zeros(()).float()).sum()
