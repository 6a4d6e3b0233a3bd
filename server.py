"""How is the engine served over HTTP? Parse, one engine call, jsonify."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from flask_limiter import RateLimitExceeded
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from engine.errors import EngineError
from engine.settings import Settings
from web import delivery, keys, pages, problems
from web.events import Events
from web.metrics import MEDIA_TYPE, Metrics
from web.openapi import describe
from web.options import WebOptions
from web.plain import plain
from web.problems import Refused
from web.route import Route, read
from web.shop import Shop
from web.table import ROUTES

LOG = logging.getLogger("ronghe.server")


def create_app(engine: Shop, options: WebOptions | None = None, check: keys.Check | None = None) -> Flask:
    """The whole HTTP face over one engine. `check` looks a key up; without one only the pages' own exists."""
    options = options or WebOptions()
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = options.max_body
    app.config["SECRET_KEY"] = secrets.token_bytes(32)
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = True
    delivery.install(app, options)
    metrics = Metrics()
    metrics.install(app)
    app.before_request(lambda: keys.identify(options, check or (lambda secret: None)))
    keys.limit(app, options)
    for route in ROUTES:
        app.add_url_rule(
            route.rule, route.name, _view(route, engine, options, metrics), methods=[route.method]
        )
    _health(app, engine, metrics)
    pages.install(app, engine, options)
    _errors(app)
    document = json.dumps(describe(ROUTES, options))
    app.add_url_rule("/openapi.json", "openapi", lambda: _json(document), methods=["GET"])
    return app


def serve(
    home: Path,
    host: str | None = None,
    port: int | None = None,
    workers: int | None = None,
    threads: int | None = None,
) -> None:
    """Serve a home until told to stop; what is not given is as ronghe.toml says. A home without a generation
    answers 503 with the command to run, and answers questions as soon as one is published."""
    from engine import Engine
    from web import worker

    settings = Settings.load(home)
    said = settings.serve
    host = said.host if host is None else host
    port = said.port if port is None else port
    workers = said.workers if workers is None else workers
    options = WebOptions.of(settings, home.resolve(), host)
    engine = Engine.open(home)
    if engine.ready():
        # Before the workers fork, so that they share what it loads: the encoder of each language too.
        engine.warm()
        engine.search("商品", k=1)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    keyed = " Every request needs a key: ronghe keys create." if options.require_keys else ""
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    print(
        f"Serving {home} on http://{shown}:{port}/  (studio: /studio, interface: /docs).{keyed}", flush=True
    )
    worker.run(
        lambda: create_app(engine, options, checker(engine)),
        host,
        port,
        workers,
        said.threads if threads is None else threads,
    )


def checker(engine: Any) -> keys.Check:
    """Look a secret up among the home's keys."""

    def check(secret: str) -> keys.Grant | None:
        found = engine.store.check_key(secret)
        return None if found is None else keys.Grant(found.name, found.scopes)

    return check


def _view(route: Route, engine: Shop, options: WebOptions, metrics: Metrics) -> Callable[..., Response]:
    def view(**path: str) -> Response:
        if route.scope == "events":
            keys.know(options)
        else:
            keys.require(route.scope, options)
        ask = read(route, request, path)
        if isinstance(ask, Events):
            keys.require(route.scope, options, [str(event.get("type")) for event in ask.events])
        if getattr(ask, "k", 1) > options.max_k:
            raise Refused(400, f"`k` should be at most {options.max_k} on this server.", "k")
        value = route.handle(engine, ask)
        metrics.note(route.path, value)
        if route.status == 204:
            return Response(status=204)
        document = json.dumps(plain(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        answer = _json(document, route.status)
        if route.path == "/v1/items/{item_id}" and route.method == "GET":
            answer.add_etag()
            answer.make_conditional(request)
        return answer

    return view


def _json(text: str, status: int = 200) -> Response:
    return Response(text, status, mimetype="application/json")


def _health(app: Flask, engine: Shop, metrics: Metrics) -> None:
    @app.get("/health/live")
    def live() -> Response:
        return _json('{"live": true}')

    @app.get("/health/ready")
    def ready() -> Response:
        answer = engine.search("", k=1)
        return _json(json.dumps({"ready": True, "generation": answer.generation}))

    @app.get("/metrics")
    def gauges() -> Response:
        return Response(metrics.text(), mimetype=MEDIA_TYPE)


def _errors(app: Flask) -> None:
    """The one table from what is raised to what is answered."""
    app.register_error_handler(EngineError, problems.from_engine)
    app.register_error_handler(ValidationError, problems.from_validation)
    app.register_error_handler(Refused, problems.from_refusal)
    app.register_error_handler(HTTPException, problems.from_flask)

    @app.errorhandler(RateLimitExceeded)
    def too_many(error: RateLimitExceeded) -> Response:
        return problems.problem(429, problems.REMEDIES[429])

    @app.errorhandler(Exception)
    def unforeseen(error: Exception) -> Response:
        LOG.error("%s %s failed", request.method, request.path, exc_info=error)
        return problems.problem(500, problems.REMEDIES[500])
