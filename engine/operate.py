"""What does an operator do with a shop's home?"""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.errors import BadHome, BadQuery, CorruptGeneration, RebuildRunning, UnknownUser
from engine.ingest import ingest_files
from engine.settings import FILE, template
from engine.store import SqliteStore, Store
from indexes import generations

PUBLISHED = "published"


def open_store(home: Path) -> Store:
    """The store of a home, made when it is not there; raises BadHome."""
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadHome(
            f"{home} cannot be made a home: {error.strerror}. Choose another with --home."
        ) from error
    return SqliteStore(home / "store.sqlite")


def init(home: Path) -> dict[str, Any]:
    """Write a commented ronghe.toml, unless one is there, and an empty store."""
    open_store(home).close()
    path = home / FILE
    kept = path.exists()
    if not kept:
        try:
            path.write_text(template(), encoding="utf-8")
        except OSError as error:
            raise BadHome(f"{path} cannot be written: {error.strerror}.") from error
    return {"home": str(home), "settings": str(path), "kept": kept}


def generations_of(home: Path) -> list[dict[str, Any]]:
    """Every published generation, oldest first."""
    root = home / PUBLISHED
    current = generations.current(root)
    found = []
    for number in generations.numbers(root):
        folder = root / f"{number:06d}"
        try:
            manifest = generations.manifest(folder)
        except generations.Corrupt:
            manifest = {}
        found.append(
            {
                "generation": number,
                "current": folder == current,
                "built": manifest.get("created", "unreadable"),
                "items": manifest.get("items", 0),
                "events": manifest.get("events", 0),
                "search": manifest.get("fusion", {}).get("search", {}).get("chosen", "hybrid"),
                "quality": manifest.get("quality", {}),
                "below": manifest.get("below"),
                "bytes": sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()),
            }
        )
    return found


def activate(home: Path, number: int) -> dict[str, Any]:
    """Make a published generation the current one, once every byte of it has been checked."""
    root = home / PUBLISHED
    if number not in generations.numbers(root):
        known = ", ".join(map(str, generations.numbers(root))) or "none"
        raise BadQuery(f"There is no generation {number}; there are: {known}.")
    try:
        generations.verify(root / f"{number:06d}")
    except generations.Corrupt as error:
        raise CorruptGeneration(f"{error}. It was not activated.") from error
    generations.activate(root, f"{number:06d}")
    return {"generation": number, "active": True}


def prune(home: Path, keep: int) -> dict[str, Any]:
    """Remove all but the newest `keep` generations, and what failed rebuilds left."""
    root = home / PUBLISHED
    try:
        with generations.lock(root):
            removed = generations.prune(root, keep)
    except generations.Busy as error:
        raise RebuildRunning(f"A rebuild of {home} is running; prune when it has ended.") from error
    return {"removed": removed, "kept": [f"{number:06d}" for number in generations.numbers(root)]}


def ingest(
    home: Path,
    store: Store,
    kind: str,
    files: Sequence[Path],
    mapping: Mapping[str, str],
    strict: bool,
    progress: Callable[[str, int, int | None], None],
) -> dict[str, Any]:
    """Take in files of one kind; the rejected rows go to rejects.jsonl in the home."""
    try:
        reports = ingest_files(
            store,
            kind,
            files,
            mapping=mapping,
            strict=strict,
            rejects=home / "rejects.jsonl",
            progress=progress,
        )
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EROFS, errno.EACCES):
            raise BadHome(f"{home} cannot be written: {error.strerror}.") from error
        raise
    rejected = any(report.rejected for report in reports)
    return {
        "files": [asdict(report) for report in reports],
        "rejects": str(home / "rejects.jsonl") if rejected else None,
    }


def exported(store: Store, user: str) -> list[dict[str, Any]]:
    """Every event of a user; raises UnknownUser when there is none."""
    events = [asdict(event) for event in store.export_user(user)]
    if not events:
        raise UnknownUser(f"No event names the user {user!r}.")
    return events
