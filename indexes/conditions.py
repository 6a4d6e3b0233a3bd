"""What can be asked of the columns of an item?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Scalar = str | float | bool
Operator = Literal["=", "<", "<=", ">", ">="]


@dataclass(frozen=True)
class Everything:
    """Keeps every row."""


@dataclass(frozen=True)
class Compare:
    """Keeps the rows with a value v of `column` such that v `operator` `value`; never a row without one."""

    column: str
    operator: Operator
    value: Scalar


@dataclass(frozen=True)
class OneOf:
    """Keeps the rows with a value of `column` equal to any of `values`."""

    column: str
    values: tuple[Scalar, ...]


@dataclass(frozen=True)
class Exists:
    """Keeps the rows with any value of `column`."""

    column: str


@dataclass(frozen=True)
class And:
    parts: tuple[Filter, ...]


@dataclass(frozen=True)
class Or:
    parts: tuple[Filter, ...]


@dataclass(frozen=True)
class Not:
    """Keeps the rows that `part` does not: those without a value too."""

    part: Filter


Filter = Everything | Compare | OneOf | Exists | And | Or | Not


def columns_of(condition: Filter) -> frozenset[str]:
    """Every column that `condition` names."""
    if isinstance(condition, (And, Or)):
        return frozenset[str]().union(*map(columns_of, condition.parts))
    if isinstance(condition, Not):
        return columns_of(condition.part)
    return frozenset() if isinstance(condition, Everything) else frozenset({condition.column})
