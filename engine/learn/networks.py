"""How are the sequence networks trained? The only file of learning that loads torch, and only for a fit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.functional import cross_entropy, relu

from engine.learn.sequences import ndcg_of_next, pad

if TYPE_CHECKING:
    from engine.learn.sequences import Sequences

Rows = NDArray[np.int64]
Weights = dict[str, NDArray[np.float32]]


class Gru(nn.Module):
    """Item vectors, one gated recurrent layer, a linear map back into the items' space."""

    def __init__(self, n_items: int, how: Sequences) -> None:
        super().__init__()
        d = how.factors
        self.padding = n_items
        self.items = nn.Embedding(n_items + 1, d, padding_idx=n_items)
        nn.init.normal_(self.items.weight, std=d**-0.5)
        self.gru = nn.GRU(d, d, batch_first=True)
        self.out = nn.Linear(d, d)
        self.drop = nn.Dropout(how.dropout)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """States [b, t, d] after each place of `rows` [b, t]; padding (= n_items) comes first and leaves no trace."""
        x = self.drop(self.items(rows))
        there = rows.ne(self.padding)
        # Left padding would move the state through the biases: pack each sequence to the front instead.
        length = there.sum(1).clamp(min=1)
        shift = rows.shape[1] - length
        at = torch.arange(rows.shape[1])[None, :] + shift[:, None]
        front = x.gather(1, at.clamp(max=rows.shape[1] - 1)[:, :, None].expand_as(x))
        states, _ = self.gru(front)
        back = (torch.arange(rows.shape[1])[None, :] - shift[:, None]).clamp(min=0)
        states = states.gather(1, back[:, :, None].expand_as(states))
        out: torch.Tensor = self.out(self.drop(states))
        return out

    def weights(self) -> Weights:
        gru = dict(self.gru.named_parameters())
        return {
            "input": numpy(gru["weight_ih_l0"]),
            "hidden": numpy(gru["weight_hh_l0"]),
            "input_bias": numpy(gru["bias_ih_l0"]),
            "hidden_bias": numpy(gru["bias_hh_l0"]),
            "out": numpy(self.out.weight),
            "out_bias": numpy(self.out.bias),
        }


class Attention(nn.Module):
    """Item vectors and places, pre-norm blocks of one-headed causal self-attention."""

    def __init__(self, n_items: int, how: Sequences) -> None:
        super().__init__()
        d = how.factors
        self.padding = n_items
        self.items = nn.Embedding(n_items + 1, d, padding_idx=n_items)
        nn.init.normal_(self.items.weight, std=d**-0.5)
        self.places = nn.Parameter(torch.randn(how.window, d) * 0.02)
        self.drop = nn.Dropout(how.dropout)
        self.blocks = nn.ModuleList(
            nn.ModuleDict(
                {
                    "norm1": nn.LayerNorm(d),
                    "qkv": nn.Linear(d, 3 * d),
                    "mix": nn.Linear(d, d),
                    "norm2": nn.LayerNorm(d),
                    "up": nn.Linear(d, 2 * d),
                    "down": nn.Linear(2 * d, d),
                }
            )
            for _ in range(how.blocks)
        )
        self.norm = nn.LayerNorm(d)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        t = rows.shape[1]
        d = self.items.embedding_dim
        x = self.items(rows) * math.sqrt(d) + self.places[:t].flip(0)
        x = self.drop(x)
        there = rows.ne(self.padding)
        causal = torch.ones(t, t, dtype=torch.bool).tril()
        mask = causal[None] & there[:, None, :] | torch.eye(t, dtype=torch.bool)[None]
        for block in self.blocks:
            parts: Any = block
            h = parts["norm1"](x)
            q, k, v = parts["qkv"](h).chunk(3, dim=-1)
            weight = (q @ k.transpose(1, 2) / math.sqrt(d)).masked_fill(~mask, -1e9).softmax(-1)
            x = x + self.drop(parts["mix"](self.drop(weight) @ v))
            h = parts["norm2"](x)
            x = x + self.drop(parts["down"](relu(parts["up"](h))))
        out: torch.Tensor = self.norm(x)
        return out

    def weights(self) -> Weights:
        found = {
            "places": numpy(self.places),
            "norm": numpy(self.norm.weight),
            "norm_bias": numpy(self.norm.bias),
        }
        for at, block in enumerate(self.blocks):
            parts: Any = block
            for name, layer in parts.items():
                found[f"block{at}_{name}"] = numpy(layer.weight)
                found[f"block{at}_{name}_bias"] = numpy(layer.bias)
        return found


def numpy(tensor: torch.Tensor) -> NDArray[np.float32]:
    return np.array(tensor.detach().cpu().numpy(), np.float32)


