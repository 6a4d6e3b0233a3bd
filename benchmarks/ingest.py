"""How long does a million events take to go in, against pandas and sqlite3's executemany on the same file?

Run: python -m benchmarks.ingest [--events 1000000] [--rounds 3] [--record]
Each measurement is a process of its own, so that peak memory is its own too; the rounds alternate.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RESULT = Path(__file__).parent / "results" / "ingest.md"


def write_log(path: Path, n: int) -> None:
    """A log as shops have them: 50,000 users, 20,000 items, one line in ten a purchase, a tenth anonymous."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(7)
    users = rng.zipf(1.3, n) % 50_000
    kinds = rng.choice(["view", "click", "cart", "purchase", "search"], n, p=[0.6, 0.15, 0.1, 0.1, 0.05])
    search, bought = kinds == "search", kinds == "purchase"
    anonymous = rng.random(n) < 0.1
    frame = pd.DataFrame(
        {
            "timestamp": pd.to_datetime(1_700_000_000 + np.sort(rng.random(n)) * 3e7, unit="s"),
            "type": kinds,
            "user_id": pd.Series(np.char.add("u", users.astype(str))).mask(anonymous),
            "session_id": np.char.add("s", (np.arange(n) // 7).astype(str)),
            "item_id": pd.Series(np.char.add("i", (rng.zipf(1.2, n) % 20_000).astype(str))).mask(search),
            "query": pd.Series(np.char.add("query ", (rng.zipf(1.5, n) % 5_000).astype(str))).where(search),
            "quantity": pd.Series(rng.integers(1, 5, n)).where(bought),
            "price": pd.Series(rng.integers(100, 9_999, n) / 100).where(bought),
            "dwell_s": pd.Series(rng.exponential(20, n)).where(kinds == "view"),
            "order_id": pd.Series(np.char.add("o", (np.arange(n) // 20).astype(str))).where(bought),
        }
    )
    frame.to_parquet(path, index=False)


def plainly(log: Path, home: Path) -> int:
    """The floor: one table, no keys, no checks."""
    import pandas as pd

    frame = pd.read_parquet(log)
    frame["timestamp"] = frame["timestamp"].astype("int64") / 1e9
    frame = frame.astype(object).where(frame.notna(), None)
    with sqlite3.connect(home / "plain.sqlite") as connection:
        connection.execute(f"CREATE TABLE events ({', '.join(frame.columns)})")
        places = ", ".join("?" * len(frame.columns))
        rows = frame.itertuples(index=False, name=None)
        connection.executemany(f"INSERT INTO events VALUES ({places})", rows)
        count = int(connection.execute("SELECT count(*) FROM events").fetchone()[0])
    connection.close()
    return count


def ours(log: Path, home: Path) -> int:
    from engine.ingest import ingest_files
    from engine.store import SqliteStore

    store = SqliteStore(home / "store.sqlite")
    ingest_files(store, "events", [log])
    return store.count_events()


def again(log: Path, home: Path) -> int:
    """The same file a second time: all of it is known."""
    return ours(log, home)


def reading(log: Path, home: Path) -> int:
    """The whole log as columns, as every rebuild reads it."""
    from engine.store import SqliteStore

    return len(SqliteStore(home / "store.sqlite").events())


def measured(work: Callable[[Path, Path], int], log: Path, home: Path) -> dict[str, Any]:
    """Seconds of CPU and wall, peak MB and rows of `work` in a fresh process."""
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    child = context.Process(target=_measure, args=(work, log, home, queue))
    child.start()
    found: dict[str, Any] = queue.get()
    child.join()
    return found


def _measure(work: Callable[[Path, Path], int], log: Path, home: Path, queue: Any) -> None:
    start, cpu = time.perf_counter(), time.process_time()
    rows = work(log, home)
    # Not ru_maxrss: a spawned process starts with its parent's.
    status = Path("/proc/self/status").read_text()
    peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
    queue.put(
        {
            "cpu": time.process_time() - cpu,
            "wall": time.perf_counter() - start,
            "peak": peak,
            "rows": rows,
        }
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--record", action="store_true", help=f"write {RESULT.name}")
    args = parser.parse_args()
    names = {
        "pandas + executemany": plainly,
        "ingest events": ours,
        "the same file again": again,
        "store.events()": reading,
    }
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "events.parquet"
        write_log(log, args.events)
        for turn in range(args.rounds):
            home = Path(folder) / str(turn)
            home.mkdir()
            for name, work in names.items():
                found = measured(work, log, home)
                if found["rows"] != args.events:
                    raise SystemExit(f"{name} kept {found['rows']} of {args.events} events")
                results[name].append(found)
                print(name, json.dumps(found), flush=True)
        size = (home / "store.sqlite").stat().st_size / 2**20
    lines = [
        "# A million events from Parquet into the store",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, {os.cpu_count()} cores, shared with other work (load",
        f"{os.getloadavg()[0]:.0f}): read the ratios. Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}.",
        f"`python -m benchmarks.ingest --events {args.events} --rounds {args.rounds} --record`; medians.",
        "",
        "| | CPU s | wall s | ratio of CPU | ratio of wall | peak MB |",
        "|---|---|---|---|---|---|",
    ]

    def median(name: str, what: str) -> float:
        return statistics.median(found[what] for found in results[name])

    floor = "pandas + executemany"
    for name in names:
        cpu, wall = median(name, "cpu"), median(name, "wall")
        lines.append(
            f"| {name} | {cpu:.1f} | {wall:.1f} | {cpu / median(floor, 'cpu'):.2f} "
            f"| {wall / median(floor, 'wall'):.2f} | {median(name, 'peak'):.0f} |"
        )
    lines += [
        "",
        f"The store of {args.events:,} events takes {size:.0f} MB. Limits: 5x the floor and 1,500 MB.",
        "The floor keeps no ids, checks nothing and cannot be read by user. `ingest events` checks every cell,",
        "gives each event its identity, interns names and keeps three indexes; it is on the disk at its end.",
    ]
    text = "\n".join(lines) + "\n"
    print(text)
    if args.record:
        RESULT.parent.mkdir(exist_ok=True)
        RESULT.write_text(text)


if __name__ == "__main__":
    main()
