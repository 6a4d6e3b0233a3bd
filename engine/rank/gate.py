"""Is a new generation good enough to be served?

What it would serve is measured on the latest slice of the log, which its fusion did not learn from, beside every
single model on the same requests. A generation that falls below the better single model, or below the one that
serves now, by more than the setting allows is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import RefusedGeneration
from engine.fuse import FUSIONS
from engine.rank.choice import FIXED, Choice, ndcg
from engine.rank.stacking import Examples
from engine.types import Floats, Fusion
from indexes import generations

# Two generations are asked of other people: a drop within two standard errors may be their doing.
ERRORS = 2.0


@dataclass(frozen=True)
class Quality:
    """NDCG@10 of what a task serves, its standard error, and that of the best single model beside it."""

    fusion: str
    ndcg: float
    error: float
    best_leg: str
    best_leg_ndcg: float
    requests: int

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def quality_of(choice: Choice, latest: Examples, fixed: str) -> Quality:
    """Measure what serves: the fusion that the setting names (`fixed`), or with "auto" the chosen one."""
    served = choice.chosen if fixed == "auto" else fixed
    values = choice.values.get(served)
    if values is None and served in FUSIONS:
        values = ndcg(scores_of(FUSIONS[served], latest), latest)
    if values is None:
        served, values = FIXED, choice.values[FIXED]
    error = float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0
    best = choice.best_leg
    return Quality(served, float(values.mean()), error, best, choice.ndcg[best], choice.requests)


def scores_of(fusion: Fusion, examples: Examples) -> Floats:
    """The scores [n] that a fusion gives the candidates of all requests."""
    scores: Floats = np.concatenate([fusion(q, e).sum(axis=1) for q, e in examples.asked])
    return scores


def refusal(
    quality: Mapping[str, Quality], before: Mapping[str, Mapping[str, Any]], allowed: float
) -> str | None:
    """Why not to publish, in a sentence; None when there is no reason.

    `before`: the quality that the serving generation's manifest holds, by task. `allowed`: the share of NDCG@10
    by which the new one may fall below either.
    """
    for task, new in quality.items():
        if new.ndcg < (1.0 - allowed) * new.best_leg_ndcg:
            return (
                f"{task}: NDCG@10 of the fusion ({new.fusion}) is {new.ndcg:.4f} over {new.requests:,} held-out "
                f"requests, {1 - new.ndcg / new.best_leg_ndcg:.0%} below the single model {new.best_leg} "
                f"({new.best_leg_ndcg:.4f}); {allowed:.0%} is allowed"
            )
        old = before.get(task)
        if old is None:
            continue
        noise = ERRORS * float(np.hypot(new.error, old["error"]))
        if new.ndcg < (1.0 - allowed) * old["ndcg"] and new.ndcg < old["ndcg"] - noise:
            return (
                f"{task}: NDCG@10 of the fusion ({new.fusion}) is {new.ndcg:.4f} over {new.requests:,} held-out "
                f"requests, {1 - new.ndcg / old['ndcg']:.0%} below the generation that serves now "
                f"({old['ndcg']:.4f}); {allowed:.0%} is allowed"
            )
    return None


def gated(
    meta: dict[str, Any],
    root: Path,
    quality: Mapping[str, Quality],
    notes: list[str],
    *,
    allowed: float,
    force: bool,
) -> dict[str, Any]:
    """What the manifest says, with the verdict; raises RefusedGeneration while another generation serves."""
    serving = generations.current(root)
    before: dict[str, Any] = {}
    if serving is not None and (serving / generations.MANIFEST).is_file():
        # One that this version cannot read was measured in another way, or never.
        with suppress(generations.Corrupt):
            before = generations.manifest(serving).get("quality", {})
    reason = refusal(quality, before, allowed)
    if reason and serving is not None and not force:
        raise RefusedGeneration(
            f"The new generation was not published. {reason}. Generation {int(serving.name)} serves on; "
            "`ronghe rebuild --force` publishes the new one all the same."
        )
    if reason:
        notes.append(f"{'Forced' if force else 'Published, as there is no other'}: {reason}.")
    return {**meta, "quality": {task: found.to_dict() for task, found in quality.items()}, "below": reason}
