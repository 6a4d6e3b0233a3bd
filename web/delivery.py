"""How does an answer travel: request ids, logs, compression, other origins, safe headers?"""

from __future__ import annotations

import gzip
import json
import logging
import re
import sys
import time
import uuid

from flask import Flask, Response, g, request

from web.options import WebOptions

LOG = logging.getLogger("ronghe.access")
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
COMPRESSED = ("application/json", "application/problem+json", "text/", "image/svg+xml")
SMALL = 1024  # bytes; below, compressing costs more than it saves
LEVEL = 4
PAGE_POLICY = (
    "default-src 'self'; img-src 'self' https: http: data:; style-src 'self'; script-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)


def install(app: Flask, options: WebOptions) -> None:
    """Hook the whole of delivery onto `app`."""
    if options.access_log:
        log_to_stdout()

    @app.before_request
    def begin() -> Response | None:
        g.began = time.perf_counter()
        given = request.headers.get("X-Request-Id", "")
        g.request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        asks_leave = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        return Response(status=204) if asks_leave else None

    @app.after_request
    def finish(answer: Response) -> Response:
        answer.headers["X-Request-Id"] = g.get("request_id", "")
        answer.headers.setdefault("X-Content-Type-Options", "nosniff")
        answer.headers.setdefault("Referrer-Policy", "same-origin")
        if answer.mimetype in ("text/html", "image/svg+xml"):
            answer.headers.setdefault("Content-Security-Policy", PAGE_POLICY)
        allow_origin(answer, options)
        compress(answer)
        if options.access_log:
            log(answer)
        return answer


def allow_origin(answer: Response, options: WebOptions) -> None:
    """Let the pages of allowed origins read the answer; others' browsers will not."""
    if not options.cors_origins:
        return
    answer.vary.add("Origin")
    origin = request.headers.get("Origin", "")
    if origin and ("*" in options.cors_origins or origin in options.cors_origins):
        answer.headers["Access-Control-Allow-Origin"] = origin
        answer.headers["Access-Control-Allow-Methods"] = "GET, POST"
        answer.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type, X-Request-Id"
        answer.headers["Access-Control-Expose-Headers"] = "X-Request-Id, Retry-After"
        answer.headers["Access-Control-Max-Age"] = "600"
        answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"


def compress(answer: Response) -> None:
    if not (answer.mimetype or "").startswith(COMPRESSED) or answer.status_code in (204, 206, 304):
        return
    answer.vary.add("Accept-Encoding")
    if "Content-Encoding" in answer.headers or request.accept_encodings["gzip"] <= 0:
        return
    if answer.direct_passthrough:  # a static file, read whole: they are small
        answer.direct_passthrough = False
    body = answer.get_data()
    if len(body) < SMALL:
        return
    answer.set_data(gzip.compress(body, LEVEL, mtime=0))
    answer.headers["Content-Encoding"] = "gzip"
    tag, weak = answer.get_etag()
    if tag and not weak:
        answer.set_etag(tag, weak=True)  # the same meaning, other bytes


def log_to_stdout() -> None:
    if not LOG.handlers:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(logging.Formatter("%(message)s"))
        LOG.addHandler(handler)
        LOG.setLevel(logging.INFO)
        LOG.propagate = False


def log(answer: Response) -> None:
    """One JSON line a request; no query text, no user, no secret."""
    given = g.get("grant")
    line = {
        "time": time.time(),
        "request_id": g.get("request_id", ""),
        "method": request.method,
        "route": request.url_rule.rule if request.url_rule else "",
        "status": answer.status_code,
        "ms": round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000, 2),
        "bytes": answer.content_length or 0,
        "address": request.remote_addr,
        "key": given.name if given else "",
    }
    LOG.info(json.dumps(line))