def train_network(
    how: Sequences, sequences: list[Rows], n_items: int, rng: np.random.Generator
) -> tuple[NDArray[np.float32], Weights]:
    """Output vectors [n_items, d], zero for items never seen, and the weights of the best epoch."""
    before = torch.get_num_threads()
    torch.set_num_threads(how.threads)
    torch.manual_seed(how.seed)
    try:
        return _train(how, sequences, n_items, rng)
    finally:
        torch.set_num_threads(before)


def _train(
    how: Sequences, sequences: list[Rows], n_items: int, rng: np.random.Generator
) -> tuple[NDArray[np.float32], Weights]:
    long = np.array([at for at, rows in enumerate(sequences) if len(rows) > 2])
    held = rng.permutation(long)[: min(how.most_held, int(how.held * len(long)))]
    wanted = torch.as_tensor(np.array([sequences[at][-1] for at in held], np.int64))
    asked = torch.as_tensor(pad([sequences[at][:-1] for at in held], how.window))
    asked = torch.where(asked < 0, n_items, asked)
    learned = list(sequences)
    for at in held.tolist():
        learned[at] = learned[at][:-1]
    learned = [rows for rows in learned if len(rows) > 1]
    table = pad(learned, how.window + 1)
    counts = np.bincount(np.concatenate(learned), minlength=n_items)
    odds = np.where(counts > 0, counts, 0.0) ** how.negative_power
    odds[counts == 0] = 0.0
    odds /= odds.sum()
    log_odds = torch.as_tensor(np.log(np.maximum(odds, 1e-12)), dtype=torch.float32)
    model = (Gru if how.network == "gru" else Attention)(n_items, how)
    optimizer = torch.optim.AdamW(model.parameters(), lr=how.learning_rate, weight_decay=1e-4)
    best, best_score, waited = copy_of(model), -1.0, 0
    lengths = (table >= 0).sum(axis=1)
    for epoch in range(how.epochs):
        model.train()
        for at in batches(lengths, how.batch, rng):
            rows = table[at][:, table.shape[1] - int(lengths[at].max()) :]
            draw = torch.as_tensor(rng.choice(n_items, how.negatives, p=odds))
            loss = sampled_softmax(model, torch.as_tensor(rows), draw, log_odds, n_items)
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
        score = validate(model, asked, wanted, counts, n_items)
        if how.progress is not None:
            how.progress(f"epoch {epoch + 1}: validation NDCG@10 {score:.4f}")
        if score > best_score:
            best, best_score, waited = copy_of(model), score, 0
        else:
            waited += 1
            if waited >= how.patience:
                break
    model.load_state_dict(best)
    vectors = numpy(model.items.weight)[:n_items]
    vectors[counts == 0] = 0.0
    return vectors, model.weights()


def copy_of(model: nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def batches(lengths: NDArray[Any], size: int, rng: np.random.Generator) -> list[Rows]:
    """Shuffled batches of sequences of like length: less padding."""
    order = rng.permutation(len(lengths))
    order = order[np.argsort(lengths[order], kind="stable")]
    parts = [order[start : start + size] for start in range(0, len(order), size)]
    return [parts[at] for at in rng.permutation(len(parts)).tolist()]


def sampled_softmax(
    model: Gru | Attention, rows: torch.Tensor, draw: torch.Tensor, log_odds: torch.Tensor, n_items: int
) -> torch.Tensor:
    """Cross entropy of each next item against itself and the drawn ones."""
    inputs, targets = rows[:, :-1], rows[:, 1:]
    there = (inputs >= 0) & (targets >= 0)
    states = model(torch.where(inputs < 0, n_items, inputs))[there]
    target = targets[there]
    own = (states * model.items(target)).sum(1) - log_odds[target]
    others = states @ model.items(draw).T - log_odds[draw][None, :]
    others = others.masked_fill(draw[None, :] == target[:, None], -1e9)
    return cross_entropy(
        torch.cat([own[:, None], others], dim=1), torch.zeros(len(target), dtype=torch.int64)
    )


def validate(
    model: Gru | Attention, asked: torch.Tensor, wanted: torch.Tensor, counts: NDArray[Any], n_items: int
) -> float:
    """Mean NDCG@10 of the held last events, over the full catalogue less what was already met."""
    if not len(wanted):
        return 0.0
    model.eval()
    total = 0.0
    unseen = torch.as_tensor(counts == 0)
    with torch.no_grad():
        for start in range(0, len(asked), 256):
            rows = asked[start : start + 256]
            scores = model(rows)[:, -1] @ model.items.weight[:n_items].T
            scores[:, unseen] = -torch.inf
            met = torch.cat([scores, scores.new_zeros(len(rows), 1)], dim=1).scatter(1, rows, -torch.inf)
            target = wanted[start : start + 256]
            own = scores.gather(1, target[:, None])
            total += float(ndcg_of_next(met[:, :n_items].scatter(1, target[:, None], own), target))
    return total / len(wanted)
