"""How does a Python program ask a shop that runs elsewhere?"""

from __future__ import annotations

import http.client
import json
import secrets
import threading
from collections.abc import Mapping, Sequence
from time import sleep
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from engine.answer import Answer, Hit
from engine.errors import EngineError

Filters = str | Sequence[object] | Mapping[str, object] | None
Weights = Mapping[str, float] | None
OWN = frozenset({"item_id", "title", "score", "why", "parts", "explain"})
RETRIED = frozenset({429, 502, 503})


class Refused(EngineError):
    """The server's own sentence; `status` is its HTTP status, `request_id` names the request in its log."""

    exit_code = 1

    def __init__(self, status: int, detail: str, request_id: str = "", parameter: str = "") -> None:
        super().__init__(detail)
        self.status = status
        self.request_id = request_id
        self.parameter = parameter


class Client:
    """The methods of Engine, asked over HTTP; safe for several threads, each with a connection of its own.

    `url` is the shop's address, `key` one made with `ronghe keys create`. A request that got no answer is
    sent again `retries` times: events carry an event_id, so that none counts twice. Raises Refused.
    """

    def __init__(self, url: str, key: str = "", *, timeout: float = 30.0, retries: int = 2) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is no address of a shop; it looks like http://127.0.0.1:8000")
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname, parts.port
        self._under = parts.path.rstrip("/")
        self._key = key
        self._timeout = timeout
        self._retries = retries
        self._own = threading.local()

    # -- asking ---------------------------------------------------------------------------------------------

    def search(
        self,
        q: str = "",
        *,
        user: str | None = None,
        session: str | None = None,
        k: int = 10,
        offset: int = 0,
        filters: Filters = None,
        facets: Sequence[str] = (),
        sort: str = "",
        explain: bool = False,
        weights: Weights = None,
        vector: Sequence[float] | None = None,
        pipeline: str = "",
        collapse: str = "",
        language: str = "",
    ) -> Answer:
        """Items for what a shopper typed."""
        body = _said(
            q=q,
            user=user,
            session=session,
            k=k,
            offset=offset,
            filter=filters,
            facets=list(facets),
            sort=sort,
            explain=explain,
            weights=weights,
            vector=None if vector is None else list(vector),
            pipeline=pipeline,
            collapse=collapse,
            language=language,
        )
        return _answer(self._call("POST", "/v1/search", body))

    def similar(
        self,
        item_id: str,
        *,
        k: int = 10,
        user: str | None = None,
        filters: str | Sequence[str] | None = None,
        explain: bool = False,
        weights: Weights = None,
        pipeline: str = "",
        language: str = "",
    ) -> Answer:
        """Items like one; its filters are clauses as text."""
        asked = _said(
            k=k,
            user=user,
            filter=[filters] if isinstance(filters, str) else filters,
            explain=explain,
            weights=_pairs(weights),
            pipeline=pipeline,
            language=language,
        )
        return _answer(self._call("GET", f"/v1/items/{_id(item_id)}/similar", asked))

    def recommend(
        self,
        user: str | None = None,
        *,
        k: int = 10,
        repeat: bool | None = None,
        filters: Filters = None,
        explain: bool = False,
        weights: Weights = None,
        pipeline: str = "",
        session: Sequence[Mapping[str, Any]] | None = None,
        language: str = "",
    ) -> Answer:
        """What this user, or who did the events of `session`, may want next."""
        body = _said(
            user=user,
            session=list(session or ()),
            k=k,
            repeat=repeat,
            filter=filters,
            explain=explain,
            weights=weights,
            pipeline=pipeline,
            language=language,
        )
        return _answer(self._call("POST", "/v1/recommendations", body))

    def trending(self, *, category: str | None = None, k: int = 10, language: str = "") -> Answer:
        """What is in demand now."""
        return _answer(self._call("GET", "/v1/trending", _said(category=category, k=k, language=language)))

    def trending_searches(self, *, k: int = 10) -> list[dict[str, Any]]:
        """What is searched for now, commonest first."""
        return _list(self._call("GET", "/v1/trending/searches", {"k": k}), "searches")

    def suggest(self, prefix: str, *, k: int = 10) -> list[dict[str, Any]]:
        """What may be meant by the letters typed so far."""
        return _list(self._call("GET", "/v1/suggest", {"q": prefix, "k": k}), "suggestions")

    def bundle(
        self, item_id: str, *, k: int = 3, max_price: float | None = None, language: str = ""
    ) -> list[dict[str, Any]]:
        """Sets of items that sell together with one."""
        asked = _said(k=k, max_price=max_price, language=language)
        return _list(self._call("GET", f"/v1/items/{_id(item_id)}/bundle", asked), "bundles")

    def forecast(
        self,
        *,
        item: str | None = None,
        category: str | None = None,
        brand: str | None = None,
        series: str | None = None,
        horizon: int = 28,
    ) -> dict[str, Any]:
        """Demand to come; name one of item, category, brand and series."""
        asked = _said(item=item, category=category, brand=brand, series=series, horizon=horizon)
        return _object(self._call("GET", "/v1/forecast", asked))

    def item(self, item_id: str) -> dict[str, Any]:
        """One item as flat columns."""
        return _object(self._call("GET", f"/v1/items/{_id(item_id)}"))

    def profile(self, user: str, *, language: str = "") -> dict[str, Any]:
        """What a user is like."""
        return _object(self._call("GET", f"/v1/users/{_id(user)}/profile", _said(language=language)))

    # -- telling --------------------------------------------------------------------------------------------

    def put_items(self, items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Add or change items, up to 1,000 a call."""
        return _object(self._call("PUT", "/v1/items", {"items": [dict(item) for item in items]}))

    def delete_item(self, item_id: str) -> None:
        """Take an item out of every answer."""
        self._call("DELETE", f"/v1/items/{_id(item_id)}")

    def add_events(self, events: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Append events, up to 1,000 a call; they are durable when this returns."""
        named = [{"event_id": secrets.token_hex(12), **event} for event in events]
        return _object(self._call("POST", "/v1/events", {"events": named}))

    def export(self, user: str) -> list[dict[str, Any]]:
        """Every event of one user."""
        return _list(self._call("GET", f"/v1/users/{_id(user)}/export"), "events")

    def forget(self, user: str) -> dict[str, Any]:
        """Erase one user's events."""
        return _object(self._call("DELETE", f"/v1/users/{_id(user)}"))

    def ready(self) -> bool:
        """Whether the shop can answer."""
        try:
            self._call("GET", "/health/ready")
        except (Refused, OSError):
            return False
        return True

    def close(self) -> None:
        """Close this thread's connection; the next call opens another."""
        connection = getattr(self._own, "connection", None)
        if connection is not None:
            connection.close()
            self._own.connection = None

    # -- the wire -------------------------------------------------------------------------------------------

    def _call(self, method: str, path: str, asked: Mapping[str, Any] | None = None) -> Any:
        body = None
        target = self._under + path
        headers = {"Accept": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        if method in ("POST", "PUT"):
            body = json.dumps(asked or {}, allow_nan=False).encode()
            headers["Content-Type"] = "application/json"
        elif asked:
            target += "?" + urlencode(
                [(name, _plain(each)) for name, value in asked.items() for each in _each(value)]
            )
        for turn in range(self._retries + 1):
            last = turn == self._retries
            try:
                status, wait, document = self._send(method, target, body, headers)
            except (OSError, http.client.HTTPException):
                self.close()
                if last:
                    raise
                continue
            if status in RETRIED and not last:
                sleep(min(wait, 5.0))
                continue
            if status >= 400:
                raise Refused(
                    status,
                    str(document.get("detail", f"The server answered {status}.")),
                    str(document.get("request_id", "")),
                    str(document.get("parameter", "")),
                )
            return document
        raise AssertionError("the last turn returns or raises")

    def _send(
        self, method: str, target: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, float, Any]:
        connection = self._connection()
        connection.request(method, target, body, dict(headers))
        answer = connection.getresponse()
        text = answer.read()
        wait = answer.headers.get("Retry-After", "0.2")
        is_json = answer.headers.get_content_subtype().endswith("json")
        return (
            answer.status,
            float(wait) if wait.isdigit() else 0.2,
            json.loads(text) if is_json and text else {},
        )

    def _connection(self) -> http.client.HTTPConnection:
        connection: http.client.HTTPConnection | None = getattr(self._own, "connection", None)
        if connection is None:
            kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
            connection = kind(self._host, self._port, timeout=self._timeout)
            self._own.connection = connection
        return connection


def _answer(document: Mapping[str, Any]) -> Answer:
    hits = tuple(
        Hit(
            row["item_id"],
            row["title"],
            row["score"],
            row["why"],
            row["parts"],
            {name: value for name, value in row.items() if name not in OWN},
            row.get("explain"),
        )
        for row in document["hits"]
    )
    return Answer(
        document["generation"],
        document["took_ms"],
        document["total"],
        hits,
        document["facets"],
        document["did_you_mean"],
    )


def _said(**given: Any) -> dict[str, Any]:
    """What was given, without what was left out."""
    return {name: value for name, value in given.items() if value not in (None, "", [], ())}


def _pairs(weights: Weights) -> str | None:
    return None if weights is None else ",".join(f"{name}:{weight}" for name, weight in weights.items())


def _each(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else (value,)


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _id(text: str) -> str:
    return quote(text, safe="")


def _list(document: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    return list(document[name])


def _object(document: Mapping[str, Any]) -> dict[str, Any]:
    return dict(document)
