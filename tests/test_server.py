"""Does every route check what it is asked, make one engine call, and answer in the contract's shape?"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from fake_engine import FakeEngine
from flask.testing import FlaskClient

from server import create_app
from web.keys import Grant
from web.options import WebOptions
from web.table import ROUTES

ROWS = [
    {"item_id": "a1", "title": "Brass lamp", "price": 20.0, "brand": "Lumo"},
    {"item_id": "a2", "title": "Desk lamp <script>alert(1)</script>", "price": 35.5, "brand": "Lumo"},
    {"item_id": "x/y z", "title": "Oak stool", "price": 60.0, "brand": "Kern"},
]


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine(ROWS)


@pytest.fixture
def client(engine: FakeEngine) -> FlaskClient:
    return create_app(engine).test_client()


def problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    body: dict[str, Any] = json.loads(answer.data)
    assert body["status"] == status
    assert body["detail"].endswith((".", "?"))
    assert body["request_id"] == answer.headers["X-Request-Id"]
    assert "Traceback" not in answer.text
    assert "<html" not in answer.text.lower()
    return body


def test_search_hands_every_parameter_to_one_engine_call(client: FlaskClient, engine: FakeEngine) -> None:
    asked = (
        "/v1/search?q=lamp&user=u1&session=s1&k=1&offset=1&filter=brand%3DLumo&filter=price%3C100"
        "&facets=brand,price&sort=-price&explain=true&weights=trend:0,relevance:2.5&pipeline=hybrid&collapse=brand&language=zh"
    )
    answer = client.get(asked)
    assert answer.status_code == 200
    body = answer.get_json()
    assert (body["total"], [hit["item_id"] for hit in body["hits"]]) == (2, ["a2"])
    assert engine.calls == [
        (
            "search",
            {
                "q": "lamp",
                "user": "u1",
                "session": "s1",
                "k": 1,
                "offset": 1,
                "filters": ["brand=Lumo", "price<100"],
                "facets": ("brand", "price"),
                "sort": "-price",
                "explain": True,
                "weights": {"trend": 0.0, "relevance": 2.5},
                "vector": None,
                "pipeline": "hybrid",
                "collapse": "brand",
                "language": "zh",
            },
        )
    ]


def test_search_by_body_takes_a_vector_and_a_filter_of_either_form(
    client: FlaskClient, engine: FakeEngine
) -> None:
    asked = {"q": "lamp", "vector": [0.5, 1], "filter": {"price": {"lt": 30}}, "weights": {"trend": 1}}
    assert client.post("/v1/search", json=asked).status_code == 200
    _, given = engine.calls[-1]
    assert given["vector"] == [0.5, 1.0]
    assert given["filters"] == {"price": {"lt": 30}}


@pytest.mark.parametrize(
    ("address", "blamed"),
    [
        ("/v1/search?k=0", "k"),
        ("/v1/search?k=1001", "k"),
        ("/v1/search?k=-1", "k"),
        ("/v1/search?k=1000000000", "k"),
        ("/v1/search?k=ten", "k"),
        ("/v1/search?k=1&k=2", "k"),
        ("/v1/search?offset=-1", "offset"),
        ("/v1/search?explain=perhaps", "explain"),
        ("/v1/search?colour=red", "colour"),
        ("/v1/search?weights=trend", "weights"),
        ("/v1/search?weights=trend:much", "weights"),
        ("/v1/search?weights=trend:nan", "weights"),
        ("/v1/search?weights=trend:-1", "weights"),
        ("/v1/search?q=" + "x" * 2001, "q"),
        ("/v1/search?" + "&".join(["filter=a%3D1"] * 101), "filter"),
        ("/v1/suggest", "q"),
        ("/v1/items/a1/similar?k=0", "k"),
        ("/v1/forecast?horizon=28", ""),
        ("/v1/forecast?item=a&series=b", ""),
    ],
)
def test_a_wrong_parameter_is_named(
    client: FlaskClient, engine: FakeEngine, address: str, blamed: str
) -> None:
    body = problem(client.get(address), 400)
    assert body.get("parameter", "").startswith(blamed)
    assert f"`{blamed}" in body["detail"] or not blamed
    assert not engine.calls


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[1]",
        b'{"q": 5}',
        b'{"q": "\xff"}',
        b'{"k": "10"}',
        b'{"k": 1.5}',
        b'{"k": true}',
        b'{"vector": [NaN]}',
        b'{"vector": [1e400]}',
        b'{"vector": []}',
        b'{"surprise": 1}',
        b'{"filter": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    ],
)
def test_a_bad_body_is_one_sentence(client: FlaskClient, body: bytes) -> None:
    problem(client.post("/v1/search", data=body, content_type="application/json"), 400)


def test_flasks_own_refusals_are_problems_too(client: FlaskClient) -> None:
    problem(client.get("/v1/nothing"), 404)
    problem(client.get("/nothing"), 404)
    allowed = client.delete("/v1/search")
    problem(allowed, 405)
    assert "GET" in allowed.headers["Allow"]
    problem(client.post("/v1/search", data="q=lamp", content_type="text/plain"), 415)
    problem(client.get("/v1/search?q=%ff"), 400)
    problem(client.get("/images/../../etc/passwd"), 404)
    problem(client.get("/static/../server.py"), 404)
    problem(client.get("/images/%2e%2e/%2e%2e/pyproject.toml"), 404)


def test_a_body_that_is_too_large_is_refused(engine: FakeEngine) -> None:
    small = create_app(engine, WebOptions(max_body=100)).test_client()
    problem(small.post("/v1/search", json={"q": "x" * 200}), 413)


def test_engine_errors_carry_their_own_status(client: FlaskClient) -> None:
    assert problem(client.get("/v1/items/zz"), 404)["type"] == "/docs#unknown-item"
    assert "operator" in problem(client.get("/v1/search?filter=nonsense"), 400)["detail"]
    problem(client.get("/v1/users/zz/profile"), 404)
    problem(client.get("/v1/forecast?series=none"), 404)


def test_a_failure_nobody_foresaw_tells_nothing_of_the_inside(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    body = problem(client.get("/v1/search?filter=boom"), 500)
    assert "secret" not in json.dumps(body)
    assert "secret detail" in caplog.text


def test_before_the_first_generation_the_command_is_named() -> None:
    client = create_app(FakeEngine(ROWS, generation=None)).test_client()
    for address in ("/v1/search?q=a", "/health/ready", "/v1/trending"):
        answer = client.get(address)
        assert "ronghe rebuild" in problem(answer, 503)["detail"]
        assert answer.headers["Retry-After"]
    assert client.get("/health/live").get_json() == {"live": True}


def test_items_are_found_by_ids_with_slashes_and_answer_304_when_unchanged(client: FlaskClient) -> None:
    assert client.get("/v1/items/x%2Fy%20z").get_json()["title"] == "Oak stool"
    assert client.get("/v1/items/x%2Fy%20z/similar").get_json()["total"] == 2
    first = client.get("/v1/items/a1")
    again = client.get("/v1/items/a1", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_items_are_put_and_deleted(client: FlaskClient) -> None:
    assert client.put("/v1/items", json=[{"item_id": "n", "title": "New"}]).get_json() == {"accepted": 1}
    assert client.get("/v1/items/n").get_json()["title"] == "New"
    assert client.delete("/v1/items/n").status_code == 204
    problem(client.delete("/v1/items/n"), 404)
    problem(client.put("/v1/items", json={"items": []}), 400)


def test_events_come_alone_or_in_batches(client: FlaskClient, engine: FakeEngine) -> None:
    event = {"type": "view", "user_id": "u", "item_id": "a1", "event_id": "e1"}
    for body in (event, [event], {"events": [event]}):
        answer = client.post("/v1/events", json=body)
        assert answer.status_code == 202
        assert answer.get_json()["accepted"] == 1
    assert len(engine.events) == 1
    problem(client.post("/v1/events", json={"events": [event] * 1001}), 400)
    problem(client.post("/v1/events", json={"events": "none"}), 400)
    assert client.get("/v1/users/u/export").get_json()["events"][0]["event_id"] == "e1"


def test_numbers_that_json_has_not_become_null(client: FlaskClient) -> None:
    assert client.get("/v1/forecast?item=a1").get_json()["upper"] == {"80": [None]}


def keyed(engine: FakeEngine, **more: Any) -> FlaskClient:
    known = {
        "find": Grant("finder", {"search"}),
        "tell": Grant("teller", {"events"}),
        "rule": Grant("ruler", {"admin"}),
    }
    return create_app(engine, WebOptions(require_keys=True, **more), known.get).test_client()


def test_keys_open_what_their_scope_says_and_no_more(engine: FakeEngine) -> None:
    client = keyed(engine)
    event = {"type": "purchase", "user_id": "u", "item_id": "a1"}
    bare = client.get("/v1/search")
    problem(bare, 401)
    assert bare.headers["WWW-Authenticate"] == "Bearer"
    for secret, reading, telling, forgetting in [
        ("wrong", 401, 401, 401),
        ("find", 200, 403, 403),
        ("tell", 403, 202, 403),
        ("rule", 200, 202, 200),
    ]:
        headers = {"Authorization": f"Bearer {secret}"}
        assert client.get("/v1/search", headers=headers).status_code == reading
        assert client.post("/v1/events", json=event, headers=headers).status_code == telling
        assert client.delete("/v1/users/u", headers=headers).status_code == forgetting
    assert client.get("/health/live").status_code == 200


def test_a_search_key_may_tell_what_was_seen_and_clicked_but_not_what_was_bought(engine: FakeEngine) -> None:
    client = keyed(engine)
    headers = {"Authorization": "Bearer find"}
    seen = {"type": "impression", "session_id": "s", "item_id": "a1", "position": 1}
    bought = {"type": "purchase", "session_id": "s", "item_id": "a1"}
    assert (
        client.post("/v1/events", json=[seen, {**seen, "type": "click"}], headers=headers).status_code == 202
    )
    problem(client.post("/v1/events", json=[seen, bought], headers=headers), 403)
    problem(client.post("/v1/events", json=[seen]), 401)
    assert not any(event["type"] == "purchase" for event in engine.events.values())


def test_every_route_that_reads_or_writes_the_shop_wants_a_scope() -> None:
    assert all(route.scope for route in ROUTES)
    assert {route.scope for route in ROUTES if route.method in ("PUT", "DELETE")} == {"admin"}


def test_rates_are_held_by_address_and_by_secret_key(engine: FakeEngine) -> None:
    client = keyed(engine, rate_by_address="3 per minute", rate_by_key="5 per minute")
    public, secret = {"Authorization": "Bearer find"}, {"Authorization": "Bearer rule"}
    assert [client.get("/v1/search", headers=public).status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = client.get("/v1/search", headers=public)
    problem(refused, 429)
    assert int(refused.headers["Retry-After"]) > 0
    assert [client.get("/v1/search", headers=secret).status_code for _ in range(6)] == [200] * 5 + [429]
    assert client.get("/health/live").status_code == 200


def test_only_allowed_origins_are_let_in(engine: FakeEngine) -> None:
    client = create_app(engine, WebOptions(cors_origins=("https://shop.example",))).test_client()
    good = client.get("/v1/search", headers={"Origin": "https://shop.example"})
    bad = client.get("/v1/search", headers={"Origin": "https://else.example"})
    assert good.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert "Access-Control-Allow-Origin" not in bad.headers
    asked = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    leave = client.options("/v1/events", headers=asked)
    assert leave.status_code == 204
    assert "Authorization" in leave.headers["Access-Control-Allow-Headers"]


def test_long_answers_are_compressed_for_those_who_can_read_it(client: FlaskClient) -> None:
    long = client.get("/openapi.json", headers={"Accept-Encoding": "gzip"})
    assert long.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(long.data)) == client.get("/openapi.json").get_json()
    assert "Content-Encoding" not in client.get("/health/live", headers={"Accept-Encoding": "gzip"}).headers


def test_a_request_id_is_kept_when_it_is_one_and_made_when_not(client: FlaskClient) -> None:
    assert client.get("/health/live", headers={"X-Request-Id": "abc-1"}).headers["X-Request-Id"] == "abc-1"
    made = client.get("/health/live", headers={"X-Request-Id": "a b<script>"}).headers["X-Request-Id"]
    assert len(made) == 32


def test_gauges_count_what_happened(client: FlaskClient) -> None:
    client.get("/v1/search?q=lamp")
    client.get("/v1/search?q=nothinglikeit")
    text = client.get("/metrics").text
    assert 'ronghe_request_seconds_count{method="GET",route="/v1/search",status="200"} 2.0' in text
    assert "ronghe_searches_without_hits_total 1.0" in text
    assert 'ronghe_stage_seconds_count{stage="engine"} 2.0' in text
    assert "ronghe_generation 1.0" in text


def test_the_pages_and_pictures_are_served(engine: FakeEngine, tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (tmp_path / "secret.txt").write_text("no")
    client = create_app(engine, WebOptions(home=tmp_path, name="Mokko")).test_client()
    with client.get("/images/a.svg") as picture:
        assert picture.mimetype == "image/svg+xml"
        assert "sandbox" in picture.headers["Content-Security-Policy"]
    problem(client.get("/images/../secret.txt"), 404)
    with client.get("/") as page:
        assert page.mimetype == "text/html"
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert client.get("/shop.json").get_json()["name"] == "Mokko"


def test_openapi_names_every_route(client: FlaskClient) -> None:
    document = client.get("/openapi.json").get_json()
    assert document["openapi"] == "3.1.0"
    for route in ROUTES:
        assert route.method.lower() in document["paths"][route.path]
