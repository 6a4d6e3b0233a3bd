"""Is an item found by its picture, and what is no picture refused in a sentence?"""

from __future__ import annotations

import base64
import io
import os
import re
import shutil
import subprocess
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskClient
from PIL import Image
from served import served
from typer.testing import CliRunner

import cli
from engine import Engine
from engine.encode.looks import PIXELS, opened, rasterized
from engine.errors import BadPicture, LargePicture, NoPictures, UnknownPicture
from engine.sample.catalogue import stock_catalogue
from engine.sample.pictures import draw_item
from engine.types import Item
from server import create_app

SETTINGS = '[encoder]\nmodel = "none"\n[learn]\nstack = false\n'
CATALOGUE = stock_catalogue(200, 30, date(2026, 1, 31), np.random.default_rng(1))
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9" fill="#c00"/>{}</svg>'


def png(picture: Image.Image, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    picture.save(file, kind)
    return file.getvalue()


def drawn(row: int) -> Image.Image:
    """The picture of an item of the sample shop."""
    return rasterized(draw_item(CATALOGUE, row).encode())


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Twelve drawings of the sample shop, a PNG in a folder, a data: address, and what has no picture here."""
    home = tmp_path_factory.mktemp("gallery")
    (home / "ronghe.toml").write_text(SETTINGS)
    (home / "images" / "deep").mkdir(parents=True)
    (home / "secret.png").write_bytes(png(drawn(60)))
    items = []
    for row in range(12):
        (home / "images" / f"{row}.svg").write_text(draw_item(CATALOGUE, row), encoding="utf-8")
        items.append(Item(f"drawn-{row}", title=f"Drawing {row}", image=f"{row}.svg", price=float(row)))
    (home / "images" / "deep" / "a.png").write_bytes(png(drawn(40)))
    (home / "images" / "broken.png").write_bytes(png(drawn(41))[:100])
    inline = "data:image/jpeg;base64," + base64.b64encode(png(drawn(50), "JPEG")).decode()
    for name, image in {
        "file": "images/deep/a.png",
        "data": inline,
        "broken": "broken.png",
        "outside": "../secret.png",
        "far": "https://shop.example/a.png",
        "missing": "nowhere.png",
        "none": "",
    }.items():
        items.append(Item(name, title=name, image=image, price=50.0))
    engine = Engine.open(home)
    engine.store.upsert_items(items)
    engine.rebuild()
    return engine


@pytest.fixture
def client(gallery: Engine) -> FlaskClient:
    return create_app(gallery).test_client()


def found(engine: Engine, picture: bytes, **more: object) -> list[str]:
    return [hit.item_id for hit in engine.search_image(picture, **more).hits]  # type: ignore[arg-type]


def test_an_items_own_picture_finds_it_first(gallery: Engine) -> None:
    for row in range(12):
        assert found(gallery, png(drawn(row).resize((300, 300)), "JPEG"))[0] == f"drawn-{row}"
    assert found(gallery, png(drawn(40), "WEBP"))[0] == "file"
    assert found(gallery, png(drawn(50)))[0] == "data"


def test_only_pictures_on_this_machine_are_found_and_filters_hold(gallery: Engine) -> None:
    answer = gallery.search_image(png(drawn(40)), k=50)
    assert {hit.item_id for hit in answer.hits} == {f"drawn-{row}" for row in range(12)} | {"file", "data"}
    assert all(hit.why == "Looks like your picture" for hit in answer.hits)
    assert all(hit.score == pytest.approx(sum(hit.parts.values())) for hit in answer.hits)
    assert answer.hits[0].score == pytest.approx(1, abs=1e-3)
    assert found(gallery, png(drawn(40)), filters="price<3", k=50, language="zh") != []
    assert set(found(gallery, png(drawn(40)), filters="price<3", k=50)) == {
        f"drawn-{row}" for row in range(3)
    }


def test_a_changed_item_keeps_its_place_and_a_deleted_one_leaves(gallery: Engine, tmp_path: Path) -> None:
    shutil.copytree(gallery.home, tmp_path / "home")
    engine = Engine.open(tmp_path / "home")
    engine.put_items([{"item_id": "file", "title": "Anew", "image": "images/deep/a.png", "price": 1}])
    assert found(engine, png(drawn(40)))[0] == "file"
    engine.put_items([{"item_id": "file", "title": "Anew", "image": "other.png"}])
    assert "file" not in found(engine, png(drawn(40)), k=50)
    engine.delete_item("data")
    assert "data" not in found(engine, png(drawn(50)), k=50)


def test_a_second_rebuild_encodes_nothing_again(gallery: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.encode.looks import Looks

    def never(self: Looks, picture: Image.Image) -> None:
        raise AssertionError("encoded again")

    monkeypatch.setattr(Looks, "__call__", never)
    gallery.rebuild()


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", BadPicture),
        (b"no picture at all", BadPicture),
        (png(drawn(40))[:200], BadPicture),
        (png(drawn(40), "JPEG")[:300], BadPicture),
        (SVG.encode(), UnknownPicture),
        (b'\n<?xml version="1.0"?><svg/>', UnknownPicture),
        (png(Image.new("1", (PIXELS // 5000 + 1, 5000))), LargePicture),
        (png(Image.new("1", (20_000, 20_000))), LargePicture),
    ],
    ids=["empty", "text", "png", "jpeg", "svg", "xml", "pixels", "bomb"],
)
def test_what_is_no_picture_is_refused(
    gallery: Engine, client: FlaskClient, data: bytes, error: type[BadPicture]
) -> None:
    with pytest.raises(error):
        gallery.search_image(data)
    answer = client.post("/v1/search/image", data={"image": (io.BytesIO(data), "a.png")})
    assert (answer.status_code, answer.mimetype) == (error.status, "application/problem+json")
    assert answer.get_json()["detail"].endswith(".")


def test_a_drawing_reads_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(drawn(40)))
    with pytest.raises(BadPicture):
        rasterized(SVG.format(f'<image href="{tmp_path}/a.png" width="9" height="9"/>').encode())
    with pytest.raises(BadPicture):
        rasterized(b"<svg no drawing")
    assert rasterized(SVG.format("").encode()).getpixel((5, 5)) == (204, 0, 0)


def test_pictures_are_upright_and_what_is_transparent_is_white() -> None:
    assert opened(png(Image.new("RGBA", (4, 4), (255, 0, 0, 0)))).getpixel((1, 1)) == (255, 255, 255)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    file = io.BytesIO()
    Image.new("RGB", (40, 20)).save(file, "JPEG", exif=exif)
    assert opened(file.getvalue()).size == (20, 40)


def test_over_http_as_the_page_says(gallery: Engine, tmp_path: Path) -> None:
    page = (Path(__file__).parents[1] / "docs" / "http.md").read_text(encoding="utf-8")
    command = re.search(r"^curl .* -F image=.*$", page, re.MULTILINE)
    assert command
    (tmp_path / "boot.jpg").write_bytes(png(drawn(40), "JPEG"))
    with served(create_app(gallery)) as address:
        done = subprocess.run(
            ["/bin/sh", "-c", f"{command.group()} -m 60"],
            env={**os.environ, "SHOP": address},
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
    assert '"item_id":"file"' in done.stdout.split("}")[0]


def test_the_form_is_checked(client: FlaskClient) -> None:
    def status(data: object, **more: str) -> int:
        answer = client.post("/v1/search/image", data=data, **more)  # type: ignore[arg-type]
        assert answer.status_code == 200 or answer.get_json()["detail"].endswith(".")
        return answer.status_code

    def form(**fields: str) -> dict[str, object]:
        return {"image": (io.BytesIO(png(drawn(40))), "a.png"), **fields}

    assert status(form(k="3", filter="price<100")) == 200
    assert status(form(k="0")) == status(form(colour="red")) == status(form(filter="price<<")) == 400
    assert status({"k": "3"}, content_type="multipart/form-data") == 400
    assert status({"image": "a.png"}, content_type="multipart/form-data") == 400
    assert status(b"{}", content_type="application/json") == 415


def test_a_shop_without_pictures_says_so(shop: Engine) -> None:
    with pytest.raises(NoPictures):
        shop.search_image(png(drawn(40)))
    answer = (
        create_app(shop)
        .test_client()
        .post("/v1/search/image", data={"image": (io.BytesIO(png(drawn(40))), "a")})
    )
    assert answer.status_code == 409


def test_from_a_terminal(gallery: Engine, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(drawn(40)))
    home = ["--home", str(gallery.home)]
    done = CliRunner().invoke(cli.app, ["search", "--image", str(tmp_path / "a.png"), "--json", *home])
    assert done.exit_code == 0
    assert done.stdout.index('"file"') < done.stdout.index('"drawn-')
    for wrong in (["--image", str(tmp_path / "b.png")], ["boot", "--image", str(tmp_path / "a.png")]):
        assert CliRunner().invoke(cli.app, ["search", *wrong, *home]).exit_code != 0
