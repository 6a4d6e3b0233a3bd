"""Does a filter keep exactly the rows it names, and is a wrong one told clearly?"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BadQuery
from engine.filters import allowed, parse_filter
from indexes.columns import ColumnIndex
from indexes.conditions import And, Compare, Everything, Exists, Filter, Not, OneOf, Or

RECORDS: list[dict[str, object]] = [
    {"brand": "HP", "price": 49.5, "colour": ["red", "Dark Blue"], "wifi": True, "category": "PC > Laptop"},
    {"brand": "hp", "price": 100, "colour": "green", "wifi": False, "category": "PC > Desktop"},
    {"brand": "Dell", "price": 250.0, "colour": None, "category": "PC", "size": "16"},
    {"brand": "Ａcer", "price": None, "colour": [], "category": "Phone", "size": 15.5},
    {"brand": "", "price": float("nan"), "released": 1_600_000_000.0, "size": ["8", "32"]},
]


@pytest.fixture(scope="module")
def columns() -> ColumnIndex:
    return ColumnIndex.build(RECORDS)


def rows(columns: ColumnIndex, source: object) -> list[int]:
    return np.flatnonzero(allowed(columns, parse_filter(source))).tolist()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        (None, [0, 1, 2, 3, 4]),
        ("  ", [0, 1, 2, 3, 4]),
        ("brand=HP", [0, 1]),
        ("brand = hp", [0, 1]),
        ("brand:HP", [0, 1]),
        ("brand=acer", [3]),
        ("brand!=HP", [2, 3, 4]),
        ("price<100", [0]),
        ("price <= 100", [0, 1]),
        ("price>100", [2]),
        ("price>=1e2", [1, 2]),
        ("price=100", [1]),
        ("price=50..250", [1, 2]),
        ("price=..100", [0, 1]),
        ("price=100..", [1, 2]),
        ("price=*", [0, 1, 2]),
        ("not price=*", [3, 4]),
        ("brand in (HP, Dell)", [0, 1, 2]),
        ("brand=(HP,Dell)", [0, 1, 2]),
        ("brand!=[HP,Dell]", [3, 4]),
        ("colour = dark blue", [0]),
        ('colour="Dark Blue"', [0]),
        ("colour in (green, 'dark blue')", [0, 1]),
        ("wifi=true", [0]),
        ("wifi=false", [1]),
        ("category=PC", [0, 1, 2]),
        ('category="PC > Laptop"', [0]),
        ("category='pc > laptop'", [0]),
        ("size=16", [2]),
        ("size>=15", [2, 3, 4]),
        ("size<10", [4]),
        ("released>=2020-01-01", [4]),
        ("released<2020-01-01T00:00:00Z", []),
        ("brand=HP and price<100", [0]),
        ("brand=HP or brand=Dell and price>=250", [0, 1, 2]),
        ("(brand=HP or brand=Dell) and price>=100", [1, 2]),
        ("not (brand=HP or brand=Dell)", [3, 4]),
        ("!brand=HP && price>0", [2]),
        ("brand=HP || brand=Dell", [0, 1, 2]),
        ("brand=nothing", []),
        ("brand=HP AND price<100", [0]),
        ("brand=Levi's", []),
        ({"brand": "HP"}, [0, 1]),
        ({"brand": ["HP", "Dell"]}, [0, 1, 2]),
        ({"price": {"lt": 100}}, [0]),
        ({"price": {"gte": 100, "lte": 200}}, [1]),
        ({"price": {"between": [50, 100]}}, [1]),
        ({"brand": {"ne": "HP"}}, [2, 3, 4]),
        ({"brand": {"in": ["HP"]}, "wifi": True}, [0]),
        ({"brand": {"nin": ["HP", "Dell"]}}, [3, 4]),
        ({"price": {"exists": False}}, [3, 4]),
        ({"or": [{"wifi": True}, {"brand": "Dell"}]}, [0, 2]),
        ({"and": [{"brand": "HP"}, {"price": {"gt": 50}}]}, [1]),
        ({"not": {"brand": "HP"}}, [2, 3, 4]),
        (["brand=HP", {"price": {"lt": 100}}], [0]),
        ([], [0, 1, 2, 3, 4]),
        ({}, [0, 1, 2, 3, 4]),
    ],
)
def test_filters_keep_exactly_what_they_say(columns: ColumnIndex, source: object, kept: list[int]) -> None:
    assert rows(columns, source) == kept


@pytest.mark.parametrize(
    "source",
    [
        "brand",
        "brand=",
        "=HP",
        "brand=HP and",
        "and brand=HP",
        "(brand=HP",
        "brand=HP)",
        "brand in HP",
        "brand in (HP",
        "brand in ()",
        "price<100 price>5",
        "price=5<6",
        "colour=A > B",
        'brand="HP',
        "(" * 200 + "a=1" + ")" * 200,
        "a=1 and " * 2000 + "a=1",
        {"price": {}},
        {"price": {"less": 5}},
        {"price": {"lt": None}},
        {"price": {"lt": float("nan")}},
        {"price": {"between": [1]}},
        {"price": {"exists": 1}},
        {"brand": {"in": "HP"}},
        {"and": {"a": 1}},
        {"or": []},
        {"": 1},
        {"brand": object()},
        5,
        {"price": 10**400},
        "no_such_column=1",
    ],
)
def test_a_wrong_filter_is_one_clear_sentence(columns: ColumnIndex, source: object) -> None:
    with pytest.raises(BadQuery) as caught:
        rows(columns, source)
    assert len(str(caught.value)) > 20


def test_an_unknown_column_names_the_near_ones(columns: ColumnIndex) -> None:
    with pytest.raises(BadQuery, match="brand"):
        rows(columns, "brnad=HP")


def test_text_and_json_mean_the_same() -> None:
    text = parse_filter('brand=HP and (price<100 or price=200..300) and not colour in (red, "dark blue")')
    assert text == And(
        (
            Compare("brand", "=", "HP"),
            Or(
                (
                    Compare("price", "<", 100.0),
                    And((Compare("price", ">=", 200.0), Compare("price", "<=", 300.0))),
                )
            ),
            Not(OneOf("colour", ("red", "dark blue"))),
        )
    )
    assert parse_filter("x='a\\'b'") == Compare("x", "=", "a'b")
    assert parse_filter("x=*") == Exists("x")
    assert parse_filter("") == Everything()


@given(st.text(max_size=40))
def test_any_text_is_a_filter_or_a_bad_query(text: str) -> None:
    with suppress(BadQuery):
        parse_filter(text)


values = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from(["a", "B", "2", "c d"]))
records = st.lists(
    st.fixed_dictionaries({"x": st.one_of(values, st.lists(values, max_size=3)), "y": values}), max_size=15
)
conditions: st.SearchStrategy[Filter] = st.recursive(
    st.one_of(
        st.builds(
            Compare,
            st.sampled_from(["x", "y"]),
            st.sampled_from(["=", "<", "<=", ">", ">="]),
            st.one_of(st.integers(-3, 3).map(float), st.sampled_from(["a", "b", "c d"]), st.booleans()),
        ),
        st.builds(Exists, st.sampled_from(["x", "y"])),
    ),
    lambda inner: st.one_of(
        st.builds(lambda a, b: And((a, b)), inner, inner),
        st.builds(lambda a, b: Or((a, b)), inner, inner),
        st.builds(Not, inner),
    ),
    max_leaves=5,
)


def plainly(record: dict[str, object], condition: Filter) -> bool:
    """The meaning of a filter, one row at a time, without an index."""
    match condition:
        case And(parts):
            return all(plainly(record, part) for part in parts)
        case Or(parts):
            return any(plainly(record, part) for part in parts)
        case Not(part):
            return not plainly(record, part)
        case Exists(column):
            return bool(_flat(record[column]))
        case Compare(column, comparison, wanted):
            return any(_holds(value, comparison, wanted) for value in _flat(record[column]))
    raise AssertionError(condition)


def _flat(value: object) -> list[object]:
    return [part for part in (value if isinstance(value, list) else [value]) if part is not None]


def _holds(value: object, comparison: str, wanted: object) -> bool:
    if isinstance(value, bool):
        value = "true" if value else "false"
    if isinstance(wanted, bool):
        wanted = "true" if wanted else "false"
    if isinstance(wanted, float):
        try:
            value = float(value)  # type: ignore[arg-type]
        except ValueError:
            return False
    elif not isinstance(value, str):
        return False
    else:
        value = value.casefold()
    a, b = value, wanted
    return {"=": a == b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[comparison]  # type: ignore[operator]


@given(table=records, condition=conditions)
def test_the_mask_is_what_one_row_at_a_time_says(table: list[dict[str, object]], condition: Filter) -> None:
    whole = [*table, {"x": ["a", 1], "y": "a"}]
    index = ColumnIndex.build(whole)
    assert index.mask(condition).tolist() == [plainly(record, condition) for record in whole]


def test_facets_count_words_and_numbers(columns: ColumnIndex) -> None:
    everything = np.arange(5)
    brand = columns.facet("brand", everything)
    assert brand.values == (("HP", 2), ("Dell", 1), ("Ａcer", 1))
    assert brand.missing == 1
    assert columns.facet("category", np.array([0, 1, 3])).values == (
        ("PC", 2),
        ("PC > Desktop", 1),
        ("PC > Laptop", 1),
        ("Phone", 1),
    )
    price = columns.facet("price", everything)
    assert (price.minimum, price.maximum, price.missing) == (49.5, 250.0, 2)
    assert sum(part.count for part in price.ranges) == 3
    assert columns.facet("colour", np.array([2])).values == ()


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60))
def test_ranges_cover_every_number_once(numbers: list[float]) -> None:
    index = ColumnIndex.build([{"x": number} for number in numbers])
    ranges = index.facet("x", np.arange(len(numbers))).ranges
    assert sum(part.count for part in ranges) == len(numbers)
    for part in ranges:
        inside = [x for x in numbers if part.low <= x < part.high or x == part.high == max(numbers)]
        assert len(inside) == part.count


def test_order_puts_the_missing_last_and_keeps_ties_by_row(columns: ColumnIndex) -> None:
    everything = np.array([4, 2, 0, 3, 1])
    assert columns.order("price", everything).tolist() == [0, 1, 2, 3, 4]
    assert columns.order("price", everything, descending=True).tolist() == [2, 1, 0, 3, 4]
    assert columns.order("brand", everything).tolist() == [3, 2, 0, 1, 4]


def test_distinct_keeps_the_first_of_each_value(columns: ColumnIndex) -> None:
    assert columns.distinct("brand", np.array([4, 1, 0, 3, 2])).tolist() == [4, 1, 3, 2]
    assert columns.distinct("price", np.array([4, 3, 0])).tolist() == [4, 3, 0]


def test_save_and_open_give_the_same(columns: ColumnIndex, tmp_path: Path) -> None:
    columns.save(tmp_path / "columns")
    opened = ColumnIndex.open(tmp_path / "columns")
    assert opened.names == columns.names
    for source in ("brand=HP", "size>=15", 'category="PC > Laptop"', "wifi=true"):
        assert rows(opened, source) == rows(columns, source)
    assert opened.facet("brand", np.arange(5)) == columns.facet("brand", np.arange(5))
    empty = ColumnIndex.build([])
    empty.save(tmp_path / "empty")
    assert len(ColumnIndex.open(tmp_path / "empty").mask(Everything())) == 0
