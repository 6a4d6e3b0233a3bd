"""How is a handful of arrays kept in a folder, so that many processes share its pages?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def save_arrays(folder: Path | str, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write `arrays` as <name>.npy and `facts` (plain JSON values) as facts.json; no pickle."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", np.ascontiguousarray(array), allow_pickle=False)
    (folder / "facts.json").write_text(json.dumps(dict(facts), sort_keys=True, ensure_ascii=False), "utf-8")


def open_arrays(folder: Path | str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Read back what `save_arrays` wrote; arrays are memory-mapped and read-only."""
    folder = Path(folder)
    facts: dict[str, Any] = json.loads((folder / "facts.json").read_text("utf-8"))
    return facts, {
        path.stem: np.load(path, mmap_mode="r", allow_pickle=False) for path in sorted(folder.glob("*.npy"))
    }
