"""What encodes when nothing shall?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.types import Vectors


class Nothing:
    """The encoder "none": vectors without dimensions, so that search is by words alone."""

    name = "none"
    dim = 0

    def __call__(self, texts: Sequence[str]) -> Vectors:
        return np.zeros((len(texts), 0), np.float32)
