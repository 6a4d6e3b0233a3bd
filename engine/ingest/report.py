"""What became of every row of a file?"""

from __future__ import annotations

import json
import os
import re
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from engine.errors import BadHome


@dataclass(frozen=True)
class IngestReport:
    """Counts of rows: read = accepted + rejected.

    `duplicates` were accepted and add nothing, for the same item_id, event_id or day comes again (or was
    stored before, for events). `changed` = what is new or different in the store. `unknown_items` =
    accepted events whose item is not in the catalogue yet: they wait for it. `erased` = accepted events of
    users who had their past erased: they are not stored. `reasons` count the
    rejected, the most frequent first. `ignored` = columns that are not kept. `rejects` = where the
    rejected rows are.
    """

    file: str
    kind: str
    read: int = 0
    accepted: int = 0
    rejected: int = 0
    duplicates: int = 0
    changed: int = 0
    unknown_items: int = 0
    erased: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    rejects: str | None = None
    seconds: float = 0.0


class Tally:
    """Counts as a file is read; `report` freezes them."""

    def __init__(self, file: Path, kind: str) -> None:
        self.file, self.kind = file, kind
        self.accepted = self.duplicates = self.changed = self.unknown_items = self.erased = 0
        self.reasons: Counter[str] = Counter()
        self.ignored: dict[str, None] = {}
        self._started = time.monotonic()

    def report(self, rejects: Path | None) -> IngestReport:
        rejected = self.reasons.total()
        return IngestReport(
            file=str(self.file),
            kind=self.kind,
            read=self.accepted + rejected,
            accepted=self.accepted,
            rejected=rejected,
            duplicates=self.duplicates,
            changed=self.changed,
            unknown_items=self.unknown_items,
            erased=self.erased,
            reasons=dict(self.reasons.most_common()),
            ignored=tuple(self.ignored),
            rejects=str(rejects) if rejected and rejects else None,
            seconds=time.monotonic() - self._started,
        )


def _writable(value: object) -> object:
    """What JSON cannot write, as text; bytes keep every byte as \\xNN."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


class Rejects:
    """rejects.jsonl: a line for every refused row, whole, with where it stood and why. Appended to.

    The file is made when the first row is refused.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._file: IO[str] | None = None

    def add(self, tally: Tally, line: int, row: object, reason: str, why: str | None = None) -> None:
        """`reason` is counted; `why` says it with the value."""
        tally.reasons[reason] += 1
        if self.path is None:
            return
        entry: dict[str, Any] = {
            "file": str(tally.file),
            "line": line,
            "reason": why or reason,
            "row": row,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        try:
            if self._file is None:
                # A cell that was not UTF-8 holds lone surrogates: they are written as \\udcNN.
                self._file = self.path.open("a", encoding="utf-8", errors="backslashreplace")
            text = json.dumps(entry, ensure_ascii=False, default=_writable)
            self._file.write(text + "\n")
        except OSError as error:
            raise BadHome(f"{self.path} cannot be written: {error.strerror}.") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()


def forget_rejects(path: Path, user: str) -> int:
    """Take the refused rows that hold `user` as a value out of rejects.jsonl; how many went.

    Whatever a file called its column: rows are refused before their names are known. The file is replaced
    whole; raises BadHome when it cannot be. Not to be run beside an ingest, which appends to the same file.
    """
    if not path.is_file():
        return 0
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    gone = 0
    try:
        with path.open(encoding="utf-8") as old, draft.open("w", encoding="utf-8") as new:
            for line in old:
                if _holds(json.loads(line)["row"], user):
                    gone += 1
                else:
                    new.write(line)
            new.flush()
            os.fsync(new.fileno())
        draft.replace(path)
    except OSError as error:
        raise BadHome(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        draft.unlink(missing_ok=True)
    return gone


def _holds(row: object, user: str) -> bool:
    """Whether a refused row says `user`: as a value, or within a line that could not be read."""
    if isinstance(row, Mapping):
        return any(_holds(value, user) or str(value) == user for value in row.values())
    if isinstance(row, list):
        return any(_holds(value, user) or str(value) == user for value in row)
    return isinstance(row, str) and user in re.split(r"[\s,;|\"'{}\[\]:]+", row)
