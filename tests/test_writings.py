"""Is an item found however its name is typed?"""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import Engine
from engine.text.pinyin import typed
from engine.types import Item

TITLES = {
    "router": "Zenith Wi-Fi 6 router",
    "memory": "Zenith memory 16 GB DDR4",
    "memory8": "Zenith memory 8 GB DDR4",
    "pipe": 'Copper pipe 1/2" 3 m',
    "pipe2": 'Copper pipe 3/4" 3 m',
    "toner": "Brother HL-2270DW toner black",
    "toner2": "Brother HL-1110 toner black",
    "cafe": "Café crème cups",
    "beijing": "北京烤鸭 真空包装",
    "boots": "防水登山鞋 男",
    "case": "iPhone 手机壳 透明",
    "lamp": "書桌檯燈 LED",
    "full": "ＵＳＢ充电器 快充",
    "odd": "魑魅牌 手办",
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    home: Path = tmp_path_factory.mktemp("writings")
    (home / "ronghe.toml").write_text('[encoder]\nmodel = "none"\n')
    engine = Engine.open(home)
    engine.store.upsert_items([Item(item_id, title) for item_id, title in TITLES.items()])
    engine.rebuild()
    return engine


@pytest.mark.parametrize(
    ("query", "item"),
    [
        ("wifi router", "router"),
        ("wi-fi router", "router"),
        ("wi fi router", "router"),
        ("16gb", "memory"),
        ("16 gb", "memory"),
        ("16 gigabytes", "memory"),
        ("ddr4 8gb", "memory8"),
        ("1/2 in pipe", "pipe"),
        ("1/2 inch pipe", "pipe"),
        ("½ inch pipe", "pipe"),
        ("3/4in pipe", "pipe2"),
        ("HL-2270DW", "toner"),
        ("hl2270dw", "toner"),
        ("hl 2270dw", "toner"),
        ("hl 2270 dw", "toner"),
        ("brother 2270dw", "toner"),
        ("cafe creme", "cafe"),
        ("CAFÉ CRÈME", "cafe"),
        ("beijing", "beijing"),
        ("beijing kaoya", "beijing"),
        ("beijingkaoya", "beijing"),
        ("dengshan", "boots"),
        ("shoujike", "case"),
        ("iphone shoujike", "case"),
        ("登山鞋", "boots"),
        ("iphone手機殼", "case"),
        ("书桌台灯", "lamp"),
        ("usb充電器", "full"),
        ("ＵＳＢ 充电器", "full"),
        ("魑魅", "odd"),
    ],
)
def test_it_comes_first(shop: Engine, query: str, item: str) -> None:
    assert shop.search(query, k=1).hits[0].item_id == item


def test_chinese_is_typed_word_by_word_and_together() -> None:
    assert {"beijing", "kaoya", "beijingkaoya"} <= set(typed("北京烤鸭"))
    assert list(typed("red boots")) == []
    assert list(typed("鞋")) == []
