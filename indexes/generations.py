"""How does a reader never see half a build?

A folder is written whole under a draft name, sealed by a manifest of digests, renamed to its number, and only
then named by CURRENT. Each step is atomic on POSIX; a power cut between any two leaves the old generation.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FORMAT = 2
MANIFEST = "manifest.json"
CURRENT = "CURRENT"
DRAFT = ".draft-"
LOCK = ".lock"


class Corrupt(RuntimeError):
    """A published folder does not match its manifest; the message names the file."""


class Busy(RuntimeError):
    """Another process holds the root's lock."""


@contextmanager
def lock(root: Path) -> Iterator[None]:
    """Be the only writer of `root`; the kernel lets go when the process dies. Raises Busy at once."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Busy(f"{root} is being written by another process") from error
        yield


def publish(root: Path, write: Callable[[Path], dict[str, Any]]) -> Path:
    """Let `write` fill a new folder and return its metadata; seal it and make it the current generation.

    On any failure the draft is removed and CURRENT still names what it named before.
    """
    root.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=DRAFT, dir=root))
    try:
        draft.chmod(0o755)
        meta = write(draft)
        files = _files(draft)
        for file in files:
            _sync(file)
        for folder in {file.parent for file in files}:
            _sync(folder)
        manifest = {"format": FORMAT, **meta, "files": _digests(draft, files)}
        write_atomic(draft / MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False))
        final = root / f"{max(numbers(root), default=0) + 1:06d}"
        draft.rename(final)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    _sync(root)
    activate(root, final.name)
    return final


def activate(root: Path, name: str) -> None:
    """Make an existing generation the current one."""
    write_atomic(root / CURRENT, name)


def current(root: Path) -> Path | None:
    """The folder that CURRENT names; None before the first publish."""
    try:
        name = (root / CURRENT).read_text().strip()
    except FileNotFoundError:
        return None
    return root / name if name else None


def numbers(root: Path) -> list[int]:
    """The numbers of all published generations, oldest first."""
    return sorted(int(path.name) for path in root.glob("[0-9]*") if path.name.isdigit())


def manifest(folder: Path) -> dict[str, Any]:
    """What was written about the generation; raises Corrupt when unreadable or of another format."""
    try:
        found = json.loads((folder / MANIFEST).read_text())
    except (OSError, ValueError) as error:
        raise Corrupt(f"{folder / MANIFEST} cannot be read") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise Corrupt(f"{folder / MANIFEST} is not of format {FORMAT}, the one this version reads")
    return found


def verify(folder: Path) -> dict[str, Any]:
    """The manifest of `folder`, once every byte has been checked against it; raises Corrupt."""
    found = manifest(folder)
    wanted: dict[str, str] = found["files"]
    missing = [name for name in wanted if not (folder / name).is_file()]
    if missing:
        raise Corrupt(f"{folder / missing[0]} is missing")
    for name, digest in _digests(folder, [folder / name for name in wanted]).items():
        if digest != wanted[name]:
            raise Corrupt(f"{folder / name} has changed since it was published")
    return found


def prune(root: Path, keep: int = 3) -> list[str]:
    """Remove all but the newest `keep` generations and every stray draft; CURRENT stays. Call under `lock`."""
    alive = current(root)
    published = [f"{number:06d}" for number in numbers(root)]
    old = published[: max(len(published) - keep, 0)]
    removed = [name for name in old if alive is None or name != alive.name]
    removed += [path.name for path in root.glob(f"{DRAFT}*")]
    removed += [path.name for path in root.glob("tmp*") if path.is_file()]
    for name in removed:
        path = root / name
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return removed


def write_atomic(path: Path, text: str) -> None:
    """Write `text` so that a reader sees the old content or the new, never a part."""
    handle, name = tempfile.mkstemp(prefix="tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _sync(path.parent)


def _sync(path: Path) -> None:
    """Make a file, or the names in a folder, survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def _digests(folder: Path, files: list[Path]) -> dict[str, str]:
    with ThreadPoolExecutor(2) as pool:  # hashing lets go of the interpreter's lock
        return {str(f.relative_to(folder)): d for f, d in zip(files, pool.map(_digest, files), strict=True)}
