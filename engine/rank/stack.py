"""How does a model learned from the log make one score of what many legs say?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np

from engine.rank.features import CONTEXT, ItemFacts, features
from engine.types import Evidence, Floats, Query
from indexes.arrays import open_arrays, save_arrays
from indexes.linear import LinearIndex
from indexes.trees import TreeIndex


@dataclass(frozen=True, eq=False)
class StackIndex:
    """A learned fusion: the model, the legs it knows, in order, and the facts of the items as of the build.

    The model's accounts are the legs and, last, the context: what belongs to no leg.
    """

    model: TreeIndex | LinearIndex
    legs: tuple[str, ...]
    facts: ItemFacts
    method: str = "trees"

    def save(self, folder: Path | str) -> None:
        self.model.save(Path(folder) / "model")
        self.facts.save(Path(folder) / "facts")
        save_arrays(folder, {"legs": list(self.legs), "method": self.method}, {})

    @classmethod
    def open(cls, folder: Path | str) -> Self:
        facts, _ = open_arrays(folder)
        kind = TreeIndex if facts["method"] == "trees" else LinearIndex
        return cls(
            kind.open(Path(folder) / "model"),
            tuple(facts["legs"]),
            ItemFacts.open(Path(folder) / "facts"),
            facts["method"],
        )


@dataclass(frozen=True, eq=False)
class Stack:
    """A Fusion (engine/types.py): contributions [n, legs] whose sum orders the candidates as the model does.

    They are Shapley values, grouped by leg; what the context adds (activity, agreement, fit of price) is
    shared among the legs in proportion to what each gave. `parts` names the part of each leg; a weight in the
    query multiplies that part's contributions.
    """

    index: StackIndex
    parts: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, query: Query, evidence: Evidence) -> Floats:
        given = np.zeros((len(evidence.rows), len(evidence.legs)))
        if not len(evidence.rows) or not evidence.legs:
            return given
        known = in_order(evidence, self.index.legs)
        shares = self.index.model(features(query, known, self.index.facts).X)
        for column, leg in enumerate(evidence.legs):
            if leg in self.index.legs:
                given[:, column] = shares[:, self.index.legs.index(leg)]
        rest = shares.sum(axis=1) - given.sum(axis=1)
        size = np.abs(given)
        total = size.sum(axis=1, keepdims=True)
        even = np.full_like(given, 1.0 / given.shape[1])
        given += rest[:, None] * np.divide(size, total, out=even, where=total > 0)
        asked = [query.weights.get(self.parts.get(leg, leg), 1.0) for leg in evidence.legs]
        weighted: Floats = given * np.asarray(asked)
        return weighted


def in_order(evidence: Evidence, legs: tuple[str, ...]) -> Evidence:
    """The evidence of exactly `legs`, in that order; a leg that was not asked abstains."""
    if evidence.legs == legs:
        return evidence
    shape = (len(evidence.rows), len(legs))
    scores, ranks, floors = np.full(shape, np.nan), np.full(shape, np.nan), np.full(len(legs), -np.inf)
    for column, leg in enumerate(legs):
        if leg in evidence.legs:
            at = evidence.legs.index(leg)
            scores[:, column], ranks[:, column] = evidence.scores[:, at], evidence.ranks[:, at]
            floors[column] = evidence.floors[at]
    return Evidence(evidence.rows, legs, scores, ranks, floors)


def accounts_of(owners: tuple[str, ...], legs: tuple[str, ...]) -> list[int]:
    """The account [f] of each feature: the place of its leg; the context comes last."""
    place = {leg: at for at, leg in enumerate(legs)} | {CONTEXT: len(legs)}
    return [place[owner] for owner in owners]
