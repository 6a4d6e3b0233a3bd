"""Does the numpy form of a sequence network say what torch says, and does training learn an order?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from engine.learn.interactions import make_interactions
from engine.learn.sequences import Sequences, pad, sequences_of
from engine.learn.visits import DAY
from engine.types import Interactions
from indexes.sequence import AttentionIndex, GruIndex

KINDS: dict[str, type[GruIndex] | type[AttentionIndex]] = {"gru": GruIndex, "attention": AttentionIndex}
SMALL = {
    "factors": 16,
    "window": 8,
    "epochs": 25,
    "patience": 25,
    "dropout": 0.1,
    "negatives": 16,
    "batch": 32,
    "learning_rate": 1e-2,
}


def circle(n_users: int = 150, n_items: int = 20, length: int = 9) -> Interactions:
    """Every user walks round the catalogue from a place of their own: after i comes i + 1."""
    start = np.random.default_rng(0).integers(0, n_items, n_users)
    users = np.repeat(np.arange(n_users), length)
    step = np.tile(np.arange(length), n_users)
    return make_interactions(
        users=users,
        items=(start[users] + step) % n_items,
        times=step * DAY,
        n_users=n_users,
        n_items=n_items + 1,
    )


@pytest.mark.parametrize("network", ["gru", "attention"])
def test_numpy_equals_torch(network: Literal["gru", "attention"], tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from engine.learn.networks import Attention, Gru, numpy

    how = Sequences(network=network, factors=12, window=7)
    torch.manual_seed(1)
    model = (Gru if network == "gru" else Attention)(30, how).eval()
    index = KINDS[network](numpy(model.items.weight)[:30], model.weights(), how.window)
    for rows in ([3], [3, 4, 9, 1], list(range(7)), list(range(20))):
        padded = torch.as_tensor(pad([np.array(rows)], how.window))
        padded = torch.where(padded < 0, 30, padded)
        expected = model(padded)[0, -1].detach().numpy()
        np.testing.assert_allclose(index.encode(rows), expected, atol=1e-5)
    index.save(tmp_path / "index")
    opened = KINDS[network].open(tmp_path / "index")
    np.testing.assert_array_equal(opened.encode([3, 4]), index.encode([3, 4]))
    assert opened.search(opened.encode([3]), 5) == index.search(index.encode([3]), 5)


@pytest.mark.parametrize("network", ["gru", "attention"])
def test_training_learns_the_order(network: Literal["gru", "attention"]) -> None:
    pytest.importorskip("torch")
    index = Sequences(network=network, **SMALL).fit(circle())  # type: ignore[arg-type]
    right = [
        index.search(index.encode([(i - 2) % 20, (i - 1) % 20, i]), 1).rows[0] == (i + 1) % 20
        for i in range(20)
    ]
    assert np.mean(right) >= 0.6  # by chance .05
    assert 20 not in index.search(index.encode([3]), 50).rows, "an item never seen is never retrieved"


def test_training_is_deterministic() -> None:
    pytest.importorskip("torch")
    first, second = (Sequences(**{**SMALL, "epochs": 2}).fit(circle()) for _ in range(2))  # type: ignore[arg-type]
    np.testing.assert_allclose(first.items, second.items, atol=1e-6)


def test_nothing_known_finds_nothing() -> None:
    index = Sequences().fit(make_interactions(users=[], items=[], times=[], n_users=1, n_items=4))
    assert not len(index.search(index.encode([1, 2]), 3))


def test_sequences_by_hand() -> None:
    x = make_interactions(
        users=[0, 0, 0, 1, 0], items=[5, 5, 6, 2, 7], times=[0, 1, 2, 0, 3], n_users=2, n_items=8
    )
    assert [rows.tolist() for rows in sequences_of(x, 2)] == [[6, 7], [2]]
    assert pad([np.array([1, 2, 3]), np.array([4])], 2).tolist() == [[2, 3], [-1, 4]]


def test_serving_never_loads_torch() -> None:
    code = "import sys, engine.learn, engine.retrieve, indexes.sequence; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
