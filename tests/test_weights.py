"""Do the settings say what an event is worth, to learning and to serving alike?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine import Engine
from engine.behaviour import event_weights, history_of
from engine.errors import BadSettings
from engine.learn.interactions import EventWeights
from engine.settings import Settings, Weights
from engine.types import Event, EventType
from indexes.ranking import Rows


def test_the_defaults_are_those_of_the_learners() -> None:
    assert event_weights(Weights()) == EventWeights()


def test_every_event_type_that_says_something_can_be_set(tmp_path: Path) -> None:
    (tmp_path / "ronghe.toml").write_text("[weights]\ncart = 0.9\nreturned = -0.5\n", "utf-8")
    set_to = Settings.load(tmp_path, {"RONGHE_WEIGHTS_DISMISS": "-2"}).weights
    events = [
        Event(float(at), kind, "u", item_id=f"i{at}")
        for at, kind in enumerate((EventType.CART, EventType.RETURN, EventType.DISMISS, EventType.SEARCH))
    ]

    def rows_of(ids: object) -> Rows:
        return np.arange(len(list(ids)))  # type: ignore[call-overload]

    found = history_of(events, rows_of, event_weights(set_to)).weights
    np.testing.assert_allclose(found, [0.9, -0.5, -2.0, 0.0])


def test_what_counts_against_cannot_count_for(tmp_path: Path) -> None:
    (tmp_path / "ronghe.toml").write_text("[weights]\ndismiss = 1.0\n", "utf-8")
    with pytest.raises(BadSettings, match=r"weights\.dismiss"):
        Settings.load(tmp_path, {})


def test_a_generation_is_asked_with_the_weights_it_learned_from(own_shop: Engine, own_home: Path) -> None:
    assert own_shop.view().snapshot.generation.weigh == EventWeights()
    (own_home / "ronghe.toml").write_text("[weights]\nview = 0.4\n[encoder]\nmodel = 'none'\n", "utf-8")
    again = Engine.open(own_home)
    assert again.view().snapshot.generation.weigh == EventWeights()  # until the next rebuild
    again.rebuild()
    assert again.view().snapshot.generation.weigh.by_type["view"] == 0.4
