"""Do the server's processes keep what they promise: ready, refreshed, durable through kill -9, problems for all?"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from engine import Engine
from engine.client import Client, Refused

START = (
    "import sys; from pathlib import Path; from server import serve; "
    "serve(Path(sys.argv[1]), port=int(sys.argv[2]), workers=2)"
)
KILLS = 100
PATIENCE = 120.0  # seconds that a busy machine may take to start a server


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(home: Path) -> Iterator[tuple[int, int]]:
    """A server of two workers in its own process group: (port, process id)."""
    port = free_port()
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", START, str(home), str(port)]
    process = subprocess.Popen(
        command,
        cwd=Path(__file__).parents[1],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        until = time.monotonic() + PATIENCE
        while status(port, "/health/live") != 200:
            assert process.poll() is None, (process.stderr or sys.stdin).read()
            assert time.monotonic() < until
            time.sleep(0.1)
        yield port, process.pid
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def status(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except OSError:
        return 0
    finally:
        connection.close()


def workers_of(master: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{master}/task/{master}/children").read_text().split()]


def raw(port: int, request: bytes) -> tuple[bytes, dict[str, Any]]:
    """The status line and the problem that a request gets which no client library would send."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        line.sendall(request)
        answer = b""
        while more := line.recv(65536):
            answer += more
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head
    return head.splitlines()[0], json.loads(body)


def test_no_acknowledged_event_is_lost_through_a_hundred_kills(own_home: Path) -> None:
    acknowledged: list[str] = []
    failures: list[str] = []
    stop = threading.Event()

    def tell(teller: int, port: int) -> None:
        client = Client(f"http://127.0.0.1:{port}", retries=0, timeout=30)
        n = 0
        while not stop.is_set():
            names = [f"{teller}-{n}-{place}" for place in range(5)]
            n += 1
            event = {"type": "view", "user_id": f"kill{teller}", "item_id": "mugs-red"}
            try:
                client.add_events([{**event, "event_id": name} for name in names])
            except (OSError, http.client.HTTPException):
                client.close()  # killed before it answered: nothing was promised
            except Refused as error:
                failures.append(str(error))
            else:
                acknowledged.extend(names)
        client.close()

    with running(own_home) as (port, master):
        tellers = [threading.Thread(target=tell, args=(n, port)) for n in range(3)]
        for each in tellers:
            each.start()
        killed = 0
        until = time.monotonic() + 3 * PATIENCE
        while killed < KILLS:
            assert not failures
            assert time.monotonic() < until
            for worker in workers_of(master):
                os.kill(worker, signal.SIGKILL)
                killed += 1
            have = len(acknowledged)
            while len(acknowledged) == have and not failures and time.monotonic() < until:
                time.sleep(0.005)  # under load: each round tells something before the next
        stop.set()
        for each in tellers:
            each.join()
        assert status(port, "/v1/search?q=mug") == 200
    assert not failures
    assert len(set(acknowledged)) == len(acknowledged) > KILLS
    store = Engine.open(own_home).store
    kept = sum(len(store.user_events(f"kill{n}", 1_000_000)) for n in range(3))
    assert kept >= len(acknowledged)
    event = {"type": "view", "user_id": "kill0", "item_id": "mugs-red", "timestamp": 1.76e9}
    again = [{**event, "event_id": name} for name in acknowledged]
    assert Engine.open(own_home).add_events(again)["new"] == 0  # each of them is there


def test_each_worker_sees_at_once_what_another_was_told_and_what_is_published(own_home: Path) -> None:
    engine = Engine.open(own_home)
    with running(own_home) as (port, _):
        clients = [
            Client(f"http://127.0.0.1:{port}") for _ in range(6)
        ]  # connections spread over the workers
        for n, client in enumerate(clients):
            client.put_items([{"item_id": f"new{n}", "title": f"Quokka figurine {n}"}])
            for other in clients:
                titles = [hit.title for hit in other.search("quokka figurine", k=10).hits]
                assert sum(title.startswith("Quokka") for title in titles) == n + 1
        before = clients[0].search("mug").generation
        wrong: list[str] = []
        stop = threading.Event()

        def ask() -> None:
            client = Client(f"http://127.0.0.1:{port}", retries=0)
            while not stop.is_set():
                try:
                    client.search("mug", k=3)
                except (OSError, Refused, http.client.HTTPException) as error:
                    wrong.append(repr(error))
            client.close()

        asker = threading.Thread(target=ask)
        asker.start()
        published = engine.rebuild()["generation"]
        until = time.monotonic() + PATIENCE
        while {client.search("mug").generation for client in clients} != {published}:
            assert time.monotonic() < until
        stop.set()
        asker.join()
        assert published > before
        assert not wrong
        for client in clients:
            client.close()


def test_a_server_before_the_first_rebuild_says_what_to_run_and_answers_after_it(own_home: Path) -> None:
    (own_home / "published").rename(own_home / "kept")
    with running(own_home) as (port, _):
        client = Client(f"http://127.0.0.1:{port}", retries=0)
        assert status(port, "/health/ready") == 503
        with pytest.raises(Refused, match="ronghe rebuild"):
            client.search("mug")
        assert client.add_events([{"type": "view", "user_id": "early", "item_id": "mugs-red"}])["new"] == 1
        (own_home / "kept").rename(own_home / "published")
        assert client.search("mug", k=1).total > 0
        assert status(port, "/health/ready") == 200
        client.close()


def test_what_is_no_http_gets_a_problem_too(own_home: Path) -> None:
    with running(own_home) as (port, _):
        line, problem = raw(port, b"nonsense\r\n\r\n")
        assert b" 400 " in line
        assert problem["status"] == 400
        line, problem = raw(port, b"GET /v1/search?q=" + b"x" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n")
        assert b" 414 " in line
        assert "POST /v1/search" in problem["detail"]
        line, problem = raw(port, b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 9000 + b"\r\n\r\n")
        assert b" 431 " in line
        # Slow clients take no thread from others.
        slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(9)]
        for each in slow:
            each.sendall(b"POST /v1/search HTTP/1.1\r\nHost: a\r\nContent-Le")
        assert status(port, "/v1/search?q=mug") == 200
        for each in slow:
            each.close()
