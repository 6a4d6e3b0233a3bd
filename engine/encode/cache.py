"""Which texts were encoded before?"""

from __future__ import annotations

import hashlib
import sqlite3
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from engine.types import Encoder, Vectors

BATCH = 512  # texts between two commits: a rebuild that is killed goes on from there
ASK = 500  # keys looked up at once
PATIENCE_S = 30.0  # seconds to wait for another process that is writing


def encode_cached(
    encoder: Encoder,
    texts: Sequence[str],
    cache: Path,
    progress: Callable[[int, int], None] | None = None,
) -> Vectors:
    """Vectors [n, d] of `texts`, encoding only those that the file `cache` does not hold.

    Kept by hash of text and encoder's name, bit for bit. Processes may share the file. One that cannot be
    read is set aside with a warning and begun anew: losing it costs time, never an answer.
    """
    if getattr(encoder, "cheap", False) or not encoder.dim:
        return _in_batches(encoder, texts, progress)
    try:
        return _encode(encoder, texts, cache, progress)
    except sqlite3.DatabaseError as fault:
        if isinstance(fault, sqlite3.OperationalError) and "locked" in str(fault):
            warnings.warn(f"the vector cache {cache} stayed locked; encoding without it", stacklevel=2)
            return _in_batches(encoder, texts, progress)
        warnings.warn(f"the vector cache {cache} is unreadable ({fault}); begun anew", stacklevel=2)
        for path in (cache, Path(f"{cache}-wal"), Path(f"{cache}-shm")):
            path.unlink(missing_ok=True)
        return _encode(encoder, texts, cache, progress)


def _in_batches(
    encoder: Encoder, texts: Sequence[str], progress: Callable[[int, int], None] | None
) -> Vectors:
    vectors = np.zeros((len(texts), encoder.dim), np.float32)
    for start in range(0, len(texts), BATCH):
        vectors[start : start + BATCH] = encoder(texts[start : start + BATCH])
        if progress:
            progress(min(start + BATCH, len(texts)), len(texts))
    return vectors


def _encode(
    encoder: Encoder, texts: Sequence[str], cache: Path, progress: Callable[[int, int], None] | None
) -> Vectors:
    keys = [_key(encoder.name, text) for text in texts]
    rows_of: dict[bytes, list[int]] = {}
    for row, key in enumerate(keys):
        rows_of.setdefault(key, []).append(row)
    vectors = np.zeros((len(texts), encoder.dim), np.float32)
    with closing(_open(cache)) as db:
        for key, vector in _read(db, list(rows_of), encoder.dim):
            vectors[rows_of.pop(key)] = vector
        missing = list(rows_of.items())
        done = len(texts) - sum(len(rows) for _, rows in missing)
        if progress:
            progress(done, len(texts))
        # Texts of like length together, long ones first: the estimate of what is left errs on the safe side.
        missing.sort(key=lambda pair: -len(texts[pair[1][0]]))
        for start in range(0, len(missing), BATCH):
            part = missing[start : start + BATCH]
            made = encoder([texts[rows[0]] for _, rows in part])
            for (_, rows), vector in zip(part, made, strict=True):
                vectors[rows] = vector
            with db:
                pairs = [(key, vector.tobytes()) for (key, _), vector in zip(part, made, strict=True)]
                db.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", pairs)
            done += sum(len(rows) for _, rows in part)
            if progress:
                progress(done, len(texts))
    return vectors


def _key(name: str, text: str) -> bytes:
    return hashlib.blake2b(f"{name}\0{text}".encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _open(cache: Path) -> sqlite3.Connection:
    cache.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(cache, timeout=PATIENCE_S)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID")
    return db


def _read(db: sqlite3.Connection, keys: Sequence[bytes], dim: int) -> Iterator[tuple[bytes, Vectors]]:
    for start in range(0, len(keys), ASK):
        part = keys[start : start + ASK]
        marks = ",".join("?" * len(part))
        for key, blob in db.execute(f"SELECT key, vector FROM vectors WHERE key IN ({marks})", part):
            vector = np.frombuffer(blob, np.float32) if len(blob) == 4 * dim else np.empty(0, np.float32)
            # A flipped bit seldom leaves the length at 1: encode such a text again.
            length = float(np.square(vector, dtype=np.float64).sum()) if len(vector) else np.nan
            if length == 0 or abs(length - 1) < 1e-4:
                yield key, vector
