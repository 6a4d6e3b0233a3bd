"""How do the server's processes run, and what do they say to a request that is not HTTP?"""

from __future__ import annotations

import json
import os
import shutil
import socket
import struct
import tempfile
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.http import errors as refusals
from gunicorn.workers.gthread import ThreadWorker

from web.problems import MEDIA_TYPE, REMEDIES

STATUS_OF = (
    (refusals.LimitRequestLine, 414),
    (refusals.LimitRequestHeaders, 431),
    (refusals.ParseException, 400),
    (refusals.ForbiddenProxyRequest, 403),
)


SILENCE = struct.pack("ll", 5, 0)  # seconds, microseconds: how long a client may say nothing in mid-request


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's threads, but a request that cannot be parsed gets problem+json like every other refusal,
    and a client that stops in the middle of one gives its thread back."""

    def handle(self, conn: Any) -> Any:
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, SILENCE)
        return super().handle(conn)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        status = next((status for kind, status in STATUS_OF if isinstance(exc, kind)), 500)
        if status == 500:
            self.log.error("A connection failed", exc_info=exc)
        phrase = HTTPStatus(status).phrase
        body = json.dumps(
            {
                "type": f"/docs#{phrase.lower().replace(' ', '-')}",
                "title": phrase,
                "status": status,
                "detail": REMEDIES.get(
                    status, "The request is not HTTP that this server reads. Check the client."
                ),
                "request_id": "",
            }
        ).encode()
        head = (
            f"HTTP/1.1 {status} {phrase}\r\nConnection: close\r\nContent-Type: {MEDIA_TYPE}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        try:
            client.sendall(head.encode() + body)
        except OSError:
            self.log.debug("A client left before it could be told what was wrong.")


class Runner(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn with our settings; `make_app` runs once, before the workers fork."""

    def __init__(self, make_app: Callable[[], Flask], **settings: Any) -> None:
        self.make_app = make_app
        self.settings = settings
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.settings.items():
            if name in self.cfg.settings:  # older gunicorns know fewer
                self.cfg.set(name, value)

    def load(self) -> Flask:
        return self.make_app()


def run(make_app: Callable[[], Flask], host: str, port: int, workers: int, threads: int) -> None:
    """Serve until told to stop. The gauges of several workers meet in a folder that goes with the server."""
    gauges = Path(tempfile.mkdtemp(prefix="ronghe-metrics-"))
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(gauges)

    def forget(server: Any, worker: Any) -> None:
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # the library has no types here

    def leave(server: Any, worker: Any) -> None:
        # Libraries that were loaded before the fork would end by joining threads that only the parent has.
        os._exit(0)

    runner = Runner(
        make_app,
        bind=f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
        workers=workers,
        threads=threads,
        worker_class="web.worker.Worker",
        preload_app=True,
        accesslog=None,
        loglevel="warning",
        timeout=120,
        graceful_timeout=10,
        keepalive=30,
        limit_request_line=8190,
        child_exit=forget,
        worker_exit=leave,
        control_socket_disable=True,
    )
    master = os.getpid()
    try:
        runner.run()
    finally:
        if os.getpid() == master:
            shutil.rmtree(gauges, ignore_errors=True)
