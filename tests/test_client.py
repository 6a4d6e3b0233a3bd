"""Does the Python client say over HTTP what the engine says in process?"""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from served import served

from engine import Engine
from engine.answer import Answer
from engine.client import Client, Refused
from server import checker, create_app
from web.options import WebOptions


@pytest.fixture
def client(own_shop: Engine) -> Iterator[Client]:
    with served(create_app(own_shop)) as address:
        client = Client(address)
        yield client
        client.close()


def same(one: Answer, other: Answer) -> None:
    """All but the time it took; scores to the digits that the clock moves between two calls."""
    assert (one.generation, one.total, one.facets) == (other.generation, other.total, other.facets)
    assert [(hit.item_id, hit.why, hit.item) for hit in one.hits] == [
        (hit.item_id, hit.why, hit.item) for hit in other.hits
    ]
    for left, right in zip(one.hits, other.hits, strict=True):
        assert left.score == pytest.approx(right.score, abs=1e-4)
        assert left.parts == pytest.approx(dict(right.parts), abs=1e-4)
        assert (left.explain is None) == (right.explain is None)


def test_each_method_answers_as_the_engine_does(client: Client, own_shop: Engine) -> None:
    asked: dict[str, Any] = {
        "user": "u01",
        "k": 5,
        "offset": 1,
        "filters": {"price": {"lt": 50}},
        "facets": ["colour", "price"],
        "explain": True,
        "weights": {"trend": 2.0},
    }
    same(client.search("boot", **asked), own_shop.search("boot", **asked))
    same(client.search("boot", sort="-price"), own_shop.search("boot", sort="-price"))
    same(client.similar("mugs-red", k=4), own_shop.similar("mugs-red", k=4))
    near = "colour = blue or colour = green"
    same(client.similar("mugs-red", filters=near), own_shop.similar("mugs-red", filters=near))
    for user in ("u01", "nobody"):
        mine = own_shop.recommend(user, k=6, repeat=True)
        assert [hit.item_id for hit in client.recommend(user, k=6, repeat=True).hits] == [
            h.item_id for h in mine.hits
        ]
    walk = [{"type": "view", "item_id": "boots-red"}]
    same(client.recommend(session=walk, k=4), own_shop.recommend(session=walk, k=4))
    same(client.trending(category="Kitchen", k=3), own_shop.trending(category="Kitchen", k=3))
    assert client.trending_searches(k=2) == own_shop.trending_searches(k=2)
    assert client.item("mugs-red") == own_shop.item("mugs-red")


def test_what_is_told_is_there_at_once_and_can_be_forgotten(client: Client, own_shop: Engine) -> None:
    client.put_items([{"item_id": "teapot/1", "title": "Zanzibar teapot", "price": 12}])
    assert [hit.item_id for hit in client.search("zanzibar", k=1).hits] == ["teapot/1"]
    assert client.item("teapot/1")["price"] == 12
    client.delete_item("teapot/1")
    with pytest.raises(Refused, match="teapot/1") as refused:
        client.item("teapot/1")
    assert (refused.value.status, len(refused.value.request_id)) == (404, 32)

    event = {
        "type": "view",
        "user_id": "new user/ä",
        "item_id": "mugs-red",
        "event_id": "once",
        "timestamp": 1.76e9,
    }
    assert client.add_events([event]) == {"accepted": 1, "new": 1}
    assert client.add_events([event]) == {"accepted": 1, "new": 0}
    assert [each["item_id"] for each in client.export("new user/ä")] == ["mugs-red"]
    client.forget("new user/ä")
    with pytest.raises(Refused):
        client.export("new user/ä")


def test_a_key_of_the_store_opens_its_scope(own_shop: Engine) -> None:
    token, _ = own_shop.store.create_key({"search"}, name="page")
    app = create_app(own_shop, WebOptions(require_keys=True), checker(own_shop))
    with served(app) as address:
        assert client_status(Client(address)) == 401
        assert client_status(Client(address, "rh_wrong")) == 401
        mine = Client(address, token)
        assert mine.search("mug", k=1).total > 0
        with pytest.raises(Refused, match="scope") as refused:
            mine.delete_item("mugs-red")
        assert refused.value.status == 403
        mine.close()


def client_status(client: Client) -> int:
    with pytest.raises(Refused) as refused:
        client.search("mug")
    client.close()
    return refused.value.status


class Flaky(http.server.BaseHTTPRequestHandler):
    """Breaks the connection once, is busy once, then takes the events."""

    protocol_version = "HTTP/1.1"
    seen: ClassVar[list[list[str]]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.seen.append([event["event_id"] for event in body["events"]])
        if len(self.seen) == 1:
            self.close_connection = True
            return
        status, answer = (503, b"{}") if len(self.seen) == 2 else (202, b'{"accepted": 1}')
        self.send_response(status)
        self.send_header("Retry-After", "0")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *told: object) -> None:
        return


def test_a_broken_connection_is_tried_again_with_the_same_event_ids() -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Flaky)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client = Client(f"http://127.0.0.1:{server.server_port}")
    try:
        assert client.add_events([{"type": "view", "user_id": "u", "item_id": "a"}]) == {"accepted": 1}
    finally:
        client.close()
        server.shutdown()
        server.server_close()
    assert len(Flaky.seen) == 3
    assert Flaky.seen[0] == Flaky.seen[1] == Flaky.seen[2]


def test_an_address_that_is_none_is_refused_early(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="http://"):
        Client(str(tmp_path))
