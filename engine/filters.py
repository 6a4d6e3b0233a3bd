"""What does the caller's filter mean?"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn, Protocol

from engine.errors import BadQuery
from indexes.conditions import (
    And,
    Compare,
    Everything,
    Exists,
    Filter,
    Not,
    OneOf,
    Operator,
    Or,
    Scalar,
    columns_of,
)
from indexes.ranking import Mask

DEEPEST = 50  # nested parentheses
LONGEST = 10_000  # characters
OPERATORS: dict[str, Operator] = {"=": "=", "==": "=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
NAMED: dict[str, Operator] = {"eq": "=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<operator><=|>=|!=|==|=|<|>|:)
    | (?P<mark>[()\[\],])
    | (?P<word>[^\s()\[\],=<>!:"'&|]+)
    | (?P<bang>!)
    )""",
    re.VERBOSE,
)
_PLAIN_VALUE = re.compile(
    r"\s*([^\s()\[\],\"'][^()\[\],\"]*?)(?=\s*(?:$|[)\],]|&&|\|\||\s(?:and|or)(?:\s|$)))", re.IGNORECASE
)


class Columns(Protocol):
    """Anything that holds attribute columns: those of a generation, or with the live changes over them."""

    @property
    def names(self) -> tuple[str, ...]: ...

    def mask(self, condition: Filter) -> Mask: ...


def parse_filter(source: str | Sequence[object] | Mapping[str, object] | None) -> Filter:
    """A filter from text, from JSON, or from a list of either (all must hold); BadQuery says what is wrong.

    Text: brand = HP and (price < 100 or price = 200..300) and not colour in (red, "dark blue").
    JSON: {"brand": "HP", "price": {"lt": 100}, "or": [{...}, {...}], "not": {...}}.
    """
    return _parsed(source, 0)


def allowed(columns: Columns, condition: Filter) -> Mask:
    """Which rows `condition` keeps; BadQuery for a column that no item has, with the nearest names."""
    for name in sorted(columns_of(condition)):
        if name not in columns.names:
            near = difflib.get_close_matches(name, columns.names, 3, 0.5) or columns.names[:8]
            known = ", ".join(near) or "none"
            raise BadQuery(f"No item has a column {name!r}; filter on one of: {known}.")
    return columns.mask(condition)


def _parsed(source: object, depth: int) -> Filter:
    if depth > DEEPEST:
        raise BadQuery(f"The filter is nested more than {DEEPEST} deep; write it flatter.")
    if source is None:
        return Everything()
    if isinstance(source, str):
        return _Text(source).whole() if source.strip() else Everything()
    if isinstance(source, Mapping):
        return _and([_entry(name, value, depth + 1) for name, value in source.items()])
    if isinstance(source, Sequence):
        return _and([_parsed(part, depth + 1) for part in source])
    raise BadQuery(f"A filter is text, an object or a list, not {type(source).__name__}.")


def _and(parts: Sequence[Filter]) -> Filter:
    real = tuple(part for part in parts if not isinstance(part, Everything))
    if len(real) > 1:
        return And(real)
    return real[0] if real else Everything()


def _entry(name: object, value: object, depth: int) -> Filter:
    """One name of a JSON filter and what it holds."""
    if not isinstance(name, str) or not name:
        raise BadQuery(f"A column's name is text, not {name!r}.")
    if name in ("and", "or"):
        if not isinstance(value, Sequence) or isinstance(value, str) or not value:
            raise BadQuery(f'"{name}" takes a list of filters.')
        parts = [_parsed(part, depth + 1) for part in value]
        return _and(parts) if name == "and" else Or(tuple(parts))
    if name == "not":
        return Not(_parsed(value, depth + 1))
    if isinstance(value, Mapping):
        if not value:
            raise BadQuery(f'The filter on {name} is empty; write for example {{"{name}": {{"lt": 100}}}}.')
        return _and([_named(name, key, operand) for key, operand in value.items()])
    if isinstance(value, Sequence) and not isinstance(value, str):
        return OneOf(name, _scalars(name, value))
    return Compare(name, "=", _scalar(name, value))


def _named(column: str, key: object, operand: object) -> Filter:
    """One operator of a JSON filter."""
    if isinstance(key, str) and key in NAMED:
        return Compare(column, NAMED[key], _scalar(column, operand))
    if key == "ne":
        return Not(Compare(column, "=", _scalar(column, operand)))
    if key in ("in", "nin"):
        chosen = OneOf(column, _scalars(column, operand))
        return chosen if key == "in" else Not(chosen)
    if key == "between":
        ends = _scalars(column, operand)
        if len(ends) != 2:
            raise BadQuery(f'"between" on {column} takes two values, as [5, 10].')
        return And((Compare(column, ">=", ends[0]), Compare(column, "<=", ends[1])))
    if key == "exists":
        if not isinstance(operand, bool):
            raise BadQuery(f'"exists" on {column} takes true or false.')
        return Exists(column) if operand else Not(Exists(column))
    known = ", ".join([*NAMED, "ne", "in", "nin", "between", "exists"])
    raise BadQuery(f"Unknown operator {key!r} on {column}; use one of: {known}.")


def _scalars(column: str, values: object) -> tuple[Scalar, ...]:
    if not isinstance(values, Sequence) or isinstance(values, str):
        raise BadQuery(f"The filter on {column} needs a list here, not {values!r}.")
    return tuple(_scalar(column, value) for value in values)


