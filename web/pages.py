"""Which files does a browser get?"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, jsonify, request, send_from_directory
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.exceptions import NotFound

from engine.overview import active_users
from web.options import WebOptions
from web.problems import Refused

STATIC = Path(__file__).parent / "static"
RECENT = 30_000  # events in which sample shoppers are looked for
TICKET_SECONDS = 600
REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox allow-popups"
PAGES = {"/": "index.html", "/studio": "studio.html", "/docs": "docs.html", "/widget.js": "widget.js"}


def install(app: Flask, shop: Any, options: WebOptions) -> None:
    """The pages, their files, and the shop's own pictures. Nothing is read from outside the two folders."""
    for path, name in PAGES.items():
        app.add_url_rule(path, f"page_{name}", _page(name), methods=["GET"])

    @app.get("/static/<path:name>")
    def static_file(name: str) -> Response:
        answer = send_from_directory(STATIC, name, max_age=0, etag=True)
        answer.headers["Cache-Control"] = "no-cache"  # asked again each time; a 304 when unchanged
        return answer

    @app.get("/images/<path:name>")
    def image(name: str) -> Response:
        if not options.images.is_dir():
            raise NotFound
        answer = send_from_directory(options.images.resolve(), name, max_age=86_400, etag=True)
        # A picture is only ever a picture, even an SVG opened by itself.
        answer.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
        answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return answer

    @app.get("/studio/reports/<path:name>")
    def report(name: str) -> Response:
        """A report, to whoever holds its ticket: a browser's new tab sends no key."""
        try:
            _signer().loads(request.args.get("ticket", ""), max_age=TICKET_SECONDS, salt=name)
        except BadData:
            raise Refused(403, "This link has run out. Open the report from the studio again.") from None
        answer = send_from_directory((options.home / "reports").resolve(), name, mimetype="text/html")
        answer.headers["Content-Security-Policy"] = REPORT_POLICY
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @app.get("/favicon.ico")
    def icon() -> Response:
        return send_from_directory(STATIC, "mark.svg", mimetype="image/svg+xml", max_age=86_400)

    @app.get("/shop.json")
    def about() -> Response:
        """What the pages need to know before their first call. A shop with keys names no shopper."""
        users = [] if options.require_keys else sample_users()
        return jsonify(name=options.name, key=options.page_key if options.require_keys else "", users=users)

    @cache
    def sample_users() -> list[dict[str, Any]]:
        store = getattr(shop, "store", None)
        return [] if store is None else active_users(store.events(max(0, store.position() - RECENT)))


def ticket(name: str) -> str:
    """Leave to read one report for a while."""
    return str(_signer().dumps("", salt=name))


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"])


def _page(name: str) -> Callable[[], Response]:
    def page() -> Response:
        answer = send_from_directory(STATIC, name, max_age=0, etag=True)
        answer.headers["Cache-Control"] = "no-cache"
        if name == "widget.js":
            answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
            answer.headers["Access-Control-Allow-Origin"] = "*"
        return answer

    return page
