"""How does a file get into the store, with every row accounted for?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from engine.errors import BadQuery, RejectedRows
from engine.ingest import clean, rows
from engine.ingest.behaviour import check_events
from engine.ingest.clean import RowError
from engine.ingest.columns import demand, rename
from engine.ingest.delimited import CsvReader, infer
from engine.ingest.readers import ROWS, Reader, Stretch, open_reader
from engine.ingest.report import IngestReport, Rejects, Tally
from engine.store.identity import Occurrences
from engine.store.protocol import Store
from engine.types import Item

Progress = Callable[[str, int, "int | None"], None]
Made = TypeVar("Made")
FEW_ROWS = 5_000  # descriptions and vectors are long: fewer rows at a time
KINDS = ("items", "events", "series")
_NEEDS: Mapping[str, tuple[tuple[str, ...], Sequence[Sequence[str]]]] = {
    "items": (rows.ITEM_COLUMNS, (("item_id",), ("title",))),
    "events": (rows.EVENT_COLUMNS, (("timestamp",), ("type",), ("user_id", "session_id"))),
    "series": (rows.SERIES_COLUMNS, (("series_id",), ("date",), ("value",))),
}


def ingest_files(
    store: Store,
    kind: str,
    files: Sequence[Path],
    *,
    mapping: Mapping[str, str] | None = None,
    strict: bool = False,
    rejects: Path | None = None,
    progress: Progress | None = None,
    now: float | None = None,
) -> list[IngestReport]:
    """Read "items", "events" or "series" from files into the store, one report a file.

    `mapping` = file column -> our column. Refused rows are appended to `rejects`; the sound ones are
    stored. `progress(stage, done, total)` counts bytes, or rows of Parquet. Raises BadFile when a file
    cannot be read at all, RejectedRows when `strict` and any row was refused (the sound ones are stored
    all the same: the next try adds nothing twice), BadHome when the store or `rejects` cannot be written.
    """
    if kind not in KINDS:
        raise BadQuery(f"{kind!r} is no kind of file. Choose items, events or series.")
    mapping = mapping or {}
    known = _NEEDS[kind][0]
    strange = [name for name in mapping.values() if kind == "events" and name not in known]
    if strange:
        raise BadQuery(f"{strange[0]!r} is no column of events. They are {', '.join(known)}.")
    # A file that cannot be read stops the command before anything of the others is stored.
    readers = [(Path(file), open_reader(Path(file))) for file in files]
    with Rejects(rejects) as refused:
        reports = [
            _ingest_file(store, kind, file, reader, mapping, refused, progress or _silent, now or time.time())
            for file, reader in readers
        ]
    count = sum(report.rejected for report in reports)
    if strict and count:
        what = "1 row was" if count == 1 else f"{count:,} rows were"
        where = f" See {rejects}." if rejects else ""
        raise RejectedRows(f"{what} rejected, and --strict wants none.{where}")
    return reports


def _silent(stage: str, done: int, total: int | None) -> None:
    pass


def _ingest_file(
    store: Store,
    kind: str,
    file: Path,
    reader: Reader,
    mapping: Mapping[str, str],
    refused: Rejects,
    progress: Progress,
    now: float,
) -> IngestReport:
    tally = Tally(file, kind)
    names = Names(kind, mapping, str(file))
    if kind == "events":
        _take_events(store, _watched(reader, ROWS, names, progress, tally, refused), tally, refused, now)
    else:
        stream = _watched(reader, FEW_ROWS, names, progress, tally, refused)
        if kind == "items":
            _take_items(store, stream, _casts(reader, mapping), tally, refused)
        else:
            _take_series(store, stream, tally, refused)
    return tally.report(refused.path)


class Names:
    """What each column of a file is called here; new columns may turn up on later lines of JSON."""

    def __init__(self, kind: str, mapping: Mapping[str, str], file: str) -> None:
        self._kind, self._mapping, self._file = kind, mapping, file
        self._found: dict[str, str] = {}

    def __call__(self, stretch: Stretch) -> Mapping[str, str]:
        """File column -> ours, for every column met so far. Raises BadFile when a required one is absent."""
        known, needed = _NEEDS[self._kind]
        columns = [name for name in stretch.names if name]
        if not self._found and columns:
            self._found = rename(columns, self._mapping, known, self._file)
            demand(self._found.values(), needed, self._file, columns)
        elif any(name not in self._found for name in columns):
            told = {name: ours for name, ours in self._mapping.items() if name in columns}
            self._found = {**rename(columns, told, known, self._file), **self._found}
        return self._found


def _casts(reader: Reader, mapping: Mapping[str, str]) -> Mapping[str, str]:
    """The attributes of a CSV that are numbers or flags; the other kinds of file say so themselves."""
    if not isinstance(reader, CsvReader):
        return {}
    ours = [theirs for theirs, name in mapping.items() if name in rows.ITEM_COLUMNS]
    kinds = infer(reader, (*rows.ITEM_COLUMNS, *ours))
    return {mapping.get(name, name): kind for name, kind in kinds.items()}


def _watched(
    reader: Reader, size: int, names: Names, progress: Progress, tally: Tally, refused: Rejects
) -> Iterator[tuple[Stretch, Mapping[str, str]]]:
    """Each stretch with its names, its broken lines put among the rejects and its progress told."""
    stage = f"ingest {tally.file.name}"
    progress(stage, 0, reader.total)
    for stretch in reader.stretches(size):
        found = names(stretch)
        for fault in stretch.faults:
            refused.add(tally, fault.line, fault.raw, fault.reason)
        if len(stretch):
            yield stretch, found
        progress(stage, min(stretch.done, reader.total), reader.total)
    progress(stage, reader.total, reader.total)


def _take_events(
    store: Store,
    stretches: Iterator[tuple[Stretch, Mapping[str, str]]],
    tally: Tally,
    refused: Rejects,
    now: float,
) -> None:
    seen = Occurrences()
    for stretch, names in stretches:
        for theirs, ours in names.items():
            if ours not in rows.EVENT_COLUMNS:
                tally.ignored.setdefault(theirs)
        columns = {
            ours: stretch.column(theirs)
            for theirs, ours in names.items()
            if ours in rows.EVENT_COLUMNS and theirs in stretch.names
        }
        checked = check_events(columns, len(stretch), now, seen, typed=stretch.typed)
        if checked.faults:
            places = [i for i, _, _ in checked.faults]
            for (i, reason, why), row in zip(checked.faults, stretch.rows_at(places), strict=True):
                refused.add(tally, stretch.lines[i], row, reason, why)
        table = checked.table
        if not len(table):
            continue
        new = store.append_table(table, checked.event_ids)
        erased = int(store.forgotten(table).sum())
        known = store.known_items(table.items)
        strange = np.array([item not in known for item in table.items] + [False], np.bool_)
        tally.accepted += len(table)
        tally.changed += new
        tally.erased += erased
        tally.duplicates += len(table) - new - erased
        tally.unknown_items += int(strange[table.item].sum())


def _checked(
    stretches: Iterator[tuple[Stretch, Mapping[str, str]]],
    validate: Callable[[dict[str, Any]], Made],
    tally: Tally,
    refused: Rejects,
) -> Iterator[Made]:
    """The sound rows; the others go to the rejects as they stood in the file."""
    for stretch, names in stretches:
        for line, raw in zip(stretch.lines, stretch.rows_at(range(len(stretch))), strict=True):
            row = {names[name]: cell for name, cell in raw.items() if name in names}
            if stretch.typed:  # data frames write a NaN where there is none
                row = {name: None if clean.missing(cell) else cell for name, cell in row.items()}
            try:
                made = validate(row)
            except RowError as error:
                refused.add(tally, line, raw, error.reason, str(error))
            else:
                tally.accepted += 1
                yield made


def _take_items(
    store: Store,
    stretches: Iterator[tuple[Stretch, Mapping[str, str]]],
    casts: Mapping[str, str],
    tally: Tally,
    refused: Rejects,
) -> None:
    seen: set[str] = set()
    dimensions = 0

    def validate(row: dict[str, Any]) -> Item:
        nonlocal dimensions
        for name, kind in casts.items():
            cell = (row.get(name) or "").strip()
            row[name] = None if not cell else float(cell) if kind == "number" else cell.lower() == "true"
        item = rows.validate_item(row)
        if item.vector is not None:
            dimensions = dimensions or len(item.vector)
            if len(item.vector) != dimensions:
                raise RowError(
                    f"vector has {len(item.vector):,} numbers, the file's first has {dimensions:,}"
                )
        return item

    stream = _checked(stretches, validate, tally, refused)
    while batch := list(islice(stream, FEW_ROWS)):
        tally.changed += store.upsert_items(batch)
        tally.duplicates += len(batch)
        before = len(seen)
        seen.update(item.item_id for item in batch)
        tally.duplicates -= len(seen) - before


def _take_series(
    store: Store, stretches: Iterator[tuple[Stretch, Mapping[str, str]]], tally: Tally, refused: Rejects
) -> None:
    seen: set[tuple[str, int]] = set()
    stream = _checked(_numeric_only(stretches, tally), rows.validate_point, tally, refused)
    while batch := list(islice(stream, FEW_ROWS)):
        tally.changed += store.upsert_series(batch)
        before = len(seen)
        seen.update((point.series_id, point.day) for point in batch)
        tally.duplicates += len(batch) - (len(seen) - before)


def _numeric_only(
    stretches: Iterator[tuple[Stretch, Mapping[str, str]]], tally: Tally
) -> Iterator[tuple[Stretch, Mapping[str, str]]]:
    """Leave out columns that hold no number in the file's first stretch: a part's name is no regressor."""
    dull: set[str] = set()
    met: set[str] = set()
    for stretch, names in stretches:
        for theirs, ours in names.items():
            if ours in rows.SERIES_COLUMNS or theirs in met or theirs not in stretch.names:
                continue
            met.add(theirs)
            if not any(map(_numeric, stretch.column(theirs).values)):
                dull.add(theirs)
                tally.ignored.setdefault(theirs)
        yield stretch, {theirs: ours for theirs, ours in names.items() if theirs not in dull}


def _numeric(value: object) -> bool:
    try:
        return isinstance(value, bool) or clean.number(value, "") is not None
    except RowError:
        return False
