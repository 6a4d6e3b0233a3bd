"""Are series put together that belong together, and do the parts of the shop's outlook add up?"""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from engine import Engine, outlook
from engine.errors import UnknownSeries
from engine.forecast.groups import beside, groups_of, like_prices
from engine.forecast.together import is_clock, panels_of
from engine.store.series import Series


def test_names_that_are_the_cells_of_a_table_are_cut_into_its_rows_and_columns() -> None:
    stores, departments = ("CA_1", "CA_2", "TX_1"), ("FOODS_1", "FOODS_2", "HOBBIES_1", "HOBBIES_2")
    codes = groups_of([f"{s}_{d}" for s in stores for d in departments])
    assert len(np.unique(codes[:, 0])) == 3 and len(np.unique(codes[:, 1])) == 4
    assert len(groups_of(["tea", "milk", "bread", "salt"])) == 0
    assert len(groups_of(["a_1", "b_2", "c_3", "d_4", "e_5", "f_6"])) == 0  # a diagonal is no table


def test_a_price_is_seen_beside_those_of_its_group_by_hand() -> None:
    """Prices 2 and 4 in one store: -1 and +1 from their mean 3, 0 and 2 above the least."""
    X = np.array([[[2.0]], [[4.0]], [[7.0]], [[7.0]], [[8.0]]])
    told = beside(X, np.array([[0], [0], [1], [1], [1]], np.int32))
    assert told.shape == (5, 1, 2)
    assert told[:2, 0].tolist() == [[-1.0, 0.0], [1.0, 2.0]]
    assert beside(np.ones((4, 2, 1)), np.array([[0], [0], [1], [1]], np.int32)).shape == (4, 2, 0)


def test_a_week_number_is_a_clock_and_a_price_is_not() -> None:
    assert is_clock(np.tile(np.arange(5.0), (3, 1)))
    assert not is_clock(np.tile([0.0, 1.0, 0.0, 1.0, 1.0], (3, 1)))
    assert not is_clock(np.arange(15.0).reshape(3, 5))
    steady = np.tile([0.0, 1.0, 0.0, 1.0, 1.0], (3, 1))[:, :, None]
    assert not like_prices(steady)
    assert like_prices(np.random.default_rng(0).random((3, 20, 1)))


def series(name: str, days: int, values: np.ndarray, ahead: int = 0, **regressors: np.ndarray) -> Series:
    dates = np.datetime64("2026-01-01") + np.arange(days + ahead) - days
    return Series(name, dates, np.append(values[:days], np.full(ahead, np.nan)), regressors)


def test_series_of_one_step_and_end_make_a_panel_and_others_go_alone() -> None:
    values = np.arange(60.0)
    event, week = np.resize([0.0, 1.0, 0.0], 67), np.arange(67.0)
    known = [series(f"s_{i}", 60 - i, values, 7, event=event[i:], week=week[i:]) for i in range(5)]
    known[2] = series("s_2", 60, values, 7, event=event, late=np.append(values, np.full(7, np.nan)))
    ended = Series("ended", np.datetime64("2024-01-01") + np.arange(30), np.ones(30), {})
    found = list(panels_of([*known, ended], 7))
    together = next(each for each in found if each.panel is not None)
    assert together.names == tuple(f"s_{i}" for i in range(5)) and together.panel is not None
    assert together.panel.X is not None and together.panel.X.shape == (5, 67, 1)  # the week only counts
    assert together.panel.X[0, :, 0].tolist() == event.tolist()
    assert "late left out" in together.notes[0]
    assert np.isnan(together.panel.Y[4, :4]).all() and together.panel.Y[4, 4] == 0.0
    assert [each.names for each in found if each.panel is None] == [("ended",)]


def test_the_outlook_adds_up_and_is_not_computed_twice(
    own_shop: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "all.csv"
    documents = own_shop.forecasts({}, everything=True, horizon=7, out=out)
    with out.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 7 * len(documents)
    total: defaultdict[tuple[str, str], float] = defaultdict(float)
    for row in rows:
        total[row["kind"], row["date"]] += float(row["value"])
        assert float(row["lower_80"]) <= float(row["value"]) <= float(row["upper_80"])
        assert float(row["upper_80"]) <= float(row["upper_95"]) * (1 + 1e-5) + 1e-9
    days = {date for _, date in total}
    assert len(days) == 7 and sum(total["shop", day] for day in days) > 0
    tops: defaultdict[str, float] = defaultdict(float)
    for row in rows:
        if row["kind"] == "category" and " > " not in row["series_id"]:
            tops[row["date"]] += float(row["value"])
    for day in days:
        assert total["item", day] == pytest.approx(total["shop", day], rel=1e-3)
        assert tops[day] == pytest.approx(total["shop", day], rel=1e-3)

    def never(*args: object, **named: object) -> None:
        raise AssertionError("nothing changed, and it was fitted again")

    monkeypatch.setattr(outlook, "forecast_many", never)
    monkeypatch.setattr("engine.forecast.thin._forecast_chunk", never)
    again = own_shop.forecasts({}, everything=True, horizon=7)
    assert again == documents


def test_market_series_need_no_generation(tmp_path: Path) -> None:
    shop = Engine.open(tmp_path / "new")
    with pytest.raises(UnknownSeries, match="no market series"):
        shop.forecasts({}, everything=True)
    file = tmp_path / "sales.csv"
    lines = [f"{name},2026-0{1 + d // 28}-{1 + d % 28:02d},{d % 7 + 3}" for name in "ab" for d in range(84)]
    file.write_text("series_id,date,value\n" + "\n".join(lines) + "\n")
    shop.ingest("series", [file])
    found = shop.forecasts({}, everything=True, horizon=5)
    assert [each["series"] for each in found] == ["a", "b"]
    assert all(len(each["mean"]) == 5 and min(each["mean"]) >= 0 for each in found)
