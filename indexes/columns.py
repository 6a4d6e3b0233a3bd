"""Which items have the asked-for attributes, and how many of each are there?"""

from __future__ import annotations

import json
import math
import operator
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from indexes.conditions import And, Compare, Everything, Exists, Filter, Not, OneOf, Or, Scalar
from indexes.ranking import Mask, Rows
from indexes.vocabulary import Vocabulary, open_array

ARRAYS = ("number_rows", "numbers", "code_rows", "codes", "shown_of")
COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
STEP = " > "  # between the levels of a category
SPLIT = "\x1f"  # between a column's name and a value, in the shared vocabulary


@dataclass(frozen=True)
class Range:
    """One numeric bucket of a facet: low <= value < high, the last one closed."""

    low: float
    high: float
    count: int


@dataclass(frozen=True)
class Facet:
    """How the rows of an answer are spread over one column: `values` for words, `ranges` for numbers."""

    column: str
    values: tuple[tuple[str, int], ...] = ()  # commonest first
    ranges: tuple[Range, ...] = ()  # ascending
    minimum: float | None = None
    maximum: float | None = None
    missing: int = 0  # rows without a value


@dataclass(frozen=True)
class Span:
    """Where a column lies in the shared arrays: numbers[a:b] and codes[c:d], rows ascending in each."""

    numbers: tuple[int, int] = (0, 0)
    codes: tuple[int, int] = (0, 0)