def _scalar(column: str, value: object) -> Scalar:
    if isinstance(value, float) and not math.isfinite(value):
        raise BadQuery(f"The filter on {column} compares with {value}; use a finite number.")
    if isinstance(value, (str, bool, float)):
        return value
    if isinstance(value, int) and abs(value) < 10**300:
        return float(value)
    raise BadQuery(f"The filter on {column} compares with {value!r:.60}; use text, a number, true or false.")


@dataclass
class _Text:
    """A reader of one text filter: `at` is the place of the next character.

    or := and ("or" and)*    and := not ("and" not)*    not := ["not" | "!"] (comparison | "(" or ")")
    """

    text: str
    at: int = 0
    depth: int = 0

    def whole(self) -> Filter:
        if len(self.text) > LONGEST:
            raise BadQuery(f"The filter is longer than {LONGEST} characters.")
        found = self._or()
        if self.text[self.at :].strip():
            self._wrong('"and" or "or"')
        return found

    def _or(self) -> Filter:
        parts = [self._and()]
        while self._take("or", "||"):
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _and(self) -> Filter:
        parts = [self._not()]
        while self._take("and", "&&"):
            parts.append(self._not())
        return _and(parts)

    def _not(self) -> Filter:
        if self._take("not", "!"):
            return Not(self._not())
        if not self._take("("):
            return self._comparison()
        self.depth += 1
        if self.depth > DEEPEST:
            raise BadQuery(f"The filter is nested more than {DEEPEST} deep; write it flatter.")
        found = self._or()
        if not self._take(")"):
            self._wrong('")"')
        self.depth -= 1
        return found

    def _comparison(self) -> Filter:
        kind, column = self._peek()
        if kind not in ("word", "quoted") or column.lower() in ("and", "or"):
            self._wrong("a column's name")
        self._next()
        column = _unquoted(column)
        if self._take("in"):
            return OneOf(column, self._list())
        kind, sign = self._peek()
        if kind != "operator":
            self._wrong(f"=, !=, <, <=, >, >= or in after {column}")
        self._next()
        sign = "=" if sign == ":" else sign
        if sign in ("=", "!=") and self._peek()[1] in ("(", "["):
            chosen = OneOf(column, self._list())
            return chosen if sign == "=" else Not(chosen)
        raw, quoted = self._value()
        if sign in ("=", "!="):
            found = _equal(column, raw, quoted)
            return found if sign == "=" else Not(found)
        return Compare(column, OPERATORS[sign], raw if quoted else _typed(raw))

    def _list(self) -> tuple[Scalar, ...]:
        close = {"(": ")", "[": "]"}.get(self._next()[1])
        if close is None:
            self._wrong("a list, as (red, blue)")
        values: list[Scalar] = []
        while True:
            raw, quoted = self._value()
            values.append(raw if quoted else _typed(raw))
            if self._take(close):
                return tuple(values)
            if not self._take(","):
                self._wrong(f'"," or "{close}"')

    def _value(self) -> tuple[str, bool]:
        """The next value and whether it was quoted; a bare one ends at and, or, a comma or a bracket."""
        kind, text = self._peek()
        if kind == "quoted":
            self._next()
            return _unquoted(text), True
        match = _PLAIN_VALUE.match(self.text, self.at)
        if match is None:
            self._wrong("a value")
        if re.search(r"[<>=]", match[1]):
            self._wrong(f"{match[1]!r} in quotes, or an and before the next comparison")
        self.at = match.end()
        return match[1], False

    def _peek(self) -> tuple[str, str]:
        match = _TOKEN.match(self.text, self.at)
        if match is None or match.lastgroup is None:
            return ("end", "")
        return match.lastgroup, match[match.lastgroup]

    def _next(self) -> tuple[str, str]:
        found = self._peek()
        match = _TOKEN.match(self.text, self.at)
        self.at = len(self.text) if match is None else match.end()
        return found

    def _take(self, *wanted: str) -> bool:
        """Step over the next token when it is one of `wanted`."""
        for text in wanted:
            if text in ("||", "&&"):
                bare = self.text[self.at :].lstrip()
                if bare.startswith(text):
                    self.at = len(self.text) - len(bare) + 2
                    return True
        kind, found = self._peek()
        if kind in ("word", "mark", "bang") and found.lower() in wanted:
            self._next()
            return True
        return False

    def _wrong(self, wanted: str) -> NoReturn:
        rest = self.text[self.at :].strip()
        where = f"before {rest[:30]!r}" if rest else "at the end"
        raise BadQuery(f"The filter {self.text[:80]!r} needs {wanted} {where}.")


def _equal(column: str, raw: str, quoted: bool) -> Filter:
    """column = raw: a value, a range a..b (ends included, either may be missing), or * for any value."""
    if not quoted and raw == "*":
        return Exists(column)
    if quoted or ".." not in raw:
        return Compare(column, "=", raw if quoted else _typed(raw))
    low, high = (part.strip() for part in raw.split("..", 1))
    ends: list[Filter] = []
    if low:
        ends.append(Compare(column, ">=", _typed(low)))
    if high:
        ends.append(Compare(column, "<=", _typed(high)))
    return _and(ends) if ends else Exists(column)


def _typed(raw: str) -> Scalar:
    """An unquoted word: a finite number where it reads as one, else the word."""
    try:
        number = float(raw)
    except ValueError:
        return raw
    return number if math.isfinite(number) else raw


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text[:1] in ("'", '"') else text
