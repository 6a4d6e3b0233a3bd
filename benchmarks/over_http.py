"""What does HTTP cost on top of the engine, and does a server that has answered long still answer lean?

    python -m benchmarks.over_http HOME [--seconds 10] [--query TEXT ...]

HOME holds a published generation. Three things are asked in turn, by 1 and by 8 connections that are kept open:
a handler that only says ok, /v1/search, and the engine in process. They share one machine with the asker.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import platform
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import quote

import numpy as np

from engine import Engine

START = (
    "import sys; from pathlib import Path; from server import serve; "
    "serve(Path(sys.argv[1]), port=int(sys.argv[2]), workers=int(sys.argv[3]))"
)
QUERIES = ("rain jacket", "desk lamp", "coffee", "headphones", "dog food", "tent", "red", "usb cable")


def ask(port: int, paths: list[str], seconds: float, connections: int) -> tuple[float, np.ndarray]:
    """Requests a second, and the milliseconds of each."""
    took: list[list[float]] = [[] for _ in range(connections)]
    until = time.perf_counter() + seconds

    def one(n: int) -> None:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        turn = n
        while time.perf_counter() < until:
            began = time.perf_counter()
            line.request("GET", paths[turn % len(paths)])
            answer = line.getresponse()
            answer.read()
            if answer.status != 200:
                raise SystemExit(f"{paths[turn % len(paths)]} answered {answer.status}")
            took[n].append((time.perf_counter() - began) * 1000)
            turn += 1
        line.close()

    threads = [threading.Thread(target=one, args=(n,)) for n in range(connections)]
    began = time.perf_counter()
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    all_ = np.concatenate([np.array(each) for each in took])
    return len(all_) / (time.perf_counter() - began), all_


def answers(port: int) -> bool:
    """Whether the server is ready: asked here, because an error in a thread would go unseen."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        line.request("GET", "/health/ready")
        return line.getresponse().status == 200
    except OSError:
        return False
    finally:
        line.close()


def in_process(home: Path, queries: list[str], seconds: float) -> np.ndarray:
    engine = Engine.open(home)
    engine.warm()
    for query in queries:
        engine.search(query)
    took = []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        for query in queries:
            began = time.perf_counter()
            engine.search(query)
            took.append((time.perf_counter() - began) * 1000)
    return np.array(took)


def resident(pid: int) -> float:
    """MiB that a process and its children hold, shared pages counted by their share."""
    total = 0
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for each in [str(pid), *children]:
        for line in Path(f"/proc/{each}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--query", action="append", default=[])
    given = parser.parse_args()
    queries = given.query or list(QUERIES)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-c", START, str(given.home), str(port), str(given.workers)]
    began = time.perf_counter()
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": "1"})
    try:
        while not answers(port):
            if server.poll() is not None:
                raise SystemExit("the server did not start")
            time.sleep(0.05)
        ready = time.perf_counter() - began
        searches = [f"/v1/search?q={quote(query)}" for query in queries]
        ask(port, searches, 2.0, 8)
        before = resident(server.pid)
        figures = {}
        for name, paths in (("trivial handler", ["/health/live"]), ("/v1/search", searches)):
            for connections in (1, 8):
                rate, took = ask(port, paths, given.seconds, connections)
                figures[name, connections] = (rate, *np.percentile(took, [50, 99]), len(took))
        after = resident(server.pid)
        alone = in_process(given.home, queries, given.seconds)
    finally:
        server.terminate()
        server.wait()
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; ",
        end="",
    )
    print(f"{time.strftime('%Y-%m-%d')}; python -m benchmarks.over_http HOME --workers {given.workers}\n")
    print("| asked | connections | requests/s | p50 ms | p99 ms |\n|---|---|---|---|---|")
    for (name, connections), (rate, p50, p99, _) in figures.items():
        print(f"| {name} | {connections} | {rate:,.0f} | {p50:.2f} | {p99:.2f} |")
    p50, p99 = np.percentile(alone, [50, 99])
    print(f"| engine.search in process | - | {1000 / alone.mean():,.0f} | {p50:.2f} | {p99:.2f} |\n")
    print(
        f"HTTP adds {figures['/v1/search', 1][1] - p50:.2f} ms at p50. Ready {ready:.1f} s after the start."
    )
    count = figures["/v1/search", 1][3] + figures["/v1/search", 8][3]
    print(f"Memory of all processes: {before:.0f} MiB before, {after:.0f} MiB after {count:,} more searches.")
    print(
        json.dumps({f"{name} x{n}": [round(float(v), 3) for v in row] for (name, n), row in figures.items()})
    )


if __name__ == "__main__":
    main()
