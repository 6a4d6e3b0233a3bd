"""Are this machine and this home fit, and what is to be done if not?"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from engine.errors import EngineError
from engine.settings import Settings
from engine.store import SqliteStore
from indexes import generations

LEAST_MEMORY = 2 * 2**30
LEAST_DISK = 2**30
NEEDED = ("faiss-cpu", "numpy", "pandas", "scipy", "numba", "onnxruntime", "implicit", "statsmodels", "flask")


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: what was found, and what to do when that is not enough."""

    name: str
    ok: bool
    fact: str
    remedy: str = ""


def diagnose(home: Path) -> dict[str, Any]:
    """Look at the machine, then at the home; never raises, never changes anything."""
    checks = [_python(), _packages(), _memory(), _disk(home), _writable(home)]
    looks = {"settings": _settings, "store": _store, "generation": _generation}
    checks += [_guarded(name, partial(look, home)) for name, look in looks.items()]
    fit = all(check.ok for check in checks)
    return {"home": str(home), "fit": fit, "checks": [asdict(check) for check in checks]}


def _guarded(name: str, look: Callable[[], Check]) -> Check:
    try:
        return look()
    except EngineError as error:
        return Check(name, False, str(error), "See the sentence above.")


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    return Check("python", sys.version_info >= (3, 11), version, "Install Python 3.11 or newer.")


def _packages() -> Check:
    missing = []
    for name in NEEDED:
        try:
            importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    fact = f"missing: {', '.join(missing)}" if missing else f"{len(NEEDED)} of {len(NEEDED)} found"
    return Check("packages", not missing, fact, "Run `make setup`, or pip install ronghe anew.")


def _memory() -> Check:
    size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    fact = f"{size / 2**30:.1f} GiB, {os.cpu_count()} processors"
    return Check(
        "memory", size >= LEAST_MEMORY, fact, 'A rebuild wants 2 GiB; choose encoder = "static" below that.'
    )


def _disk(home: Path) -> Check:
    free = shutil.disk_usage(_existing(home)).free
    return Check("disk", free >= LEAST_DISK, f"{free / 2**30:.1f} GiB free", "Free 1 GiB, or move the home.")


def _writable(home: Path) -> Check:
    place = _existing(home)
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        return Check("home", False, f"{place}: {error.strerror}", "Give this user the right to write there.")
    return Check("home", True, str(home) if home.exists() else f"{home} (will be made)")


def _settings(home: Path) -> Check:
    Settings.load(home)
    return Check("settings", True, "read" if (home / "ronghe.toml").exists() else "defaults")


def _store(home: Path) -> Check:
    path = home / "store.sqlite"
    if not path.exists():
        return Check("store", True, f"empty (SQLite {sqlite3.sqlite_version})")
    with SqliteStore(path) as store:
        items, events = store.count_items(), store.count_events()
    return Check("store", True, f"{items:,} items, {events:,} events (SQLite {sqlite3.sqlite_version})")


def _generation(home: Path) -> Check:
    folder = generations.current(home / "published")
    if folder is None:
        return Check("generation", False, "none published yet", f"Run: ronghe rebuild --home {home}")
    try:
        manifest = generations.verify(folder)
    except generations.Corrupt as error:
        remedy = "Run: ronghe generations activate N, or ronghe rebuild"
        return Check("generation", False, str(error), remedy)
    fact = f"{int(folder.name)}, built {manifest['created']}, every byte as published"
    served = manifest.get("fusion", {}).get("search")
    if served:
        told = ", ".join(f"{name} {value:.3f}" for name, value in served["ndcg"].items())
        fact += f"; search by {served['chosen']} ({told} over {served['queries']:,} logged searches)"
    return Check("generation", True, fact)


def _existing(path: Path) -> Path:
    path = path.absolute()
    while not path.exists():
        path = path.parent
    return path
