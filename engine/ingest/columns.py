"""Which column of a file is which of ours?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import ArrayLike

from engine.errors import BadFile, BadQuery


@dataclass(frozen=True)
class Column:
    """One column of a stretch of rows: row i holds `values[codes[i]]`. Equal cells share a value."""

    codes: ArrayLike
    values: Sequence[Any]

    @classmethod
    def of(cls, cells: Sequence[Any]) -> Column:
        places: dict[Any, int] = {}
        kinds = set(map(type, cells)) - {type(None)}
        try:
            if kinds <= {str} or kinds <= {int} or kinds <= {float}:
                codes = [places.setdefault(cell, len(places)) for cell in cells]
                return cls(codes, list(places))
            # True == 1 == 1.0 to a dictionary; to us they differ.
            codes = [places.setdefault((type(cell), cell), len(places)) for cell in cells]
            return cls(codes, [cell for _, cell in places])
        except TypeError:  # lists and objects cannot be keys
            return cls(list(range(len(cells))), cells)


def parse_map(pairs: Iterable[str]) -> dict[str, str]:
    """["InvoiceDate=timestamp"] -> {"InvoiceDate": "timestamp"}: a file's column to ours."""
    found: dict[str, str] = {}
    for pair in pairs:
        theirs, sign, ours = pair.rpartition("=")
        theirs, ours = theirs.strip(), ours.strip()
        if not (sign and theirs and ours):
            raise BadQuery(f"--map {pair!r} is not understood. Write FILE_COLUMN=our_column.")
        if theirs in found:
            raise BadQuery(f"--map names the column {theirs!r} twice.")
        if ours in found.values():
            raise BadQuery(f"--map names two columns for {ours!r}.")
        found[theirs] = ours
    return found


def rename(
    columns: Sequence[str], mapping: Mapping[str, str], known: Sequence[str], file: str
) -> dict[str, str]:
    """The file's columns -> our names, in the file's order.

    First what `mapping` says; then a known name, in any case of letters; else the column keeps its name.
    A column whose name was given to another by `mapping` is left out.
    """
    absent = [name for name in mapping if name not in columns]
    if absent:
        raise BadFile(f"{file} has no column {absent[0]!r} to map. It has {listed(columns)}.")
    taken = set(mapping.values())
    lower = {name.lower(): name for name in known}
    found: dict[str, str] = {}
    for column in columns:
        name = mapping.get(column)
        if name is None:
            name = column if column in known else lower.get(column.strip().lower(), column.strip())
            if name in taken:
                continue
            taken.add(name)
        found[column] = name
    return found


def demand(names: Iterable[str], groups: Sequence[Sequence[str]], file: str, columns: Sequence[str]) -> None:
    """Raise BadFile unless `names` hold at least one of each group; `columns` are the file's own names."""
    have = list(names)
    for group in groups:
        if not any(name in have for name in group):
            raise BadFile(
                f"{file} has no column {' or '.join(group)}. It has {listed(columns)}; "
                f"say which one it is with --map COLUMN={group[0]}."
            )


def listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:20])
    return f"{shown} and {len(names) - 20} more" if len(names) > 20 else shown or "none"
