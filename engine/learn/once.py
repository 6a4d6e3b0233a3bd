"""How is a learner that is asked twice about the same past fitted once?"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.types import Index, Interactions, Learner


@dataclass(frozen=True, eq=False)
class Remembered:
    """What learners left, by name and by how much of one log they saw."""

    fitted: dict[tuple[str, int], Index] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Once:
    """A learner over prefixes of one log: the same prefix, which its length tells, is fitted once."""

    learner: Learner
    name: str
    remembered: Remembered

    def fit(self, interactions: Interactions) -> Index:
        key = (self.name, len(interactions))
        if key not in self.remembered.fitted:
            self.remembered.fitted[key] = self.learner.fit(interactions)
        return self.remembered.fitted[key]
