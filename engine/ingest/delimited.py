"""How is a CSV read, when its quotes, lengths or bytes may be wrong anywhere?"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import BadFile
from engine.ingest.columns import Column
from engine.ingest.readers import Fault, Stretch, refuse_names

FIELD_LIMIT = 4 * 2**20  # characters; a longer field is a quote that never closes
_OPEN_QUOTE = "a quote opens and does not close, or text follows a closing quote"


@dataclass
class CsvStretch:
    """Rows of a CSV as lists of text, all as long as the header."""

    names: list[str]
    lines: list[int] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    done: int = 0
    typed: bool = False

    def column(self, name: str) -> Column:
        place = self.names.index(name)
        return Column.of([row[place] for row in self.rows])

    def rows_at(self, places: Sequence[int]) -> Iterable[dict[str, Any]]:
        for i in places:
            yield {name: cell for name, cell in zip(self.names, self.rows[i], strict=True) if name}

    def __len__(self) -> int:
        return len(self.rows)


class _Lines:
    """The physical lines of a file, counted, with those of the row at hand kept for a second look."""

    def __init__(self, path: Path) -> None:
        self._file = path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")
        self._again: deque[str] = deque()
        self.taken: list[str] = []
        self.number = 0
        self.done = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._file.readline()
        if not line:
            raise StopIteration
        self.number += 1
        self.done += len(line)
        self.taken.append(line)
        return line

    def give_back(self) -> str:
        """Keep the first line of the row at hand, put the rest back, and return it."""
        first, rest = self.taken[0], self.taken[1:]
        self._again.extendleft(reversed(rest))
        self.number -= len(rest)
        self.done -= sum(map(len, rest))
        return first

    def close(self) -> None:
        self._file.close()


def _shown(text: str) -> str:
    """Text that can be written as JSON: bytes that were not UTF-8 as \\xNN."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


class CsvReader:
    """RFC 4180 with a header line; the delimiter is the one of , ; tab | that the header holds most of."""

    def __init__(self, path: Path, size: int, head: bytes) -> None:
        self.path, self.total = path, size
        first = head.decode("utf-8-sig", "replace").splitlines()[0]
        self._delimiter = max(",;\t|", key=first.count) if path.suffix.lower() != ".tsv" else "\t"
        csv.field_size_limit(FIELD_LIMIT)

    def _csv(self, lines: Iterator[str]) -> Any:
        return csv.reader(lines, delimiter=self._delimiter, strict=True)

    def rows(self) -> Iterator[tuple[int, int, list[str] | Fault]]:
        """(line number, characters read so far, the row or its fault), the header first."""
        lines = _Lines(self.path)
        try:
            reader = self._csv(lines)
            while True:
                start = lines.number + 1
                lines.taken.clear()
                try:
                    row = next(reader, None)
                except csv.Error:
                    raw = _shown(lines.give_back()).rstrip("\r\n")
                    yield start, lines.done, Fault(start, raw, _OPEN_QUOTE)
                    reader = self._csv(lines)
                    continue
                if row is None:
                    return
                if row:
                    yield start, lines.done, row
        finally:
            lines.close()

    def stretches(self, rows: int) -> Iterator[Stretch]:
        stream = self.rows()
        _, done, header = next(stream)
        if isinstance(header, Fault):
            raise BadFile(f"{self.path} has no sound header: {header.reason}.")
        names = [name.strip() for name in header]
        refuse_names(self.path, names)
        part = CsvStretch(names)
        for line, done, row in stream:
            if isinstance(row, Fault):
                part.faults.append(row)
            elif len(row) != len(names):
                raw = {"cells": [_shown(cell) for cell in row]}
                part.faults.append(Fault(line, raw, f"{len(row)} cells instead of {len(names)}"))
            else:
                part.lines.append(line)
                part.rows.append(row)
            if len(part.rows) + len(part.faults) >= rows:
                part.done = done
                yield part
                part = CsvStretch(names)
        part.done = done
        yield part


def infer(reader: CsvReader, known: Sequence[str]) -> dict[str, str]:
    """Which of the other columns hold only numbers, or only true and false? Column -> "number" or "flag".

    A CSV knows no types, and a filter such as size<15 needs them, so the file is read once before. Digits
    with a zero in front (007) are a name, not a number.
    """
    names: list[str] = []
    open_: dict[int, set[str]] = {}
    for _, _, row in reader.rows():
        if isinstance(row, Fault):
            continue
        if not names:
            names = [name.strip() for name in row]
            open_ = {
                i: {"number", "flag"} for i, name in enumerate(names) if name and name.lower() not in known
            }
            seen = dict.fromkeys(open_, False)
        elif len(row) == len(names):
            for i in list(open_):
                cell = row[i].strip()
                if not cell:
                    continue
                seen[i] = True
                if cell.lower() not in ("true", "false"):
                    open_[i].discard("flag")
                if not _numeric(cell):
                    open_[i].discard("number")
                if not open_[i]:
                    del open_[i]
    return {names[i]: kinds.pop() for i, kinds in open_.items() if seen[i]}


def _numeric(cell: str) -> bool:
    bare = cell.lstrip("+-")
    if not bare[:1].isdigit() or (len(bare) > 1 and bare[0] == "0" and bare[1].isdigit()) or "_" in cell:
        return False
    try:
        return abs(float(cell)) < float("inf")
    except ValueError:
        return False
