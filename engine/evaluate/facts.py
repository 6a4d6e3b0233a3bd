"""What must be known of an evaluation to run it again?"""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

PACKAGES = (
    "ronghe",
    "numpy",
    "scipy",
    "faiss-cpu",
    "implicit",
    "lightgbm",
    "scikit-learn",
    "statsmodels",
    "statsforecast",
    "sentence-transformers",
    "torch",
    "onnxruntime",
)


@dataclass(frozen=True)
class Facts:
    """`data`: what was read -> its digest; `started`: ISO 8601, UTC; `notes`: what else decides a result."""

    command: str
    seed: int
    started: str
    versions: Mapping[str, str]
    machine: Mapping[str, str]
    data: Mapping[str, str]
    notes: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def gather_facts(
    command: str, seed: int, data: Mapping[str, str], notes: Mapping[str, str] | None = None
) -> Facts:
    """The facts of a run that starts now. `data` as made by `digest_of`."""
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    revision = _revision()
    if revision:
        versions["revision"] = revision
    machine = {
        "system": f"{platform.system()} {platform.machine()}",
        "processors": str(os.cpu_count() or 0),
    }
    started = datetime.now(UTC).isoformat(timespec="seconds")
    return Facts(command, seed, started, versions, machine, dict(data), dict(notes or {}))


def digest_of(*parts: Path | bytes | str | NDArray[Any]) -> str:
    """BLAKE2b (128 bits, hex) of files, bytes, text and arrays, in this order; names do not count."""
    total = blake2b(digest_size=16)
    for part in parts:
        if isinstance(part, Path):
            with part.open("rb") as file:
                while block := file.read(1 << 20):
                    total.update(block)
        elif isinstance(part, np.ndarray):
            total.update(f"{part.dtype.str}{part.shape}".encode())
            total.update(np.ascontiguousarray(part).tobytes())
        else:
            total.update(part.encode() if isinstance(part, str) else part)
    return total.hexdigest()


def _revision() -> str:
    """The source's commit, marked when files differ from it; "" outside a checkout."""
    folder = Path(__file__).parent
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12"],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return found.stdout.strip()