@dataclass(frozen=True, eq=False)
class ColumnIndex:
    """Attribute values by column, sparse: rows and values side by side; a folder of arrays, memory-mapped.

    A value is a number (float64) or a word (a code of the shared vocabulary); true and false are words; a
    list gives a row several. Words are compared without case or width. A category "A > B" counts as "A" too.
    """

    number_rows: NDArray[np.int32]
    numbers: NDArray[np.float64]
    code_rows: NDArray[np.int32]
    codes: NDArray[np.int32]
    words: Vocabulary  # column SPLIT folded word
    shown: Vocabulary  # column SPLIT folded word SPLIT the writing first met
    shown_of: NDArray[np.int32]  # code -> its number in `shown`
    spans: Mapping[str, Span]
    rows: int

    @classmethod
    def build(
        cls, records: Sequence[Mapping[str, object]], hierarchies: Sequence[str] = ("category",)
    ) -> Self:
        """Index `records` [n], column -> value: str, number, bool, None (missing) or a list of these."""
        number_of: dict[str, tuple[list[int], list[float]]] = {}
        word_of: dict[str, tuple[list[int], list[str]]] = {}
        for row, record in enumerate(records):
            for column, value in record.items():
                numbers, words = _values(value, column in hierarchies)
                if numbers:
                    rows, floats = number_of.setdefault(column, ([], []))
                    rows.extend([row] * len(numbers))
                    floats.extend(numbers)
                if words:
                    rows, texts = word_of.setdefault(column, ([], []))
                    rows.extend([row] * len(words))
                    texts.extend(words)
        writings: dict[str, str] = {}  # column SPLIT folded -> with the writing
        keys: list[str] = []
        spans: dict[str, Span] = {}
        n_numbers = 0
        for column in sorted({*number_of, *word_of}):
            start = len(keys)
            for text in word_of.get(column, ([], []))[1]:
                key = f"{column}{SPLIT}{fold_word(text)}"
                writings.setdefault(key, f"{key}{SPLIT}{text}")
                keys.append(key)
            count = len(number_of.get(column, ([], []))[0])
            spans[column] = Span((n_numbers, n_numbers + count), (start, len(keys)))
            n_numbers += count
        vocabulary, codes = Vocabulary.of(list(writings))
        shown, shown_numbers = Vocabulary.of(list(writings.values()))
        shown_of = np.empty(len(codes), np.int32)
        shown_of[codes] = shown_numbers
        place = {key: int(code) for key, code in zip(writings, codes, strict=True)}
        return cls(
            _joined([number_of[c][0] for c in spans if c in number_of], np.int32),
            _joined([number_of[c][1] for c in spans if c in number_of], np.float64),
            _joined([word_of[c][0] for c in spans if c in word_of], np.int32),
            np.array([place[key] for key in keys], np.int32),
            vocabulary,
            shown,
            shown_of,
            spans,
            len(records),
        )

    def __len__(self) -> int:
        return self.rows

    @property
    def names(self) -> tuple[str, ...]:
        """Every column, in alphabetical order."""
        return tuple(self.spans)

    def mask(self, condition: Filter) -> Mask:
        """Which rows [len(index)] `condition` keeps; KeyError for a column that no item has."""
        match condition:
            case Everything():
                return np.ones(self.rows, np.bool_)
            case And(parts):
                kept = np.ones(self.rows, np.bool_)
                for part in parts:
                    kept &= self.mask(part)
                return kept
            case Or(parts):
                kept = np.zeros(self.rows, np.bool_)
                for part in parts:
                    kept |= self.mask(part)
                return kept
            case Not(part):
                return ~self.mask(part)
            case OneOf(column, values):
                return self.mask(Or(tuple(Compare(column, "=", value) for value in values)))
            case Exists(column):
                span = self.spans[column]
                kept = np.zeros(self.rows, np.bool_)
                kept[self.number_rows[slice(*span.numbers)]] = True
                kept[self.code_rows[slice(*span.codes)]] = True
                return kept
            case Compare(column, comparison, value):
                return self._compare(column, comparison, value)

    def facet(self, column: str, rows: Rows, size: int = 20) -> Facet:
        """How `rows` (distinct) are spread over `column`: words by count, numbers in round ranges."""
        span = self.spans[column]
        at_numbers = self._places(self.number_rows[slice(*span.numbers)], rows)
        at_codes = self._places(self.code_rows[slice(*span.codes)], rows)
        values = self.numbers[slice(*span.numbers)][at_numbers]
        codes, counts = np.unique(self.codes[slice(*span.codes)][at_codes], return_counts=True)
        words = sorted(
            ((self._writing(code), n) for code, n in zip(codes.tolist(), counts.tolist(), strict=True)),
            key=lambda pair: (-pair[1], pair[0]),
        )
        held = {
            *self.number_rows[slice(*span.numbers)][at_numbers].tolist(),
            *self.code_rows[slice(*span.codes)][at_codes].tolist(),
        }
        return Facet(
            column,
            tuple(words[:size]),
            ranges_of(values),
            float(values.min()) if len(values) else None,
            float(values.max()) if len(values) else None,
            len(rows) - len(held),
        )

    def order(self, column: str, rows: Rows, descending: bool = False) -> Rows:
        """`rows` sorted by `column`: numbers before words, missing last, ties by smaller row, either way."""
        return order_by(np.asarray(rows, np.int64), self.keys(column, rows), descending)

    def keys(self, column: str, rows: Rows) -> list[float | str | None]:
        """What each of `rows` [n] is sorted by: its first number, else its first word, else None."""
        span = self.spans[column]
        numbers = self._first(span.numbers, self.number_rows, self.numbers, rows).tolist()
        codes = self._first(span.codes, self.code_rows, self.codes, rows).tolist()
        return [
            number
            if not math.isnan(number)
            else None
            if math.isnan(code)
            else fold_word(self._writing(int(code)))
            for number, code in zip(numbers, codes, strict=True)
        ]

    def distinct(self, column: str, rows: Rows) -> Rows:
        """`rows` in their order, of each value of `column` only the first; rows without a value all stay."""
        span = self.spans[column]
        rows = np.asarray(rows, np.int64)
        number = self._first(span.numbers, self.number_rows, self.numbers, rows)
        code = self._first(span.codes, self.code_rows, self.codes, rows)
        alone = np.isnan(number) & np.isnan(code)
        keys = np.stack([np.nan_to_num(number), np.nan_to_num(code, nan=-1.0), np.where(alone, rows, -1)])
        return rows[np.sort(np.unique(keys, axis=1, return_index=True)[1])]

    def values(self, column: str, rows: Rows) -> NDArray[np.float64]:
        """The number [n] each of `rows` has in `column` (the first of a list); NaN for none."""
        return self._first(self.spans[column].numbers, self.number_rows, self.numbers, rows)

    def save(self, folder: str | Path) -> None:
        folder = Path(folder)
        self.words.save(folder / "words")
        self.shown.save(folder / "shown")
        for name in ARRAYS:
            np.save(folder / f"{name}.npy", getattr(self, name))
        spans = {column: [*span.numbers, *span.codes] for column, span in self.spans.items()}
        facts = json.dumps({"rows": self.rows, "spans": spans}, ensure_ascii=False)
        (folder / "columns.json").write_text(facts, encoding="utf-8")

    @classmethod
    def open(cls, folder: str | Path) -> Self:
        folder = Path(folder)
        facts = json.loads((folder / "columns.json").read_text(encoding="utf-8"))
        arrays: dict[str, Any] = {name: open_array(folder / f"{name}.npy") for name in ARRAYS}
        words, shown = Vocabulary.open(folder / "words"), Vocabulary.open(folder / "shown")
        spans = {column: Span((a, b), (c, d)) for column, (a, b, c, d) in facts["spans"].items()}
        return cls(words=words, shown=shown, spans=spans, rows=facts["rows"], **arrays)

    def _compare(self, column: str, comparison: str, value: Scalar) -> Mask:
        span, compare = self.spans[column], COMPARE[comparison]
        kept = np.zeros(self.rows, np.bool_)
        number = as_number(value)
        if number is not None:
            values = self.numbers[slice(*span.numbers)]
            kept[self.number_rows[slice(*span.numbers)][compare(values, number)]] = True
        codes = self.codes[slice(*span.codes)]
        if not len(codes):
            return kept
        if comparison == "=":
            code = self.words.find([f"{column}{SPLIT}{fold_word(_word(value))}"])[0]
            hits = codes == code
        else:
            own = np.unique(codes)
            texts = [fold_word(self._writing(code)) for code in own.tolist()]
            if number is not None:
                parsed = [as_number(text) for text in texts]
                good = [n is not None and bool(compare(n, number)) for n in parsed]
            else:
                wanted = fold_word(_word(value))
                good = [bool(compare(text, wanted)) for text in texts]
            hits = np.isin(codes, own[np.array(good, np.bool_)])
        kept[self.code_rows[slice(*span.codes)][hits]] = True
        return kept

    def _writing(self, code: int) -> str:
        return self.shown.text(int(self.shown_of[code])).rsplit(SPLIT, 1)[1]

    def _places(self, held: NDArray[np.int32], rows: Rows) -> NDArray[np.int64]:
        """The places in `held` (ascending rows of a column) that belong to any of `rows`."""
        if len(rows) * 16 > len(held):
            wanted = np.zeros(self.rows, np.bool_)
            wanted[rows] = True
            return np.flatnonzero(wanted[held])
        low, high = np.searchsorted(held, rows, "left"), np.searchsorted(held, rows, "right")
        return np.repeat(low - np.concatenate([[0], np.cumsum(high - low)[:-1]]), high - low) + np.arange(
            (high - low).sum()
        )

    def _first(
        self, span: tuple[int, int], held: NDArray[np.int32], values: NDArray[Any], rows: Rows
    ) -> NDArray[np.float64]:
        """The first value [n] of each of `rows`; NaN for none."""
        held, values = held[slice(*span)], values[slice(*span)]
        if not len(held):
            return np.full(len(rows), np.nan)
        at = np.minimum(np.searchsorted(held, rows), len(held) - 1)
        return np.where(held[at] == rows, values[at].astype(np.float64), np.nan)


