"""What should an event of each type be worth?

    python -m benchmarks.event_weights online_retail_ii
    python -m benchmarks.event_weights HOME          # a shop's home, such as that of `ronghe demo`

One weight at a time is moved from its default; the legs learn and read histories with it, and NDCG@10 is taken over
what users newly bought in the last windows of the training log. No test file is read.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.recommend_data import DAY, read_log
from engine import Engine
from engine.behaviour import behaviour_of
from engine.evaluate.metrics import Judged, measure
from engine.evaluate.tune import window_at
from engine.learn.als import Als
from engine.learn.ease import Ease
from engine.learn.interactions import BY_TYPE, EventWeights
from engine.learn.neighbours import Neighbours
from engine.learn.sessions import Sessions
from engine.rank.stacking import by_user
from engine.retrieve import RETRIEVERS, make_retrievers
from engine.types import EventType, Floats, Interactions, Learner
from indexes.identifiers import Identifiers

LEGS: Mapping[str, Learner] = {
    "als": Als(),
    "sessions": Sessions(),
    "ease": Ease(),
    "neighbours": Neighbours(),
}
MOVED: Mapping[str, tuple[float, ...]] = {
    EventType.VIEW: (0.0, 0.1, 0.4, 1.0),
    EventType.CLICK: (0.0, 0.1, 0.4, 1.0),
    EventType.CART: (0.0, 0.3, 1.0),
    EventType.RETURN: (0.0, -0.4, -1.5),
    EventType.DISMISS: (0.0, -0.5, -2.0),
    "dwell_half_s": (10.0, 90.0),
    "quantity_power": (0.25, 0.5),
}


def moved(name: str, value: float) -> EventWeights:
    default = EventWeights()
    if name in BY_TYPE:
        return replace(default, by_type={**BY_TYPE, name: value})
    changed: Any = {name: value}
    return replace(default, **changed)


def reader(source: str) -> Callable[[EventWeights], Interactions]:
    if not Path(source).is_dir():
        return lambda weigh: read_log(source, weigh).x
    shop = Engine.open(source)
    table, ids = shop.store.events(), Identifiers.build([item.item_id for item in shop.store.items()])
    return lambda weigh: behaviour_of(table, ids, weigh=weigh).interactions


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source")
    parser.add_argument("--days", type=float, default=28.0)
    parser.add_argument("--windows", type=int, default=2)
    parser.add_argument("--users", type=int, default=500)
    given = parser.parse_args(arguments)
    read = reader(given.source)
    x = read(EventWeights())
    found = [
        window_at(x, float(x.times[-1]) - (at + 1) * given.days * DAY, given.days, given.users, 7)
        for at in range(given.windows)
    ]
    windows = [window for window in found if window]
    kinds = {str(kind) for kind in BY_TYPE if (x.kinds == list(BY_TYPE).index(kind)).any()}

    def scores(weigh: EventWeights) -> dict[str, Floats]:
        log = read(weigh)
        values: dict[str, list[Floats]] = {leg: [] for leg in LEGS}
        for window in windows:
            past = log.where(log.times < window.moment)
            histories = by_user(past, np.array([query.user_row for query in window.queries]))
            for name, learner in LEGS.items():
                leg = next(leg for leg, wiring in RETRIEVERS.items() if wiring.needs == (name,))
                retriever = make_retrievers({name: learner.fit(past)}, {name: learner})[leg]
                run = {
                    at: retriever(replace(query, history=histories[query.user_row or 0]), 10).rows.tolist()
                    for at, query in enumerate(window.queries)
                }
                values[name].append(measure(Judged.of(run, dict(enumerate(window.wanted))), "ndcg@10"))
        return {name: np.concatenate(parts) for name, parts in values.items()}

    base = scores(EventWeights())
    print(f"Python {platform.python_version()}, {platform.machine()}, {time.strftime('%Y-%m-%d')}\n")
    asked = sum(len(window.queries) for window in windows)
    print(
        f"## {Path(given.source).name}: {asked:,} requests in {len(windows)} windows; in brackets one standard error\n"
    )
    print(
        "| weight | "
        + " | ".join(LEGS)
        + " | mean of the legs, less the default's |\n|---|"
        + "---|" * (len(LEGS) + 1)
    )
    print("| as it is | " + " | ".join(f"{base[leg].mean():.4f}" for leg in LEGS) + " | |", flush=True)
    for name, values in MOVED.items():
        if (EventType.VIEW if name == "dwell_half_s" else name) in BY_TYPE.keys() - kinds:
            continue
        for value in values:
            moved_to = scores(moved(name, value))
            gain = np.mean([moved_to[leg] - base[leg] for leg in LEGS], axis=0)
            cells = " | ".join(f"{moved_to[leg].mean():.4f}" for leg in LEGS)
            print(
                f"| {name} {value:g} | {cells} | {gain.mean():+.4f} ({gain.std() / np.sqrt(len(gain)):.4f}) |",
                flush=True,
            )


if __name__ == "__main__":
    main()
