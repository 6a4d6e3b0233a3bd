"""The hand-made shop that most tests run on."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from engine.settings import Settings
from engine.types import Event, EventType, Item

if TYPE_CHECKING:
    from engine import Engine

DAY = 86_400.0
START = 1_750_000_000.0  # the first day of the shop's log
KINDS = {
    "Boots": ("Shoes > Boots", "hiking boot", "登山鞋", "Waterproof leather boot for long walks"),
    "Sandals": ("Shoes > Sandals", "summer sandal", "凉鞋", "Light sandal for hot days"),
    "Mugs": ("Kitchen > Mugs", "coffee mug", "咖啡杯", "Stoneware mug for tea and coffee"),
    "Kettles": ("Kitchen > Kettles", "steel kettle", "电热水壶", "Kettle that boils a litre in two minutes"),
    "Lamps": ("Home > Lamps", "desk lamp", "台灯", "Dimmable lamp for reading at night"),
}
SETTINGS = """
[encoder]
model = "static"
[trend]
category_fits = 1
item_fits = 1
"""
COLOURS = ("red", "blue", "green", "black", "white", "yellow", "grey", "brown")
BRANDS = ("Alder", "Birch", "Cedar", "Dune")


def shop_items() -> list[Item]:
    """40 items: five kinds in eight colours."""
    items = []
    for k, (kind, (category, title, chinese, description)) in enumerate(KINDS.items()):
        for c, colour in enumerate(COLOURS):
            items.append(
                Item(
                    item_id=f"{kind.lower()}-{colour}",
                    title=f"{BRANDS[(k + c) % 4]} {colour} {title}",
                    description=description,
                    category=category,
                    brand=BRANDS[(k + c) % 4],
                    price=10.0 * (k + 1) + c,
                    currency="EUR",
                    stock=0.0 if (kind, colour) == ("Lamps", "brown") else 5.0 + c,
                    attributes={
                        "colour": colour,
                        "title_zh": f"{chinese} {c + 1}号",
                        "weight_g": 100.0 * (c + 1),
                    },
                )
            )
    return items


def shop_events() -> list[Event]:
    """60 days: walkers buy boots and sandals together, cooks mugs and kettles; lamps sell more and more."""
    rng = np.random.default_rng(7)
    items = {kind: [f"{kind.lower()}-{colour}" for colour in COLOURS] for kind in KINDS}
    events = []
    for day in range(60):
        for visit in range(8):
            user = f"u{(day * 8 + visit) % 24:02d}"
            taste = ("Boots", "Sandals") if int(user[1:]) % 2 else ("Mugs", "Kettles")
            when = START + day * DAY + visit * 3600.0
            seen = [str(rng.choice(items[kind][: 3 + 2 * (visit % 3)])) for kind in taste]
            if rng.random() < day / 90:
                seen.append(str(rng.choice(items["Lamps"][:4])))
            order = f"o{day}-{visit}"
            events.append(Event(when, EventType.SEARCH, user_id=user, query=KINDS[taste[0]][1]))
            for step, item in enumerate(seen, 1):
                events.append(Event(when + step, EventType.VIEW, user_id=user, item_id=item, dwell_s=20.0))
                if rng.random() < 0.6:
                    bought = Event(when + 60, EventType.PURCHASE, user_id=user, item_id=item, order_id=order)
                    events.append(bought)
    return events


@pytest.fixture(scope="session")
def shop_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the hand-made shop, rebuilt once; read it, do not change it."""
    from engine import Engine

    home = tmp_path_factory.mktemp("shop")
    (home / "ronghe.toml").write_text(SETTINGS)
    engine = Engine.open(home)
    engine.store.upsert_items(shop_items())
    engine.store.append_events(shop_events())
    engine.rebuild()
    return home


@pytest.fixture(scope="session")
def shop(shop_home: Path) -> Engine:
    """The engine over the hand-made shop; ask it, do not tell it."""
    from engine import Engine

    return Engine.open(shop_home)


@pytest.fixture
def own_home(shop_home: Path, tmp_path: Path) -> Path:
    """A copy of the hand-made shop's home for one test to change."""
    home = tmp_path / "home"
    shutil.copytree(shop_home, home)
    return home


@pytest.fixture
def own_shop(own_home: Path) -> Engine:
    from engine import Engine

    return Engine.open(own_home)


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture(scope="session")
def eval_data() -> Path:
    """The folder of real evaluation data; without it a test is skipped, but in CI it fails."""
    folder = Path(os.environ.get("RONGHE_EVAL_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        message = f"THE EVALUATION DATA IS NOT AT {folder}: set RONGHE_EVAL_DATA"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return folder


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A test sees the settings that it writes, not those of whoever runs it."""
    for name in os.environ:
        if name.startswith("RONGHE_") and name != "RONGHE_EVAL_DATA":
            monkeypatch.delenv(name)
    yield