def order_by(rows: Rows, keys: Sequence[float | str | None], descending: bool = False) -> Rows:
    """`rows` [n] sorted by `keys` [n]: numbers before words, None last, ties by smaller row, either way."""
    words = sorted({key for key in keys if isinstance(key, str)})
    places = {word: place for place, word in enumerate(words)}
    kind = np.array([2 if key is None else int(isinstance(key, str)) for key in keys])
    value = np.array([0.0 if key is None else places[key] if isinstance(key, str) else key for key in keys])
    return rows[np.lexsort((rows, -value if descending else value, kind))]


def fold_word(text: str) -> str:
    """The form in which two words are compared."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


def as_number(value: Scalar) -> float | None:
    """A number, or an ISO date as Unix seconds (no zone: UTC); None for any other word."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return float(value)
    try:
        return float(value)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _word(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _values(value: object, hierarchy: bool) -> tuple[list[float], list[str]]:
    """The numbers and the words in one value."""
    numbers: list[float] = []
    words: list[str] = []
    for part in value if isinstance(value, (list, tuple, set, frozenset)) else (value,):
        if isinstance(part, (bool, np.bool_)):
            words.append(_word(bool(part)))
        elif isinstance(part, (int, float, np.integer, np.floating)):
            if math.isfinite(part):
                numbers.append(float(part))
        elif isinstance(part, str) and part.strip():
            levels = part.split(STEP) if hierarchy else [part]
            words.extend(STEP.join(levels[: i + 1]).strip() for i in range(len(levels)))
    return numbers, list(dict.fromkeys(words))


def _joined(parts: list[list[Any]], dtype: Any) -> NDArray[Any]:
    return np.array([value for part in parts for value in part], dtype)


def ranges_of(values: NDArray[np.float64], wanted: int = 5) -> tuple[Range, ...]:
    """About `wanted` ranges of like counts with round edges; one range when all values are equal."""
    if not len(values):
        return ()
    low, high = float(values.min()), float(values.max())
    inner = {_rounded(float(q)) for q in np.quantile(values, np.arange(1, wanted) / wanted)}
    edges = [low, *sorted(edge for edge in inner if low < edge < high), high]
    if low == high:
        return (Range(low, high, len(values)),)
    counts = np.histogram(values, edges)[0]  # the last range is closed
    return tuple(Range(a, b, int(n)) for a, b, n in zip(edges, edges[1:], counts.tolist(), strict=False) if n)


def _rounded(value: float) -> float:
    """`value` to two significant digits, the second one 0 or 5."""
    if abs(value) < 1e-300:  # where a tenth of it is no number any more
        return value
    step = 10.0 ** math.floor(math.log10(abs(value))) / 2
    return float(f"{round(value / step) * step:.12g}")
