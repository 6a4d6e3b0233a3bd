"""How is the sample shop written to a folder?"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.sample.behaviour import Year, live_through
from engine.sample.catalogue import Catalogue, stock_catalogue
from engine.sample.pictures import draw_item
from engine.sample.season import WATCHED, Calendar, keep_calendar, shelf_of_kind
from engine.sample.shelves import SHELVES
from engine.types import EVENT_TYPES, EventType

Progress = Callable[[int, int | None], None]

STEPS = 6


@dataclass(frozen=True)
class Sample:
    """What was written, and what only the simulation knows: who is a bot, which items rise and fade."""

    folder: Path
    now: datetime
    items: int
    users: int
    events: Mapping[str, int]  # by type
    bots: tuple[str, ...]
    farmed: str  # the item that the click farm pushes
    rising: tuple[str, ...]
    fading: tuple[str, ...]


def write_sample(
    folder: Path,
    seed: int = 7,
    items: int = 2000,
    users: int = 1500,
    days: int = 365,
    progress: Progress | None = None,
    now: datetime | None = None,
) -> Sample:
    """Write items.jsonl, events.parquet, series.parquet, images/, SAMPLE.md and truth.json into `folder`.

    The same arguments write the same bytes. `now` (a datetime with a zone; default: today) is rounded down to
    its day in UTC: the log covers the `days` days before it, and holds at least 28. `progress` is called with
    (steps done, steps in all).
    """
    if items < len(SHELVES) or users < 1 or days < 28:
        raise ValueError(f"a sample needs {len(SHELVES)} items, a user and 28 days, or more")
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    end = moment.date()
    streams = [np.random.default_rng(each) for each in np.random.SeedSequence(seed).spawn(4)]
    tell = progress or _silent
    folder.mkdir(parents=True, exist_ok=True)
    tell(0, STEPS)
    catalogue = stock_catalogue(items, days, end, streams[0])
    _write_items(folder / "items.jsonl", catalogue)
    tell(1, STEPS)
    _write_pictures(folder / "images", catalogue)
    tell(2, STEPS)
    calendar = keep_calendar(days, end, streams[1])
    year = live_through(catalogue, calendar, users, streams[2])
    tell(3, STEPS)
    names = _name_users(year, streams[3])
    _write_events(folder / "events.parquet", year, catalogue, names)
    tell(4, STEPS)
    _write_series(folder / "series.parquet", year, catalogue, calendar)
    tell(5, STEPS)
    sample = _summary(folder, end, catalogue, year, users, names)
    _write_notes(sample, seed, days)
    tell(6, STEPS)
    return sample


def _silent(done: int, total: int | None) -> None:
    """Nobody watches."""


def _write_items(path: Path, catalogue: Catalogue) -> None:
    lines = [json.dumps(record, ensure_ascii=False) for record in catalogue.records]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_pictures(folder: Path, catalogue: Catalogue) -> None:
    folder.mkdir(exist_ok=True)
    for row, record in enumerate(catalogue.records):
        (folder / str(record["image"])).write_text(draw_item(catalogue, row), encoding="utf-8")


def _name_users(year: Year, rng: np.random.Generator) -> dict[int, str]:
    """Ids in no order, so that a bot's doesn't give it away; passers-by have none."""
    numbers = [*range(year.customers), *year.bots.tolist()]
    order = rng.permutation(len(numbers)) + 1
    return {number: f"u{place:04d}" for number, place in zip(numbers, order.tolist(), strict=True)}


def _write_events(path: Path, year: Year, catalogue: Catalogue, names: Mapping[int, str]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    column = year.columns
    n = len(column["time"])
    users = sorted(names)
    place = np.full(max(users) + 1, -1)
    place[users] = np.arange(len(users))
    session, order = column["session"], column["order"]
    sessions, session_code = np.unique(session[session >= 0], return_inverse=True)
    orders, order_code = np.unique(order[order >= 0], return_inverse=True)
    table = pa.table(
        {
            "timestamp": pa.array(np.round(column["time"], 3)),
            "type": _strings([str(kind) for kind in EVENT_TYPES], column["type"]),
            "user_id": _strings(
                [names[number] for number in users], place[column["visitor"].astype(np.int64)]
            ),
            "session_id": _strings(
                [f"s{code + 1:06d}" for code in range(len(sessions))], _spread(session, session_code)
            ),
            "item_id": _strings(catalogue.ids, column["item"]),
            "query": _strings(year.queries, column["query"]),
            "quantity": _numbers(column["quantity"]),
            "price": _numbers(column["price"]),
            "value": _numbers(column["value"]),
            "dwell_s": _numbers(column["dwell_s"]),
            "order_id": _strings(
                [f"o{code + 1:06d}" for code in range(len(orders))], _spread(order, order_code)
            ),
            "position": pa.array(
                column["position"].astype(np.int64), mask=column["position"] < 0, type=pa.int64()
            ),
            "event_id": pa.array([f"e{number:07d}" for number in range(1, n + 1)]),
        }
    )
    pq.write_table(table, path, compression="zstd")


def _spread(column: NDArray[np.float64], codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Codes of the rows that have one, -1 elsewhere."""
    spread = np.full(len(column), -1, np.int64)
    spread[column >= 0] = codes
    return spread


