"""How does a file become stretches of rows, with the number of each line?"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from engine.errors import BadFile
from engine.ingest.columns import Column, listed

ROWS = 50_000  # rows in one stretch
LINE_LIMIT = 16 * 2**20  # bytes
HEAD = 2**20


@dataclass(frozen=True)
class Fault:
    """A line that is no row at all: its number, what it holds, and why it is none."""

    line: int
    raw: object
    reason: str


class Stretch(Protocol):
    """Some rows of a file. `lines` [n] are their numbers in the file; for Parquet the row's, from 1."""

    typed: bool  # whether cells have the binary types of a data frame, in which NaN means none
    done: int  # how much of the file has been read

    @property
    def lines(self) -> Sequence[int]: ...

    @property
    def names(self) -> Sequence[str]:
        """The columns found here, by the file's own names."""
        ...

    @property
    def faults(self) -> Sequence[Fault]: ...

    def column(self, name: str) -> Column: ...

    def rows_at(self, places: Sequence[int]) -> Iterable[dict[str, Any]]:
        """The rows at these places, whole, by the file's own names."""
        ...

    def __len__(self) -> int: ...


class Reader(Protocol):
    """A file that could be opened. `total` is what `done` counts up to: bytes, or rows of Parquet."""

    total: int

    def stretches(self, rows: int) -> Iterator[Stretch]: ...


def open_reader(path: Path) -> Reader:
    """The reader for this file, by its ending. Raises BadFile when it cannot be read at all."""
    ending = path.suffix.lower()
    try:
        if path.is_dir():
            raise BadFile(f"{path} is a folder. Name the files in it.")
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(HEAD)
    except FileNotFoundError:
        raise BadFile(f"{path} does not exist. Check the name and the folder.") from None
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}.") from error
    if not head.strip():
        raise BadFile(f"{path} is empty.")
    if ending in (".parquet", ".pq"):
        from engine.ingest.parquet import ParquetReader

        return ParquetReader(path)
    if ending not in (".csv", ".tsv", ".jsonl", ".ndjson"):
        raise BadFile(f"{path} is of no kind that is read. Give a .csv, .jsonl or .parquet file.")
    _refuse_foreign(path, head)
    if ending in (".csv", ".tsv"):
        from engine.ingest.delimited import CsvReader

        return CsvReader(path, size, head)
    if head.lstrip()[:1] == b"[":
        raise BadFile(f"{path} is one JSON array. Write one object a line (jq -c '.[]' does).")
    return JsonlReader(path, size)


def _refuse_foreign(path: Path, head: bytes) -> None:
    """A text file whose first bytes say that it is something else, or in another encoding."""
    if head.startswith(b"\x1f\x8b"):
        raise BadFile(f"{path} is compressed with gzip. Unpack it first (gunzip).")
    if head.startswith(b"PK\x03\x04"):
        raise BadFile(f"{path} is a zip archive or a spreadsheet. Save it as CSV in UTF-8.")
    if head.startswith(b"PAR1"):
        raise BadFile(f"{path} is a Parquet file. Name it .parquet.")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or head.count(0) * 8 > len(head):
        raise BadFile(f"{path} is UTF-16 or binary, not UTF-8 text. Save it as UTF-8.")
    # One stray byte is a bad row; a file whose foreign letters mostly fail is in another encoding.
    lines = head.split(b"\n")
    if len(head) == HEAD:
        lines.pop()  # the last one may have been cut within a letter
    foreign = [(place, line) for place, line in enumerate(lines, start=1) if not line.isascii()]
    bad = [place for place, line in foreign if not _decodes(line)]
    if bad and 2 * len(bad) > len(foreign):
        raise BadFile(
            f"{path} is not UTF-8 (line {bad[0]} is the first that fails). Save it as UTF-8, "
            f"for instance with iconv -t UTF-8."
        )


def _decodes(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


@dataclass
class JsonStretch:
    """Rows of JSON Lines; `rows` are the objects as they came."""

    lines: list[int] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    done: int = 0
    typed: bool = False

    @property
    def names(self) -> list[str]:
        return list({name: None for row in self.rows for name in row})

    def column(self, name: str) -> Column:
        return Column.of([row.get(name) for row in self.rows])

    def rows_at(self, places: Sequence[int]) -> Iterable[dict[str, Any]]:
        return (self.rows[i] for i in places)

    def __len__(self) -> int:
        return len(self.rows)


class JsonlReader:
    """One JSON object a line; empty lines are passed over."""

    def __init__(self, path: Path, size: int) -> None:
        self.path, self.total = path, size

    def stretches(self, rows: int) -> Iterator[Stretch]:
        part = JsonStretch()
        done = 0
        with self.path.open("rb") as file:
            number = 0
            while line := file.readline(LINE_LIMIT):
                number += 1
                done += len(line)
                if len(line) == LINE_LIMIT and not line.endswith(b"\n"):
                    # The rest of an endless line belongs to the same fault.
                    while (rest := file.readline(LINE_LIMIT)) and not rest.endswith(b"\n"):
                        done += len(rest)
                    done += len(rest)
                    shown = line[:1000].decode("utf-8", "backslashreplace")
                    part.faults.append(Fault(number, shown, f"longer than {LINE_LIMIT:,} bytes"))
                elif not line.isspace():
                    self._take(
                        part, number, line[3:] if number == 1 and line[:3] == b"\xef\xbb\xbf" else line
                    )
                if len(part.rows) + len(part.faults) >= rows:
                    part.done = done
                    yield part
                    part = JsonStretch()
        part.done = done
        yield part

    @staticmethod
    def _take(part: JsonStretch, number: int, line: bytes) -> None:
        try:
            row = json.loads(line.decode())
        except UnicodeDecodeError:
            raw = line.decode("utf-8", "backslashreplace").rstrip("\n")
            part.faults.append(Fault(number, raw, "not UTF-8"))
        except (ValueError, RecursionError):
            part.faults.append(Fault(number, line.decode().rstrip("\n"), "not JSON"))
        else:
            if isinstance(row, dict):
                part.lines.append(number)
                part.rows.append(row)
            else:
                part.faults.append(Fault(number, row, "not a JSON object"))


def refuse_names(path: Path, names: Sequence[str]) -> None:
    """A header that cannot name columns."""
    repeated = sorted({name for name in names if names.count(name) > 1 and name})
    if repeated:
        raise BadFile(f"{path} has two columns named {repeated[0]!r}. Rename one of them.")
    if not any(names):
        raise BadFile(f"{path} has no header line; it begins with {listed(names)}.")
