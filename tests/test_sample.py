"""Is the sample shop what it says: reproducible, in the contract's formats, and worth learning from?"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from engine.sample import Sample, write_sample
from engine.sample.catalogue import capitals
from engine.sample.queries import mistype
from engine.sample.shelves import KINDS, SHELVES
from engine.sample.visitors import PERSONAS
from engine.types import EventType

NOW = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)
DAY = 86_400


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return write_sample(tmp_path_factory.mktemp("sample"), now=NOW)


@pytest.fixture(scope="module")
def items(sample: Sample) -> pd.DataFrame:
    lines = (sample.folder / "items.jsonl").read_text(encoding="utf-8").splitlines()
    return pd.DataFrame([json.loads(line) for line in lines]).set_index("item_id")


@pytest.fixture(scope="module")
def events(sample: Sample) -> pd.DataFrame:
    return pd.read_parquet(sample.folder / "events.parquet")


@pytest.fixture(scope="module")
def people(sample: Sample, events: pd.DataFrame) -> pd.DataFrame:
    """The log without the bots."""
    return events[~events["user_id"].isin(sample.bots)]


@pytest.fixture(scope="module")
def bought(people: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    bought = people[people["type"] == "purchase"]
    day = ((bought["timestamp"] - (NOW.timestamp() // DAY - 365) * DAY) // DAY).astype(int)
    return bought.assign(day=day, category=items["category"].reindex(bought["item_id"]).to_numpy())


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def small(folder: Path, seed: int = 7, hour: int = 3) -> Path:
    write_sample(folder, seed, 130, 40, 45, now=NOW.replace(hour=hour))
    return folder


def test_the_same_seed_and_day_write_the_same_bytes(tmp_path: Path) -> None:
    first, again = digests(small(tmp_path / "a")), digests(small(tmp_path / "b", hour=22))
    assert first == again
    assert len(first) == 130 + 5


def test_another_seed_writes_another_shop(tmp_path: Path) -> None:
    first, other = digests(small(tmp_path / "a")), digests(small(tmp_path / "b", seed=8))
    for name in ("items.jsonl", "events.parquet", "series.parquet"):
        assert first[name] != other[name]


def test_too_small_a_shop_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="28 days"):
        write_sample(tmp_path, days=27)


def test_progress_counts_every_step(tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    write_sample(tmp_path, 7, 60, 10, 30, lambda done, total: told.append((done, total)), NOW)
    assert told == [(step, 6) for step in range(7)]


def test_counts(sample: Sample, items: pd.DataFrame, events: pd.DataFrame, people: pd.DataFrame) -> None:
    assert len(items) == sample.items == 2000
    assert items["category"].str.split(" > ").str[0].nunique() == 10
    assert items["category"].nunique() == len(KINDS)
    assert 200_000 <= len(events) == sum(sample.events.values()) <= 420_000
    assert set(events["type"]) == {str(kind) for kind in EventType}
    assert 1300 <= people["user_id"].nunique() <= sample.users == 1500


def test_items_are_in_the_contract_s_format_and_say_that_they_are_generated(items: pd.DataFrame) -> None:
    assert items.index.is_unique
    assert items["title"].is_unique
    for name in ("title", "description", "category", "brand"):
        assert (items[name].str.len() > 0).all()
        assert not items[name].str.contains("[一-鿿]", regex=True).any()
        assert items[f"{name}_zh"].str.contains("[一-鿿]", regex=True).all()
    assert (items["price"] > 0).all()
    assert (items["stock"] >= 0).all() and (items["stock"] == 0).any()
    assert items["generated"].eq(True).all()
    launched = pd.to_datetime(items["available_from"])
    assert launched.max() < pd.Timestamp("2026-11-24")
    assert (launched > pd.Timestamp("2026-11-03")).sum() >= 40
    spread = np.log(items["price"]).groupby(items["category"]).std()
    assert spread.between(0.1, 1.2).all()


def test_every_text_attribute_has_its_chinese(items: pd.DataFrame) -> None:
    for name in ("colour", "material", "type", "fit"):
        given = items[name].notna()
        assert given.any()
        assert (items[f"{name}_zh"].notna() == given).all()
    assert {type(value) for value in items["waterproof"].dropna()} == {bool}
    assert {type(value) for value in items["size"].dropna()} == {list}


def test_events_are_in_the_contract_s_format(events: pd.DataFrame, items: pd.DataFrame) -> None:
    assert events["event_id"].is_unique
    assert events["timestamp"].is_monotonic_increasing
    assert events["timestamp"].max() < NOW.timestamp() // DAY * DAY
    assert events["timestamp"].min() >= (NOW.timestamp() // DAY - 365) * DAY
    assert (events["user_id"].notna() | events["session_id"].notna()).all()
    search = events["type"] == "search"
    assert (events["item_id"].notna() == ~search).all()
    assert events["item_id"].dropna().isin(items.index).all()
    assert events.loc[search, "query"].str.len().ge(1).all()
    impression = events[events["type"] == "impression"]
    assert impression["position"].between(1, 10).all() and impression["query"].notna().all()
    purchase = events[events["type"] == "purchase"]
    assert purchase[["order_id", "price", "quantity", "session_id"]].notna().all().all()
    assert events.loc[events["type"] == "rating", "value"].isin([1, 2, 3, 4, 5]).all()
    assert events.loc[events["type"] == "view", "dwell_s"].notna().all()


def test_nothing_is_seen_before_it_is_on_sale(
    events: pd.DataFrame, items: pd.DataFrame, sample: Sample
) -> None:
    people = events[~events["user_id"].isin(sample.bots) & events["item_id"].notna()]
    launched = pd.to_datetime(items["available_from"], utc=True).astype("int64") // 10**9
    assert (people["timestamp"].to_numpy() >= launched.reindex(people["item_id"]).to_numpy()).all()


def test_sessions_tell_a_story_in_order(people: pd.DataFrame) -> None:
    """A click is on something shown in that session, a purchase on something in the cart."""
    for later, earlier in (("click", "impression"), ("purchase", "cart"), ("cart", "view")):
        key = ["session_id", "item_id"]
        first = people[people["type"] == earlier].groupby(key)["timestamp"].min()
        then = people[people["type"] == later].groupby(key)["timestamp"].max()
        start = first.reindex(then.index)
        assert start.notna().all()
        assert (then >= start).mean() > 0.999


def test_some_sessions_are_anonymous(people: pd.DataFrame) -> None:
    by = people[people["session_id"].notna()].groupby("session_id")["user_id"]
    assert (by.nunique() <= 1).all()
    assert 0.1 < (by.nunique() == 0).mean() < 0.4


def test_people_search_in_two_languages_and_mistype(people: pd.DataFrame) -> None:
    asked = people.loc[people["type"] == "search", "query"]
    chinese = asked.str.contains("[一-鿿]", regex=True)
    assert 0.2 < chinese.mean() < 0.5
    once = asked[~chinese].value_counts()
    assert once.iloc[0] > 50
    assert (once == 1).sum() > 300


def test_a_slip_of_the_finger_changes_one_place() -> None:
    assert mistype("kettle", 0.0, 0.1) == "kttle"
    assert mistype("kettle", 0.0, 0.4) == "keettle"
    assert mistype("kettle", 0.0, 0.6) == "kttele".replace("ttele", "tetle")
    assert mistype("kettle", 0.0, 0.9) == "krttle"
    assert mistype("7", 0.5, 0.1) == "7"


def test_capitals_leave_units_and_names_alone() -> None:
    assert capitals("wall-mounted cat tree") == "Wall-Mounted Cat Tree"
    assert capitals("lamb and rice dog food") == "Lamb and Rice Dog Food"
    assert capitals("rose Eau de Parfum") == "Rose Eau de Parfum"
    assert capitals("4K office monitor 27 inch") == "4K Office Monitor 27 Inch"
    assert capitals("100 W USB-C Cable") == "100 W USB-C Cable"


def test_activity_is_heavy_tailed(people: pd.DataFrame) -> None:
    sessions = people.groupby("user_id")["session_id"].nunique().sort_values(ascending=False)
    tenth = sessions.iloc[: len(sessions) // 10].sum() / sessions.sum()
    assert 0.3 < tenth < 0.7
    assert (sessions <= 5).sum() > 150


def test_the_year_and_the_week_show(bought: pd.DataFrame) -> None:
    month = pd.to_datetime(bought["timestamp"], unit="s").dt.month
    heaters, fans = (bought["category"] == f"Home & Living > {name}" for name in ("Heaters", "Fans"))
    cold, warm = month.isin([11, 12, 1, 2]), month.isin([5, 6, 7, 8])
    assert (heaters & cold).sum() > 4 * (heaters & warm).sum()
    assert (fans & warm).sum() > 4 * (fans & cold).sum()
    weekday = pd.to_datetime(bought["timestamp"], unit="s").dt.weekday
    assert (weekday >= 5).mean() > 2 / 7 * 1.1


def test_risers_rise_and_faders_fade(people: pd.DataFrame, sample: Sample) -> None:
    views = people[people["type"] == "view"]
    recent = views["timestamp"] >= NOW.timestamp() - 21 * DAY
    before = ~recent & (views["timestamp"] >= NOW.timestamp() - 140 * DAY)

    def lift(ids: tuple[str, ...]) -> float:
        own = views["item_id"].isin(ids)
        return float((own & recent).sum() / recent.sum() / ((own & before).sum() / before.sum()))

    assert lift(sample.rising) > 1.5
    assert lift(sample.fading) < 0.67
    assert not set(sample.rising) & set(sample.fading)


def test_promotions_and_the_competitor_move_demand(sample: Sample) -> None:
    series = pd.read_parquet(sample.folder / "series.parquet")
    assert set(series["series_id"]) < {shelf.name.en for shelf in SHELVES}
    assert (series.groupby("series_id").size() == 365).all()
    assert series.isna().sum().sum() == 0
    season = series.groupby("series_id")["value"].transform(
        lambda v: v.rolling(29, center=True, min_periods=1).mean()
    )
    ratio = series["value"] / season
    assert ratio[series["promotion"] > 0].mean() > 1.2 * ratio[series["promotion"] == 0].mean()
    typical = series.groupby("series_id")["competitor_price"].transform("median")
    dear, cheap = (series["competitor_price"] / typical > 1.08), (series["competitor_price"] / typical < 0.92)
    assert ratio[dear].mean() > ratio[cheap].mean()


def test_series_add_up_to_what_was_sold(sample: Sample, bought: pd.DataFrame) -> None:
    series = pd.read_parquet(sample.folder / "series.parquet")
    for name, own in series.groupby("series_id"):
        sold = bought.loc[bought["category"].str.startswith(f"{name} > "), "quantity"].sum()
        assert own["value"].sum() == sold


def test_what_goes_together_is_bought_together(bought: pd.DataFrame) -> None:
    """Lift = P(both in a basket) / (P(one) P(other)), over the pairs that the shelves name."""
    baskets = bought.groupby("order_id")["category"].agg(set)
    baskets = baskets[baskets.map(len) > 1]
    name = {kind.key: f"{shelf.name.en} > {kind.labels.en}" for shelf, kind in KINDS}
    share = {label: float(baskets.map(lambda own, x=label: x in own).mean()) for label in name.values()}
    lifts = []
    for _, kind in KINDS:
        for other in kind.goes_with:
            a, b = name[kind.key], name[other]
            both = float(baskets.map(lambda own, a=a, b=b: a in own and b in own).mean())
            lifts.append(both / (share[a] * share[b]))
    assert np.median(lifts) > 2.5


def test_used_up_things_are_bought_again(bought: pd.DataFrame) -> None:
    again = {f"{shelf.name.en} > {kind.labels.en}" for shelf, kind in KINDS if kind.again}
    known = bought[bought["user_id"].notna()]
    repeated = known.duplicated(["user_id", "item_id"])
    used_up = known["category"].isin(again)
    assert repeated[used_up].mean() > 0.3
    assert repeated[~used_up].mean() < 0.02


def test_bots_are_there_and_look_like_bots(events: pd.DataFrame, sample: Sample) -> None:
    assert len(sample.bots) == 4
    for bot in sample.bots[:-1]:
        own = events[events["user_id"] == bot]
        assert len(own) == 2500 and (own["dwell_s"] == 0).all() and own["item_id"].nunique() > 1500
    farm = events[events["user_id"] == sample.bots[-1]]
    assert len(farm) == 3000 and set(farm["item_id"]) == {sample.farmed}
    truth = json.loads((sample.folder / "truth.json").read_text(encoding="utf-8"))
    assert truth["bots"] == list(sample.bots) and truth["generated"] is True
    assert "generated" in (sample.folder / "SAMPLE.md").read_text(encoding="utf-8")


def test_neighbours_beat_popularity(people: pd.DataFrame, items: pd.DataFrame) -> None:
    """What a person buys next is foretold by what alike people chose: cosine item neighbours, new items only,
    the last four weeks held out, hits in the top 10."""
    cut = NOW.timestamp() // DAY * DAY - 28 * DAY
    known = people[people["user_id"].notna() & people["type"].isin(["view", "cart", "purchase"])]
    train, test = known[known["timestamp"] < cut], known[known["timestamp"] >= cut]
    user = {name: row for row, name in enumerate(sorted(set(train["user_id"])))}
    place = {name: row for row, name in enumerate(items.index)}
    weight = train["type"].map({"view": 1.0, "cart": 2.0, "purchase": 4.0})
    chosen = sp.csr_matrix(
        (weight, (train["user_id"].map(user), train["item_id"].map(place))), (len(user), len(place))
    )
    chosen.data = np.log1p(chosen.data)
    norm = sp.diags(1 / np.maximum(np.sqrt(chosen.multiply(chosen).sum(axis=0)).A1, 1e-9))
    alike = (norm @ (chosen.T @ chosen) @ norm).toarray()
    np.fill_diagonal(alike, 0)
    sold = train[train["type"] == "purchase"]
    popular = sold["item_id"].map(place).value_counts().reindex(range(len(place)), fill_value=0).to_numpy()
    before = sold.groupby("user_id")["item_id"].agg(set)
    hits = {"popular": 0, "neighbours": 0}
    for name, own in test[test["type"] == "purchase"].groupby("user_id")["item_id"]:
        if name not in user:
            continue
        had = before.get(name, set())
        wanted = {place[item] for item in set(own) - had}
        for model, score in (("popular", popular), ("neighbours", (chosen[user[name]] @ alike).ravel())):
            score = np.array(score, dtype=np.float64)
            score[[place[item] for item in had]] = -np.inf
            hits[model] += len(wanted & set(np.argsort(-score, kind="stable")[:10].tolist()))
    assert hits["neighbours"] > 1.6 * hits["popular"] > 0


def test_pictures_are_small_well_formed_and_closed(sample: Sample, items: pd.DataFrame) -> None:
    drawn = {}
    for name in items["image"]:
        text = (sample.folder / "images" / name).read_text(encoding="utf-8")
        root = ElementTree.fromstring(text)
        assert root.tag == "{http://www.w3.org/2000/svg}svg" and root.get("viewBox") == "0 0 400 400"
        assert 400 < len(text) < 4096
        assert not re.search(r"<script|<image|href=|url\(http|on\w+=", text)
        drawn[name] = text
    kinds = items["category"].map({c: i for i, c in enumerate(items["category"].unique())})
    shapes = {re.sub(r"#[0-9a-f]{3,6}", "", drawn[name]) for name in items["image"]}
    assert len(shapes) >= kinds.nunique()
    assert len(set(drawn.values())) > 500


def test_every_row_goes_into_the_store(tmp_path: Path) -> None:
    from engine.ingest import ingest_files
    from engine.store.sqlite import SqliteStore

    folder = small(tmp_path / "sample")
    store = SqliteStore(tmp_path / "store.db")
    for kind, name in (("items", "items.jsonl"), ("events", "events.parquet"), ("series", "series.parquet")):
        (report,) = ingest_files(store, kind, [folder / name], now=NOW.timestamp())
        assert report.read == report.accepted > 100, report
        assert (report.rejected, report.duplicates, report.unknown_items) == (0, 0, 0)


def test_every_kind_is_told_apart_and_wanted_by_someone() -> None:
    keys = [kind.key for _, kind in KINDS]
    assert len(set(keys)) == len(keys)
    assert {other for _, kind in KINDS for other in kind.goes_with} <= set(keys)
    assert {key for wants in PERSONAS.values() for key in wants} == set(keys)
    for shelf in SHELVES:
        assert len(shelf.brands) >= 6
