"""Who learns in a rebuild, with which settings, and within which bounds may they be tuned?"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.errors import BadSettings
from engine.learn import LEARNERS
from engine.learn.als import Als
from engine.learn.choose import Chosen
from engine.learn.cold import Cold
from engine.learn.visits import Reading
from engine.types import Learner
from indexes.factors import Factors

Value = int | float | str
Tuned = Mapping[str, Mapping[str, Value]]


@dataclass(frozen=True)
class Span:
    """Numbers from `low` to `high`; `log` steps by ratios, `whole` takes integers only."""

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def holds(self, value: Value) -> bool:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and self.low <= float(value) <= self.high and (not self.whole or value == int(value))


@dataclass(frozen=True)
class OneOf:
    """One of these values."""

    values: tuple[Value, ...]

    def holds(self, value: Value) -> bool:
        return value in self.values


AGES = OneOf((0.0, 7.0, 15.0, 30.0, 60.0, 120.0, 240.0))  # half-lives in days; 0 = age does not matter
SPACES: Mapping[str, Mapping[str, Span | OneOf]] = {
    "als": {
        "factors": Span(16, 160, log=True, whole=True),
        "regularization": Span(0.01, 20.0, log=True),
        "alpha": Span(0.5, 50.0, log=True),
        "half_life_days": AGES,
    },
    "bpr": {
        "factors": Span(16, 128, log=True, whole=True),
        "regularization": Span(0.003, 0.1, log=True),
        "learning_rate": Span(0.005, 0.1, log=True),
    },
    "neighbours": {
        "weighting": OneOf(("cosine", "tfidf", "bm25")),
        "half_life_days": AGES,
        "shrink": Span(0.0, 50.0),
    },
    "sessions": {
        "half_life_days": AGES,
        "near": Span(50, 1000, log=True, whole=True),
        "idf_power": Span(0.0, 2.0),
        "length_power": Span(0.2, 1.0),
        "sharpness": Span(0.5, 2.0),
        "item_power": Span(0.0, 0.5),
    },
    "crowd": {
        "user_half_life_days": AGES,
        "near": Span(50, 1000, log=True, whole=True),
        "idf_power": Span(0.0, 2.0),
        "length_power": Span(0.2, 1.0),
        "sharpness": Span(0.5, 2.0),
    },
    "ease": {"regularization": Span(10.0, 3000.0, log=True), "half_life_days": AGES},
    "markov": {
        "visit_decay": Span(0.3, 1.0),
        "shrink": Span(0.0, 20.0),
        "popularity_power": Span(0.0, 0.8),
        "half_life_days": AGES,
    },
    "next": {
        "regularization": Span(3.0, 1000.0, log=True),
        "visit_decay": Span(0.4, 1.0),
        "alike": Span(0.0, 0.9),
        "half_life_days": AGES,
    },
    "together": {
        "shrink": Span(0.0, 100.0),
        "lift": Span(0.0, 1.0),
        "half_life_days": AGES,
        "size_power": Span(0.0, 1.5),
    },
}


def learner_of(name: str, values: Mapping[str, Value]) -> Learner:
    """A learner with some of its settings given; raises BadSettings for what it does not have or take."""
    space = SPACES.get(name)
    if space is None:
        raise BadSettings(f"learn.tuned.{name}: {_hint(name, SPACES)}")
    for key, value in values.items():
        if key not in space:
            raise BadSettings(f"learn.tuned.{name}.{key}: {_hint(key, space)}")
        if not space[key].holds(value):
            raise BadSettings(f"learn.tuned.{name}.{key} cannot be {value!r}: {_bounds(space[key])}.")
    learner: Any = LEARNERS[name]
    if isinstance(learner, Chosen) and values:
        learner = learner.variants[0]  # what is set is not chosen any more
    tuned: Learner = replace(learner, **values) if values else learner
    return tuned


def roster(tuned: Tuned, features: Factors | None = None) -> dict[str, Learner]:
    """Every learner by name, as tuned; with `features` [n_items, f] of the catalogue, items nobody met are placed."""
    found = {**LEARNERS, **{name: learner_of(name, values) for name, values in tuned.items()}}
    als = found["als"]
    if features is not None and isinstance(als, Als):
        found["als"] = Cold(als, features)
    return found


def reading_of(learner: Learner) -> Reading:
    """How a history must be read for what a learner left: all alike where it does not say."""
    found = getattr(learner, "reading", None)
    return found if isinstance(found, Reading) else Reading()


def _hint(name: str, known: Mapping[str, object]) -> str:
    near = difflib.get_close_matches(name, list(known), 1)
    return f"there is no {name!r} to tune; " + (
        f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}."
    )


def _bounds(space: Span | OneOf) -> str:
    if isinstance(space, OneOf):
        return "one of " + ", ".join(map(str, space.values))
    return f"{'a whole number ' if space.whole else ''}from {space.low:g} to {space.high:g}"