def _strings(vocabulary: Sequence[str], codes: NDArray[Any]) -> Any:
    """A column of text from places in `vocabulary`; null where the place is negative."""
    import pyarrow as pa

    places = pa.array(codes.astype(np.int64), mask=codes < 0, type=pa.int64())
    return pa.array(list(vocabulary), pa.string()).take(places)


def _numbers(column: NDArray[np.float64]) -> Any:
    import pyarrow as pa

    return pa.array(column, mask=np.isnan(column), type=pa.float64())


def _write_series(path: Path, year: Year, catalogue: Catalogue, calendar: Calendar) -> None:
    """Units sold a day for the watched categories, with the competitor's price and the promotions."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    bought = year.columns["type"] == list(EventType).index(EventType.PURCHASE)
    row = year.columns["item"][bought].astype(np.int64)
    begin = datetime(calendar.first.year, calendar.first.month, calendar.first.day, tzinfo=UTC).timestamp()
    day = ((year.columns["time"][bought] - begin) // 86_400).astype(np.int64)
    sold = np.zeros((len(SHELVES), calendar.days))
    shelf = shelf_of_kind()[catalogue.kind[row]]
    np.add.at(sold, (shelf, day), year.columns["quantity"][bought])
    dates = [each.isoformat() for each in calendar.dates()[: calendar.days]]
    own = [catalogue.price[shelf_of_kind()[catalogue.kind] == number] for number in WATCHED]
    typical = [float(np.median(price)) if len(price) else 0.0 for price in own]
    columns = {
        "series_id": [SHELVES[number].name.en for number in WATCHED for _ in dates],
        "date": dates * len(WATCHED),
        "value": np.concatenate([sold[number] for number in WATCHED]),
        "competitor_price": np.concatenate(
            [
                np.round(price * calendar.rival[number, : calendar.days], 2)
                for number, price in zip(WATCHED, typical, strict=True)
            ]
        ),
        "promotion": np.concatenate([calendar.discount[number, : calendar.days] for number in WATCHED]),
    }
    pq.write_table(pa.table(columns), path, compression="zstd")


def _summary(
    folder: Path, end: date, catalogue: Catalogue, year: Year, users: int, names: Mapping[int, str]
) -> Sample:
    count = np.bincount(year.columns["type"].astype(np.int64), minlength=len(EVENT_TYPES))
    ids = catalogue.ids
    return Sample(
        folder,
        datetime(end.year, end.month, end.day, tzinfo=UTC),
        len(catalogue),
        users,
        {str(kind): int(number) for kind, number in zip(EVENT_TYPES, count, strict=True)},
        tuple(names[number] for number in year.bots.tolist()),
        ids[year.farmed],
        tuple(ids[row] for row in year.popularity.rising.tolist()),
        tuple(ids[row] for row in year.popularity.fading.tolist()),
    )


def _write_notes(sample: Sample, seed: int, days: int) -> None:
    """Say to people (SAMPLE.md) and to programs (truth.json) that all of it is made up."""
    counts = "\n".join(f"| {kind} | {number:,} |" for kind, number in sample.events.items())
    (sample.folder / "SAMPLE.md").write_text(
        "# A generated shop\n\n"
        "Everything in this folder was drawn by a program: no such item, brand, seller or person exists,\n"
        "and any likeness is chance. Every item carries `generated: true`.\n\n"
        f"Seed {seed}; {sample.items:,} items; {sample.users:,} customers; {days} days that end before "
        f"{sample.now.date().isoformat()} (UTC).\n\n"
        f"| event | number |\n|---|---|\n{counts}\n\n"
        f"Four of the users are bots: {', '.join(sample.bots[:-1])} open page after page, and "
        f"{sample.bots[-1]} clicks on {sample.farmed} alone.\n"
        "`truth.json` lists them, and the items whose demand was made to rise or to fade.\n",
        encoding="utf-8",
    )
    truth = {
        "generated": True,
        "seed": seed,
        "now": sample.now.date().isoformat(),
        "bots": list(sample.bots),
        "farmed": sample.farmed,
        "rising": list(sample.rising),
        "fading": list(sample.fading),
    }
    (sample.folder / "truth.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
