"""Which pictures has the shop on this machine, and where do they stand among vectors?"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from urllib.parse import unquote_to_bytes

import numpy as np

from engine.encode import encode_cached
from engine.encode.looks import Looks, Shown, ensure_looks, looks_folder
from engine.live import Changes, JoinedVectors
from engine.types import Item
from indexes.vector import VectorIndex

LARGEST = 20_000_000  # bytes of a file that is read
DATA = re.compile(r"data:image/[\w.+-]+((?:;[\w=-]+)*),", re.IGNORECASE)
SERVED = re.compile(r"^/?(images/)?")  # how pages write a file of the home's images/


def write_pictures(
    folder: Path,
    home: Path,
    items: Sequence[Item],
    threads: int,
    progress: Callable[[int, int], None],
) -> bool:
    """Encode the items' pictures into an index at `folder`; False, and nothing written, where there are none.

    A picture is a file in the home's images/, as the pages show it, or a data: address. Nothing is fetched.
    Encoded once: the home's vector cache knows a picture by its bytes.
    """
    root = (home / "images").resolve()
    sources: dict[str, Callable[[], bytes]] = {}
    keys = []
    for item in items:
        read = _source(item.image, root)
        data = read() if read is not None else b""
        key = hashlib.blake2b(data, digest_size=16).hexdigest() if data else ""
        if read is not None and key:
            sources.setdefault(key, read)
        keys.append(key)
    if not sources:
        return False
    ensure_looks(home)
    shown = Shown(Looks(looks_folder(home)), sources, threads)
    vectors = encode_cached(shown, keys, home / "vectors.sqlite", progress)
    if not vectors.any():
        return False
    VectorIndex.build(vectors).save(folder)
    return True


def joined_pictures(base: VectorIndex, before: Callable[[int], Item], changes: Changes) -> JoinedVectors:
    """The pictures as they are now: a changed item keeps its picture's place, a new picture waits for a rebuild."""
    if not changes.items:
        return JoinedVectors(base, None, changes)
    vectors = np.zeros((len(changes.items), base.dim), np.float32)
    for place, (row, item) in enumerate(zip(changes.rows.tolist(), changes.items, strict=True)):
        if row < changes.n and before(row).image == item.image:
            vectors[place] = base.vector(row)
    return JoinedVectors(base, VectorIndex.build(vectors), changes)


def _source(image: str, root: Path) -> Callable[[], bytes] | None:
    """What reads an item's picture; None where it is not on this machine."""
    inline = DATA.match(image)
    if inline:
        return partial(_decoded, image[inline.end() :], ";base64" in inline.group(1).lower())
    if not image or "://" in image or "\0" in image:
        return None
    path = (root / SERVED.sub("", image)).resolve()
    try:
        inside = path.is_relative_to(root) and path.is_file() and path.stat().st_size <= LARGEST
    except OSError:
        return None
    return partial(_content, path) if inside else None


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _decoded(body: str, in_base64: bool) -> bytes:
    plain = unquote_to_bytes(body)
    if not in_base64:
        return plain
    try:
        return base64.b64decode(plain)
    except (binascii.Error, ValueError):
        return b""
